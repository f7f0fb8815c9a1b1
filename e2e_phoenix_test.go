package genotel_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/golden"
	"github.com/genotel/genotel/internal/oracle"
)

func TestPhoenixShowsTheWholeConversation(t *testing.T) {
	server := oracle.NewServer(t)
	phoenix := genotel.Phoenix(server.URL, "phoenix-key")
	phoenix.Content = genotel.ContentInclude
	logger, log := logged()
	captures := backend(t, server, genotel.WithOTLP(phoenix), genotel.WithLogger(logger))

	for _, capture := range captures {
		assert.Equal(t, "/v1/traces", capture.Path)
		assert.Equal(t, "Bearer phoenix-key", capture.Header.Get("Authorization"))
		assert.NotContains(t, string(capture.Body), "iVBORw0KGgo", "bytes stay here")
		assert.NotContains(t, string(capture.Body), "sk-provider")
	}
	spans := otlpSpans(t, captures)
	require.Len(t, spans, 4)
	for _, span := range spans {
		attributes := span["attributes"].(map[string]any)
		assert.Equal(t, "LLM", attributes["openinference.span.kind"])
		assert.Equal(t, "chat", attributes["gen_ai.operation.name"])
		assert.Contains(t, attributes["input.value"], "How many of these brackets")
		assert.Equal(t, "You answer questions about the warehouse.", attributes["llm.input_messages.0.message.content"])
	}
	assert.Contains(t, log.String(), "as OpenInference, with content")
	golden.JSON(t, masked(t, spans), "testdata/phoenix.golden.json")
}

func TestPhoenixGetsNoContentThatWasNotAskedFor(t *testing.T) {
	server := oracle.NewServer(t)
	logger, log := logged()
	captures := backend(t, server, genotel.WithOTLP(genotel.Phoenix(server.URL, "")), genotel.WithLogger(logger))
	for _, capture := range captures {
		assert.Empty(t, capture.Header.Get("Authorization"))
		for _, secret := range []string{"warehouse.", "on_hand", "brackets", "Forty", "sk-provider", "limit of your plan"} {
			assert.NotContains(t, string(capture.Body), secret)
		}
	}
	spans := otlpSpans(t, captures)
	require.Len(t, spans, 4)
	for _, span := range spans {
		attributes := span["attributes"].(map[string]any)
		assert.Equal(t, "LLM", attributes["openinference.span.kind"])
		assert.NotContains(t, attributes, "input.value")
		assert.NotContains(t, attributes, "langsmith.span.kind")
	}
	assert.Equal(t, spans[0]["attributes"].(map[string]any)["gen_ai.usage.input_tokens"],
		spans[0]["attributes"].(map[string]any)["llm.token_count.prompt"])
	assert.Contains(t, log.String(), "as OpenInference, with the content that is on the span")
}
