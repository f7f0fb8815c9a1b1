package openai_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
)

func TestAStreamedRequestThatSaysNothingAsksForUsage(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":"m","stream":true}`:                            `{"stream_options":{"include_usage":true},"model":"m","stream":true}`,
		` { "stream" : true } `:                                  ` {"stream_options":{"include_usage":true}, "stream" : true } `,
		`{"stream":true,"stream_options":null,"n":1}`:            `{"stream":true,"stream_options":{"include_usage":true},"n":1}`,
		`{"stream":true,"stream_options":{},"n":1}`:              `{"stream":true,"stream_options":{"include_usage":true},"n":1}`,
		`{"stream_options": { "x" : 1 } ,"stream":true}`:         `{"stream_options": {"include_usage":true, "x" : 1 } ,"stream":true}`,
		`{"x":{"stream_options":{}},"stream":true}`:              `{"stream_options":{"include_usage":true},"x":{"stream_options":{}},"stream":true}`,
		`{"messages":[{"include_usage":true}],"stream":true}`:    `{"stream_options":{"include_usage":true},"messages":[{"include_usage":true}],"stream":true}`,
		`{"x":"\"stream_options\":{}","stream":true}`:            `{"stream_options":{"include_usage":true},"x":"\"stream_options\":{}","stream":true}`,
		`{"stream":true,"stream_options":{"include_usage": 1 }}`: ``,
	} {
		given := []byte(body)
		got := openai.AskForUsage(given)
		assert.Equal(t, want, string(got), body)
		assert.Equal(t, body, string(given), "the body is the caller's")
	}
}

func TestARequestThatMakesItsOwnChoiceIsLeftAlone(t *testing.T) {
	for _, body := range []string{
		`{"stream":true,"stream_options":{"include_usage":true}}`, `{"stream":true,"stream_options":{"include_usage":false}}`,
		`{"stream":false}`, `{"model":"m"}`, `{"x":{"stream":true}}`, `{"stream":"true"}`, `{"stream":null}`,
		`{"stream":true,"stream_options":7}`, `{"stream":true,"stream_options":[]}`,
		`{"stream":true,"stream":true}`, `{"stream":true,"stream_options":{},"stream_options":{}}`,
		`{"stream":true`, `{"stream":true}}`, `{"stream":true,}`, `[{"stream":true}]`, `"stream"`, ``,
	} {
		assert.Nil(t, openai.AskForUsage([]byte(body)), body)
	}
}

func FuzzAskForUsage(f *testing.F) {
	for _, seed := range []string{
		`{"model":"m","stream":true,"messages":[]}`, `{"stream":true,"stream_options":{}}`, `{"stream":true,"stream_options":null}`,
		`{"stream":true,"stream_options":{"include_usage":false}}`, `{"stream":true,"stream_options":{"a":[{}]}} `, `{"\u0073tream":true,"stream":true}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		got := openai.AskForUsage(body)
		require.Equal(t, before, body)
		if got == nil {
			return
		}
		var sent, asked map[string]any
		if json.Unmarshal(body, &sent) != nil {
			t.Skip("the two readers differ in what they take for JSON at the edges, such as bad UTF-8 and depth")
		}
		require.NoError(t, json.Unmarshal(got, &asked), "a sound request stays one")
		options, _ := asked["stream_options"].(map[string]any)
		require.Equal(t, true, options["include_usage"])
		require.Equal(t, true, asked["stream"])
		// Without what was added it is what was sent.
		if before, ok := sent["stream_options"].(map[string]any); ok {
			require.NotContains(t, before, "include_usage")
			delete(options, "include_usage")
		} else {
			require.Nil(t, sent["stream_options"])
			delete(asked, "stream_options")
			delete(sent, "stream_options")
		}
		require.Equal(t, sent, asked)
	})
}
