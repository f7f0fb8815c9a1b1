package genotel_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/litellmtest"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
	"github.com/genotel/genotel/otelgenai"
)

// gateway is a LiteLLM proxy, a traced client of it, and the backends.
type gateway struct {
	proxy                *litellmtest.Proxy
	client               openai.Client
	telemetry            *genotel.Telemetry
	langsmith, langtrace *oracle.Server
}

func newGateway(t *testing.T, opts ...otelgenai.Option) *gateway {
	t.Helper()
	g := &gateway{proxy: litellmtest.New(t), langsmith: oracle.NewServer(t), langtrace: oracle.NewServer(t)}
	telemetry, err := genotel.Configure(t.Context(), genotel.WithGlobal(false),
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: g.langsmith.URL}),
		genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: g.langtrace.URL}))
	require.NoError(t, err)
	g.telemetry = telemetry
	g.client = openai.NewClient(
		otelopenai.WithTracing(append(opts, otelgenai.WithTracerProvider(telemetry.TracerProvider()))...),
		option.WithBaseURL(g.proxy.URL), option.WithAPIKey(litellmtest.Key), option.WithHTTPClient(g.proxy.Server.Client()))
	return g
}

func (g *gateway) ask(ctx context.Context, model string, opts ...option.RequestOption) error {
	_, err := g.client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{
		Model:    model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hi")},
	}, append(opts, option.WithMaxRetries(0))...)
	return err
}

// runs sends everything and returns what LangSmith stores. Langtrace must take it.
func (g *gateway) runs(t *testing.T) []langsmithoracle.Run {
	t.Helper()
	require.NoError(t, g.telemetry.Shutdown(context.WithoutCancel(t.Context())))
	for _, capture := range g.langtrace.Captures() {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}})
		assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
	}
	result, err := langsmithoracle.FromCaptures(g.langsmith.Captures(), langsmithoracle.Options{})
	require.NoError(t, err)
	assert.Empty(t, result.Warnings)
	assert.Empty(t, result.Rejected)
	for _, capture := range append(g.langsmith.Captures(), g.langtrace.Captures()...) {
		for _, secret := range []string{litellmtest.Key, "sk-wrong", "user:secret", "key=secret"} {
			assert.NotContains(t, string(capture.Body), secret)
		}
	}
	return result.Runs
}

// usage of a run, nil without one.
func usage(run langsmithoracle.Run) any {
	return run.Outputs["usage_metadata"]
}

func metadata(run langsmithoracle.Run) map[string]any {
	m, _ := run.Extra["metadata"].(map[string]any)
	return m
}

func TestLangSmithTakesTheCostThatTheProxyStates(t *testing.T) {
	g := newGateway(t)
	require.NoError(t, g.ask(t.Context(), litellmtest.Model))
	runs := g.runs(t)
	require.Len(t, runs, 1)
	assert.Equal(t, "llm", runs[0].RunType)
	assert.Equal(t, "success", runs[0].Status)
	assert.Equal(t, map[string]any{
		"input_tokens": 9.0, "output_tokens": 3.0, "total_tokens": 12.0, "total_cost": 0.000123,
	}, usage(runs[0]))
	assert.Equal(t, litellmtest.CallID, metadata(runs[0])["litellm_call_id"])
	assert.Equal(t, "openai", metadata(runs[0])["ls_provider"])
	assert.Equal(t, "gpt-4o", metadata(runs[0])["ls_model_name"])
}

func TestLangSmithShowsAFallbackAsASuccess(t *testing.T) {
	g := newGateway(t)
	require.NoError(t, g.ask(t.Context(), litellmtest.Broken))
	runs := g.runs(t)
	require.Len(t, runs, 1)
	assert.Equal(t, "success", runs[0].Status)
	assert.Equal(t, litellmtest.Spare, metadata(runs[0])["ls_model_name"])
}

func TestLangSmithShowsAStreamThatFailedWithWhatCame(t *testing.T) {
	g := newGateway(t)
	stream := g.client.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{
		Model:    litellmtest.Failing,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hi")},
	})
	for stream.Next() {
	}
	require.Error(t, stream.Err())
	require.NoError(t, stream.Close())
	runs := g.runs(t)
	require.Len(t, runs, 1)
	assert.Equal(t, "error", runs[0].Status)
	assert.Contains(t, runs[0].Error, "429")
	assert.Contains(t, fmt.Sprint(runs[0].Outputs["choices"]), "hello")
}

func TestAKeyThatTheProxyRefusesIsNowhere(t *testing.T) {
	g := newGateway(t)
	require.Error(t, g.ask(t.Context(), litellmtest.Model, option.WithAPIKey("sk-wrong")))
	runs := g.runs(t)
	require.Len(t, runs, 1)
	assert.Contains(t, runs[0].Error, "401")
}

func TestACallThatTheProxyLogsIsNotARunOfTheClientToo(t *testing.T) {
	g := newGateway(t, otelgenai.WithLiteLLM(otelgenai.LiteLLMProxy))
	require.NoError(t, g.ask(t.Context(), litellmtest.Model))
	assert.Empty(t, g.runs(t))
	assert.Len(t, g.proxy.Requests(), 1, "the one that its callback logs")
}

// traceOf is what the proxy's OpenTelemetry callback does with a request: it goes on
// with the trace of the header and makes the span of the model call.
func (g *gateway) traceOf(ctx context.Context, request litellmtest.Request) trace.SpanContext {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(request.Header))
	received := trace.SpanContextFromContext(ctx)
	_, span := g.telemetry.TracerProvider().Tracer("litellm").Start(ctx, "chat gpt-4o", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.completion", "{}"),
		attribute.Int("gen_ai.usage.input_tokens", 9),
		attribute.Int("gen_ai.usage.output_tokens", 3)))
	span.End()
	return received
}

func TestANestedCallIsCountedOnceAndHoldsTheProxysRun(t *testing.T) {
	g := newGateway(t, otelgenai.WithLiteLLM(otelgenai.LiteLLMNested))
	require.NoError(t, g.ask(t.Context(), litellmtest.Model))
	require.Len(t, g.proxy.Requests(), 1)
	received := g.traceOf(t.Context(), g.proxy.Requests()[0])

	runs := g.runs(t)
	require.Len(t, runs, 2)
	byType := map[string]langsmithoracle.Run{}
	for _, run := range runs {
		byType[run.RunType] = run
	}
	step, call := byType["chain"], byType["llm"]
	assert.Equal(t, step.ID, call.ParentRunID)
	assert.Equal(t, step.TraceID, call.TraceID)
	assert.Equal(t, received.TraceID().String(), metadata(step)["OTEL_TRACE_ID"])
	assert.Equal(t, received.SpanID().String(), metadata(step)["OTEL_SPAN_ID"])
	assert.Nil(t, usage(step))
	assert.NotNil(t, usage(call))
}

func TestHeadersThatNoAttributeNamesAreNotRecorded(t *testing.T) {
	g := newGateway(t)
	g.proxy.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-litellm-key-name", "MARKER")
		w.Header().Set("x-litellm-of-tomorrow", "MARKER")
		w.Header().Set("Set-Cookie", "MARKER")
		g.proxy.ServeHTTP(w, r)
	})
	require.NoError(t, g.ask(t.Context(), litellmtest.Model))
	g.runs(t)
	for _, capture := range append(g.langsmith.Captures(), g.langtrace.Captures()...) {
		assert.NotContains(t, string(capture.Body), "MARKER")
	}
}
