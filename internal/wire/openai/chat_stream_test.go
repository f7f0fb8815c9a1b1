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

// chunk is a chunk with choices.
func chunk(choices ...string) string { return `{"choices":[` + strings.Join(choices, ",") + `]}` }

// delta is a choice with a delta, and perhaps a finish reason.
func delta(index int, body string, reason ...string) string {
	finish := "null"
	if len(reason) > 0 {
		finish = quoted(reason[0])
	}
	return fmt.Sprintf(`{"index":%d,"delta":%s,"finish_reason":%s}`, index, body, finish)
}

// fragments are chunks with fragments of tool calls, each in one chunk of choice 0.
func fragments(calls ...string) (events []string) {
	for _, call := range calls {
		events = append(events, chunk(delta(0, `{"tool_calls":[`+call+`]}`)))
	}
	return append(events, chunk(delta(0, `{}`, "tool_calls")))
}

func TestAStreamIsReassembled(t *testing.T) {
	call, complete := streamed(
		`{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_1","choices":[`+
			delta(0, `{"role":"assistant","content":"","refusal":null}`)+`],"usage":null}`,
		`{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[`+delta(0, `{"content":"Hel"}`)+`],"usage":null}`,
		`{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[`+delta(0, `{"content":"lo."}`)+`],"usage":null}`,
		`{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[`+delta(0, `{}`, "stop")+`],"usage":null}`,
		`{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`,
		"[DONE]",
	)
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	assert.Equal(t, record.Response{
		ID: "chatcmpl-1", Model: "gpt-4o-2024-08-06", ServiceTier: "default", SystemFingerprint: "fp_1",
		Choices: []record.Choice{{FinishReason: "stop", Message: record.Message{
			Role: "assistant", Parts: parts(record.Text{Content: "Hello."}),
		}}},
	}, call.Response)
	assert.Equal(t, record.Stream{Chunks: 5, ContentChunks: 2}, call.Stream)
	assert.Equal(t, record.Some[int64](9), call.Usage.Input)
	assert.False(t, call.Content.Truncated)
}

func TestTheIdentityIsTheFirstOneThatIsNotEmpty(t *testing.T) { // Azure's first chunk has none
	call, _ := streamed(
		`{"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}`,
		`{"id":null,"model":7,"service_tier":null}`,
		`{"id":"a","model":"m","service_tier":"flex","system_fingerprint":"fp_1"}`,
		`{"id":"b","model":"n","service_tier":"auto","system_fingerprint":"fp_2"}`,
	)
	assert.Equal(t, record.Response{
		ID: "a", Model: "m", ServiceTier: "flex", SystemFingerprint: "fp_1", Choices: []record.Choice{},
	}, call.Response)
}

func TestInterleavedChoicesAreKeptApart(t *testing.T) {
	call, complete := streamed(
		chunk(delta(1, `{"content":"B"}`), delta(0, `{"role":"assistant","content":"A"}`)),
		chunk(delta(2, `{"refusal":"N"}`)),
		chunk(`{"delta":{"content":"b"},"index":1}`), // the index comes last
		chunk(delta(0, `{"content":"a"}`), delta(2, `{"refusal":"o"}`), delta(1, `{"content":"!"}`)),
		chunk(delta(2, `{}`, "stop"), delta(0, `{}`, "length"), delta(1, `{}`, "content_filter")),
	)
	assert.True(t, complete, "each choice has its finish reason")
	assert.Equal(t, []record.Choice{
		{Index: 0, FinishReason: "length", Message: record.Message{Role: "assistant", Parts: parts(record.Text{Content: "Aa"})}},
		{Index: 1, FinishReason: "content_filter", Message: record.Message{Role: "assistant", Parts: parts(record.Text{Content: "Bb!"})}},
		{Index: 2, FinishReason: "stop", Message: record.Message{Role: "assistant", Parts: parts(record.Refusal{Content: "No"})}},
	}, call.Response.Choices)
}

