package otelopenai_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/genotel/genotel/otelgenai"
)

func TestAStreamIsReassembled(t *testing.T) {
	s := newStand(t, answerStream(
		chunk(`{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}`),
		delta(0, "Hello "), delta(0, "there."), finish(0, "stop"), usageChunk, "[DONE]",
	), otelgenai.WithContent(otelgenai.ContentOnSpan))

	text, err := stream(t.Context(), t, s.client, params("Hi."))
	require.NoError(t, err)
	assert.Equal(t, "Hello there.", text)

	span := s.span(t)
	for key, want := range map[string]any{
		"gen_ai.request.stream":              true,
		"gen_ai.response.id":                 "chatcmpl-2",
		"gen_ai.response.model":              "gpt-4o-mini-2024-07-18",
		"gen_ai.response.finish_reasons":     []string{"stop"},
		"gen_ai.usage.input_tokens":          int64(20),
		"gen_ai.usage.output_tokens":         int64(6),
		"openai.response.system_fingerprint": "fp_2",
		"genotel.stream.chunks":              int64(5),
		"genotel.stream.content_chunks":      int64(2),
		"genotel.response.incomplete":        nil,

		"genotel.usage.estimated_output_tokens": nil,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.JSONEq(t,
		`[{"role":"assistant","parts":[{"type":"text","content":"Hello there."}],"finish_reason":"stop"}]`,
		attr(span, "gen_ai.output.messages").(string))
}

func TestWithoutUsageTheChunksWithContentAreAnEstimateThatSaysSo(t *testing.T) {
	s := newStand(t, answerStream(
		chunk(`{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}`),
		delta(0, "Hello "), delta(0, "there."), finish(0, "stop"), "[DONE]",
	))
	_, err := stream(t.Context(), t, s.client, params("Hi."))
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, int64(2), attr(span, "genotel.usage.estimated_output_tokens"), "neither the role nor the finish counts")
	assert.Nil(t, attr(span, "gen_ai.usage.output_tokens"), "what is paid for is never estimated")
	assert.NotContains(t, all(s.spans.Ended()), "usage_metadata")
}

func TestTheFirstTokenIsTheFirstContentAndNotTheRole(t *testing.T) {
	const pause = 30 * time.Millisecond
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, data := range []string{
			chunk(`{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}`), delta(0, "x"), "[DONE]",
		} {
			_, _ = io.WriteString(w, "data: "+data+"\n\n")
			w.(http.Flusher).Flush()
			<-time.After(pause) // the pause is what is measured
		}
	}))
	_, err := stream(t.Context(), t, s.client, params("Hi."))
	require.NoError(t, err)
	span := s.span(t)
	assert.GreaterOrEqual(t, attr(span, "genotel.stream.time_to_first_content"), pause.Seconds())
	assert.Less(t, attr(span, "gen_ai.response.time_to_first_chunk"), attr(span, "genotel.stream.time_to_first_content"))
}

func TestChoicesAndParallelToolCallsAreKeptApart(t *testing.T) {
	call := func(choice, index int, rest string) string {
		return chunk(`{"index":` + string(rune('0'+choice)) + `,"delta":{"tool_calls":[{"index":` +
			string(rune('0'+index)) + `,` + rest + `}]},"finish_reason":null}`)
	}
	s := newStand(t, answerStream(
		delta(2, "three "), delta(0, "one "), delta(1, "two "),
		call(0, 0, `"id":"a","type":"function","function":{"name":"f","arguments":""}`),
		call(0, 1, `"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\""}`),
		call(0, 0, `"function":{"arguments":"{\"x\":"}`),
		call(0, 1, `"function":{"arguments":":2}"}`),
		call(0, 0, `"function":{"arguments":"1}"}`),
		delta(1, "zwei"), delta(2, "drei"),
		finish(1, "stop"), finish(0, "tool_calls"), finish(2, "length"), "[DONE]",
	), otelgenai.WithContent(otelgenai.ContentOnSpan))
	p := params("Hi.")
	p.N = openai.Int(3)
	_, err := stream(t.Context(), t, s.client, p)
	require.NoError(t, err)

	span := s.span(t)
	assert.Equal(t, []string{"tool_calls", "stop", "length"}, attr(span, "gen_ai.response.finish_reasons"))
	assert.Equal(t, int64(3), attr(span, "gen_ai.request.choice.count"))
	assert.JSONEq(t, `[
		{"role":"assistant","parts":[{"type":"text","content":"one "},
			{"type":"tool_call","id":"a","name":"f","arguments":{"x":1}},
			{"type":"tool_call","id":"b","name":"g","arguments":{"y":2}}],"finish_reason":"tool_call"},
		{"role":"assistant","parts":[{"type":"text","content":"two zwei"}],"finish_reason":"stop"},
		{"role":"assistant","parts":[{"type":"text","content":"three drei"}],"finish_reason":"length"}
	]`, attr(span, "gen_ai.output.messages").(string))
}

