package export

import (
	"context"
	"reflect"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Parent says where the parent of a span is, for a backend that shows no span without
// its parent.
type Parent uint8

const (
	// ParentNone is for the root of a trace.
	ParentNone Parent = iota
	// ParentHere is for a parent of the same TracerProvider, which the processor gets as
	// well.
	ParentHere
	// ParentRemote is for a parent of another process, which alone knows where it sends it.
	ParentRemote
	// ParentElsewhere is for a parent that the processor does not get: it is not sampled, or
	// of another TracerProvider of the process.
	ParentElsewhere
)

// ParentOf returns where the parent of span is. A [View] of a destination with WantsParent
// asks it of the span that it is given, not of one that it has made. Other destinations
// are told [ParentHere] of what another TracerProvider has made.
//
// So it is where the parent is known by nothing but its span context, without the remote
// flag: that may be one of this provider's, as a no-op tracer hands it on.
func ParentOf(span sdktrace.ReadOnlySpan) Parent {
	parent := span.Parent()
	_, apart := span.(spanApart)
	switch {
	case !parent.HasSpanID():
		return ParentNone
	case apart, !parent.IsSampled():
		return ParentElsewhere
	case parent.IsRemote():
		return ParentRemote
	default:
		return ParentHere
	}
}

// spanApart is a span whose parent another TracerProvider made.
type spanApart struct{ sdktrace.ReadOnlySpan }

// startsApart reports whether the parent of a span that starts from ctx was made by
// another TracerProvider. Who asks later can no longer know.
func startsApart(ctx context.Context, span sdktrace.ReadWriteSpan) (apart bool) {
	parent := trace.SpanFromContext(ctx)
	if sc := span.Parent(); sc.IsRemote() || !sc.IsSampled() || !sc.Equal(parent.SpanContext()) {
		return false // no parent of ctx, or one of which ParentOf knows enough
	}
	if reflect.TypeOf(parent) == contextOnly {
		return false
	}
	defer func() { _ = recover() }() // of a span of the application's own
	return parent.TracerProvider() != span.TracerProvider()
}

// contextOnly is the type of spans that carry a span context and have no provider.
var contextOnly = reflect.TypeOf(trace.SpanFromContext(
	trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{SpanID: trace.SpanID{1}}))))

// maxApart bounds the memory for spans whose parent is of another TracerProvider. Beyond
// are those that never end.
const maxApart = 16384

// spansApart keeps which spans in flight have their parent elsewhere. The zero value is
// ready. Its methods are safe for concurrent use.
type spansApart struct {
	mu     sync.Mutex // guards the fields below
	spans  map[apartKey]struct{}
	closed bool
}

type apartKey struct {
	trace trace.TraceID
	span  trace.SpanID
}

// put remembers span. At [maxApart] it forgets another one, which then counts as a span
// whose parent is here.
func (s *spansApart) put(span trace.SpanContext) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.spans == nil {
		s.spans = make(map[apartKey]struct{})
	}
	if len(s.spans) >= maxApart {
		for other := range s.spans {
			delete(s.spans, other)
			break
		}
	}
	s.spans[apartKey{span.TraceID(), span.SpanID()}] = struct{}{}
}

// take reports whether span was put, and forgets it.
func (s *spansApart) take(span trace.SpanContext) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := apartKey{span.TraceID(), span.SpanID()}
	_, apart := s.spans[key]
	delete(s.spans, key)
	return apart
}

// close forgets all spans and keeps no more.
func (s *spansApart) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans, s.closed = nil, true
}
