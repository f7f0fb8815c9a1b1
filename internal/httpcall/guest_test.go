package httpcall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/internal/httpcall"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// silent drops reports of panics for the time of a test.
func silent(t *testing.T) {
	t.Helper()
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
}

// sending is a transport that keeps what was sent.
func sending(sent *string) httpcall.Send {
	return func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		*sent = string(body)
		if closing := req.Body.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return nil, err
		}
		return respond(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, "{}")(req)
	}
}

func TestARequestIsSentWholeWhateverGoesWrongBeforeIt(t *testing.T) {
	silent(t)
	broken := func() { panic("mine") }
	for name, mend := range map[string]func(*httpcall.Endpoint){
		"the model":   func(e *httpcall.Endpoint) { e.Model = func([]byte) string { broken(); return "" } },
		"the decoder": func(e *httpcall.Endpoint) { e.Decode = func(*record.Call) wire.Exchange { broken(); return nil } },
		"the request": func(e *httpcall.Endpoint) {
			e.Decode = func(*record.Call) wire.Exchange { return exchange{panics: "Request"} }
		},
		"the question": func(e *httpcall.Endpoint) { e.AskForUsage = func([]byte) []byte { broken(); return nil } },
		"the description": func(e *httpcall.Endpoint) {
			e.Describe = func(*record.Call, *url.URL, []byte) { broken() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, spans := newClient(exchange{})
			client.Instrumentor = otelgenai.NewInstrumentor("test", otelgenai.WithStreamUsage(), otelgenai.WithTracerProvider(
				sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))))
			endpoint := *client.Endpoint("POST", "/x")
			mend(&endpoint)
			client.Endpoint = func(string, string) *httpcall.Endpoint { return &endpoint }
			var sent string
			res, err := client.NewCall(nil).RoundTrip(newRequest(t), sending(&sent))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.JSONEq(t, `{"a":1}`, sent)
			assert.Len(t, spans.Ended(), len(spans.Started()))
		})
	}
}

func TestABodyThatGetBodyDoesNotSpeakForIsSentWhole(t *testing.T) {
	client, _ := newClient(exchange{})
	shared := bytes.NewBufferString(`{"shared":1}`)
	for name, get := range map[string]func() (io.ReadCloser, error){
		"the same reader": func() (io.ReadCloser, error) { return io.NopCloser(shared), nil },
		"another body":    func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(`{"secret":1}`)), nil },
		"none":            func() (io.ReadCloser, error) { return nil, errors.New("it is gone") },
		"nothing at all":  func() (io.ReadCloser, error) { return nil, nil }, //nolint:nilnil // what must not hurt
		"a panic":         func() (io.ReadCloser, error) { panic("mine") },
	} {
		t.Run(name, func(t *testing.T) {
			shared.Reset()
			shared.WriteString(`{"shared":1}`)
			req := newRequest(t)
			req.Body, req.GetBody, req.ContentLength = io.NopCloser(shared), get, int64(shared.Len())
			var sent string
			res, err := client.NewCall(nil).RoundTrip(req, sending(&sent))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.JSONEq(t, `{"shared":1}`, sent)
		})
	}
}

