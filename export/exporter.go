package export

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Exporter is a [Processor] for programs that have a span processor of their own, such as
// OpenTelemetry's batch processor, and want an exporter for it. It gets no call records,
// and what that processor drops it never sees: where there is a choice, take a Processor.
// Its methods are safe for concurrent use.
type Exporter struct{ processor *Processor }

var _ sdktrace.SpanExporter = (*Exporter)(nil)

// NewExporter returns an Exporter for destinations, like [New].
func NewExporter(destinations []Destination, opts ...Option) (*Exporter, error) {
	p, err := New(destinations, opts...)
	if err != nil {
		return nil, err
	}
	return &Exporter{processor: p}, nil
}

// ExportSpans queues spans for each destination, and returns when they are delivered,
// when an attempt to send has failed since, or when ctx ends. Spans that are not delivered
// by then are not lost: they are sent later. So the error is always nil, and [Exporter.Stats]
// tells what became of them.
func (e *Exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, span := range spans {
		e.processor.OnEnd(span)
	}
	for _, pl := range e.processor.pipelines {
		pl.awaitAttempt(ctx, pl.flush())
	}
	return nil
}

// Shutdown is that of [Processor.Shutdown].
func (e *Exporter) Shutdown(ctx context.Context) error { return e.processor.Shutdown(ctx) }

// Stats is that of [Processor.Stats].
func (e *Exporter) Stats() []Stats { return e.processor.Stats() }
