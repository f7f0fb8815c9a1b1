package openai_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// sound checks what must hold for every record, whatever came over the wire.
func sound(t *testing.T, call *record.Call, input int) {
	t.Helper()
	for _, text := range texts(call) {
		require.True(t, utf8.ValidString(text), "%q", text)
	}
	// An item of two bytes becomes a word ("function", "assistant"), a media part
	// a digest, and a byte that is not UTF-8 three bytes. The inputs here are
	// smaller than the budget of content.
	require.LessOrEqual(t, size(call), 64+16*input)
	require.LessOrEqual(t, len(call.Response.Choices), 1024)
	require.True(t, slices.IsSortedFunc(call.Response.Choices, func(a, b record.Choice) int { return a.Index - b.Index }))
	for _, choice := range call.Response.Choices {
		require.GreaterOrEqual(t, choice.Index, 0)
		require.Less(t, choice.Index, 1024)
	}
	for _, count := range []record.Opt[int64]{
		call.Usage.Input, call.Usage.Output, call.Usage.Total, call.Usage.CacheRead, call.Usage.CacheWrite, call.Usage.Reasoning,
	} {
		require.GreaterOrEqual(t, count.Or(0), int64(0))
	}
	for _, message := range call.Request.Messages {
		generics(t, call, message)
	}
	for _, choice := range call.Response.Choices {
		generics(t, call, choice.Message)
	}
}

// generics checks that a part that is not understood is still JSON.
func generics(t *testing.T, call *record.Call, m record.Message) {
	t.Helper()
	for _, part := range m.Parts {
		if g, ok := part.(record.Generic); ok && !call.Content.Truncated {
			require.True(t, json.Valid([]byte(g.JSON)), g.JSON)
		}
	}
}

// agrees holds a record against the oracle.
func agrees(t *testing.T, call *record.Call, want expectation) {
	t.Helper()
	got := expectation{
		id: call.Response.ID, model: call.Response.Model,
		input: call.Usage.Input.Or(-1), output: call.Usage.Output.Or(-1), total: call.Usage.Total.Or(-1),
		reasoning: call.Usage.Reasoning.Or(-1), failed: call.Error != nil,
	}
	for _, choice := range call.Response.Choices {
		got.reasons, got.texts = append(got.reasons, choice.FinishReason), append(got.texts, textOf(choice.Message))
	}
	require.Equal(t, want, got)
}

// textOf joins the texts of a message.
func textOf(m record.Message) (all string) {
	for _, part := range m.Parts {
		switch p := part.(type) {
		case record.Text:
			all += p.Content
		case record.ToolResult:
			all += p.Content
		}
	}
	return all
}

// withoutContent is what a record holds when nobody wants its content.
func withoutContent(call *record.Call) record.Call {
	bare := *call
	bare.Request.Messages, bare.Request.Tools, bare.Content = nil, nil, record.ContentState{}
	bare.Response.Choices = slices.Clone(call.Response.Choices)
	for i := range bare.Response.Choices {
		bare.Response.Choices[i].Message = record.Message{}
	}
	return bare
}

