package otelopenai_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// responseRecordings reads the exchanges of the corpus with the responses API,
// and counts them in another way: those that create a response, and all others.
func responseRecordings(t *testing.T) (creations, others []exchange, count int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpus, "*.jsonl.gz"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the corpus of recorded traffic is not here: " + corpus)
	}
	isResponses := regexp.MustCompile(`"api": ?"openai\.responses"`)
	for _, name := range files {
		for _, line := range lines(t, name) {
			if !isResponses.Match(line) || bytes.Contains(line, []byte(`"websocket-session"`)) {
				continue
			}
			count++
			var e exchange
			require.NoError(t, json.Unmarshal(line, &e), name)
			if path, _, _ := strings.Cut(e.Path, "?"); e.Method == http.MethodPost && strings.HasSuffix(path, "/responses") {
				creations = append(creations, e)
			} else {
				others = append(others, e)
			}
		}
	}
	return creations, others, count
}

// The recorded protocol, as far as it is compared, for encoding/json.
type (
	wireItem struct {
		Type    string
		Content json.RawMessage
	}
	wireResponse struct {
		ID, Model, Status string
		Output            []wireItem
		Error             any
		Incomplete        struct{ Reason string } `json:"incomplete_details"`
		Usage             *struct {
			Input  *int64 `json:"input_tokens"`
			Output *int64 `json:"output_tokens"`
		}
	}
)

// text joins the texts of the messages in a response.
func (r *wireResponse) text(t *testing.T) (all string) {
	t.Helper()
	for _, item := range r.Output {
		if item.Type != "message" {
			continue
		}
		var parts []struct{ Type, Text, Refusal string }
		require.NoError(t, json.Unmarshal(item.Content, &parts))
		for _, part := range parts {
			all += part.Text + part.Refusal
		}
	}
	return all
}

// lastResponse reads a recorded answer: a document, or the last event of a stream
// with a response, with the items that came before when it has none.
func lastResponse(t *testing.T, body string) (r wireResponse) {
	t.Helper()
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		require.NoError(t, json.Unmarshal([]byte(body), &r))
		return r
	}
	var items []wireItem
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:")
		if !ok || strings.TrimSpace(data) == "[DONE]" {
			continue
		}
		if !json.Valid([]byte(data)) { // one recording lost the last brace of its events
			data += "}"
		}
		var event struct {
			Type     string
			Response *wireResponse
			Item     wireItem
		}
		require.NoError(t, json.Unmarshal([]byte(data), &event), data)
		if event.Type == "response.output_item.done" {
			items = append(items, event.Item)
		}
		if event.Response != nil {
			r = *event.Response
		}
		if event.Type == "response.completed" { // one recording has two streams on end
			break
		}
	}
	if len(r.Output) == 0 {
		r.Output = items
	}
	return r
}

// reason derives the finish reason of a recorded response, empty when there is
// none.
func (r *wireResponse) reason() any {
	switch {
	case r.Status == "queued" || r.Status == "":
		return nil
	case r.Status == "incomplete" && r.Incomplete.Reason == "max_output_tokens":
		return []string{"length"}
	}
	for _, item := range r.Output {
		switch item.Type {
		case "function_call", "custom_tool_call", "local_shell_call", "apply_patch_call":
			return []string{"tool_calls"}
		}
	}
	return []string{"stop"}
}

// requireResponse holds the span of an exchange against what was recorded.
func requireResponse(t *testing.T, e exchange, span sdktrace.ReadOnlySpan) {
	t.Helper()
	var sent struct {
		Model        string
		Stream       bool
		Instructions string
		Input        json.RawMessage
	}
	if e.RequestBody != "" {
		require.NoError(t, json.Unmarshal([]byte(e.RequestBody), &sent))
	}
	want := lastResponse(t, e.ResponseBody)
	expected := map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": providerOf(e), "gen_ai.request.model": nil, "gen_ai.request.stream": nil,
		"gen_ai.response.id": nil, "gen_ai.response.model": nil, "gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil,
		"genotel.content.truncated": nil, "genotel.content.withheld": nil, "genotel.response.incomplete": nil,
	}
	for key, value := range map[string]string{
		"gen_ai.request.model": sent.Model, "gen_ai.response.id": want.ID, "gen_ai.response.model": want.Model,
	} {
		if value != "" {
			expected[key] = value
		}
	}
	if sent.Stream {
		expected["gen_ai.request.stream"] = true
	}
	if want.Usage != nil && want.Usage.Input != nil {
		expected["gen_ai.usage.input_tokens"], expected["gen_ai.usage.output_tokens"] = *want.Usage.Input, *want.Usage.Output
	}
	failed := e.Status >= http.StatusBadRequest || want.Error != nil
	if failed || want.Status == "" { // one recording answers with a chat completion
		expected["genotel.response.incomplete"] = true
	}
	for key, value := range expected {
		require.Equal(t, value, attr(span, key), key)
	}
	require.Equal(t, failed, span.Status().Code == codes.Error, span.Status())
	require.Equal(t, failed, attr(span, "error.type") != nil)

	everything := all([]sdktrace.ReadOnlySpan{span})
	require.NotContains(t, everything, ";base64,", "bytes are described")
	require.NotContains(t, everything, "encrypted_content")
	if sent.Instructions != "" {
		require.Contains(t, attr(span, "gen_ai.system_instructions"), `"type":"text"`)
	}
	if bytes.HasPrefix(sent.Input, []byte(`"`)) {
		var text string
		require.NoError(t, json.Unmarshal(sent.Input, &text))
		require.Equal(t, text, messages(t, span, "gen_ai.input.messages")[0].text())
	}
	if failed || want.reason() == nil {
		require.Nil(t, attr(span, "gen_ai.response.finish_reasons"))
		return
	}
	if !slices.ContainsFunc(want.Output, func(i wireItem) bool { return i.Type == "shell_call" || i.Type == "tool_search_call" }) {
		require.Equal(t, want.reason(), attr(span, "gen_ai.response.finish_reasons"))
	}
	answers := messages(t, span, "gen_ai.output.messages")
	require.Len(t, answers, 1)
	require.Equal(t, want.text(t), answers[0].text())
	require.GreaterOrEqual(t, len(answers[0].Parts), len(want.Output)-empty(want.Output), "every item has a part")
}

