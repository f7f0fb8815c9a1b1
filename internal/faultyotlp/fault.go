package faultyotlp

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fault is what becomes of one request. It is a value: the methods return a changed copy, so
// that Status(413).OverBytes(1<<20).Unread() is a fault as well.
type Fault struct {
	name     string
	play     func(*exchange)
	only     func(Request) bool // nil: of every request
	header   func(http.Header)  // nil: adds none
	delay    time.Duration
	unread   bool // the body is not read
	stored   bool // the spans are, whatever the answer
	rejected int  // the last spans of a stored request that are not
}

// String names the fault, for the names of tests and for [Request].
func (f Fault) String() string { return f.name }

// Accept stores the spans and says so. It is the default of a server.
func Accept() Fault {
	return Fault{name: "accept", stored: true, play: func(x *exchange) { x.accept("") }}
}

// PartialSuccess stores all spans of a request but the last ones, as many as rejected, and says how many it did not.
// The Content-Type of the answer is contentType, which may have parameters; JSON and protobuf are known.
func PartialSuccess(rejected int, contentType string) Fault {
	return Fault{
		name: fmt.Sprintf("partial success, %d rejected, %s", rejected, contentType), stored: true, rejected: rejected,
		play: func(x *exchange) { x.accept(contentType) },
	}
}

// Status answers with code and no body. The spans are stored for 2xx.
func Status(code int) Fault {
	return Fault{
		name: strconv.Itoa(code), stored: code/100 == 2,
		play: func(x *exchange) { x.answer(code, "", nil) },
	}
}

// Redirect answers with code and the address of another place.
func Redirect(code int, location string) Fault {
	return Status(code).with(" to "+location, func(h http.Header) { h.Set("Location", location) })
}

// Echo answers with code and the body of the request, uncompressed, as backends do that quote what they refuse.
func Echo(code int) Fault {
	return Fault{
		name: fmt.Sprintf("%d with an echo", code), stored: code/100 == 2,
		play: func(x *exchange) { x.answer(code, "text/plain", x.body) },
	}
}

// RetryAfter adds the header Retry-After with any value.
func (f Fault) RetryAfter(value string) Fault {
	return f.with(fmt.Sprintf(", Retry-After %q", value), func(h http.Header) { h.Set("Retry-After", value) })
}

// RetryAfterDate adds the header Retry-After with the date at which the answer is pause old.
func (f Fault) RetryAfterDate(pause time.Duration) Fault {
	return f.with(fmt.Sprintf(", Retry-After date in %v", pause), func(h http.Header) {
		h.Set("Retry-After", time.Now().Add(pause).UTC().Format(http.TimeFormat))
	})
}

// After waits before it plays f, whether or not the client does. What f stores is stored after the delay.
func (f Fault) After(delay time.Duration) Fault {
	f.name += fmt.Sprintf(" after %v", delay)
	f.delay = delay
	return f
}

// Unread plays f without reading the body: what depends on spans never happens, and sizes are those of Content-Length.
func (f Fault) Unread() Fault {
	f.name += ", unread"
	f.unread = true
	return f
}

// Storing stores the spans first: the client cannot know that they arrived.
func (f Fault) Storing() Fault {
	f.name += ", but stored"
	f.stored = true
	return f
}

// ForSpan plays f for requests that have a span of this name, and accepts the others.
func (f Fault) ForSpan(name string) Fault {
	return f.when(" for the span "+name, func(r Request) bool {
		for _, span := range r.Spans {
			if span.Name == name {
				return true
			}
		}
		return false
	})
}

// OverBytes plays f for requests of more than limit bytes, uncompressed, and accepts the others.
func (f Fault) OverBytes(limit int) Fault {
	return f.when(fmt.Sprintf(" over %d bytes", limit), func(r Request) bool { return r.Bytes > limit })
}

// OverWireBytes plays f for requests of more than limit bytes as they were sent, and accepts the others.
func (f Fault) OverWireBytes(limit int) Fault {
	return f.when(fmt.Sprintf(" over %d bytes on the wire", limit), func(r Request) bool { return r.WireBytes > limit })
}

func (f Fault) when(name string, only func(Request) bool) Fault {
	f.name += name
	f.only = only
	return f
}

func (f Fault) with(name string, add func(http.Header)) Fault {
	f.name += name
	before := f.header
	f.header = func(h http.Header) {
		if before != nil {
			before(h)
		}
		add(h)
	}
	return f
}
