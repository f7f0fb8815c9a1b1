package otelgenai

import (
	"context"
	"fmt"
	"os"
	"slices"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/internal/guard"
)

// ContextProcessor puts what a context says of the work below it, by [WithSession] and its
// siblings, on every span that starts there, of any library. It is made by
// [NewContextProcessor]; its methods are safe for concurrent use.
type ContextProcessor struct{ writes vocabularySet }

var _ sdktrace.SpanProcessor = (*ContextProcessor)(nil)

// NewContextProcessor returns a processor for a TracerProvider that sends spans by other
// means than genotel.Configure, which has one already. Model calls of instrumented clients
// need none.
//
// The attributes are those of dialects, or by default those of the environment variable
// GENOTEL_DIALECTS, else of [dialect.Default]. An attribute that the span was started with
// stays as it is, so two processors write everything once.
func NewContextProcessor(dialects ...dialect.Dialect) *ContextProcessor {
	return &ContextProcessor{writes: chosenDialects(dialects).vocabularies()}
}

func chosenDialects(dialects []dialect.Dialect) config {
	c := config{}.withDialects(dialect.Default())
	if len(dialects) > 0 {
		return c.withDialects(dialects)
	}
	c, err := c.withDialectsOf(os.Getenv(dialectsVariable))
	if err != nil {
		otel.Handle(fmt.Errorf("genotel: ignored a setting: %w", err))
	}
	return c
}

// OnStart implements [sdktrace.SpanProcessor].
func (p *ContextProcessor) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if p == nil || ctx == nil {
		return
	}
	if c := carriedBy(ctx); c != nil {
		p.stamp(c, span)
	}
}

func (p *ContextProcessor) stamp(c *carried, span sdktrace.ReadWriteSpan) {
	defer guard.Recover("labeling a span")
	attrs := c.appendTo(nil, p.writes, span.Parent())
	if len(attrs) == 0 {
		return
	}
	there := span.Attributes()
	attrs = slices.DeleteFunc(attrs, func(kv attribute.KeyValue) bool {
		return slices.ContainsFunc(there, func(other attribute.KeyValue) bool { return other.Key == kv.Key })
	})
	span.SetAttributes(attrs...)
}

// OnEnd implements [sdktrace.SpanProcessor]. It does nothing.
func (*ContextProcessor) OnEnd(sdktrace.ReadOnlySpan) {}

// ForceFlush implements [sdktrace.SpanProcessor]. There is nothing to flush.
func (*ContextProcessor) ForceFlush(context.Context) error { return nil }

// Shutdown implements [sdktrace.SpanProcessor]. There is nothing to end.
func (*ContextProcessor) Shutdown(context.Context) error { return nil }
