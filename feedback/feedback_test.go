package feedback_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/feedback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// isolate removes the settings of whoever runs the tests.
func isolate(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "LANG") && name != "LANG" && name != "LANGUAGE" {
			t.Setenv(name, "")
		}
	}
}

// request is one request as it arrived.
type request struct {
	at     time.Time
	method string
	url    string
	header http.Header
	body   map[string]any
}

// backend answers each request with the next of its statuses, and the last of them from then
// on.
type backend struct {
	answers []http.HandlerFunc

	mu       sync.Mutex // guards requests
	requests []request
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got := request{at: time.Now(), method: r.Method, url: r.URL.String(), header: r.Header.Clone()}
	_ = json.NewDecoder(r.Body).Decode(&got.body)
	b.mu.Lock()
	b.requests = append(b.requests, got)
	answer := b.answers[min(len(b.requests), len(b.answers))-1]
	b.mu.Unlock()
	answer(w, r)
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"detail":"the body quotes secret-comment"}`)
	}
}

func answering(answers ...http.HandlerFunc) *backend { return &backend{answers: answers} }

// RoundTrip serves inside of a testing/synctest bubble.
func (b *backend) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	b.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

func answer() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID([]byte("0123456789abcdef")), SpanID: trace.SpanID([]byte("abcdefgh")),
	})
}

func langsmith(t *testing.T, b *backend) *feedback.LangSmith {
	t.Helper()
	client, err := feedback.NewLangSmith(feedback.LangSmithConfig{
		APIKey: "secret-key", Endpoint: "https://backend.test/?token=secret-query", Transport: b,
	})
	require.NoError(t, err)
	return client
}

func entry() feedback.Entry {
	return feedback.Entry{Span: answer(), Key: "user_score", Score: new(0.0), Comment: "secret-comment"}
}

func TestLangSmithGetsFeedbackInItsForm(t *testing.T) {
	isolate(t)
	b := answering(status(200))
	server := httptest.NewServer(b)
	defer server.Close()
	client, err := feedback.NewLangSmith(feedback.LangSmithConfig{APIKey: ` "key" `, Endpoint: server.URL, WorkspaceID: "w-1"})
	require.NoError(t, err)
	before := time.Now()
	e := entry()
	e.Value, e.Correction, e.Source = "too long", map[string]any{"text": "short"}, map[string]any{"user": "ada"}
	require.NoError(t, client.Send(t.Context(), e))

	require.Len(t, b.requests, 1)
	got := b.requests[0]
	assert.Equal(t, "POST /feedback", got.method+" "+got.url)
	assert.Equal(t, "key", got.header.Get("X-Api-Key"))
	assert.Equal(t, "w-1", got.header.Get("X-Tenant-Id"))
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))
	assert.Regexp(t, `^genotel/\d`, got.header.Get("User-Agent"))
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, got.body["id"])
	for _, name := range []string{"created_at", "modified_at"} {
		at, err := time.Parse(time.RFC3339Nano, got.body[name].(string))
		require.NoError(t, err)
		assert.WithinRange(t, at, before.Add(-time.Second), time.Now().Add(time.Second))
		delete(got.body, name)
	}
	delete(got.body, "id")
	assert.Equal(t, map[string]any{
		"run_id": "00000000-0000-0000-6162-636465666768", "key": "user_score", "score": 0.0, "value": "too long",
		"comment": "secret-comment", "correction": map[string]any{"text": "short"},
		"feedback_source": map[string]any{"type": "api", "metadata": map[string]any{"user": "ada"}},
	}, got.body)
}

func TestWhatIsNotSaidIsNotSent(t *testing.T) {
	isolate(t)
	b := answering(status(202))
	run := "448dc09f-ad54-4475-b3a4-fa43018ca621"
	require.NoError(t, langsmith(t, b).Send(t.Context(), feedback.Entry{RunID: run, Key: "note"}))
	assert.Equal(t, run, b.requests[0].body["run_id"])
	for _, name := range []string{"score", "value", "comment", "correction"} {
		assert.NotContains(t, b.requests[0].body, name)
	}
}

func TestTheEndpointMayBeThatOfTheSpans(t *testing.T) {
	isolate(t)
	for endpoint, want := range map[string]string{
		"":                                    "https://api.smith.langchain.com/feedback",
		"https://eu.api.smith.langchain.com/": "https://eu.api.smith.langchain.com/feedback",
		"https://host/api/v1":                 "https://host/api/v1/feedback",
		"https://host/otel":                   "https://host/feedback",
		"https://host/api/v1/otel/v1/traces/": "https://host/api/v1/feedback",
	} {
		b := answering(status(200))
		t.Setenv("LANGSMITH_ENDPOINT", endpoint)
		t.Setenv("LANGCHAIN_API_KEY", "key")
		client, err := feedback.NewLangSmith(feedback.LangSmithConfig{Transport: b})
		require.NoError(t, err)
		require.NoError(t, client.Send(t.Context(), entry()))
		assert.Equal(t, want, b.requests[0].url)
	}
	for endpoint, want := range map[string]string{
		"":                        "https://app.langtrace.ai/api/evaluation",
		"https://host":            "https://host/api/evaluation",
		"https://host/api/trace/": "https://host/api/evaluation",
	} {
		b := answering(status(200))
		t.Setenv("LANGTRACE_API_HOST", endpoint)
		t.Setenv("LANGTRACE_API_KEY", "key")
		client, err := feedback.NewLangtrace(feedback.LangtraceConfig{Transport: b})
		require.NoError(t, err)
		require.NoError(t, client.Send(t.Context(), feedback.Vote{Span: answer(), UserID: "ada"}))
		assert.Equal(t, want, b.requests[0].url)
	}
}

func TestAWrongSettingIsNamedAndNotRepeated(t *testing.T) {
	isolate(t)
	t.Setenv("LANGSMITH_ENDPOINT", "secret.test")
	_, err := feedback.NewLangSmith(feedback.LangSmithConfig{Budget: -1})
	require.ErrorContains(t, err, "LANGSMITH_ENDPOINT: not a URL")
	assert.ErrorContains(t, err, "set LANGSMITH_API_KEY")
	assert.ErrorContains(t, err, "Budget is negative")
	assert.NotContains(t, err.Error(), "secret")
	_, err = feedback.NewLangtrace(feedback.LangtraceConfig{Endpoint: "ftp://secret", Budget: -1})
	require.ErrorContains(t, err, "LangtraceConfig.Endpoint: not a URL")
	assert.ErrorContains(t, err, "set LANGTRACE_API_KEY")
	assert.ErrorContains(t, err, "Budget is negative")
	assert.NotContains(t, err.Error(), "secret")
}

func TestFeedbackThatSaysTooLittleIsNotSent(t *testing.T) {
	isolate(t)
	b := answering(status(200))
	client := langsmith(t, b)
	for want, e := range map[string]feedback.Entry{
		"neither a span nor an id": {Key: "k"},
		"no key":                   {Span: answer()},
		"cannot be written":        {Span: answer(), Key: "k", Value: func() {}},
		"more than":                {Span: answer(), Key: "k", Comment: strings.Repeat("c", 1<<20)},
		"panic":                    {Span: answer(), Key: "k", Value: panicking{}},
	} {
		assert.ErrorContains(t, client.Send(t.Context(), e), want)
	}
	langtrace, err := feedback.NewLangtrace(feedback.LangtraceConfig{APIKey: "key", Transport: b})
	require.NoError(t, err)
	assert.ErrorContains(t, langtrace.Send(t.Context(), feedback.Vote{UserID: "ada"}), "neither a span nor an id")
	assert.ErrorContains(t, langtrace.Send(t.Context(), feedback.Vote{Span: answer()}), "no user")
	assert.Empty(t, b.requests)
}

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("of the application") }

func TestWhatPassesIsTriedAgainUnderTheSameID(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		b := answering(status(503), status(500), status(429), status(408), status(425), status(404), status(200))
		client, err := feedback.NewLangSmith(feedback.LangSmithConfig{APIKey: "key", Transport: b, Budget: time.Hour})
		require.NoError(t, err)
		require.NoError(t, client.Send(t.Context(), entry()))
		require.Len(t, b.requests, 7)
		for i, got := range b.requests {
			assert.Equal(t, b.requests[0].body, got.body)
			if i > 0 {
				ceiling := min(500*time.Millisecond<<(i-1), time.Minute)
				assert.LessOrEqual(t, got.at.Sub(b.requests[i-1].at), ceiling)
			}
		}
		assert.Positive(t, b.requests[6].at.Sub(b.requests[0].at), "there is a back-off")
	})
}

func TestWhatDoesNotPassIsAnErrorAtOnce(t *testing.T) {
	isolate(t)
	for _, code := range []int{301, 307, 400, 401, 403, 409, 413, 422, 501, 505} {
		b := answering(status(code, "Location", "https://elsewhere.test/"))
		err := langsmith(t, b).Send(t.Context(), entry())
		var failure *feedback.Error
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, code, failure.Status)
		assert.Equal(t, 1, failure.Attempts)
		assert.Equal(t, "LangSmith", failure.Backend)
		assert.Len(t, b.requests, 1)
		assert.NotContains(t, err.Error(), "secret")
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	isolate(t)
	for _, value := range []string{"7", "date"} {
		synctest.Test(t, func(t *testing.T) {
			if value == "date" {
				value = time.Now().Add(7 * time.Second).UTC().Format(http.TimeFormat)
			}
			b := answering(status(429, "Retry-After", value), status(200))
			require.NoError(t, langsmith(t, b).Send(t.Context(), entry()))
			assert.GreaterOrEqual(t, b.requests[1].at.Sub(b.requests[0].at), 6*time.Second)
		})
	}
}

func TestAPauseThatIsTooLongIsNotWaitedFor(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		b := answering(status(429, "Retry-After", "31"))
		start := time.Now()
		err := langsmith(t, b).Send(t.Context(), entry())
		require.ErrorContains(t, err, "429 from backend.test")
		assert.Zero(t, time.Since(start))
		assert.NotErrorIs(t, err, context.DeadlineExceeded, "the deadline is that of the budget")
	})
}

func TestTheBudgetBoundsABackendThatStaysDown(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		b := answering(status(503))
		start := time.Now()
		err := langsmith(t, b).Send(t.Context(), entry())
		var failure *feedback.Error
		require.ErrorAs(t, err, &failure)
		assert.Greater(t, failure.Attempts, 3)
		assert.LessOrEqual(t, time.Since(start), feedback.DefaultBudget)
	})
}

func TestTheContextEndsTheAttempts(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		b := answering(status(503, "Retry-After", "20"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		err := langsmith(t, b).Send(ctx, entry())
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Len(t, b.requests, 1)
	})
}

func TestAFailureOfTheNetworkPasses(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		b := answering(status(200))
		failures := 2
		client, err := feedback.NewLangSmith(feedback.LangSmithConfig{
			APIKey: "key", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				failures--
				if failures >= 0 {
					return nil, errors.New("connection reset, says secret")
				}
				return b.RoundTrip(r)
			}),
		})
		require.NoError(t, err)
		require.NoError(t, client.Send(t.Context(), entry()))
		assert.Len(t, b.requests, 1)
	})
}

func TestAnErrorOfTheNetworkTellsNoSecret(t *testing.T) {
	isolate(t)
	server := httptest.NewServer(answering(status(200)))
	server.Close()
	client, err := feedback.NewLangSmith(feedback.LangSmithConfig{
		APIKey: "secret-key", Endpoint: server.URL + "/secret-path?secret", Budget: time.Millisecond,
	})
	require.NoError(t, err)
	err = client.Send(t.Context(), entry())
	require.ErrorContains(t, err, "feedback: not delivered to LangSmith after ")
	assert.NotContains(t, err.Error(), "secret")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnAttemptWhoseAnswerWasLostIsNoFailure(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, langsmith(t, answering(status(502), status(409))).Send(t.Context(), entry()))
	})
}

func TestLangtraceGetsAVoteInItsForm(t *testing.T) {
	isolate(t)
	b := answering(status(200))
	client, err := feedback.NewLangtrace(feedback.LangtraceConfig{APIKey: "key", Transport: b})
	require.NoError(t, err)
	require.NoError(t, client.Send(t.Context(), feedback.Vote{Span: answer(), UserID: "ada", Up: true, Reason: "precise"}))
	require.NoError(t, client.Send(t.Context(), feedback.Vote{Span: answer(), UserID: "ada"}))
	assert.Equal(t, "POST", b.requests[0].method)
	assert.Equal(t, "key", b.requests[0].header.Get("X-Api-Key"))
	assert.Equal(t, map[string]any{
		"userId": "ada", "userScore": 1.0, "reason": "precise", // "0123456789abcdef" and "abcdefgh" in base64:
		"traceId": "MDEyMzQ1Njc4OWFiY2RlZg==", "spanId": "YWJjZGVmZ2g=",
	}, b.requests[0].body)
	assert.Equal(t, map[string]any{
		"userId": "ada", "userScore": -1.0, "traceId": "MDEyMzQ1Njc4OWFiY2RlZg==", "spanId": "YWJjZGVmZ2g=",
	}, b.requests[1].body)
}

func TestASecondVoteReplacesTheFirst(t *testing.T) {
	isolate(t)
	b := answering(status(400), status(200))
	client, err := feedback.NewLangtrace(feedback.LangtraceConfig{APIKey: "key", Transport: b})
	require.NoError(t, err)
	require.NoError(t, client.Send(t.Context(), feedback.Vote{Span: answer(), UserID: "ada"}))
	require.Len(t, b.requests, 2)
	assert.Equal(t, "PUT", b.requests[1].method)
	assert.Equal(t, b.requests[0].body, b.requests[1].body)
}

func TestLangtraceDoesNotTryAgainWhatItDoesNotKnow(t *testing.T) {
	isolate(t)
	for _, answers := range [][]http.HandlerFunc{{status(404)}, {status(400), status(404)}} {
		b := answering(answers...)
		client, err := feedback.NewLangtrace(feedback.LangtraceConfig{APIKey: "key", Transport: b})
		require.NoError(t, err)
		err = client.Send(t.Context(), feedback.Vote{Span: answer(), UserID: "ada"})
		require.ErrorContains(t, err, "404 from app.langtrace.ai")
		assert.Len(t, b.requests, len(answers))
	}
}
