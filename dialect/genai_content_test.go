package dialect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// required are the members that the schemas want of the part types they know. A
// part of a type that they do not know may have any.
var required = map[string][]string{
	"text":                      {"content"},
	"tool_call":                 {"name"},
	"tool_call_response":        {"response"},
	"server_tool_call":          {"name", "server_tool_call"},
	"server_tool_call_response": {"server_tool_call_response"},
	"blob":                      {"modality", "content"},
	"uri":                       {"modality", "uri"},
	"file":                      {"modality", "file_id"},
	"reasoning":                 {"content"},
	"compaction":                {},
}

// everyPart has one part of each kind, and of each place where media may be.
func everyPart() []record.Part {
	blob := &record.Blob{Bytes: 8, SHA256: "abc"}
	return []record.Part{
		record.Text{Content: "text"},
		record.Text{},
		record.Reasoning{Content: "thinking"},
		record.Refusal{Content: "no"},
		record.ToolCall{ID: "call_1", Name: "lookup", Type: "function", Arguments: `{"sku": "A-17"}`},
		record.ToolCall{Name: "lookup", Type: "function", Arguments: `{"sku": `},
		record.ToolCall{ID: "call_2", Name: "run", Type: "custom", Arguments: "print(1)"},
		record.ToolCall{ID: "call_3", Name: "none", Type: "function"},
		record.ToolResult{ID: "call_1", Content: `{"on_hand": 42}`},
		record.ToolResult{ID: "call_2", Content: "42"},
		record.ToolResult{},
		record.ServerToolCall{ID: "ws_1", Name: "web_search", Type: "web_search_call", Content: `{"action":{"query":"x"}}`},
		record.ServerToolCall{Name: "web_search", Type: "web_search_call", Content: `{"action":`},
		record.ServerToolResult{ID: "fs_1", Name: "file_search", Type: "file_search_call", Content: `{"results":[1]}`},
		record.ServerToolResult{Name: "file_search", Type: "file_search_call"},
		record.Image{Media: record.Media{URI: "https://img.example.net/a.jpg"}, Detail: "low"},
		record.Image{Media: record.Media{MIMEType: "image/png", Blob: blob}},
		record.Image{Media: record.Media{FileID: "file-1"}},
		record.Image{},
		record.Audio{Media: record.Media{MIMEType: "audio/wav", Blob: blob}, Transcript: "hello"},
		record.Audio{Media: record.Media{URI: "https://img.example.net/a.wav"}},
		record.File{Media: record.Media{FileID: "file-2", MIMEType: "application/pdf"}, Name: "a.pdf"},
		record.File{Media: record.Media{Blob: blob}},
		record.Generic{Type: "item_reference", JSON: `{"type":"item_reference","id":"x"}`},
		record.Generic{Type: "citations", JSON: `{"type":"citations","citations":["https://a"]}`, Beside: true},
		record.Generic{Type: "odd", JSON: `[1]`},
		record.Generic{Type: "redacted", JSON: `[removed]`},
	}
}

// checkParts checks a list of parts against the schemas.
func checkParts(t *testing.T, parts any) {
	t.Helper()
	list, ok := parts.([]any)
	require.True(t, ok, "parts are a list")
	for _, item := range list {
		part, ok := item.(map[string]any)
		require.True(t, ok, "a part is an object: %v", item)
		kind, ok := part["type"].(string)
		require.True(t, ok, "a part has a type: %v", part)
		for _, member := range required[kind] {
			assert.Contains(t, part, member, "%v", part)
		}
		for name, member := range part {
			assert.NotNil(t, member, "%s is null", name)
			switch name {
			case "content", "uri", "file_id", "modality", "mime_type", "id", "name", "type":
				assert.IsType(t, "", member, name)
			}
		}
	}
}

func checkMessages(t *testing.T, messages any) {
	t.Helper()
	list, ok := messages.([]any)
	require.True(t, ok, "messages are a list")
	for _, item := range list {
		message, ok := item.(map[string]any)
		require.True(t, ok, "a message is an object")
		assert.IsType(t, "", message["role"])
		checkParts(t, message["parts"])
	}
}

