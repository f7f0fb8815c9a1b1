package otelopenai_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai"
)

// requireNoTokens searches a span for anything that a backend could add up.
func requireNoTokens(t *testing.T, span sdktrace.ReadOnlySpan) {
	t.Helper()
	for _, kv := range span.Attributes() {
		require.NotContains(t, string(kv.Key), "usage", kv.Value.String())
		require.NotContains(t, kv.Value.String(), `"input_tokens"`, kv.Key)
	}
}

func TestAStoredResponseIsFetchedWithoutItsTokens(t *testing.T) {
	s := newStand(t, answerJSON(response), otelgenai.WithContent(otelgenai.ContentOnSpan))
	got, err := s.client.Responses.Get(t.Context(), "resp_1", responses.ResponseGetParams{})
	require.NoError(t, err)
	assert.Equal(t, "Hello there.", got.OutputText())
	assert.Equal(t, int64(20), got.Usage.InputTokens, "the caller is told")

	span := s.span(t)
	assert.Equal(t, "fetch_response", span.Name())
	assert.Equal(t, codes.Unset, span.Status().Code)
	for key, want := range map[string]any{
		"gen_ai.operation.name":          "fetch_response",
		"gen_ai.provider.name":           "openai",
		"openai.api.type":                "responses",
		"openai.response.service_tier":   "default",
		"gen_ai.request.model":           nil,
		"gen_ai.request.stream":          nil,
		"gen_ai.request.stream_cursor":   nil,
		"gen_ai.response.id":             "resp_1",
		"gen_ai.response.model":          "gpt-5-2025-08-07",
		"gen_ai.response.status":         "completed",
		"gen_ai.response.finish_reasons": []string{"stop"},
		"genotel.response.incomplete":    nil,
		"langsmith.span.kind":            "chain",
		"llm.path":                       "/v1/responses/resp_1",
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	requireNoTokens(t, span)
	assert.JSONEq(t, responseAnswer, attr(span, "gen_ai.output.messages").(string))
	assert.Nil(t, attr(span, "gen_ai.input.messages"))
}

func TestAStoredStreamIsTakenUpWhereItStopped(t *testing.T) {
	events := []string{responseDelta("there."), oneLine(`{"type":"response.completed","sequence_number":9,"response":` + response + `}`)}
	s := newStand(t, answerStream(events...), otelgenai.WithContent(otelgenai.ContentOnSpan))
	stream := s.client.Responses.GetStreaming(t.Context(), "resp_1", responses.ResponseGetParams{StartingAfter: openai.Int(4)})
	count := 0
	for stream.Next() {
		count++
	}
	require.NoError(t, stream.Err())
	require.NoError(t, stream.Close())
	assert.Equal(t, 2, count)
	span := s.span(t)
	assert.Equal(t, "4", attr(span, "gen_ai.request.stream_cursor"))
	assert.Equal(t, true, attr(span, "gen_ai.request.stream"))
	assert.Equal(t, "completed", attr(span, "gen_ai.response.status"))
	assert.Equal(t, int64(2), attr(span, "genotel.stream.chunks"))
	requireNoTokens(t, span)
	assert.JSONEq(t, responseAnswer, attr(span, "gen_ai.output.messages").(string))

	s = newStand(t, answerStream(events[:1]...), otelgenai.WithContent(otelgenai.ContentOnSpan))
	stream = s.client.Responses.GetStreaming(t.Context(), "resp_1", responses.ResponseGetParams{})
	for stream.Next() {
	}
	span = s.span(t)
	assert.Equal(t, true, attr(span, "genotel.response.incomplete"), "the stream was cut")
	assert.Equal(t, "resp_1", attr(span, "gen_ai.response.id"), "of the path")
	assert.Contains(t, attr(span, "gen_ai.output.messages"), "there.")
}

func TestAResponseInTheBackgroundIsFetchedUntilItIsThere(t *testing.T) {
	const working = `{"id":"resp_1","status":"in_progress","model":"gpt-5","output":[],"usage":null}`
	s := newStand(t, inTurn(answerJSON(strings.Replace(working, "in_progress", "queued", 1)), answerJSON(working), answerJSON(response)))
	p := question("Hi.")
	p.Background = openai.Bool(true)
	_, err := s.client.Responses.New(t.Context(), p)
	require.NoError(t, err)
	for range 3 {
		_, err = s.client.Responses.Get(t.Context(), "resp_1", responses.ResponseGetParams{})
		require.NoError(t, err)
	}
	ended := s.spans.Ended()
	require.Len(t, ended, 4)
	for i, want := range []struct {
		name           string
		status         any
		reasons, total any
		kind           string
	}{
		{"chat gpt-5", "queued", nil, nil, "llm"},
		{"fetch_response", "in_progress", nil, nil, "chain"},
		{"fetch_response", "completed", []string{"stop"}, int64(29), "llm"},
		{"fetch_response", "completed", []string{"stop"}, nil, "chain"},
	} {
		assert.Equal(t, want.total, attr(ended[i], "llm.usage.total_tokens"), "told once")
		assert.Equal(t, want.total != nil, attr(ended[i], "langsmith.usage_metadata") != nil)
		assert.Equal(t, want.kind, attr(ended[i], "langsmith.span.kind"))
		assert.Nil(t, attr(ended[i], "gen_ai.usage.input_tokens"))
		assert.Equal(t, want.name, ended[i].Name())
		assert.Equal(t, want.status, attr(ended[i], "gen_ai.response.status"))
		assert.Equal(t, want.reasons, attr(ended[i], "gen_ai.response.finish_reasons"))
		assert.Nil(t, attr(ended[i], "genotel.response.incomplete"))
		assert.Equal(t, codes.Unset, ended[i].Status().Code)
	}
}

func TestAResponseThatIsCanceledIsToldAsFetched(t *testing.T) {
	s := newStand(t, answerJSON(`{"id":"resp_1","status":"cancelled","model":"gpt-5","output":[],"usage":{"input_tokens":3}}`)) //nolint:misspell // as the protocol spells it
	_, err := s.client.Responses.Cancel(t.Context(), "resp_1")
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, "fetch_response", span.Name())
	assert.Equal(t, "cancelled", attr(span, "gen_ai.response.status")) //nolint:misspell // as the protocol spells it
	assert.Equal(t, []string{"error"}, attr(span, "gen_ai.response.finish_reasons"))
	assert.Equal(t, codes.Unset, span.Status().Code, "the call did what it should")
	requireNoTokens(t, span)
}

