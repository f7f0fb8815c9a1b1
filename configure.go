package genotel

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"go.opentelemetry.io/otel"
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
	destinations, err := c.destinations()
	if err != nil {
		return nil, fmt.Errorf("genotel: configuring: %w", err)
	}
	existing, err := c.existingProvider(len(destinations) > 0)
	if err != nil {
		return nil, fmt.Errorf("genotel: configuring: %w", err)
	}
	if len(destinations) == 0 {
		c.logger.WarnContext(ctx, "genotel: no destination is configured, spans are not exported; "+
			"set LANGSMITH_API_KEY, LANGTRACE_API_KEY or OTEL_EXPORTER_OTLP_ENDPOINT")
		return withoutDestinations(existing), nil
	}
	processor, err := export.New(destinations, export.WithLogger(c.logger))
	if err != nil {
		return nil, fmt.Errorf("genotel: configuring: %w", err)
	}
	return c.install(ctx, existing, processor)
}

// Telemetry is what Configure set up. Its methods are safe for concurrent use.
type Telemetry struct {
	provider  trace.TracerProvider
	processor *export.Processor
	// owned is set when the provider was made here, attached when the processor
	// was added to the application's.
	owned    *sdktrace.TracerProvider
	attached *sdktrace.TracerProvider

	shutdown sync.Once
	report   error
}

// TracerProvider returns the provider whose spans are exported.
func (t *Telemetry) TracerProvider() trace.TracerProvider { return t.provider }

// Stats returns, for each destination, what has become of its spans.
func (t *Telemetry) Stats() []export.Stats {
	if t.processor == nil {
		return nil
	}
	return t.processor.Stats()
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
// error then says how many spans each destination lost and why, see
// [export.LossError]. A TracerProvider of the application goes on without us.
// Further calls return the same result.
//
// Spans are lost when a program ends without Shutdown, and os.Exit and log.Fatal
// skip deferred calls.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	t.shutdown.Do(func() { t.report = t.stop(ctx) })
	return t.report
}

func (t *Telemetry) stop(ctx context.Context) error {
	if t.processor == nil {
		return nil
	}
	err := t.processor.Shutdown(ctx)
	if t.attached != nil {
		t.attached.UnregisterSpanProcessor(t.processor)
	}
	if t.owned != nil && t.owned.Shutdown(ctx) != nil && err == nil {
		err = errors.New("genotel: shutting down: the TracerProvider did not stop in time")
	}
	return err
}

func (c config) install(
	ctx context.Context, existing *sdktrace.TracerProvider, processor *export.Processor,
) (*Telemetry, error) {
	if existing != nil {
		existing.RegisterSpanProcessor(processor)
		return &Telemetry{provider: existing, processor: processor, attached: existing}, nil
	}
	described, err := c.resource(ctx)
	if err != nil {
		return nil, fmt.Errorf("genotel: configuring: %w", err)
	}
	owned := sdktrace.NewTracerProvider(c.providerOptions(described, processor)...)
	if c.global {
		otel.SetTracerProvider(owned)
	}
	return &Telemetry{provider: owned, processor: processor, owned: owned}, nil
}

func withoutDestinations(existing *sdktrace.TracerProvider) *Telemetry {
	if existing != nil {
		return &Telemetry{provider: existing}
	}
	return &Telemetry{provider: noop.NewTracerProvider()}
}

func (c config) providerOptions(described *resource.Resource, processor *export.Processor) []sdktrace.TracerProviderOption {
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

var errForeignProvider = errors.New("the TracerProvider is not the OpenTelemetry SDK's, so destinations " +
	"cannot be attached to it; pass one of go.opentelemetry.io/otel/sdk/trace, or WithGlobal(false) for a private one")

// existingProvider returns the application's provider, nil when there is none to
// use.
func (c config) existingProvider(needed bool) (*sdktrace.TracerProvider, error) {
	provider := c.provider
	if provider == nil {
		if provider = otel.GetTracerProvider(); !c.global || isPlaceholder(provider) {
			return nil, nil //nolint:nilnil // no provider is a good answer
		}
	}
	sdk, ok := provider.(*sdktrace.TracerProvider)
	if !ok && needed {
		return nil, errForeignProvider
	}
	return sdk, nil
}

// isPlaceholder reports whether provider is the one that OpenTelemetry's global
// returns before an application has installed one. Its type is internal.
func isPlaceholder(provider trace.TracerProvider) bool {
	t := reflect.TypeOf(provider)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == "go.opentelemetry.io/otel/internal/global"
}
