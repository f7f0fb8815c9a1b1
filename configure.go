package genotel

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel/export"
)

// Configure sets up the destinations of spans and returns the handle to flush
// and shut them down.
//
// An option wins over a genotel or backend variable, which wins over an OTEL_
// variable, which wins over the default. All settings are checked before anything
// is installed; the error names every wrong one and repeats no value.
//
// Spans come from the TracerProvider given by [WithTracerProvider], else from the
// global one if the application has installed the OpenTelemetry SDK's, else from
// a new one that becomes the global one. A provider of another kind is never
// replaced: it is an error when there are destinations. With OTEL_SDK_DISABLED
// set to true nothing is installed.
func Configure(ctx context.Context, opts ...Option) (*Telemetry, error) {
	c := newConfig(opts)
	if disabled() {
		return &Telemetry{provider: noop.NewTracerProvider()}, nil
	}
	p, err := c.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if c.propagator {
		otel.SetTextMapPropagator(propagation.TraceContext{})
	}
	for _, notice := range p.plan.notices {
		c.logger.WarnContext(ctx, "genotel: check the configuration", "because", notice)
	}
	switch {
	case p.processor == nil && len(p.plan.notices) > 0:
		c.logger.WarnContext(ctx, "genotel: spans are not exported")
		return &Telemetry{provider: c.undirected()}, nil
	case p.processor == nil:
		c.logger.WarnContext(ctx, "genotel: no destination is configured, spans are not exported; "+
			"set LANGSMITH_API_KEY, LANGTRACE_API_KEY or OTEL_EXPORTER_OTLP_ENDPOINT")
		return &Telemetry{provider: c.undirected()}, nil
	}
	c.logger.InfoContext(ctx, "genotel: sending spans", "to", p.plan.String())
	return c.install(p), nil
}

// prepared is what remains to be installed.
type prepared struct {
	plan plan
	// processor is nil when there are no destinations.
	processor *processors
	// existing is the application's provider. Without one there is a resource for a
	// new one.
	existing *sdktrace.TracerProvider
	resource *resource.Resource
}

// prepare checks all settings, installs nothing and returns every problem at once.
func (c config) prepare(ctx context.Context) (p prepared, err error) {
	var planErr error
	p.plan, planErr = c.plan()
	destinations := p.plan.exported()
	wanted := len(destinations) > 0 || p.plan.console != nil || planErr != nil
	var providerErr, resourceErr, exportErr error
	p.existing, providerErr = c.existingProvider(wanted)
	if p.existing == nil && wanted {
		p.resource, resourceErr = c.resource(ctx)
	}
	if len(destinations) > 0 || p.plan.console != nil {
		p.processor = &processors{}
	}
	if len(destinations) > 0 {
		p.processor.export, exportErr = export.New(destinations, export.WithLogger(c.logger))
	}
	if p.plan.console != nil {
		p.processor.console = p.plan.console.Processor
	}
	if err = errors.Join(planErr, providerErr, resourceErr); err != nil {
		err = fmt.Errorf("genotel: configuring: %w", err)
	}
	return p, errors.Join(err, exportErr) // which says itself what was being done
}

// DestinationStats is what has become of the spans of one destination.
type DestinationStats = export.Stats

// DeliveryError is the error of a Shutdown after which spans are missing somewhere.
type DeliveryError = export.DeliveryError

// Telemetry is what Configure set up. Its methods are safe for concurrent use.
type Telemetry struct {
	provider  trace.TracerProvider
	processor *processors
	// owned is set when the provider was made here, attached when the processor
	// was added to the application's.
	owned    *sdktrace.TracerProvider
	attached *attachment

	stopping atomic.Bool   // decides who of the callers of Shutdown does it
	stopped  chan struct{} // closed when report is set
	report   error
}

// TracerProvider returns the provider whose spans are exported.
func (t *Telemetry) TracerProvider() trace.TracerProvider { return t.provider }

// Stats returns, for each destination, what has become of its spans.
func (t *Telemetry) Stats() []DestinationStats {
	if t.processor == nil {
		return nil
	}
	return t.processor.stats()
}

// ForceFlush returns when every span ended before the call is delivered, or
// finally lost, or when ctx ends.
func (t *Telemetry) ForceFlush(ctx context.Context) error {
	if t.processor == nil {
		return nil
	}
	return t.processor.ForceFlush(ctx)
}

// Shutdown delivers what is left and stops. It waits no longer than ctx; the
// error then says how many spans each destination lost and why, see [DeliveryError]. A
// TracerProvider of the application goes on without us. Further calls return the
// same result.
//
// Spans are lost when a program ends without Shutdown, and os.Exit and log.Fatal
// skip deferred calls.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t.processor == nil {
		return nil
	}
	if t.stopping.CompareAndSwap(false, true) {
		defer close(t.stopped)
		t.report = t.stop(ctx)
		return t.report
	}
	select {
	case <-t.stopped:
		return t.report
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *Telemetry) stop(ctx context.Context) error {
	err := t.processor.Shutdown(ctx)
	if t.attached != nil {
		t.attached.remove()
	}
	if t.owned == nil {
		return err
	}
	// Of the provider's own errors, ours is in err already, and a context that has
	// ended is the caller's doing.
	if other := t.owned.Shutdown(ctx); err == nil && ctx.Err() == nil {
		err = other
	}
	return err
}

func (c config) install(p prepared) *Telemetry {
	if p.existing != nil {
		return &Telemetry{
			provider: p.existing, processor: p.processor, attached: attach(p.existing, p.processor),
			stopped: make(chan struct{}),
		}
	}
	owned := sdktrace.NewTracerProvider(c.providerOptions(p.resource, p.processor)...)
	if c.global {
		otel.SetTracerProvider(owned)
	}
	return &Telemetry{provider: owned, processor: p.processor, owned: owned, stopped: make(chan struct{})}
}

// undirected is the provider when spans go nowhere: the application's, whatever
// its kind, or one that does nothing.
func (c config) undirected() trace.TracerProvider {
	switch {
	case c.provider != nil:
		return c.provider
	case c.global:
		return otel.GetTracerProvider()
	default:
		return noop.NewTracerProvider()
	}
}

func (c config) providerOptions(described *resource.Resource, processor *processors) []sdktrace.TracerProviderOption {
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(described),
		sdktrace.WithSpanProcessor(processor),
		sdktrace.WithRawSpanLimits(spanLimits()),
	}
	if c.sampler != nil {
		options = append(options, sdktrace.WithSampler(c.sampler))
	}
	return options
}
