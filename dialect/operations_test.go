package dialect_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// fetched is the record of a response that was made before.
func fetched() *record.Call {
	c := chat()
	c.Operation, c.API, c.Path = "fetch_response", "responses", "/v1/responses/resp_1"
	c.Request = record.Request{StreamCursor: "42", Stream: true}
	c.Response.ID, c.Response.Status, c.Response.SystemFingerprint = "resp_1", "completed", ""
	c.Response.Choices = c.Response.Choices[:1]
	c.UsageCounted = true
	return c
}

// ran is the record of an assistant's work.
func ran() *record.Call {
	c := chat()
	c.Operation, c.API, c.Path = "invoke_agent", "", "/v1/threads/thread_1/runs"
	c.Agent = record.Agent{ID: "asst_1"}
	c.Request.ConversationID = "thread_1"
	c.Request.Stream, c.Request.ReasoningLevel, c.Request.ServiceTier, c.Request.TopK = false, "", "", record.Opt[int64]{}
	c.Response = record.Response{ID: "run_1", Model: "gpt-4o-mini", Status: "requires_action", Choices: c.Response.Choices[1:]}
	c.Usage.Reasoning = record.Opt[int64]{}
	return c
}

// made is the record of an assistant's making.
func made() *record.Call {
	c := chat()
	c.Operation, c.API, c.Path = "create_agent", "", "/v1/assistants"
	c.Agent = record.Agent{ID: "asst_1", Name: "City bot", Description: "Knows cities."}
	c.Request = record.Request{Model: "gpt-4o", System: c.Request.System}
	c.Response, c.Usage, c.Stream = record.Response{}, record.Usage{}, record.Stream{}
	return c
}

// searched is the record of a search.
func searched() *record.Call {
	c := made()
	c.Operation, c.Path, c.Agent, c.Request = "retrieval", "/v1/vector_stores/vs_1/search", record.Agent{}, record.Request{}
	c.Retrieval = record.Retrieval{
		DataSource: "vs_1", TopK: record.Some(int64(5)), Found: record.Some(int64(3)), Queries: []string{"valves", "pumps"},
		Documents: []record.Document{
			{ID: "file-1", Name: "a.pdf", Score: record.Some(0.75), Content: "Close it.", Metadata: `{"year":2024}`},
			{ID: "file-2"},
			{ID: "file-3", Content: "Open it.", Metadata: "cut"},
		},
	}
	return c
}

func TestTheSpansOfOtherOperationsHaveWhatTheConventionsWant(t *testing.T) {
	types := map[string]attribute.Type{
		"string": attribute.STRING, "int": attribute.INT64, "double": attribute.FLOAT64,
		"boolean": attribute.BOOL, "string[]": attribute.STRINGSLICE, "any": attribute.STRING,
	}
	for id, test := range map[string]struct {
		call *record.Call
		name string
		// missing are conditions that the record does not meet, more what it tells
		// beside what the conventions list for the span.
		missing, more []string
	}{
		"openai.fetch_response.client": {
			call: fetched(), name: "fetch_response", missing: []string{"gen_ai.system_instructions", "gen_ai.tool.definitions"},
			more: []string{"gen_ai.request.stream", "gen_ai.response.time_to_first_chunk"},
		},
		"gen_ai.invoke_agent.client": {
			call: ran(), name: "invoke_agent",
			missing: []string{
				"gen_ai.agent.name", "gen_ai.agent.description", "gen_ai.agent.version", "gen_ai.data_source.id",
				"gen_ai.request.previous_response.id", "gen_ai.usage.audio.cache_read.input_tokens",
				"gen_ai.usage.image.cache_read.input_tokens", "gen_ai.usage.text.cache_read.input_tokens",
			},
			more: []string{"gen_ai.response.id", "gen_ai.response.model", "gen_ai.response.status"},
		},
		"gen_ai.create_agent.client": {call: made(), name: "create_agent City bot", missing: []string{"gen_ai.agent.version"}},
		"gen_ai.retrieval.client":    {call: searched(), name: "retrieval vs_1", missing: []string{"gen_ai.request.model"}},
	} {
		t.Run(id, func(t *testing.T) {
			registry := readRegistry(t)
			at := slices.IndexFunc(registry.Profiles["latest"].Spans, func(s spanType) bool { return s.ID == id })
			require.GreaterOrEqual(t, at, 0)
			span := registry.Profiles["latest"].Spans[at]
			got := genAI(test.call)
			start := dialect.AppendGenAIStart(nil, test.call)
			unique(t, got)
			wanted := slices.Clone(test.more)
			for _, want := range span.Attributes {
				wanted = append(wanted, want.Key)
				absent := want.Key == "error.type" || slices.Contains(test.missing, want.Key)
				assert.Equal(t, absent, value(t, got, want.Key) == nil, "%s is %s", want.Key, want.Level)
				if want.SamplingRelevant && !absent {
					assert.NotNil(t, value(t, start, want.Key), "%s at the start", want.Key)
				}
			}
			for _, kv := range got {
				assert.Contains(t, wanted, string(kv.Key), "does not belong on this span")
				assert.Equal(t, types[registry.keys()[string(kv.Key)].Type], kv.Value.Type(), kv.Key)
			}
			assert.Contains(t, span.OperationNames, test.call.Operation)
			assert.Equal(t, test.name, dialect.SpanName(test.call))
		})
	}
}

func TestEveryAttributeOfTheseOperationsIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/attributes.md")
	require.NoError(t, err)
	for _, c := range []*record.Call{fetched(), ran(), made(), searched()} {
		for _, kv := range everything(c) {
			assert.Contains(t, string(page), "`"+string(kv.Key)+"`")
		}
	}
}

func TestTheSpanOfAnAgentIsNamedAfterItAndNotAfterTheModel(t *testing.T) {
	c := ran()
	assert.Equal(t, "invoke_agent", dialect.SpanName(c))
	c.Agent.Name = "City bot"
	assert.Equal(t, "invoke_agent City bot", dialect.SpanName(c))
	c = searched()
	c.Retrieval.DataSource = ""
	assert.Equal(t, "retrieval", dialect.SpanName(c))
}

// tokens finds what tells a backend of tokens.
func tokens(attributes []attribute.KeyValue) (found []string) {
	for _, kv := range attributes {
		if key := string(kv.Key); strings.Contains(key, "usage") || strings.Contains(key, "token") || strings.Contains(kv.Value.String(), "input_tokens") {
			found = append(found, key)
		}
	}
	return found
}

func TestTokensThatWereCountedElsewhereAreToldInNoVocabulary(t *testing.T) {
	again := fetched()
	assert.Empty(t, tokens(everything(again)))
	for name, view := range views(all) {
		assert.Empty(t, tokens(view(stub(again).Snapshot(), again).Attributes()), name)
	}
	once := fetched()
	once.UsageCounted = false
	assert.NotEmpty(t, tokens(everything(once)), "or this test would see nothing")
	for name, view := range views(all) {
		assert.NotEmpty(t, tokens(view(stub(once).Snapshot(), once).Attributes()), name)
	}
}

func TestTokensThatNobodyCountedAreToldToBackendsAndNotInTheConventionsForm(t *testing.T) {
	c := fetched()
	c.UsageCounted = false
	for _, kv := range genAI(c) {
		assert.NotContains(t, string(kv.Key), "usage", "the conventions have none on this span")
	}
	assert.Equal(t, int64(120), value(t, everything(c), "llm.usage.total_tokens"))

	got := langsmithSees(c, all)
	assert.Equal(t, "llm", value(t, got, "langsmith.span.kind"))
	assert.Equal(t, "chat", value(t, got, "langsmith.metadata.ls_model_type"))
	assert.Contains(t, text(t, got, "langsmith.usage_metadata"), `"input_tokens":100`)

	span := dialect.LangtraceView(all)(stub(c).Snapshot(), c)
	unique(t, span.Attributes())
	assert.Equal(t, "llm", value(t, span.Attributes(), "langtrace.service.type"))
	for key, want := range map[string]any{
		"gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(20), "gen_ai.usage.total_tokens": int64(120),
	} {
		assert.Equal(t, want, value(t, span.Attributes(), key), key)
	}
}

