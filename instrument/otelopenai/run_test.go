//nolint:staticcheck // the API is deprecated, and still used
package otelopenai_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/genotel/genotel/otelgenai"
)

// run is a run object in some state.
func run(status, more string) string {
	return `{"id":"run_1","object":"thread.run","assistant_id":"asst_1","thread_id":"thread_1","status":"` + status + `","model":"gpt-4o-mini",` +
		`"created_at":1,"instructions":"Be brief.","tools":[],"metadata":{},"parallel_tool_calls":true` + more + `}`
}

const (
	runCounted = `,"usage":{"prompt_tokens":380,"completion_tokens":90,"total_tokens":470,"prompt_token_details":{"cached_tokens":7}}`
	runWaits   = `,"required_action":{"type":"submit_tool_outputs","submit_tool_outputs":{"tool_calls":[` +
		`{"id":"call_1","type":"function","function":{"name":"sql","arguments":"{\"q\":1}"}}]}}`
)

// answerNamed responds with events that have names, each flushed on its own.
func answerNamed(events ...[2]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range events {
			_, _ = io.WriteString(w, "event: "+e[0]+"\ndata: "+e[1]+"\n\n")
			w.(http.Flusher).Flush()
		}
	})
}

func runDelta(text string) [2]string {
	return [2]string{"thread.message.delta", `{"id":"msg_1","object":"thread.message.delta","delta":{"content":[{"index":0,"type":"text","text":{"value":"` + text + `"}}]}}`}
}

// drain reads the events of a run to the end and returns how many came.
func drain(stream *ssestream.Stream[openai.AssistantStreamEventUnion]) (count int, err error) {
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		count++
	}
	return count, stream.Err()
}

func TestARunIsAnInvocationOfItsAssistant(t *testing.T) {
	s := newStand(t, answerJSON(run("queued", "")), otelgenai.WithContent(otelgenai.ContentOnSpan))
	p := openai.BetaThreadRunNewParams{
		AssistantID: "asst_1", Instructions: openai.String("Be brief."), Temperature: openai.Float(0.5), MaxCompletionTokens: openai.Int(100),
		AdditionalMessages: []openai.BetaThreadRunNewParamsAdditionalMessage{{
			Role: "user", Content: openai.BetaThreadRunNewParamsAdditionalMessageContentUnion{OfString: openai.String("Hi.")},
		}},
	}
	got, err := s.client.Beta.Threads.Runs.New(t.Context(), "thread_1", p)
	require.NoError(t, err)
	assert.Equal(t, "run_1", got.ID)
	span := s.span(t)
	assert.Equal(t, "invoke_agent", span.Name())
	assert.Equal(t, codes.Unset, span.Status().Code)
	for key, want := range map[string]any{
		"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "openai", "gen_ai.agent.id": "asst_1",
		"gen_ai.conversation.id": "thread_1", "gen_ai.request.model": nil, "gen_ai.response.model": "gpt-4o-mini",
		"gen_ai.response.id": "run_1", "gen_ai.response.status": "queued", "gen_ai.response.finish_reasons": nil,
		"gen_ai.request.temperature": 0.5, "gen_ai.request.max_tokens": int64(100), "gen_ai.usage.input_tokens": nil,
		"gen_ai.output.messages": nil, "openai.api.type": nil, "genotel.response.incomplete": nil, "langsmith.span.kind": "chain",
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.JSONEq(t, `[{"role":"user","parts":[{"type":"text","content":"Hi."}]}]`, attr(span, "gen_ai.input.messages").(string))
	assert.JSONEq(t, `[{"type":"text","content":"Be brief."}]`, attr(span, "gen_ai.system_instructions").(string))

	s = newStand(t, answerJSON(run("queued", "")))
	p.Instructions = openai.String("MARKER")
	_, err = s.client.Beta.Threads.Runs.New(t.Context(), "thread_1", p)
	require.NoError(t, err)
	assert.NotContains(t, all(s.spans.Ended()), "MARKER")
	assert.NotContains(t, all(s.spans.Ended()), "Hi.")
}

func TestAStreamedRunHasItsAnswerAndTokens(t *testing.T) {
	events := [][2]string{
		{"thread.run.created", run("queued", "")},
		{"thread.run.in_progress", run("in_progress", "")},
		runDelta("Hello "), runDelta("there."),
		{"thread.run.completed", run("completed", runCounted)},
		{"done", "[DONE]"},
	}
	calls := map[string]func(openai.Client) *ssestream.Stream[openai.AssistantStreamEventUnion]{
		"a run": func(c openai.Client) *ssestream.Stream[openai.AssistantStreamEventUnion] {
			return c.Beta.Threads.Runs.NewStreaming(t.Context(), "thread_1", openai.BetaThreadRunNewParams{AssistantID: "asst_1"})
		},
		"a thread and its run": func(c openai.Client) *ssestream.Stream[openai.AssistantStreamEventUnion] {
			return c.Beta.Threads.NewAndRunStreaming(t.Context(), openai.BetaThreadNewAndRunParams{AssistantID: "asst_1"})
		},
		"a run that goes on": func(c openai.Client) *ssestream.Stream[openai.AssistantStreamEventUnion] {
			return c.Beta.Threads.Runs.SubmitToolOutputsStreaming(t.Context(), "thread_1", "run_1", openai.BetaThreadRunSubmitToolOutputsParams{
				ToolOutputs: []openai.BetaThreadRunSubmitToolOutputsParamsToolOutput{{ToolCallID: openai.String("call_1"), Output: openai.String("20")}},
			})
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, answerNamed(events...), otelgenai.WithContent(otelgenai.ContentOnSpan))
			count, err := drain(call(s.client))
			require.NoError(t, err)
			assert.Equal(t, 5, count, "[DONE] is the client's own")
			span := s.span(t)
			for key, want := range map[string]any{
				"gen_ai.request.stream": true, "gen_ai.agent.id": "asst_1", "gen_ai.conversation.id": "thread_1",
				"gen_ai.response.status": "completed", "gen_ai.response.finish_reasons": []string{"stop"},
				"gen_ai.usage.input_tokens": int64(380), "gen_ai.usage.output_tokens": int64(90), "gen_ai.usage.cache_read.input_tokens": int64(7),
				"genotel.stream.chunks": int64(5), "genotel.stream.content_chunks": int64(2), "genotel.response.incomplete": nil,
			} {
				assert.Equal(t, want, attr(span, key), key)
			}
			assert.JSONEq(t, `[{"role":"assistant","parts":[{"type":"text","content":"Hello there."}],"finish_reason":"stop"}]`,
				attr(span, "gen_ai.output.messages").(string))
		})

		t.Run(name+", cut", func(t *testing.T) {
			s := newStand(t, answerNamed(events[:3]...), otelgenai.WithContent(otelgenai.ContentOnSpan))
			_, err := drain(call(s.client))
			require.NoError(t, err)
			span := s.span(t)
			assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
			assert.Equal(t, codes.Unset, span.Status().Code)
			assert.Equal(t, []string{"error"}, attr(span, "gen_ai.response.finish_reasons"))
			assert.Contains(t, attr(span, "gen_ai.output.messages"), "Hello ")
		})
	}
}

