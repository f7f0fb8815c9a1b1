package openai_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// asked decodes a request for a response, content included.
func asked(body string) *record.Call {
	call := new(record.Call)
	responses := openai.NewResponses(call)
	responses.Request([]byte(body), true)
	responses.Content(call)
	return call
}

// responded decodes a whole response object, content included.
func responded(body string) (call *record.Call, complete bool) {
	call = new(record.Call)
	responses := openai.NewResponses(call)
	responses.Request([]byte(`{}`), true)
	responses.Response([]byte(body))
	complete = responses.Finish()
	responses.Content(call)
	return call, complete
}

// respondedBy decodes the events of a streamed response up to its end.
func respondedBy(events ...string) (call *record.Call, complete bool) {
	call = new(record.Call)
	responses := openai.NewResponses(call)
	responses.Request([]byte(`{"stream":true}`), true)
	for _, data := range events {
		if responses.Event([]byte(data)).Has(wire.Done) {
			break
		}
	}
	complete = responses.Finish()
	responses.Content(call)
	return call, complete
}

// output decodes the items of a completed response.
func output(t *testing.T, items string) []record.Part {
	t.Helper()
	call, complete := responded(`{"status":"completed","output":[` + items + `]}`)
	require.True(t, complete)
	require.Len(t, call.Response.Choices, 1)
	assert.Equal(t, "assistant", call.Response.Choices[0].Message.Role)
	return call.Response.Choices[0].Message.Parts
}

func TestTheParametersOfARequestForAResponseAreRead(t *testing.T) {
	call := asked(`{"model":"gpt-5","max_output_tokens":100,"temperature":0.5,"top_p":1,"stream":true,"service_tier":"flex",
		"reasoning":{"summary":"auto","effort":"low"},"text":{"verbosity":"low","format":{"type":"json_schema","schema":{}}},
		"previous_response_id":"resp_0","conversation":{"id":"conv_1"},"background":true,
		"prompt":{"id":"pmpt_1","version":"2","variables":{"city":"Rome","note":{"type":"input_text","text":"warm"},
		  "picture":{"type":"input_image","image_url":"data:image/png;base64,AAAA"}}},
		"instructions":"Be brief.","input":"Hi."}`)
	assert.Equal(t, record.Request{
		Model: "gpt-5", Stream: true, MaxTokens: record.Some(int64(100)), Temperature: record.Some(0.5), TopP: record.Some(1.0),
		ServiceTier: "flex", ReasoningLevel: "low", OutputType: "json", PreviousResponseID: "resp_0", ConversationID: "conv_1",
		PromptName: "pmpt_1", PromptVersion: "2",
		PromptVariables: []record.Variable{
			{Name: "city", Value: "Rome"},
			{Name: "note", Value: "warm"},
			{Name: "picture", Value: `{"type":"input_image","image_url":{"mime_type":"image/png","bytes":3,"sha256":"` +
				blob("\x00\x00\x00").SHA256 + `"}}`},
		},
		System:   parts(record.Text{Content: "Be brief."}),
		Messages: []record.Message{{Role: "user", Parts: parts(record.Text{Content: "Hi."})}},
	}, call.Request)
	assert.Equal(t, "conv_2", asked(`{"conversation":"conv_2"}`).Request.ConversationID)
	assert.Equal(t, "text", asked(`{"text":{"format":{"type":"text"}}}`).Request.OutputType)
	assert.Equal(t, record.Request{}, asked(`{"model":7,"input":7,"conversation":[],"reasoning":"high","text":[],"prompt":1,"tools":{}}`).Request)
}

