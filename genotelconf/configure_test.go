package genotelconf_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/genotelconf"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
)

func TestMain(m *testing.M) {
	// What a test leaves global is a provider that has been shut down.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// globals restores what Configure installs after the test. There is no propagator before.
func globals(t *testing.T) {
	t.Helper()
	tracers, meters, logs := otel.GetTracerProvider(), otel.GetMeterProvider(), otel.GetLoggerProvider()
	none := propagation.NewCompositeTextMapPropagator()
	otel.SetTextMapPropagator(none)
	t.Cleanup(func() {
		if otel.GetTracerProvider() != tracers { // OpenTelemetry complains otherwise
			otel.SetTracerProvider(tracers)
		}
		if otel.GetMeterProvider() != meters {
			otel.SetMeterProvider(meters)
		}
		if otel.GetLoggerProvider() != logs {
			otel.SetLoggerProvider(logs)
		}
		otel.SetTextMapPropagator(none)
	})
}

// configure calls Configure with a file of testdata whose exporters lead to collector.
func configure(t *testing.T, file string, collector *oracle.Server, opts ...genotel.Option) *genotelconf.SDK {
	t.Helper()
	globals(t)
	t.Setenv("OTEL_CONFIG_FILE", filepath.Join("testdata", file))
	t.Setenv("COLLECTOR_URL", collector.URL)
	sdk, err := genotelconf.Configure(t.Context(), opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = sdk.Shutdown(context.WithoutCancel(t.Context())) })
	return sdk
}

func shutdown(t *testing.T, sdk *genotelconf.SDK) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	require.NoError(t, sdk.Shutdown(ctx))
}

// received returns the resources of the traces that a server got.
func received(t *testing.T, server *oracle.Server) (all []*tracepb.ResourceSpans) {
	t.Helper()
	for _, capture := range server.Captures() {
		if strings.HasSuffix(capture.Path, "/v1/traces") {
			body := capture.Body
			if capture.Header.Get("Content-Encoding") == "gzip" {
				unzipped, err := gzip.NewReader(bytes.NewReader(body))
				require.NoError(t, err)
				body, err = io.ReadAll(unzipped)
				require.NoError(t, err)
			}
			data, err := oracle.DecodeProtobuf(body)
			require.NoError(t, err)
			all = append(all, data.GetResourceSpans()...)
		}
	}
	return all
}

func spans(t *testing.T, server *oracle.Server) (all []*tracepb.Span) {
	t.Helper()
	for _, resource := range received(t, server) {
		for _, scope := range resource.GetScopeSpans() {
			all = append(all, scope.GetSpans()...)
		}
	}
	return all
}

func names(t *testing.T, server *oracle.Server) []string {
	t.Helper()
	all := []string{}
	for _, span := range spans(t, server) {
		all = append(all, span.GetName())
	}
	return all
}

func span(ctx context.Context, provider trace.TracerProvider, name string, attributes ...attribute.KeyValue) context.Context {
	ctx, s := provider.Tracer("app").Start(ctx, name, trace.WithAttributes(attributes...))
	s.End()
	return ctx
}

