package export

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai/record"
)

// redaction is what [WithRedaction] was given. The zero redaction changes nothing.
type redaction struct {
	span func(sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan
	call func(*record.Call) *record.Call
}

// of returns span as the destinations may see it. It costs the caller nothing: redacted is
// what a worker asks for.
func (r redaction) of(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	if r.span == nil {
		return span
	}
	return &redactedSpan{
		ReadOnlySpan: span,
		seen:         sync.OnceValue(func() sdktrace.ReadOnlySpan { return r.span(span) }),
	}
}

// redactedSpan is redacted when somebody first looks at what may hold a text. When that
// panics it does so for everybody.
type redactedSpan struct {
	sdktrace.ReadOnlySpan

	seen func() sdktrace.ReadOnlySpan
}

// Name implements [sdktrace.ReadOnlySpan].
func (s *redactedSpan) Name() string { return s.seen().Name() }

// Attributes implements [sdktrace.ReadOnlySpan].
func (s *redactedSpan) Attributes() []attribute.KeyValue { return s.seen().Attributes() }

// Events implements [sdktrace.ReadOnlySpan].
func (s *redactedSpan) Events() []sdktrace.Event { return s.seen().Events() }

// Links implements [sdktrace.ReadOnlySpan].
func (s *redactedSpan) Links() []sdktrace.Link { return s.seen().Links() }

// Status implements [sdktrace.ReadOnlySpan].
func (s *redactedSpan) Status() sdktrace.Status { return s.seen().Status() }
