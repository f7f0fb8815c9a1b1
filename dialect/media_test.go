package dialect_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// pictures is a complete record of a call that edits an image.
func pictures() *record.Call {
	c := chat()
	c.Operation, c.API, c.Path = "generate_content", "", "/v1/images/edits"
	c.Request = record.Request{
		Model: "gpt-image-1", OutputType: "image", ChoiceCount: record.Some(int64(2)),
		Options: []record.Option{{Name: "size", Value: "1024x1024"}, {Name: "output_compression", Value: "80"}},
		Messages: []record.Message{{Role: "user", Parts: []record.Part{
			record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 99}}, Name: "cat.png", Field: "image"},
			record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 5}}, Name: "m.png", Field: "mask"},
			record.Text{Content: "A hat."},
		}}},
	}
	c.Response = record.Response{Choices: []record.Choice{
		{FinishReason: "stop", Message: record.Message{Role: "assistant", Parts: []record.Part{
			record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 7, SHA256: "ab"}}}, record.Text{Content: "A red hat."},
		}}},
		{Index: 1, FinishReason: "stop", Message: record.Message{Role: "assistant", Parts: []record.Part{
			record.Image{Media: record.Media{URI: "https://h/i.png"}},
		}}},
	}}
	c.Usage = record.Usage{
		Input: record.Some(int64(50)), Output: record.Some(int64(60)), ImageInput: record.Some(int64(40)), ImageOutput: record.Some(int64(60)),
	}
	c.Stream = record.Stream{}
	return c
}

// verdicts is a complete record of a moderation.
func verdicts() *record.Call {
	c := embeddings()
	c.Operation, c.Path = "moderation", "/v1/moderations"
	c.Request.Model, c.Request.Dimensions, c.Request.EncodingFormats = "omni", record.Opt[int64]{}, nil
	c.Response = record.Response{ID: "modr-1", Model: "omni-1", Moderations: []record.Moderation{
		{JSON: `{"flagged":false}`},
		{Flagged: true, Categories: []string{"hate", "violence"}, JSON: `{"flagged":true,"categories":{"hate":true}}`},
		{Flagged: true, Categories: []string{"violence", "self-harm"}, JSON: `[redacted`},
	}}
	c.Usage = record.Usage{}
	return c
}

func TestLangSmithShowsImagesAsAModelCall(t *testing.T) {
	got := langsmithSees(pictures(), all)
	assert.Equal(t, "llm", value(t, got, "langsmith.span.kind"))
	assert.JSONEq(t, `{"messages":[{"role":"user","content":[
		{"type":"text","text":"[image, image/png, 99 bytes] cat.png"},
		{"type":"text","text":"[mask, image/png, 5 bytes] m.png"},
		{"type":"text","text":"A hat."}]}]}`, text(t, got, "gen_ai.prompt"))
	assert.JSONEq(t, `{"choices":[
		{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":[
			{"type":"text","text":"[image, image/png, 7 bytes, sha256:ab]"},{"type":"text","text":"A red hat."}]}},
		{"index":1,"finish_reason":"stop","message":{"role":"assistant","content":[
			{"type":"image_url","image_url":{"url":"https://h/i.png"}}]}}]}`, text(t, got, "gen_ai.completion"))
	assert.JSONEq(t, `{"model":"gpt-image-1","n":2,"size":"1024x1024","output_compression":80}`,
		text(t, got, "langsmith.metadata.ls_invocation_params"))
	assert.JSONEq(t, `{"input_tokens":50,"output_tokens":60,"total_tokens":110,"input_token_details":{"image":40},
		"output_token_details":{"image":60}}`, text(t, got, "langsmith.usage_metadata"))
}

