package openai_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestAWholeResponse(t *testing.T) {
	call, complete := told(`{
	  "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-2024-08-06",
	  "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello.", "refusal": null, "annotations": []},
	    "logprobs": null, "finish_reason": "stop"}],
	  "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
	    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
	    "completion_tokens_details": {"reasoning_tokens": 3, "accepted_prediction_tokens": 1}},
	  "service_tier": "default", "system_fingerprint": "fp_1"}`)
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	assert.Equal(t, record.Response{
		ID: "chatcmpl-1", Model: "gpt-4o-2024-08-06", ServiceTier: "default", SystemFingerprint: "fp_1",
		Choices: []record.Choice{{FinishReason: "stop", Message: record.Message{
			Role: "assistant", Parts: parts(record.Text{Content: "Hello."}),
		}}},
	}, call.Response)
	assert.Equal(t, record.Usage{
		Input: record.Some[int64](19), Output: record.Some[int64](10), Total: record.Some[int64](29),
		CacheRead: record.Some[int64](4), Reasoning: record.Some[int64](3), AudioInput: record.Some[int64](0),
	}, call.Usage)
	assert.Zero(t, call.Stream)
}

func TestChoicesAreOrderedByTheirIndex(t *testing.T) {
	choice := func(index, text string) string {
		return `{` + index + `"message":{"role":"assistant","content":"` + text + `"},"finish_reason":"` + text + `"}`
	}
	for name, test := range map[string]struct {
		choices []string
		want    []int
		texts   string
	}{
		"in order":                           {[]string{choice(`"index":0,`, "a"), choice(`"index":1,`, "b")}, []int{0, 1}, "ab"},
		"out of order":                       {[]string{choice(`"index":2,`, "c"), choice(`"index":0,`, "a"), choice(`"index":1,`, "b")}, []int{0, 1, 2}, "abc"},
		"without index, the position counts": {[]string{choice("", "a"), choice("", "b"), choice("", "c")}, []int{0, 1, 2}, "abc"},
		"with an absurd index, too": {
			[]string{choice(`"index":-1,`, "a"), choice(`"index":1000000000,`, "b"), choice(`"index":"x",`, "c"), choice(`"index":1e300,`, "d")},
			[]int{0, 1, 2, 3},
			"abcd",
		},
		"with one index for all": {[]string{choice(`"index":0,`, "a"), choice(`"index":0,`, "b")}, []int{0, 0}, "ab"},
		"with gaps":              {[]string{choice(`"index":7,`, "b"), choice(`"index":3,`, "a")}, []int{3, 7}, "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			call, complete := told(`{"choices":[` + strings.Join(test.choices, ",") + `]}`)
			assert.True(t, complete)
			require.Len(t, call.Response.Choices, len(test.want))
			for i, got := range call.Response.Choices {
				text := string(test.texts[i])
				assert.Equal(t, record.Choice{Index: test.want[i], FinishReason: text, Message: record.Message{
					Role: "assistant", Parts: parts(record.Text{Content: text}),
				}}, got)
			}
		})
	}
}

func TestAnAnswerWithoutARoleIsTheAssistants(t *testing.T) {
	call, _ := told(`{"choices":[{"index":0,"message":{"content":"a"}},{"index":0,"message":{"content":"b"}},{"index":1}]}`)
	for i, want := range []record.Message{
		{Role: "assistant", Parts: parts(record.Text{Content: "a"})},
		{Role: "assistant", Parts: parts(record.Text{Content: "b"})},
		{Role: "assistant"},
	} {
		assert.Equal(t, want, call.Response.Choices[i].Message)
	}
}