func TestChoicesWithoutAnIndexAreTakenByPosition(t *testing.T) {
	call, _ := streamed(
		chunk(`{"delta":{"content":"A"}}`, `{"index":null,"delta":{"content":"B"}}`),
		chunk(`{"delta":{"content":"a"}}`, `{"index":"1","delta":{"content":"b"}}`),
	)
	require.Len(t, call.Response.Choices, 2)
	assert.Equal(t, parts(record.Text{Content: "Aa"}), call.Response.Choices[0].Message.Parts)
	assert.Equal(t, parts(record.Text{Content: "Bb"}), call.Response.Choices[1].Message.Parts)
}

func TestStreamedToolCalls(t *testing.T) {
	function := func(id, name, arguments string) record.Part {
		return record.ToolCall{ID: id, Type: "function", Name: name, Arguments: arguments}
	}
	two := parts(function("a", "f", `{"x":1}`), function("b", "g", `{"y":2}`))
	for name, test := range map[string]struct {
		events []string
		want   []record.Part
	}{
		"one after the other": {fragments(
			`{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}`,
			`{"index":0,"function":{"arguments":"{\"x\""}}`,
			`{"index":0,"function":{"arguments":":1}"}}`,
			`{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}`,
			`{"index":1,"function":{"arguments":"{\"y\":2}"}}`,
		), two},
		"interleaved": {fragments(
			`{"index":1,"id":"b","function":{"name":"g"}},{"id":"a","function":{"name":"f"},"index":0}`,
			`{"index":0,"function":{"arguments":"{\"x\""}},{"index":1,"function":{"arguments":"{\"y\":"}}`,
			`{"index":1,"function":{"arguments":"2}"}},{"index":0,"function":{"arguments":":1}"}}`,
		), parts(two[1], two[0])},
		"with the id and the name on every fragment": {fragments(
			`{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\""}}`,
			`{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":":1}"}}`,
			`{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\""}}`,
			`{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":":2}"}}`,
		), two},
		"with empty ids and names after the first": {fragments(
			`{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\""}}`,
			`{"index":0,"id":"","type":"","function":{"name":"","arguments":":1}"}}`,
			`{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\""}}`,
			`{"index":1,"id":null,"type":null,"function":{"name":null,"arguments":":2}"}}`,
		), two},
		"with the id and the name in a later fragment": {fragments(
			`{"index":0,"function":{"arguments":"{\"x\""}}`,
			`{"index":0,"id":"a","function":{"name":"f"}}`,
			`{"index":0,"function":{"arguments":":1}"}}`,
		), two[:1]},
		"whole and in one chunk without index": {fragments(
			`{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}`,
		), two},
		"whole and in a chunk each without index": {fragments(
			`{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}`,
			`{"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}`,
		), two},
		"whole and all with index 0": {fragments(
			`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}`,
			`{"index":0,"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}`,
		), two},
		"whole, without index and without ids": { // Gemini: a name that differs is another call
			fragments(
				`{"id":"","function":{"name":"f","arguments":"{\"x\":1}"}}`,
				`{"id":"","function":{"name":"g","arguments":"{\"y\":2}"}}`,
			), parts(function("", "f", `{"x":1}`), function("", "g", `{"y":2}`)),
		},
		"in fragments without index": {fragments(
			`{"id":"a","function":{"name":"f","arguments":""}}`,
			`{"function":{"arguments":"{\"x\""}}`,
			`{"function":{"arguments":":1}"}}`,
			`{"id":"b","function":{"name":"g","arguments":""}}`,
			`{"function":{"arguments":"{\"y\":2}"}}`,
		), two},
		"with arguments that were parsed already": {fragments(
			`{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}`,
		), two[:1]},
		"with parsed arguments in invalid UTF-8": {fragments(
			"{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":\"\xff\"}}}",
		), parts(function("a", "f", "{\"x\":\"\uFFFD\"}"))},
		"custom": {fragments(
			`{"index":0,"id":"a","type":"custom","custom":{"name":"shell","input":"ls"}}`,
			`{"index":0,"custom":{"input":" -l"}}`,
		), parts(record.ToolCall{ID: "a", Type: "custom", Name: "shell", Arguments: "ls -l"})},
		"of the wrong type": {fragments(
			`7`, `null`, `[]`, `{"index":0,"id":7,"type":[],"function":"f"}`, `{"index":0,"function":{"name":1,"arguments":2}}`,
			`{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}`,
		), two[:1]},
		"legacy": {
			[]string{
				chunk(delta(0, `{"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}}`)),
				chunk(delta(0, `{"function_call":{"arguments":"{\"x\""}}`)),
				chunk(delta(0, `{"function_call":{"arguments":":1}"}}`)),
				chunk(delta(0, `{"function_call":null}`, "function_call")),
			}, parts(function("", "f", `{"x":1}`)),
		},
		"none": {[]string{chunk(delta(0, `{"content":"a","tool_calls":null,"function_call":null}`, "stop"))}, parts(record.Text{Content: "a"})},
		"an empty one": { // as Snowflake has it in whole answers
			[]string{chunk(delta(0, `{"content":"a","function_call":{"name":"","arguments":""}}`, "stop"))},
			parts(record.Text{Content: "a"}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			call, complete := streamed(test.events...)
			assert.True(t, complete)
			require.Len(t, call.Response.Choices, 1)
			assert.Equal(t, test.want, call.Response.Choices[0].Message.Parts)
			assert.False(t, call.Content.Truncated)
		})
	}
}

