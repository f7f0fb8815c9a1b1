package genotel_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/internal/oracle"
)

// global restores the global provider after the test.
func global(t *testing.T) {
	t.Helper()
	before := otel.GetTracerProvider()
	t.Cleanup(func() {
		if otel.GetTracerProvider() != before { // OpenTelemetry complains otherwise
			otel.SetTracerProvider(before)
		}
	})
}

// configure calls Configure and shuts down at the end of the test.
func configure(t *testing.T, opts ...genotel.Option) *genotel.Telemetry {
	t.Helper()
	telemetry, err := genotel.Configure(t.Context(), opts...)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		_ = telemetry.Shutdown(ctx)
	})
	return telemetry
}

// to is a plain destination at server.
func to(server *oracle.Server) genotel.Option {
	return genotel.WithOTLP(genotel.OTLP{Endpoint: server.URL})
}

// span makes one span.
func span(provider trace.TracerProvider, name string, attributes ...attribute.KeyValue) {
	_, s := provider.Tracer("app").Start(context.Background(), name, trace.WithAttributes(attributes...))
	s.End()
}

// received returns the resources that a server got, spans within.
func received(t *testing.T, server *oracle.Server) []*tracepb.ResourceSpans {
	t.Helper()
	var all []*tracepb.ResourceSpans
	for _, capture := range server.Captures() {
		data, err := oracle.DecodeProtobuf(capture.Body)
		require.NoError(t, err)
		all = append(all, data.GetResourceSpans()...)
	}
	return all
}

// spanNames returns the names of the spans that a server got.
func spanNames(t *testing.T, server *oracle.Server) []string {
	t.Helper()
	names := []string{}
	for _, resource := range received(t, server) {
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				names = append(names, s.GetName())
			}
		}
	}
	return names
}

func shutdown(t *testing.T, telemetry *genotel.Telemetry) {
	t.Helper()
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
}

// logged is a logger and what it wrote.
func logged() (*slog.Logger, *bytes.Buffer) {
	var buffer bytes.Buffer
	return slog.New(slog.NewTextHandler(&buffer, nil)), &buffer
}

// foreignProvider is a provider of another kind than the SDK's.
type foreignProvider struct{ noop.TracerProvider }