// empty counts the items that say nothing: encrypted reasoning, and messages
// without text.
func empty(items []wireItem) (count int) {
	for _, item := range items {
		if item.Type == "reasoning" || item.Type == "message" {
			count++
		}
	}
	return count
}

func TestRecordedResponsesAreLeftAloneAndUnderstood(t *testing.T) {
	creations, others, count := responseRecordings(t)
	assert.Equal(t, count, len(creations)+len(others), "exchanges in the corpus")
	assert.GreaterOrEqual(t, len(creations), fewestCreations)
	replayed := map[string]int{}
	allWays := everyWay()
	for _, e := range creations {
		t.Run(e.ID, func(t *testing.T) {
			var first sdktrace.ReadOnlySpan
			for _, way := range allWays {
				sent, received, span := tracedReplay(t, e, way)
				require.Equal(t, e.RequestBody, string(sent), way)
				if way != "by the client" || e.Status < http.StatusBadRequest {
					require.Equal(t, e.ResponseBody, string(received), way)
				}
				if first == nil {
					first = span
					requireResponse(t, e, span)
				}
				require.Equal(t, timeless(first), timeless(span), "%s and %s", allWays[0], way)
			}
			replayed[e.Provider]++
		})
	}
	operations := map[string]int{}
	for _, e := range others {
		t.Run(e.ID, func(t *testing.T) {
			for _, way := range allWays {
				sent, received, span := tracedReplay(t, e, way)
				require.Equal(t, e.RequestBody, string(sent), way)
				require.Equal(t, e.ResponseBody, string(received), way)
				requireOther(t, e, span)
				if way == allWays[0] {
					operation, _ := attr(span, "gen_ai.operation.name").(string)
					operations[e.Method+" "+operation]++
				}
			}
		})
	}
	assert.Equal(t, map[string]int{"GET fetch_response": 6, "POST chat": 2, "POST count_tokens": 1}, operations)

	var table strings.Builder
	sum := 0
	for _, provider := range slices.Sorted(maps.Keys(replayed)) {
		fmt.Fprintf(&table, "\n%5d  %s", replayed[provider], provider)
		sum += replayed[provider]
	}
	t.Logf("responses replayed, each in %d ways:%s\n%5d  in all, and %d other calls", len(allWays), table.String(), sum, len(others))
	assert.Equal(t, len(creations), sum)
}

// fewestCreations is the number of recorded creations that were there when this
// test was written: fewer would mean that some are no longer found.
const fewestCreations = 326

// requireUntraced replays a call that makes no span.
func requireUntraced(t *testing.T, e exchange) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	_, received := replay(t, e, "by the client", otelopenai.WithTracing(
		otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))))
	require.Equal(t, e.ResponseBody, string(received))
	require.Empty(t, spans.Started())
}

// requireOther holds the span of a call that creates no response against what was
// recorded. None of them failed.
func requireOther(t *testing.T, e exchange, span sdktrace.ReadOnlySpan) {
	t.Helper()
	require.Equal(t, codes.Unset, span.Status().Code)
	for _, key := range []string{"genotel.response.incomplete", "genotel.content.withheld", "error.type"} {
		require.Nil(t, attr(span, key), key)
	}
	require.NotContains(t, all([]sdktrace.ReadOnlySpan{span}), "encrypted_content")
	if strings.HasSuffix(e.Path, "/input_tokens") {
		require.Equal(t, "count_tokens gpt-4.1-mini", span.Name())
		requireNoTokens(t, span)
		return
	}
	want := lastResponse(t, e.ResponseBody)
	require.Equal(t, want.ID, attr(span, "gen_ai.response.id"))
	if strings.HasSuffix(e.Path, "/compact") {
		require.Equal(t, []string{"compaction"}, attr(span, "gen_ai.response.finish_reasons"))
		require.Equal(t, true, attr(span, "gen_ai.conversation.compacted"))
		require.Equal(t, *want.Usage.Input, attr(span, "gen_ai.usage.input_tokens"))
		require.Equal(t, *want.Usage.Output, attr(span, "gen_ai.usage.output_tokens"))
		require.Len(t, messages(t, span, "gen_ai.output.messages")[0].Parts, len(want.Output))
		return
	}
	require.Equal(t, "fetch_response", span.Name())
	requireNoTokens(t, span)
	require.Equal(t, want.Model, attr(span, "gen_ai.response.model"))
	require.Equal(t, want.Status, attr(span, "gen_ai.response.status"))
	if want.Status == "queued" || want.Status == "in_progress" {
		require.Nil(t, attr(span, "gen_ai.response.finish_reasons"))
		return
	}
	require.Equal(t, want.reason(), attr(span, "gen_ai.response.finish_reasons"))
	require.Equal(t, want.text(t), messages(t, span, "gen_ai.output.messages")[0].text())
	_, cursor, resumed := strings.Cut(e.Path, "starting_after=")
	if cursor, _, _ = strings.Cut(cursor, "&"); resumed {
		require.Equal(t, cursor, attr(span, "gen_ai.request.stream_cursor"))
		require.Equal(t, true, attr(span, "gen_ai.request.stream"))
	}
}
