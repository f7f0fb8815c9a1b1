package tracedopenai_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/instrument/tracedopenai"
	"github.com/genotel/genotel/otelgenai"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const completion = `{
  "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-mini-2024-07-18",
  "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there."}, "finish_reason": "stop"}],
  "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
}`

// provider serves chat completions and returns the options of a client of it.
func provider(t *testing.T) []option.RequestOption {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, completion)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	return []option.RequestOption{
		option.WithBaseURL(server.URL + "/v1"), option.WithAPIKey("sk-secret"), option.WithHTTPClient(server.Client()),
	}
}

// globalSpans makes a recording provider the global one for the test.
func globalSpans(t *testing.T) *tracetest.SpanRecorder {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	return spans
}

func ask(t *testing.T, client openai.Client, opts ...option.RequestOption) {
	t.Helper()
	got, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
		Model: "gpt-4o-mini", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hi.")},
	}, opts...)
	require.NoError(t, err)
	assert.Equal(t, "Hello there.", got.Choices[0].Message.Content)
}

func has(span sdktrace.ReadOnlySpan, key attribute.Key) bool {
	for _, kv := range span.Attributes() {
		if kv.Key == key {
			return true
		}
	}
	return false
}

func TestTheClientIsTracedAsItIs(t *testing.T) {
	spans := globalSpans(t)
	ask(t, tracedopenai.NewClient(provider(t)...))
	require.Len(t, spans.Ended(), 1)
	span := spans.Ended()[0]
	assert.Equal(t, "chat gpt-4o-mini", span.Name())
	assert.Equal(t, otelopenai.ScopeName, span.InstrumentationScope().Name)
	assert.False(t, has(span, "gen_ai.input.messages"))
}

func TestItTakesTheEnvironmentOfTheClient(t *testing.T) {
	spans := globalSpans(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "Bearer sk-from-env", r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, completion)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	t.Setenv("OPENAI_BASE_URL", server.URL+"/v1")
	t.Setenv("OPENAI_API_KEY", "sk-from-env")
	ask(t, tracedopenai.NewClient(option.WithHTTPClient(server.Client())))
	assert.Len(t, spans.Ended(), 1)
}

func TestTheTracingOfTheCallerIsTheOnlyOne(t *testing.T) {
	global := globalSpans(t)
	for name, place := range map[string]func(traced option.RequestOption) []option.RequestOption{
		"first": func(traced option.RequestOption) []option.RequestOption {
			return append([]option.RequestOption{traced}, provider(t)...)
		},
		"last": func(traced option.RequestOption) []option.RequestOption { return append(provider(t), traced) },
	} {
		t.Run(name, func(t *testing.T) {
			spans := tracetest.NewSpanRecorder()
			traced := otelopenai.WithTracing(
				otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))),
				otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithProvider("deepseek"))
			ask(t, tracedopenai.NewClient(place(traced)...))
			require.Len(t, spans.Ended(), 1)
			assert.True(t, has(spans.Ended()[0], "gen_ai.input.messages"))
			assert.Contains(t, spans.Ended()[0].Attributes(), attribute.String("gen_ai.provider.name", "deepseek"))
			assert.Empty(t, global.Ended())
		})
	}
}

func TestTracingOneCallMoreDoesNotTraceItTwice(t *testing.T) {
	spans := globalSpans(t)
	ask(t, tracedopenai.NewClient(provider(t)...), otelopenai.WithTracing())
	assert.Len(t, spans.Ended(), 1)
}

func TestTheOptionsOfTheCallerAreLeftAlone(t *testing.T) {
	spans := globalSpans(t)
	opts := append(make([]option.RequestOption, 0, 10), provider(t)...)
	for range 2 {
		ask(t, tracedopenai.NewClient(opts...))
	}
	assert.Len(t, spans.Ended(), 2)
	assert.Nil(t, opts[:cap(opts)][len(opts)])
}
