package otelopenai_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/otelgenai"
)

// traceparent is the header that W3C Trace Context asks for.
func traceparent(sc trace.SpanContext) string {
	return fmt.Sprintf("00-%s-%s-%02x", sc.TraceID(), sc.SpanID(), byte(sc.TraceFlags()))
}

// listening keeps the headers of the requests that it hands on.
type listening struct {
	http.Handler

	headers []http.Header
}

func (l *listening) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.headers = append(l.headers, r.Header.Clone())
	l.Handler.ServeHTTP(w, r)
}

func TestOnlyHostsThatAreNamedAreSentTheTraceContext(t *testing.T) {
	var named, other listening
	named.Handler, other.Handler = answerJSON(completion), answerJSON(completion)
	stranger := httptest.NewServer(&other)
	t.Cleanup(stranger.Close)
	s := newStand(t, &named, otelgenai.WithPropagateTo("gateway.example"))
	// Both servers are on loopback, so the named one goes by a name of its own.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(s.server.URL) }
	t.Cleanup(transport.CloseIdleConnections)
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"), option.WithBaseURL("http://Gateway.example/v1"),
		option.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	assert.Equal(t, traceparent(s.span(t).SpanContext()), named.headers[0].Get("traceparent"))

	_, err = s.client.Chat.Completions.New(t.Context(), params("hi"), option.WithBaseURL(stranger.URL+"/v1"))
	require.NoError(t, err)
	require.Len(t, other.headers, 1)
	for _, name := range []string{"traceparent", "tracestate", "baggage"} {
		assert.Empty(t, other.headers[0].Get(name), name)
	}
}

func TestNothingIsPropagatedByDefault(t *testing.T) {
	server := listening{Handler: answerJSON(completion)}
	s := newStand(t, &server)
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"))
	require.NoError(t, err)
	assert.Empty(t, server.headers[0].Get("traceparent"))
}

func TestBaggageIsNeverSentWhateverTheGlobalPropagator(t *testing.T) {
	before := otel.GetTextMapPropagator()
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	member, err := baggage.NewMember("user", "MARKER")
	require.NoError(t, err)
	bag, err := baggage.New(member)
	require.NoError(t, err)
	state, err := trace.ParseTraceState("vendor=1")
	require.NoError(t, err)
	parent := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
	})
	ctx := trace.ContextWithSpanContext(baggage.ContextWithBaggage(t.Context(), bag), parent)

	server := listening{Handler: answerJSON(completion)}
	s := newStand(t, &server, otelgenai.WithPropagateTo("127.0.0.1"))
	_, err = s.client.Chat.Completions.New(ctx, params("hi"))
	require.NoError(t, err)
	assert.Equal(t, traceparent(s.span(t).SpanContext()), server.headers[0].Get("traceparent"))
	assert.Equal(t, "vendor=1", server.headers[0].Get("tracestate"))
	assert.NotContains(t, fmt.Sprint(server.headers), "MARKER")
}

func TestEveryAttemptCarriesTheSpanOfTheCall(t *testing.T) {
	server := listening{Handler: inTurn(refuse(503, "x"), refuse(503, "x"), answerJSON(completion))}
	s := newStand(t, &server, otelgenai.WithPropagateTo("127.0.0.1"))
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"))
	require.NoError(t, err)
	require.Len(t, server.headers, 3)
	want := traceparent(s.span(t).SpanContext())
	for _, h := range server.headers {
		assert.Equal(t, []string{want}, h.Values("traceparent"))
	}
}

func TestAnUnsampledCallTellsTheGatewaySo(t *testing.T) {
	server := listening{Handler: inTurn(refuse(503, "x"), answerJSON(completion))}
	s := newStand(t, &server)
	client := openai.NewClient(traced(sdktrace.NeverSample(), otelgenai.WithPropagateTo("127.0.0.1")),
		option.WithBaseURL(s.server.URL+"/v1"), option.WithAPIKey("k"), option.WithHTTPClient(s.server.Client()))
	_, err := client.Chat.Completions.New(t.Context(), params("hi"))
	require.NoError(t, err)
	require.Len(t, server.headers, 2)
	first := server.headers[0].Get("traceparent")
	assert.Regexp(t, "^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", first)
	assert.Equal(t, first, server.headers[1].Get("traceparent"))
}

func TestWithoutAProviderTheTraceOfTheApplicationGoesOn(t *testing.T) {
	server := listening{Handler: answerJSON(completion)}
	s := newStand(t, &server, otelgenai.WithTracerProvider(noop.NewTracerProvider()), otelgenai.WithPropagateTo("127.0.0.1"))
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	_, err := s.client.Chat.Completions.New(trace.ContextWithSpanContext(t.Context(), parent), params("hi"))
	require.NoError(t, err)
	_, err = s.client.Chat.Completions.New(t.Context(), params("hi"))
	require.NoError(t, err)
	assert.Equal(t, traceparent(parent), server.headers[0].Get("traceparent"))
	assert.Empty(t, server.headers[1].Get("traceparent"), "there is no trace")
}

func TestATraceContextOfTheCallersOwnWins(t *testing.T) {
	const own = "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01"
	server := listening{Handler: answerJSON(completion)}
	s := newStand(t, &server, otelgenai.WithPropagateTo("127.0.0.1"))
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"), option.WithHeader("traceparent", own))
	require.NoError(t, err)
	assert.Equal(t, []string{own}, server.headers[0].Values("traceparent"))
}

func TestTheCallersRequestKeepsItsHeaders(t *testing.T) {
	server := listening{Handler: answerJSON(completion)}
	var seen *http.Request
	outside := func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		seen = r
		return next(r)
	}
	s := newStand(t, &server, otelgenai.WithPropagateTo("127.0.0.1"))
	client := openai.NewClient(option.WithMiddleware(outside), s.traced, option.WithBaseURL(s.server.URL+"/v1"),
		option.WithAPIKey("k"), option.WithHTTPClient(s.server.Client()))
	_, err := client.Chat.Completions.New(t.Context(), params("hi"))
	require.NoError(t, err)
	assert.NotEmpty(t, server.headers[0].Get("traceparent"))
	assert.Empty(t, seen.Header.Get("traceparent"))
}

func TestTransportAndOptionTogetherPropagateOnce(t *testing.T) {
	server := listening{Handler: answerJSON(completion)}
	s := newStand(t, &server, otelgenai.WithPropagateTo("127.0.0.1"))
	below := &http.Client{Transport: otelgenaihttp.NewTransport(s.server.Client().Transport, otelgenai.WithPropagateTo("127.0.0.1"))}
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"), option.WithHTTPClient(below))
	require.NoError(t, err)
	assert.Equal(t, []string{traceparent(s.span(t).SpanContext())}, server.headers[0].Values("traceparent"))
}

func TestARedirectToAnotherHostTakesNoTraceContextAlong(t *testing.T) {
	stranger := listening{Handler: answerJSON(completion)}
	elsewhere := httptest.NewServer(&stranger)
	t.Cleanup(elsewhere.Close)
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}), otelgenai.WithPropagateTo("127.0.0.1"))
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"), option.WithMaxRetries(0))
	require.Error(t, err, "openai-go refuses another origin")
	assert.Empty(t, stranger.headers)
}
