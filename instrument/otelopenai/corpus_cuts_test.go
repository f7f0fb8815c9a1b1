package otelopenai_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/otelgenai"
)

// errCut is how a connection breaks in the middle of a body.
var errCut = errors.New("the connection is gone")

// cutReplay plays the first part of a recorded stream, which ends with err, and returns its span.
func cutReplay(t *testing.T, e exchange, part string, end error) sdktrace.ReadOnlySpan {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	server := roundTrip(func(req *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(part), iotest.ErrReader(end))
		return &http.Response{
			StatusCode: e.Status, Request: req, Body: io.NopCloser(body),
			Header: http.Header{"Content-Type": {cmp.Or(e.ResponseHeaders["content-type"], "text/event-stream")}},
		}, nil
	})
	client := http.Client{Transport: otelgenaihttp.NewTransport(server,
		otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))),
		otelgenai.WithContent(otelgenai.ContentOnSpan))}
	res, err := client.Post("https://"+e.Host+e.Path, "application/json", strings.NewReader(e.RequestBody))
	require.NoError(t, err)
	received, err := io.ReadAll(res.Body)
	if errors.Is(end, io.EOF) {
		require.NoError(t, err)
	} else {
		require.Equal(t, end, err, "the caller gets the very error")
	}
	require.NoError(t, res.Body.Close())
	require.Equal(t, part, string(received))
	require.Len(t, spans.Started(), 1)
	require.Len(t, spans.Ended(), 1)
	return spans.Ended()[0]
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// streamRecordings returns the recorded streams of one endpoint.
func streamRecordings(t *testing.T, api string) (streams []exchange) {
	t.Helper()
	exchanges, _ := recordings(t, api)
	if api == "openai.responses" {
		exchanges, _, _ = responseRecordings(t)
	}
	for _, e := range exchanges {
		if e.Status < http.StatusBadRequest && len(eventEnds(e.ResponseBody)) > 0 && len(payloads(e.ResponseBody)) > 0 {
			streams = append(streams, e)
		}
	}
	return streams
}

// eventEnds returns where the events of a stream end, each after its blank line.
func eventEnds(body string) (ends []int) {
	blank, at := "\n\n", 0
	if strings.Contains(body, "\r\n") {
		blank = "\r\n\r\n"
	}
	for {
		n := strings.Index(body[at:], blank)
		if n < 0 {
			return ends
		}
		at += n + len(blank)
		ends = append(ends, at)
	}
}

// payloads returns the data of the events in part of a stream.
func payloads(part string) (all []string) {
	for line := range strings.Lines(part) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:")
		if data = strings.TrimSpace(data); ok && data != "" {
			all = append(all, data)
		}
	}
	return all
}

// expected is what the span of a cut stream is to hold.
type expected struct {
	// chunks counts the events, but for the terminator.
	chunks int
	// ended is set when the provider said that nothing follows.
	ended, failed bool
	id, model     string
	text          string
	usage         bool
	input, output int64
}

// cutReader reads a stream event by event, with encoding/json.
type cutReader interface {
	event(t *testing.T, data string) expected
}

type chatCutReader struct {
	reading

	exchange exchange
	chunks   int
	done     bool
}

func (r *chatCutReader) event(t *testing.T, data string) expected {
	t.Helper()
	switch {
	case r.done: // what follows the terminator is nobody's
	case data == "[DONE]":
		r.done = true
	default:
		r.chunks++
		r.document(t, data)
	}
	want := expected{
		chunks: r.chunks, failed: r.failed, id: r.id, model: r.model,
		ended: r.done || len(r.reasons) > 0 && !slices.Contains(r.reasons, ""),
	}
	for i := range r.texts {
		want.text += r.texts[i] + r.refusals[i]
	}
	if r.usage != nil && r.usage.Completion != nil {
		want.usage, want.input, want.output = true, *r.usage.Prompt, *r.usage.Completion
		if r.exchange.Provider == "x_ai" || r.exchange.Provider == "openai_compatible" { // both are xAI
			want.output += r.usage.Details.Reasoning
		}
	}
	return want
}

type responseCutReader struct {
	want expected
	// texts holds one text per item of the output.
	texts map[int]string
}

func (r *responseCutReader) event(t *testing.T, data string) expected {
	t.Helper()
	if r.want.ended {
		return r.want
	}
	if data == "[DONE]" {
		r.want.ended = true
		return r.want
	}
	var event struct {
		Type     string
		Response *wireResponse
		Delta    string
		Output   int `json:"output_index"`
		Item     wireItem
	}
	if strings.Contains(data, `"delta":{`) || !json.Valid([]byte(data)) {
		t.Skip("this recording is not the protocol's")
	}
	require.NoError(t, json.Unmarshal([]byte(data), &event), data)
	r.want.chunks++
	switch event.Type {
	case "response.output_text.delta", "response.refusal.delta":
		r.texts[event.Output] += event.Delta
	case "response.output_item.done":
		whole := wireResponse{Output: []wireItem{event.Item}}
		r.texts[event.Output] = whole.text(t)
	}
	r.want.text = ""
	for _, item := range slices.Sorted(maps.Keys(r.texts)) {
		r.want.text += r.texts[item]
	}
	if event.Response == nil {
		return r.want
	}
	r.want.id, r.want.model = event.Response.ID, cmp.Or(event.Response.Model, r.want.model)
	switch event.Type {
	case "response.completed", "response.incomplete", "response.failed":
		r.want.ended = true
		r.want.failed = event.Type == "response.failed"
		r.want.text = event.Response.text(t)
		if u := event.Response.Usage; u != nil && u.Input != nil {
			r.want.usage, r.want.input, r.want.output = true, *u.Input, *u.Output
		}
	}
	return r.want
}

