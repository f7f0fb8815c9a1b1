package genotel_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
	"github.com/genotel/genotel/otelgenai"
)

// Programs that bring a TracerProvider, or several.

func TestASpanProcessorServesAProviderThatConfigureNeverSees(t *testing.T) {
	global(t)
	before := otel.GetTracerProvider()
	first, second := oracle.NewServer(t), oracle.NewServer(t)
	logger, log := logged()
	processor, err := genotel.NewSpanProcessor(t.Context(), genotel.WithLogger(logger),
		genotel.WithOTLP(genotel.OTLP{Name: "a", Endpoint: first.URL}), genotel.WithOTLP(genotel.OTLP{Name: "b", Endpoint: second.URL}),
		genotel.WithServiceName("not heeded"), genotel.WithSampler(sdktrace.NeverSample()), genotel.WithTracerProvider(foreignProvider{}))
	require.NoError(t, err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "own"))))
	span(provider, "mine")
	require.NoError(t, processor.ForceFlush(t.Context()))
	require.NoError(t, provider.Shutdown(t.Context()))
	for _, server := range []*oracle.Server{first, second} {
		assert.Equal(t, []string{"mine"}, spanNames(t, server))
		assert.Equal(t, "own", received(t, server)[0].GetResource().GetAttributes()[0].GetValue().GetStringValue())
	}
	assert.Equal(t, []genotel.DestinationStats{
		{Destination: "a", Ended: 1, Delivered: 1}, {Destination: "b", Ended: 1, Delivered: 1},
	}, processor.Stats())
	assert.Equal(t, before, otel.GetTracerProvider())
	assert.Contains(t, log.String(), "sending spans")
}

func TestASpanProcessorBringsContentWhereItMayBeSeen(t *testing.T) {
	restore := onLoopback()
	defer restore()
	var panels bytes.Buffer
	plain := tracetest.NewInMemoryExporter()
	processor, err := genotel.NewSpanProcessor(t.Context(), genotel.WithConsole(&panels))
	require.NoError(t, err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor), sdktrace.WithSyncer(plain))
	client := openai.NewClient(otelopenai.WithTracing(otelgenai.WithTracerProvider(provider)))
	_, err = client.Chat.Completions.New(t.Context(), params())
	require.NoError(t, err)
	require.NoError(t, provider.ForceFlush(t.Context()))
	prompt := params().Messages[len(params().Messages)-1].OfUser.Content.OfString.Value
	assert.Contains(t, panels.String(), prompt)
	for _, s := range plain.GetSpans() {
		for _, kv := range s.Attributes {
			assert.NotContains(t, kv.Value.String(), prompt)
		}
	}
	require.NoError(t, provider.Shutdown(t.Context()))
}

func TestASpanProcessorWithoutDestinationsDoesNothing(t *testing.T) {
	for name, off := range map[string]string{"none configured": "", "switched off": "true"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_SDK_DISABLED", off)
			logger, log := logged()
			processor, err := genotel.NewSpanProcessor(t.Context(), genotel.WithLogger(logger))
			require.NoError(t, err)
			provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor))
			span(provider, "nowhere")
			require.NoError(t, provider.ForceFlush(t.Context()))
			require.NoError(t, provider.Shutdown(t.Context()))
			assert.Empty(t, processor.Stats())
			assert.Equal(t, off == "", strings.Contains(log.String(), "no destination"), log)
		})
	}
}

func TestASpanProcessorThatAnErrorHasPreventedDoesNothing(t *testing.T) {
	processor, err := genotel.NewSpanProcessor(t.Context(), genotel.WithOTLP(genotel.OTLP{}))
	require.Error(t, err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor))
	span(provider, "nowhere")
	require.NoError(t, provider.ForceFlush(t.Context()))
	require.NoError(t, provider.Shutdown(t.Context()))
	assert.Empty(t, processor.Stats())
}