func TestStreamedPartsOfAllKinds(t *testing.T) {
	for name, test := range map[string]struct {
		deltas []string
		want   []record.Part
	}{
		"text and refusal": {
			[]string{`{"content":"a"}`, `{"refusal":"N"}`, `{"refusal":"o","content":"b"}`},
			parts(record.Text{Content: "ab"}, record.Refusal{Content: "No"}),
		},
		"reasoning": {
			[]string{`{"reasoning_content":"2"}`, `{"reasoning_content":"+2","content":null}`, `{"content":"4","reasoning_content":null}`},
			parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"}),
		},
		"reasoning under its other name": {
			[]string{`{"reasoning":"2"}`, `{"reasoning":"+2"}`, `{"content":"4"}`},
			parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"}),
		},
		"reasoning under both names": {
			[]string{`{"reasoning_content":"2","reasoning":"2"}`, `{"reasoning":"+2","reasoning_content":"+2"}`},
			parts(record.Reasoning{Content: "2+2"}),
		},
		"reasoning in details, too": {
			[]string{`{"reasoning_details":[{"text":"2"}],"reasoning":"2"}`, `{"reasoning":"+2","reasoning_details":[{"text":"+2"}]}`},
			parts(record.Reasoning{Content: "2+2"}),
		},
		"reasoning in details alone": {
			[]string{`{"reasoning_details":[{"type":"reasoning.text","text":"2"}]}`, `{"reasoning_details":[{"summary":"+2"},{"data":"x"}]}`},
			parts(record.Reasoning{Content: "2+2"}),
		},
		"Mistral's parts": {
			[]string{
				`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"2"}]}]}`,
				`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"+2"}]},{"type":"text","text":"4"}]}`,
				`{"content":"!"}`,
			},
			parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4!"}),
		},
		"audio": {
			[]string{`{"audio":{"id":"audio_1","transcript":"Hel"}}`, `{"audio":{"data":"AAAA"}}`, `{"audio":{"transcript":"lo."}}`},
			parts(record.Audio{Transcript: "Hello."}),
		},
		"no audio": { // LiteLLM
			[]string{`{"content":"a","audio":null,"refusal":null,"reasoning_content":null}`}, parts(record.Text{Content: "a"}),
		},
		"wrong types": {
			[]string{`{"content":7,"role":8,"refusal":{},"reasoning":[],"audio":"x","tool_calls":{},"function_call":"f"}`, `null`, `[]`, `"x"`},
			parts(),
		},
		"pairs of surrogates, each in one piece": {[]string{`{"content":"\ud83d\ude00"}`, `{"content":"é"}`}, parts(record.Text{Content: "😀é"})},
		"the terminator inside of a text":        {[]string{`{"content":"[DONE]"}`}, parts(record.Text{Content: "[DONE]"})},
	} {
		t.Run(name, func(t *testing.T) {
			var events []string
			for _, body := range test.deltas {
				events = append(events, chunk(delta(0, body)))
			}
			call, complete := streamed(append(events, chunk(delta(0, `{}`, "stop")))...)
			assert.True(t, complete)
			require.Len(t, call.Response.Choices, 1)
			assert.Equal(t, record.Message{Role: "assistant", Parts: test.want}, call.Response.Choices[0].Message)
		})
	}
}

