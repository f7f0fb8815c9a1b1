package httpcall

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// maxResponse bounds the body of an ordinary response that is held until it is
// complete, in bytes. The client holds the same bytes, and its own decoded form.
const maxResponse = 64 << 20

// maxReserved bounds the memory that is taken on a server's word, in bytes.
const maxReserved = 1 << 20

// maxFailure bounds the part of an error response that is read for its code.
const maxFailure = 64 << 10

// format is what a response body is read as.
type format uint8

const (
	opaque format = iota
	document
	events
	failure
)

// arrive takes the result of an attempt. It wraps the response's body and leaves
// the response otherwise alone. The body gets the context of the caller's request:
// that of our copy holds the span, and the response may be kept for long.
func (f *flight) arrive(req *http.Request, c *Call, res *http.Response, err error) {
	defer guard.Recover("receiving a response")
	ctx := req.Context()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done { // canceled while it was on its way
		return
	}
	f.last = time.Now()
	f.readSent()
	switch {
	case f.done: // by a decoder that panicked
	case err != nil || res == nil:
		f.unreachable(ctx, err)
	case res.StatusCode == http.StatusSwitchingProtocols || res.Body == nil:
		// A connection that leaves HTTP is the client's own.
		f.status = res.StatusCode
		f.finish(ctx, record.Completed, nil)
	default:
		c.gateway(f.call, req.Header, res.Header)
		f.receive(res)
		if f.done {
			return
		}
		if res.Body == http.NoBody { // which clients compare with
			f.guarded("reading a response", func() { f.empty(ctx) })
			return
		}
		res.Body = wrap(ctx, res.Body, c, f)
	}
}

// aborted ends the call when the transport below panicked.
func (f *flight) aborted(ctx context.Context) {
	defer guard.Recover("ending an aborted call")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = time.Now()
	f.finish(ctx, record.Incomplete, nil)
}

// unreachable notes an attempt that got no response.
func (f *flight) unreachable(ctx context.Context, err error) {
	e := transportError(err)
	if e == nil || ctx.Err() != nil || final(err) || !f.repeats() {
		f.fail(ctx, err)
		return
	}
	f.wait(ctx, e)
}

func (f *flight) receive(res *http.Response) {
	f.status = res.StatusCode
	f.told = otelgenai.Told{
		RetryAfter:   shortHeader(res, "Retry-After"),
		RetryAfterMs: shortHeader(res, "Retry-After-Ms"),
		RequestID:    shortHeader(res, "X-Request-Id"),
	}
	f.body, f.pieces, f.retryable = nil, nil, shouldRetry(res)
	f.format = formatOf(res, f.call.Request.Stream)
	f.call.Content.Withheld = ""
	f.labeled(res)
	if f.done {
		return
	}
	if f.format == opaque {
		f.call.Content.Withheld = semconv.ContentWithheldEncoding
	}
	if f.format == document {
		f.pieces, _ = f.exchange.(wire.Streamed)
	}
	f.sifted, _ = f.exchange.(wire.Sifted)
	if f.format == document && f.pieces == nil && res.ContentLength > 0 {
		f.body = make([]byte, 0, min(res.ContentLength, maxReserved))
	}
}

// maxHeader bounds the headers that are shown, in bytes.
const maxHeader = 128

// shortHeader returns a response header, or nothing when it is too long to be what
// its name says.
func shortHeader(res *http.Response, name string) string {
	value := res.Header.Get(name)
	if len(value) > maxHeader {
		return ""
	}
	return strings.ToValidUTF8(value, "")
}

// labeled asks a decoder of its own mind what the body of a successful response is.
func (f *flight) labeled(res *http.Response) {
	f.typed = nil
	if f.format != document && f.format != events {
		return
	}
	typed, ok := f.exchange.(wire.Typed)
	if !ok {
		return
	}
	f.typed, f.format = typed, document
	f.guarded("reading a content type", func() {
		if typed.Type(res.Header.Get("Content-Type"), res.ContentLength) {
			f.format = events
		}
	})
}

func formatOf(res *http.Response, streamed bool) format {
	if encoding := res.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return opaque
	}
	if res.StatusCode >= http.StatusBadRequest {
		return failure
	}
	contentType := strings.ToLower(res.Header.Get("Content-Type"))
	if strings.HasPrefix(contentType, "text/event-stream") || streamed && !strings.Contains(contentType, "json") {
		return events
	}
	return document
}

// read takes the bytes and the error of one Read of the body of an attempt.
func (f *flight) read(ctx context.Context, number int, p []byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done || number != f.now.number {
		return
	}
	f.touched = true
	f.last = time.Now()
	f.guarded("reading a response", func() {
		f.take(ctx, p)
		switch {
		case err == nil || f.done:
		case errors.Is(err, io.EOF):
			f.end(ctx)
		default:
			f.fail(ctx, err)
		}
	})
}