func TestAnErrorOfTheBodyIsTheTransports(t *testing.T) {
	client, _ := newClient(exchange{})
	problem := errors.New("the disk is gone")
	req := newRequest(t)
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"a":`), failing{problem}))
	var sent string
	_, err := client.NewCall(nil).RoundTrip(req, sending(&sent)) //nolint:bodyclose // there is none
	assert.Equal(t, problem, err)
	assert.Equal(t, `{"a":`, sent)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestABodyIsNotReadAfterItWasClosed(t *testing.T) {
	client, _ := newClient(exchange{})
	res, err := client.NewCall(nil).RoundTrip(newRequest(t), func(req *http.Request) (*http.Response, error) {
		require.NoError(t, req.Body.Close())
		_, err := req.Body.Read(make([]byte, 1))
		require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
		require.NoError(t, req.Body.Close())
		return respond(http.StatusOK, http.Header{}, "{}")(req)
	})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
}

func TestWhatComesLateFromAnEarlierAttemptIsIgnored(t *testing.T) {
	json := http.Header{"Content-Type": {"application/json"}}
	for name, late := range map[string]func(io.ReadCloser){
		"a close": func(body io.ReadCloser) { _ = body.Close() },
		"a read":  func(body io.ReadCloser) { _, _ = io.ReadAll(body) },
	} {
		t.Run(name, func(t *testing.T) {
			client, spans := newClient(exchange{})
			call := client.NewCall(func() int { return 2 })
			first, err := call.RoundTrip(newRequest(t), respond(http.StatusServiceUnavailable, json, "busy"))
			require.NoError(t, err)
			require.NoError(t, first.Body.Close())
			second, err := call.RoundTrip(again(t), func(req *http.Request) (*http.Response, error) {
				late(first.Body)
				return respond(http.StatusOK, json, "{}")(req)
			})
			require.NoError(t, err)
			_, err = io.ReadAll(second.Body)
			require.NoError(t, err)
			require.NoError(t, second.Body.Close())
			require.Len(t, spans.Ended(), 3, "two attempts and the call")
			assert.Equal(t, codes.Error, spans.Ended()[0].Status().Code)
			assert.Equal(t, codes.Unset, spans.Ended()[1].Status().Code)
			assert.Equal(t, codes.Unset, spans.Ended()[2].Status().Code)
		})
	}
}

func TestAResponseWithoutABodyKeepsItAndEndsTheSpan(t *testing.T) {
	client, spans := newClient(exchange{})
	res, err := client.NewCall(nil).RoundTrip(newRequest(t), func(req *http.Request) (*http.Response, error) { //nolint:bodyclose // it has none
		return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	require.NoError(t, err)
	assert.Equal(t, http.NoBody, res.Body)
	assert.Len(t, spans.Ended(), 1)
}

func TestAResponseNamesTheCallersRequest(t *testing.T) {
	client, _ := newClient(exchange{})
	req := newRequest(t)
	res, err := client.NewCall(nil).RoundTrip(req, respond(http.StatusOK, http.Header{}, "{}"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Same(t, req, res.Request)

	hop := newRequest(t) // of a transport that follows redirects
	res, err = client.NewCall(nil).RoundTrip(req, func(*http.Request) (*http.Response, error) {
		return respond(http.StatusOK, http.Header{}, "{}")(hop)
	})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Same(t, hop, res.Request)
}

// counted is a context that counts who waits for its end.
type counted struct {
	context.Context

	waiting *atomic.Int64
}

func (counted) Done() <-chan struct{} { return make(chan struct{}) }

func (c counted) AfterFunc(func()) (stop func() bool) {
	c.waiting.Add(1)
	return func() bool {
		c.waiting.Add(-1)
		return true
	}
}

func TestACallThatHasEndedNoLongerWaitsForItsContext(t *testing.T) {
	json := http.Header{"Content-Type": {"application/json"}}
	for name, send := range map[string]httpcall.Send{
		"answered": respond(http.StatusOK, json, "{}"),
		"failed":   func(*http.Request) (*http.Response, error) { return nil, errors.New("no") },
		"panicked": func(*http.Request) (*http.Response, error) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			client, spans := newClient(exchange{})
			ctx := counted{t.Context(), new(atomic.Int64)}
			func() {
				defer func() { _ = recover() }()
				res, err := client.NewCall(nil).RoundTrip(newRequest(t).WithContext(ctx), send)
				if err == nil {
					_, _ = io.ReadAll(res.Body)
					_ = res.Body.Close()
				}
			}()
			assert.Len(t, spans.Ended(), 1)
			assert.Zero(t, ctx.waiting.Load())
		})
	}
}

// writing is a body that can write itself, until it fails.
type writing struct {
	io.ReadCloser

	err error
}

func (w writing) WriteTo(to io.Writer) (int64, error) {
	n, err := to.Write([]byte("{"))
	if err == nil {
		err = w.err
	}
	return int64(n), err
}

func TestAnErrorOfABodyThatWritesItselfIsTheResponses(t *testing.T) {
	for name, test := range map[string]struct {
		to   io.Writer
		want codes.Code
	}{
		"the connection": {io.Discard, codes.Error},
		"the writer":     {brokenWriter{}, codes.Unset},
	} {
		t.Run(name, func(t *testing.T) {
			client, spans := newClient(exchange{})
			res, err := client.NewCall(nil).RoundTrip(newRequest(t), func(req *http.Request) (*http.Response, error) {
				body := writing{io.NopCloser(strings.NewReader("")), errors.New("connection reset")}
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: req}, nil
			})
			require.NoError(t, err)
			_, err = res.Body.(io.WriterTo).WriteTo(test.to)
			require.Error(t, err)
			require.NoError(t, res.Body.Close())
			require.Len(t, spans.Ended(), 1)
			assert.Equal(t, test.want, spans.Ended()[0].Status().Code)
		})
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the caller's own") }

// liar says that it read more than there was room for.
type liar struct{}

func (liar) Read(p []byte) (int, error) { return len(p) + 1, nil }

func TestAReaderThatLiesDoesNoHarm(t *testing.T) {
	client, spans := newClient(exchange{})
	req := newRequest(t)
	req.Body, req.GetBody, req.ContentLength = io.NopCloser(liar{}), nil, -1
	res, err := client.NewCall(nil).RoundTrip(req, func(req *http.Request) (*http.Response, error) {
		n, err := req.Body.Read(make([]byte, 4))
		assert.Equal(t, 5, n)
		require.NoError(t, err)
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(liar{}), Request: req}, nil
	})
	require.NoError(t, err)
	n, err := res.Body.Read(make([]byte, 4))
	require.NoError(t, err)
	assert.Equal(t, 5, n)
	require.NoError(t, res.Body.Close())
	assert.Len(t, spans.Ended(), 1)
}

func TestTheMessageOfAnErrorHasNoURLHoweverDeepItIsWrapped(t *testing.T) {
	secret := &url.Error{Op: "Post", URL: "https://h/?key=SECRET", Err: errors.New("refused")}
	for name, problem := range map[string]error{
		"once":    secret,
		"twice":   &url.Error{Op: "Post", URL: "https://h/?key=SECRET", Err: secret},
		"between": &url.Error{Op: "Post", URL: "https://h/?key=SECRET", Err: fmt.Errorf("giving up: %w", secret)},
	} {
		t.Run(name, func(t *testing.T) {
			client, spans := newClient(exchange{})
			client.Instrumentor = otelgenai.NewInstrumentor("test", otelgenai.WithContent(otelgenai.ContentOnSpan),
				otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))))
			_, err := client.NewCall(nil).RoundTrip(newRequest(t), func(*http.Request) (*http.Response, error) { //nolint:bodyclose // there is none
				return nil, problem
			})
			assert.Equal(t, problem, err, "the caller gets the very error")
			everything := fmt.Sprint(spans.Ended()[0].Attributes(), spans.Ended()[0].Events(), spans.Ended()[0].Status())
			assert.Contains(t, everything, "refused")
			assert.NotContains(t, everything, "SECRET")
		})
	}
}