func TestARoleIsTakenOnceAndIsTheAssistantsByDefault(t *testing.T) {
	call, _ := streamed(
		chunk(delta(0, `{"role":"assistant","content":"a"}`), delta(1, `{"content":"b"}`), delta(2, `{"role":"tool"}`)),
		chunk(delta(0, `{"role":"assistant","content":"a"}`), delta(1, `{"role":null}`), delta(2, `{"role":"user"}`)),
	)
	for i, want := range []string{"assistant", "assistant", "tool"} {
		assert.Equal(t, want, call.Response.Choices[i].Message.Role)
	}
}

func TestTheLastUsageCounts(t *testing.T) {
	const early = `{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}`
	const late = `{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}`
	want := record.Usage{Input: record.Some[int64](9), Output: record.Some[int64](2), Total: record.Some[int64](11)}
	for name, events := range map[string][]string{
		"on every chunk":            {`{"usage":` + early + `}`, `{"usage":` + late + `}`},
		"before nulls":              {`{"usage":` + late + `}`, `{"usage":null}`, `{}`, `{"usage":7}`},
		"only of Groq":              {`{"x_groq":{"id":"req_1"}}`, `{"x_groq":{"id":"req_1","usage":` + late + `}}`},
		"of Groq and the usual one": {`{"x_groq":{"usage":` + late + `},"usage":` + late + `}`},
		"of Groq, with a null":      {`{"x_groq":{"usage":` + late + `},"usage":null}`},
		"in the choice":             {`{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":` + late + `}]}`},
		"in the choice, with a null": {
			`{"usage":null,"choices":[{"index":0,"delta":{},"usage":` + late + `}]}`, `{"choices":[{"usage":null}],"usage":null}`,
		},
		"without choices": {chunk(delta(0, `{"content":"a"}`, "stop")), `{"choices":[],"usage":` + late + `}`},
		"empty at last":   {`{"usage":` + late + `}`, `{"usage":{}}`},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := streamed(events...)
			assert.Equal(t, want, call.Usage)
		})
	}
}

func TestAnErrorInsideAStream(t *testing.T) {
	for name, test := range map[string]struct {
		event string
		want  *record.Error
	}{
		"of OpenAI": {
			`{"error":{"message":"Down.","type":"server_error","code":"overloaded","param":null}}`,
			&record.Error{Type: "overloaded", Code: "overloaded", ProviderType: "server_error", Message: "Down."},
		},
		"of Groq": {
			`{"error":{"message":"No tool.","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"x","status_code":400}}`,
			&record.Error{Type: "tool_use_failed", Code: "tool_use_failed", ProviderType: "invalid_request_error", Message: "No tool."},
		},
		"of OpenRouter, with choices": {
			`{"id":"gen-1","error":{"code":502,"message":"Down."},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`,
			&record.Error{Type: "502", Code: "502", Message: "Down."},
		},
		"as a text": {`{"error":"Down."}`, &record.Error{Type: "_OTHER", Message: "Down."}},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := streamed(chunk(delta(0, `{"content":"kept"}`)), test.event, `{"error":{"code":"second"}}`)
			assert.Equal(t, test.want, call.Error)
			assert.Equal(t, parts(record.Text{Content: "kept"}), call.Response.Choices[0].Message.Parts)
		})
	}
	call, _ := streamed(`{"error":null}`, `{"error":""}`, `{"error":0}`)
	assert.Nil(t, call.Error)
}

