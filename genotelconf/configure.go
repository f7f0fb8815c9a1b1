package genotelconf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/contrib/otelconf"
	"go.opentelemetry.io/otel"
	lognoop "go.opentelemetry.io/otel/log/noop"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel"
)

// fileVariable names the file, and oldVariable did; otelconf says so of the latter.
const (
	fileVariable = "OTEL_CONFIG_FILE"
	oldVariable  = "OTEL_EXPERIMENTAL_CONFIG_FILE"
)

// attributeLimit is what a file without limits gets, as a provider of genotel.Configure
// does: the SDK drops attributes beyond its 128 without a word.
const attributeLimit = 1024

// Configure builds the SDK by the file that OTEL_CONFIG_FILE names and adds genotel's
// destinations to its TracerProvider. Where the variable is not set, or blank, it does
// what [genotel.Configure] does.
//
// What is in the file holds: options about the provider, such as WithServiceName and
// WithSampler, have no effect, and OTEL_EXPORTER_OTLP_ENDPOINT makes no destination,
// because the file has exporters of its own. Unless WithGlobal is false, the
// TracerProvider becomes the global one, and so do the MeterProvider, the LoggerProvider
// and the propagator as far as the file has them. It is an error when the application has
// a TracerProvider already, and when there are destinations and the file has no
// tracer_provider. With disabled: true in the file, or OTEL_SDK_DISABLED set to true,
// nothing is installed.
//
// Errors about the file are those of otelconf, whose texts may quote it.
func Configure(ctx context.Context, opts ...genotel.Option) (*SDK, error) {
	if !isNamed(fileVariable) && !isNamed(oldVariable) {
		telemetry, err := genotel.Configure(ctx, opts...)
		if err != nil {
			return nil, err
		}
		return &SDK{
			telemetry: telemetry,
			tracers:   telemetry.TracerProvider(),
			meters:    otel.GetMeterProvider(),
			logs:      otel.GetLoggerProvider(),
			fields:    otel.GetTextMapPropagator(),
			stopped:   make(chan struct{}),
		}, nil
	}
	file, err := read()
	if err != nil {
		return nil, fmt.Errorf("genotelconf: the file of %s: %w", fileVariable, err)
	}
	sdk := idle()
	if file.Disabled != nil && *file.Disabled {
		return sdk, nil
	}
	build := func(ctx context.Context) (trace.TracerProvider, error) {
		return sdk.build(ctx)
	}
	sdk.telemetry, err = genotel.Configure(ctx, append(slices.Clip(opts), genotel.WithNewTracerProvider(build))...)
	if err != nil {
		if sdk.file != nil && file.TracerProvider == nil {
			err = errors.Join(errors.New("it has no tracer_provider"), err)
		}
		err = errors.Join(err, sdk.discard(ctx))
		return nil, fmt.Errorf("genotelconf: with the file of %s: %w", fileVariable, err)
	}
	if sdk.file != nil && sdk.tracers == otel.GetTracerProvider() {
		sdk.install(file)
	}
	return sdk, nil
}

func isNamed(variable string) bool { return strings.TrimSpace(os.Getenv(variable)) != "" }

// read returns what is in the file, which otelconf reads once more.
func read() (*otelconf.OpenTelemetryConfiguration, error) {
	if _, old := os.LookupEnv(oldVariable); old {
		return nil, fmt.Errorf("%s is its former name and must not be set", oldVariable)
	}
	text, err := os.ReadFile(os.Getenv(fileVariable))
	if err != nil {
		return nil, errors.New("cannot be read")
	}
	return otelconf.ParseYAML(text)
}

// idle is an SDK that does nothing.
func idle() *SDK {
	return &SDK{
		telemetry: &genotel.Telemetry{},
		tracers:   tracenoop.NewTracerProvider(),
		meters:    metricnoop.NewMeterProvider(),
		logs:      lognoop.NewLoggerProvider(),
		fields:    propagation.NewCompositeTextMapPropagator(),
		stopped:   make(chan struct{}),
	}
}

// build has otelconf make the providers.
func (s *SDK) build(ctx context.Context) (trace.TracerProvider, error) {
	limits := sdktrace.NewSpanLimits()
	limits.AttributeCountLimit = attributeLimit
	file, err := otelconf.NewSDK(otelconf.WithContext(ctx),
		otelconf.WithTracerProviderOptions(sdktrace.WithRawSpanLimits(limits)))
	if err != nil {
		return nil, err
	}
	s.file = &file
	s.tracers, s.meters, s.logs, s.fields = file.TracerProvider(), file.MeterProvider(), file.LoggerProvider(), file.Propagator()
	return s.tracers, nil
}

// install makes global what the file has besides the TracerProvider.
func (s *SDK) install(file *otelconf.OpenTelemetryConfiguration) {
	if file.MeterProvider != nil {
		otel.SetMeterProvider(s.meters)
	}
	if file.LoggerProvider != nil {
		otel.SetLoggerProvider(s.logs)
	}
	if file.Propagator != nil {
		otel.SetTextMapPropagator(s.fields)
	}
}

// discard stops what was built in vain.
func (s *SDK) discard(ctx context.Context) error {
	if s.file == nil {
		return nil
	}
	return s.file.Shutdown(ctx)
}
