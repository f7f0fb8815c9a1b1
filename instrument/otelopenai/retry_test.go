package otelopenai_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai"
)

// refuse answers with an error that openai-go repeats at once.
func refuse(status int, code string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After-Ms", "1")
		w.Header().Set("Retry-After", "0.001")
		w.Header().Set("X-Request-Id", "req_"+strconv.Itoa(status))
		answer(status, "application/json",
			`{"error":{"message":"MARKER","type":"requests","param":null,"code":"`+code+`"}}`).ServeHTTP(w, r)
	})
}

func TestARetriedCallIsOneSpanWithItsAttemptsAsChildren(t *testing.T) {
	s := newStand(t, inTurn(refuse(429, "rate_limit_exceeded"), refuse(503, "overloaded"), answerJSON(completion)))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)

	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Empty(t, span.Events(), "a retried failure is no failure of the call")
	assert.Equal(t, int64(2), attr(span, "http.request.resend_count"))
	assert.Equal(t, int64(9), attr(span, "gen_ai.usage.input_tokens"))

	attempts := s.attempts()
	require.Len(t, attempts, 3)
	for i, want := range []struct {
		status    int64
		errorType any
		resend    any
		requestID any
		code      codes.Code
	}{
		{429, "429", nil, []string{"req_429"}, codes.Error},
		{503, "503", int64(1), []string{"req_503"}, codes.Error},
		{200, nil, int64(2), nil, codes.Unset},
	} {
		attempt := attempts[i]
		assert.Equal(t, "POST", attempt.Name())
		assert.Equal(t, trace.SpanKindClient, attempt.SpanKind())
		assert.Equal(t, span.SpanContext().SpanID(), attempt.Parent().SpanID())
		assert.Equal(t, want.status, attr(attempt, "http.response.status_code"))
		assert.Equal(t, want.errorType, attr(attempt, "error.type"))
		assert.Equal(t, want.resend, attr(attempt, "http.request.resend_count"))
		assert.Equal(t, want.requestID, attr(attempt, "http.response.header.x-request-id"))
		assert.Equal(t, want.code == codes.Error, attr(attempt, "http.response.header.retry-after") != nil)
		assert.Equal(t, want.code, attempt.Status().Code)
		assert.Equal(t, s.server.URL+"/v1/chat/completions", attr(attempt, "url.full"))
		assert.False(t, attempt.StartTime().Before(span.StartTime()))
		assert.False(t, attempt.EndTime().After(span.EndTime()))
		for _, kv := range attempt.Attributes() {
			assert.NotContains(t, string(kv.Key), "gen_ai.")
		}
	}
}

func TestAnAttemptSaysWhenTheProviderWantsToBeAskedAgain(t *testing.T) {
	s := newStand(t, inTurn(refuse(429, "rate_limit_exceeded"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", strings.Repeat("1", 200))
		w.Header().Set("Retry-After-Ms", "1")
		w.Header().Set("X-Request-Id", "req_\xff")
		w.WriteHeader(http.StatusServiceUnavailable)
	}), answerJSON(completion)))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)

	first, second := s.attempts()[0], s.attempts()[1]
	assert.Equal(t, []string{"0.001"}, attr(first, "http.response.header.retry-after"))
	assert.Equal(t, []string{"1"}, attr(first, "http.response.header.retry-after-ms"))
	assert.Nil(t, attr(second, "http.response.header.retry-after"), "it is too long to be one")
	assert.Equal(t, []string{"req_"}, attr(second, "http.response.header.x-request-id"))
	assert.Nil(t, attr(s.span(t), "http.response.header.x-request-id"), "the call succeeded")
}

func TestACallThatSucceedsAtOnceHasNoAttemptSpan(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	assert.Len(t, s.spans.Ended(), 1)
	assert.Nil(t, attr(s.span(t), "http.request.resend_count"))
}

func TestAttemptSpansCanBeSwitchedOff(t *testing.T) {
	s := newStand(t, inTurn(refuse(429, "x"), answerJSON(completion)), otelgenai.WithAttemptSpans(false))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	assert.Empty(t, s.attempts())
	assert.Equal(t, int64(1), attr(s.span(t), "http.request.resend_count"))
}

func TestWhenAllAttemptsFailTheLastErrorIsTheCalls(t *testing.T) {
	s := newStand(t, inTurn(refuse(503, "overloaded"), refuse(500, "boom"), refuse(429, "rate_limit_exceeded")))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	var apiError *openai.Error
	require.ErrorAs(t, err, &apiError)
	assert.Equal(t, "rate_limit_exceeded", apiError.Code)

	span := s.span(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "429 rate_limit_exceeded (requests)", span.Status().Description)
	assert.Equal(t, "rate_limit_exceeded", attr(span, "error.type"))
	assert.Equal(t, "rate_limit_exceeded", attr(span, "genotel.error.code"))
	assert.Equal(t, "requests", attr(span, "genotel.error.provider_type"))
	assert.Equal(t, int64(429), attr(span, "http.response.status_code"))
	assert.Len(t, span.Events(), 1)
	assert.Len(t, s.attempts(), 3)
	assert.NotContains(t, all(s.spans.Ended()), "MARKER")
}