func TestWhetherAStreamCameToItsEnd(t *testing.T) {
	for name, test := range map[string]struct {
		events []string
		want   bool
	}{
		"nothing":                           {nil, false},
		"text alone":                        {[]string{chunk(delta(0, `{"content":"a"}`))}, false},
		"a finish reason":                   {[]string{chunk(delta(0, `{}`, "stop"))}, true},
		"a finish reason for one of two":    {[]string{chunk(delta(0, `{}`, "stop"), delta(1, `{}`))}, false},
		"a finish reason for both":          {[]string{chunk(delta(0, `{}`, "stop"), delta(1, `{}`, "stop"))}, true},
		"an empty finish reason":            {[]string{chunk(delta(0, `{}`, ""))}, false},
		"a finish reason of the wrong type": {[]string{chunk(`{"index":0,"finish_reason":7}`)}, false},
		"a finish reason and an empty one":  {[]string{chunk(delta(0, `{}`, "stop")), chunk(delta(0, `{}`, ""))}, true},
		"a finish reason and null":          {[]string{chunk(delta(0, `{}`, "stop")), chunk(delta(0, `{}`))}, true},
		"no finish reason but the end":      {[]string{chunk(delta(0, `{"content":"a"}`)), "[DONE]"}, true},
		"the end and white space":           {[]string{chunk(delta(0, `{"content":"a"}`)), " [DONE]\r"}, true},
		"usage alone":                       {[]string{`{"usage":{"prompt_tokens":1}}`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, complete := streamed(test.events...)
			assert.Equal(t, test.want, complete)
		})
	}
}

func TestWhatCountsAsGeneratedOutput(t *testing.T) {
	for event, want := range map[string]wire.Progress{
		`[DONE]`:                                wire.Done,
		` [DONE] `:                              wire.Done,
		`{}`:                                    0,
		``:                                      0,
		`ping`:                                  0,
		`{"choices":[`:                          0,
		`{"usage":{"completion_tokens":1}}`:     0,
		chunk(delta(0, `{"role":"assistant"}`)): 0,
		chunk(delta(0, `{"role":"assistant","content":""}`)):                            0,
		chunk(delta(0, `{"content":null,"refusal":null,"reasoning_content":null}`)):     0,
		chunk(delta(0, `{}`, "stop")):                                                   0,
		chunk(delta(0, `{"tool_calls":[]}`)):                                            0,
		chunk(delta(0, `{"tool_calls":[{"index":0,"id":"a","type":"function"}]}`)):      0,
		chunk(delta(0, `{"audio":null,"function_call":null}`)):                          0,
		chunk(delta(0, `{"audio":{"id":"audio_1"}}`)):                                   0,
		chunk(delta(0, `{"function_call":{"name":"","arguments":""}}`)):                 0,
		chunk(`{"index":-1,"delta":{"content":"x"}}`):                                   0,
		chunk(delta(0, `{"content":" "}`)):                                              wire.Generated,
		chunk(delta(0, `{}`), delta(1, `{"content":"a"}`), delta(2, `{}`)):              wire.Generated,
		chunk(delta(0, `{"refusal":"a"}`)):                                              wire.Generated,
		chunk(delta(0, `{"reasoning_content":"a"}`)):                                    wire.Generated,
		chunk(delta(0, `{"reasoning":"a"}`)):                                            wire.Generated,
		chunk(delta(0, `{"reasoning_details":[{"text":"a"}]}`)):                         wire.Generated,
		chunk(delta(0, `{"content":[{"type":"text","text":"a"}]}`)):                     wire.Generated,
		chunk(delta(0, `{"audio":{"data":"AAAA"}}`)):                                    wire.Generated,
		chunk(delta(0, `{"audio":{"transcript":"a"}}`)):                                 wire.Generated,
		chunk(delta(0, `{"tool_calls":[{"index":0,"function":{"name":"f"}}]}`)):         wire.Generated,
		chunk(delta(0, `{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}`)):    wire.Generated,
		chunk(delta(0, `{"tool_calls":[{"index":0,"function":{"arguments":{}}}]}`)):     wire.Generated,
		chunk(delta(0, `{"function_call":{"name":"f"}}`)):                               wire.Generated,
		`{"error":{"message":"Down."},"choices":[` + delta(0, `{"content":"a"}`) + `]}`: wire.Generated,
	} {
		for _, content := range []bool{true, false} {
			call := new(record.Call)
			chat := openai.NewChat(call)
			chat.Request([]byte(`{}`), content)
			assert.Equal(t, want, chat.Event([]byte(event)), "%s, content: %t", event, content)
			if !content {
				assert.Zero(t, chat.Retained(), event)
			}
		}
	}
}

