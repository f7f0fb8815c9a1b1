package otelopenai_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func TestRecordedCompletionsAreLeftAloneAndUnderstood(t *testing.T) {
	replayAll(t, "openai.completions", requireSpan)
}

func TestRecordedEmbeddingsAreLeftAloneAndUnderstood(t *testing.T) {
	replayAll(t, "openai.embeddings", requireEmbeddings)
}

// requirePrompts holds the messages of a completion against its prompt: a text,
// texts, or tokens.
func requirePrompts(t *testing.T, prompt json.RawMessage, got []spanMessage) {
	t.Helper()
	var text string
	var texts []string
	switch {
	case json.Unmarshal(prompt, &text) == nil:
		texts = []string{text}
	case json.Unmarshal(prompt, &texts) != nil:
		require.Len(t, got, 1)
		require.Equal(t, "tokens", got[0].Parts[0].Type)
		return
	}
	require.Len(t, got, len(texts))
	for i := range texts {
		require.Equal(t, texts[i], got[i].text())
	}
}

// requireEmbeddings holds the span of a call for embeddings against what was
// recorded.
func requireEmbeddings(t *testing.T, e exchange, span sdktrace.ReadOnlySpan) {
	t.Helper()
	var sent struct {
		Model  string
		Format *string `json:"encoding_format"`
	}
	if e.RequestBody != "" {
		require.NoError(t, json.Unmarshal([]byte(e.RequestBody), &sent))
	}
	var answer struct {
		Model string
		Usage struct {
			Prompt *int64 `json:"prompt_tokens"`
		}
		Data      []struct{ Embedding json.RawMessage }
		Embedding json.RawMessage
		Error     json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(e.ResponseBody), &answer))
	want := map[string]any{"gen_ai.operation.name": "embeddings", "gen_ai.provider.name": providerOf(e)}
	if sent.Model != "" {
		want["gen_ai.request.model"] = sent.Model
	}
	if sent.Format != nil {
		want["gen_ai.request.encoding_formats"] = []string{*sent.Format}
	}
	if answer.Model != "" {
		want["gen_ai.response.model"] = answer.Model
	}
	if answer.Usage.Prompt != nil {
		want["gen_ai.usage.input_tokens"] = *answer.Usage.Prompt
	}
	if len(answer.Data) > 0 {
		want["gen_ai.embeddings.dimension.count"] = dimensions(t, answer.Data[0].Embedding)
	} else if len(answer.Embedding) > 0 { // Ollama's own endpoint
		want["gen_ai.embeddings.dimension.count"] = dimensions(t, answer.Embedding)
	}
	for _, key := range []string{
		"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.request.encoding_formats", "gen_ai.response.model",
		"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.embeddings.dimension.count", "gen_ai.response.id",
		"gen_ai.response.finish_reasons", "gen_ai.input.messages", "gen_ai.output.messages", "openai.api.type",
	} {
		require.Equal(t, want[key], attr(span, key), key)
	}
	failed := e.Status >= http.StatusBadRequest || len(answer.Error) > 0
	require.Equal(t, failed, span.Status().Code == codes.Error, span.Status())
	require.Equal(t, failed, attr(span, "error.type") != nil)
	require.Equal(t, failed, attr(span, "genotel.response.incomplete") == true)
}

// dimensions is the length of a recorded vector.
func dimensions(t *testing.T, vector json.RawMessage) int64 {
	t.Helper()
	if vector[0] == '[' {
		var numbers []float64
		require.NoError(t, json.Unmarshal(vector, &numbers))
		return int64(len(numbers))
	}
	var encoded string
	require.NoError(t, json.Unmarshal(vector, &encoded))
	raw, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	return int64(len(raw) / 4)
}