func TestEveryKindOfInputItemBecomesAMessage(t *testing.T) {
	const png = "data:image/png;base64,AAAA"
	zeros := blob("\x00\x00\x00")
	described := `{"mime_type":"image/png","bytes":3,"sha256":"` + zeros.SHA256 + `"}`
	for name, test := range map[string]struct {
		item, role string
		want       []record.Part
	}{
		"a short message":      {`{"role":"user","content":"Hi."}`, "user", parts(record.Text{Content: "Hi."})},
		"a developer":          {`{"type":"message","role":"developer","content":"Hi."}`, "developer", parts(record.Text{Content: "Hi."})},
		"an empty message":     {`{"role":"user","content":[]}`, "user", nil},
		"texts and a refusal":  {`{"role":"assistant","content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"no"}]}`, "assistant", parts(record.Text{Content: "a"}, record.Refusal{Content: "no"})},
		"an image by URL":      {`{"role":"user","content":[{"type":"input_image","image_url":"https://x/a.png","detail":"low"}]}`, "user", parts(record.Image{Media: record.Media{URI: "https://x/a.png"}, Detail: "low"})},
		"an image inside":      {`{"role":"user","content":[{"type":"input_image","image_url":"` + png + `"}]}`, "user", parts(record.Image{Media: record.Media{MIMEType: "image/png", Blob: zeros}})},
		"an uploaded image":    {`{"role":"user","content":[{"type":"input_image","image_url":null,"file_id":"file-1"}]}`, "user", parts(record.Image{Media: record.Media{FileID: "file-1"}})},
		"a file by URL":        {`{"role":"user","content":[{"type":"input_file","file_url":"https://x/a.pdf"}]}`, "user", parts(record.File{Media: record.Media{URI: "https://x/a.pdf"}})},
		"a file inside":        {`{"role":"user","content":[{"type":"input_file","file_data":"AAAA","filename":"a.pdf"}]}`, "user", parts(record.File{Media: record.Media{Blob: zeros}, Name: "a.pdf"})},
		"sound":                {`{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}`, "user", parts(record.Audio{Media: record.Media{MIMEType: "audio/wav", Blob: zeros}})},
		"a function's call":    {`{"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}"}`, "assistant", parts(record.ToolCall{ID: "call_1", Name: "f", Type: "function", Arguments: "{}"})},
		"a function's result":  {`{"type":"function_call_output","call_id":"call_1","output":"20"}`, "tool", parts(record.ToolResult{ID: "call_1", Content: "20"})},
		"a result of texts":    {`{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"2"},{"type":"input_text","text":"0"}]}`, "tool", parts(record.ToolResult{ID: "c", Content: "20"})},
		"a result of pictures": {`{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"` + png + `"}]}`, "tool", parts(record.ToolResult{ID: "c", Content: `[{"type":"input_image","image_url":` + described + `}]`})},
		"a custom call":        {`{"type":"custom_tool_call","call_id":"c","name":"run","input":"print(1)"}`, "assistant", parts(record.ToolCall{ID: "c", Name: "run", Type: "custom", Arguments: "print(1)"})},
		"a custom result":      {`{"type":"custom_tool_call_output","call_id":"c","output":"1"}`, "tool", parts(record.ToolResult{ID: "c", Content: "1"})},
		"a computer's call":    {`{"type":"computer_call","call_id":"c","action":{"type":"click","x":1}}`, "assistant", parts(record.ToolCall{ID: "c", Name: "computer", Type: "computer", Arguments: `{"type":"click","x":1}`})},
		"a computer's screen":  {`{"type":"computer_call_output","call_id":"c","output":{"type":"computer_screenshot","image_url":"` + png + `"}}`, "tool", parts(record.ToolResult{ID: "c", Content: `{"type":"computer_screenshot","image_url":` + described + `}`})},
		"a local shell":        {`{"type":"local_shell_call","call_id":"c","action":{"type":"exec","command":["ls"]}}`, "assistant", parts(record.ToolCall{ID: "c", Name: "local_shell", Type: "local_shell", Arguments: `{"type":"exec","command":["ls"]}`})},
		"a local shell's word": {`{"type":"local_shell_call_output","call_id":"c","output":"a b"}`, "tool", parts(record.ToolResult{ID: "c", Content: "a b"})},
		"a shell":              {`{"type":"shell_call","call_id":"c","action":{"commands":["ls"]}}`, "assistant", parts(record.ToolCall{ID: "c", Name: "shell", Type: "shell", Arguments: `{"commands":["ls"]}`})},
		"a shell's word":       {`{"type":"shell_call_output","call_id":"c","output":[{"stdout":"a"}]}`, "tool", parts(record.ToolResult{ID: "c", Content: `[{"stdout":"a"}]`})},
		"a patch":              {`{"type":"apply_patch_call","call_id":"c","operation":{"type":"delete_file"}}`, "assistant", parts(record.ToolCall{ID: "c", Name: "apply_patch", Type: "apply_patch", Arguments: `{"type":"delete_file"}`})},
		"a patch's result":     {`{"type":"apply_patch_call_output","call_id":"c","status":"completed","output":"done"}`, "tool", parts(record.ToolResult{ID: "c", Content: "done"})},
		"the client's search":  {`{"type":"tool_search_call","execution":"client","call_id":"c","arguments":{"q":"x"}}`, "assistant", parts(record.ToolCall{ID: "c", Name: "tool_search", Type: "tool_search", Arguments: `{"q":"x"}`})},
		"the client's find":    {`{"type":"tool_search_output","execution":"client","call_id":"c","tools":[{"name":"f","server_url":"https://secret"}]}`, "tool", parts(record.ToolResult{ID: "c", Content: `[{"name":"f"}]`})},
		"a web search":         {`{"type":"web_search_call","id":"ws_1","status":"completed","action":{"query":"x"}}`, "assistant", parts(record.ServerToolCall{ID: "ws_1", Name: "web_search", Type: "web_search_call", Content: `{"status":"completed","action":{"query":"x"}}`})},
		"reasoning":            {`{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"SECRET"}`, "assistant", parts(record.Reasoning{Content: "a"}, record.Reasoning{Content: "b"})},
		"a reference":          {`{"type":"item_reference","id":"msg_1"}`, "user", parts(record.Generic{Type: "item_reference", JSON: `{"type":"item_reference","id":"msg_1"}`})},
		"a short reference":    {`{"id":"msg_1"}`, "user", parts(record.Generic{Type: "item_reference", JSON: `{"id":"msg_1"}`})},
		"compaction":           {`{"type":"compaction","id":"cmp_1","encrypted_content":"SECRET"}`, "assistant", parts(record.Generic{Type: "compaction", JSON: `{"type":"compaction","id":"cmp_1"}`})},
		"an approval":          {`{"type":"mcp_approval_response","approve":true}`, "user", parts(record.Generic{Type: "mcp_approval_response", JSON: `{"type":"mcp_approval_response","approve":true}`})},
		"further tools":        {`{"type":"additional_tools","role":"developer","tools":[{"authorization":"SECRET","name":"f"}]}`, "developer", parts(record.Generic{Type: "additional_tools", JSON: `{"type":"additional_tools","role":"developer","tools":[{"name":"f"}]}`})},
		"tomorrow's item":      {`{"type":"dream","depth":1e2,"lucid":null}`, "user", parts(record.Generic{Type: "dream", JSON: `{"type":"dream","depth":1e2,"lucid":null}`})},
		"no object":            {`7`, "user", parts(record.Generic{JSON: `7`})},
	} {
		t.Run(name, func(t *testing.T) {
			call := asked(`{"input":[` + test.item + `]}`)
			assert.Equal(t, []record.Message{{Role: test.role, Parts: test.want}}, call.Request.Messages)
			assert.False(t, call.Content.Truncated)
		})
	}
}