func TestASpanProcessorHasTheErrorsOfConfigure(t *testing.T) {
	t.Setenv("LANGTRACE_API_KEY", "k")
	t.Setenv("LANGTRACE_API_HOST", "SECRET")
	processor, err := genotel.NewSpanProcessor(t.Context(), genotel.WithLangSmith(genotel.LangSmith{
		APIKey: "k", Endpoint: "https://h", Headers: map[string]string{"x": "SECRET\n"},
	}))
	assert.Nil(t, processor)
	for _, want := range []string{"genotel: configuring", "LANGTRACE_API_HOST", "header X"} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestASpanProcessorHeedsNoOptionAboutTheProvider(t *testing.T) {
	server := oracle.NewServer(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	processor, err := genotel.NewSpanProcessor(t.Context(), genotel.WithNewTracerProvider(newProvider))
	require.NoError(t, err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor))
	span(provider, "mine")
	require.NoError(t, provider.Shutdown(t.Context()))
	assert.Equal(t, []string{"mine"}, spanNames(t, server))
}

func TestANewProviderIsMadeByTheApplicationsFunction(t *testing.T) {
	global(t)
	server := oracle.NewServer(t)
	own := tracetest.NewSpanRecorder()
	application := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(own))
	telemetry := configure(t, to(server), genotel.WithNewTracerProvider(func(context.Context) (trace.TracerProvider, error) {
		return application, nil
	}))
	assert.Same(t, application, telemetry.TracerProvider())
	assert.Same(t, application, otel.GetTracerProvider())
	span(otel.GetTracerProvider(), "both")
	shutdown(t, telemetry)
	span(application, "the application's only")
	assert.Equal(t, []string{"both"}, spanNames(t, server))
	assert.Len(t, own.Ended(), 2)
}

func TestANewProviderIsMadeAlsoWithoutDestinations(t *testing.T) {
	global(t)
	application := sdktrace.NewTracerProvider()
	logger, log := logged()
	telemetry := configure(t, genotel.WithLogger(logger), genotel.WithGlobal(false),
		genotel.WithNewTracerProvider(func(context.Context) (trace.TracerProvider, error) { return application, nil }))
	assert.Same(t, application, telemetry.TracerProvider())
	assert.NotSame(t, application, otel.GetTracerProvider())
	assert.NotContains(t, log.String(), "WARN")
	shutdown(t, telemetry)
}

func TestANewProviderThatIsOfNoUseIsAnErrorAndNotInstalled(t *testing.T) {
	dead := sdktrace.NewTracerProvider()
	require.NoError(t, dead.Shutdown(t.Context()))
	for name, test := range map[string]struct {
		provider trace.TracerProvider
		err      error
		want     string
	}{
		"error":     {nil, errors.New("no file"), "no file"},
		"nil":       {nil, nil, "SDK's"},
		"typed nil": {(*sdktrace.TracerProvider)(nil), nil, "SDK's"},
		"foreign":   {foreignProvider{}, nil, "SDK's"},
		"dead":      {dead, nil, "shut down"},
	} {
		t.Run(name, func(t *testing.T) {
			global(t)
			before := otel.GetTracerProvider()
			_, err := genotel.Configure(t.Context(), genotel.WithOTLP(genotel.OTLP{Endpoint: "http://h"}),
				genotel.WithNewTracerProvider(func(context.Context) (trace.TracerProvider, error) { return test.provider, test.err }))
			require.ErrorContains(t, err, test.want)
			assert.Equal(t, before, otel.GetTracerProvider())
		})
	}
}

func TestANewProviderIsNotMadeBesideAnother(t *testing.T) {
	never := genotel.WithNewTracerProvider(func(context.Context) (trace.TracerProvider, error) {
		assert.Fail(t, "called")
		return noop.NewTracerProvider(), nil
	})
	for name, install := range map[string]func() genotel.Option{
		"given": func() genotel.Option { return genotel.WithTracerProvider(sdktrace.NewTracerProvider()) },
		"global": func() genotel.Option {
			otel.SetTracerProvider(sdktrace.NewTracerProvider())
			return nil
		},
		"foreign": func() genotel.Option {
			otel.SetTracerProvider(foreignProvider{})
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			global(t)
			_, err := genotel.Configure(t.Context(), install(), never)
			require.ErrorContains(t, err, "has a TracerProvider already")
		})
	}
	_, err := genotel.Configure(t.Context(), genotel.WithGlobal(false), never, genotel.WithOTLP(genotel.OTLP{}))
	require.ErrorContains(t, err, "OTLP.Endpoint", "a wrong setting is found before")
}

