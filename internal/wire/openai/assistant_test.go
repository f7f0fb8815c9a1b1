package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestAnAssistantThatIsMadeHasItsNameIDAndInstructions(t *testing.T) {
	const request = `{"model":"gpt-4o","name":"City bot","description":"Knows cities.","instructions":"Be brief.","temperature":0.5,"top_p":1,
		"reasoning_effort":"low","response_format":{"type":"json_object"},"tools":[{"type":"function","function":{"name":"sql"}}]}`
	call, complete := exchanged(openai.NewAssistant, request, `{"id":"asst_1","object":"assistant","name":"City bot","model":"gpt-4o"}`)
	assert.True(t, complete)
	assert.Equal(t, &record.Call{
		Agent: record.Agent{ID: "asst_1", Name: "City bot", Description: "Knows cities."},
		Request: record.Request{
			Model: "gpt-4o", Temperature: record.Some(0.5), TopP: record.Some(1.0), ReasoningLevel: "low", OutputType: "json",
			System: parts(record.Text{Content: "Be brief."}), Tools: []record.Tool{{Type: "function", Name: "sql"}},
		},
	}, call)
	assert.Equal(t, &record.Call{Agent: record.Agent{Name: "City bot"}}, described(t, openai.DescribeAssistant, "/v1/assistants", request))
	assert.Equal(t, new(record.Call), described(t, openai.DescribeAssistant, "/v1/assistants", `{"name":null}`))

	for body, want := range map[string]string{
		`{"object":"assistant"}`: "", `{"id":`: "decode_error", `[]`: "decode_error", ``: "decode_error", `{"error":{"code":"x"}}`: "x",
	} {
		call, complete = exchanged(openai.NewAssistant, `{}`, body)
		assert.False(t, complete, body)
		if want == "" {
			assert.Nil(t, call.Error, body)
		} else {
			assert.Equal(t, want, call.Error.Type, body)
		}
	}
}

func TestOfALightCallNoMoreThanModelAndIDIsRead(t *testing.T) {
	call, complete := exchanged(openai.NewLight, `{"model":"gpt-5","input":"MARKER","instructions":"MARKER"}`, `{"object":"response.input_tokens","input_tokens":16}`)
	assert.True(t, complete)
	assert.Equal(t, &record.Call{Request: record.Request{Model: "gpt-5"}}, call)
	call, complete = exchanged(openai.NewLight, `{"input_file_id":"file-1"}`, `{"id":"batch_1","object":"batch","status":"validating","model":"gpt-5","usage":{"input_tokens":1}}`)
	assert.True(t, complete)
	assert.Equal(t, &record.Call{Response: record.Response{ID: "batch_1", Model: "gpt-5"}}, call)
	call, complete = exchanged(openai.NewLight, `{}`, `{"id":`)
	assert.False(t, complete)
	assert.Equal(t, &record.Error{Type: "decode_error"}, call.Error)
}

func TestTheNameOfAnAssistantIsBoundedAndItsDescriptionReadForContentOnly(t *testing.T) {
	request := `{"name":"` + strings.Repeat("n", 1<<20) + `","description":"MARKER"}`
	call := described(t, openai.DescribeAssistant, "/v1/assistants", request)
	assert.Less(t, len(call.Agent.Name), 513)
	for _, content := range []bool{false, true} {
		call = new(record.Call)
		openai.NewAssistant(call).Request([]byte(request), content)
		assert.Less(t, len(call.Agent.Name), 513)
		assert.Equal(t, content, call.Agent.Description == "MARKER")
	}
	call.Agent.Name = "[redacted]"
	openai.NewAssistant(call).Request([]byte(request), true)
	assert.Equal(t, "[redacted]", call.Agent.Name, "what is known since the start stays")
}