func TestReasoningThatOnlyTheProviderCanReadSaysNothing(t *testing.T) {
	call := asked(`{"input":[{"type":"reasoning","summary":[],"encrypted_content":"SECRET"},{"role":"user","content":"Hi."}]}`)
	assert.Equal(t, []record.Message{{Role: "user", Parts: parts(record.Text{Content: "Hi."})}}, call.Request.Messages)
}

func TestOfAToolOnlyItsDefinitionIsKept(t *testing.T) {
	call := asked(`{"tools":[{"type":"function","name":"f","description":"d","parameters":{"x":1},"strict":true},
		{"type":"mcp","server_label":"wiki","server_url":"https://secret","authorization":"SECRET","headers":{"x":"SECRET"}},
		{"type":"web_search","user_location":{"city":"Rome"}},{"type":"custom","name":"c","format":{"definition":"g"}},
		{"type":"namespace","name":"n","tools":[{"type":"function","name":"g"}]},{"name":"h","parameters":null}]}`)
	assert.Equal(t, []record.Tool{
		{Type: "function", Name: "f", Description: "d", Parameters: `{"x":1}`},
		{Type: "mcp", Name: "mcp"},
		{Type: "web_search", Name: "web_search"},
		{Type: "custom", Name: "c"},
		{Type: "namespace", Name: "n"},
		{Type: "function", Name: "g"},
		{Type: "function", Name: "h"},
	}, call.Request.Tools)
}