func TestLangSmithTakesForAModelCallOnlyWhatIsOne(t *testing.T) {
	for _, test := range []struct {
		call            *record.Call
		kind, modelType any
	}{
		{chat(), "llm", "chat"},
		{fetched(), "chain", nil},
		{ran(), "chain", "chat"},
		{made(), "chain", nil},
		{searched(), "retriever", nil},
		{&record.Call{Operation: "count_tokens"}, "chain", nil},
		{&record.Call{Operation: "create_batch"}, "chain", nil},
	} {
		got := langsmithSees(test.call, all)
		assert.Equal(t, test.kind, value(t, got, "langsmith.span.kind"), test.call.Operation)
		assert.Equal(t, test.modelType, value(t, got, "langsmith.metadata.ls_model_type"), test.call.Operation)
	}
	assert.Contains(t, text(t, langsmithSees(fetched(), all), "gen_ai.completion"), "42 are left.")
	assert.Contains(t, text(t, langsmithSees(made(), all), "gen_ai.prompt"), "You count brackets.")
	assert.NotNil(t, value(t, langsmithSees(ran(), all), "langsmith.usage_metadata"))
}

func TestLangSmithShowsASearchAsQueryAndDocuments(t *testing.T) {
	got := langsmithSees(searched(), all)
	unique(t, got)
	assert.Equal(t, "valves\npumps", value(t, got, "input.value"))
	assert.Equal(t, "Close it.", value(t, got, "retrieval.documents.0.document.content"))
	assert.Equal(t, " ", value(t, got, "retrieval.documents.1.document.content"), "it stops at the first without")
	assert.Equal(t, "Open it.", value(t, got, "retrieval.documents.2.document.content"))
	assert.JSONEq(t, `{"file_id":"file-1","filename":"a.pdf","score":0.75,"attributes":{"year":2024}}`, text(t, got, "retrieval.documents.0.document.metadata"))
	assert.JSONEq(t, `{"file_id":"file-2"}`, text(t, got, "retrieval.documents.1.document.metadata"))
	assert.JSONEq(t, `{"file_id":"file-3","attributes":"cut"}`, text(t, got, "retrieval.documents.2.document.metadata"))

	for _, kv := range langsmithSees(searched(), output) {
		assert.NotContains(t, kv.Value.String(), "valves", kv.Key)
	}
	for _, kv := range langsmithSees(searched(), input) {
		assert.NotContains(t, kv.Value.String(), "Close it", kv.Key)
	}
	hidden := langsmithSees(searched(), nothing)
	assert.Equal(t, "{}", value(t, hidden, "gen_ai.prompt"))
	assert.Equal(t, "{}", value(t, hidden, "gen_ai.completion"))
}

// waiting is the record of a run that is to be polled.
func waiting() *record.Call {
	c := ran()
	c.Response.Status, c.Response.Choices, c.Usage = "queued", nil, record.Usage{}
	return c
}

func TestLangtraceIsToldWhatKindOfServiceItWas(t *testing.T) {
	for _, test := range []struct {
		call *record.Call
		want string
	}{{chat(), "llm"}, {ran(), "llm"}, {embeddings(), "llm"}, {waiting(), "framework"}, {fetched(), "framework"}, {made(), "framework"}, {searched(), "vectordb"}} {
		span := dialect.LangtraceView(all)(stub(test.call).Snapshot(), test.call)
		assert.Equal(t, test.want, value(t, span.Attributes(), "langtrace.service.type"), test.call.Operation)
	}
}

func TestASearchIsSeenAsFarAsItsSidesMayBe(t *testing.T) {
	const query, documents = "gen_ai.retrieval.query.text", "gen_ai.retrieval.documents"
	for name, view := range map[string]func(dialect.Content) dialect.View{"GenAI": dialect.GenAIView, "Langtrace": dialect.LangtraceView} {
		for content, want := range map[dialect.Content][2]bool{all: {true, true}, input: {true, false}, output: {false, true}, nothing: {}} {
			got := view(content)(stub(searched()).Snapshot(), searched())
			unique(t, got.Attributes())
			assert.Equal(t, want, [2]bool{value(t, got.Attributes(), query) != nil, value(t, got.Attributes(), documents) != nil}, "%s %v", name, content)
			assert.Empty(t, got.Events())
		}
	}
	var listed []map[string]any
	require.NoError(t, json.Unmarshal([]byte(text(t, genAI(searched()), documents)), &listed))
	assert.Equal(t, []map[string]any{
		{"id": "file-1", "name": "a.pdf", "score": 0.75, "content": "Close it.", "metadata": map[string]any{"year": 2024.0}},
		{"id": "file-2"},
		{"id": "file-3", "content": "Open it.", "metadata": "cut"},
	}, listed)
	assert.Equal(t, int64(3), value(t, everything(searched()), "genotel.retrieval.document_count"))
	assert.Nil(t, value(t, everything(chat()), "genotel.retrieval.document_count"))
}