func TestUsage(t *testing.T) {
	for name, test := range map[string]struct {
		usage string
		want  record.Usage
	}{
		"absent":     {`null`, record.Usage{}},
		"empty":      {`{}`, record.Usage{}},
		"wrong type": {`[1]`, record.Usage{}},
		"zero is a count": {
			`{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`, record.Usage{Input: some(0), Output: some(0), Total: some(0)},
		},
		"nonsense is none": {
			`{"prompt_tokens":-1,"completion_tokens":"3","total_tokens":1.5,"prompt_tokens_details":7,"completion_tokens_details":null}`,
			record.Usage{},
		},
		"a count written as a float": {`{"prompt_tokens":1e2}`, record.Usage{Input: some(100)}},
		"all details": {
			`{"prompt_tokens":100,"prompt_tokens_details":
			   {"cached_tokens":1,"cache_write_tokens":2,"text_tokens":3,"audio_tokens":4,"image_tokens":5,"video_tokens":6},
			  "completion_tokens":200,"completion_tokens_details":
			   {"reasoning_tokens":7,"text_tokens":8,"audio_tokens":9,"image_tokens":10,"rejected_prediction_tokens":11},
			  "total_tokens":300}`,
			record.Usage{
				Input: some(100), Output: some(200), Total: some(300), CacheRead: some(1), CacheWrite: some(2),
				TextInput: some(3), AudioInput: some(4), ImageInput: some(5),
				Reasoning: some(7), TextOutput: some(8), AudioOutput: some(9), ImageOutput: some(10),
			},
		},
		"DeepSeek's cache": {
			`{"prompt_tokens":9,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":5}`, record.Usage{Input: some(9), CacheRead: some(4)},
		},
		"Together's cache": {`{"prompt_tokens":9,"cached_tokens":4}`, record.Usage{Input: some(9), CacheRead: some(4)}},
		"the details win over both": {
			`{"prompt_cache_hit_tokens":1,"prompt_tokens_details":{"cached_tokens":4},"cached_tokens":2}`, record.Usage{CacheRead: some(4)},
		},
		"xAI counts reasoning beside the output": { // total = 10 + 5 + 100, as recorded from api.x.ai
			`{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}`,
			record.Usage{Input: some(10), Output: some(105), Total: some(115), Reasoning: some(100)},
		},
		"others count it in the output": {
			`{"prompt_tokens":10,"completion_tokens":105,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}`,
			record.Usage{Input: some(10), Output: some(105), Total: some(115), Reasoning: some(100)},
		},
		"Gemini's hidden thoughts are nobody's": {
			`{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}`, record.Usage{Input: some(35), Output: some(12), Total: some(109)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := told(`{"usage":` + test.usage + `}`)
			assert.Equal(t, test.want, call.Usage)
			call, _ = streamed(`{"usage":` + test.usage + `}`)
			assert.Equal(t, test.want, call.Usage, "in a stream")
			call, _ = told(`{"x_groq":{"id":"req_1","usage":` + test.usage + `}}`)
			assert.Equal(t, test.want, call.Usage, "of Groq")
		})
	}
}

func TestACutResponseIsADecodeErrorAndKeepsWhatCameBefore(t *testing.T) {
	const whole = `{"id":"chatcmpl-1","model":"m","usage":{"prompt_tokens":9},"choices":[{"index":0,"finish_reason":"stop",` +
		`"message":{"role":"assistant","content":"Hello."}}],"service_tier":"default"}`
	for end := range len(whole) {
		call, complete := told(whole[:end])
		assert.Equal(t, &record.Error{Type: "decode_error"}, call.Error, whole[:end])
		assert.False(t, complete, whole[:end])
		if strings.Contains(whole[:end], `"chatcmpl-1"`) {
			assert.Equal(t, "chatcmpl-1", call.Response.ID)
		}
		if strings.Contains(whole[:end], `"stop"`) {
			assert.Equal(t, "stop", call.Response.Choices[0].FinishReason)
		}
		if !strings.Contains(whole[:end], `[{`) {
			assert.Empty(t, call.Response.Choices, whole[:end])
		}
	}
	call, complete := told(whole)
	assert.Nil(t, call.Error)
	assert.True(t, complete)
}

func TestACutResponseHasNoMoreInItThanArrived(t *testing.T) {
	for _, list := range []string{
		`"content":[`, `"content":[{"type":"text"`, `"content":[{"type":"te`, `"tool_calls":[`, `"reasoning_details":[`, `"audio":{`,
		`"function_call":{`, `"content":"Hel`,
	} {
		call, complete := told(`{"choices":[{"index":0,"message":{"role":"assistant",` + list)
		assert.False(t, complete, list)
		assert.Equal(t, []record.Choice{{Message: record.Message{Role: "assistant", Parts: parts()}}}, call.Response.Choices, list)
	}
}

func TestWhatIsNoResponseIsADecodeError(t *testing.T) {
	for _, body := range []string{
		"", " ", "null", "[]", `"x"`, "7", "<html>", `{"choices":[]} {}`, `{"choices":[]},`, `{"choices":`,
		strings.Repeat("[", 1000), `{"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`,
	} {
		call, complete := told(body)
		assert.Equal(t, &record.Error{Type: "decode_error"}, call.Error, body)
		assert.False(t, complete, body)
	}
}

func TestAResponseWithoutChoicesIsSoundAndIncomplete(t *testing.T) {
	for _, body := range []string{`{}`, `{"choices":null}`, `{"choices":[]}`, `{"choices":{}}`, `{"id":"x","error":null}`} {
		call, complete := told(body)
		assert.Nil(t, call.Error, body)
		assert.False(t, complete, body)
		assert.Empty(t, call.Response.Choices, body)
	}
}