func TestErrorsCarryWhatIdentifiesThem(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		contentType string
		body        string
		errorType   string
	}{
		"code and type":     {400, "application/json", `{"error":{"message":"m","type":"t","code":"c"}}`, "c"},
		"type only":         {400, "application/json", `{"error":{"message":"m","type":"t","code":null}}`, "t"},
		"a number as code":  {400, "application/json", `{"error":{"message":"m","code":42}}`, "42"},
		"members at top":    {422, "application/json", `{"object":"error","message":"m","type":"invalid","code":3051}`, "3051"},
		"text as error":     {401, "application/json", `{"error":"no key"}`, "401"},
		"a sentence a code": {400, "application/json", `{"error":{"code":"You asked for MARKER."}}`, "400"},
		"no JSON":           {400, "text/plain", "b\xffd gateway – \xe2\x82", "400"},
		"cut JSON":          {400, "application/json", `{"error":{"type":"t","code":"c","message":"`, "c"},
		"nothing":           {404, "application/json", "", "404"},
		"an array":          {400, "application/json", `[{"error":{"code":"c"}}]`, "c"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, answer(c.status, c.contentType, c.body))
			_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
			require.Error(t, err)
			span := s.span(t)
			assert.Equal(t, codes.Error, span.Status().Code)
			assert.Equal(t, c.errorType, attr(span, "error.type"))
			assert.Equal(t, int64(c.status), attr(span, "http.response.status_code"))
			assert.NotContains(t, all(s.spans.Ended()), "MARKER")
		})
	}
}

func TestTheCallerStillReadsTheErrorBody(t *testing.T) {
	s := newStand(t, answer(400, "application/json", `{"error":{"message":"the reason","type":"t","code":"c"}}`))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	var apiError *openai.Error
	require.ErrorAs(t, err, &apiError)
	assert.Equal(t, "the reason", apiError.Message)
}

func TestAnUnreachableProviderIsAConnectionError(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	s.server.Close()
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."), option.WithMaxRetries(1))
	require.Error(t, err)
	span := s.span(t)
	assert.Equal(t, "connection_error", attr(span, "error.type"))
	assert.Equal(t, int64(1), attr(span, "http.request.resend_count"))
	assert.Len(t, s.attempts(), 2)
}

func TestCancellingDuringTheBackOffEndsTheCall(t *testing.T) {
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		answer(429, "application/json", `{"error":{"code":"c"}}`).ServeHTTP(w, r)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := s.client.Chat.Completions.New(ctx, params("Hi."))
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool { return len(s.spans.Ended()) == 2 }, 5*time.Second, time.Millisecond)
	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
}

func TestARetryAfterThatIsTooLongEndsTheCallWithItsError(t *testing.T) {
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "86400")
		answer(429, "application/json", `{"error":{"code":"quota"}}`).ServeHTTP(w, r)
	}))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.Error(t, err)
	assert.Equal(t, "quota", attr(s.span(t), "error.type"))
	assert.Empty(t, s.attempts())
}

func TestAnErrorOfAnotherMiddlewareIsNotTakenForTheNetwork(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	refused := errors.New("policy says no")
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."), option.WithMaxRetries(0),
		option.WithMiddleware(func(*http.Request, option.MiddlewareNext) (*http.Response, error) { return nil, refused }))
	require.ErrorIs(t, err, refused)
	assert.Equal(t, "_OTHER", attr(s.span(t), "error.type"))
	assert.NotContains(t, all(s.spans.Ended()), "policy")
}

func TestCancelingWithACauseIsStillNoError(t *testing.T) {
	s := newStand(t, hanging(delta(0, "partial")))
	for i := range 20 {
		ctx, cancel := context.WithCancelCause(t.Context())
		st := s.client.Chat.Completions.NewStreaming(ctx, params("Hi."))
		require.True(t, st.Next())
		cancel(errors.New("a sibling failed"))
		assert.False(t, st.Next())
		require.NoError(t, st.Close())
		require.Eventually(t, func() bool { return len(s.spans.Ended()) == i+1 }, 5*time.Second, time.Millisecond)
	}
	for _, span := range s.spans.Ended() {
		assert.Equal(t, codes.Unset, span.Status().Code)
		assert.Empty(t, span.Events())
	}
}

func TestADeadlineWithACauseIsATimeout(t *testing.T) {
	s := newStand(t, hanging(delta(0, "partial")))
	ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Millisecond, errors.New("too slow"))
	defer cancel()
	_, err := stream(ctx, t, s.client, params("Hi."))
	require.Error(t, err)
	span := s.span(t)
	assert.Equal(t, "timeout", attr(span, "error.type"))
	assert.Nil(t, attr(span, "http.response.status_code"))
	assert.NotContains(t, all(s.spans.Ended()), "too slow")
}

func TestACallThatCannotBeRepeatedEndsWithItsFirstFailure(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	s.server.Close()
	var answered []byte
	err := s.client.Post(t.Context(), "chat/completions", nil, &answered,
		option.WithRequestBody("application/json", struct{ io.Reader }{strings.NewReader(`{"model":"m"}`)}))
	require.Error(t, err)
	assert.Equal(t, "connection_error", attr(s.span(t), "error.type"), "the client has no second copy of the body")
}

func TestAPanicOfTheTransportEndsTheSpan(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	assert.Panics(t, func() {
		_, _ = s.client.Chat.Completions.New(t.Context(), params("Hi."),
			option.WithMiddleware(func(*http.Request, option.MiddlewareNext) (*http.Response, error) { panic("theirs") }))
	})
	assert.Equal(t, true, attr(s.span(t), "genotel.response.incomplete"))
}

func TestAnErrorOfTheClientIsNotTakenForTheNetwork(t *testing.T) {
	refused := errors.New("policy says no")
	s := newStand(t, answerJSON(completion))
	client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, refused })}
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."), option.WithMaxRetries(0), option.WithHTTPClient(client))
	require.ErrorIs(t, err, refused)
	assert.Equal(t, "_OTHER", attr(s.span(t), "error.type"))
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTwoCallsWithOneContextAreTwoSpans(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	for range 2 {
		_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
		require.NoError(t, err)
	}
	assert.Len(t, s.spans.Ended(), 2)
}
