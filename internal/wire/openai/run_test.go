package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// runObject is a run in some state.
func runObject(status, more string) string {
	return fmt.Sprintf(`{"id":"run_1","object":"thread.run","assistant_id":"asst_1","thread_id":"thread_1","status":%q,"model":"gpt-4o-mini","instructions":"Not asked for here.",%s`+
		`"required_action":null,"last_error":null,"incomplete_details":null}`, status, more)
}

const runUsage = `"usage":{"prompt_tokens":380,"completion_tokens":90,"total_tokens":470,"prompt_token_details":{"cached_tokens":7},"completion_tokens_details":{"reasoning_tokens":2}},`

const requiredAction = `"required_action":{"type":"submit_tool_outputs","submit_tool_outputs":{"tool_calls":[
	{"id":"call_1","type":"function","function":{"name":"sql","arguments":"{\"q\":1}"}}]}}`

func TestTheRequestOfARunIsRead(t *testing.T) {
	call, _ := exchanged(openai.NewRun, `{"assistant_id":"asst_1","model":"gpt-4o","stream":true,"temperature":0.5,"top_p":0.9,
		"max_completion_tokens":100,"max_prompt_tokens":900,"reasoning_effort":"low","response_format":{"type":"json_object"},
		"instructions":"Be brief.","additional_instructions":"Be kind.",
		"additional_messages":[{"role":"user","content":"Hi."},{"role":"user","content":[{"type":"text","text":"Look:"},
		  {"type":"image_file","image_file":{"file_id":"file-1","detail":"low"}},{"type":"image_url","image_url":{"url":"https://x/a.png"}}]}],
		"tools":[{"type":"code_interpreter"},{"type":"function","function":{"name":"sql","description":"Runs.","parameters":{"type":"object"}}}],
		"tool_resources":{"file_search":{"vector_store_ids":["vs_1"]}},"metadata":{"a":"b"}}`, runObject("queued", ""))
	assert.Equal(t, record.Request{
		Model: "gpt-4o", Stream: true, Temperature: record.Some(0.5), TopP: record.Some(0.9), MaxTokens: some(100), ReasoningLevel: "low",
		OutputType: "json", ConversationID: "thread_1",
		System: parts(record.Text{Content: "Be brief."}, record.Text{Content: "Be kind."}),
		Messages: []record.Message{
			{Role: "user", Parts: parts(record.Text{Content: "Hi."})},
			{Role: "user", Parts: parts(record.Text{Content: "Look:"},
				record.Image{Media: record.Media{FileID: "file-1"}, Detail: "low"}, record.Image{Media: record.Media{URI: "https://x/a.png"}})},
		},
		Tools: []record.Tool{
			{Type: "code_interpreter", Name: "code_interpreter"},
			{Type: "function", Name: "sql", Description: "Runs.", Parameters: `{"type":"object"}`},
		},
	}, call.Request)
	assert.Equal(t, record.Agent{ID: "asst_1"}, call.Agent)

	call, _ = exchanged(openai.NewRun, `{"assistant_id":"asst_1","thread":{"messages":[{"role":"user","content":"Hi."}]}}`, runObject("queued", ""))
	assert.Equal(t, []record.Message{{Role: "user", Parts: parts(record.Text{Content: "Hi."})}}, call.Request.Messages)

	call, _ = exchanged(openai.NewRun, `{"tool_outputs":[{"tool_call_id":"call_1","output":"70 and sunny."},{"output":{"a":1}}]}`, runObject("queued", ""))
	assert.Equal(t, []record.Message{
		{Role: "tool", Parts: parts(record.ToolResult{ID: "call_1", Content: "70 and sunny."})},
		{Role: "tool", Parts: parts(record.ToolResult{Content: `{"a":1}`})},
	}, call.Request.Messages)
}

func TestTheStateOfARunDecidesItsFinishReason(t *testing.T) {
	for status, want := range map[string]string{
		"queued": "", "in_progress": "", "cancelling": "", //nolint:misspell // as the protocol spells it
		"completed": "stop", "failed": "error", "expired": "error", "cancelled": "error", //nolint:misspell // as the protocol spells it
		"incomplete": "incomplete", "requires_action": "tool_calls",
	} {
		call, complete := exchanged(openai.NewRun, `{}`, runObject(status, runUsage))
		assert.True(t, complete, status)
		assert.Equal(t, status, call.Response.Status)
		assert.Equal(t, "run_1", call.Response.ID)
		assert.Equal(t, "gpt-4o-mini", call.Response.Model)
		usage := record.Usage{Input: some(380), Output: some(90), Total: some(470), CacheRead: some(7), Reasoning: some(2)}
		if status == "requires_action" {
			usage = record.Usage{}
		}
		assert.Equal(t, usage, call.Usage, status)
		assert.Equal(t, status == "failed", call.Error != nil, status)
		if want == "" {
			assert.Empty(t, call.Response.Choices, status)
			continue
		}
		require.Len(t, call.Response.Choices, 1, status)
		assert.Equal(t, want, call.Response.Choices[0].FinishReason)
	}
	for reason, want := range map[string]string{"max_completion_tokens": "length", "max_prompt_tokens": "length", "steered": "steered"} {
		call, _ := exchanged(openai.NewRun, `{}`, `{"status":"incomplete","incomplete_details":{"reason":"`+reason+`"}}`)
		assert.Equal(t, want, call.Response.Choices[0].FinishReason)
	}
}