func TestContentHasTheFormOfTheSchemas(t *testing.T) {
	c := chat()
	c.Request.Messages = append(c.Request.Messages, record.Message{Role: "user", Parts: everyPart()}, record.Message{Role: "user"})
	c.Response.Choices = append(c.Response.Choices, record.Choice{Index: 2, Message: record.Message{
		Role: "assistant", Parts: everyPart(),
	}}, record.Choice{Index: 3, FinishReason: "content_filter"})
	c.Request.System = append(c.Request.System, record.Text{Content: "Be kind."})
	got := dialect.AppendGenAIContent(nil, c)

	checkParts(t, tree(t, got, "gen_ai.system_instructions"))
	checkMessages(t, tree(t, got, "gen_ai.input.messages"))
	answers := tree(t, got, "gen_ai.output.messages")
	checkMessages(t, answers)
	reasons := []any{}
	for _, answer := range answers.([]any) {
		reasons = append(reasons, answer.(map[string]any)["finish_reason"])
	}
	assert.Equal(t, []any{"stop", "tool_call", "error", "content_filter"}, reasons, "one message per choice")
	for _, item := range tree(t, got, "gen_ai.tool.definitions").([]any) {
		assert.Equal(t, map[string]any{"type": "function", "name": "stock_level"}, item)
	}
}