func TestAbsurdIndicesNeitherPanicNorGrowMemory(t *testing.T) {
	events := []string{delta(0, "fine")}
	for _, index := range []string{"-1", "1000000000", "1e300", `"zero"`, "null", "1.5"} {
		events = append(events,
			chunk(`{"index":`+index+`,"delta":{"content":"x"}}`),
			chunk(`{"index":0,"delta":{"tool_calls":[{"index":`+index+`,"id":"i","function":{"name":"f"}}]}}`))
	}
	s := newStand(t, answerStream(append(events, finish(0, "stop"), "[DONE]")...))
	var body []byte
	err := s.client.Post(t.Context(), "chat/completions", map[string]any{"model": "m", "stream": true}, &body)
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, []string{"stop"}, attr(span, "gen_ai.response.finish_reasons"))
	assert.Equal(t, int64(14), attr(span, "genotel.stream.chunks"))
	assert.Nil(t, attr(span, "genotel.response.incomplete"))
}

func TestClosingAStreamEarlyKeepsWhatWasReceivedAndIsNoError(t *testing.T) {
	s := newStand(t, hanging(delta(0, "partial")),
		otelgenai.WithContent(otelgenai.ContentOnSpan))
	st := s.client.Chat.Completions.NewStreaming(t.Context(), params("Hi."))
	require.True(t, st.Next())
	require.NoError(t, st.Close())

	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Nil(t, attr(span, "error.type"))
	assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
	assert.Equal(t, []string{"error"}, attr(span, "gen_ai.response.finish_reasons"))
	assert.Contains(t, attr(span, "gen_ai.output.messages"), "partial")
}

// hanging sends events and then nothing until the client goes away.
func hanging(events ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerStream(events...).ServeHTTP(w, r)
		<-r.Context().Done()
	})
}

func TestCancellingInTheMiddleIsNoError(t *testing.T) {
	s := newStand(t, hanging(delta(0, "partial")))
	ctx, cancel := context.WithCancel(t.Context())
	st := s.client.Chat.Completions.NewStreaming(ctx, params("Hi."))
	require.True(t, st.Next())
	cancel() // and neither Next nor Close is called again

	require.Eventually(t, func() bool { return len(s.spans.Ended()) == 1 }, 5*time.Second, time.Millisecond)
	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
	assert.Equal(t, int64(1), attr(span, "genotel.stream.content_chunks"))
	_ = st.Close()
}

func TestADeadlineIsATimeout(t *testing.T) {
	s := newStand(t, hanging(delta(0, "partial")))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := stream(ctx, t, s.client, params("Hi."))
	require.Error(t, err)
	span := s.span(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "timeout", attr(span, "error.type"))
}

func TestAServerThatCutsALineIsAConnectionError(t *testing.T) {
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerStream(delta(0, "kept")).ServeHTTP(w, r)
		_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"content":"cu`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // this is how a handler cuts the connection
	}), otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, err := stream(t.Context(), t, s.client, params("Hi."))
	require.Error(t, err)

	span := s.span(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "connection_error", attr(span, "error.type"))
	assert.JSONEq(t, `[{"role":"assistant","parts":[{"type":"text","content":"kept"}],"finish_reason":"error"}]`,
		attr(span, "gen_ai.output.messages").(string))
}