func TestASecondConfigureWithTheSameReceiverIsAWarning(t *testing.T) {
	global(t)
	server := oracle.NewServer(t)
	quiet, _ := logged()
	one := configure(t, to(server), genotel.WithLogger(quiet), genotel.WithConsole(nil))
	logger, log := logged()
	two := configure(t, to(server), genotel.WithLogger(logger), genotel.WithConsole(nil))
	assert.Equal(t, 2, strings.Count(log.String(), "level=WARN"), log)
	assert.Contains(t, log.String(), "because=\"otlp is a destination of an earlier Configure")
	assert.Contains(t, log.String(), "because=\"console (stderr) is a destination of an earlier Configure")
	span(otel.GetTracerProvider(), "twice")
	shutdown(t, one)
	shutdown(t, two)
	assert.Equal(t, []string{"twice", "twice"}, spanNames(t, server))
}

func TestReceiversThatDifferAreNoWarning(t *testing.T) {
	server := oracle.NewServer(t)
	provider := sdktrace.NewTracerProvider()
	with := func(key string) (genotel.Option, genotel.Option) {
		return genotel.WithTracerProvider(provider),
			genotel.WithOTLP(genotel.OTLP{Endpoint: server.URL, Headers: map[string]string{"api-key": key}})
	}
	logger, log := logged()
	where, destination := with("one")
	first := configure(t, where, destination, genotel.WithLogger(logger), genotel.WithConsole(io.Discard))
	where, destination = with("two")
	configure(t, where, destination, genotel.WithLogger(logger), genotel.WithConsole(io.Discard))
	where, destination = with("one")
	shutdown(t, first)
	configure(t, where, destination, genotel.WithLogger(logger))
	configure(t, genotel.WithGlobal(false), destination, genotel.WithLogger(logger))
	assert.NotContains(t, log.String(), "WARN")
}

func TestTheFirstConfigureMayBeShutDownBeforeTheSecond(t *testing.T) {
	global(t)
	first, second := oracle.NewServer(t), oracle.NewServer(t)
	one := configure(t, to(first))
	tracer := otel.Tracer("cached by the application")
	two := configure(t, to(second))
	span(otel.GetTracerProvider(), "both")
	shutdown(t, one)
	span(otel.GetTracerProvider(), "second only")
	_, cached := tracer.Start(t.Context(), "by a cached tracer")
	cached.End()
	shutdown(t, two)
	span(otel.GetTracerProvider(), "too late")
	assert.Equal(t, []string{"both"}, spanNames(t, first))
	assert.Equal(t, []string{"both", "second only", "by a cached tracer"}, spanNames(t, second))
	_, isNoop := otel.Tracer("after the last").(noop.Tracer)
	assert.True(t, isNoop, "the last one shuts the provider down")
}

func TestManyConfiguresAtOnceComeAndGo(t *testing.T) {
	provider := sdktrace.NewTracerProvider()
	logger, _ := logged()
	var all sync.WaitGroup
	for range 8 {
		server := oracle.NewServer(t)
		all.Go(func() {
			telemetry, err := genotel.Configure(t.Context(), to(server), genotel.WithTracerProvider(provider), genotel.WithLogger(logger))
			if !assert.NoError(t, err) {
				return
			}
			_, s := telemetry.TracerProvider().Tracer("app").Start(t.Context(), "mine")
			s.End()
			assert.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
			assert.NotEmpty(t, server.Captures())
		})
	}
	all.Wait()
	_, s := provider.Tracer("app").Start(t.Context(), "still alive")
	assert.True(t, s.IsRecording(), "the application's provider goes on")
	s.End()
}