func FuzzChatResponse(f *testing.F) {
	for _, seed := range []string{
		`{"id":"chatcmpl-1","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hello.","refusal":null},
		  "finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,
		  "prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}},"service_tier":"default"}`,
		`{"choices":[{"index":1,"message":{"content":"b"},"finish_reason":"length"},{"index":0,"message":{"content":"a"}},{"index":-1}]}`,
		`{"choices":[{"message":{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"2+2"}]},
		  {"type":"text","text":"4"},{"type":"x"},7]}}]}`,
		`{"choices":[{"message":{"content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
		  {"type":"custom","custom":{"name":"g","input":{"y":"` + "\xff" + `"}}}],"function_call":{"name":"h","arguments":""}}}]}`,
		`{"choices":[{"message":{"audio":{"id":"a","data":"AAAA","transcript":"Hi."},"reasoning_details":[{"text":"r"}],"refusal":"No."}}]}`,
		`{"error":{"message":"Filtered.","type":null,"code":"content_filter"}}`, `{"error":"down"}`, `{"error":""}`,
		`{"x_groq":{"id":"req_1","usage":{"prompt_tokens":1}},"choices":[]}`,
		`{"choices":[{"usage":{"prompt_tokens":3,"num_cached_tokens":5,"cost":0.5},"error":{"code":1}}],"timings":{"predicted_n":1},"usage":null}`,
		`{"object":"error","message":"m"}`, `{"error":[7,{"code":1}]}`,
		`{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"reasoning_tokens":9,"cost":{"total_cost":1e-3},"is_byok":true,
		  "cost_details":{"upstream_inference_cost":1},"cost_in_usd_ticks":7,"cache_read_input_tokens":1,"prompt_token_details":{"cache_creation_tokens":2}}}`,
		`{"choices":[{"message":{"content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"u"}}],"thinking":"t"},
		  "content_filter_results":{"hate":{"filtered":true}}}],"citations":["u"],"search_results":[{"url":"` + "\xff" + `"}]}`,
		`{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}}`,
		`{"choices":[7,null,{"index":1e3,"finish_reason":7,"message":"x"}],"usage":{"prompt_tokens":1.5,"total_tokens":-1}}`,
		`{"choices":[{"message":{"content":"\ud83d\ude00\ud83d` + "\xff\xc3" + `"}}]}`, `{"id":"a","id":"b","choices":[`, ``, `[]`, `null`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		run := func(content bool) (*record.Call, bool) {
			call := new(record.Call)
			chat := openai.NewChat(call)
			chat.Request([]byte(`{}`), content)
			chat.Response(body)
			complete := chat.Finish()
			require.LessOrEqual(t, chat.Retained(), len(body)+len(`{}`))
			if content {
				chat.Content(call)
			}
			return call, complete
		}
		call, complete := run(true)
		sound(t, call, len(body))
		bare, bareComplete := run(false)
		require.Equal(t, *bare, withoutContent(call), "without content all the rest is the same")
		require.Equal(t, bareComplete, complete)
		require.Equal(t, before, body, "the body is never changed")

		if !json.Valid(body) {
			require.NotNil(t, call.Error)
			require.False(t, complete)
			return
		}
		var o oracle
		if want := o.response(body); !o.unclear {
			agrees(t, call, want)
		}
	})
}

func FuzzChatStream(f *testing.F) {
	for _, seed := range [][]string{
		{
			`{"id":"chatcmpl-1","model":"gpt-4o","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`,
			`{"id":"chatcmpl-1","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}`,
			`{"id":"chatcmpl-1","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"lo."},"finish_reason":"stop"}]}`,
			`{"id":"chatcmpl-1","model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`,
			`[DONE]`,
		},
		{
			`{"choices":[{"index":1,"delta":{"content":"b"}},{"delta":{"content":"a"},"index":0},{"index":1024},{"index":-1}]}`,
			`{"choices":[{"delta":{"refusal":"No."}},{"delta":{"reasoning":"r","reasoning_content":"r"},"finish_reason":"length"}]}`,
		},
		{
			`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]}`,
			`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}},{"index":999,"id":"b"}]}}]}`,
			`{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"c","custom":{"name":"g","input":{"y":"` + "\xff" + `"}}},{"function":7}]}}]}`,
			`{"choices":[{"index":0,"delta":{"function_call":{"name":"h","arguments":"{}"}},"finish_reason":"tool_calls"}]}`,
		},
		{
			`{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"2+2"}]},{"type":"text","text":"4"}]}}]}`,
			`{"choices":[{"delta":{"audio":{"id":"a","transcript":"Hi.","data":"AA"},"reasoning_details":[{"text":"r"},{"summary":"s"}]}}]}`,
		},
		{
			`{"x_groq":{"id":"req_1","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}}`,
			`{"choices":[{"index":0,"delta":{},"usage":{"prompt_tokens":3}}],"usage":null}`, `{"usage":{"prompt_tokens":4}}`, `{"usage":{}}`,
		},
		{
			`{"choices":[{"delta":{"content":"a","annotations":[{"u":1},{"u":2}],"thinking":"t"}}],"citations":["u"],"search_results":[]}`,
			`{"choices":[{"delta":{"annotations":[{"u":"` + "\xff" + `"}]},"content_filter_results":{"hate":{"filtered":true}}}],"citations":["u","v"]}`,
			`{"choices":[{"delta":{"content":[{"type":"thinking","thinking":"t"}],"reasoning":"r"},"stop_reason":1,"error":{"code":1}}]}`,
			`{"object":"error","message":"m"}`,
		},
		{`{"choices":[{"delta":{"content":"kept"}}]}`, `{"error":{"message":"Down.","code":502}}`, `{"error":"again"}`},
		{`{"choices":[{"delta":{"content":"\ud83d` + "\xff" + `"}}]}`, `{"choices":[{`, `ping`, ``, ` [DONE] `, `{"choices":7}`},
	} {
		f.Add([]byte(strings.Join(seed, "\x00")))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		call := wholeStream(t, openai.NewChat, input, 0, withoutContent)

		var o oracle
		if want := o.stream(bytes.Split(input, []byte{0})); !o.unclear {
			agrees(t, call, want)
		}
	})
}