const wholeResponse = `{"id":"resp_1","object":"response","status":"completed","error":null,"incomplete_details":null,
	"model":"gpt-5-2025-08-07","service_tier":"default","conversation":{"id":"conv_1"},
	"output":[{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Easy."}],"encrypted_content":"SECRET"},
	  {"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello.","annotations":[]}]}],
	"usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":3},"output_tokens":9,
	  "output_tokens_details":{"reasoning_tokens":5},"total_tokens":29}}`

// wholeRecord is what wholeResponse says.
func wholeRecord() *record.Call {
	return &record.Call{
		Request: record.Request{ConversationID: "conv_1"},
		Response: record.Response{
			ID: "resp_1", Model: "gpt-5-2025-08-07", ServiceTier: "default", Status: "completed",
			Choices: []record.Choice{{FinishReason: "stop", Message: record.Message{
				Role: "assistant", Parts: parts(record.Reasoning{Content: "Easy."}, record.Text{Content: "Hello."}),
			}}},
		},
		Usage: record.Usage{
			Input: record.Some(int64(20)), Output: record.Some(int64(9)), Total: record.Some(int64(29)),
			CacheRead: record.Some(int64(4)), CacheWrite: record.Some(int64(3)), Reasoning: record.Some(int64(5)),
		},
	}
}

func TestAWholeResponseIsRead(t *testing.T) {
	call, complete := responded(wholeResponse)
	assert.True(t, complete)
	assert.Equal(t, wholeRecord(), call)
}

