package httpcall_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/internal/httpcall"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exchange is a decoder that panics in one of its methods.
type exchange struct{ panics string }

func (e exchange) enter(method string) {
	if method == e.panics {
		panic("decoder")
	}
}

func (e exchange) Request([]byte, bool) { e.enter("Request") }

func (e exchange) Event([]byte) wire.Progress {
	e.enter("Event")
	return wire.Generated
}

func (e exchange) Response([]byte) { e.enter("Response") }

func (e exchange) Failure(status int, _ []byte) *record.Error {
	e.enter("Failure")
	return &record.Error{Type: "failure", Status: status}
}

func (e exchange) Finish() bool {
	e.enter("Finish")
	return true
}

func (e exchange) Retained() int {
	e.enter("Retained")
	return 0
}

func (e exchange) Content(*record.Call) { e.enter("Content") }

// media is a decoder of forms and of more than JSON.
type media struct{ exchange }

func (e media) Form(string, bool) { e.enter("Form") }

func (e media) FormPiece([]byte) { e.enter("FormPiece") }

func (e media) FormEnd() { e.enter("FormEnd") }

func (e media) Type(string, int64) bool {
	e.enter("Type")
	return false
}

func (e media) Cut() { e.enter("Cut") }

// newClient returns a client of a decoder, and its spans.
func newClient(decoder wire.Exchange) (*httpcall.Client, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	return &httpcall.Client{
		Instrumentor: otelgenai.NewInstrumentor("test", otelgenai.WithTracerProvider(
			sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))),
		Endpoint: func(string, string) *httpcall.Endpoint {
			return &httpcall.Endpoint{
				Operation: "chat",
				Model:     func([]byte) string { return "m" },
				Decode:    func(*record.Call) wire.Exchange { return decoder },
			}
		},
		Provider: func(record.Server, string) (string, bool) { return "p", false },
	}, spans
}

// respond is a transport that answers with a status, a content type and a body.
func respond(status int, header http.Header, body string) httpcall.Send {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: req,
		}, nil
	}
}

func newRequest(t *testing.T) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://host/x", strings.NewReader(`{"a":1}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	return req
}

func TestADecoderThatPanicsCostsNeitherTheCallNorTheSpan(t *testing.T) {
	before := otel.GetErrorHandler()
	reports := 0
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { reports++ }))
	t.Cleanup(func() { otel.SetErrorHandler(before) })

	json, stream := http.Header{"Content-Type": {"application/json"}}, http.Header{"Content-Type": {"text/event-stream"}}
	for method, send := range map[string]httpcall.Send{
		"Event":    respond(http.StatusOK, stream, "data: {}\n\n"),
		"Response": respond(http.StatusOK, json, "{}"),
		"Failure":  respond(http.StatusBadRequest, json, "{}"),
		"Finish":   respond(http.StatusOK, json, "{}"),
		"Retained": respond(http.StatusOK, json, "{}"),
	} {
		t.Run(method, func(t *testing.T) {
			reports = 0
			client, spans := newClient(exchange{panics: method})
			res, err := client.NewCall(nil).RoundTrip(newRequest(t), send)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.NotEmpty(t, body)
			require.NoError(t, res.Body.Close())
			assert.Len(t, spans.Ended(), 1)
			assert.Positive(t, reports)
		})
	}
}

func TestWhyContentIsMissingIsThatOfTheLastAttempt(t *testing.T) {
	client, spans := newClient(exchange{})
	call := client.NewCall(func() int { return 1 })
	encoded := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"br"}}
	res, err := call.RoundTrip(newRequest(t), respond(http.StatusServiceUnavailable, encoded, "x"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close()) // unread: another attempt follows
	assert.Len(t, spans.Ended(), 1, "the attempt")

	res, err = call.RoundTrip(newRequest(t), respond(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, "{}"))
	require.NoError(t, err)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Len(t, spans.Ended(), 3)
	for _, kv := range spans.Ended()[2].Attributes() {
		assert.NotEqual(t, "genotel.content.withheld", string(kv.Key))
	}
}

func TestABodyInAnEncodingOfItsOwnIsNotDecoded(t *testing.T) {
	client, spans := newClient(exchange{panics: "Response"})
	encoded := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"br"}}
	res, err := client.NewCall(nil).RoundTrip(newRequest(t), respond(http.StatusOK, encoded, "\x00\x01"))
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, "\x00\x01", string(body))
	require.Len(t, spans.Ended(), 1)
	withheld := ""
	for _, kv := range spans.Ended()[0].Attributes() {
		if kv.Key == "genotel.content.withheld" {
			withheld = kv.Value.AsString()
		}
	}
	assert.Equal(t, "content_encoding", withheld)
}

func TestAttemptsThatOverlapAreCallsOfTheirOwn(t *testing.T) {
	client, spans := newClient(exchange{})
	call := client.NewCall(nil)
	json := http.Header{"Content-Type": {"application/json"}}
	res, err := call.RoundTrip(newRequest(t), func(req *http.Request) (*http.Response, error) {
		inner, err := call.RoundTrip(newRequest(t), respond(http.StatusOK, json, "{}"))
		require.NoError(t, err)
		require.NoError(t, inner.Body.Close())
		return respond(http.StatusOK, json, "{}")(req)
	})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Len(t, spans.Started(), 2)
}