func TestTheSchemasWantWhatIsCheckedHere(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "shared", "semconv", "schemas", "gen-ai-output-messages.json"))
	if os.IsNotExist(err) {
		t.Skip("the schemas are not beside this checkout")
	}
	require.NoError(t, err)
	var schema struct {
		Defs map[string]struct {
			Required   []string `json:"required"`
			Properties map[string]struct {
				Const string `json:"const"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(data, &schema))
	known := map[string][]string{}
	for _, def := range schema.Defs {
		if kind := def.Properties["type"].Const; kind != "" {
			known[kind] = append([]string{}, def.Required...)
		}
	}
	for kind, members := range required {
		assert.ElementsMatch(t, append([]string{"type"}, members...), known[kind], kind)
	}
	assert.Len(t, known, len(required))
}

func TestEachPartIsWrittenAsTheConventionsSay(t *testing.T) {
	for name, test := range map[string]struct {
		part record.Part
		want string
	}{
		"text":    {record.Text{Content: "a \"b\" <c>"}, `{"type":"text","content":"a \"b\" <c>"}`},
		"refusal": {record.Refusal{Content: "no"}, `{"type":"text","content":"no"}`},
		"reasoning": {
			record.Reasoning{Content: "hm"}, `{"type":"reasoning","content":"hm"}`,
		},
		"tool call": {
			record.ToolCall{ID: "c", Name: "f", Type: "function", Arguments: `{"n": 12345678901234567890}`},
			`{"type":"tool_call","id":"c","name":"f","arguments":{"n":12345678901234567890}}`,
		},
		"arguments that are no JSON": {
			record.ToolCall{ID: "c", Name: "f", Arguments: `{"n": `},
			`{"type":"tool_call","id":"c","name":"f","arguments":"{\"n\": "}`,
		},
		"custom tool": {
			record.ToolCall{ID: "c", Name: "f", Type: "custom", Arguments: "print(1)"},
			`{"type":"tool_call","id":"c","name":"f","arguments":"print(1)"}`,
		},
		"call without id and arguments": {record.ToolCall{Name: "f"}, `{"type":"tool_call","name":"f"}`},
		"result as JSON": {
			record.ToolResult{ID: "c", Content: ` [1, 2]`},
			`{"type":"tool_call_response","id":"c","response":[1,2]}`,
		},
		"result as text": {
			record.ToolResult{ID: "c", Content: `12C`},
			`{"type":"tool_call_response","id":"c","response":"12C"}`,
		},
		"empty result": {record.ToolResult{ID: "c"}, `{"type":"tool_call_response","id":"c","response":""}`},
		"a tool of the provider": {
			record.ServerToolCall{ID: "ws", Name: "web_search", Type: "web_search_call", Content: `{"action":{"query":"x"},"type":"y"}`},
			`{"type":"server_tool_call","id":"ws","name":"web_search","server_tool_call":{"type":"web_search_call","action":{"query":"x"}}}`,
		},
		"its call, redacted": {
			record.ServerToolCall{Name: "web_search", Type: "web_search_call", Content: `[removed]`},
			`{"type":"server_tool_call","name":"web_search","server_tool_call":{"type":"web_search_call","content":"[removed]"}}`,
		},
		"its result": {
			record.ServerToolResult{ID: "fs", Name: "file_search", Type: "file_search_call", Content: `{"results":[1]}`},
			`{"type":"server_tool_call_response","id":"fs","server_tool_call_response":{"type":"file_search_call","results":[1]}}`,
		},
		"no result": {
			record.ServerToolResult{Name: "file_search", Type: "file_search_call"},
			`{"type":"server_tool_call_response","server_tool_call_response":{"type":"file_search_call"}}`,
		},
		"image by URL": {
			record.Image{Media: record.Media{URI: "https://h/a.png", MIMEType: "image/png"}},
			`{"type":"uri","modality":"image","mime_type":"image/png","uri":"https://h/a.png"}`,
		},
		"inline image": {
			record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 8, SHA256: "ab"}}},
			`{"type":"blob_ref","modality":"image","mime_type":"image/png","bytes":8,"sha256":"ab"}`,
		},
		"audio": {
			record.Audio{Media: record.Media{MIMEType: "audio/wav", Blob: &record.Blob{Bytes: 8, SHA256: "ab"}}},
			`{"type":"blob_ref","modality":"audio","mime_type":"audio/wav","bytes":8,"sha256":"ab"}`,
		},
		"audio with its transcript": {
			record.Audio{Media: record.Media{URI: "https://h/a.wav"}, Transcript: "hello"},
			`{"type":"uri","modality":"audio","uri":"https://h/a.wav"},{"type":"text","content":"hello"}`,
		},
		"file": {
			record.File{Media: record.Media{FileID: "f1"}, Name: "a.pdf"},
			`{"type":"file","modality":"document","file_id":"f1"}`,
		},
		"unknown": {
			record.Generic{Type: "new", JSON: `{"type":"new","x":[1, 2]}`}, `{"type":"new","x":[1,2]}`,
		},
		"unknown that is no object": {
			record.Generic{Type: "new", JSON: `[removed]`}, `{"type":"new","content":"[removed]"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &record.Call{Request: record.Request{Messages: []record.Message{{Role: "user", Parts: []record.Part{test.part}}}}}
			got := text(t, dialect.AppendGenAIContent(nil, c), "gen_ai.input.messages")
			assert.Equal(t, `[{"role":"user","parts":[`+test.want+`]}]`, got)
		})
	}
}

func TestInvalidTextIsRepairedAndNoReasonForBrokenJSON(t *testing.T) {
	c := &record.Call{Request: record.Request{Messages: []record.Message{{Role: "us\xffer", Parts: []record.Part{
		record.Text{Content: "\xc3\x28 \x00 \u2028"},
		record.ToolCall{Name: "f\xff", Arguments: "{\"a\":\"\xff\"}"},
		record.ToolResult{Content: "\xff"},
		record.Generic{Type: "g\xff", JSON: "{\"type\":\"\xff\"}"},
	}}}}}
	got := dialect.AppendGenAIContent(nil, c)
	assert.True(t, utf8.ValidString(text(t, got, "gen_ai.input.messages")))
	checkMessages(t, tree(t, got, "gen_ai.input.messages"))
}

func TestWithoutContentThereIsNoContentAttribute(t *testing.T) {
	assert.Empty(t, dialect.AppendGenAIContent(nil, &record.Call{Operation: "chat"}))
}