func TestWhatIsNoChunkIsPassedOver(t *testing.T) {
	call, complete := streamed(
		``, `ping`, `<html>`, `[]`, `7`, `{"choices":{"index":0}}`, `{"choices":[7,null,"x",[]]}`, `{"choices":[`, `{"choices":[{`,
		chunk(delta(0, `{"content":"a"}`)), `{"choices":[{"index":0,"delta":{"content":"cut`,
		chunk(delta(0, `{"content":"b"}`, "stop")),
	)
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	require.Len(t, call.Response.Choices, 1)
	assert.Equal(t, parts(record.Text{Content: "ab"}), call.Response.Choices[0].Message.Parts)
	assert.Equal(t, record.Stream{Chunks: 12, ContentChunks: 2}, call.Stream)
}

func TestAbsurdIndicesAreDropped(t *testing.T) {
	for _, index := range []string{"-1", "1024", "1000000000", "1e300", "9223372036854775808", "0.5"} {
		call, complete := streamed(
			chunk(`{"index":`+index+`,"delta":{"content":"x"},"finish_reason":"stop"}`),
			chunk(delta(0, `{"tool_calls":[{"index":`+index+`,"id":"i","function":{"name":"f","arguments":"{}"}}]}`)),
			chunk(delta(0, `{"content":"fine"}`, "stop")),
		)
		assert.True(t, complete)
		assert.True(t, call.Content.Truncated, "it is not hidden that something is missing")
		require.Len(t, call.Response.Choices, 1, index)
		assert.Equal(t, parts(record.Text{Content: "fine"}), call.Response.Choices[0].Message.Parts, index)
	}
}