func TestARunThatFailedTellsWhy(t *testing.T) {
	call, complete := exchanged(openai.NewRun, `{}`, `{"status":"failed","last_error":{"code":"rate_limit_exceeded","message":"Too much."}}`)
	assert.True(t, complete)
	assert.Equal(t, &record.Error{Type: "rate_limit_exceeded", Code: "rate_limit_exceeded", Message: "Too much."}, call.Error)
}

func TestARunThatWaitsForTheProgramHasItsCalls(t *testing.T) {
	body := strings.Replace(runObject("requires_action", ""), `"required_action":null`, requiredAction, 1)
	want := record.Message{Role: "assistant", Parts: parts(record.ToolCall{ID: "call_1", Name: "sql", Type: "function", Arguments: `{"q":1}`})}
	call, complete := exchanged(openai.NewRun, `{}`, body)
	assert.True(t, complete)
	assert.Equal(t, want, call.Response.Choices[0].Message)

	call, complete = exchangedEvents(openai.NewRun, `{"stream":true}`, runObject("in_progress", ""), body, `[DONE]`)
	assert.True(t, complete)
	assert.Equal(t, []record.Choice{{FinishReason: "tool_calls", Message: want}}, call.Response.Choices)
}

func TestWhatIsNoRunIsAnError(t *testing.T) {
	for _, body := range []string{``, `[]`, `7`, `{"id":`, `"run"`} {
		call, complete := exchanged(openai.NewRun, `{}`, body)
		assert.False(t, complete, body)
		assert.Equal(t, &record.Error{Type: "decode_error"}, call.Error, body)
	}
	_, complete := exchanged(openai.NewRun, `{}`, `{"id":"run_1"}`)
	assert.False(t, complete, "no state")
}

// messageDelta is the fragment of a message.
func messageDelta(id, text string) string {
	return `{"id":"` + id + `","object":"thread.message.delta","delta":{"content":[{"index":0,"type":"text","text":{"value":` + quoted(text) + `}}]}}`
}

const (
	messageCreated = `{"id":"msg_1","object":"thread.message","status":"in_progress","role":"assistant","content":[]}`
	messageDone    = `{"id":"msg_1","object":"thread.message","status":"completed","role":"assistant","content":[
		{"type":"text","text":{"value":"Hello there.","annotations":[]}},{"type":"image_file","image_file":{"file_id":"file-1"}}]}`
	stepDelta = `{"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls"}}}`
	stepDone  = `{"id":"step_1","object":"thread.run.step","status":"completed","step_details":{"type":"tool_calls","tool_calls":[
		{"id":"call_7","type":"code_interpreter","code_interpreter":{"input":"1+1","outputs":[{"type":"logs","logs":"2"}]}},
		{"id":"call_8","type":"file_search","file_search":{}},
		{"id":"call_9","type":"function","function":{"name":"sql","arguments":"{}","output":"1"}}]}}`
	messageStep = `{"id":"step_2","object":"thread.run.step","status":"completed","step_details":{"type":"message_creation","message_creation":{"message_id":"msg_1"}}}`
)

func TestAStreamedRunIsReadToTheEventThatEndsTheRun(t *testing.T) {
	call, complete := exchangedEvents(openai.NewRun, `{"stream":true,"assistant_id":"asst_1"}`, runObject("queued", ""), runObject("in_progress", ""),
		stepDelta, stepDone, messageCreated, messageDelta("msg_1", "Hel"), messageDelta("msg_1", "lo"), messageDone, messageStep,
		runObject("completed", runUsage), messageDelta("msg_1", "late"), `[DONE]`)
	assert.True(t, complete)
	assert.Equal(t, "completed", call.Response.Status)
	assert.Equal(t, record.Stream{Chunks: 10, ContentChunks: 3}, call.Stream)
	assert.Equal(t, some(380), call.Usage.Input)
	assert.Equal(t, "thread_1", call.Request.ConversationID)
	assert.Equal(t, []record.Choice{{FinishReason: "stop", Message: record.Message{Role: "assistant", Parts: parts(
		record.ServerToolCall{ID: "call_7", Name: "code_interpreter", Type: "code_interpreter_call", Content: `{"input":"1+1"}`},
		record.ServerToolResult{ID: "call_7", Name: "code_interpreter", Type: "code_interpreter_call", Content: `{"outputs":[{"type":"logs","logs":"2"}]}`},
		record.ServerToolCall{ID: "call_8", Name: "file_search", Type: "file_search_call", Content: `{}`},
		record.Text{Content: "Hello there."},
		record.Image{Media: record.Media{FileID: "file-1"}},
	)}}}, call.Response.Choices)
}