func TestMalformedSettingsAreNamedAndNotRepeated(t *testing.T) {
	const base = "OTEL_EXPORTER_OTLP_"
	for name, test := range map[string]struct {
		variables map[string]string
		opts      []genotel.Option
		want      []string
	}{
		"LangSmith endpoint": {
			variables: map[string]string{"LANGSMITH_API_KEY": "SECRET-key", "LANGSMITH_ENDPOINT": "api.SECRET.com"},
			want:      []string{"LANGSMITH_ENDPOINT"},
		},
		"LangSmith endpoint by its alias": {
			variables: map[string]string{"LANGSMITH_API_KEY": "SECRET-key", "LANGCHAIN_ENDPOINT": "ftp://SECRET.com"},
			want:      []string{"LANGCHAIN_ENDPOINT"},
		},
		"LangSmith field": {
			opts: []genotel.Option{genotel.WithLangSmith(genotel.LangSmith{APIKey: "SECRET-key", Endpoint: "https://SECRET:x%zz@h"})},
			want: []string{"LangSmith.Endpoint"},
		},
		"LangSmith key": {
			variables: map[string]string{"LANGSMITH_API_KEY": "SECRET\x01key"}, want: []string{"langsmith", "X-Api-Key"},
		},
		"LangSmith project": {
			opts: []genotel.Option{genotel.WithProject("SECRET\nproject"), genotel.WithLangSmith(genotel.LangSmith{APIKey: "SECRET"})},
			want: []string{"langsmith", "Langsmith-Project"},
		},
		"LangSmith header": {
			opts: []genotel.Option{genotel.WithLangSmith(genotel.LangSmith{
				APIKey: "SECRET", Headers: map[string]string{"x-extra": "SECRET\r\nvalue"},
			})},
			want: []string{"langsmith", "X-Extra"},
		},
		"Langtrace host": {
			variables: map[string]string{"LANGTRACE_API_KEY": "SECRET-key", "LANGTRACE_API_HOST": "SECRET"},
			want:      []string{"LANGTRACE_API_HOST"},
		},
		"Langtrace field": {
			opts: []genotel.Option{genotel.WithLangtrace(genotel.Langtrace{APIKey: "SECRET-key", Endpoint: "//SECRET"})},
			want: []string{"Langtrace.Endpoint"},
		},
		"Langtrace headers": {
			variables: map[string]string{"LANGTRACE_API_KEY": "SECRET-key", "LANGTRACE_HEADERS": "a=1,SECRET"},
			want:      []string{"LANGTRACE_HEADERS"},
		},
		"Langtrace headers badly encoded": {
			variables: map[string]string{"LANGTRACE_API_KEY": "SECRET-key", "LANGTRACE_HEADERS": "a=SECRET%zz"},
			want:      []string{"LANGTRACE_HEADERS"},
		},
		"OTLP endpoint": {
			variables: map[string]string{base + "ENDPOINT": "SECRET:4318"}, want: []string{base + "ENDPOINT"},
		},
		"OTLP traces endpoint": {
			variables: map[string]string{base + "TRACES_ENDPOINT": "grpc://SECRET"}, want: []string{base + "TRACES_ENDPOINT"},
		},
		"OTLP headers": {
			variables: map[string]string{base + "ENDPOINT": "http://h", base + "HEADERS": "SECRET"}, want: []string{base + "HEADERS"},
		},
		"OTLP traces headers": {
			variables: map[string]string{base + "ENDPOINT": "http://h", base + "TRACES_HEADERS": "=SECRET"},
			want:      []string{base + "TRACES_HEADERS"},
		},
		"OTLP compression": {
			variables: map[string]string{base + "ENDPOINT": "http://h", base + "COMPRESSION": "SECRET"},
			want:      []string{base + "COMPRESSION", "gzip", "none"},
		},
		"OTLP timeout": {
			variables: map[string]string{base + "ENDPOINT": "http://h", base + "TIMEOUT": "10SECRET"}, want: []string{base + "TIMEOUT"},
		},
		"OTLP traces timeout": {
			variables: map[string]string{base + "ENDPOINT": "http://h", base + "TRACES_TIMEOUT": "-1"},
			want:      []string{base + "TRACES_TIMEOUT"},
		},
		"OTLP protocol": {
			variables: map[string]string{base + "ENDPOINT": "http://h", base + "PROTOCOL": "SECRET"},
			want:      []string{base + "PROTOCOL", "http/protobuf"},
		},
		"OTLP field": {
			opts: []genotel.Option{genotel.WithOTLP(genotel.OTLP{Name: "mine", Endpoint: "SECRET"})},
			want: []string{"mine", "OTLP.Endpoint"},
		},
		"OTLP field missing": {
			opts: []genotel.Option{genotel.WithOTLP(genotel.OTLP{})}, want: []string{"otlp", "OTLP.Endpoint"},
		},
		"OTLP traces field": {
			opts: []genotel.Option{genotel.WithOTLP(genotel.OTLP{TracesEndpoint: "SECRET"})},
			want: []string{"otlp", "OTLP.TracesEndpoint"},
		},
		"OTLP header field": {
			opts: []genotel.Option{genotel.WithOTLP(genotel.OTLP{Endpoint: "http://h", Headers: map[string]string{"a": "SECRET\x00"}})},
			want: []string{"otlp", "header A"},
		},
		"OTLP timeout field": {
			opts: []genotel.Option{genotel.WithOTLP(genotel.OTLP{Endpoint: "http://h", Timeout: -1})},
			want: []string{"otlp", "timeout"},
		},
		"the same name twice": {
			opts: []genotel.Option{
				genotel.WithOTLP(genotel.OTLP{Name: "mine", Endpoint: "http://SECRET"}),
				genotel.WithOTLP(genotel.OTLP{Name: "mine", Endpoint: "http://SECRET2"}),
			},
			want: []string{"mine", "name is taken"},
		},
		"LangSmith inputs": {
			variables: map[string]string{"LANGSMITH_API_KEY": "k", "LANGSMITH_HIDE_INPUTS": "SECRET"},
			want:      []string{"LANGSMITH_HIDE_INPUTS", "true, false, 1, 0"},
		},
		"LangSmith outputs by the alias": {
			variables: map[string]string{"GENOTEL_CONSOLE": "true", "LANGCHAIN_HIDE_OUTPUTS": "SECRET"},
			want:      []string{"LANGCHAIN_HIDE_OUTPUTS"},
		},
		"LangSmith metadata": {
			variables: map[string]string{"LANGSMITH_API_KEY": "k", "LANGSMITH_HIDE_METADATA": "SECRET"},
			want:      []string{"LANGSMITH_HIDE_METADATA"},
		},
		"Langtrace content": {
			variables: map[string]string{"LANGTRACE_API_KEY": "k", "TRACE_PROMPT_COMPLETION_DATA": "SECRET"},
			want:      []string{"TRACE_PROMPT_COMPLETION_DATA", "true, false"},
		},
		"limit of attributes": {
			variables: map[string]string{base + "ENDPOINT": "http://h", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "SECRET"},
			want:      []string{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "not a number"},
		},
		"limit of attributes for all": {
			variables: map[string]string{base + "ENDPOINT": "http://h", "OTEL_ATTRIBUTE_COUNT_LIMIT": "1SECRET"},
			want:      []string{"OTEL_ATTRIBUTE_COUNT_LIMIT"},
		},
		"resource attributes": {
			variables: map[string]string{base + "ENDPOINT": "http://h", "OTEL_RESOURCE_ATTRIBUTES": "a=b,SECRET"},
			want:      []string{"OTEL_RESOURCE_ATTRIBUTES"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			global(t)
			before := otel.GetTracerProvider()
			for variable, value := range test.variables {
				t.Setenv(variable, value)
			}
			telemetry, err := genotel.Configure(t.Context(), test.opts...)
			require.Error(t, err)
			assert.Nil(t, telemetry)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "SECRET")
			assert.True(t, strings.HasPrefix(err.Error(), "genotel: "), err)
			assert.Equal(t, before, otel.GetTracerProvider(), "nothing may be installed")
		})
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	global(t)
	otel.SetTracerProvider(foreignProvider{})
	for variable, value := range map[string]string{
		"LANGSMITH_API_KEY": "k", "LANGSMITH_ENDPOINT": "SECRET",
		"LANGTRACE_API_KEY": "k", "LANGTRACE_API_HOST": "SECRET", "LANGTRACE_HEADERS": "SECRET",
	} {
		t.Setenv(variable, value)
	}
	_, err := genotel.Configure(t.Context(),
		genotel.WithOTLP(genotel.OTLP{Name: "one", Endpoint: "SECRET"}),
		genotel.WithOTLP(genotel.OTLP{Name: "two", TracesEndpoint: "SECRET"}),
		genotel.WithOTLP(genotel.OTLP{Name: "three", Endpoint: "http://h", Headers: map[string]string{"bad": "SECRET\n"}}))
	for _, want := range []string{
		"LANGSMITH_ENDPOINT", "LANGTRACE_API_HOST", "LANGTRACE_HEADERS", "one: OTLP.Endpoint", "two: OTLP.TracesEndpoint",
		"three", "header Bad", "TracerProvider",
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestTheVariablesOfOneBackendAreToldTogether(t *testing.T) {
	for variable, value := range map[string]string{
		"ENDPOINT": "SECRET", "HEADERS": "SECRET", "COMPRESSION": "SECRET", "TIMEOUT": "SECRET", "PROTOCOL": "SECRET",
	} {
		t.Setenv("OTEL_EXPORTER_OTLP_"+variable, value)
	}
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "SECRET")
	_, err := genotel.Configure(t.Context(), genotel.WithGlobal(false))
	for _, want := range []string{"_ENDPOINT", "_HEADERS", "_COMPRESSION", "_TIMEOUT", "_PROTOCOL", "OTEL_RESOURCE_ATTRIBUTES"} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestWithoutAProviderANewOneBecomesTheGlobalOne(t *testing.T) {
	global(t)
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server))
	assert.Same(t, telemetry.TracerProvider(), otel.GetTracerProvider())
	span(otel.GetTracerProvider(), "mine")
	shutdown(t, telemetry)
	assert.Equal(t, []string{"mine"}, spanNames(t, server))
}

