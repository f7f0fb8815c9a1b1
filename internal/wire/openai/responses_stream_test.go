package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

const (
	created      = `{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"in_progress","model":"gpt-5-2025-08-07","service_tier":"auto","output":[],"usage":null}}`
	messageAdded = `{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}`
	partAdded    = `{"type":"response.content_part.added","output_index":0,"part":{"type":"output_text","text":""}}`
)

func fragment(kind string, index int, text string) string {
	return fmt.Sprintf(`{"type":"response.%s.delta","item_id":"x","output_index":%d,"delta":%s}`, kind, index, quoted(text))
}

func ending(kind, response string) string {
	return `{"type":"response.` + kind + `","sequence_number":9,"response":` + response + `}`
}

func TestTheLastEventOfAStreamHasAllOfTheResponse(t *testing.T) {
	call, complete := respondedBy(created, messageAdded, partAdded, fragment("output_text", 0, "Drop"), fragment("output_text", 0, "ped."),
		`{"type":"response.output_text.done","output_index":0,"text":"Dropped."}`, ending("completed", wholeResponse), fragment("output_text", 0, "late"))
	assert.True(t, complete)
	want := wholeRecord()
	want.Request.Stream = true
	want.Stream = record.Stream{Chunks: 7, ContentChunks: 2}
	assert.Equal(t, want, call)
}

func TestTheTypeOfAnEventMayComeLast(t *testing.T) {
	call, complete := respondedBy(`{"response":` + wholeResponse + `,"type":"response.completed"}`)
	assert.True(t, complete)
	assert.Equal(t, "resp_1", call.Response.ID)
}

func TestWhatCameBeforeAStreamWasCutIsKept(t *testing.T) {
	for name, test := range map[string]struct {
		events []string
		want   []record.Part
	}{
		"a text":           {[]string{messageAdded, fragment("output_text", 0, "Hel"), fragment("output_text", 0, "lo")}, parts(record.Text{Content: "Hello"})},
		"a refusal":        {[]string{messageAdded, fragment("refusal", 0, "No")}, parts(record.Refusal{Content: "No"})},
		"reasoning":        {[]string{fragment("reasoning_text", 0, "a"), fragment("output_text", 1, "b")}, parts(record.Reasoning{Content: "a"}, record.Text{Content: "b"})},
		"a summary":        {[]string{fragment("reasoning_summary_text", 0, "a")}, parts(record.Reasoning{Content: "a"})},
		"a transcript":     {[]string{fragment("audio.transcript", 0, "a"), fragment("audio", 0, "AAAA")}, parts(record.Text{Content: "a"})},
		"arguments":        {[]string{`{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":""}}`, fragment("function_call_arguments", 0, `{"x"`)}, parts(record.ToolCall{ID: "c", Name: "f", Type: "function", Arguments: `{"x"`})},
		"bare arguments":   {[]string{fragment("function_call_arguments", 0, `{"x"`)}, parts(record.ToolCall{Type: "function", Arguments: `{"x"`})},
		"a custom call":    {[]string{`{"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call","call_id":"c","name":"f"}}`, fragment("custom_tool_call_input", 0, "ab")}, parts(record.ToolCall{ID: "c", Name: "f", Type: "custom", Arguments: "ab"})},
		"a patch":          {[]string{`{"type":"response.output_item.added","output_index":0,"item":{"type":"apply_patch_call","call_id":"c"}}`, fragment("apply_patch_call_operation_diff", 0, "+a")}, parts(record.ToolCall{ID: "c", Name: "apply_patch", Type: "apply_patch", Arguments: "+a"})},
		"code":             {[]string{`{"type":"response.output_item.added","output_index":0,"item":{"type":"code_interpreter_call","id":"ci"}}`, fragment("code_interpreter_call_code", 0, "1+")}, parts(record.ServerToolCall{ID: "ci", Name: "code_interpreter", Type: "code_interpreter_call", Content: "1+"})},
		"a finished item":  {[]string{messageAdded, fragment("output_text", 0, "x"), `{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Hello"}]}}`, fragment("output_text", 0, "late")}, parts(record.Text{Content: "Hello"})},
		"items in order":   {[]string{fragment("output_text", 1, "b"), fragment("output_text", 0, "a")}, parts(record.Text{Content: "a"}, record.Text{Content: "b"})},
		"absurd positions": {[]string{fragment("output_text", -7, "a"), fragment("output_text", 1<<30, "b")}, parts(record.Text{Content: "ab"})},
		"an empty start":   {[]string{messageAdded, partAdded}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			call, complete := respondedBy(append([]string{created}, test.events...)...)
			assert.False(t, complete)
			assert.Equal(t, "gpt-5-2025-08-07", call.Response.Model)
			assert.Empty(t, call.Response.Status)
			assert.Equal(t, []record.Choice{{Message: record.Message{Role: "assistant", Parts: test.want}}}, call.Response.Choices)
		})
	}
	call, complete := respondedBy(created)
	assert.False(t, complete)
	assert.Empty(t, call.Response.Choices)
}