func TestAStreamedRunThatIsCutKeepsWhatCame(t *testing.T) {
	call, complete := exchangedEvents(openai.NewRun, `{"stream":true}`, runObject("in_progress", ""), messageCreated,
		messageDelta("msg_1", "Hel"), messageDelta("msg_1", "lo"), messageDelta("msg_2", "there"))
	assert.False(t, complete)
	assert.Empty(t, call.Response.Status)
	assert.Equal(t, []record.Choice{{Message: record.Message{Role: "assistant", Parts: parts(
		record.Text{Content: "Hello"}, record.Text{Content: "there"})}}}, call.Response.Choices)

	call, complete = exchangedEvents(openai.NewRun, `{"stream":true}`, runObject("in_progress", ""), `[DONE]`)
	assert.False(t, complete, "the run goes on")
	assert.Empty(t, call.Response.Choices)
}

func TestAnErrorEventEndsAStreamedRun(t *testing.T) {
	for _, data := range []string{
		`{"error":{"message":"Down.","code":"server_error"}}`, `{"message":"Down.","code":"server_error","type":null}`,
	} {
		call, complete := exchangedEvents(openai.NewRun, `{"stream":true}`, messageDelta("msg_1", "kept"), data, runObject("completed", ""))
		assert.False(t, complete, data)
		assert.Equal(t, &record.Error{Type: "server_error", Code: "server_error", Message: "Down."}, call.Error, data)
		assert.Equal(t, "kept", textOf(call.Response.Choices[0].Message))
	}
	for _, data := range []string{`{"error":null}`, `{"message":"hi"}`, `{"code":1}`, `{}`, `ping`, `{"object":"thread.dream","error":{}}`} {
		call, complete := exchangedEvents(openai.NewRun, `{"stream":true}`, data, runObject("completed", ""))
		assert.True(t, complete, data)
		assert.Nil(t, call.Error, data)
	}
}

func TestTheMemoryOfAStreamedRunIsBounded(t *testing.T) {
	call := new(record.Call)
	run := openai.NewRun(call)
	run.Request([]byte(`{}`), true)
	long := strings.Repeat("a", 1<<20)
	for i := range 3000 {
		run.Event([]byte(messageDelta(fmt.Sprint("msg_", i), "x")))
	}
	for range 8 {
		run.Event([]byte(messageDelta("msg_1", long)))
	}
	run.Event([]byte(strings.Replace(strings.Replace(messageDone, "Hello there.", strings.Repeat("b c ", 600_000), 1), "msg_1", "msg_2", 1)))
	assert.LessOrEqual(t, run.Retained(), 4<<20+len(`{}`))
	run.Finish()
	run.Content(call)
	assert.LessOrEqual(t, size(call), 4<<20+100)
	assert.True(t, call.Content.Truncated)
}

func TestALargeRequestOfARunIsDecodedAtOnce(t *testing.T) {
	long := strings.Repeat("a b ", 300_000)
	call := new(record.Call)
	run := openai.NewRun(call)
	body := []byte(`{"additional_messages":[{"role":"user","content":"` + long + `"}]}`)
	run.Request(body, true)
	clear(body)
	assert.LessOrEqual(t, run.Retained(), len(long)+len("user"))
	run.Content(call)
	assert.Equal(t, long, textOf(call.Request.Messages[0]))
}

func TestTheURLNamesTheThread(t *testing.T) {
	for address, want := range map[string]string{
		"/v1/threads/thread_1/runs":                           "thread_1",
		"/v1/threads/thread_1/runs/run_1/submit_tool_outputs": "thread_1",
		"/v1/threads/thread_1/runs/":                          "thread_1",
		"/v1/threads/runs":                                    "",
		"/openai/threads/thread_%FF/runs":                     "thread_\uFFFD",
	} {
		assert.Equal(t, &record.Call{Request: record.Request{ConversationID: want}}, described(t, openai.DescribeRun, address, `{}`), address)
	}
}

func TestTheTokensOfARunThatWaitsAreCountedWhenItIsOver(t *testing.T) {
	run := func(status, usage string) string {
		return `{"id":"run_1","object":"thread.run","usage":` + usage + `,"status":"` + status + `"}`
	}
	soFar, whole := `{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}`, `{"prompt_tokens":30,"completion_tokens":8,"total_tokens":38}`
	call, complete := exchanged(openai.NewRun, `{}`, run("requires_action", soFar))
	assert.True(t, complete)
	assert.Equal(t, record.Usage{}, call.Usage)
	call, complete = exchangedEvents(openai.NewRun, `{"stream":true}`, run("in_progress", "null"), run("requires_action", soFar))
	assert.True(t, complete)
	assert.Equal(t, record.Usage{}, call.Usage)
	call, _ = exchangedEvents(openai.NewRun, `{"stream":true}`, run("in_progress", "null"), run("completed", whole))
	assert.Equal(t, record.Usage{Input: some(30), Output: some(8), Total: some(38)}, call.Usage)
}