func TestAResponseThatIsNotThereIsAnErrorWithItsID(t *testing.T) {
	s := newStand(t, refuse(http.StatusNotFound, "response_not_found"))
	_, err := s.client.Responses.Get(t.Context(), "resp_9", responses.ResponseGetParams{})
	require.Error(t, err)
	span := s.span(t)
	assert.Equal(t, "response_not_found", attr(span, "error.type"))
	assert.Equal(t, "resp_9", attr(span, "gen_ai.response.id"))
	assert.Nil(t, attr(span, "gen_ai.response.status"))
}

func TestAFetchThatIsRetriedIsOneCall(t *testing.T) {
	s := newStand(t, inTurn(refuse(http.StatusInternalServerError, "down"), answerJSON(response)))
	_, err := s.client.Responses.Get(t.Context(), "resp_1", responses.ResponseGetParams{})
	require.NoError(t, err)
	assert.Equal(t, int64(1), attr(s.span(t), "http.request.resend_count"))
	assert.Len(t, s.attempts(), 2)
}

func TestACompactionIsAModelCallWithTokens(t *testing.T) {
	s := newStand(t, answerJSON(`{"id":"resp_2","object":"response.compaction","created_at":1,"output":[
		{"id":"msg_1","type":"message","role":"user","status":"completed","content":[{"type":"input_text","text":"Hi."}]},
		{"id":"cmp_1","type":"compaction","encrypted_content":"SECRET"}],
		"usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":0},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":29}}`),
		otelgenai.WithContent(otelgenai.ContentOnSpan))
	got, err := s.client.Responses.Compact(t.Context(), responses.ResponseCompactParams{
		Model: "gpt-5", Input: responses.ResponseCompactParamsInputUnion{OfString: openai.String("Hi.")},
	})
	require.NoError(t, err)
	assert.Len(t, got.Output, 2)
	span := s.span(t)
	assert.Equal(t, "chat gpt-5", span.Name())
	for key, want := range map[string]any{
		"openai.api.type": "responses", "gen_ai.response.id": "resp_2", "gen_ai.conversation.compacted": true,
		"gen_ai.response.finish_reasons": []string{"compaction"}, "gen_ai.usage.input_tokens": int64(20),
		"gen_ai.usage.output_tokens": int64(9), "langsmith.span.kind": "llm", "genotel.response.incomplete": nil,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.Contains(t, attr(span, "gen_ai.output.messages"), `"role":"user"`)
	assert.NotContains(t, all(s.spans.Ended()), "SECRET")
}

func TestTheCountingOfTokensIsALightSpan(t *testing.T) {
	s := newStand(t, answerJSON(`{"object":"response.input_tokens","input_tokens":16}`), otelgenai.WithContent(otelgenai.ContentOnSpan))
	got, err := s.client.Responses.InputTokens.Count(t.Context(), responses.InputTokenCountParams{
		Model: openai.String("gpt-5"), Input: responses.InputTokenCountParamsInputUnion{OfString: openai.String("MARKER")},
	})
	require.NoError(t, err)
	assert.Equal(t, int64(16), got.InputTokens)
	span := s.span(t)
	assert.Equal(t, "count_tokens gpt-5", span.Name())
	assert.Nil(t, attr(span, "genotel.response.incomplete"))
	requireNoTokens(t, span)
	assert.NotContains(t, all(s.spans.Ended()), "MARKER")
}

func TestABatchIsALightSpan(t *testing.T) {
	s := newStand(t, answerJSON(`{"id":"batch_1","object":"batch","endpoint":"/v1/responses","status":"validating","input_file_id":"file-1","completion_window":"24h","created_at":1}`))
	got, err := s.client.Batches.New(t.Context(), openai.BatchNewParams{CompletionWindow: "24h", Endpoint: "/v1/responses", InputFileID: "file-1"})
	require.NoError(t, err)
	assert.Equal(t, "batch_1", got.ID)
	span := s.span(t)
	assert.Equal(t, "create_batch", span.Name())
	assert.Equal(t, "batch_1", attr(span, "gen_ai.response.id"))
	assert.Nil(t, attr(span, "genotel.response.incomplete"))
}

func TestADecisionIsAModelCall(t *testing.T) {
	s := newStand(t, answerJSON(`{"model":"gpt-5","answers":[{"type":"predicate","name":"rude","probability":0.9}],
		"usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":29}}`),
		otelgenai.WithContent(otelgenai.ContentOnSpan))
	got, err := s.client.Decisions.New(t.Context(), openai.DecisionNewParams{
		Model: "gpt-5", Input: openai.DecisionNewParamsInputUnion{OfString: openai.String("Go away.")},
		Questions: []openai.DecisionNewParamsQuestionUnion{{OfPredicate: &openai.DecisionNewParamsQuestionPredicate{
			Name: openai.String("rude"), Instructions: openai.DecisionNewParamsQuestionPredicateInstructionsUnion{OfString: openai.String("Is it rude?")},
		}}},
	})
	require.NoError(t, err)
	assert.Len(t, got.Answers, 1)
	span := s.span(t)
	assert.Equal(t, "chat gpt-5", span.Name())
	assert.Equal(t, int64(20), attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, []string{"stop"}, attr(span, "gen_ai.response.finish_reasons"))
	assert.JSONEq(t, `[{"role":"user","parts":[{"type":"text","content":"Go away."}]},
		{"role":"user","parts":[{"type":"predicate","name":"rude","instructions":"Is it rude?"}]}]`, attr(span, "gen_ai.input.messages").(string))
	assert.JSONEq(t, `[{"role":"assistant","parts":[{"type":"predicate","name":"rude","probability":0.9}],"finish_reason":"stop"}]`,
		attr(span, "gen_ai.output.messages").(string))
}

const results = `{"object":"vector_store.search_results.page","search_query":["valves"],"data":[
	{"file_id":"file-1","filename":"a.pdf","score":0.75,"attributes":{"year":2024},"content":[{"type":"text","text":"Close it."}]}],
	"has_more":false,"next_page":null}`

func TestASearchInAVectorStoreIsARetrieval(t *testing.T) {
	s := newStand(t, answerJSON(results), otelgenai.WithContent(otelgenai.ContentOnSpan))
	got, err := s.client.VectorStores.Search(t.Context(), "vs_1", openai.VectorStoreSearchParams{
		Query: openai.VectorStoreSearchParamsQueryUnion{OfString: param.NewOpt("valves")}, MaxNumResults: openai.Int(5),
	})
	require.NoError(t, err)
	assert.Len(t, got.Data, 1)
	span := s.span(t)
	assert.Equal(t, "retrieval vs_1", span.Name())
	for key, want := range map[string]any{
		"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "vs_1", "gen_ai.retrieval.top_k": int64(5),
		"genotel.retrieval.document_count": int64(1), "gen_ai.retrieval.query.text": "valves", "langsmith.span.kind": "retriever",
		"gen_ai.input.messages": nil, "gen_ai.output.messages": nil, "genotel.response.incomplete": nil,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.JSONEq(t, `[{"id":"file-1","name":"a.pdf","score":0.75,"content":"Close it.","metadata":{"year":2024}}]`,
		attr(span, "gen_ai.retrieval.documents").(string))

	s = newStand(t, answerJSON(results))
	_, err = s.client.VectorStores.Search(t.Context(), "vs_1", openai.VectorStoreSearchParams{
		Query: openai.VectorStoreSearchParamsQueryUnion{OfStringArray: []string{"valves"}},
	})
	require.NoError(t, err)
	for _, content := range []string{"valves", "Close it", "a.pdf", "2024"} {
		assert.NotContains(t, all(s.spans.Ended()), content)
	}
}

func TestWhatGeneratesNothingIsNotTraced(t *testing.T) {
	s := newStand(t, answerJSON(`{}`))
	for _, call := range []string{
		"GET responses/resp_1/input_items", "DELETE responses/resp_1", "GET chat/completions/chatcmpl-1", "GET chat/completions", "GET models",
		"GET threads/thread_1/runs/run_1", "GET threads/thread_1/messages", "POST threads", "POST threads/thread_1/messages",
		"GET batches/batch_1", "POST files", "POST conversations", "POST realtime/client_secrets", "POST organization/admin_api_keys",
		"POST agents/sessions", "POST videos",
	} {
		method, path, _ := strings.Cut(call, " ")
		require.NoError(t, s.client.Execute(t.Context(), method, path, nil, nil), call)
	}
	assert.Empty(t, s.spans.Started())
}

func TestNothingOfAnUnsampledCallIsLookedAt(t *testing.T) {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	s := newStand(t, inTurn(answerJSON(response), answerJSON(results)), otelgenai.WithTracerProvider(provider), otelgenai.WithContent(otelgenai.ContentOnSpan))
	for _, call := range []string{"GET responses/resp_1", "POST vector_stores/vs_1/search"} {
		method, path, _ := strings.Cut(call, " ")
		var plain, traced *http.Response
		untraced := openai.NewClient(option.WithBaseURL(s.server.URL+"/v1/"), option.WithAPIKey("sk-secret"), option.WithHTTPClient(s.server.Client()))
		require.NoError(t, untraced.Execute(t.Context(), method, path, nil, &plain))
		require.NoError(t, s.client.Execute(t.Context(), method, path, nil, &traced))
		assert.IsType(t, plain.Body, traced.Body, "the body is the transport's own")
		require.NoError(t, plain.Body.Close())
		require.NoError(t, traced.Body.Close())
	}
	assert.Empty(t, s.spans.Ended())
}