func TestTheConventionsShowWhatWasUploaded(t *testing.T) {
	got := dialect.AppendGenAIContent(nil, pictures())
	assert.JSONEq(t, `[{"role":"user","parts":[
		{"type":"blob_ref","modality":"image","mime_type":"image/png","bytes":99,"name":"cat.png","field":"image"},
		{"type":"blob_ref","modality":"image","mime_type":"image/png","bytes":5,"name":"m.png","field":"mask"},
		{"type":"text","content":"A hat."}]}]`, text(t, got, "gen_ai.input.messages"))
	c := pictures()
	c.Request.Messages[0].Parts = []record.Part{record.Audio{Media: record.Media{Blob: &record.Blob{Bytes: 3}}, Name: "a.mp3"}}
	assert.JSONEq(t, `[{"role":"user","parts":[{"type":"blob_ref","modality":"audio","bytes":3,"name":"a.mp3"}]}]`,
		text(t, dialect.AppendGenAIContent(nil, c), "gen_ai.input.messages"))
	assert.Contains(t, text(t, langsmithSees(c, all), "gen_ai.prompt"), "[audio, 3 bytes] a.mp3")
}

func TestEachBackendShowsTheVerdictsOfAModeration(t *testing.T) {
	got := langsmithSees(verdicts(), all)
	assert.Equal(t, "llm", value(t, got, "langsmith.span.kind"))
	assert.Nil(t, value(t, got, "langsmith.metadata.ls_model_type"))
	assert.JSONEq(t, `{"results":[{"flagged":false},{"flagged":true,"categories":{"hate":true}},"[redacted"]}`, text(t, got, "gen_ai.completion"))
	assert.Equal(t, "{}", value(t, langsmithSees(verdicts(), input), "gen_ai.completion"))

	assert.Equal(t, []any{
		map[string]any{"role": "assistant", "content": `{"flagged":false}`},
		map[string]any{"role": "assistant", "content": `{"flagged":true,"categories":{"hate":true}}`},
		map[string]any{"role": "assistant", "content": `[redacted`},
	}, conversation(t, langtraceSees(verdicts(), all), "gen_ai.content.completion", "gen_ai.completion"))
	assert.Nil(t, event(t, langtraceSees(verdicts(), input), "gen_ai.content.completion"))

	on := stub(verdicts()).Attributes
	assert.Equal(t, true, value(t, on, "genotel.moderation.flagged"))
	assert.Equal(t, []string{"hate", "violence", "self-harm"}, value(t, on, "genotel.moderation.categories"))
	assert.Nil(t, value(t, on, "gen_ai.response.finish_reasons"))
	assert.NotNil(t, value(t, on, "gen_ai.input.messages"))
	assert.Nil(t, value(t, on, "gen_ai.output.messages"), "a verdict is no message of a model")
	for _, kv := range on {
		if kv.Key != "gen_ai.input.messages" {
			assert.NotContains(t, kv.Value.String(), "redacted", kv.Key)
		}
	}
}

func TestTheVerdictOfAModerationIsNoContentAndItsScoresAre(t *testing.T) {
	for backend, view := range views(nothing) {
		got := view(stub(verdicts()).Snapshot(), verdicts())
		assert.NotNil(t, value(t, got.Attributes(), "genotel.moderation.flagged"), backend)
		assert.NotNil(t, value(t, got.Attributes(), "genotel.moderation.categories"), backend)
		for _, kv := range got.Attributes() {
			assert.NotContains(t, kv.Value.String(), `"categories":{`, "%s: %s", backend, kv.Key)
		}
	}
}

func TestTheCategoriesOnASpanAreBounded(t *testing.T) {
	c := verdicts()
	for i := range 100 {
		c.Response.Moderations = append(c.Response.Moderations, record.Moderation{Categories: []string{fmt.Sprint("c", i)}})
	}
	assert.Len(t, value(t, dialect.AppendMedia(nil, c), "genotel.moderation.categories"), 64)
}

func TestSoundIsMeasured(t *testing.T) {
	c := pictures()
	assert.Empty(t, dialect.AppendMedia(nil, c))
	c.Response.AudioBytes, c.Response.AudioSeconds = record.Some(int64(9)), record.Some(1.5)
	got := dialect.AppendMedia(nil, c)
	require.Len(t, got, 2)
	assert.Equal(t, int64(9), value(t, got, "genotel.audio.bytes"))
	assert.InDelta(t, 1.5, value(t, got, "genotel.audio.duration"), 0)
}