func TestAPrivateProviderLeavesTheGlobalOneAlone(t *testing.T) {
	global(t)
	application := sdktrace.NewTracerProvider()
	otel.SetTracerProvider(application)
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false))
	assert.Same(t, application, otel.GetTracerProvider())
	assert.NotSame(t, application, telemetry.TracerProvider())
	span(otel.GetTracerProvider(), "the application's")
	span(telemetry.TracerProvider(), "ours")
	shutdown(t, telemetry)
	assert.Equal(t, []string{"ours"}, spanNames(t, server))
}

func TestTheApplicationsProviderIsUsedAndGoesOnWithoutUs(t *testing.T) {
	for name, install := range map[string]func(*sdktrace.TracerProvider) []genotel.Option{
		"given": func(p *sdktrace.TracerProvider) []genotel.Option {
			return []genotel.Option{genotel.WithTracerProvider(p)}
		},
		"given as a private one": func(p *sdktrace.TracerProvider) []genotel.Option {
			return []genotel.Option{genotel.WithTracerProvider(p), genotel.WithGlobal(false)}
		},
		"global": func(p *sdktrace.TracerProvider) []genotel.Option {
			otel.SetTracerProvider(p)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			global(t)
			own := tracetest.NewSpanRecorder()
			application := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(own))
			opts := install(application)
			before := otel.GetTracerProvider()
			server := oracle.NewServer(t)
			telemetry := configure(t, append(opts, to(server))...)
			assert.Same(t, application, telemetry.TracerProvider())
			assert.Equal(t, before, otel.GetTracerProvider())
			span(application, "both")
			shutdown(t, telemetry)
			span(application, "the application's only")
			assert.Equal(t, []string{"both"}, spanNames(t, server))
			assert.Len(t, own.Ended(), 2)
			assert.Zero(t, telemetry.Stats()[0].Lost())
		})
	}
}

