package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// completed decodes a call of the completions endpoint, content included.
func completed(request, response string) (call *record.Call, complete bool) {
	call = new(record.Call)
	completion := openai.NewCompletion(call)
	completion.Request([]byte(request), true)
	completion.Response([]byte(response))
	complete = completion.Finish()
	completion.Content(call)
	return call, complete
}

// completedStream decodes the events of a streamed completion, content included.
func completedStream(events ...string) (call *record.Call, complete bool, progress []wire.Progress) {
	call = new(record.Call)
	completion := openai.NewCompletion(call)
	completion.Request([]byte(`{"stream":true}`), true)
	for _, data := range events {
		progress = append(progress, completion.Event([]byte(data)))
	}
	complete = completion.Finish()
	completion.Content(call)
	return call, complete, progress
}

func said(role, text string) record.Message {
	return record.Message{Role: role, Parts: parts(record.Text{Content: text})}
}

func tokens(count string) record.Message {
	return record.Message{Role: "user", Parts: parts(record.Generic{Type: "tokens", JSON: `{"type":"tokens","count":` + count + `}`})}
}

func TestAPromptIsOneMessageForEachOfItsTexts(t *testing.T) {
	for name, test := range map[string]struct {
		prompt string
		want   []record.Message
	}{
		"a text":            {`"Say Foo."`, []record.Message{said("user", "Say Foo.")}},
		"texts":             {`["Say Foo.","Say \"Bar\"."]`, []record.Message{said("user", "Say Foo."), said("user", `Say "Bar".`)}},
		"an empty text":     {`""`, []record.Message{{Role: "user"}}},
		"tokens":            {`[11, 22,33]`, []record.Message{tokens("3")}},
		"lists of tokens":   {`[[11,22],[33]]`, []record.Message{tokens("2"), tokens("1")}},
		"an object":         {`[{"type":"text","text":"Foo."}]`, []record.Message{said("user", "Foo.")}},
		"an unknown object": {`[{"x":1}]`, []record.Message{{Role: "user", Parts: parts(record.Generic{JSON: `{"x":1}`})}}},
		"nothing":           {`[]`, nil},
		"null":              {`null`, nil},
		"cut":               {`["Say`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := completed(`{"prompt":`+test.prompt+`,"model":"m"}`, `{}`)
			assert.Equal(t, test.want, call.Request.Messages)
			assert.False(t, call.Content.Truncated)
		})
	}
}

func TestTheParametersOfACompletionAreThoseOfAChat(t *testing.T) {
	call, _ := completed(`{"model":"gpt-3.5-turbo-instruct","prompt":"Hi","max_tokens":3,"n":2,"best_of":4,"stop":["a","b"],
		"seed":42,"temperature":0,"top_p":0.5,"frequency_penalty":1,"presence_penalty":-1,"stream":true,"echo":true,"logprobs":5}`, `{}`)
	call.Request.Messages = nil
	assert.Equal(t, record.Request{
		Model: "gpt-3.5-turbo-instruct", Stream: true, MaxTokens: some(3), ChoiceCount: some(2), Seed: some(42),
		StopSequences: []string{"a", "b"}, Temperature: record.Some(0.0), TopP: record.Some(0.5),
		FrequencyPenalty: record.Some(1.0), PresencePenalty: record.Some(-1.0),
	}, call.Request)
}

func TestAChoiceOfACompletionIsAMessageOfTheAssistant(t *testing.T) {
	call, complete := completed(`{}`, `{"id":"cmpl-1","object":"text_completion","created":1,"model":"instruct:1",
		"choices":[{"text":"\n\nBar","index":1,"logprobs":null,"finish_reason":"length"},
		{"text":"","index":2,"finish_reason":"stop"},{"text":"Foo","index":0,"logprobs":null,"finish_reason":"stop"}],
		"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9},"system_fingerprint":"fp"}`)
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	assert.Equal(t, record.Response{ID: "cmpl-1", Model: "instruct:1", SystemFingerprint: "fp", Choices: []record.Choice{
		{Index: 0, FinishReason: "stop", Message: said("assistant", "Foo")},
		{Index: 1, FinishReason: "length", Message: said("assistant", "\n\nBar")},
		{Index: 2, FinishReason: "stop", Message: record.Message{Role: "assistant"}},
	}}, call.Response)
	assert.Equal(t, record.Usage{Input: some(7), Output: some(2), Total: some(9)}, call.Usage)
}