func TestARunThatWaitsForToolsAndGoesOnIsTwoCalls(t *testing.T) {
	s := newStand(t, inTurn(
		answerNamed([2]string{"thread.run.requires_action", run("requires_action", runWaits)}, [2]string{"done", "[DONE]"}),
		answerJSON(run("queued", "")),
	), otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, err := drain(s.client.Beta.Threads.Runs.NewStreaming(t.Context(), "thread_1", openai.BetaThreadRunNewParams{AssistantID: "asst_1"}))
	require.NoError(t, err)
	_, err = s.client.Beta.Threads.Runs.SubmitToolOutputs(t.Context(), "thread_1", "run_1", openai.BetaThreadRunSubmitToolOutputsParams{
		ToolOutputs: []openai.BetaThreadRunSubmitToolOutputsParamsToolOutput{{ToolCallID: openai.String("call_1"), Output: openai.String("20")}},
	})
	require.NoError(t, err)
	ended := s.spans.Ended()
	require.Len(t, ended, 2)
	assert.Equal(t, []string{"tool_calls"}, attr(ended[0], "gen_ai.response.finish_reasons"))
	assert.JSONEq(t, `[{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"sql","arguments":{"q":1}}],"finish_reason":"tool_call"}]`,
		attr(ended[0], "gen_ai.output.messages").(string))
	assert.JSONEq(t, `[{"role":"tool","parts":[{"type":"tool_call_response","id":"call_1","response":"20"}]}]`, attr(ended[1], "gen_ai.input.messages").(string))
	assert.Equal(t, "queued", attr(ended[1], "gen_ai.response.status"))
}

func TestARunThatFailsIsAnErrorWhateverItsHTTPStatus(t *testing.T) {
	failed := run("failed", `,"last_error":{"code":"rate_limit_exceeded","message":"Too much."}`)
	for name, handler := range map[string]http.Handler{
		"in the run":         answerNamed([2]string{"thread.run.failed", failed}, [2]string{"done", "[DONE]"}),
		"in an error event":  answerNamed([2]string{"error", `{"error":{"code":"rate_limit_exceeded","message":"Too much."}}`}),
		"in a whole answer":  answerJSON(failed),
		"in the HTTP status": refuse(http.StatusBadRequest, "rate_limit_exceeded"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, handler)
			if strings.Contains(name, "whole") {
				_, err := s.client.Beta.Threads.Runs.New(t.Context(), "thread_1", openai.BetaThreadRunNewParams{AssistantID: "asst_1"})
				require.NoError(t, err)
			} else {
				_, _ = drain(s.client.Beta.Threads.Runs.NewStreaming(t.Context(), "thread_1", openai.BetaThreadRunNewParams{AssistantID: "asst_1"}))
			}
			span := s.span(t)
			assert.Equal(t, codes.Error, span.Status().Code)
			assert.Equal(t, "rate_limit_exceeded", attr(span, "error.type"))
			assert.Equal(t, "thread_1", attr(span, "gen_ai.conversation.id"))
			assert.NotContains(t, all(s.spans.Ended()), "Too much")
		})
	}
}

func TestTheMakingOfAnAssistantIsNamedAfterIt(t *testing.T) {
	s := newStand(t, answerJSON(`{"id":"asst_1","object":"assistant","name":"City bot","model":"gpt-4o","created_at":1,"tools":[],"metadata":{}}`),
		otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, err := s.client.Beta.Assistants.New(t.Context(), openai.BetaAssistantNewParams{
		Model: "gpt-4o", Name: openai.String("City bot"), Description: openai.String("Knows cities."), Instructions: openai.String("Be brief."),
	})
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, "create_agent City bot", span.Name())
	for key, want := range map[string]any{
		"gen_ai.operation.name": "create_agent", "gen_ai.agent.id": "asst_1", "gen_ai.agent.name": "City bot",
		"gen_ai.agent.description": "Knows cities.", "gen_ai.request.model": "gpt-4o", "genotel.response.incomplete": nil,
		"gen_ai.system_instructions": `[{"type":"text","content":"Be brief."}]`,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
}
