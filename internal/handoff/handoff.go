// Package handoff carries the record of a call from the instrumentation to the
// span processors that want it, beside the span and not on it.
//
// A destination that may see prompts gets them this way, while the other
// exporters on the same TracerProvider never do. The instrumentation puts a
// [Slip] into the context it gives to Tracer.Start; the SDK hands that context
// to each processor's OnStart, where a listening processor claims the slip for
// the new span. So the two find each other through the SDK's own call, without a
// registry shared by the whole process, and a record is built only when somebody
// claimed it.
//
// The package knows the record and the span context, and nothing of
// instrumentations, vocabularies or exporters.
package handoff

import (
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai/record"
)

// Slip is the place where the record of one call is left. The zero Slip is
// ready. Its methods are safe for concurrent use.
type Slip struct {
	owner   atomic.Pointer[trace.SpanContext]
	pending atomic.Pointer[pending]
}

type pending struct {
	once     sync.Once
	broken   bool // complete did not come to its end
	call     *record.Call
	complete func(*record.Call)
	size     int
}

type key struct{}

// NewContext returns a context that offers slip to the processors of the next
// span started from it.
func NewContext(ctx context.Context, slip *Slip) context.Context {
	return context.WithValue(ctx, key{}, slip)
}

// Claim takes the slip offered in ctx for the span that is just starting. It
// returns nil when there is none, or when it belongs to another span: the
// context lives on in the children of the span it was made for.
func Claim(ctx context.Context, span trace.SpanContext) *Slip {
	slip, _ := ctx.Value(key{}).(*Slip)
	if slip == nil || !span.IsValid() {
		return nil
	}
	if slip.owner.CompareAndSwap(nil, &span) || slip.owner.Load().Equal(span) {
		return slip
	}
	return nil
}

// Close ends the offer, once the span has started. Without it a span below, of a
// TracerProvider with other processors, would take what nobody claimed.
func (s *Slip) Close() { s.owner.CompareAndSwap(nil, &nobody) }

// nobody owns the slips that were not claimed.
var nobody trace.SpanContext

// Claimed reports whether a processor waits for the record.
func (s *Slip) Claimed() bool {
	owner := s.owner.Load()
	return owner != nil && owner.IsValid()
}

// Put leaves the finished call. complete, which may be nil, adds what is costly
// to decode; it runs once, on the goroutine that first asks for the record. size
// is the number of bytes that the record keeps alive, for the bounds of queues.
// The first Put counts; call must not be changed afterwards.
func (s *Slip) Put(call *record.Call, size int, complete func(*record.Call)) {
	s.pending.CompareAndSwap(nil, &pending{call: call, complete: complete, size: size})
}

// Size is the number of bytes the record keeps alive, 0 before Put.
func (s *Slip) Size() int {
	if p := s.pending.Load(); p != nil {
		return p.size
	}
	return 0
}

// Call returns the completed record, or nil when none was put. The record is
// shared between destinations: nobody may change it. A panic of complete goes to who
// asks first; nobody gets the record then, which may be half made and not yet
// redacted.
func (s *Slip) Call() *record.Call {
	p := s.pending.Load()
	if p == nil {
		return nil
	}
	p.once.Do(func() {
		if p.complete != nil {
			p.broken = true
			p.complete(p.call)
			p.broken, p.complete = false, nil
		}
	})
	if p.broken {
		return nil
	}
	return p.call
}