func TestAnErrorInsideAResponseWithStatus200(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want *record.Error
	}{
		"an object": {
			`{"error":{"message":"Filtered.","type":null,"param":"prompt","code":"content_filter"}}`,
			&record.Error{Type: "content_filter", Code: "content_filter", Message: "Filtered."},
		},
		"with choices": {
			`{"id":"x","choices":[],"error":{"message":"Down.","code":502}}`, &record.Error{Type: "502", Code: "502", Message: "Down."},
		},
		"a type alone": {
			`{"error":{"type":"server_error"}}`, &record.Error{Type: "server_error", ProviderType: "server_error"},
		},
		"a text":               {`{"error":"Out of memory"}`, &record.Error{Type: "_OTHER", Message: "Out of memory"}},
		"an object of nothing": {`{"error":{}}`, &record.Error{Type: "_OTHER"}},
		"in JSON that is cut": {
			`{"error":{"message":"Down.","code":"down"},"choices":[`, &record.Error{Type: "down", Code: "down", Message: "Down."},
		},
		"null":         {`{"error":null}`, nil},
		"an empty one": {`{"error":""}`, nil},
		"a flag":       {`{"error":false}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := told(test.body)
			assert.Equal(t, test.want, call.Error)
		})
	}
}

func TestTheNumberOfChoicesIsBounded(t *testing.T) {
	call, complete := told(`{"choices":[` + strings.Repeat(`{"message":{"content":"x"}},`, 5000) + `{}]}`)
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	assert.Len(t, call.Response.Choices, 1024)
}

func TestTheBodyOfAResponseIsKeptForItsContentOnly(t *testing.T) {
	const body = `{"choices":[{"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}]}`
	for _, content := range []bool{true, false} {
		t.Run(strconv.FormatBool(content), func(t *testing.T) {
			call := new(record.Call)
			chat := openai.NewChat(call)
			chat.Request([]byte(`{}`), content)
			chat.Response([]byte(body))
			assert.True(t, chat.Finish())
			assert.Equal(t, []record.Choice{{FinishReason: "stop"}}, call.Response.Choices, "content is not decoded yet")
			if !content {
				assert.Zero(t, chat.Retained())
				return
			}
			assert.Equal(t, len(body), chat.Retained())
			chat.Content(call)
			assert.Equal(t, "assistant", call.Response.Choices[0].Message.Role)
		})
	}
}

func TestTextsAgreeWithEncodingJSON(t *testing.T) {
	for _, literal := range []string{
		`""`, `"a"`, `"\n\t\"\\\/\b\f\r"`, `"\u0000"`, `"\u00e9"`, `"é"`, `"\ud83d\ude00"`, `"😀"`, `"\ud83d"`, `"\ude00\ud83d"`,
		"\"\xff\xfe\"", "\"\xe2\x82\"", `"\u2028"`, `"</script>"`, `"[DONE]"`, `"data: {}"`,
	} {
		var want string
		require.NoError(t, json.Unmarshal([]byte(literal), &want))
		body := `{"role":"user","content":[{"type":"text","text":` + literal + `}]}`
		assert.Equal(t, parts(record.Text{Content: want}), message(t, body).Parts, literal)
		call, _ := streamed(`{"choices":[{"delta":{"content":` + literal + `}}]}`)
		got := call.Response.Choices[0].Message.Parts
		if want == "" {
			assert.Empty(t, got, literal)
			continue
		}
		assert.Equal(t, parts(record.Text{Content: want}), got, literal)
	}
}

func TestALargeResponseIsNotKeptAsItCame(t *testing.T) {
	sound := strings.Repeat("AAAA", 1<<20)
	body := []byte(`{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Listen.",` +
		`"audio":{"id":"a","data":"` + sound + `","transcript":"la"}}}]}`)
	call := new(record.Call)
	chat := openai.NewChat(call)
	chat.Request([]byte(`{}`), true)
	chat.Response(body)
	require.True(t, chat.Finish())
	assert.Less(t, chat.Retained(), 1<<10)
	clear(body)
	chat.Content(call)
	require.Len(t, call.Response.Choices, 1)
	assert.Equal(t, record.Text{Content: "Listen."}, call.Response.Choices[0].Message.Parts[0])
	assert.Equal(t, 3<<20, call.Response.Choices[0].Message.Parts[1].(record.Audio).Blob.Bytes)
}