func TestTheApplicationMayShutItsProviderDownFirst(t *testing.T) {
	server := oracle.NewServer(t)
	application := sdktrace.NewTracerProvider()
	telemetry := configure(t, to(server), genotel.WithTracerProvider(application))
	span(application, "mine")
	require.NoError(t, application.Shutdown(t.Context()))
	assert.Equal(t, []string{"mine"}, spanNames(t, server))
	shutdown(t, telemetry)
	assert.Equal(t, uint64(1), telemetry.Stats()[0].Delivered)
}

func TestALossIsReportedByShutdownAndNotOnceMoreByTheProvider(t *testing.T) {
	var errs []error
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { errs = append(errs, err) }))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	logger, _ := logged()
	application := sdktrace.NewTracerProvider()
	telemetry := configure(t, to(oracle.NewServer(t, oracle.Status(http.StatusBadRequest))),
		genotel.WithTracerProvider(application), genotel.WithLogger(logger))
	span(application, "mine")
	require.Error(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
	assert.Empty(t, errs)
}

func TestASecondConfigureAddsItsDestinations(t *testing.T) {
	global(t)
	first, second := oracle.NewServer(t), oracle.NewServer(t)
	one := configure(t, to(first))
	two := configure(t, to(second))
	assert.Same(t, one.TracerProvider(), two.TracerProvider())
	span(otel.GetTracerProvider(), "both")
	shutdown(t, two)
	span(otel.GetTracerProvider(), "first only")
	shutdown(t, one)
	assert.Equal(t, []string{"both", "first only"}, spanNames(t, first))
	assert.Equal(t, []string{"both"}, spanNames(t, second))
}

func TestConfigureAfterShutdownStartsAnew(t *testing.T) {
	global(t)
	for range 2 {
		server := oracle.NewServer(t)
		telemetry := configure(t, to(server))
		span(otel.GetTracerProvider(), "mine")
		shutdown(t, telemetry)
		assert.Equal(t, []string{"mine"}, spanNames(t, server))
	}
}