type runCutReader struct{ want expected }

func (r *runCutReader) event(t *testing.T, data string) expected {
	t.Helper()
	if r.want.ended {
		return r.want
	}
	if data == "[DONE]" {
		r.want.ended = true
		return r.want
	}
	var event struct {
		ID, Object, Status, Model string
		Usage                     *wireUsage
		Delta                     struct {
			Content []struct{ Text struct{ Value string } }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(data), &event), data)
	r.want.chunks++
	for _, part := range event.Delta.Content {
		r.want.text += part.Text.Value
	}
	if event.Object != "thread.run" {
		return r.want
	}
	r.want.id, r.want.model = event.ID, event.Model
	r.want.ended = event.Status == "completed"
	if event.Usage != nil {
		r.want.usage, r.want.input, r.want.output = true, *event.Usage.Prompt, *event.Usage.Completion
	}
	return r.want
}

func requireCut(t *testing.T, want expected, span sdktrace.ReadOnlySpan, broken bool) {
	t.Helper()
	failed := want.failed || want.chunks == 0 || broken && attr(span, "error.type") != nil
	require.Equal(t, failed, span.Status().Code == codes.Error, span.Status())
	require.Equal(t, failed || !want.ended, attr(span, "genotel.response.incomplete") == true, "incomplete")
	if want.chunks == 0 {
		require.Nil(t, attr(span, "genotel.stream.chunks"))
		return
	}
	require.EqualValues(t, want.chunks, attr(span, "genotel.stream.chunks"))
	for key, value := range map[string]string{"gen_ai.response.id": want.id, "gen_ai.response.model": want.model} {
		if value == "" {
			require.Nil(t, attr(span, key), key)
		} else {
			require.Equal(t, value, attr(span, key), key)
		}
	}
	if want.usage {
		require.Equal(t, want.input, attr(span, "gen_ai.usage.input_tokens"))
		require.Equal(t, want.output, attr(span, "gen_ai.usage.output_tokens"))
	} else {
		require.Nil(t, attr(span, "gen_ai.usage.output_tokens"))
	}
	text := ""
	if attr(span, "gen_ai.output.messages") != nil {
		for _, message := range messages(t, span, "gen_ai.output.messages") {
			text += message.text()
		}
	}
	require.Equal(t, want.text, text)
}

func TestAStreamThatIsCutAfterAnyEventIsCountedRight(t *testing.T) {
	for api, read := range map[string]func(exchange) cutReader{
		"openai.chat":        func(e exchange) cutReader { return &chatCutReader{exchange: e} },
		"openai.completions": func(e exchange) cutReader { return &chatCutReader{exchange: e, reading: reading{legacy: true}} },
		"openai.assistants":  func(exchange) cutReader { return &runCutReader{} },
		"openai.responses":   func(exchange) cutReader { return &responseCutReader{texts: map[int]string{}} },
	} {
		exchanges := streamRecordings(t, api)
		streams, cuts := 0, 0
		t.Run(api, func(t *testing.T) {
			for _, e := range exchanges {
				streams++
				t.Run(e.ID, func(t *testing.T) { cuts += replayCuts(t, e, eventEnds(e.ResponseBody), read(e)) })
			}
		})
		t.Logf("%s: %d streams, cut %d times", api, streams, cuts)
		assert.NotZero(t, cuts, api)
	}
}

// replayCuts cuts one stream after each of its events, and in the middle of some; with the race detector, which makes it
// slow, after a few only.
func replayCuts(t *testing.T, e exchange, ends []int, reader cutReader) (cuts int) {
	t.Helper()
	const few = 20
	step := 1
	if raceDetector {
		step = 1 + len(ends)/few
	}
	var want expected
	begin := 0
	for i, end := range ends {
		for _, data := range payloads(e.ResponseBody[begin:end]) {
			want = reader.event(t, data)
		}
		begin = end
		if i%step != 0 && i != len(ends)-1 {
			continue
		}
		part := e.ResponseBody[:end]
		requireCut(t, want, cutReplay(t, e, part, io.EOF), false)
		cuts++
		if i%few != 0 {
			continue
		}
		requireCut(t, want, cutReplay(t, e, part, errCut), true)
		if i+1 < len(ends) {
			half := e.ResponseBody[:end+(ends[i+1]-end)/2]
			requireCut(t, want, cutReplay(t, e, half, io.EOF), false)
		}
		cuts += 2
	}
	return cuts
}

func TestAStreamReadsTheSameWithEitherLineEnd(t *testing.T) {
	if raceDetector {
		t.Skip("nothing here is concurrent")
	}
	for _, api := range []string{"openai.assistants", "openai.chat", "openai.completions", "openai.responses"} {
		streams := 0
		for _, e := range streamRecordings(t, api) {
			streams++
			lf := strings.ReplaceAll(e.ResponseBody, "\r\n", "\n")
			crlf := strings.ReplaceAll(lf, "\n", "\r\n")
			cr := strings.ReplaceAll(lf, "\n", "\r")
			want := timeless(cutReplay(t, e, lf, io.EOF))
			require.Equal(t, want, timeless(cutReplay(t, e, crlf, io.EOF)), e.ID)
			require.Equal(t, want, timeless(cutReplay(t, e, cr, io.EOF)), e.ID)
		}
		assert.NotZero(t, streams, api)
		t.Logf("%s: %d streams", api, streams)
	}
}
