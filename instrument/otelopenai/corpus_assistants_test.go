package otelopenai_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// wireRun is the recorded protocol of runs, as far as it is compared, for
// encoding/json.
type wireRun struct {
	ID, Object, Status, Model string
	Name, Instructions        string
	AssistantID               string `json:"assistant_id"`
	ThreadID                  string `json:"thread_id"`
	Usage                     *struct {
		Prompt     int64 `json:"prompt_tokens"`
		Completion int64 `json:"completion_tokens"`
	}
	Content []struct {
		Type string
		Text struct{ Value string }
	}
}

// lastRun reads a recorded answer, and the text of the messages in a stream.
func lastRun(t *testing.T, body string) (run wireRun, text string) {
	t.Helper()
	if strings.HasPrefix(body, "{") {
		require.NoError(t, json.Unmarshal([]byte(body), &run))
		return run, ""
	}
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var event wireRun
		require.NoError(t, json.Unmarshal([]byte(data), &event))
		switch {
		case event.Object == "thread.run":
			run = event
		case event.Object == "thread.message" && event.Status == "completed":
			for _, part := range event.Content {
				text += part.Text.Value
			}
		}
	}
	return run, text
}

// tracedRuns are the recorded calls of assistants that make a span, and its operation.
// The rest makes threads and messages or reads what is there: no model works for
// them, and what runs cost and say is told again and again to those who poll.
var tracedRuns = []struct{ request, operation string }{
	{`POST /v1/assistants$`, "create_agent"},
	{`POST /v1/threads/[^/]+/runs(/[^/]+/submit_tool_outputs)?$`, "invoke_agent"},
}

func TestRecordedAssistantsAreLeftAloneAndUnderstood(t *testing.T) {
	exchanges, count := recordings(t, "openai.assistants")
	assert.Len(t, exchanges, count)
	allWays := everyWay()
	found := map[string]int{}
	for _, e := range exchanges {
		path, _, _ := strings.Cut(e.Path, "?")
		operation := ""
		for _, known := range tracedRuns {
			if regexp.MustCompile(known.request).MatchString(e.Method + " " + path) {
				operation = known.operation
			}
		}
		found[e.Method+" "+operation]++
		t.Run(e.ID, func(t *testing.T) {
			if operation == "" {
				requireUntraced(t, e)
				return
			}
			for _, way := range allWays {
				sent, received, span := tracedReplay(t, e, way)
				require.Equal(t, e.RequestBody, string(sent), way)
				require.Equal(t, e.ResponseBody, string(received), way)
				require.Equal(t, operation, attr(span, "gen_ai.operation.name"))
				requireRun(t, e, span)
			}
		})
	}
	t.Logf("calls of assistants, those that are traced in %d ways each: %v", len(allWays), found)
	for request, fewest := range map[string]int{"GET ": 29, "POST ": 20, "POST create_agent": 5, "POST invoke_agent": 11} {
		assert.GreaterOrEqual(t, found[request], fewest, request)
	}
}

// requireRun holds the span of an exchange against what was recorded. None of them
// failed.
func requireRun(t *testing.T, e exchange, span sdktrace.ReadOnlySpan) {
	t.Helper()
	require.Equal(t, http.StatusOK, e.Status)
	require.Equal(t, codes.Unset, span.Status().Code)
	for _, key := range []string{"genotel.response.incomplete", "genotel.content.withheld", "error.type"} {
		require.Nil(t, attr(span, key), key)
	}
	want, text := lastRun(t, e.ResponseBody)
	if want.Object == "assistant" {
		require.Equal(t, "create_agent "+want.Name, span.Name())
		require.Equal(t, want.ID, attr(span, "gen_ai.agent.id"))
		require.Equal(t, want.Model, attr(span, "gen_ai.request.model"))
		require.Contains(t, attr(span, "gen_ai.system_instructions"), want.Instructions)
		return
	}
	require.Equal(t, "invoke_agent", span.Name())
	for key, value := range map[string]string{
		"gen_ai.response.id": want.ID, "gen_ai.response.model": want.Model, "gen_ai.response.status": want.Status,
		"gen_ai.agent.id": want.AssistantID, "gen_ai.conversation.id": want.ThreadID,
	} {
		require.Equal(t, value, attr(span, key), key)
	}
	if want.Usage == nil { // it is to be polled
		require.Equal(t, "queued", want.Status)
		require.Nil(t, attr(span, "gen_ai.usage.input_tokens"))
		require.Nil(t, attr(span, "gen_ai.output.messages"))
		return
	}
	require.Equal(t, want.Usage.Prompt, attr(span, "gen_ai.usage.input_tokens"))
	require.Equal(t, want.Usage.Completion, attr(span, "gen_ai.usage.output_tokens"))
	require.Equal(t, []string{"stop"}, attr(span, "gen_ai.response.finish_reasons"))
	answers := messages(t, span, "gen_ai.output.messages")
	require.Len(t, answers, 1)
	require.Equal(t, text, answers[0].text())
	require.NotEmpty(t, text)
}