func TestAProviderThatWasShutDownIsAnError(t *testing.T) {
	dead := sdktrace.NewTracerProvider()
	require.NoError(t, dead.Shutdown(t.Context()))
	_, err := genotel.Configure(t.Context(), genotel.WithTracerProvider(dead),
		genotel.WithOTLP(genotel.OTLP{Endpoint: "http://127.0.0.1:1"}))
	assert.ErrorContains(t, err, "shut down")
}

func TestAForeignProviderIsAnErrorOnlyWhenDestinationsWereAskedFor(t *testing.T) {
	for name, install := range map[string]func() []genotel.Option{
		"given": func() []genotel.Option { return []genotel.Option{genotel.WithTracerProvider(foreignProvider{})} },
		"global": func() []genotel.Option {
			otel.SetTracerProvider(foreignProvider{})
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			global(t)
			opts := install()
			before := otel.GetTracerProvider()
			_, err := genotel.Configure(t.Context(), append(opts, genotel.WithOTLP(genotel.OTLP{Endpoint: "http://h"}))...)
			assert.ErrorContains(t, err, "go.opentelemetry.io/otel/sdk/trace")
			assert.ErrorContains(t, err, "WithGlobal(false)")
			assert.Equal(t, before, otel.GetTracerProvider())

			logger, _ := logged()
			telemetry := configure(t, append(opts, genotel.WithLogger(logger))...)
			assert.Equal(t, foreignProvider{}, telemetry.TracerProvider(), "its spans work")
			assert.Equal(t, before, otel.GetTracerProvider())
		})
	}
	t.Run("beside a private one", func(t *testing.T) {
		global(t)
		otel.SetTracerProvider(foreignProvider{})
		server := oracle.NewServer(t)
		telemetry := configure(t, to(server), genotel.WithGlobal(false))
		span(telemetry.TracerProvider(), "mine")
		shutdown(t, telemetry)
		assert.Equal(t, []string{"mine"}, spanNames(t, server))
	})
}

func TestWithoutDestinationsOneWarningIsAllThatHappens(t *testing.T) {
	global(t)
	before := otel.GetTracerProvider()
	logger, log := logged()
	telemetry := configure(t, genotel.WithLogger(logger))
	assert.Equal(t, 1, strings.Count(log.String(), "\n"), log)
	for _, want := range []string{"level=WARN", "LANGSMITH_API_KEY", "LANGTRACE_API_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		assert.Contains(t, log.String(), want)
	}
	assert.Equal(t, before, otel.GetTracerProvider())
	span(telemetry.TracerProvider(), "mine")
	assert.Empty(t, telemetry.Stats())
	require.NoError(t, telemetry.ForceFlush(t.Context()))
	shutdown(t, telemetry)
	shutdown(t, telemetry)
}

func TestWithoutDestinationsTheReasonIsTold(t *testing.T) {
	t.Setenv("LANGSMITH_API_KEY", "k")
	t.Setenv("LANGSMITH_TRACING", "false")
	t.Setenv("LANGSMITH_TRACING_MODE", "langsmith")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h")
	logger, log := logged()
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLogger(logger))
	assert.Contains(t, log.String(),
		"because=\"LangSmith is switched off by LANGSMITH_TRACING and the mode is langsmith: spans go nowhere\"")
	assert.Contains(t, log.String(), "msg=\"genotel: spans are not exported\"")
	assert.NotContains(t, log.String(), "LANGSMITH_API_KEY", "which is set")
	shutdown(t, telemetry)
}

func TestWithoutDestinationsTheApplicationsProviderIsLeftAsItIs(t *testing.T) {
	logger, _ := logged()
	spans := tracetest.NewSpanRecorder()
	application := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	telemetry := configure(t, genotel.WithTracerProvider(application), genotel.WithLogger(logger))
	assert.Same(t, application, telemetry.TracerProvider())
	shutdown(t, telemetry)
	span(application, "mine")
	assert.Len(t, spans.Ended(), 1)
}

