package genotel

import (
	"context"
	"errors"
	"fmt"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/console"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/otelgenai"
)

// SpanProcessor brings ended spans to the destinations of [NewSpanProcessor]. Its
// methods are safe for concurrent use. A nil SpanProcessor does nothing, for programs that
// go on after an error of NewSpanProcessor.
type SpanProcessor struct {
	export  *export.Processor  // nil for none
	console *console.Processor // nil for none
	labels  *otelgenai.ContextProcessor
	sync    bool // a trace is delivered before its end returns
}

var _ sdktrace.SpanProcessor = (*SpanProcessor)(nil)

// NewSpanProcessor returns the destinations of [Configure] as a span processor, for
// programs that build their TracerProvider themselves or hand processors to a
// framework that does:
//
//	destinations, err := genotel.NewSpanProcessor(ctx)
//	...
//	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(destinations))
//
// Whoever has registered it shuts it down, as a rule by the Shutdown of the provider.
// Options about the provider (WithTracerProvider, WithGlobal, WithServiceName,
// WithSampler and so on) have no effect, and nothing global is touched. Errors and
// warnings are those of Configure. Without destinations, and with OTEL_SDK_DISABLED set
// to true, the result does nothing.
func NewSpanProcessor(ctx context.Context, opts ...Option) (*SpanProcessor, error) {
	if disabled() {
		return &SpanProcessor{}, nil
	}
	c := newConfig(opts)
	c.build = nil // it has exporters of its own only where it makes the provider
	p, planErr, exportErr := c.prepareProcessor()
	if planErr != nil {
		planErr = fmt.Errorf("genotel: configuring: %w", planErr)
	}
	if err := errors.Join(planErr, exportErr); err != nil {
		p.processor.discard()
		return nil, err
	}
	c.announce(ctx, p)
	return p.processor, nil
}

// OnStart implements [sdktrace.SpanProcessor]. It puts on span what ctx says by
// [otelgenai.WithSession] and its siblings, and takes note of its call record.
func (p *SpanProcessor) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if p.empty() {
		return
	}
	p.labels.OnStart(ctx, span)
	if p.export != nil {
		p.export.OnStart(ctx, span)
	}
	if p.console != nil {
		p.console.OnStart(ctx, span)
	}
}

// OnEnd implements [sdktrace.SpanProcessor]. It queues span for each destination; it does
// not block and does no I/O, unless [WithSyncExport] says so.
func (p *SpanProcessor) OnEnd(span sdktrace.ReadOnlySpan) {
	if p.empty() {
		return
	}
	p.queue(span)
	p.deliver(span)
}

func (p *SpanProcessor) queue(span sdktrace.ReadOnlySpan) {
	if p.export != nil {
		p.export.OnEnd(span)
	}
	if p.console != nil {
		p.console.OnEnd(span)
	}
}

// deliver waits for the trace that span ends, if [WithSyncExport] asks for it.
func (p *SpanProcessor) deliver(span sdktrace.ReadOnlySpan) {
	if parent := span.Parent(); p.sync && (!parent.IsValid() || parent.IsRemote()) {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		_ = p.ForceFlush(ctx) // what is late is counted, and sent later
	}
}

// discard ends what was made for a configuration that failed.
func (p *SpanProcessor) discard() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Shutdown(ctx) // there is nothing to lose yet
}

// ForceFlush returns when every span ended before the call is delivered, or finally
// lost, or when ctx ends.
func (p *SpanProcessor) ForceFlush(ctx context.Context) error {
	return p.each(func(one sdktrace.SpanProcessor) error { return one.ForceFlush(ctx) })
}

// Shutdown delivers what is left and stops. It waits no longer than ctx, and without a
// deadline no longer than 30 seconds; the error then says how many spans each destination
// lost and why, see [DeliveryError].
func (p *SpanProcessor) Shutdown(ctx context.Context) error {
	return p.each(func(one sdktrace.SpanProcessor) error { return one.Shutdown(ctx) })
}

// each calls f at the same time, so that neither uses up the other's time.
func (p *SpanProcessor) each(f func(sdktrace.SpanProcessor) error) error {
	switch {
	case p.empty():
		return nil
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

// empty reports whether there is no destination.
func (p *SpanProcessor) empty() bool { return p == nil || p.export == nil && p.console == nil }

// Stats returns, for each destination, what has become of its spans.
func (p *SpanProcessor) Stats() []DestinationStats {
	if p.empty() {
		return nil
	}
	var all []DestinationStats
	if p.export != nil {
		all = p.export.Stats()
	}
	if p.console != nil {
		all = append(all, p.console.Stats())
	}
	return all
}