func TestAStreamWithTooMuchOfEverythingIsBounded(t *testing.T) {
	const budget = 4 << 20
	feed := func(chat *openai.Chat, events int, event func(i int) string) {
		for i := range events {
			chat.Event([]byte(event(i)))
			require.LessOrEqual(t, chat.Retained(), budget)
		}
	}
	big := strings.Repeat("x", 64<<10)
	for name, test := range map[string]struct {
		events int
		event  func(i int) string
	}{
		"choices": {5000, func(i int) string { return chunk(delta(i, `{"content":"x"}`, "stop")) }},
		"texts":   {100, func(int) string { return chunk(delta(0, `{"content":"`+big+`"}`)) }},
		"roles":   {2000, func(i int) string { return chunk(delta(i%1024, `{"role":"`+big+`"}`)) }},
		"ids of tool calls": {100, func(i int) string {
			return chunk(delta(i%10, fmt.Sprintf(`{"tool_calls":[{"index":0,"id":"%d%s"}]}`, i, big)))
		}},
		"names of tool calls": {100, func(i int) string {
			return chunk(delta(i%10, fmt.Sprintf(`{"tool_calls":[{"index":%d,"function":{"name":"%s"}}]}`, i/10%256, big)))
		}},
		"types of tool calls": {100, func(i int) string {
			return chunk(delta(i%10, fmt.Sprintf(`{"tool_calls":[{"index":%d,"type":"%s"}]}`, i/10%256, big)))
		}},
		"thoughts": {100, func(int) string {
			return chunk(delta(0, `{"content":[{"type":"thinking","thinking":[{"text":"`+big+`"}]}],"reasoning_details":[{"text":"`+big+`"}]}`))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			call := new(record.Call)
			chat := openai.NewChat(call)
			chat.Request([]byte(`{}`), true)
			feed(chat, test.events, test.event)
			chat.Event([]byte(`{"usage":{"prompt_tokens":9}}`))
			chat.Finish()
			chat.Content(call)
			assert.LessOrEqual(t, size(call), budget+1024*len("assistant"))
			assert.LessOrEqual(t, len(call.Response.Choices), 1024)
			for _, choice := range call.Response.Choices {
				assert.LessOrEqual(t, len(choice.Message.Parts), 260)
			}
			assert.True(t, call.Content.Truncated)
			assert.Equal(t, record.Some[int64](9), call.Usage.Input, "counts are kept when content is not")
		})
	}
}

func TestAStreamIsCutOnACharacter(t *testing.T) {
	const budget = 4 << 20
	text := strings.Repeat("😀", budget/4-1) + "a" // three bytes are left
	call, complete := streamed(
		chunk(delta(0, `{"content":"`+text+`"}`)), chunk(delta(0, `{"content":"é😀b"}`)), chunk(delta(0, `{"content":"c"}`)),
		chunk(delta(0, `{"content":""}`, "length")),
	)
	assert.True(t, complete)
	assert.Equal(t, "length", call.Response.Choices[0].FinishReason)
	assert.True(t, call.Content.Truncated)
	got := call.Response.Choices[0].Message.Parts[0].(record.Text).Content
	assert.Equal(t, "aé", strings.TrimLeft(got, "😀"), "what would still fit is dropped, too: there is no gap")
	assert.Equal(t, record.Stream{Chunks: 4, ContentChunks: 3}, call.Stream)
}

func TestAStreamThatFillsItsBudgetExactlyIsNotCut(t *testing.T) {
	text := strings.Repeat("x", 4<<20)
	call, _ := streamed(chunk(delta(0, `{"content":"`+text+`"}`)), chunk(delta(0, `{"role":"","content":""}`, "")))
	assert.False(t, call.Content.Truncated)
	assert.Equal(t, parts(record.Text{Content: text}), call.Response.Choices[0].Message.Parts)
}

func TestAFinishReasonIsBounded(t *testing.T) {
	reason := strings.Repeat("é", 1000)
	call, complete := streamed(chunk(delta(0, `{}`, reason)))
	assert.True(t, complete)
	assert.Equal(t, reason[:256], call.Response.Choices[0].FinishReason)
	call, complete = told(`{"choices":[{"finish_reason":"` + reason + `"}]}`)
	assert.True(t, complete)
	assert.Equal(t, reason[:256], call.Response.Choices[0].FinishReason)
}

func TestAnOrdinaryChunkCostsNoAllocation(t *testing.T) {
	events := [][]byte{
		[]byte(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o","service_tier":"default",` +
			`"system_fingerprint":"fp_1","choices":[` + delta(0, `{"role":"assistant","content":"Hello"}`) + `],"usage":null,"obfuscation":"x"}`),
		[]byte(chunk(delta(0, `{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}]}`))),
		[]byte(chunk(delta(0, `{"reasoning_content":"2+2","refusal":null,"audio":null}`))),
		[]byte(`{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":1}}}`),
	}
	for _, data := range events {
		chat := openai.NewChat(new(record.Call))
		chat.Request([]byte(`{}`), false)
		assert.Zero(t, testing.AllocsPerRun(100, func() { chat.Event(data) }), string(data))
	}
}
