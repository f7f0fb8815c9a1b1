package openai_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// bareOf is what a record holds when nobody wants its content.
func bareOf(call *record.Call) record.Call {
	bare := withoutAny(call)
	bare.Retrieval.Queries, bare.Retrieval.Documents = nil, nil
	return bare
}

// whole decodes a call with and without content and holds both against what is
// true of every call.
func whole[E wire.Exchange](t *testing.T, decoder func(*record.Call) E, request, response []byte) (call *record.Call, complete bool) {
	t.Helper()
	before := bytes.Clone(response)
	run := func(content bool) (*record.Call, bool) {
		call := new(record.Call)
		exchange := decoder(call)
		sent := bytes.Clone(request)
		exchange.Request(sent, content)
		clear(sent) // its buffer may be used again
		exchange.Response(response)
		complete := exchange.Finish()
		require.LessOrEqual(t, exchange.Retained(), len(request)+2*len(response))
		if content {
			exchange.Content(call)
		}
		return call, complete
	}
	call, complete = run(true)
	sound(t, call, len(request)+len(response))
	bare, bareComplete := run(false)
	require.Equal(t, *bare, bareOf(call), "without content all the rest is the same")
	require.Equal(t, bareComplete, complete)
	require.Equal(t, before, response, "the body is never changed")
	if !json.Valid(response) {
		require.NotNil(t, call.Error)
		require.False(t, complete)
	}
	return call, complete
}

func FuzzRun(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"assistant_id":"asst_1","additional_messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_file","image_file":{"file_id":"f"}}]}]}`, runObject("completed", runUsage)},
		{`{"tool_outputs":[{"tool_call_id":"c","output":"1"},7]}`, strings.Replace(runObject("requires_action", ""), `"required_action":null`, requiredAction, 1)},
		{`{"thread":{"messages":[{"role":"user","content":"a"}]},"tools":[{"type":"function","function":{"name":"f"}},{}]}`, `{"status":"failed","last_error":{"code":"x"}}`},
		{`{"instructions":"` + "\xff" + `\ud83d"`, `{"status":"incomplete","incomplete_details":{"reason":"max_prompt_tokens"},"usage":{}}`},
		{`[]`, `[]`},
		{``, ``},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, request, response []byte) {
		call, complete := whole(t, openai.NewRun, request, response)
		var o oracle
		r, ok := o.document(response).(object)
		e := expectation{input: -1, output: -1, total: -1, reasoning: -1}
		o.usage(&e, r["usage"])
		for _, id := range []string{"id", "model", "thread_id"} {
			o.unclear = o.unclear || len(str(r[id])) > 256
		}
		if !ok || o.unclear || len(str(r["status"])) > 256 {
			return
		}
		require.Equal(t, str(r["status"]) != "", complete)
		require.Equal(t, str(r["id"]), call.Response.ID)
		require.Equal(t, str(r["model"]), call.Response.Model)
		require.Equal(t, str(r["thread_id"]), call.Request.ConversationID)
		require.Equal(t, str(r["status"]), call.Response.Status)
		require.Equal(t, o.failed(r["error"]) || o.failed(r["last_error"]) || str(r["status"]) == "failed", call.Error != nil)
		require.Equal(t, []int64{e.input, e.output, e.total},
			[]int64{call.Usage.Input.Or(-1), call.Usage.Output.Or(-1), call.Usage.Total.Or(-1)})
	})
}

func FuzzRunStream(f *testing.F) {
	for _, seed := range [][]string{
		{runObject("queued", ""), stepDelta, stepDone, messageCreated, messageDelta("msg_1", "Hel"), messageDelta("msg_1", "lo"), messageDone, runObject("completed", runUsage)},
		{messageDelta("msg_1", "a"), messageDelta("msg_2", "b"), messageDelta("", "c"), `{"object":"thread.message.delta","delta":{"content":[{"type":"refusal","refusal":"no"},7,`},
		{runObject("in_progress", ""), `{"error":{"code":"x"}}`, runObject("completed", "")},
		{`{"message":"Down.","code":1}`},
		{`[DONE]`},
		{`{"object":"thread.message.delta","delta":{"content":[{"text":{"value":"` + "\xff" + `\ud83d"}}]}}`, `ping`},
	} {
		f.Add([]byte(strings.Join(seed, "\x00")))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		wholeStream(t, openai.NewRun, input, 32, bareOf)
	})
}

func FuzzSearch(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"query":"valves","max_num_results":5}`, found},
		{`{"query":["a",7,"b"]}`, `{"data":[7,{},{"content":"text","attributes":{"authorization":"x","a":[1]}}]}`},
		{`{"query":{}}`, `{"data":[`},
		{`{"query":"` + "\xff", `{"data":{}}`},
		{``, `[]`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, request, response []byte) {
		call, complete := whole(t, openai.NewSearch, request, response)
		for _, d := range call.Retrieval.Documents {
			require.True(t, d.Metadata == "" || json.Valid([]byte(d.Metadata)), d.Metadata)
		}
		var o oracle
		r, ok := o.document(response).(object)
		if !ok || o.unclear {
			return
		}
		list, isList := r["data"].([]any)
		require.Equal(t, isList, complete)
		require.Equal(t, isList, call.Retrieval.Found.IsSet())
		require.Equal(t, int64(len(list)), call.Retrieval.Found.Or(0))
		require.Len(t, call.Retrieval.Documents, len(list))
		for i, v := range list {
			require.Equal(t, min(len(str(members(v)["file_id"])), 256), min(len(call.Retrieval.Documents[i].ID), 256))
			require.Equal(t, str(members(v)["filename"]), call.Retrieval.Documents[i].Name)
		}
		var q oracle
		if asked, ok := q.document(request).(object); ok && !q.unclear && str(asked["query"]) != "" {
			require.Equal(t, []string{str(asked["query"])}, call.Retrieval.Queries)
		}
	})
}

func FuzzDecision(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"model":"m","input":"a","questions":[{"type":"predicate","instructions":"b"}]}`, `{"model":"m","answers":[{"type":"predicate","probability":0.5}],"usage":{"input_tokens":1,"output_tokens":2}}`},
		{`{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:a/b;base64,AA"}]}],"questions":{}}`, `{"answers":[7,null]}`},
		{`{"questions":[`, `{"answers":[{}`},
		{``, ``},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, request, response []byte) {
		call, complete := whole(t, openai.NewDecision, request, response)
		var o oracle
		r, ok := o.document(response).(object)
		usage := members(r["usage"])
		want := []int64{o.count(usage["input_tokens"]), o.count(usage["output_tokens"]), o.count(usage["total_tokens"])}
		if !ok || o.unclear {
			return
		}
		require.Equal(t, len(elements(r["answers"])) > 0, complete)
		require.Equal(t, want, []int64{call.Usage.Input.Or(-1), call.Usage.Output.Or(-1), call.Usage.Total.Or(-1)})
		require.Equal(t, str(r["model"]), call.Response.Model)
	})
}

