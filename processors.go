package genotel

import (
	"context"
	"errors"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/console"
	"github.com/genotel/genotel/export"
)

// processors are those of one Configure, as one. Either may be nil, and not both.
type processors struct {
	export  *export.Processor
	console *console.Processor
}

var _ sdktrace.SpanProcessor = (*processors)(nil)

// OnStart implements [sdktrace.SpanProcessor].
func (p *processors) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if p.export != nil {
		p.export.OnStart(ctx, span)
	}
	if p.console != nil {
		p.console.OnStart(ctx, span)
	}
}

// OnEnd implements [sdktrace.SpanProcessor].
func (p *processors) OnEnd(span sdktrace.ReadOnlySpan) {
	if p.export != nil {
		p.export.OnEnd(span)
	}
	if p.console != nil {
		p.console.OnEnd(span)
	}
}

// ForceFlush implements [sdktrace.SpanProcessor].
func (p *processors) ForceFlush(ctx context.Context) error {
	return p.each(func(one sdktrace.SpanProcessor) error { return one.ForceFlush(ctx) })
}

// Shutdown implements [sdktrace.SpanProcessor].
func (p *processors) Shutdown(ctx context.Context) error {
	return p.each(func(one sdktrace.SpanProcessor) error { return one.Shutdown(ctx) })
}

// each calls f at the same time, so that neither uses up the other's time.
func (p *processors) each(f func(sdktrace.SpanProcessor) error) error {
	switch {
	case p.console == nil:
		return f(p.export)
	case p.export == nil:
		return f(p.console)
	}
	var exported, printed error
	var both sync.WaitGroup
	both.Go(func() { printed = f(p.console) })
	exported = f(p.export)
	both.Wait()
	switch {
	case printed == nil:
		return exported
	case exported == nil:
		return printed
	default:
		return errors.Join(exported, printed)
	}
}

func (p *processors) stats() []DestinationStats {
	var all []DestinationStats
	if p.export != nil {
		all = p.export.Stats()
	}
	if p.console != nil {
		all = append(all, p.console.Stats())
	}
	return all
}
