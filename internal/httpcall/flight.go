package httpcall

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/sse"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// flight is the state of a call under way. Nothing in it leads back to its [Call],
// so that the call's clean-up can end it when the application drops everything. So
// it holds no context either: the application may keep a response in one.
type flight struct {
	// over is set when done is, for those who do not hold mu.
	over atomic.Bool
	// recording is set when anybody will see the call.
	recording bool
	// askForUsage rewrites requests, or is nil; see [Endpoint].
	askForUsage func(body []byte) []byte

	// mu guards all below: Read, Close and the end of a context may come from
	// different goroutines.
	mu sync.Mutex
	// op, call and exchange are there until the call has ended, op longer when
	// nothing is recorded.
	op       *otelgenai.Operation
	call     *record.Call
	exchange wire.Exchange
	sent     *tee
	// done is set when the operation has ended, waiting when an attempt failed
	// and another is expected.
	done, waiting bool
	attempts      int
	// maxRetries is how often the client repeats an attempt at the most.
	maxRetries int
	retried    bool
	now        attempt
	// last is when something was last observed.
	last time.Time

	// The response of the current attempt.
	status  int
	told    otelgenai.Told
	format  format
	touched bool
	// sifted takes what is large out of events, or is nil.
	sifted wire.Sifted
	// typed is told the type of a document, or is nil.
	typed wire.Typed
	// retryable is set when the client repeats an attempt with this response.
	retryable bool
	events    sse.Decoder
	onEvent   func(name, data []byte)
	// ended is set when an event said that the stream is over.
	ended bool
	body  []byte
	// pieces reads a document that need not be kept, or is nil.
	pieces  wire.Streamed
	failure *record.Error
}

// attempt is one try.
type attempt struct {
	number int
	method string
	url    string
	start  time.Time
	// replayable is set when the client can send the request again.
	replayable bool
	// shown is set when the attempt has its span.
	shown bool
}

// canceled ends the call when the context of its current attempt does: a client
// whose context ended may never touch the response again. number is that of the
// attempt.
func (f *flight) canceled(ctx context.Context, number int) {
	defer guard.Recover("ending a canceled call")
	f.mu.Lock()
	defer f.mu.Unlock()
	if number != f.now.number || f.done {
		return
	}
	f.last = time.Now()
	f.fail(ctx, ctx.Err())
}

// dropped ends the call that the application has lost sight of, at the moment
// when something was last seen of it.
func (f *flight) dropped() {
	defer guard.Recover("ending a dropped call")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting {
		f.finish(context.Background(), record.Failed, f.failure)
		return
	}
	f.finish(context.Background(), record.Incomplete, nil)
}

// fail ends the call with an error of the transport or the context. That the
// caller canceled is no error; the context's own word counts, since what Read and
// RoundTrip return then is whatever cause the caller gave.
func (f *flight) fail(ctx context.Context, err error) {
	status := f.status
	if ended := ctx.Err(); ended != nil {
		err, status = ended, 0
	}
	if e := transportError(err); e != nil {
		e.Status = status
		f.finish(ctx, record.Failed, e)
		return
	}
	f.finish(ctx, record.Incomplete, nil)
}

// repeats reports whether the client will make another attempt after a failure.
func (f *flight) repeats() bool { return f.now.replayable && f.attempts <= f.maxRetries }

// wait notes a failed attempt after which another one is expected.
func (f *flight) wait(ctx context.Context, e *record.Error) {
	f.waiting, f.retried, f.failure = true, true, e
	f.attemptSpan(ctx, e)
}

// guarded runs a step of the call. One that panics ends it, without what could not
// be decoded.
func (f *flight) guarded(doing string, step func()) {
	if guard.Do(doing, step) || f.done {
		return
	}
	f.done, f.waiting = true, false
	f.over.Store(true)
	f.conclude(record.Incomplete)
	f.call.Content.Withheld = semconv.ContentWithheldDecodeError
	_, op := f.release()
	op.End(0, nil)
}

// conclude writes how the call ended into its record.
func (f *flight) conclude(outcome record.Outcome) {
	f.call.Outcome = outcome
	if g := f.call.Gateway; g != nil && !f.call.Usage.Cost.IsSet() {
		f.call.Usage.Cost = g.Cost
	}
	f.call.Attempts = f.attempts
	f.call.Timing.End = f.last
}

// release lets go of all that holds content: the application may hold on to the
// response, and through it to the flight, for long.
func (f *flight) release() (wire.Exchange, *otelgenai.Operation) {
	exchange, op := f.exchange, f.op
	f.exchange, f.op, f.call = nil, nil, nil
	f.pieces, f.typed, f.sifted, f.body, f.failure = nil, nil, nil, nil, nil
	f.events, f.onEvent = sse.Decoder{}, nil
	return exchange, op
}

// finish ends the operation, once.
func (f *flight) finish(ctx context.Context, outcome record.Outcome, e *record.Error) {
	if f.done {
		return
	}
	f.done, f.waiting = true, false
	f.over.Store(true)
	defer f.op.End(0, nil) // in case that something below panics
	f.readSent()
	complete := f.exchange.Finish()
	switch {
	case e != nil:
		f.call.Error = e
	case f.call.Error != nil: // the provider's, inside a response with status 200
		outcome = record.Failed
		f.call.Error.Status = f.status
	case !complete && outcome == record.Completed:
		outcome = record.Incomplete
	case complete && outcome == record.Incomplete:
		outcome = record.Completed
	}
	if f.call.Error != nil {
		f.call.Error.RequestID = f.told.RequestID
	}
	f.conclude(outcome)
	if f.retried {
		f.attemptSpan(ctx, f.call.Error)
	}
	exchange, op := f.release()
	op.End(exchange.Retained(), exchange.Content)
}

// attemptSpan shows the current attempt of a call that needs several. For HTTP an
// error is one of the status or the transport; one inside a response is not.
func (f *flight) attemptSpan(ctx context.Context, e *record.Error) {
	if f.now.shown {
		return
	}
	f.now.shown = true
	a := otelgenai.Attempt{
		Number: f.now.number, Method: f.now.method, URL: f.now.url,
		Status: f.status, Told: f.told, Start: f.now.start, End: f.last,
	}
	switch {
	case f.status >= http.StatusBadRequest:
		a.ErrorType = strconv.Itoa(f.status)
	case f.status == 0 && e != nil:
		a.ErrorType = e.Type
	}
	f.op.Attempt(trace.ContextWithSpan(ctx, f.op.Span()), a)
}

// readSent decodes the request that could only be read while it was sent.
func (f *flight) readSent() {
	if f.sent == nil {
		return
	}
	body, form := f.sent.take(), f.sent.form
	f.sent = nil
	if form != nil {
		f.guarded("reading a form", func() { f.endForm(form) })
		return
	}
	f.exchange.Request(body, f.op.WantsContent())
	f.op.SetModel(f.call.Request.Model)
}

// shouldRetry is the rule by which Stainless clients repeat a request.
func shouldRetry(res *http.Response) bool {
	switch res.Header.Get("x-should-retry") {
	case "true":
		return true
	case "false":
		return false
	}
	switch res.StatusCode {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return true
	default:
		return res.StatusCode >= http.StatusInternalServerError
	}
}