func TestTheFilesExporterGetsNoContentAndLangSmithDoes(t *testing.T) {
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,
			"finish_reason":"stop","message":{"role":"assistant","content":"ANSWER"}}]}`)
	}))
	t.Cleanup(model.Close)
	collector, langsmith := oracle.NewServer(t), oracle.NewServer(t)
	t.Setenv("LANGSMITH_API_KEY", "key")
	t.Setenv("LANGSMITH_ENDPOINT", langsmith.URL)
	sdk := configure(t, "sdk.yaml", collector)

	client := openai.NewClient(option.WithAPIKey("k"), option.WithBaseURL(model.URL), otelopenai.WithTracing())
	_, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
		Model: "m", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("PROMPT")},
	})
	require.NoError(t, err)
	shutdown(t, sdk)
	model.CloseClientConnections()
	http.DefaultClient.CloseIdleConnections()

	require.Len(t, spans(t, collector), 1)
	require.Len(t, spans(t, langsmith), 1)
	toCollector, toLangSmith := spans(t, collector)[0].String(), spans(t, langsmith)[0].String()
	assert.Contains(t, toCollector, "gen_ai.request.model")
	for _, content := range []string{"PROMPT", "ANSWER"} {
		assert.NotContains(t, toCollector, content)
		assert.Contains(t, toLangSmith, content)
	}
	assert.Equal(t, []genotel.DestinationStats{{Destination: "langsmith", Ended: 1, Delivered: 1}}, sdk.Stats())
}

func TestTheFileDecidesAboutSamplerAndResource(t *testing.T) {
	t.Setenv("TEAM", "blue")
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	collector, other := oracle.NewServer(t), oracle.NewServer(t)
	sdk := configure(t, "sdk.yaml", collector, genotel.WithOTLP(genotel.OTLP{Endpoint: other.URL}),
		genotel.WithServiceName("option"), genotel.WithSampler(sdktrace.NeverSample()))
	ctx := span(t.Context(), otel.GetTracerProvider(), "root")
	span(ctx, otel.GetTracerProvider(), "child that the file leaves out")
	shutdown(t, sdk)
	for name, server := range map[string]*oracle.Server{"the file's": collector, "genotel's": other} {
		assert.Equal(t, []string{"root"}, names(t, server), name)
		got := map[string]string{}
		for _, kv := range received(t, server)[0].GetResource().GetAttributes() {
			got[kv.GetKey()] = kv.GetValue().GetStringValue()
		}
		assert.Equal(t, "from-the-file", got["service.name"], name)
		assert.Equal(t, "blue", got["team"], name)
	}
}

func TestTheFileDecidesAboutLimitsAndElseMoreAttributesFit(t *testing.T) {
	for file, want := range map[string]int{"limits.yaml": 7, "sdk.yaml": 300} {
		t.Run(file, func(t *testing.T) {
			collector := oracle.NewServer(t)
			sdk := configure(t, file, collector, genotel.WithGlobal(false))
			var attributes []attribute.KeyValue
			for i := range 300 {
				attributes = append(attributes, attribute.Int(fmt.Sprintf("key.%03d", i), i))
			}
			span(t.Context(), sdk.TracerProvider(), "mine", attributes...)
			shutdown(t, sdk)
			require.Len(t, spans(t, collector), 1)
			assert.Len(t, spans(t, collector)[0].GetAttributes(), want)
		})
	}
}

func TestEverythingInTheFileBecomesGlobal(t *testing.T) {
	collector := oracle.NewServer(t)
	sdk := configure(t, "sdk.yaml", collector)
	assert.Same(t, sdk.TracerProvider(), otel.GetTracerProvider())
	assert.Same(t, sdk.MeterProvider(), otel.GetMeterProvider())
	assert.Same(t, sdk.LoggerProvider(), otel.GetLoggerProvider())
	assert.ElementsMatch(t, []string{"traceparent", "tracestate", "baggage"}, otel.GetTextMapPropagator().Fields())
	assert.ElementsMatch(t, []string{"traceparent", "tracestate", "baggage"}, sdk.Propagator().Fields())
	record(t, otel.GetMeterProvider(), otel.GetLoggerProvider())
	require.NoError(t, sdk.ForceFlush(t.Context()))
	assert.ElementsMatch(t, []string{"/v1/metrics", "/v1/logs"}, paths(collector))
	shutdown(t, sdk)
}

// record makes a metric and a log record.
func record(t *testing.T, meters metric.MeterProvider, logs otellog.LoggerProvider) {
	t.Helper()
	counter, err := meters.Meter("app").Int64Counter("calls")
	require.NoError(t, err)
	counter.Add(t.Context(), 1)
	var line otellog.Record
	line.SetBody(attribute.StringValue("a line"))
	logs.Logger("app").Emit(t.Context(), line)
}

func paths(server *oracle.Server) (all []string) {
	for _, capture := range server.Captures() {
		all = append(all, capture.Path)
	}
	return all
}

func TestNothingBecomesGlobalWithoutLeave(t *testing.T) {
	collector := oracle.NewServer(t)
	globals(t)
	tracers, meters, logs := otel.GetTracerProvider(), otel.GetMeterProvider(), otel.GetLoggerProvider()
	sdk := configure(t, "sdk.yaml", collector, genotel.WithGlobal(false))
	assert.Equal(t, tracers, otel.GetTracerProvider())
	assert.Equal(t, meters, otel.GetMeterProvider())
	assert.Equal(t, logs, otel.GetLoggerProvider())
	assert.Empty(t, otel.GetTextMapPropagator().Fields())
	span(t.Context(), sdk.TracerProvider(), "mine")
	record(t, sdk.MeterProvider(), sdk.LoggerProvider())
	shutdown(t, sdk)
	assert.ElementsMatch(t, []string{"/v1/traces", "/v1/metrics", "/v1/logs"}, paths(collector))
}

func TestTheEndpointOfTheEnvironmentIsLeftToTheFile(t *testing.T) {
	for _, mode := range []genotel.Mode{genotel.ModeDefault, genotel.ModeOTel} {
		collector := oracle.NewServer(t)
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
		sdk := configure(t, "sdk.yaml", collector, genotel.WithMode(mode), genotel.WithGlobal(false))
		span(t.Context(), sdk.TracerProvider(), "once")
		shutdown(t, sdk)
		assert.Equal(t, []string{"once"}, names(t, collector), "the file names the same collector")
		assert.Empty(t, sdk.Stats())
	}
}

func TestAFileThatSwitchesOffInstallsNothing(t *testing.T) {
	for name, test := range map[string]struct{ file, variable string }{
		"in the file":     {"disabled.yaml", ""},
		"by the variable": {"sdk.yaml", "true"},
	} {
		t.Run(name, func(t *testing.T) {
			globals(t)
			before := otel.GetTracerProvider()
			collector := oracle.NewServer(t)
			t.Setenv("OTEL_SDK_DISABLED", test.variable)
			sdk := configure(t, test.file, collector, genotel.WithOTLP(genotel.OTLP{Endpoint: collector.URL}))
			assert.Equal(t, before, otel.GetTracerProvider())
			span(t.Context(), sdk.TracerProvider(), "mine")
			record(t, sdk.MeterProvider(), sdk.LoggerProvider())
			assert.Empty(t, sdk.Propagator().Fields())
			require.NoError(t, sdk.ForceFlush(t.Context()))
			shutdown(t, sdk)
			assert.Empty(t, collector.Captures())
			assert.Empty(t, sdk.Stats())
		})
	}
}

func TestWhatIsWrongWithTheFileIsToldAndNothingInstalled(t *testing.T) {
	written := func(text string) string {
		path := filepath.Join(t.TempDir(), "SECRET.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, test := range map[string]struct {
		path string
		want string
	}{
		"missing":             {filepath.Join(t.TempDir(), "SECRET.yaml"), "cannot be read"},
		"no YAML":             {written("a: [b"), "yaml"},
		"no version":          {written("disabled: false"), "file_format"},
		"unknown sampler":     {filepath.Join("testdata", "unknown_sampler.yaml"), "sampler"},
		"without traces":      {filepath.Join("testdata", "metrics_only.yaml"), "no tracer_provider"},
		"a wrong destination": {filepath.Join("testdata", "sdk.yaml"), "OTLP.Endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			globals(t)
			tracers, meters := otel.GetTracerProvider(), otel.GetMeterProvider()
			t.Setenv("OTEL_CONFIG_FILE", test.path)
			t.Setenv("COLLECTOR_URL", "http://127.0.0.1:1")
			destination := genotel.OTLP{Endpoint: "http://127.0.0.1:1"}
			if name == "a wrong destination" {
				destination.Endpoint = "SECRET"
			}
			sdk, err := genotelconf.Configure(t.Context(), genotel.WithOTLP(destination))
			require.ErrorContains(t, err, test.want)
			assert.ErrorContains(t, err, "OTEL_CONFIG_FILE")
			assert.True(t, strings.HasPrefix(err.Error(), "genotelconf: "), err)
			assert.NotContains(t, err.Error(), "SECRET")
			assert.Nil(t, sdk)
			assert.Equal(t, tracers, otel.GetTracerProvider())
			assert.Equal(t, meters, otel.GetMeterProvider())
		})
	}
}

func TestAFileWithoutTracesIsFineWithoutDestinations(t *testing.T) {
	collector := oracle.NewServer(t)
	sdk := configure(t, "metrics_only.yaml", collector)
	record(t, otel.GetMeterProvider(), sdk.LoggerProvider())
	span(t.Context(), sdk.TracerProvider(), "nowhere")
	shutdown(t, sdk)
	assert.Equal(t, []string{"/v1/metrics"}, paths(collector))
}

func TestTheFormerNameOfTheVariableIsAnError(t *testing.T) {
	t.Setenv("OTEL_EXPERIMENTAL_CONFIG_FILE", "testdata/sdk.yaml")
	_, err := genotelconf.Configure(t.Context())
	require.ErrorContains(t, err, "OTEL_EXPERIMENTAL_CONFIG_FILE")
}

func TestAProviderOfTheApplicationIsNotReplacedByTheFile(t *testing.T) {
	globals(t)
	application := sdktrace.NewTracerProvider()
	otel.SetTracerProvider(application)
	t.Setenv("OTEL_CONFIG_FILE", "testdata/sdk.yaml")
	_, err := genotelconf.Configure(t.Context())
	require.ErrorContains(t, err, "has a TracerProvider already")
	assert.Same(t, application, otel.GetTracerProvider())
}

func TestWithoutAFileItIsConfigureOfGenotel(t *testing.T) {
	for name, blank := range map[string]string{"not set": "", "blank": " "} {
		t.Run(name, func(t *testing.T) {
			globals(t)
			t.Setenv("OTEL_CONFIG_FILE", blank)
			collector := oracle.NewServer(t)
			sdk, err := genotelconf.Configure(t.Context(), genotel.WithOTLP(genotel.OTLP{Endpoint: collector.URL}))
			require.NoError(t, err)
			assert.Same(t, sdk.TracerProvider(), otel.GetTracerProvider())
			assert.Equal(t, otel.GetMeterProvider(), sdk.MeterProvider())
			assert.Equal(t, otel.GetLoggerProvider(), sdk.LoggerProvider())
			assert.Equal(t, otel.GetTextMapPropagator(), sdk.Propagator())
			span(t.Context(), otel.GetTracerProvider(), "mine")
			require.NoError(t, sdk.ForceFlush(t.Context()))
			shutdown(t, sdk)
			assert.Equal(t, []string{"mine"}, names(t, collector))
		})
	}
	t.Run("wrong", func(t *testing.T) {
		_, err := genotelconf.Configure(t.Context(), genotel.WithOTLP(genotel.OTLP{}))
		require.ErrorContains(t, err, "genotel: configuring")
	})
}

func TestConfigureAfterShutdownStartsAnew(t *testing.T) {
	for range 2 {
		collector := oracle.NewServer(t)
		sdk := configure(t, "sdk.yaml", collector)
		span(t.Context(), otel.GetTracerProvider(), "mine")
		shutdown(t, sdk)
		assert.Equal(t, []string{"mine"}, names(t, collector))
	}
}

func TestShutdownHappensOnceAndEverybodyGetsItsResult(t *testing.T) {
	collector := oracle.NewServer(t)
	sdk := configure(t, "sdk.yaml", collector, genotel.WithOTLP(genotel.OTLP{Endpoint: collector.URL, Name: "own"}))
	span(t.Context(), otel.GetTracerProvider(), "mine")
	record(t, sdk.MeterProvider(), sdk.LoggerProvider())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { assert.NoError(t, sdk.Shutdown(context.WithoutCancel(t.Context()))) })
	}
	all.Wait()
	assert.Equal(t, []string{"mine", "mine"}, names(t, collector), "once by the file, once by genotel")
	shutdown(t, sdk)
}

func TestABackendThatHangsTakesNoTimeFromTheFilesExporters(t *testing.T) {
	released := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-released:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(released) })
	collector := oracle.NewServer(t)
	sdk := configure(t, "sdk.yaml", collector, genotel.WithOTLP(genotel.OTLP{Name: "dead", Endpoint: hanging.URL}))
	span(t.Context(), otel.GetTracerProvider(), "mine")
	record(t, sdk.MeterProvider(), sdk.LoggerProvider())
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- sdk.Shutdown(ctx) }()
	require.Eventually(t, func() bool { return len(paths(collector)) == 3 }, 10*time.Second, time.Millisecond)
	assert.ElementsMatch(t, []string{"/v1/traces", "/v1/metrics", "/v1/logs"}, paths(collector))
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, sdk.Shutdown(ended), context.Canceled, "a second caller waits as long as its own context")
	cancel()
	err := <-result
	var loss *genotel.DeliveryError
	require.ErrorAs(t, err, &loss)
	assert.Equal(t, uint64(1), loss.Stats[0].Lost())
	assert.Equal(t, 1, strings.Count(err.Error(), "dead"), "told once: %s", err)
}

func TestAProviderThatDoesNothingIsNotTheGlobalOneByAccident(t *testing.T) {
	collector := oracle.NewServer(t)
	sdk := configure(t, "metrics_only.yaml", collector, genotel.WithGlobal(false))
	assert.Equal(t, noop.NewTracerProvider(), sdk.TracerProvider())
	assert.NotEqual(t, sdk.MeterProvider(), otel.GetMeterProvider())
	shutdown(t, sdk)
}
