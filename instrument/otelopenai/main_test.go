package otelopenai_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// stand is a provider on loopback, a traced client of it, and the spans.
type stand struct {
	server *httptest.Server
	spans  *tracetest.SpanRecorder
	client openai.Client
	traced option.RequestOption
}

// newStand starts a provider that answers with handler.
func newStand(t *testing.T, handler http.Handler, opts ...otelgenai.Option) *stand {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	opts = append([]otelgenai.Option{otelgenai.WithTracerProvider(provider)}, opts...)
	s := &stand{server: server, spans: spans, traced: otelopenai.WithTracing(opts...)}
	s.client = openai.NewClient(s.traced, option.WithBaseURL(server.URL+"/v1/"), option.WithAPIKey("sk-secret"),
		option.WithHTTPClient(server.Client()))
	return s
}

// span returns the one ended span of a model call.
func (s *stand) span(t *testing.T) sdktrace.ReadOnlySpan {
	t.Helper()
	var found []sdktrace.ReadOnlySpan
	for _, span := range s.spans.Ended() {
		if attr(span, "gen_ai.operation.name") != nil {
			found = append(found, span)
		}
	}
	require.Len(t, found, 1, "spans of model calls")
	return found[0]
}

// attempts returns the spans of attempts in the order in which they were made.
func (s *stand) attempts() (attempts []sdktrace.ReadOnlySpan) {
	for _, span := range s.spans.Ended() {
		if attr(span, "http.request.method") != nil {
			attempts = append(attempts, span)
		}
	}
	return attempts
}

// attr returns the value of an attribute, nil when the span has none.
func attr(span sdktrace.ReadOnlySpan, key string) any {
	for _, kv := range span.Attributes() {
		if kv.Key == attribute.Key(key) {
			return kv.Value.AsInterface()
		}
	}
	return nil
}

// event returns the attributes of the first event with a name, nil without one.
func event(span sdktrace.ReadOnlySpan, name string) map[string]any {
	for _, e := range span.Events() {
		if e.Name != name {
			continue
		}
		attributes := map[string]any{}
		for _, kv := range e.Attributes {
			attributes[string(kv.Key)] = kv.Value.AsInterface()
		}
		return attributes
	}
	return nil
}

// all renders everything a span says, to search it for what must not be there.
func all(spans []sdktrace.ReadOnlySpan) string {
	var b strings.Builder
	for _, span := range spans {
		fmt.Fprintln(&b, span.Name(), span.Attributes(), span.Events(), span.Status(), span.Links())
	}
	return b.String()
}

// answer responds with a status and a body.
func answer(status int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func answerJSON(body string) http.Handler { return answer(http.StatusOK, "application/json", body) }

// answerStream responds with events, each flushed on its own.
func answerStream(events ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		for _, data := range events {
			_, _ = io.WriteString(w, "data: "+data+"\n\n")
			w.(http.Flusher).Flush()
		}
	})
}

// inTurn lets one handler answer each request; the last answers the rest.
func inTurn(handlers ...http.Handler) http.Handler {
	turn := 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler := handlers[min(turn, len(handlers)-1)]
		turn++
		handler.ServeHTTP(w, r)
	})
}

func params(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)},
	}
}

// stream reads a streamed answer to its end.
func stream(ctx context.Context, t *testing.T, client openai.Client, p openai.ChatCompletionNewParams) (text string, err error) {
	t.Helper()
	s := client.Chat.Completions.NewStreaming(ctx, p)
	defer func() { _ = s.Close() }()
	for s.Next() {
		for _, choice := range s.Current().Choices {
			text += choice.Delta.Content
		}
	}
	return text, s.Err()
}

const completion = `{
  "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-mini-2024-07-18",
  "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there.", "refusal": null},
    "logprobs": null, "finish_reason": "stop"}],
  "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 0}},
  "service_tier": "default", "system_fingerprint": "fp_1"
}`

func chunk(choices string) string {
	return `{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1700000000,` +
		`"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_2","choices":[` + choices + `]}`
}

func delta(index int, text string) string {
	return chunk(fmt.Sprintf(`{"index":%d,"delta":{"content":%q},"finish_reason":null}`, index, text))
}

func finish(index int, reason string) string {
	return chunk(fmt.Sprintf(`{"index":%d,"delta":{},"finish_reason":%q}`, index, reason))
}

const usageChunk = `{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1700000000,` +
	`"model":"gpt-4o-mini-2024-07-18","choices":[],` +
	`"usage":{"prompt_tokens":20,"completion_tokens":6,"total_tokens":26}}`
