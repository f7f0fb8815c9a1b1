package genotel

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

var (
	errForeignProvider = errors.New("the TracerProvider is not the OpenTelemetry SDK's, so destinations cannot be " +
		"attached to it; pass one of go.opentelemetry.io/otel/sdk/trace, or WithGlobal(false) for a private one")
	errDeadProvider = errors.New("the TracerProvider has been shut down")
)

// existingProvider returns the application's provider, nil when there is none to
// use. A global one that was shut down counts as none: it is what an earlier
// Configure left.
func (c config) existingProvider(needed bool) (*sdktrace.TracerProvider, error) {
	provider, chosen := c.provider, c.provider != nil
	if !chosen {
		if provider = otel.GetTracerProvider(); !c.global || isPlaceholder(provider) {
			return nil, nil //nolint:nilnil // no provider is a good answer
		}
	}
	sdk, ok := provider.(*sdktrace.TracerProvider)
	ok = ok && sdk != nil
	switch {
	case !ok && needed:
		return nil, errForeignProvider
	case ok && isShutDown(sdk) && chosen:
		return nil, errDeadProvider
	case ok && isShutDown(sdk):
		return nil, nil //nolint:nilnil // as above
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

// isShutDown tells by the tracers: after its end the SDK's provider gives out ones
// that do nothing.
func isShutDown(provider *sdktrace.TracerProvider) bool {
	_, dead := provider.Tracer("github.com/genotel/genotel").(noop.Tracer)
	return dead
}

// attachment is our processor on a provider of the application's.
type attachment struct {
	*processors
	provider *sdktrace.TracerProvider
	leaving  atomic.Bool
}

func attach(provider *sdktrace.TracerProvider, processor *processors) *attachment {
	a := &attachment{processors: processor, provider: provider}
	provider.RegisterSpanProcessor(a)
	return a
}

// remove takes a processor that has been shut down off its provider. The provider
// shuts it down once more and would report its losses a second time.
func (a *attachment) remove() {
	a.leaving.Store(true)
	a.provider.UnregisterSpanProcessor(a)
}

// Shutdown implements [sdktrace.SpanProcessor].
func (a *attachment) Shutdown(ctx context.Context) error {
	if a.leaving.Load() {
		return nil
	}
	return a.processors.Shutdown(ctx)
}
