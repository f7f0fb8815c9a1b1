package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// embeddings is a complete record of a call for embeddings.
func embeddings() *record.Call {
	c := chat()
	c.Operation, c.API, c.Path = "embeddings", "", "/v1/embeddings"
	c.Request = record.Request{
		Model: "text-embedding-3-small", Dimensions: record.Some(int64(512)), EncodingFormats: []string{"float"},
		Messages: []record.Message{
			{Role: "user", Parts: []record.Part{record.Text{Content: "How many are left?"}}},
			{Role: "user", Parts: []record.Part{record.Generic{Type: "tokens", JSON: `{"type":"tokens","count":3}`}}},
		},
	}
	c.Response = record.Response{
		Model: "text-embedding-3-small", Vectors: record.Some(int64(2)), Dimensions: record.Some(int64(256)),
	}
	c.Usage = record.Usage{Input: record.Some(int64(8)), Total: record.Some(int64(8))}
	c.Stream = record.Stream{}
	return c
}

func TestTheSpanOfEmbeddingsHasWhatTheConventionsWantAndNoMore(t *testing.T) {
	var span spanType
	for _, s := range readRegistry(t).Profiles["latest"].Spans {
		if s.ID == "gen_ai.embeddings.client" {
			span = s
		}
	}
	require.NotEmpty(t, span.Attributes)
	wanted := map[string]bool{}
	got := genAI(embeddings())
	for _, want := range span.Attributes {
		wanted[want.Key] = true
		if want.Key != "error.type" {
			assert.NotNil(t, value(t, got, want.Key), "%s is %s", want.Key, want.Level)
		}
	}
	for _, kv := range got {
		assert.True(t, wanted[string(kv.Key)], "%s does not belong on this span", kv.Key)
	}
	assert.Equal(t, "embeddings text-embedding-3-small", dialect.SpanName(embeddings()))
	assert.Equal(t, []string{"float"}, value(t, got, "gen_ai.request.encoding_formats"))
	assert.Equal(t, int64(8), value(t, got, "gen_ai.usage.input_tokens"))
}

func TestTheDimensionsThatCameCountMoreThanThoseAskedFor(t *testing.T) {
	const key = "gen_ai.embeddings.dimension.count"
	c := embeddings()
	assert.Equal(t, int64(256), value(t, genAI(c), key))
	c.Response.Dimensions = record.Opt[int64]{}
	assert.Equal(t, int64(512), value(t, genAI(c), key))
	c.Request.Dimensions, c.Request.EncodingFormats = record.Opt[int64]{}, nil
	assert.Nil(t, value(t, genAI(c), key))
	assert.Nil(t, value(t, genAI(c), "gen_ai.request.encoding_formats"))
}

func TestLangSmithTakesEmbeddingsForWhatTheyAre(t *testing.T) {
	got := langsmithSees(embeddings(), all)
	assert.Equal(t, "embedding", value(t, got, "langsmith.span.kind"))
	assert.Nil(t, value(t, got, "langsmith.metadata.ls_model_type"))
	assert.Equal(t, "{}", value(t, got, "gen_ai.completion"), "or the usage would be lost")
	assert.JSONEq(t, `{"messages":[{"role":"user","content":"How many are left?"},{"role":"user","content":[{"type":"tokens","count":3}]}]}`,
		text(t, got, "gen_ai.prompt"))
	assert.JSONEq(t, `{"input_tokens":8,"total_tokens":8}`, text(t, got, "langsmith.usage_metadata"))
	assert.JSONEq(t, `{"model":"text-embedding-3-small","dimensions":512,"encoding_format":"float"}`,
		text(t, got, "langsmith.metadata.ls_invocation_params"))
	assert.Equal(t, "{}", value(t, langsmithSees(embeddings(), nothing), "gen_ai.prompt"))
}

func TestLangtraceShowsTheInputOfEmbeddingsAndNoAnswer(t *testing.T) {
	span := dialect.LangtraceView(all)(stub(embeddings()).Snapshot(), embeddings())
	prompt := event(t, span, "gen_ai.content.prompt")
	require.NotNil(t, prompt)
	assert.Contains(t, value(t, prompt.Attributes, "gen_ai.prompt"), "How many are left?")
	assert.Nil(t, event(t, span, "gen_ai.content.completion"))
}

func TestTheInputOfEmbeddingsIsOnNoSpanOfTheConventions(t *testing.T) {
	attributes := dialect.GenAIView(all)(stub(embeddings()).Snapshot(), embeddings()).Attributes()
	for _, kv := range attributes {
		assert.NotContains(t, kv.Value.String(), "How many are left?", kv.Key)
	}
	assert.Nil(t, value(t, attributes, "gen_ai.input.messages"))
}
