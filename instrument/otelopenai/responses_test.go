package otelopenai_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/genotel/genotel/otelgenai"
)

const responseItems = `[{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"valves"}},
	{"id":"msg_1","type":"message","status":"completed","role":"assistant",
	  "content":[{"type":"output_text","text":"Hello there.","annotations":[],"logprobs":[]}]}]`

const response = `{"id":"resp_1","object":"response","created_at":1700000000,"status":"completed","error":null,
	"incomplete_details":null,"model":"gpt-5-2025-08-07","service_tier":"default","output":` + responseItems + `,
	"usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":4},"output_tokens":9,
	  "output_tokens_details":{"reasoning_tokens":5},"total_tokens":29}}`

const responseAnswer = `[{"role":"assistant","parts":[
	{"type":"server_tool_call","id":"ws_1","name":"web_search",
	 "server_tool_call":{"type":"web_search_call","status":"completed","action":{"type":"search","query":"valves"}}},
	{"type":"text","content":"Hello there."}],"finish_reason":"stop"}]`

func question(text string) responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model: "gpt-5",
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(text)},
	}
}

// listen reads a streamed response to its end.
func listen(t *testing.T, client openai.Client, p responses.ResponseNewParams) (text string, err error) {
	t.Helper()
	s := client.Responses.NewStreaming(t.Context(), p)
	defer func() { _ = s.Close() }()
	for s.Next() {
		if event := s.Current(); event.Type == "response.output_text.delta" {
			text += event.Delta
		}
	}
	return text, s.Err()
}