func TestOfAnEventThatIsCutNothingIsTaken(t *testing.T) {
	for cut, want := range map[string]string{
		`{"id":"chatcmpl-2","choices":[{"index":0,"delta":{"content":"cu`:                     "kept",
		`{"id":"chatcmpl-2","choices":[{"index":0,"delta":{"content":" and whole"}}]}`:        "kept and whole",
		`{"id":"chatcmpl-2","choices":[{"index":0,"delta":{"content":" and whole"}}]}` + "\n": "kept and whole",
		`[DO`: "kept",
	} {
		s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answerStream(delta(0, "kept")).ServeHTTP(w, r)
			_, _ = io.WriteString(w, "data: "+cut)
		}), otelgenai.WithContent(otelgenai.ContentOnSpan))
		_, _ = stream(t.Context(), t, s.client, params("Hi.")) // how the client takes it is its own affair
		assert.Equal(t, want, messages(t, s.span(t), "gen_ai.output.messages")[0].text(), cut)
		assert.Equal(t, true, attr(s.span(t), "genotel.response.incomplete"))
	}
}

func TestAStreamThatStopsWithoutSayingSoIsIncomplete(t *testing.T) {
	s := newStand(t, answerStream(delta(0, "kept")))
	_, err := stream(t.Context(), t, s.client, params("Hi."))
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
}

func TestAnErrorInsideAStreamFailsTheCall(t *testing.T) {
	s := newStand(t, answerStream(delta(0, "kept"),
		`{"error":{"message":"MARKER overloaded","type":"server_error","code":"overloaded","param":null}}`))
	_, err := stream(t.Context(), t, s.client, params("Hi."))
	require.Error(t, err)

	span := s.span(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "overloaded", attr(span, "error.type"))
	assert.Equal(t, "server_error", attr(span, "genotel.error.provider_type"))
	assert.NotContains(t, all(s.spans.Ended()), "MARKER")
	assert.Equal(t, "200 overloaded (server_error)", event(span, "exception")["exception.message"])
}

func TestAStreamThatNobodyClosesEndsItsSpan(t *testing.T) {
	s := newStand(t, hanging(delta(0, "partial")))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	func() {
		st := s.client.Chat.Completions.NewStreaming(ctx, params("Hi."))
		require.True(t, st.Next())
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		return len(s.spans.Ended()) == 1
	}, 10*time.Second, 10*time.Millisecond)
	assert.Equal(t, true, attr(s.span(t), "genotel.response.incomplete"))
}

func TestAResponseThatIsNoStreamIsADecodeError(t *testing.T) {
	s := newStand(t, answer(http.StatusOK, "text/html", "<html>gateway</html>"))
	_, err := stream(t.Context(), t, s.client, params("Hi."))
	require.NoError(t, err, "openai-go takes it for an empty stream")
	assert.Equal(t, "decode_error", attr(s.span(t), "error.type"))
}

func TestChunksReachTheCallerWithoutWaitingForTheNextOne(t *testing.T) {
	proceed := make(chan struct{})
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, text := range []string{"one", "two"} {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: "+delta(0, text)+"\n\n")
			w.(http.Flusher).Flush()
			<-proceed
		}
	}))
	var res *http.Response
	err := s.client.Post(t.Context(), "chat/completions", map[string]any{"model": "m", "stream": true}, &res,
		option.WithMaxRetries(0))
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	buffer := make([]byte, 4096)
	for _, text := range []string{"one", "two"} {
		n, err := res.Body.Read(buffer)
		require.NoError(t, err)
		assert.Equal(t, "data: "+delta(0, text)+"\n\n", string(buffer[:n]))
		proceed <- struct{}{}
	}
	_, err = res.Body.Read(buffer)
	assert.Equal(t, io.EOF, err)
}
