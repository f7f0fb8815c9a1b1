package genotel

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	c.announce(ctx, p)
	return c.install(p), nil
}

// announce says what goes where, and what the user should know about it.
func (c config) announce(ctx context.Context, p prepared) {
	for _, notice := range p.plan.notices {
		c.logger.WarnContext(ctx, "genotel: check the configuration", "because", notice)
	}
	switch {
	case !p.processor.empty():
		c.logger.InfoContext(ctx, "genotel: sending spans", "to", p.plan.String())
	case c.build != nil:
		c.logger.InfoContext(ctx, "genotel: no destination is configured, spans go where their provider sends them")
	case len(p.plan.notices) > 0:
		c.logger.WarnContext(ctx, "genotel: spans are not exported")
	default:
		c.logger.WarnContext(ctx, "genotel: no destination is configured, spans are not exported; "+
			"set LANGSMITH_API_KEY, LANGTRACE_API_KEY or OTEL_EXPORTER_OTLP_ENDPOINT")
	}
}

// prepared is what remains to be installed.
type prepared struct {
	plan      plan
	processor *SpanProcessor
	// found is the application's provider, built the one of [WithNewTracerProvider].
	// Without either there is a resource for a new one, if there are destinations.
	found    *sdktrace.TracerProvider
	built    trace.TracerProvider
	resource *resource.Resource
}

// prepare checks all settings, installs nothing and returns every problem at once.
func (c config) prepare(ctx context.Context) (p prepared, err error) {
	p, planErr, exportErr := c.prepareProcessor()
	wanted := !p.processor.empty() || planErr != nil
	var vacant bool
	var providerErr, resourceErr error
	p.found, vacant, providerErr = c.existingProvider(wanted)
	switch {
	case c.build != nil && !vacant:
		providerErr = errors.Join(errOccupied, providerErr)
	case c.build == nil && vacant:
		p.plan.note(ignoredFile())
		if wanted {
			p.resource, resourceErr = c.resource(ctx)
			resourceErr = errors.Join(resourceErr, checkLimits())
		}
	}
	p.plan.noteTwice(p.found)
	if err = errors.Join(planErr, providerErr, resourceErr); err != nil {
		err = fmt.Errorf("genotel: configuring: %w", err)
	}
	if err = errors.Join(err, exportErr); err == nil && c.build != nil {
		p.built, err = c.buildProvider(ctx, wanted)
	}
	if err != nil {
		p.processor.discard()
	}
	return p, err
}

// prepareProcessor does what of prepare is about destinations. The second error says
// itself what was being done.
func (c config) prepareProcessor() (p prepared, planErr, exportErr error) {
	p.processor = &SpanProcessor{sync: c.sync}
	p.plan, planErr = c.plan()
	p.processor.labels = p.plan.labeling()
	if destinations := p.plan.exported(); len(destinations) > 0 {
		opts, source := c.pipeline()
		p.processor.export, exportErr = export.New(destinations, opts...)
		if errors.Is(exportErr, export.ErrSpool) {
			exportErr = fmt.Errorf("%s: %w", source, exportErr)
		}
	}
	if p.plan.console != nil {
		p.processor.console = p.plan.console.Processor
	}
	return p, planErr, exportErr
}

// DestinationStats is what has become of the spans of one destination.
type DestinationStats = export.Stats

// DeliveryError is the error of a Shutdown after which spans are missing somewhere.
type DeliveryError = export.DeliveryError

// Telemetry is what Configure set up. Its methods are safe for concurrent use.
type Telemetry struct {
	provider  trace.TracerProvider
	processor *SpanProcessor
	attached  *attachment // nil without destinations
	watch     *globalWatch

	stopping atomic.Bool   // decides who of the callers of Shutdown does it
	stopped  chan struct{} // closed when report is set
	report   error
}

// TracerProvider returns the provider whose spans are exported.
func (t *Telemetry) TracerProvider() trace.TracerProvider { return t.provider }

// Stats returns, for each destination, what has become of its spans.
func (t *Telemetry) Stats() []DestinationStats {
	if t.attached == nil {
		return nil
	}
	return t.processor.Stats()
}

// ForceFlush returns when every span ended before the call is delivered, or
// finally lost, or when ctx ends.
func (t *Telemetry) ForceFlush(ctx context.Context) error {
	if t.attached == nil {
		return nil
	}
	t.watch.check(ctx)
	return t.processor.ForceFlush(ctx)
}

// Shutdown delivers what is left and stops. It waits no longer than ctx, and without a
// deadline no longer than 30 seconds; the error then says how many spans each
// destination lost and why, see [DeliveryError]. A TracerProvider of the application goes on
// without us, and one that Configure made until the last Configure that uses it is shut
// down. Further calls return the same result.
//
// Spans are lost when a program ends without Shutdown, and os.Exit and log.Fatal
// skip deferred calls.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t.attached == nil {
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
	t.watch.check(ctx)
	last := t.attached.detach()
	err := t.processor.Shutdown(ctx)
	if !last || !t.attached.detachLast() {
		return err
	}
	// A context that has ended is the caller's doing.
	if other := t.attached.provider.Shutdown(ctx); err == nil && ctx.Err() == nil {
		err = other
	}
	return err
}

// installing keeps two Configures at once from making a global provider each.
var installing sync.Mutex

func (c config) install(p prepared) *Telemetry {
	if p.built != nil && c.global {
		otel.SetTracerProvider(p.built)
	}
	if p.processor.empty() {
		return &Telemetry{provider: c.undirected(p.built)}
	}
	installing.Lock()
	defer installing.Unlock()
	provider, missing := p.host()
	if missing && c.global { // or another Configure has made one meanwhile
		provider, missing, _ = c.existingProvider(false)
	}
	made := missing || provider == nil
	if made {
		provider = sdktrace.NewTracerProvider(c.providerOptions(p.resource)...)
		if c.global {
			otel.SetTracerProvider(provider)
		}
	}
	t := &Telemetry{
		provider: provider, processor: p.processor, attached: attach(provider, made, p),
		stopped: make(chan struct{}),
	}
	if c.provider == nil && c.global {
		t.watch = &globalWatch{provider: provider, logger: c.logger}
	}
	return t
}

// host returns the provider that there is already; otherwise one has to be made.
func (p prepared) host() (provider *sdktrace.TracerProvider, missing bool) {
	if built, ok := p.built.(*sdktrace.TracerProvider); ok {
		return built, false
	}
	return p.found, p.found == nil
}

// undirected is the provider when there are no destinations: the application's, whatever
// its kind, or one that does nothing.
func (c config) undirected(built trace.TracerProvider) trace.TracerProvider {
	switch {
	case built != nil:
		return built
	case c.provider != nil:
		return c.provider
	case c.global:
		return otel.GetTracerProvider()
	default:
		return noop.NewTracerProvider()
	}
}

func (c config) providerOptions(described *resource.Resource) []sdktrace.TracerProviderOption {
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(described),
		sdktrace.WithRawSpanLimits(spanLimits()),
	}
	if c.sampler != nil {
		options = append(options, sdktrace.WithSampler(c.sampler))
	}
	return options
}