// take decodes the bytes of a stream and keeps those of other bodies.
func (f *flight) take(ctx context.Context, p []byte) {
	limit := maxResponse
	if f.format == document && f.pieces == nil && f.typed == nil && len(f.body) == 0 && f.call.Request.Stream && beginsEvents(p) {
		f.format = events
	}
	switch f.format {
	case events:
		if f.sifted != nil {
			p = f.sifted.Sift(p)
		}
		f.events.Write(p, f.onEvent)
		f.settle(ctx)
		return
	case opaque:
		return
	case failure:
		limit = maxFailure
	case document:
		if f.pieces != nil {
			f.pieces.Piece(p)
			return
		}
	}
	if room := limit - len(f.body); len(p) > room {
		p = p[:room]
	}
	f.body = append(f.body, p...)
}

// beginsEvents reports whether the first bytes of a response to a streamed
// request are those of events: some servers call them JSON. Comments and the names
// of fields (data, event, id, retry) begin with bytes that JSON cannot begin with.
func beginsEvents(p []byte) bool { return len(p) > 0 && strings.IndexByte(":deir", p[0]) >= 0 }

func (f *flight) event(_, data []byte) {
	if f.ended {
		return
	}
	if f.call.Timing.FirstChunk.IsZero() {
		f.call.Timing.FirstChunk = f.last
	}
	progress := f.exchange.Event(data)
	if progress.Has(wire.Generated) && f.call.Timing.FirstContent.IsZero() {
		f.call.Timing.FirstContent = f.last
	}
	f.ended = progress.Has(wire.Done)
}

// lastEvent takes an event whose end never came. Some servers leave out the last
// blank line; but of an event that was cut nobody gets a part.
func (f *flight) lastEvent(name, data []byte) {
	if wire.Whole(data) {
		f.event(name, data)
	}
}

// settle ends the call when an event said that the stream is over.
func (f *flight) settle(ctx context.Context) {
	if f.ended {
		f.finish(ctx, record.Completed, nil)
	}
}

// end takes the end of the body.
func (f *flight) end(ctx context.Context) {
	switch f.format {
	case events:
		f.events.Flush(f.lastEvent)
		f.settle(ctx)
		if f.done {
			return
		}
		if f.call.Stream.Chunks == 0 && f.call.Error == nil {
			f.call.Error = &record.Error{Type: wire.DecodeError}
		}
	case document:
		if f.status < http.StatusMultipleChoices { // a redirect has no answer
			f.document()
		}
	case failure:
		f.finish(ctx, record.Failed, f.exchange.Failure(f.status, f.body))
	case opaque:
		if f.status >= http.StatusBadRequest {
			f.finish(ctx, record.Failed, f.exchange.Failure(f.status, nil))
		}
	}
	f.finish(ctx, record.Completed, nil)
}

// empty takes a response that has no body to read or to close.
func (f *flight) empty(ctx context.Context) {
	if f.retryable && f.repeats() {
		f.wait(ctx, f.exchange.Failure(f.status, nil))
		return
	}
	f.end(ctx)
}

// document takes the end of a whole response.
func (f *flight) document() {
	if len(f.body) < maxResponse {
		f.exchange.Response(f.body)
		return
	}
	f.part()
	f.call.Content.Truncated = true
}

// part decodes a body of which the end was not seen, so that it is no failure when
// it is no whole JSON.
func (f *flight) part() {
	if f.typed != nil {
		f.typed.Cut()
	}
	f.exchange.Response(f.body)
	if e := f.call.Error; e != nil && e.Type == wire.DecodeError {
		f.call.Error = nil
	}
}

// closed takes the Close of the body of an attempt, which may come before its end.
func (f *flight) closed(ctx context.Context, number int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done || f.waiting || number != f.now.number {
		return
	}
	f.last = time.Now()
	f.guarded("closing a response", func() {
		switch {
		case ctx.Err() != nil:
			f.fail(ctx, ctx.Err())
		case !f.touched && f.retryable && f.repeats():
			// A body that is closed unread makes room for the next attempt.
			f.wait(ctx, f.exchange.Failure(f.status, nil))
		case f.status >= http.StatusBadRequest:
			f.finish(ctx, record.Failed, f.exchange.Failure(f.status, f.body))
		default:
			f.closedEarly(ctx)
		}
	})
}

// closedEarly ends a call whose body was closed before its end was seen. A client
// that counts bytes may have read all of it.
func (f *flight) closedEarly(ctx context.Context) {
	if f.format == document && f.touched {
		f.part()
	}
	f.finish(ctx, record.Incomplete, nil)
}
