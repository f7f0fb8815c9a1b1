package otelopenai_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai"
)

func TestACallBecomesOneClientSpanWithWhatWasAskedAndAnswered(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	p := params("Hi.")
	p.Temperature = openai.Float(0.5)
	p.TopP = openai.Float(0.9)
	p.MaxCompletionTokens = openai.Int(100)
	p.Seed = openai.Int(42)
	p.N = openai.Int(1)
	p.FrequencyPenalty = openai.Float(0.1)
	p.PresencePenalty = openai.Float(0)
	p.Stop = openai.ChatCompletionNewParamsStopUnion{OfString: openai.String("END")}
	p.ReasoningEffort = "low"
	p.ServiceTier = "flex"
	p.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{
		OfJSONObject: &openai.ResponseFormatJSONObjectParam{},
	}

	got, err := s.client.Chat.Completions.New(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, "Hello there.", got.Choices[0].Message.Content)

	span := s.span(t)
	server, err := url.Parse(s.server.URL)
	require.NoError(t, err)
	port, err := strconv.Atoi(server.Port())
	require.NoError(t, err)
	assert.Equal(t, "chat gpt-4o-mini", span.Name())
	assert.Equal(t, trace.SpanKindClient, span.SpanKind())
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Empty(t, span.Events())
	for key, want := range map[string]any{
		"gen_ai.operation.name":                "chat",
		"gen_ai.provider.name":                 "openai",
		"gen_ai.request.model":                 "gpt-4o-mini",
		"server.address":                       server.Hostname(),
		"server.port":                          int64(port),
		"gen_ai.request.temperature":           0.5,
		"gen_ai.request.top_p":                 0.9,
		"gen_ai.request.max_tokens":            int64(100),
		"gen_ai.request.seed":                  int64(42),
		"gen_ai.request.frequency_penalty":     0.1,
		"gen_ai.request.presence_penalty":      0.0,
		"gen_ai.request.stop_sequences":        []string{"END"},
		"gen_ai.request.reasoning.level":       "low",
		"gen_ai.request.choice.count":          nil,
		"gen_ai.request.stream":                nil,
		"gen_ai.output.type":                   "json",
		"openai.api.type":                      "chat_completions",
		"openai.request.service_tier":          "flex",
		"openai.response.service_tier":         "default",
		"openai.response.system_fingerprint":   "fp_1",
		"gen_ai.response.id":                   "chatcmpl-1",
		"gen_ai.response.model":                "gpt-4o-mini-2024-07-18",
		"gen_ai.response.finish_reasons":       []string{"stop"},
		"gen_ai.usage.input_tokens":            int64(9),
		"gen_ai.usage.output_tokens":           int64(3),
		"gen_ai.usage.cache_read.input_tokens": int64(4),
		"gen_ai.usage.reasoning.output_tokens": int64(1),
		"gen_ai.usage.audio.input_tokens":      nil,
		"error.type":                           nil,
		"genotel.response.incomplete":          nil,
		"langsmith.span.kind":                  "llm",
		"langsmith.metadata.ls_provider":       "openai",
		"langsmith.metadata.ls_model_name":     "gpt-4o-mini-2024-07-18",
		"llm.vendor":                           "openai",
		"llm.path":                             "/v1/chat/completions",
		"llm.request.temperature":              "0.5",
		"llm.usage.total_tokens":               int64(12),
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
}

func TestNothingOfTheConversationIsOnTheSpanByDefault(t *testing.T) {
	s := newStand(t, inTurn(
		answerJSON(completion),
		answer(http.StatusBadRequest, "application/json",
			`{"error":{"message":"your prompt MARKER is bad","type":"invalid_request_error","code":"bad_prompt"}}`),
	))
	for range 2 {
		_, _ = s.client.Chat.Completions.New(t.Context(), params("MARKER"), option.WithMaxRetries(0))
	}
	require.Len(t, s.spans.Ended(), 2)
	everything := all(s.spans.Ended())
	assert.NotContains(t, everything, "MARKER")
	assert.NotContains(t, everything, "Hello there")
	assert.NotContains(t, everything, "sk-secret")
}

func TestContentGoesOnTheSpanWhenAskedFor(t *testing.T) {
	s := newStand(t, answerJSON(completion), otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	span := s.span(t)
	assert.JSONEq(t, `[{"role":"user","parts":[{"type":"text","content":"Hi."}]}]`,
		attr(span, "gen_ai.input.messages").(string))
	assert.JSONEq(t,
		`[{"role":"assistant","parts":[{"type":"text","content":"Hello there."}],"finish_reason":"stop"}]`,
		attr(span, "gen_ai.output.messages").(string))
}

func TestTheConventionsVariableWinsOverTheOption(t *testing.T) {
	t.Setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "NO_CONTENT")
	s := newStand(t, answerJSON(completion), otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	assert.Nil(t, attr(s.span(t), "gen_ai.input.messages"))
}

func TestDialectsCanBeSwitchedOffWithoutChangingGenAI(t *testing.T) {
	run := func(dialects string) map[string]any {
		t.Setenv("GENOTEL_DIALECTS", dialects)
		s := newStand(t, answerJSON(completion))
		_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
		require.NoError(t, err)
		attributes := map[string]any{}
		for _, kv := range s.span(t).Attributes() {
			attributes[string(kv.Key)] = kv.Value.AsInterface()
		}
		delete(attributes, "server.port")
		return attributes
	}
	alone, every := run("gen_ai"), run("gen_ai,langsmith,llm,openinference")
	assert.Greater(t, len(every), len(alone))
	for key, value := range alone {
		assert.Equal(t, value, every[key], key)
	}
	assert.NotContains(t, alone, "langsmith.span.kind")
	assert.NotContains(t, alone, "llm.vendor")
	assert.NotContains(t, alone, "openinference.span.kind")
}

func TestAWrappedTwiceClientTracesOnce(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."), s.traced)
	require.NoError(t, err)
	assert.Len(t, s.spans.Ended(), 1)
}

func TestOtherEndpointsPassThrough(t *testing.T) {
	s := newStand(t, answerJSON(`{"object":"list","data":[]}`))
	_, err := s.client.Models.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, s.spans.Started())
}

func TestTheProviderGetsNoTraceContextAndAnUnchangedRequest(t *testing.T) {
	var seen http.Header
	var path string
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, path = r.Header.Clone(), r.URL.Path
		answerJSON(completion).ServeHTTP(w, r)
	}))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	assert.Equal(t, "/v1/chat/completions", path)
	assert.Empty(t, seen.Get("Traceparent"))
	assert.Empty(t, seen.Get("Baggage"))
}

func TestSpansOfTheHTTPClientAreChildrenOfTheCall(t *testing.T) {
	var inner trace.SpanContext
	s := newStand(t, answerJSON(completion))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."),
		option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
			inner = trace.SpanContextFromContext(r.Context())
			return next(r)
		}))
	require.NoError(t, err)
	assert.Equal(t, s.span(t).SpanContext(), inner)
}