func TestTheSwitchOfOpenTelemetryInstallsNothing(t *testing.T) {
	for value, off := range map[string]bool{"true": true, "TRUE": true, " True ": true, "false": false, "1": false, "": false} {
		t.Run(value, func(t *testing.T) {
			global(t)
			before := otel.GetTracerProvider()
			t.Setenv("OTEL_SDK_DISABLED", value)
			server := oracle.NewServer(t)
			telemetry := configure(t, to(server))
			span(telemetry.TracerProvider(), "mine")
			require.NoError(t, telemetry.ForceFlush(t.Context()))
			shutdown(t, telemetry)
			if off {
				assert.Empty(t, server.Captures())
				assert.Empty(t, telemetry.Stats())
				assert.Equal(t, before, otel.GetTracerProvider())
			} else {
				assert.Len(t, server.Captures(), 1)
			}
		})
	}
}

func TestTheResourceIsThatOfOptionThenVariableThenDefault(t *testing.T) {
	executable := "unknown_service:" + filepath.Base(os.Args[0])
	for name, test := range map[string]struct {
		variables            map[string]string
		opts                 []genotel.Option
		service, environment string
	}{
		"default": {service: executable},
		"attributes": {
			variables: map[string]string{
				"OTEL_RESOURCE_ATTRIBUTES": "service.name=attribute,deployment.environment.name=staging,team=a%20b",
			},
			service: "attribute", environment: "staging",
		},
		"variable wins over attributes": {
			variables: map[string]string{"OTEL_SERVICE_NAME": "variable", "OTEL_RESOURCE_ATTRIBUTES": "service.name=attribute"},
			service:   "variable",
		},
		"option wins over both": {
			variables: map[string]string{
				"OTEL_SERVICE_NAME": "variable", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging",
			},
			opts:    []genotel.Option{genotel.WithServiceName("option"), genotel.WithEnvironment("production")},
			service: "option", environment: "production",
		},
		"blank": {
			variables: map[string]string{"OTEL_SERVICE_NAME": " ", "OTEL_RESOURCE_ATTRIBUTES": ""},
			opts:      []genotel.Option{genotel.WithServiceName("")},
			service:   executable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range test.variables {
				t.Setenv(variable, value)
			}
			server := oracle.NewServer(t)
			telemetry := configure(t, append(test.opts, to(server), genotel.WithGlobal(false))...)
			span(telemetry.TracerProvider(), "mine")
			shutdown(t, telemetry)
			got := map[string]string{}
			for _, kv := range received(t, server)[0].GetResource().GetAttributes() {
				got[kv.GetKey()] = kv.GetValue().GetStringValue()
			}
			assert.Equal(t, test.service, got["service.name"])
			assert.Equal(t, test.environment, got["deployment.environment.name"])
			assert.Equal(t, "opentelemetry", got["telemetry.sdk.name"])
			if name == "attributes" {
				assert.Equal(t, "a b", got["team"])
			}
		})
	}
}