func TestEveryKindOfOutputItemBecomesAPart(t *testing.T) {
	picture := base64.StdEncoding.EncodeToString([]byte("picture"))
	described := `{"bytes":7,"sha256":"` + blob("picture").SHA256 + `"}`
	for name, test := range map[string]struct {
		item string
		want []record.Part
	}{
		"a refusal":           {`{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"No."}]}`, parts(record.Refusal{Content: "No."})},
		"reasoning in full":   {`{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"a"}]}`, parts(record.Reasoning{Content: "a"})},
		"a function's call":   {`{"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{\"x\":1}"}`, parts(record.ToolCall{ID: "call_1", Name: "f", Type: "function", Arguments: `{"x":1}`})},
		"a custom call":       {`{"type":"custom_tool_call","call_id":"c","name":"run","input":"1"}`, parts(record.ToolCall{ID: "c", Name: "run", Type: "custom", Arguments: "1"})},
		"a web search":        {`{"type":"web_search_call","id":"w","status":"completed","action":{"type":"search","query":"x"}}`, parts(record.ServerToolCall{ID: "w", Name: "web_search", Type: "web_search_call", Content: `{"status":"completed","action":{"type":"search","query":"x"}}`})},
		"a file search":       {`{"type":"file_search_call","id":"f","queries":["x"],"results":[{"text":"y"}]}`, parts(record.ServerToolCall{ID: "f", Name: "file_search", Type: "file_search_call", Content: `{"queries":["x"]}`}, record.ServerToolResult{ID: "f", Name: "file_search", Type: "file_search_call", Content: `{"results":[{"text":"y"}]}`})},
		"a search of nothing": {`{"type":"file_search_call","id":"f","queries":["x"],"results":null}`, parts(record.ServerToolCall{ID: "f", Name: "file_search", Type: "file_search_call", Content: `{"queries":["x"]}`})},
		"code":                {`{"type":"code_interpreter_call","id":"ci","code":"1+1","container_id":"k","outputs":[{"type":"image","url":"data:image/png;base64,` + picture + `"}]}`, parts(record.ServerToolCall{ID: "ci", Name: "code_interpreter", Type: "code_interpreter_call", Content: `{"code":"1+1","container_id":"k"}`}, record.ServerToolResult{ID: "ci", Name: "code_interpreter", Type: "code_interpreter_call", Content: `{"outputs":[{"type":"image","url":{"mime_type":"image/png",` + described[1:] + `}]}`})},
		"a picture":           {`{"type":"image_generation_call","id":"ig","result":"` + picture + `","revised_prompt":"a cat"}`, parts(record.ServerToolCall{ID: "ig", Name: "image_generation", Type: "image_generation_call", Content: `{"revised_prompt":"a cat"}`}, record.ServerToolResult{ID: "ig", Name: "image_generation", Type: "image_generation_call", Content: `{"result":` + described + `}`})},
		"a remote tool":       {`{"type":"mcp_call","id":"m","server_label":"wiki","name":"ask","arguments":"{}","output":"yes","error":null}`, parts(record.ServerToolCall{ID: "m", Name: "ask", Type: "mcp_call", Content: `{"server_label":"wiki","arguments":"{}"}`}, record.ServerToolResult{ID: "m", Name: "ask", Type: "mcp_call", Content: `{"output":"yes"}`})},
		"remote tools":        {`{"type":"mcp_list_tools","id":"l","server_label":"wiki","tools":[{"name":"ask"}]}`, parts(record.ServerToolCall{ID: "l", Name: "mcp_list_tools", Type: "mcp_list_tools", Content: `{"server_label":"wiki"}`}, record.ServerToolResult{ID: "l", Name: "mcp_list_tools", Type: "mcp_list_tools", Content: `{"tools":[{"name":"ask"}]}`})},
		"a search for tools":  {`{"type":"tool_search_call","id":"t","call_id":null,"execution":"server","arguments":{"paths":["x"]}}`, parts(record.ServerToolCall{ID: "t", Name: "tool_search", Type: "tool_search_call", Content: `{"execution":"server","arguments":{"paths":["x"]}}`})},
		"tools found":         {`{"type":"tool_search_output","id":"o","execution":"server","tools":[{"name":"f"}]}`, parts(record.ServerToolResult{ID: "o", Name: "tool_search", Type: "tool_search_output", Content: `{"tools":[{"name":"f"}]}`})},
		"a hosted shell":      {`{"type":"shell_call","call_id":"c","action":{"commands":["ls"]},"environment":{"type":"container_reference"}}`, parts(record.ServerToolCall{ID: "c", Name: "shell", Type: "shell_call", Content: `{"action":{"commands":["ls"]},"environment":{"type":"container_reference"}}`})},
		"a shell's word":      {`{"type":"shell_call_output","call_id":"c","output":[{"stdout":"a"}]}`, parts(record.ServerToolResult{ID: "c", Name: "shell", Type: "shell_call_output", Content: `{"output":[{"stdout":"a"}]}`})},
		"a request":           {`{"type":"mcp_approval_request","id":"r","name":"f"}`, parts(record.Generic{Type: "mcp_approval_request", JSON: `{"type":"mcp_approval_request","id":"r","name":"f"}`})},
		"a program":           {`{"type":"program","code":"1","fingerprint":"SECRET"}`, parts(record.Generic{Type: "program", JSON: `{"type":"program","code":"1"}`})},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, output(t, test.item))
		})
	}
	assert.Equal(t, parts(record.Text{Content: "a"}, record.Text{Content: "b"}),
		output(t, `{"type":"message","content":[{"type":"output_text","text":"a"}]},7,{"type":"message","content":[{"type":"output_text","text":"b"}]}`))
}

func TestTheFinishReasonIsDerivedFromStatusAndOutput(t *testing.T) {
	const call = `{"type":"function_call","call_id":"c","name":"f"}`
	const shell = `{"type":"shell_call","call_id":"s"},{"type":"shell_call_output","call_id":"s"}`
	for body, want := range map[string]string{
		`{"status":"completed"}`:                                                                    "stop",
		`{"status":"complete","output":[{"type":"message"}]}`:                                       "stop",
		`{"output":[{"type":"message"}]}`:                                                           "stop",
		`{"status":"completed","output":[` + call + `]}`:                                            "tool_calls",
		`{"status":"completed","output":[` + shell + `]}`:                                           "stop",
		`{"status":"completed","output":[` + shell + `,` + call + `]}`:                              "tool_calls",
		`{"status":"completed","output":[{"type":"tool_search_call","execution":"client"}]}`:        "tool_calls",
		`{"status":"completed","output":[{"type":"tool_search_call","execution":"server"}]}`:        "stop",
		`{"status":"completed","output":[{"type":"web_search_call"}]}`:                              "stop",
		`{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}`:               "length",
		`{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}`:                  "content_filter",
		`{"status":"incomplete","incomplete_details":{"reason":"steered"},"output":[` + call + `]}`: "steered",
		`{"status":"incomplete"}`:                                                                   "incomplete",
		`{"status":"cancelled"}`:                                                                    "error", //nolint:misspell // as the protocol spells it
	} {
		got, complete := responded(body)
		assert.True(t, complete, body)
		assert.Nil(t, got.Error, body)
		require.Len(t, got.Response.Choices, 1, body)
		assert.Equal(t, want, got.Response.Choices[0].FinishReason, body)
	}
}