func TestALastEventWithoutOutputLeavesWhatTheStreamBrought(t *testing.T) {
	call, complete := respondedBy(
		`{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}}`,
		ending("completed", `{"id":"resp_1","output":[]}`))
	assert.True(t, complete)
	assert.Equal(t, []record.Choice{{FinishReason: "tool_calls", Message: record.Message{
		Role: "assistant", Parts: parts(record.ToolCall{ID: "c", Name: "f", Type: "function", Arguments: "{}"}),
	}}}, call.Response.Choices)
}

func TestALastEventThatIsCutStillCounts(t *testing.T) {
	call, complete := respondedBy(strings.TrimSuffix(ending("completed", wholeResponse), "}"))
	assert.True(t, complete)
	assert.Equal(t, wholeRecord().Response, call.Response)
}

func TestHowAStreamEndsIsToldByItsLastEvent(t *testing.T) {
	call, complete := respondedBy(created, fragment("output_text", 0, "a"),
		ending("incomplete", `{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"message"}]}`))
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	assert.Equal(t, "length", call.Response.Choices[0].FinishReason)

	call, complete = respondedBy(created, fragment("output_text", 0, "a"),
		ending("failed", `{"status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow down."},"output":[]}`))
	assert.True(t, complete)
	assert.Equal(t, &record.Error{Type: "rate_limit_exceeded", Code: "rate_limit_exceeded", Message: "Slow down."}, call.Error)
	assert.Equal(t, "error", call.Response.Choices[0].FinishReason)
	assert.Equal(t, parts(record.Text{Content: "a"}), call.Response.Choices[0].Message.Parts)
}

func TestAnErrorInAStreamFailsTheCallAndKeepsWhatCame(t *testing.T) {
	for data, want := range map[string]record.Error{
		`{"type":"error","code":"server_error","message":"Down.","param":null,"sequence_number":3}`: {Type: "server_error", Code: "server_error", Message: "Down."},
		`{"type":"error","message":"Down."}`:                               {Type: "_OTHER", Message: "Down."},
		`{"type":"error","error":{"type":"overloaded","message":"Down."}}`: {Type: "overloaded", ProviderType: "overloaded", Message: "Down."},
		`{"error":{"type":"overloaded","code":503,"message":"Down."}}`:     {Type: "503", Code: "503", ProviderType: "overloaded", Message: "Down."},
	} {
		call, complete := respondedBy(created, fragment("output_text", 0, "kept"), data, ending("completed", wholeResponse))
		assert.False(t, complete)
		assert.Equal(t, &want, call.Error, data)
		assert.Equal(t, []record.Choice{{Message: record.Message{Role: "assistant", Parts: parts(record.Text{Content: "kept"})}}}, call.Response.Choices)
	}
}

func TestOnlyFragmentsOfOutputCountAsGenerated(t *testing.T) {
	responses := openai.NewResponses(new(record.Call))
	for data, want := range map[string]wire.Progress{
		created: 0, messageAdded: 0, partAdded: 0,
		fragment("output_text", 0, "a"):                                              wire.Generated,
		fragment("output_text", 0, ""):                                               0,
		fragment("refusal", 0, "a"):                                                  wire.Generated,
		fragment("reasoning_summary_text", 0, "a"):                                   wire.Generated,
		fragment("audio", 0, "AAAA"):                                                 wire.Generated,
		fragment("mcp_call_arguments", 0, "{"):                                       wire.Generated,
		`{"type":"response.shell_call_output_content.delta","delta":{"stdout":"a"}}`: wire.Generated,
		`{"type":"response.tomorrow","x":1}`:                                         0,
		`{"type":7}`:                                                                 0, `{}`: 0, `[]`: 0, `ping`: 0, ``: 0,
		`{"type":"response.completed"}`: 0,
		`[DONE]`:                        wire.Done,
	} {
		assert.Equal(t, want, responses.Event([]byte(data)), data)
	}
}

func TestWhatAStreamRetainsIsItsBudgetAtTheMost(t *testing.T) {
	megabyte := strings.Repeat("x", 1<<20)
	call := new(record.Call)
	responses := openai.NewResponses(call)
	responses.Request([]byte(`{"stream":true}`), true)
	for i := range 20 {
		responses.Event([]byte(fragment("output_text", 2*i, megabyte)))
		responses.Event([]byte(`{"type":"response.output_item.done","output_index":` + fmt.Sprint(2*i+1) + `,"item":{"type":"message","content":[{"type":"output_text","text":"` + megabyte + `"}]}}`))
		require.LessOrEqual(t, responses.Retained(), room)
	}
	assert.False(t, responses.Finish())
	responses.Content(call)
	assert.True(t, call.Content.Truncated)
	assert.LessOrEqual(t, size(call), room+2000)

	for i := range 3000 {
		responses.Event([]byte(fragment("output_text", i%1024, "x")))
	}
}

func TestWithoutContentAStreamKeepsNothing(t *testing.T) {
	call := new(record.Call)
	responses := openai.NewResponses(call)
	responses.Request([]byte(`{"input":"Hi.","stream":true}`), false)
	for _, data := range []string{created, messageAdded, fragment("output_text", 0, "Hello"), ending("completed", wholeResponse)} {
		responses.Event([]byte(data))
		assert.Zero(t, responses.Retained())
	}
	assert.True(t, responses.Finish())
	assert.Equal(t, []record.Choice{{FinishReason: "stop"}}, call.Response.Choices)
}
