package otelgenaihttp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

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
	"github.com/genotel/genotel/internal/litellmtest"
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

func TestTheAnswerToARequestThatCannotBeReadIsRecordedAllTheSame(t *testing.T) {
	t.Setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY")
	url, client, _, spans := newStand(t, answer(completion))
	res, err := client.Post(url+"/v1/chat/completions", "application/octet-stream", strings.NewReader("\x1f\x8b"))
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())

	require.Len(t, spans.Ended(), 1)
	got := attributes(spans.Ended()[0])
	assert.Equal(t, "m-1", got["gen_ai.response.model"])
	assert.Contains(t, got["gen_ai.output.messages"], "Hello.")
	assert.NotContains(t, got, "gen_ai.input.messages")
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

func TestAProxyIsRecognizedBelowAnyClient(t *testing.T) {
	proxy := litellmtest.New(t)
	_, _, traced, spans := newStand(t, answer(completion))
	client := &http.Client{Transport: otelgenaihttp.NewTransport(proxy.Server.Client().Transport, traced,
		otelgenai.WithLiteLLM(otelgenai.LiteLLMNested))}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, proxy.URL+"/chat/completions",
		strings.NewReader(`{"model":"gpt-4o"}`))
	require.NoError(t, err)
	req.Header = http.Header{"Authorization": {"Bearer " + litellmtest.Key}, "Content-Type": {"application/json"}}
	res, err := client.Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Len(t, spans.Ended(), 1)
	all := attributes(spans.Ended()[0])
	assert.Equal(t, litellmtest.CallID, all["litellm.call_id"])
	assert.Equal(t, "chain", all["langsmith.span.kind"])
	assert.Contains(t, proxy.Requests()[0].Header.Get("traceparent"), spans.Ended()[0].SpanContext().SpanID().String())
	assert.Empty(t, req.Header.Get("traceparent"), "the caller's own")
}

func TestWhereARedirectLeadsIsSentNoTraceContext(t *testing.T) {
	seen := map[string]http.Header{}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen["stranger"] = r.Header.Clone()
		answer(completion)(w, r)
	}))
	t.Cleanup(elsewhere.Close)
	t.Cleanup(elsewhere.Client().CloseIdleConnections)
	base, _, traced, _ := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		seen["named"] = r.Header.Clone()
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	host, err := url.Parse(base)
	require.NoError(t, err)
	client := &http.Client{Transport: otelgenaihttp.NewTransport(elsewhere.Client().Transport, traced,
		otelgenai.WithPropagateTo(host.Host))}
	assert.Equal(t, completion, post(t, client, base+"/chat/completions", `{"model":"m"}`))
	assert.NotEmpty(t, seen["named"].Get("traceparent"))
	require.Contains(t, seen, "stranger")
	assert.Empty(t, seen["stranger"].Get("traceparent"))
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

func TestWhatAnOuterTransportTookOutIsNeitherSentNorRecorded(t *testing.T) {
	t.Setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY")
	var received []byte
	url, _, traced, spans := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		received, _ = io.ReadAll(r.Body)
		answer(completion)(w, r)
	})
	base := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(base.CloseIdleConnections)
	inner := otelgenaihttp.NewTransport(base, traced, otelgenai.WithStreamUsage())
	scrubbing := transport(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		clean := strings.ReplaceAll(string(body), "078-05-1120", "xxx-xx-xxxx") // and GetBody is forgotten
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(strings.NewReader(clean))
		return inner.RoundTrip(req)
	})
	post(t, &http.Client{Transport: scrubbing}, url+"/v1/chat/completions",
		`{"model":"m","stream":true,"messages":[{"role":"user","content":"I am 078-05-1120."}]}`)
	assert.Contains(t, string(received), "xxx-xx-xxxx")
	assert.Contains(t, string(received), "include_usage")
	assert.NotContains(t, string(received), "078-05-1120")
	require.Len(t, spans.Ended(), 1)
	recorded := attributes(spans.Ended()[0])["gen_ai.input.messages"]
	assert.Contains(t, recorded, "xxx-xx-xxxx")
	assert.NotContains(t, recorded, "078-05-1120")
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestAResponseThatIsKeptHoldsNothingOfItsCall(t *testing.T) {
	const size, rounds = 1 << 20, 8
	url, client, _, _ := newStand(t, answer(strings.Replace(completion, "Hello.", strings.Repeat("y", size), 1)))
	client.Transport = otelgenaihttp.NewTransport(client.Transport,
		otelgenai.WithTracerProvider(sdktrace.NewTracerProvider()), otelgenai.WithContent(otelgenai.ContentOnSpan))
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	var kept []*http.Response
	before := heap()
	for range rounds {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/chat/completions",
			strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("x", size)+`"}]}`))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		res.Request = nil        // the caller's own, with its body
		kept = append(kept, res) //nolint:bodyclose // it is closed
	}
	assert.Less(t, (heap()-before)/rounds, size/4)
	runtime.KeepAlive(kept)
}

func TestAContextThatEndsWhileTheRequestIsReadIsNoRace(t *testing.T) {
	url, client, _, spans := newStand(t, answer(completion))
	body := `{"model":"m","messages":[` + strings.Repeat(`{"role":"user","content":"Hi."},`, 2000) + `{"role":"user","content":"Hi."}]}`
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		if i == 0 {
			cancel() // before it begins
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		go cancel()
		if res, err := client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	}
	assert.Eventually(t, func() bool { return len(spans.Ended()) == 20 }, 10*time.Second, time.Millisecond)
}

func TestARequestCarriesWhatItsContextSays(t *testing.T) {
	url, client, _, spans := newStand(t, answer(completion))
	request := func(ctx context.Context) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(`{"model":"m","messages":[]}`))
		require.NoError(t, err)
		res, err := client.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	ctx := otelgenai.WithTags(otelgenai.WithUser(t.Context(), "user-1"), "stock")
	request(otelgenai.Suppress(ctx))
	assert.Empty(t, spans.Ended())
	request(ctx)
	require.Len(t, spans.Ended(), 1)
	found := attributes(spans.Ended()[0])
	assert.Equal(t, "user-1", found["user.id"])
	assert.Equal(t, "stock", found["langsmith.span.tags"])
}
