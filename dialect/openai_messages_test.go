package dialect_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// inOpenAIForm returns how LangSmith's view writes messages.
func inOpenAIForm(t *testing.T, request record.Request) string {
	t.Helper()
	c := &record.Call{Operation: "chat", Provider: "openai", Request: request}
	seen := dialect.LangSmithView(all)(stub(c).Snapshot(), c)
	var prompt struct {
		Messages json.RawMessage `json:"messages"`
	}
	require.NoError(t, json.Unmarshal([]byte(text(t, seen.Attributes(), "gen_ai.prompt")), &prompt))
	return string(prompt.Messages)
}

func TestMessagesAreWrittenAsTheChatAPIKnowsThem(t *testing.T) {
	blob := record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 8, SHA256: "ab"}}
	for name, test := range map[string]struct {
		message record.Message
		want    string
	}{
		"text": {
			record.Message{Role: "user", Parts: []record.Part{record.Text{Content: "Hi."}}},
			`{"role":"user","content":"Hi."}`,
		},
		"named participant": {
			record.Message{Role: "user", Name: "ann", Parts: []record.Part{record.Text{Content: "Hi."}}},
			`{"role":"user","name":"ann","content":"Hi."}`,
		},
		"several texts": {
			record.Message{Role: "developer", Parts: []record.Part{record.Text{Content: "a"}, record.Text{Content: "b"}}},
			`{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`,
		},
		"sources beside the text": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.Text{Content: "Hi."},
				record.Generic{Type: "annotations", JSON: `{"type":"annotations","annotations":[{"type":"url_citation"}]}`, Beside: true},
				record.Generic{Type: "citations", JSON: `{"type":"citations","citations":["https://a"]}`, Beside: true},
			}},
			`{"role":"assistant","content":"Hi.","annotations":[{"type":"url_citation"}],"citations":["https://a"]}`,
		},
		"sources beside several texts": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.Text{Content: "a"},
				record.Text{Content: "b"},
				record.Generic{Type: "citations", JSON: `{"type":"citations","citations":["https://a"]}`, Beside: true},
			}},
			`{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"citations":["https://a"]}`,
		},
		"sources alone": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.Generic{Type: "citations", JSON: `{"type":"citations","citations":["https://a"]}`, Beside: true},
			}},
			`{"role":"assistant","content":null,"citations":["https://a"]}`,
		},
		"sources that a redactor left no JSON": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.Text{Content: "Hi."}, record.Generic{Type: "citations", JSON: `gone`, Beside: true},
			}},
			`{"role":"assistant","content":"Hi.","citations":"gone"}`,
		},
		"text and image": {
			record.Message{Role: "user", Parts: []record.Part{
				record.Text{Content: "What is it?"},
				record.Image{Media: record.Media{URI: "https://h/a.png"}, Detail: "high"},
			}},
			`{"role":"user","content":[{"type":"text","text":"What is it?"},` +
				`{"type":"image_url","image_url":{"url":"https://h/a.png","detail":"high"}}]}`,
		},
		"image alone": {
			record.Message{Role: "user", Parts: []record.Part{record.Image{Media: record.Media{URI: "https://h/a.png"}}}},
			`{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png"}}]}`,
		},
		"inline image": {
			record.Message{Role: "user", Parts: []record.Part{record.Image{Media: blob}}},
			`{"role":"user","content":[{"type":"text","text":"[image, image/png, 8 bytes, sha256:ab]"}]}`,
		},
		"image by file": {
			record.Message{Role: "user", Parts: []record.Part{record.Image{Media: record.Media{FileID: "f1"}}}},
			`{"role":"user","content":[{"type":"text","text":"[image, f1]"}]}`,
		},
		"audio with transcript": {
			record.Message{Role: "user", Parts: []record.Part{
				record.Audio{Media: record.Media{MIMEType: "audio/wav"}, Transcript: "hello"},
			}},
			`{"role":"user","content":[{"type":"text","text":"[audio, audio/wav] hello"}]}`,
		},
		"file": {
			record.Message{Role: "user", Parts: []record.Part{
				record.File{Media: record.Media{URI: "https://h/a.pdf", MIMEType: "application/pdf"}, Name: "a.pdf"},
			}},
			`{"role":"user","content":[{"type":"text","text":"[file, application/pdf, https://h/a.pdf] a.pdf"}]}`,
		},
		"tools of the provider": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.ServerToolCall{ID: "fs", Name: "file_search", Type: "file_search_call", Content: `{"queries":["x"]}`},
				record.ServerToolResult{ID: "fs", Name: "file_search", Type: "file_search_call", Content: `{}`},
				record.Text{Content: "42"},
			}},
			`{"role":"assistant","content":[{"type":"text","text":"[file_search_call] {\"queries\":[\"x\"]}"},` +
				`{"type":"text","text":"[file_search_call result]"},{"type":"text","text":"42"}]}`,
		},
		"unknown part": {
			record.Message{Role: "user", Parts: []record.Part{record.Generic{Type: "new", JSON: `{"type":"new","x":1}`}}},
			`{"role":"user","content":[{"type":"new","x":1}]}`,
		},
		"nothing": {
			record.Message{Role: "assistant"}, `{"role":"assistant","content":null}`,
		},
		"tool calls alone": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.ToolCall{ID: "c1", Name: "f", Type: "function", Arguments: `{"a": 1}`},
				record.ToolCall{ID: "c2", Name: "g", Type: "function"},
			}},
			`{"role":"assistant","content":null,"tool_calls":[` +
				`{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},` +
				`{"id":"c2","type":"function","function":{"name":"g","arguments":""}}]}`,
		},
		"text and a tool call": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.Text{Content: "I look."}, record.ToolCall{ID: "c1", Name: "f", Type: "function", Arguments: "{}"},
			}},
			`{"role":"assistant","content":"I look.","tool_calls":[` +
				`{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}`,
		},
		"custom tool": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.ToolCall{ID: "c1", Name: "run", Type: "custom", Arguments: "print(1)"},
			}},
			`{"role":"assistant","content":null,"tool_calls":[` +
				`{"id":"c1","type":"custom","custom":{"name":"run","input":"print(1)"}}]}`,
		},
		"refusal": {
			record.Message{Role: "assistant", Parts: []record.Part{record.Refusal{Content: "I cannot."}}},
			`{"role":"assistant","content":null,"refusal":"I cannot."}`,
		},
		"reasoning": {
			record.Message{Role: "assistant", Parts: []record.Part{
				record.Reasoning{Content: "First, "}, record.Reasoning{Content: "then."}, record.Text{Content: "42"},
			}},
			`{"role":"assistant","content":"42","reasoning_content":"First, then."}`,
		},
		"tool result": {
			record.Message{Role: "tool", Parts: []record.Part{record.ToolResult{ID: "c1", Content: `{"a":1}`}}},
			`{"role":"tool","tool_call_id":"c1","content":"{\"a\":1}"}`,
		},
		"function result": {
			record.Message{Role: "function", Parts: []record.Part{record.ToolResult{Name: "f", Content: "1"}}},
			`{"role":"function","name":"f","content":"1"}`,
		},
		"several tool results": {
			record.Message{Role: "tool", Parts: []record.Part{
				record.ToolResult{ID: "c1", Content: "1"}, record.ToolResult{ID: "c2", Content: "2"},
			}},
			`{"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool","tool_call_id":"c2","content":"2"}`,
		},
		"tool results in a user's turn": {
			record.Message{Role: "user", Parts: []record.Part{
				record.ToolResult{ID: "c1", Content: "1"},
				record.ToolResult{ID: "c2", Content: "2"},
				record.Text{Content: "Go on."},
			}},
			`{"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool","tool_call_id":"c2","content":"2"},` +
				`{"role":"user","content":"Go on."}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := inOpenAIForm(t, record.Request{Messages: []record.Message{test.message}})
			assert.Equal(t, "["+test.want+"]", got)
		})
	}
}

func TestInstructionsBecomeTheFirstMessage(t *testing.T) {
	got := inOpenAIForm(t, record.Request{
		System:   []record.Part{record.Text{Content: "Be brief."}},
		Messages: []record.Message{{Role: "user", Parts: []record.Part{record.Text{Content: "Hi."}}}},
	})
	assert.Equal(t, `[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi."}]`, got)
}

func TestToolsAreWrittenAsTheChatAPIKnowsThem(t *testing.T) {
	c := chat()
	c.Request.Tools = []record.Tool{
		{Type: "function", Name: "f", Description: "Counts.", Parameters: `{"type": "object"}`},
		{Type: "function", Name: "g", Parameters: `[removed]`},
		{Type: "custom", Name: "run"},
	}
	seen := dialect.LangSmithView(all)(stub(c).Snapshot(), c)
	assert.Equal(t, `[{"type":"function","function":{"name":"f","description":"Counts.","parameters":{"type":"object"}}},`+
		`{"type":"function","function":{"name":"g","parameters":"[removed]"}},`+
		`{"type":"custom","custom":{"name":"run"}}]`, text(t, seen.Attributes(), "tools"))
}