func TestAConfigureThatComesWhileTheLastOneShutsDownKeepsItsProvider(t *testing.T) {
	global(t)
	asked, release := make(chan struct{}, 1), make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-release
	}))
	t.Cleanup(hanging.Close)
	one := configure(t, genotel.WithOTLP(genotel.OTLP{Name: "old", Endpoint: hanging.URL}))
	span(otel.GetTracerProvider(), "old")
	ended := make(chan error, 1)
	go func() { ended <- one.Shutdown(context.WithoutCancel(t.Context())) }()
	<-asked
	server := oracle.NewServer(t)
	two := configure(t, to(server))
	close(release)
	require.NoError(t, <-ended)
	span(otel.GetTracerProvider(), "new")
	shutdown(t, two)
	assert.Equal(t, []string{"new"}, spanNames(t, server))
	_, isNoop := otel.Tracer("after the last").(noop.Tracer)
	assert.True(t, isNoop, "the last one shuts the provider down")
}

func TestConfiguresAtOnceShareOneGlobalProvider(t *testing.T) {
	global(t)
	logger, log := logged()
	var all sync.WaitGroup
	telemetries := make([]*genotel.Telemetry, 8)
	for i := range telemetries {
		server := oracle.NewServer(t)
		all.Go(func() {
			var err error
			telemetries[i], err = genotel.Configure(t.Context(), to(server), genotel.WithLogger(logger))
			assert.NoError(t, err)
		})
	}
	all.Wait()
	for _, telemetry := range telemetries {
		assert.Same(t, otel.GetTracerProvider(), telemetry.TracerProvider())
	}
	for _, telemetry := range telemetries {
		all.Go(func() { assert.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	}
	all.Wait()
	_, isNoop := otel.Tracer("after the last").(noop.Tracer)
	assert.True(t, isNoop, "the last one shuts the provider down")
	assert.NotContains(t, log.String(), "WARN")
}

func TestAPanicWhileTheNewProviderIsMadeIsAnErrorAndLeavesNothingRunning(t *testing.T) {
	global(t)
	_, err := genotel.Configure(t.Context(), genotel.WithOTLP(genotel.OTLP{Endpoint: "http://h"}), genotel.WithSpool(t.TempDir()),
		genotel.WithNewTracerProvider(func(context.Context) (trace.TracerProvider, error) { panic("SECRET") }))
	require.ErrorContains(t, err, "making the TracerProvider: panic (string)")
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestATypedNilIsNoNewProvider(t *testing.T) {
	global(t)
	before := otel.GetTracerProvider()
	_, err := genotel.Configure(t.Context(), genotel.WithNewTracerProvider(func(context.Context) (trace.TracerProvider, error) {
		return (*sdktrace.TracerProvider)(nil), nil
	}))
	require.ErrorContains(t, err, "making the TracerProvider")
	assert.Equal(t, before, otel.GetTracerProvider())
}

func TestInstrumentationsThatAreOlderThanConfigureAreServed(t *testing.T) {
	global(t)
	restore := onLoopback()
	defer restore()
	server := oracle.NewServer(t)
	client := openai.NewClient(option.WithMaxRetries(0), otelopenai.WithTracing())
	telemetry := configure(t, to(server))
	_, err := client.Chat.Completions.New(t.Context(), params())
	require.NoError(t, err)
	shutdown(t, telemetry)
	assert.Len(t, spanNames(t, server), 1)
}

func TestAGlobalProviderThatIsSetLaterIsAWarning(t *testing.T) {
	global(t)
	restore := onLoopback()
	defer restore()
	server := oracle.NewServer(t)
	logger, log := logged()
	client := openai.NewClient(option.WithMaxRetries(0), otelopenai.WithTracing())
	telemetry := configure(t, to(server), genotel.WithLogger(logger))
	own := tracetest.NewSpanRecorder()
	later := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(own))
	otel.SetTracerProvider(later)

	_, err := client.Chat.Completions.New(t.Context(), params())
	require.NoError(t, err)
	assert.Len(t, own.Ended(), 1, "instrumentations look the global one up at each call")
	require.NoError(t, telemetry.ForceFlush(t.Context()))
	shutdown(t, telemetry)
	assert.Empty(t, server.Captures())
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log)
	assert.Contains(t, log.String(), "another TracerProvider has become the global one")

	again := configure(t, to(server), genotel.WithLogger(logger))
	_, err = client.Chat.Completions.New(t.Context(), params())
	require.NoError(t, err)
	shutdown(t, again)
	assert.Len(t, server.Captures(), 1, "Configure after it attaches")
}

func TestAGlobalProviderThatDoesNotMatterIsNoWarning(t *testing.T) {
	placeholder := otel.GetTracerProvider()
	for name, test := range map[string]struct {
		later trace.TracerProvider
		opts  []genotel.Option
	}{
		"one that does nothing":    {later: noop.NewTracerProvider()},
		"OpenTelemetry's own":      {later: placeholder},
		"beside a private one":     {sdktrace.NewTracerProvider(), []genotel.Option{genotel.WithGlobal(false)}},
		"beside one that is given": {sdktrace.NewTracerProvider(), []genotel.Option{genotel.WithTracerProvider(sdktrace.NewTracerProvider())}},
	} {
		t.Run(name, func(t *testing.T) {
			global(t)
			server := oracle.NewServer(t)
			logger, log := logged()
			telemetry := configure(t, append(test.opts, to(server), genotel.WithLogger(logger))...)
			if otel.GetTracerProvider() != test.later {
				otel.SetTracerProvider(test.later)
			}
			shutdown(t, telemetry)
			assert.NotContains(t, log.String(), "WARN")
		})
	}
}

func TestAConfigurationFileIsReadByItsPackageOnly(t *testing.T) {
	t.Setenv("OTEL_CONFIG_FILE", "/SECRET/sdk.yaml")
	server := oracle.NewServer(t)
	for name, test := range map[string]struct {
		opts []genotel.Option
		want bool
	}{
		"a provider of our own":   {[]genotel.Option{to(server), genotel.WithGlobal(false)}, true},
		"without destinations":    {[]genotel.Option{genotel.WithGlobal(false)}, true},
		"the application's":       {[]genotel.Option{to(server), genotel.WithTracerProvider(sdktrace.NewTracerProvider())}, false},
		"made by the application": {[]genotel.Option{to(server), genotel.WithGlobal(false), genotel.WithNewTracerProvider(newProvider)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			logger, log := logged()
			configure(t, append(test.opts, genotel.WithLogger(logger))...)
			assert.Equal(t, test.want, strings.Contains(log.String(), "OTEL_CONFIG_FILE is read by genotelconf.Configure only"), log)
			assert.NotContains(t, log.String(), "SECRET")
		})
	}
}

func newProvider(context.Context) (trace.TracerProvider, error) {
	return sdktrace.NewTracerProvider(), nil
}

func TestShutdownEndsAProviderThatConfigureMadeWithAllItsProcessors(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false))
	provider, ok := telemetry.TracerProvider().(*sdktrace.TracerProvider)
	require.True(t, ok)
	own := &counting{SpanProcessor: tracetest.NewSpanRecorder()}
	provider.RegisterSpanProcessor(own)
	span(provider, "both")
	shutdown(t, telemetry)
	assert.Equal(t, 1, own.shutdowns)
	assert.Equal(t, []string{"both"}, spanNames(t, server))
}

// counting counts the Shutdowns of a processor.
type counting struct {
	sdktrace.SpanProcessor

	shutdowns int
}

func (c *counting) Shutdown(ctx context.Context) error {
	c.shutdowns++
	return c.SpanProcessor.Shutdown(ctx)
}

func TestADestinationThatIsDownDoesNotKeepTheApplicationsProviderFromGoingOn(t *testing.T) {
	server := oracle.NewServer(t, oracle.Status(http.StatusBadRequest))
	own := tracetest.NewSpanRecorder()
	application := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(own))
	logger, _ := logged()
	telemetry := configure(t, to(server), genotel.WithTracerProvider(application), genotel.WithLogger(logger))
	span(application, "lost")
	var loss *genotel.DeliveryError
	require.ErrorAs(t, telemetry.Shutdown(context.WithoutCancel(t.Context())), &loss)
	span(application, "later")
	require.NoError(t, application.Shutdown(t.Context()))
	assert.Len(t, own.Ended(), 2)
}