func TestAResponseBecomesOneClientSpanWithWhatWasAskedAndAnswered(t *testing.T) {
	s := newStand(t, answerJSON(response), otelgenai.WithContent(otelgenai.ContentOnSpan))
	p := question("Hi.")
	p.Instructions = openai.String("Be brief.")
	p.PreviousResponseID = openai.String("resp_0")
	p.MaxOutputTokens = openai.Int(100)
	p.Temperature = openai.Float(0.5)
	p.Reasoning.Effort = "low"
	p.Prompt = responses.ResponsePromptParam{
		ID: "pmpt_1", Version: openai.String("2"),
		Variables: map[string]responses.ResponsePromptVariableUnionParam{"city": {OfString: openai.String("Rome")}},
	}
	p.Tools = []responses.ToolUnionParam{
		{OfFunction: &responses.FunctionToolParam{Name: "f", Parameters: map[string]any{}}},
		{OfMcp: &responses.ToolMcpParam{ServerLabel: "wiki", ServerURL: openai.String("https://SECRET"), Authorization: openai.String("SECRET")}},
	}
	got, err := s.client.Responses.New(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, "Hello there.", got.OutputText())

	span := s.span(t)
	assert.Equal(t, "chat gpt-5", span.Name())
	assert.Equal(t, codes.Unset, span.Status().Code)
	for key, want := range map[string]any{
		"gen_ai.operation.name":                "chat",
		"gen_ai.provider.name":                 "openai",
		"openai.api.type":                      "responses",
		"openai.response.service_tier":         "default",
		"gen_ai.request.max_tokens":            int64(100),
		"gen_ai.request.temperature":           0.5,
		"gen_ai.request.reasoning.level":       "low",
		"gen_ai.request.previous_response.id":  "resp_0",
		"gen_ai.prompt.name":                   "pmpt_1",
		"gen_ai.prompt.version":                "2",
		"gen_ai.prompt.variable.city":          "Rome",
		"gen_ai.response.id":                   "resp_1",
		"gen_ai.response.model":                "gpt-5-2025-08-07",
		"gen_ai.response.finish_reasons":       []string{"stop"},
		"gen_ai.usage.input_tokens":            int64(20),
		"gen_ai.usage.output_tokens":           int64(9),
		"gen_ai.usage.cache_read.input_tokens": int64(4),
		"gen_ai.usage.reasoning.output_tokens": int64(5),
		"genotel.response.incomplete":          nil,
		"llm.path":                             "/v1/responses",
		"llm.usage.total_tokens":               int64(29),
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.JSONEq(t, `[{"type":"text","content":"Be brief."}]`, attr(span, "gen_ai.system_instructions").(string))
	assert.JSONEq(t, `[{"role":"user","parts":[{"type":"text","content":"Hi."}]}]`, attr(span, "gen_ai.input.messages").(string))
	assert.JSONEq(t, `[{"type":"function","name":"f"},{"type":"mcp","name":"mcp"}]`, attr(span, "gen_ai.tool.definitions").(string))
	assert.JSONEq(t, responseAnswer, attr(span, "gen_ai.output.messages").(string))
	assert.NotContains(t, all(s.spans.Ended()), "SECRET")
}

func TestNothingOfAResponseIsOnTheSpanByDefault(t *testing.T) {
	s := newStand(t, answerJSON(response))
	p := question("MARKER")
	p.Instructions = openai.String("MARKER")
	p.Prompt = responses.ResponsePromptParam{
		ID:        "pmpt_1",
		Variables: map[string]responses.ResponsePromptVariableUnionParam{"city": {OfString: openai.String("MARKER")}},
	}
	_, err := s.client.Responses.New(t.Context(), p)
	require.NoError(t, err)
	everything := all(s.spans.Ended())
	assert.NotContains(t, everything, "MARKER")
	assert.NotContains(t, everything, "Hello there")
	assert.NotContains(t, everything, "valves")
}

func responseDelta(text string) string {
	return `{"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"` + text + `","logprobs":[]}`
}

const responseCreated = `{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress",` +
	`"model":"gpt-5-2025-08-07","output":[],"usage":null}}`

func TestAStreamedResponseIsRead(t *testing.T) {
	s := newStand(t, answerStream(responseCreated, responseDelta("Hello "), responseDelta("there."),
		oneLine(`{"type":"response.completed","sequence_number":9,"response":`+response+`}`)), otelgenai.WithContent(otelgenai.ContentOnSpan))
	text, err := listen(t, s.client, question("Hi."))
	require.NoError(t, err)
	assert.Equal(t, "Hello there.", text)
	span := s.span(t)
	for key, want := range map[string]any{
		"gen_ai.request.stream":          true,
		"gen_ai.response.id":             "resp_1",
		"gen_ai.response.finish_reasons": []string{"stop"},
		"gen_ai.usage.input_tokens":      int64(20),
		"genotel.stream.chunks":          int64(4),
		"genotel.stream.content_chunks":  int64(2),
		"genotel.response.incomplete":    nil,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.NotNil(t, attr(span, "gen_ai.response.time_to_first_chunk"))
	assert.JSONEq(t, responseAnswer, attr(span, "gen_ai.output.messages").(string))
}

func TestAStreamedResponseThatIsCutKeepsWhatCame(t *testing.T) {
	s := newStand(t, answerStream(responseCreated, responseDelta("Hello "), responseDelta("th")), otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, err := listen(t, s.client, question("Hi."))
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
	assert.Equal(t, []string{"error"}, attr(span, "gen_ai.response.finish_reasons"))
	assert.JSONEq(t, `[{"role":"assistant","parts":[{"type":"text","content":"Hello th"}],"finish_reason":"error"}]`,
		attr(span, "gen_ai.output.messages").(string))
}

func TestAResponseThatFailsIsAnErrorWhateverItsHTTPStatus(t *testing.T) {
	const failed = `{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"Down."},"output":[],"model":"gpt-5"}`
	for name, handler := range map[string]http.Handler{
		"in a whole response": answerJSON(failed),
		"in the last event":   answerStream(responseCreated, `{"type":"response.failed","response":`+failed+`}`),
		"in an error event":   answerStream(responseCreated, `{"type":"error","code":"server_error","message":"Down.","param":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, handler)
			if name == "in a whole response" {
				_, err := s.client.Responses.New(t.Context(), question("Hi."))
				require.NoError(t, err)
			} else {
				_, _ = listen(t, s.client, question("Hi."))
			}
			span := s.span(t)
			assert.Equal(t, codes.Error, span.Status().Code)
			assert.Equal(t, "server_error", attr(span, "error.type"))
			assert.NotNil(t, event(span, "exception"))
		})
	}
}

func TestAResponseInTheBackgroundEndsItsCallWithoutAReason(t *testing.T) {
	s := newStand(t, answerJSON(`{"id":"resp_1","status":"queued","model":"gpt-5","output":[],"usage":null}`),
		otelgenai.WithContent(otelgenai.ContentOnSpan))
	p := question("Hi.")
	p.Background = openai.Bool(true)
	_, err := s.client.Responses.New(t.Context(), p)
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	for key, want := range map[string]any{
		"gen_ai.response.id": "resp_1", "gen_ai.response.status": "queued", "gen_ai.response.finish_reasons": nil,
		"gen_ai.output.messages": nil, "gen_ai.usage.input_tokens": nil, "genotel.response.incomplete": nil,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
}

// oneLine makes JSON fit for one field of an event.
func oneLine(document string) string { return strings.ReplaceAll(document, "\n", "") }
