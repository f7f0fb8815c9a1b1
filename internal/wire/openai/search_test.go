package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

const found = `{"object":"vector_store.search_results.page","search_query":["valves"],"data":[
	{"file_id":"file-1","filename":"a.pdf","score":0.75,"attributes":{"year":2024},"content":[{"type":"text","text":"Close "},{"type":"text","text":"it."}]},
	{"file_id":"file-2","filename":"b.pdf","score":0.5,"attributes":null,"content":[]}],"has_more":false,"next_page":null}`

func TestASearchHasWhatWasAskedAndWhatWasFound(t *testing.T) {
	call, complete := exchanged(openai.NewSearch, `{"query":"valves","max_num_results":5,"rewrite_query":true}`, found)
	assert.True(t, complete)
	assert.Equal(t, &record.Call{Retrieval: record.Retrieval{
		TopK: some(5), Found: some(2), Queries: []string{"valves"},
		Documents: []record.Document{
			{ID: "file-1", Name: "a.pdf", Score: record.Some(0.75), Content: "Close it.", Metadata: `{"year":2024}`},
			{ID: "file-2", Name: "b.pdf", Score: record.Some(0.5)},
		},
	}}, call)
	call, complete = exchanged(openai.NewSearch, `{"query":["a","",7,"b"]}`, `{"data":[]}`)
	assert.True(t, complete)
	assert.Equal(t, record.Retrieval{Found: some(0), Queries: []string{"a", "b"}}, call.Retrieval)
	assert.Equal(t, "vs_1", described(t, openai.DescribeSearch, "/v1/vector_stores/vs_1/search", "").Retrieval.DataSource)
}

func TestASearchWithoutAListIsNotComplete(t *testing.T) {
	for _, body := range []string{`{}`, `{"data":{}}`, `{"data":[`, `[]`, ``, `{"error":{"code":"x"}}`} {
		_, complete := exchanged(openai.NewSearch, `{}`, body)
		assert.False(t, complete, body)
	}
}

func TestWhatWasFoundIsCutAtItsBound(t *testing.T) {
	long := strings.Repeat("a b ", 2<<20)
	call, complete := exchanged(openai.NewSearch, `{"query":`+quoted(long)+`}`, `{"data":[{"content":[{"type":"text","text":`+quoted(long)+`}]}]}`)
	assert.True(t, complete)
	assert.True(t, call.Content.Truncated)
	assert.Less(t, len(call.Retrieval.Documents[0].Content), 4<<20+100)
	assert.Less(t, len(call.Retrieval.Queries[0]), 4<<20+100)
}

func TestADecisionHasQuestionsAnswersAndUsage(t *testing.T) {
	const question, answer = `{"type":"choice","name":"tone","choices":[{"value":"rude"}]}`, `{"type":"choice","name":"tone","choice":"rude","confidence":0.9}`
	const refused = `{"type":"refusal","name":"tone"}`
	call, complete := exchanged(openai.NewDecision, `{"model":"gpt-5","input":[{"role":"user","content":"Go away."}],"questions":[`+question+`]}`,
		`{"model":"gpt-5-2025","answers":[`+answer+`,`+refused+`],"usage":{"input_tokens":20,"output_tokens":9,"total_tokens":29,
		 "input_tokens_details":{"cached_tokens":4},"output_tokens_details":{"reasoning_tokens":5}}}`)
	assert.True(t, complete)
	assert.Equal(t, &record.Call{
		Request: record.Request{Model: "gpt-5", Messages: []record.Message{
			{Role: "user", Parts: parts(record.Text{Content: "Go away."})},
			{Role: "user", Parts: parts(record.Generic{Type: "choice", JSON: question})},
		}},
		Response: record.Response{Model: "gpt-5-2025", Choices: []record.Choice{{FinishReason: "stop", Message: record.Message{
			Role: "assistant", Parts: parts(record.Generic{Type: "choice", JSON: answer}, record.Generic{Type: "refusal", JSON: refused}),
		}}}},
		Usage: record.Usage{Input: some(20), Output: some(9), Total: some(29), CacheRead: some(4), Reasoning: some(5)},
	}, call)
	for _, body := range []string{`{}`, `{"answers":[]}`, `{"answers":{}}`, `{"answers":[{}]`, `[]`} {
		_, complete = exchanged(openai.NewDecision, `{}`, body)
		assert.False(t, complete, body)
	}
}
