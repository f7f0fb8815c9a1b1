package openai_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/otelgenai/record"
)

func TestMessagesBecomeTypedParts(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want record.Message
	}{
		"system": {
			`{"role":"system","content":"Be brief."}`,
			record.Message{Role: "system", Parts: parts(record.Text{Content: "Be brief."})},
		},
		"developer": {
			`{"role":"developer","content":[{"type":"text","text":"Be brief."}]}`,
			record.Message{Role: "developer", Parts: parts(record.Text{Content: "Be brief."})},
		},
		"a user with a name": {
			`{"content":"Hi \ud83d\ude00","name":"Ann","role":"user"}`,
			record.Message{Role: "user", Name: "Ann", Parts: parts(record.Text{Content: "Hi 😀"})},
		},
		"a role of tomorrow": {
			`{"role":"critic","content":"No."}`,
			record.Message{Role: "critic", Parts: parts(record.Text{Content: "No."})},
		},
		"no role":               {`{"content":"Hi."}`, record.Message{Parts: parts(record.Text{Content: "Hi."})}},
		"no content":            {`{"role":"assistant"}`, record.Message{Role: "assistant", Parts: parts()}},
		"null":                  {`{"role":"assistant","content":null}`, record.Message{Role: "assistant", Parts: parts()}},
		"an empty text":         {`{"role":"user","content":""}`, record.Message{Role: "user", Parts: parts()}},
		"content of wrong type": {`{"role":"user","content":7,"name":{}}`, record.Message{Role: "user", Parts: parts()}},
		"an empty list":         {`{"role":"user","content":[]}`, record.Message{Role: "user", Parts: parts()}},
		"no object":             {`"Hi."`, record.Message{Parts: parts()}},
		"texts in several parts": {
			`{"role":"user","content":[{"type":"text","text":"a"},{"text":"b","type":"text"},
			  {"type":"input_text","text":"c"},{"type":"output_text","text":"d"},{"type":"text"}]}`,
			record.Message{Role: "user", Parts: parts(record.Text{Content: "a"}, record.Text{Content: "b"},
				record.Text{Content: "c"}, record.Text{Content: "d"}, record.Text{})},
		},
		"an unknown part is kept as it is": {
			`{"role":"user","content":[ {"type":"reference", "reference_ids":[1, 2]} ]}`,
			record.Message{Role: "user", Parts: parts(record.Generic{
				Type: "reference", JSON: `{"type":"reference","reference_ids":[1,2]}`,
			})},
		},
		"a part without a type": {
			`{"role":"user","content":[{"text":"a"},"b",7,null]}`,
			record.Message{Role: "user", Parts: parts(record.Generic{JSON: `{"text":"a"}`}, record.Generic{JSON: `"b"`},
				record.Generic{JSON: `7`}, record.Generic{JSON: `null`})},
		},
		"a part with a type of the wrong type": {
			`{"role":"user","content":[{"type":7}]}`,
			record.Message{Role: "user", Parts: parts(record.Generic{JSON: `{"type":7}`})},
		},
		"invalid UTF-8 in an unknown part": {
			"{\"role\":\"user\",\"content\":[{\"type\":\"x\",\"y\":\"\xff\"}]}",
			record.Message{Role: "user", Parts: parts(record.Generic{Type: "x", JSON: "{\"type\":\"x\",\"y\":\"\uFFFD\"}"})},
		},
		"refusals": {
			`{"role":"assistant","content":[{"type":"refusal","refusal":"No."}],"refusal":"Never."}`,
			record.Message{Role: "assistant", Parts: parts(record.Refusal{Content: "No."}, record.Refusal{Content: "Never."})},
		},
		"an empty refusal": {
			`{"role":"assistant","content":"Yes.","refusal":""}`,
			record.Message{Role: "assistant", Parts: parts(record.Text{Content: "Yes."})},
		},
		"tool calls come last": {
			`{"role":"assistant","tool_calls":[
			   {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}},
			   {"function":{"arguments":"","name":"time"},"id":"call_2"},
			   {"id":"call_3","type":"custom","custom":{"name":"shell","input":"ls -l"}}],
			  "content":"Let me see."}`,
			record.Message{Role: "assistant", Parts: parts(
				record.Text{Content: "Let me see."},
				record.ToolCall{ID: "call_1", Type: "function", Name: "weather", Arguments: `{"city":"Rome"}`},
				record.ToolCall{ID: "call_2", Type: "function", Name: "time"},
				record.ToolCall{ID: "call_3", Type: "custom", Name: "shell", Arguments: "ls -l"},
			)},
		},
		"arguments that are not JSON": {
			`{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":"}}]}`,
			record.Message{Role: "assistant", Parts: parts(record.ToolCall{ID: "c", Type: "function", Name: "f", Arguments: `{"x":`})},
		},
		"arguments that were parsed already": {
			`{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{"x": [1]}}}]}`,
			record.Message{Role: "assistant", Parts: parts(record.ToolCall{ID: "c", Type: "function", Name: "f", Arguments: `{"x": [1]}`})},
		},
		"a tool call with both members, one of them empty": { // Snowflake
			`{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"},
			   "custom":{"input":"","name":""}}]}`,
			record.Message{Role: "assistant", Parts: parts(record.ToolCall{ID: "c", Type: "function", Name: "f", Arguments: `{}`})},
		},
		"tool calls of the wrong type": {
			`{"role":"assistant","tool_calls":[7,{"id":7,"type":null,"function":[]}],"function_call":"auto"}`,
			record.Message{Role: "assistant", Parts: parts(record.ToolCall{Type: "function"}, record.ToolCall{Type: "function"})},
		},
		"no tool calls": {
			`{"role":"assistant","content":"a","tool_calls":null,"function_call":null,"audio":null}`,
			record.Message{Role: "assistant", Parts: parts(record.Text{Content: "a"})},
		},
		"the legacy function call": {
			`{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}`,
			record.Message{Role: "assistant", Parts: parts(record.ToolCall{Type: "function", Name: "f", Arguments: "{}"})},
		},
		"an empty function call is none": { // Snowflake
			`{"role":"assistant","content":"4","function_call":{"arguments":"","name":""}}`,
			record.Message{Role: "assistant", Parts: parts(record.Text{Content: "4"})},
		},
		"the result of a tool": {
			`{"role":"tool","tool_call_id":"call_1","content":"{\"degrees\":20}"}`,
			record.Message{Role: "tool", Parts: parts(record.ToolResult{ID: "call_1", Content: `{"degrees":20}`})},
		},
		"the result of a tool in parts": {
			`{"role":"tool","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"x"}],"tool_call_id":"c","name":"f"}`,
			record.Message{Role: "tool", Parts: parts(record.ToolResult{ID: "c", Name: "f", Content: `ab{"type":"x"}`})},
		},
		"no result of a tool": {
			`{"role":"tool","tool_call_id":"c","content":null}`,
			record.Message{Role: "tool", Parts: parts(record.ToolResult{ID: "c"})},
		},
		"the legacy result of a function": {
			`{"role":"function","name":"f","content":"20"}`,
			record.Message{Role: "function", Parts: parts(record.ToolResult{Name: "f", Content: "20"})},
		},
		"reasoning comes first": {
			`{"role":"assistant","content":"4","reasoning_content":"2+2"}`,
			record.Message{Role: "assistant", Parts: parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"})},
		},
		"reasoning under its other name": {
			`{"role":"assistant","reasoning":"2+2","content":"4"}`,
			record.Message{Role: "assistant", Parts: parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"})},
		},
		"reasoning under both names": {
			`{"role":"assistant","reasoning_content":"2+2","reasoning":"2+2","content":"4"}`,
			record.Message{Role: "assistant", Parts: parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"})},
		},
		"reasoning under a name that is not null": {
			`{"role":"assistant","reasoning_content":null,"reasoning":"2+2","content":"4"}`,
			record.Message{Role: "assistant", Parts: parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"})},
		},
		"reasoning in details alone": { // Snowflake
			`{"role":"assistant","reasoning_details":[{"type":"reasoning.text","text":"2+"},{"type":"reasoning.encrypted","data":"x"},
			   {"text":"2"}],"content":"4"}`,
			record.Message{Role: "assistant", Parts: parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"})},
		},
		"reasoning in details, too": { // OpenRouter
			`{"role":"assistant","reasoning_details":[{"text":"2+2"}],"reasoning":"2+2","content":"4"}`,
			record.Message{Role: "assistant", Parts: parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"})},
		},
		"a thinking part": { // Mistral
			`{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"2"},{"type":"text","text":"+2"}],
			   "closed":true},{"type":"text","text":"4"}]}`,
			record.Message{Role: "assistant", Parts: parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"})},
		},
		"a thinking part with a plain text": {
			`{"role":"assistant","content":[{"type":"thinking","thinking":"2+2"},{"type":"reasoning","text":"=4"}]}`,
			record.Message{Role: "assistant", Parts: parts(record.Reasoning{Content: "2+2"}, record.Reasoning{Content: "=4"})},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, message(t, test.body))
		})
	}
}

func TestToolDefinitions(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want []record.Tool
	}{
		"a function": {
			`{"tools":[{"type":"function","function":{"name":"f","description":"Does f.","strict":true,
			   "parameters":{"type":"object","properties":{}}}}]}`,
			[]record.Tool{{
				Type: "function", Name: "f", Description: "Does f.",
				Parameters: `{"type":"object","properties":{}}`,
			}},
		},
		"a custom tool": {
			`{"tools":[{"custom":{"format":{"type":"text"},"name":"c","description":"Does c."},"type":"custom"}]}`,
			[]record.Tool{{Type: "custom", Name: "c", Description: "Does c."}},
		},
		"a hosted tool, without what may be a credential": {
			`{"tools":[{"type":"mcp","server_url":"https://x.test","headers":{"Authorization":"secret"}}]}`,
			[]record.Tool{{Type: "mcp"}},
		},
		"legacy functions": {
			`{"functions":[{"name":"f","description":"Does f.","parameters":{}},{"name":"g"}]}`,
			[]record.Tool{
				{Type: "function", Name: "f", Description: "Does f.", Parameters: `{}`},
				{Type: "function", Name: "g"},
			},
		},
		"tools before functions": {
			`{"functions":[{"name":"g"}],"tools":[{"type":"function","function":{"name":"f"}}]}`,
			[]record.Tool{{Type: "function", Name: "f"}, {Type: "function", Name: "g"}},
		},
		"wrong types": {
			`{"tools":[7,{"type":7,"function":"f"},{"function":{"name":null,"description":1}}]}`,
			[]record.Tool{{Type: "function"}, {Type: "function"}, {Type: "function"}},
		},
		"none":          {`{"tools":[],"functions":null}`, nil},
		"no list":       {`{"tools":{"type":"function"}}`, nil},
		"cut in a tool": {`{"model":"m","tools":[{"type":"function","function":{"na`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, ask(test.body).Request.Tools)
		})
	}
}

func TestInvalidUTF8InASchemaOrInArgumentsIsRepaired(t *testing.T) {
	call := ask("{\"tools\":[{\"function\":{\"parameters\":{\"x\":\"\xff\"}}}]," +
		"\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"arguments\":{\"x\":\"\xff\"}}}]}]}")
	assert.Equal(t, "{\"x\":\"\uFFFD\"}", call.Request.Tools[0].Parameters)
	assert.Equal(t, parts(record.ToolCall{Type: "function", Arguments: "{\"x\":\"\uFFFD\"}"}), call.Request.Messages[0].Parts)
}
