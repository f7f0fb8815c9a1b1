package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// moderated decodes a moderation.
func moderated(request, response string, content bool) (call *record.Call, complete bool) {
	call = new(record.Call)
	moderation := openai.NewModeration(call)
	moderation.Request([]byte(request), content)
	moderation.Response([]byte(response))
	complete = moderation.Finish()
	moderation.Content(call)
	return call, complete
}

func TestAModerationIsAVerdictOnEachInput(t *testing.T) {
	const verdict = `{"flagged":true,"categories":{"violence":true,"hate":false,"self-harm/intent":true,"` + "\u00e4" + `":true},"category_scores":{"violence":0.9}}`
	call, complete := moderated(`{"input":["I hate it.","I like it."],"model":"omni-moderation-latest"}`,
		`{"id":"modr-1","model":"omni-moderation-2024","results":[`+verdict+`,{"flagged":false,"categories":{"violence":false}},7]}`, true)
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	assert.Equal(t, record.Request{
		Model: "omni-moderation-latest", Messages: []record.Message{said("user", "I hate it."), said("user", "I like it.")},
	}, call.Request)
	assert.Equal(t, record.Response{ID: "modr-1", Model: "omni-moderation-2024", Moderations: []record.Moderation{
		{Flagged: true, Categories: []string{"violence", "self-harm/intent"}, JSON: verdict},
		{JSON: `{"flagged":false,"categories":{"violence":false}}`},
	}}, call.Response)
}

func TestAModerationOfMistralHasCategoriesAndUsage(t *testing.T) {
	call, complete := moderated(`{"input":"x"}`,
		`{"results":[{"categories":{"pii":true}}],"usage":{"prompt_tokens":5,"total_tokens":5}}`, false)
	assert.True(t, complete)
	assert.Equal(t, []record.Moderation{{Flagged: true, Categories: []string{"pii"}}}, call.Response.Moderations)
	assert.Equal(t, record.Usage{Input: some(5), Total: some(5)}, call.Usage)
	assert.Empty(t, call.Request.Messages, "nobody wants content")
}

func TestAModerationWithoutAVerdictIsIncomplete(t *testing.T) {
	_, complete := moderated(`{}`, `{"results":[]}`, true)
	assert.False(t, complete)
	call, complete := moderated(`{}`, `{"results":[{"flagged":true`, true)
	assert.False(t, complete)
	assert.Equal(t, wire.DecodeError, call.Error.Type)
	assert.Empty(t, call.Response.Moderations)
	call, _ = moderated(`{}`, `{"error":"down"}`, true)
	assert.Equal(t, "down", call.Error.Message)
}

func TestTheCategoriesOfAVerdictAreBounded(t *testing.T) {
	var categories []string
	for i := range 100 {
		categories = append(categories, `"c`+strings.Repeat("x", i)+`":true`)
	}
	call, _ := moderated(`{}`, `{"results":[{"flagged":true,"categories":{`+strings.Join(categories, ",")+`}}]}`, false)
	assert.Len(t, call.Response.Moderations[0].Categories, 64)
}