func TestMoreAttributesFitThanTheSDKsDefault(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		want      int
	}{
		"default":                    {nil, 300},
		"limit for spans":            {map[string]string{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "7"}, 7},
		"limit for all":              {map[string]string{"OTEL_ATTRIBUTE_COUNT_LIMIT": "9"}, 9},
		"blank":                      {map[string]string{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": " "}, 300},
		"above the SDK's by request": {map[string]string{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "200"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range test.variables {
				t.Setenv(variable, value)
			}
			server := oracle.NewServer(t)
			telemetry := configure(t, to(server), genotel.WithGlobal(false))
			var attributes []attribute.KeyValue
			for i := range 300 {
				attributes = append(attributes, attribute.Int(fmt.Sprintf("key.%03d", i), i))
			}
			span(telemetry.TracerProvider(), "mine", attributes...)
			shutdown(t, telemetry)
			assert.Len(t, received(t, server)[0].GetScopeSpans()[0].GetSpans()[0].GetAttributes(), test.want)
		})
	}
}

func TestASamplerDecidesForAProviderMadeHere(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	for name, test := range map[string]struct {
		opts []genotel.Option
		want []string
	}{
		"variable":                  {nil, []string{}},
		"option wins over variable": {[]genotel.Option{genotel.WithSampler(sdktrace.AlwaysSample())}, []string{"mine"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := oracle.NewServer(t)
			telemetry := configure(t, append(test.opts, to(server), genotel.WithGlobal(false))...)
			span(telemetry.TracerProvider(), "mine")
			shutdown(t, telemetry)
			assert.Equal(t, test.want, spanNames(t, server))
		})
	}
}

func TestTheVariablesOfTheSDKHoldForAProviderMadeHere(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		want      int
	}{
		"all of the traces":  {map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1"}, 1},
		"none of the traces": {map[string]string{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range test.variables {
				t.Setenv(variable, value)
			}
			server := oracle.NewServer(t)
			telemetry := configure(t, to(server), genotel.WithGlobal(false))
			span(telemetry.TracerProvider(), "mine")
			shutdown(t, telemetry)
			assert.Len(t, spanNames(t, server), test.want)
		})
	}
	t.Run("events", func(t *testing.T) {
		t.Setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", "2")
		server := oracle.NewServer(t)
		telemetry := configure(t, to(server), genotel.WithGlobal(false))
		_, s := telemetry.TracerProvider().Tracer("app").Start(t.Context(), "mine")
		for range 3 {
			s.AddEvent("event")
		}
		s.End()
		shutdown(t, telemetry)
		assert.Len(t, received(t, server)[0].GetScopeSpans()[0].GetSpans()[0].GetEvents(), 2)
	})
}

func TestForceFlushDeliversAtOnceAndStatsTellIt(t *testing.T) {
	collector, other := oracle.NewServer(t), oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false),
		genotel.WithOTLP(genotel.OTLP{Name: "a", Endpoint: collector.URL}),
		genotel.WithOTLP(genotel.OTLP{Name: "b", Endpoint: other.URL}))
	for i := range 5 {
		span(telemetry.TracerProvider(), fmt.Sprint(i))
	}
	require.NoError(t, telemetry.ForceFlush(t.Context()))
	assert.Len(t, spanNames(t, collector), 5)
	assert.Len(t, spanNames(t, other), 5)
	assert.Equal(t, []export.Stats{
		{Destination: "a", Ended: 5, Delivered: 5}, {Destination: "b", Ended: 5, Delivered: 5},
	}, telemetry.Stats())
}

func TestAShutdownWithADeadBackendIsQuickAndSaysWhatWasLost(t *testing.T) {
	released := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-released:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(released) })
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())

	for name, endpoint := range map[string]string{"hangs": hanging.URL, "is not there": closed} {
		t.Run(name, func(t *testing.T) {
			logger, _ := logged()
			telemetry, err := genotel.Configure(t.Context(), genotel.WithGlobal(false), genotel.WithLogger(logger),
				genotel.WithOTLP(genotel.OTLP{Name: "dead", Endpoint: endpoint, Headers: map[string]string{"api-key": "SECRET"}}))
			require.NoError(t, err)
			span(telemetry.TracerProvider(), "mine")
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			err = telemetry.Shutdown(ctx)
			assert.Less(t, time.Since(start), 5*time.Second)

			var loss *export.DeliveryError
			require.ErrorAs(t, err, &loss)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			require.Len(t, loss.Stats, 1)
			assert.Equal(t, uint64(1), loss.Stats[0].Dropped[export.ReasonShutdown])
			assert.Contains(t, err.Error(), "dead")
			assert.NotContains(t, err.Error(), "SECRET")
			assert.Equal(t, loss.Stats, telemetry.Stats())
			assert.Same(t, err, telemetry.Shutdown(context.WithoutCancel(t.Context())), "the same result")
		})
	}
}

func TestShutdownTwiceGivesTheSameResult(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false))
	span(telemetry.TracerProvider(), "mine")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { assert.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	}
	all.Wait()
	assert.Equal(t, []string{"mine"}, spanNames(t, server))
	span(telemetry.TracerProvider(), "too late")
	require.NoError(t, telemetry.ForceFlush(t.Context()))
	assert.Len(t, spanNames(t, server), 1)
}

