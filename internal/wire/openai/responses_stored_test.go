package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestAStoredResponseIsReadLikeANewOneButItsUsageIsCounted(t *testing.T) {
	fresh, complete := responded(wholeResponse)
	assert.True(t, complete)
	assert.False(t, fresh.UsageCounted)
	stored, complete := exchanged(openai.NewStored, "", wholeResponse)
	assert.True(t, complete)
	assert.True(t, stored.UsageCounted)
	stored.UsageCounted = false
	assert.Equal(t, fresh, stored)
}

func TestAStoredResponseIsReadFromItsStreamTheSame(t *testing.T) {
	events := []string{created, fragment("output_text", 0, "Hel"), ending("completed", wholeResponse)}
	fresh, complete := respondedBy(events...)
	assert.True(t, complete)
	stored, complete := exchangedEvents(openai.NewStored, `{"stream":true}`, events...)
	assert.True(t, complete)
	assert.True(t, stored.Request.Stream)
	assert.True(t, stored.UsageCounted)
	fresh.Request, stored.Request, stored.UsageCounted = record.Request{}, record.Request{}, false
	assert.Equal(t, fresh, stored)

	_, complete = exchangedEvents(openai.NewStored, "", events[:2]...)
	assert.False(t, complete, "the stream was cut")
}

func TestAResponseThatWasCanceledIsNoErrorOfTheCall(t *testing.T) {
	call, complete := exchanged(openai.NewStored, "", `{"id":"resp_1","status":"cancelled","model":"gpt-5","output":[]}`) //nolint:misspell // as the protocol spells it
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	assert.Equal(t, "cancelled", call.Response.Status) //nolint:misspell // as the protocol spells it
	assert.Equal(t, "error", call.Response.Choices[0].FinishReason)
}

func TestTheURLNamesTheStoredResponse(t *testing.T) {
	for address, want := range map[string]record.Call{
		"/v1/responses/resp_1":                                    {Response: record.Response{ID: "resp_1"}},
		"/v1/responses/resp_1/cancel":                             {Response: record.Response{ID: "resp_1"}},
		"/v1/responses/resp_1?include=a":                          {Response: record.Response{ID: "resp_1"}},
		"/v1/responses/resp_1?stream=false&starting_after=":       {Response: record.Response{ID: "resp_1"}},
		"/v1/responses/resp_1?stream=true&starting_after=42":      {Response: record.Response{ID: "resp_1"}, Request: record.Request{Stream: true, StreamCursor: "42"}},
		"/v1/responses/resp_1%FF":                                 {Response: record.Response{ID: "resp_1\uFFFD"}},
		"/v1/responses/resp_1/":                                   {Response: record.Response{ID: "resp_1"}},
		"/v1/responses/resp_" + strings.Repeat("1", 1000):         {Response: record.Response{ID: "resp_" + strings.Repeat("1", 507)}},
		"/v1/responses/resp_1?starting_after=%FF%zz&stream=true;": {Response: record.Response{ID: "resp_1"}, Request: record.Request{StreamCursor: ""}},
	} {
		assert.Equal(t, &want, described(t, openai.DescribeStored, address, ""), address)
	}
}

const window = `{"id":"resp_2","object":"response.compaction","created_at":1,"output":[
	{"id":"msg_1","type":"message","role":"user","status":"completed","content":[{"type":"input_text","text":"Hi."}]},
	{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello."}]},
	{"id":"cmp_1","type":"compaction","encrypted_content":"SECRET"}],
	"usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":4},"output_tokens":9,"total_tokens":29}}`

func TestACompactionHasUsageAndTheWindowThatTakesTheConversationsPlace(t *testing.T) {
	call, complete := exchanged(openai.NewCompaction,
		`{"model":"gpt-5","instructions":"Be brief.","previous_response_id":"resp_1","input":[{"role":"user","content":"Hi."}]}`, window)
	assert.True(t, complete)
	assert.Equal(t, &record.Call{
		Request: record.Request{
			Model: "gpt-5", PreviousResponseID: "resp_1", System: parts(record.Text{Content: "Be brief."}),
			Messages: []record.Message{{Role: "user", Parts: parts(record.Text{Content: "Hi."})}},
		},
		Response: record.Response{ID: "resp_2", Compacted: true, Choices: []record.Choice{{
			FinishReason: "compaction",
			Message: record.Message{Role: "assistant", Parts: parts(
				record.Generic{Type: "message", JSON: `{"id":"msg_1","type":"message","role":"user","status":"completed","content":[{"type":"input_text","text":"Hi."}]}`},
				record.Text{Content: "Hello."},
				record.Generic{Type: "compaction", JSON: `{"id":"cmp_1","type":"compaction"}`},
			)},
		}}},
		Usage: record.Usage{Input: some(20), Output: some(9), Total: some(29), CacheRead: some(4)},
	}, call)
}

func TestACompactionThatFailedOrIsCutHasNoReason(t *testing.T) {
	for _, body := range []string{`{}`, `{"output":[]}`, `[]`, ``, strings.TrimSuffix(window, "}"), `{"output":[{"type":"compaction"}],"error":{"code":"x"}}`} {
		call, complete := exchanged(openai.NewCompaction, `{}`, body)
		for _, choice := range call.Response.Choices {
			assert.NotEqual(t, "compaction", choice.FinishReason, body)
		}
		assert.Equal(t, strings.Contains(body, "error"), complete, body)
	}
}

func TestALargeCompactionIsDecodedAtOnce(t *testing.T) {
	long := strings.Repeat("a b ", 300_000)
	call, complete := exchanged(openai.NewCompaction, `{}`, strings.Replace(window, "Hello.", long, 1))
	assert.True(t, complete)
	message := call.Response.Choices[0].Message
	assert.Equal(t, long, textOf(message))
	assert.IsType(t, record.Generic{}, message.Parts[0])
	assert.Len(t, message.Parts, 3)
}
