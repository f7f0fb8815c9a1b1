package otelgenaihttp_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const completion = `{"id":"c-1","model":"m-1","choices":[{"index":0,"finish_reason":"stop",` +
	`"message":{"role":"assistant","content":"Hello."}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`

// newStand starts a provider and returns its URL, a traced client of it, the
// option under which it traces, and the spans.
func newStand(t *testing.T, handler http.HandlerFunc) (string, *http.Client, otelgenai.Option, *tracetest.SpanRecorder) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	spans := tracetest.NewSpanRecorder()
	traced := otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	client := &http.Client{Transport: otelgenaihttp.NewTransport(server.Client().Transport, traced)}
	t.Cleanup(client.CloseIdleConnections)
	return server.URL, client, traced, spans
}

func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

func post(t *testing.T, client *http.Client, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(got)
}

func attributes(span sdktrace.ReadOnlySpan) map[string]any {
	all := map[string]any{}
	for _, kv := range span.Attributes() {
		all[string(kv.Key)] = kv.Value.AsInterface()
	}
	return all
}

func TestAPlainHTTPClientIsTraced(t *testing.T) {
	url, client, _, spans := newStand(t, answer(completion))
	got := post(t, client, url+"/v1/chat/completions", `{"messages":[],"model":"m","temperature":0.5}`)
	assert.Equal(t, completion, got)

	require.Len(t, spans.Ended(), 1)
	span := spans.Ended()[0]
	assert.Equal(t, "chat m", span.Name())
	assert.Equal(t, otelgenaihttp.ScopeName, span.InstrumentationScope().Name)
	all := attributes(span)
	assert.Equal(t, int64(3), all["gen_ai.usage.input_tokens"])
	assert.Equal(t, "m-1", all["gen_ai.response.model"])
	assert.InDelta(t, 0.5, all["gen_ai.request.temperature"], 0)
}

func TestAFailedRequestIsAFailedSpan(t *testing.T) {
	url, client, _, spans := newStand(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":{"code":"rate_limit_exceeded"}}`)
	})
	assert.Contains(t, post(t, client, url+"/chat/completions", `{"model":"m"}`), "rate_limit_exceeded")
	require.Len(t, spans.Ended(), 1)
	assert.Equal(t, codes.Error, spans.Ended()[0].Status().Code)
	assert.Equal(t, "rate_limit_exceeded", attributes(spans.Ended()[0])["error.type"])
}

func TestAnErrorResponseThatIsClosedUnreadEndsTheSpan(t *testing.T) {
	url, client, _, spans := newStand(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/chat/completions", strings.NewReader("{}"))
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Len(t, spans.Ended(), 1)
	assert.Equal(t, "503", attributes(spans.Ended()[0])["error.type"])
}

func TestOtherRequestsPassThrough(t *testing.T) {
	url, client, _, spans := newStand(t, answer(`{}`))
	post(t, client, url+"/v1/files", `{}`)
	assert.Empty(t, spans.Started())
}

func TestTransportAndRequestOptionTogetherTraceOnce(t *testing.T) {
	url, httpClient, traced, spans := newStand(t, answer(completion))
	client := openai.NewClient(otelopenai.WithTracing(traced), option.WithBaseURL(url), option.WithAPIKey("k"),
		option.WithHTTPClient(httpClient))
	_, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: "m"})
	require.NoError(t, err)
	require.Len(t, spans.Ended(), 1)
	assert.Equal(t, otelopenai.ScopeName, spans.Ended()[0].InstrumentationScope().Name)
}

func TestATransportWrappedTwiceTracesOnce(t *testing.T) {
	url, client, traced, spans := newStand(t, answer(completion))
	client.Transport = otelgenaihttp.NewTransport(client.Transport, traced)
	post(t, client, url+"/chat/completions", `{"model":"m"}`)
	assert.Len(t, spans.Ended(), 1)
}

func TestTheRequestIsNotChanged(t *testing.T) {
	var seen http.Header
	var body json.RawMessage
	url, client, _, _ := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		_ = json.NewDecoder(r.Body).Decode(&body)
		answer(completion)(w, r)
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/chat/completions", strings.NewReader(`{"model":"m"}`))
	require.NoError(t, err)
	before := req.Header.Clone()
	res, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, before, req.Header)
	assert.Empty(t, seen.Get("Traceparent"))
	assert.JSONEq(t, `{"model":"m"}`, string(body))
}

func TestARequestOptionMakesOneSpanOfARetriedCall(t *testing.T) {
	requests := 0
	url, _, traced, spans := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		if requests == 1 {
			w.Header().Set("Retry-After-Ms", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answer(completion)(w, r)
	})
	base := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	t.Cleanup(base.CloseIdleConnections)
	client := openai.NewClient(otelgenaihttp.WithTracing(option.WithMiddleware, traced), option.WithBaseURL(url),
		option.WithAPIKey("k"), option.WithHTTPClient(base))
	_, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: "m"})
	require.NoError(t, err)
	require.Len(t, spans.Ended(), 3, "two attempts and their call")
	assert.Equal(t, "chat m", spans.Ended()[2].Name())
	assert.Equal(t, otelgenaihttp.ScopeName, spans.Ended()[2].InstrumentationScope().Name)
	assert.Equal(t, int64(1), attributes(spans.Ended()[2])["http.request.resend_count"])
}