func TestLossesAreToldToTheLogger(t *testing.T) {
	server := oracle.NewServer(t, oracle.Status(http.StatusBadRequest))
	logger, log := logged()
	telemetry := configure(t, to(server), genotel.WithGlobal(false), genotel.WithLogger(logger))
	span(telemetry.TracerProvider(), "mine")
	var loss *export.DeliveryError
	require.ErrorAs(t, telemetry.Shutdown(context.WithoutCancel(t.Context())), &loss)
	assert.Equal(t, uint64(1), loss.Stats[0].Dropped[export.ReasonSendError])
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], "level=INFO")
	assert.Contains(t, lines[0], "genotel: sending spans\" to=\"otlp (127.0.0.1:")
	assert.Contains(t, lines[1], "send_error")
}

func TestThePropagatorIsSetOnlyWhenAskedForAndHasNoBaggage(t *testing.T) {
	before := otel.GetTextMapPropagator()
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })
	marked := propagation.NewCompositeTextMapPropagator(propagation.Baggage{})
	otel.SetTextMapPropagator(marked)
	server := oracle.NewServer(t)
	logger, _ := logged()

	configure(t, to(server), genotel.WithGlobal(false), genotel.WithLogger(logger))
	assert.Equal(t, []string{"baggage"}, otel.GetTextMapPropagator().Fields())
	_, err := genotel.Configure(t.Context(), genotel.WithGlobalPropagator(), genotel.WithMode(99))
	require.Error(t, err)
	assert.Equal(t, []string{"baggage"}, otel.GetTextMapPropagator().Fields(), "an error changes nothing")

	configure(t, to(server), genotel.WithGlobal(false), genotel.WithLogger(logger), genotel.WithGlobalPropagator())
	assert.ElementsMatch(t, []string{"traceparent", "tracestate"}, otel.GetTextMapPropagator().Fields())
}

func TestWhatTheUserShouldKnowIsAWarning(t *testing.T) {
	setenv := map[string]string{"LANGSMITH_TRACING_MODE": "otel", "LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_API_KEY": "k"}
	for name, value := range setenv {
		t.Setenv(name, value)
	}
	server := oracle.NewServer(t)
	logger, log := logged()
	configure(t, to(server), genotel.WithGlobal(false), genotel.WithLogger(logger))
	assert.Contains(t, log.String(), "because=\"LANGSMITH_TRACING_MODE decides; LANGSMITH_OTEL_ONLY and LANGSMITH_OTEL_ENABLED are not heeded")
}

func TestNilOptionsAreIgnored(t *testing.T) {
	logger, log := logged()
	telemetry := configure(t, nil, genotel.WithLogger(logger), genotel.WithLogger(nil), genotel.WithTracerProvider(nil),
		genotel.WithSampler(nil), genotel.WithGlobal(false))
	require.NotNil(t, telemetry.TracerProvider())
	assert.Contains(t, log.String(), "no destination", "a nil logger is no logger")
}

func TestASecondShutdownWaitsNoLongerThanItsOwnContext(t *testing.T) {
	server := oracle.NewServer(t, oracle.Status(http.StatusServiceUnavailable))
	telemetry, err := genotel.Configure(t.Context(), genotel.WithGlobal(false), genotel.WithLogger(slog.New(slog.DiscardHandler)),
		genotel.WithOTLP(genotel.OTLP{Endpoint: server.URL}))
	require.NoError(t, err)
	_, span := telemetry.TracerProvider().Tracer("t").Start(t.Context(), "s")
	span.End()

	first := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { first <- telemetry.Shutdown(ctx) }()
	require.Eventually(t, func() bool { return len(server.Captures()) > 0 }, 5*time.Second, time.Millisecond)
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, telemetry.Shutdown(ended), context.Canceled)
	cancel()
	var loss *genotel.DeliveryError
	require.ErrorAs(t, <-first, &loss)
	require.ErrorAs(t, telemetry.Shutdown(t.Context()), &loss, "and then the report of the first one")
}

func TestAProviderThatIsATypedNilIsAnError(t *testing.T) {
	_, err := genotel.Configure(t.Context(), genotel.WithTracerProvider((*sdktrace.TracerProvider)(nil)),
		genotel.WithOTLP(genotel.OTLP{Endpoint: "http://127.0.0.1:1"}))
	require.Error(t, err)
}
