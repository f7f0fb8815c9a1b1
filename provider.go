package genotel

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

var (
	errForeignProvider = errors.New("the TracerProvider is not the OpenTelemetry SDK's, so destinations cannot be " +
		"attached to it; pass one of go.opentelemetry.io/otel/sdk/trace, or WithGlobal(false) for a private one")
	errOccupied = errors.New("the application has a TracerProvider already, so a new one cannot be made; " +
		"call Configure before that is installed, or with WithGlobal(false)")
	errDeadProvider = errors.New("the TracerProvider has been shut down")
)

// existingProvider returns the application's provider, and whether there is room for a
// new one. A global one that was shut down counts as none: it is what an earlier
// Configure left.
func (c config) existingProvider(needed bool) (found *sdktrace.TracerProvider, vacant bool, err error) {
	provider, chosen := c.provider, c.provider != nil
	if !chosen {
		if provider = otel.GetTracerProvider(); !c.global || isPlaceholder(provider) {
			return nil, true, nil
		}
	}
	sdk, ok := provider.(*sdktrace.TracerProvider)
	ok = ok && sdk != nil
	switch {
	case !ok && needed:
		return nil, false, errForeignProvider
	case ok && isShutDown(sdk) && chosen:
		return nil, false, errDeadProvider
	case ok && isShutDown(sdk):
		return nil, true, nil
	}
	return sdk, false, nil
}

// buildProvider makes the provider of [WithNewTracerProvider], which comes last because
// it may start something.
func (c config) buildProvider(ctx context.Context, needed bool) (trace.TracerProvider, error) {
	provider, err := c.build(ctx)
	if err != nil {
		return nil, fmt.Errorf("genotel: making the TracerProvider: %w", err)
	}
	sdk, ok := provider.(*sdktrace.TracerProvider)
	switch ok = ok && sdk != nil; {
	case !ok && (needed || provider == nil):
		return nil, fmt.Errorf("genotel: making the TracerProvider: %w", errForeignProvider)
	case ok && isShutDown(sdk):
		return nil, fmt.Errorf("genotel: making the TracerProvider: %w", errDeadProvider)
	}
	return provider, nil
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