func TestAnUnsampledCallNeverLooksAtHeaders(t *testing.T) {
	for name, test := range map[string]struct {
		sampler sdktrace.Sampler
		asked   []string
	}{
		"unsampled": {sdktrace.NeverSample(), nil},
		"sampled":   {sdktrace.AlwaysSample(), []string{"request", "response"}},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := newClient(exchange{})
			client.Instrumentor = otelgenai.NewInstrumentor("test", otelgenai.WithTracerProvider(
				sdktrace.NewTracerProvider(sdktrace.WithSampler(test.sampler))))
			var asked []string
			client.Gateway = func(_ *record.Call, request, response http.Header) *record.Gateway {
				assert.Equal(t, "application/json", request.Get("Content-Type"))
				asked = append(asked, map[bool]string{true: "request", false: "response"}[response == nil])
				return nil
			}
			json := http.Header{"Content-Type": {"application/json"}}
			res, err := client.NewCall(nil).RoundTrip(newRequest(t), respond(http.StatusOK, json, "{}"))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, test.asked, asked)
		})
	}
}

func TestReadingHeadersThatPanicsCostsNeitherTheCallNorTheSpan(t *testing.T) {
	before := otel.GetErrorHandler()
	reports := 0
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { reports++ }))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	client, spans := newClient(exchange{})
	client.Gateway = func(*record.Call, http.Header, http.Header) *record.Gateway { panic("header") }
	json := http.Header{"Content-Type": {"application/json"}}
	res, err := client.NewCall(nil).RoundTrip(newRequest(t), respond(http.StatusOK, json, "{}"))
	require.NoError(t, err)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Len(t, spans.Ended(), 1)
	assert.Equal(t, 2, reports)
}

func TestADecoderThatPanicsAtAFormCostsNeitherTheCallNorTheSpan(t *testing.T) {
	before := otel.GetErrorHandler()
	reports := 0
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { reports++ }))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	for _, method := range []string{"FormPiece", "FormEnd", "Type", "Cut"} {
		t.Run(method, func(t *testing.T) {
			reports = 0
			client, spans := newClient(media{exchange{panics: method}})
			req := newRequest(t)
			req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			req.Body, req.GetBody = io.NopCloser(strings.NewReader("--b--")), nil
			call := client.NewCall(nil)
			res, err := call.RoundTrip(req, func(req *http.Request) (*http.Response, error) {
				sent, err := io.ReadAll(req.Body)
				assert.Equal(t, "--b--", string(sent))
				assert.NoError(t, err)
				return respond(http.StatusOK, http.Header{"Content-Type": {"audio/mpeg"}}, "sound")(req)
			})
			require.NoError(t, err)
			body := make([]byte, 3)
			_, err = io.ReadFull(res.Body, body)
			require.NoError(t, err)
			assert.Equal(t, "sou", string(body))
			require.NoError(t, res.Body.Close())
			assert.Positive(t, reports)
			runtime.KeepAlive(call)
			assert.Len(t, spans.Ended(), 1)
		})
	}
}

// again is a further attempt as Stainless clients mark it.
func again(t *testing.T) *http.Request {
	t.Helper()
	req := newRequest(t)
	req.Header.Set("X-Stainless-Retry-Count", "1")
	return req
}

func TestAnAttemptThatFollowsAResponseNobodyTouchedIsOfTheSameCall(t *testing.T) {
	client, spans := newClient(exchange{})
	call := client.NewCall(func() int { return 1 })
	json := http.Header{"Content-Type": {"application/json"}}
	left, err := call.RoundTrip(newRequest(t), respond(http.StatusServiceUnavailable, json, "{}"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = left.Body.Close() }) // not before the next attempt
	assert.Empty(t, spans.Ended())

	res, err := call.RoundTrip(again(t), respond(http.StatusOK, json, "{}"))
	require.NoError(t, err)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Len(t, spans.Ended(), 3, "two attempts and their call")
	assert.Len(t, spans.Started(), 3)
	assert.Contains(t, spans.Ended()[2].Attributes(), attribute.Int("http.request.resend_count", 1))
}

func TestAnAttemptAfterAResponseThatNobodyRepeatsIsACallOfItsOwn(t *testing.T) {
	client, spans := newClient(exchange{})
	call := client.NewCall(func() int { return 1 })
	json := http.Header{"Content-Type": {"application/json"}}
	for _, req := range []*http.Request{newRequest(t), again(t)} {
		res, err := call.RoundTrip(req, respond(http.StatusOK, json, "{}"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = res.Body.Close() })
	}
	assert.Len(t, spans.Started(), 2)
}

func TestAClientThatSleepsThroughItsCancellationMakesNoSecondCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, spans := newClient(exchange{})
		call := client.NewCall(func() int { return 1 })
		ctx, cancel := context.WithCancel(t.Context())
		json := http.Header{"Content-Type": {"application/json"}}
		res, err := call.RoundTrip(newRequest(t).WithContext(ctx), respond(http.StatusServiceUnavailable, json, "{}"))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close()) // unread: another attempt follows
		cancel()
		synctest.Wait()
		require.Len(t, spans.Ended(), 2, "the attempt and its call")

		_, err = call.RoundTrip(again(t).WithContext(ctx), func(req *http.Request) (*http.Response, error) { //nolint:bodyclose // there is none
			return nil, req.Context().Err()
		})
		require.ErrorIs(t, err, context.Canceled)
		assert.Len(t, spans.Started(), 2)
	})
}