func FuzzCompaction(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"model":"gpt-5","input":"a"}`, window},
		{`{}`, wholeResponse},
		{``, `{"output":[{"role":"user"},{"type":"message","role":7},7,{"type":"compaction"}]}`},
		{`{`, `{"output":[`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, request, response []byte) {
		call, complete := whole(t, openai.NewCompaction, request, response)
		if complete && call.Error == nil && len(call.Response.Choices) > 0 {
			require.True(t, call.Response.Compacted)
			require.Equal(t, "compaction", call.Response.Choices[0].FinishReason)
		}
		stored, storedComplete := whole(t, openai.NewStored, nil, response)
		require.True(t, stored.UsageCounted)
		require.Equal(t, call.Usage, stored.Usage)
		require.Equal(t, call.Response.ID, stored.Response.ID)
		require.Equal(t, complete, storedComplete)
	})
}

func FuzzPaths(f *testing.F) {
	for _, seed := range []string{
		"/v1/responses/resp_1", "/v1/responses/resp_1/cancel?starting_after=1&stream=true", "/v1/threads/thread_1/runs/run_1/submit_tool_outputs",
		"/v1/vector_stores/vs_1/search", "//", "", "/%FF/x", "threads/runs",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u := &url.URL{Path: path}
		u.Path, u.RawQuery, _ = strings.Cut(path, "?")
		for _, describe := range []func(*record.Call, *url.URL, []byte){openai.DescribeStored, openai.DescribeRun, openai.DescribeSearch} {
			call := new(record.Call)
			describe(call, u, nil)
			sound(t, call, len(path))
		}
		for _, is := range []func(method, path string) bool{openai.Fetches, openai.IsRun, openai.IsAssistant, openai.IsSearch, openai.IsDecision, openai.IsBatch} {
			require.False(t, is("DELETE", u.Path))
			require.False(t, is("POST", u.Path+"/"))
		}
	})
}