func TestAStreamedCompletionIsPutTogetherByIndex(t *testing.T) {
	call, complete, progress := completedStream(
		`{"id":"cmpl-1","model":"m","choices":[{"text":"F","index":0,"logprobs":null,"finish_reason":null}]}`,
		`{"id":"cmpl-1","model":"m","choices":[{"text":"Bar","index":1,"finish_reason":null},{"text":"oo","index":0}]}`,
		`{"choices":[{"text":"","index":0,"finish_reason":"stop"}]}`,
		`{"choices":[{"text":"","index":1,"finish_reason":"length"}]}`,
		`{"choices":[],"usage":{"prompt_tokens":14,"completion_tokens":16,"total_tokens":30}}`,
		`[DONE]`,
	)
	assert.True(t, complete)
	assert.Equal(t, []wire.Progress{wire.Generated, wire.Generated, 0, 0, 0, wire.Done}, progress)
	assert.Equal(t, record.Stream{Chunks: 5, ContentChunks: 2}, call.Stream)
	assert.Equal(t, []record.Choice{
		{Index: 0, FinishReason: "stop", Message: said("assistant", "Foo")},
		{Index: 1, FinishReason: "length", Message: said("assistant", "Bar")},
	}, call.Response.Choices)
	assert.Equal(t, record.Usage{Input: some(14), Output: some(16), Total: some(30)}, call.Usage)
}

func TestAnErrorInsideAStreamedCompletion(t *testing.T) {
	call, complete, _ := completedStream(`{"choices":[{"text":"Foo","index":0}]}`, `{"error":{"message":"Down.","code":502}}`)
	assert.False(t, complete)
	assert.Equal(t, &record.Error{Type: "502", Code: "502", Message: "Down."}, call.Error)
	assert.Equal(t, said("assistant", "Foo"), call.Response.Choices[0].Message)
}

func TestTheAnswerOfAChatToACompletionIsUnderstood(t *testing.T) {
	call, complete := completed(`{}`, `{"choices":[{"index":0,"message":{"role":"assistant","content":"Foo"},"finish_reason":"stop"}]}`)
	assert.True(t, complete)
	assert.Equal(t, said("assistant", "Foo"), call.Response.Choices[0].Message)
	call, _, progress := completedStream(`{"choices":[{"index":0,"delta":{"content":"Foo"}}]}`)
	assert.Equal(t, said("assistant", "Foo"), call.Response.Choices[0].Message)
	assert.Equal(t, []wire.Progress{wire.Generated}, progress)
}

func TestATextBesideAMessageIsNotReadTwice(t *testing.T) {
	const both = `{"choices":[{"index":0,"text":"Foo","delta":{"content":"Foo"},"message":{"content":"Foo"}}]}`
	want := said("assistant", "Foo")
	call, _, _ := completedStream(both)
	assert.Equal(t, want, call.Response.Choices[0].Message, "a streamed completion")
	call, _ = completed(`{}`, both)
	assert.Equal(t, want, call.Response.Choices[0].Message, "a completion")
	call, _ = streamed(both)
	assert.Equal(t, want, call.Response.Choices[0].Message, "a streamed chat")
	call, _ = told(both)
	assert.Equal(t, want, call.Response.Choices[0].Message, "a chat")
}

func TestALargePromptIsDecodedAtOnceAndCutAtTheBudget(t *testing.T) {
	call := new(record.Call)
	completion := openai.NewCompletion(call)
	completion.Request([]byte(`{"prompt":["`+strings.Repeat("x", 3*room)+`","y"]}`), true)
	assert.Equal(t, room, completion.Retained())
	completion.Content(call)
	assert.True(t, call.Content.Truncated)
	assert.LessOrEqual(t, size(call), room+1000)

	call = new(record.Call)
	completion = openai.NewCompletion(call)
	completion.Request([]byte(`{"prompt":[`+strings.Repeat("1,", 1<<20)+`1]}`), true)
	assert.Zero(t, completion.Retained())
	completion.Content(call)
	assert.Equal(t, []record.Message{tokens("1048577")}, call.Request.Messages)
	assert.False(t, call.Content.Truncated)
}
