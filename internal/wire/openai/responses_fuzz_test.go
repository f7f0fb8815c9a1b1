package openai_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// withoutAny is what a record of a response holds when nobody wants its content.
func withoutAny(call *record.Call) record.Call {
	bare := withoutContent(call)
	bare.Request.System, bare.Request.PromptVariables = nil, nil
	return bare
}

// expected is what encoding/json finds in a response object that is sound.
func (o *oracle) expected(data []byte) (e expectation, ok bool) {
	r, ok := o.document(data).(object)
	if !ok {
		return e, false
	}
	usage := members(r["usage"])
	e = expectation{
		id: str(r["id"]), model: str(r["model"]), input: o.count(usage["input_tokens"]), output: o.count(usage["output_tokens"]),
		total: o.count(usage["total_tokens"]), reasoning: o.count(members(usage["output_tokens_details"])["reasoning_tokens"]),
		failed: o.failed(r["error"]) || str(r["status"]) == "failed",
	}
	o.complete(&e, usage, "input_tokens_details")
	all := ""
	for _, v := range elements(r["output"]) {
		item := members(v)
		if _, isText := item["type"].(string); isText && item["type"] != "message" || str(item["type"]) == "" && str(item["role"]) == "" {
			continue
		}
		all += o.text(object{"content": item["content"]})
	}
	e.texts = []string{all}
	return e, !o.unclear
}

func FuzzResponsesResponse(f *testing.F) {
	for _, seed := range []string{
		wholeResponse,
		`{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"role":"assistant","content":"a"}]}`,
		`{"status":"completed","output":[{"type":"function_call","call_id":"c","name":"f","arguments":"{\"x\":1}"},{"type":"shell_call",
		  "environment":{"type":"container_auto"},"action":{"commands":["ls"]}},{"type":"shell_call_output","output":[]},7,null]}`,
		`{"status":"failed","error":{"code":"server_error","message":"Down."}}`, `{"status":"queued"}`, `{"status":"failed"}`,
		`{"output":[{"type":"image_generation_call","result":"AAAA"},{"type":"code_interpreter_call","outputs":[{"url":"data:a/b;base64,AA"}]},
		  {"type":"mcp_call","output":"` + "\xff" + `","error":{}},{"type":"compaction","encrypted_content":"x"},{"type":"dream","` + "\xff" + `":"\ud83d"}]}`,
		`{"id":"a","id":"b","output":[`, `{"error":"down"}`, ``, `[]`, `null`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		run := func(content bool) (*record.Call, bool) {
			call := new(record.Call)
			responses := openai.NewResponses(call)
			responses.Request([]byte(`{}`), content)
			responses.Response(body)
			complete := responses.Finish()
			require.LessOrEqual(t, responses.Retained(), len(body))
			if content {
				responses.Content(call)
			}
			return call, complete
		}
		call, complete := run(true)
		sound(t, call, len(body))
		bare, bareComplete := run(false)
		require.Equal(t, *bare, withoutAny(call), "without content all the rest is the same")
		require.Equal(t, bareComplete, complete)
		require.Equal(t, before, body, "the body is never changed")
		if !json.Valid(body) {
			require.NotNil(t, call.Error)
			require.False(t, complete)
			return
		}
		var o oracle
		want, ok := o.expected(body)
		if !ok {
			return
		}
		got := expectation{
			id: call.Response.ID, model: call.Response.Model,
			input: call.Usage.Input.Or(-1), output: call.Usage.Output.Or(-1), total: call.Usage.Total.Or(-1),
			reasoning: call.Usage.Reasoning.Or(-1), failed: call.Error != nil,
			texts: want.texts,
		}
		if len(call.Response.Choices) > 0 {
			got.texts = []string{textOf(call.Response.Choices[0].Message)}
		}
		require.Equal(t, want, got)
	})
}

func FuzzResponsesStream(f *testing.F) {
	for _, seed := range [][]string{
		{created, messageAdded, partAdded, fragment("output_text", 0, "Hel"), fragment("output_text", 0, "lo"), ending("completed", wholeResponse)},
		{created, fragment("reasoning_text", 0, "a"), fragment("refusal", 1, "b"), fragment("function_call_arguments", 2, "{"), fragment("audio", 3, "AA")},
		{
			`{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f"}}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}}`,
			ending("completed", `{"output":[]}`),
		},
		{fragment("output_text", 0, "kept"), `{"type":"error","code":"server_error","message":"Down."}`},
		{fragment("output_text", 0, "kept"), `{"error":{"message":"Down.","code":502}}`, ending("failed", `{"error":{"code":"x"}}`)},
		{`{"type":"response.output_text.delta","delta":"\ud83d` + "\xff" + `"}`, `{"type":"response.completed","response":{`, `ping`, ` [DONE] `},
	} {
		f.Add([]byte(strings.Join(seed, "\x00")))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		wholeStream(t, openai.NewResponses, input, 0, withoutAny)
	})
}

func FuzzResponsesRequest(f *testing.F) {
	for _, seed := range []string{
		`{"model":"gpt-5","input":"Hi \ud83d\ude00","instructions":"Be brief.","stream":true,"max_output_tokens":10,"temperature":0.5,"top_p":1,
		  "reasoning":{"effort":"low"},"text":{"format":{"type":"json_schema"}},"service_tier":"flex","previous_response_id":"resp_0",
		  "conversation":{"id":"conv_1"},"prompt":{"id":"p","version":"1","variables":{"a":"b","c":{"type":"input_text","text":"d"},"e":[1]}}}`,
		`{"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"},
		  {"type":"input_file","file_data":"!","filename":"f"},7]},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"a"}]},
		  {"type":"computer_call_output","output":{"image_url":"data:,a"}},{"type":"reasoning","summary":[{"text":"a"}]},{"id":"x"},7,"` + "\xff" + `"],
		  "tools":[{"type":"function","name":"f","parameters":{"x":"` + "\xff" + `"}},{"type":"mcp","authorization":"x"},{"type":"namespace","tools":[{}]}]}`,
		`{"model":7,"input":{},"tools":{},"conversation":"c"}`, `{"input":[{`, ``, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		call := new(record.Call)
		responses := openai.NewResponses(call)
		responses.Request(given, true)
		require.LessOrEqual(t, responses.Retained(), len(body))
		require.Equal(t, body, given, "the body is never changed")
		clear(given) // its buffer may be used again
		responses.Content(call)
		sound(t, call, len(body))
		bare := new(record.Call)
		openai.NewResponses(bare).Request(body, false)
		require.Equal(t, *bare, withoutAny(call), "without content all the rest is the same")

		var o oracle
		r, ok := o.document(body).(object)
		if !ok || o.unclear {
			return
		}
		require.Equal(t, str(r["model"]), call.Request.Model)
		require.Equal(t, r["stream"] == true, call.Request.Stream)
		require.Equal(t, str(r["previous_response_id"]), call.Request.PreviousResponseID)
		require.Equal(t, str(members(r["reasoning"])["effort"]), call.Request.ReasoningLevel)
		if text := str(r["input"]); text != "" {
			require.Equal(t, text, textOf(call.Request.Messages[0]))
		}
		require.GreaterOrEqual(t, len(call.Request.Tools), len(elements(r["tools"])))
		require.LessOrEqual(t, len(call.Request.Messages), max(1, len(elements(r["input"]))))
	})
}
