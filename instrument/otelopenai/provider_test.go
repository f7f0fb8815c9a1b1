package otelopenai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai"
)

func TestAnAnswerNamesTheProviderOfALocalServer(t *testing.T) {
	ollama := strings.Replace(completion, `"fp_1"`, `"fp_ollama"`, 1)
	for name, test := range map[string]struct {
		body string
		opts []otelgenai.Option
		want string
	}{
		"of its own":           {ollama, nil, "ollama"},
		"and the option wins":  {ollama, []otelgenai.Option{otelgenai.WithProvider("openai")}, "openai"},
		"of the caller's":      {ollama, []otelgenai.Option{otelgenai.WithProvider("my_gateway")}, "my_gateway"},
		"unless nothing tells": {completion, nil, "openai"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, answerJSON(test.body), test.opts...)
			_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
			require.NoError(t, err)
			span := s.span(t)
			assert.Equal(t, test.want, attr(span, "gen_ai.provider.name"))
			assert.Equal(t, test.want, attr(span, "llm.vendor"))
			assert.Equal(t, test.want == "openai", attr(span, "openai.response.system_fingerprint") != nil)
			assert.Equal(t, "127.0.0.1", attr(span, "server.address"))
		})
	}
}

func TestASamplerSeesTheFlavorOfTheProtocol(t *testing.T) {
	var seen []string
	sampler := samplerFunc(func(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
		for _, kv := range p.Attributes {
			if kv.Key == "gen_ai.provider.name" {
				seen = append(seen, kv.Value.AsString())
			}
		}
		return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
	})
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler))
	s := newStand(t, answerJSON(strings.Replace(completion, `"fp_1"`, `"fp_ollama"`, 1)), otelgenai.WithTracerProvider(provider))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	assert.Equal(t, []string{"openai"}, seen)
}

// samplerFunc is a function that samples.
type samplerFunc func(sdktrace.SamplingParameters) sdktrace.SamplingResult

func (f samplerFunc) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult { return f(p) }

func (samplerFunc) Description() string { return "a function" }

func TestCommentsBetweenChunksArePassedOver(t *testing.T) { // OpenRouter's sign of life
	s := newStand(t, answer(200, "text/event-stream", ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: "+delta(0, "Hi.")+
		"\n\n: OPENROUTER PROCESSING\n\ndata: "+finish(0, "stop")+
		"\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3,\"cost\":0.25}}\n\ndata: [DONE]\n\n"))
	text, err := stream(t.Context(), t, s.client, params("Hi."))
	require.NoError(t, err)
	assert.Equal(t, "Hi.", text)
	span := s.span(t)
	assert.Equal(t, int64(3), attr(span, "genotel.stream.chunks"))
	assert.Equal(t, int64(2), attr(span, "gen_ai.usage.output_tokens"))
	assert.InDelta(t, 0.25, attr(span, "genotel.usage.cost"), 1e-9)
	assert.Contains(t, attr(span, "langsmith.usage_metadata"), `"total_cost":0.25`)
	assert.Nil(t, attr(span, "genotel.response.incomplete"))
}
