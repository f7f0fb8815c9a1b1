package otelopenai_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai"
)

func TestAStreamedCallCarriesWhatItsContextSays(t *testing.T) {
	s := newStand(t, answerStream(delta(0, "Hello."), finish(0, "stop"), "[DONE]"),
		otelgenai.WithClientMetadata(map[string]any{"environment": "production"}))
	ctx := otelgenai.WithMetadata(otelgenai.WithSession(t.Context(), "thread-1"), map[string]any{"request_id": "abc123"})
	_, err := stream(ctx, t, s.client, params("Hi."))
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, "thread-1", attr(span, "session.id"))
	assert.Equal(t, "thread-1", attr(span, "langsmith.metadata.thread_id"))
	assert.Equal(t, "production", attr(span, "langsmith.metadata.environment"))
	assert.Equal(t, "abc123", attr(span, "langsmith.metadata.request_id"))
}

func TestNothingOfTheContextReachesTheProvider(t *testing.T) {
	var sent string
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for name, values := range r.Header {
			sent += name + ": " + values[0] + "\n"
		}
		sent += string(body)
		answerJSON(completion).ServeHTTP(w, r)
	}), otelgenai.WithPropagateTo("127.0.0.1"), otelgenai.WithClientTags("LABEL"))
	ctx := otelgenai.WithTags(otelgenai.WithUser(otelgenai.WithSession(t.Context(), "LABEL"), "LABEL"), "LABEL")
	_, err := s.client.Chat.Completions.New(ctx, params("Hi."))
	require.NoError(t, err)
	assert.Contains(t, sent, "Traceparent", "even where the trace is passed on")
	assert.NotContains(t, sent, "LABEL")
}

func TestASuppressedCallGoesOnUntraced(t *testing.T) {
	provider := &usageProvider{refuse: 1}
	s := newStand(t, provider, otelgenai.WithStreamUsage())
	ctx, around := sdktrace.NewTracerProvider().Tracer("app").Start(t.Context(), "around")
	defer around.End()
	text, err := stream(otelgenai.Suppress(ctx), t, s.client, params("Hi."))
	require.NoError(t, err)
	assert.Equal(t, "Hello.", text)
	require.Len(t, provider.requests, 2, "the client has tried again")
	for _, request := range provider.requests {
		assert.NotContains(t, request, "include_usage", "nothing is asked for")
	}
	assert.Empty(t, s.spans.Ended())

	_, err = s.client.Chat.Completions.New(ctx, params("Hi."), option.WithMaxRetries(0))
	require.Error(t, err, "the provider streams")
	assert.Len(t, s.spans.Ended(), 1, "the context around it goes on")
}

func TestTheModelNamesTheTemplateOfItsPrompt(t *testing.T) {
	ctx := otelgenai.WithPromptTemplate(t.Context(), "greeting", "3", map[string]any{"name": "Ada"})
	s := newStand(t, answerJSON(completion), otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, err := s.client.Chat.Completions.New(ctx, params("Hi."))
	require.NoError(t, err)
	assert.Equal(t, "greeting", attr(s.span(t), "gen_ai.prompt.name"))
	assert.Equal(t, "Ada", attr(s.span(t), "gen_ai.prompt.variable.name"))

	s = newStand(t, answerJSON(`{"id":"resp_1","object":"response","status":"completed","model":"m","output":[]}`),
		otelgenai.WithContent(otelgenai.ContentOnSpan))
	var response map[string]any
	require.NoError(t, s.client.Post(ctx, "responses", map[string]any{"model": "m", "input": "Hi."}, &response))
	assert.Equal(t, "greeting", attr(s.span(t), "gen_ai.prompt.name"))
	assert.Equal(t, "Ada", attr(s.span(t), "gen_ai.prompt.variable.name"))

	s = newStand(t, answerJSON(`{"id":"resp_1","object":"response","status":"completed","model":"m","output":[]}`),
		otelgenai.WithContent(otelgenai.ContentOnSpan))
	require.NoError(t, s.client.Post(ctx, "responses", map[string]any{"model": "m", "prompt": map[string]any{"id": "pmpt_1"}}, &response))
	assert.Equal(t, "pmpt_1", attr(s.span(t), "gen_ai.prompt.name"), "the request's own")
	assert.Nil(t, attr(s.span(t), "gen_ai.prompt.version"))
	assert.Nil(t, attr(s.span(t), "gen_ai.prompt.variable.name"))
}
