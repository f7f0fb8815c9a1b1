package openai_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

func FuzzCompletion(f *testing.F) {
	for _, seed := range [][2]string{
		{
			`{"model":"m","prompt":["a","b"],"max_tokens":3,"n":2,"best_of":2,"stop":"x"}`,
			`{"id":"cmpl-1","model":"m","choices":[{"text":"B","index":1,"finish_reason":"length"},{"text":"A","index":0}],
			  "usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`,
		},
		{`{"prompt":"a"}`, `{"choices":[{"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}`},
		{`{"prompt":[1,2,3]}`, `{"choices":[{"text":"x","message":{"content":"y"}},{"text":7},{"text":null,"index":-1},7]}`},
		{`{"prompt":[[1,2],[]]}`, `{"error":{"message":"no","code":"bad"}}`},
		{`{"prompt":7}`, `{"choices":[{"text":"cut`},
		{``, ``},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, request, response []byte) {
		run := func(content bool) (*record.Call, bool) {
			call := new(record.Call)
			completion := openai.NewCompletion(call)
			given := bytes.Clone(request)
			completion.Request(given, content)
			clear(given) // its buffer may be used again
			completion.Response(response)
			complete := completion.Finish()
			require.LessOrEqual(t, completion.Retained(), len(request)+len(response))
			if content {
				completion.Content(call)
			}
			return call, complete
		}
		call, complete := run(true)
		sound(t, call, 2*(len(request)+len(response))+16)
		bare, bareComplete := run(false)
		require.Equal(t, *bare, withoutContent(call), "without content all the rest is the same")
		require.Equal(t, bareComplete, complete)

		var o oracle
		if r, ok := o.document(request).(object); ok && !o.unclear {
			o.inputs(t, r["prompt"], call.Request.Messages)
		}
		o = oracle{}
		if want := o.response(legacy(response)); !o.unclear && !bytes.Contains(response, []byte(`"message"`)) &&
			!bytes.Contains(response, []byte(`\u`)) {
			agrees(t, call, want)
		}
	})
}

// legacy turns a completion into what the oracle knows, a chat completion, by
// name: a text that is a message's content.
func legacy(completion []byte) []byte {
	var o oracle
	r, ok := o.document(completion).(object)
	if !ok || o.unclear {
		return completion
	}
	for _, v := range elements(r["choices"]) {
		if choice := members(v); choice != nil {
			choice["message"] = object{"content": str(choice["text"])}
			choice["delta"] = choice["message"]
		}
	}
	return []byte(encoded(r))
}

func FuzzCompletionStream(f *testing.F) {
	for _, seed := range [][]string{
		{
			`{"id":"cmpl-1","model":"m","choices":[{"text":"He","index":0,"finish_reason":null}]}`,
			`{"choices":[{"text":"B","index":1},{"text":"llo","index":0,"finish_reason":"stop"}]}`,
			`{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`, `[DONE]`,
		},
		{`{"choices":[{"text":"a","delta":{"content":"a"}},{"delta":{"content":"b"},"index":1},{"index":2,"text":7},{"index":3,"text":""}]}`},
		{`{"choices":[{"text":"kept"}]}`, `{"error":{"message":"Down.","code":502}}`},
		{`{"choices":[{"text":"cu`, `ping`, ``, `{"choices":7}`},
	} {
		f.Add([]byte(strings.Join(seed, "\x00")))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		before := bytes.Clone(input)
		events := bytes.Split(input, []byte{0})
		call := new(record.Call)
		completion := openai.NewCompletion(call)
		completion.Request([]byte(`{"stream":true}`), true)
		for _, data := range events {
			if completion.Event(data).Has(wire.Done) {
				break
			}
		}
		completion.Finish()
		require.LessOrEqual(t, completion.Retained(), 3*len(input))
		completion.Content(call)
		sound(t, call, len(input))
		require.Equal(t, before, input, "the events are never changed")

		if bytes.Contains(input, []byte(`"delta"`)) || bytes.Contains(input, []byte(`\u`)) {
			return
		}
		var o oracle
		for i, data := range events {
			o.document(data)
			events[i] = legacy(data)
		}
		if want := o.stream(events); !o.unclear {
			agrees(t, call, want)
		}
	})
}