func TestAResponseMadeInTheBackgroundIsCompleteAndHasNothingYet(t *testing.T) {
	for _, status := range []string{"queued", "in_progress"} {
		call, complete := responded(`{"id":"resp_1","status":"` + status + `","output":[],"usage":null}`)
		assert.True(t, complete)
		assert.Equal(t, &record.Call{Response: record.Response{ID: "resp_1", Status: status}}, call)
	}
}

func TestAFailedResponseIsAnError(t *testing.T) {
	call, complete := responded(`{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"Down."},"output":[]}`)
	assert.True(t, complete)
	assert.Equal(t, &record.Error{Type: "server_error", Code: "server_error", Message: "Down."}, call.Error)
	assert.Equal(t, "error", call.Response.Choices[0].FinishReason)

	call, _ = responded(`{"status":"failed","error":null}`)
	assert.Equal(t, &record.Error{Type: "_OTHER"}, call.Error)

	call, complete = responded(`{"error":{"type":"invalid_request_error","message":"Bad."}}`)
	assert.False(t, complete)
	assert.Equal(t, &record.Error{Type: "invalid_request_error", ProviderType: "invalid_request_error", Message: "Bad."}, call.Error)
	assert.Empty(t, call.Response.Choices)

	call, complete = responded(`{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"kept"}]},{`)
	assert.False(t, complete)
	assert.Equal(t, &record.Error{Type: wire.DecodeError}, call.Error)
	assert.Equal(t, parts(record.Text{Content: "kept"}), call.Response.Choices[0].Message.Parts)
}

func TestCompactionIsNoted(t *testing.T) {
	call, _ := responded(`{"status":"completed","output":[{"type":"compaction","id":"cmp_1","encrypted_content":"SECRET"}]}`)
	assert.True(t, call.Response.Compacted)
	assert.Equal(t, parts(record.Generic{Type: "compaction", JSON: `{"type":"compaction","id":"cmp_1"}`}), call.Response.Choices[0].Message.Parts)
	call, _ = respondedBy(`{"type":"response.compaction.compacting"}`)
	assert.True(t, call.Response.Compacted)
}

func TestALargeResponseIsDecodedAtOnceAndKeepsOnlyTheRecord(t *testing.T) {
	picture := strings.Repeat("AAAA", 1<<19)
	body := `{"status":"completed","output":[{"type":"image_generation_call","id":"ig","result":"` + picture + `"}]}`
	want := `{"result":{"bytes":1572864,"sha256":"` + blob(strings.Repeat("\x00", 3<<19)).SHA256 + `"}}`
	for _, streams := range []bool{false, true} {
		call := new(record.Call)
		responses := openai.NewResponses(call)
		responses.Request([]byte(`{}`), true)
		if streams {
			responses.Event([]byte(`{"type":"response.output_item.done","output_index":0,"item":{"type":"image_generation_call","result":"` + picture + `"}}`))
			assert.Less(t, responses.Retained(), 300)
			responses.Event([]byte(`{"type":"response.completed","response":` + body + `}`))
		} else {
			responses.Response([]byte(body))
		}
		assert.True(t, responses.Finish())
		assert.Less(t, responses.Retained(), 300)
		responses.Content(call)
		part := call.Response.Choices[0].Message.Parts[1]
		assert.Equal(t, record.ServerToolResult{ID: "ig", Name: "image_generation", Type: "image_generation_call", Content: want}, part)
	}
	large := strings.Repeat("x", 2*room)
	call := asked(`{"instructions":"` + large + `","input":"Hi."}`)
	assert.True(t, call.Content.Truncated)
	assert.LessOrEqual(t, size(call), room+100)
}