func FuzzChatRequest(f *testing.F) {
	for _, seed := range []string{
		`{"model":"gpt-4o","messages":[{"role":"system","content":"Be brief."},{"role":"user","name":"Ann","content":"Hi \ud83d\ude00"}],
		  "temperature":0.5,"top_p":1,"top_k":4,"max_tokens":10,"max_completion_tokens":20,"n":2,"seed":0,"stream":true,"stop":["a","b"],
		  "presence_penalty":0,"frequency_penalty":-2.0,"reasoning_effort":"low","service_tier":"flex","response_format":{"type":"text"}}`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA",
		  "detail":"low"}},{"type":"image_url","image_url":"data:text/plain,100%25"},{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},
		  {"type":"file","file":{"file_data":"!","filename":"f","file_id":"x"}},{"type":"refusal","refusal":"no"},
		  {"type":"video_url","video_url":{"url":"data:video/mp4;base64,AAAA"}},{"type":"document_url","document_url":"data:,a"},7,` + "\"\xff\"" + `]}],"stop":"END"}`,
		`{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
		  {"role":"tool","tool_call_id":"c","content":"20"},{"role":"function","name":"f","content":[{"type":"text","text":"20"}]}],
		  "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"x":"` + "\xff" + `"}}},{"type":"custom"}],
		  "functions":[{"name":"g"}],"modalities":["text","audio"]}`,
		`{"model":7,"messages":"x","tools":{},"temperature":"hot","stop":{},"n":1e400}`, `{"model":"a","model":"b"}`, `{"messages":[{`, ``, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		call := new(record.Call)
		chat := openai.NewChat(call)
		chat.Request(given, true)
		model := openai.Model(given)
		require.LessOrEqual(t, chat.Retained(), len(body))
		require.True(t, utf8.ValidString(model))
		require.Equal(t, body, given, "the body is never changed")
		clear(given) // its buffer may be used again
		chat.Content(call)
		sound(t, call, len(body))
		bare := new(record.Call)
		openai.NewChat(bare).Request(body, false)
		require.Equal(t, *bare, withoutContent(call), "without content all the rest is the same")

		var o oracle
		r, ok := o.document(body).(object)
		if !ok || o.unclear {
			return
		}
		require.Equal(t, str(r["model"]), model)
		require.Equal(t, str(r["model"]), call.Request.Model)
		require.Equal(t, r["stream"] == true, call.Request.Stream)
		require.Equal(t, str(r["reasoning_effort"]), call.Request.ReasoningLevel)
		require.Equal(t, str(r["service_tier"]), call.Request.ServiceTier)
		for name, got := range map[string]record.Opt[float64]{
			"temperature": call.Request.Temperature, "top_p": call.Request.TopP,
			"frequency_penalty": call.Request.FrequencyPenalty, "presence_penalty": call.Request.PresencePenalty,
		} {
			number, isNumber := r[name].(json.Number)
			want, err := strconv.ParseFloat(number.String(), 64)
			require.Equal(t, isNumber && err == nil, got.IsSet(), name)
			if got.IsSet() {
				require.Equal(t, want, got.Or(0), name) //nolint:testifylint // the same bits
			}
		}
		messages := elements(r["messages"])
		require.Len(t, call.Request.Messages, len(messages))
		for i, m := range call.Request.Messages {
			sent := members(messages[i])
			require.Equal(t, str(sent["role"]), m.Role)
			if content, ok := sent["content"].(string); ok {
				require.Equal(t, content, textOf(m))
			}
		}
		require.Len(t, call.Request.Tools, len(elements(r["tools"]))+len(elements(r["functions"])))

		limit := r["max_completion_tokens"]
		if _, ok := limit.(json.Number); !ok {
			limit = r["max_tokens"]
		}
		const none = -1 << 60
		seed, n, most := o.whole(r["seed"], none), o.whole(r["n"], none), o.whole(limit, none)
		if !o.unclear && most != none {
			require.Equal(t, most, call.Request.MaxTokens.Or(none))
		}
		if !o.unclear {
			require.Equal(t, seed, call.Request.Seed.Or(none))
			require.Equal(t, n, call.Request.ChoiceCount.Or(none))
		}
	})
}

// oneRequest matches what looks like an id or a key, which is no kind of error.
var oneRequest = regexp.MustCompile(`[0-9]{6}|[A-Za-z][0-9]+[A-Za-z]+[0-9]|[0-9][A-Za-z]+[0-9]+[A-Za-z]|^sk-|^req_`)

func FuzzFailure(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"message":"Slow down.","type":"requests","param":null,"code":"rate_limit_exceeded"}}`,
		`{"error":{"message":"Bad.","code":400,"status":"INVALID_ARGUMENT"}}`, `[{"error":{"code":400,"message":"Bad."}}]`,
		`{"object":"error","message":"Bad.","type":"invalid_request_error","code":1.5}`, `{"error":"down"}`, `{"error":{"code":"the 'x'"}}`,
		`{"detail":[{"msg":"Field required","loc":["body"]},{}]}`, `{"message":{"detail":[{"msg":"` + "\xff" + `"}]}}`, `{"errors":[{"code":1}]}`,
		`{"error":{"code":502,"message":"m","metadata":{"raw":{"x":[1]}},"innererror":{"code":"i"},"status":"BAD"}}`, `"down"`, `{"detail":{"detail":"x"}}`,
		`{"code":"outer","error":{},"type":"outer"}`, `<html>`, ``, `[]`, `{"error":{"message":"cut`, "{\"error\":\"\xff\"}",
	} {
		f.Add(429, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		before := bytes.Clone(body)
		call := &record.Call{Error: openai.NewChat(new(record.Call)).Failure(status, body)}
		got := call.Error
		require.Equal(t, before, body, "the body is never changed")
		sound(t, call, len(body))
		require.Equal(t, status, got.Status)
		require.NotEmpty(t, got.Type)
		require.LessOrEqual(t, len(got.Message), 4096+len("…[1234567890 bytes cut]"))
		for _, name := range []string{got.Type, got.Code, got.ProviderType} {
			require.True(t, name == "" || identifier.MatchString(name), "%q", name)
		}

		var o oracle
		document := o.document(body)
		if list := elements(document); len(list) > 0 {
			document = list[0]
		}
		r, ok := document.(object)
		if !ok || o.unclear {
			return
		}
		want := o.failure(r, status)
		if o.unclear || len(body) >= 4096 || oneRequest.MatchString(want.Code) || oneRequest.MatchString(want.ProviderType) {
			return
		}
		assert.Equal(t, want.Code, got.Code)
		assert.Equal(t, want.ProviderType, got.ProviderType)
		assert.Equal(t, want.Message, got.Message)
		if want.Type != "" {
			assert.Equal(t, want.Type, got.Type)
		}
	})
}

var identifier = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// failure is what encoding/json finds in the body of an error response; without a
// type when nothing but the status is left for it.
func (o *oracle) failure(r object, status int) (want record.Error) {
	inner, nested := r["error"].(object)
	if !nested {
		inner = r
	}
	o.unclear = o.unclear || isManifold(r) || isManifold(inner)
	want.Code, want.ProviderType, want.Message = o.name(inner["code"]), o.name(inner["type"]), str(inner["message"])
	if !nested && str(r["error"]) != "" {
		want.Message = str(r["error"])
		o.unclear = o.unclear || r["message"] != nil
	}
	want.Type = want.Code
	if want.ProviderType != "" && (want.Code == "" || want.Code == strconv.Itoa(status)) {
		want.Type = want.ProviderType
	}
	return want
}

// name is a value that names a kind of error, empty when it looks otherwise.
func (o *oracle) name(v any) string {
	if number, ok := v.(json.Number); ok {
		if n := o.whole(number, -1); n != -1 || number == "-1" {
			return strconv.FormatInt(n, 10)
		}
		return ""
	}
	if !identifier.MatchString(str(v)) || str(v) == "None" {
		return ""
	}
	return str(v)
}

// isManifold reports whether an error has members that only some providers have, or
// usual ones in a form that only they have.
func isManifold(e object) bool {
	for _, name := range []string{"detail", "innererror", "metadata", "status", "error_type", "error_code", "errors"} {
		if e[name] != nil {
			return true
		}
	}
	_, isText := e["message"].(string)
	return !isText && e["message"] != nil || elements(e["error"]) != nil
}
