package otelopenai_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/internal/clienttest"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// withoutWire answers requests without a connection, so that the clock of a bubble
// can stand still while one is under way.
type withoutWire struct{ http.Handler }

func (m withoutWire) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	res := w.Result()
	res.Request = req
	return res, nil
}

// course is when what happened to a call.
type course struct {
	attempts []string
	end      time.Duration
	err      string
	timeout  bool
}

// follow makes one call of which each attempt is answered by script, in a bubble,
// and returns its course.
func follow(t *testing.T, tracing []otelgenai.Option, c timing) (got course) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		transport := withoutWire{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := len(got.attempts)
			got.attempts = append(got.attempts, time.Since(start).String()+" "+r.Header.Get("X-Stainless-Retry-Count"))
			_, _ = io.Copy(io.Discard, r.Body)
			c.script[min(n, len(c.script)-1)](w, r)
		})}
		opts := []option.RequestOption{
			option.WithBaseURL("http://127.0.0.1/v1"), option.WithAPIKey("k"),
			option.WithHTTPClient(&http.Client{Transport: transport}),
		}
		if tracing != nil {
			opts = append([]option.RequestOption{otelopenai.WithTracing(tracing...)}, opts...)
		}
		ctx := t.Context()
		if c.deadline != 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, c.deadline)
			defer cancel()
		}
		if c.cancel != 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			time.AfterFunc(c.cancel, cancel)
		}
		client := openai.NewClient(opts...)
		_, err := client.Chat.Completions.New(ctx, params("Hi."), c.opts...)
		got.end = time.Since(start)
		if err != nil {
			got.err, got.timeout = err.Error(), errors.Is(err, context.DeadlineExceeded)
		}
		synctest.Wait()
	})
	return got
}

// timing is a call, and what is expected of it and its span.
type timing struct {
	script           []http.HandlerFunc
	opts             []option.RequestOption
	cancel, deadline time.Duration

	attempts  int
	end       time.Duration
	errorType any
}

// failed responds with a status and an advice when to come again.
func failed(status int, key, value string) http.HandlerFunc {
	return clienttest.With(key, value, clienttest.Answer(status, "application/json", `{"error":{"code":"c","message":"m"}}`))
}

// after responds after a while, if the client waits for so long.
func after(wait time.Duration, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(wait):
			answer(w, r)
		case <-r.Context().Done():
		}
	}
}

func TestTheClientTakesItsTimeAsWithoutTracing(t *testing.T) {
	good := clienttest.JSON(completion)
	hourglass := option.WithRequestTimeout(2 * time.Second)
	for name, c := range map[string]timing{
		"Retry-After in seconds": {
			script:   []http.HandlerFunc{failed(503, "Retry-After", "3"), failed(429, "Retry-After", "1.5"), good},
			attempts: 3, end: 4500 * time.Millisecond,
		},
		"Retry-After in milliseconds": {
			script:   []http.HandlerFunc{failed(503, "Retry-After-Ms", "250"), good},
			attempts: 2, end: 250 * time.Millisecond,
		},
		"Retry-After as a date": { // the clock of a bubble begins at midnight UTC of 2000-01-01
			script:   []http.HandlerFunc{failed(503, "Retry-After", "Sat, 01 Jan 2000 00:00:07 GMT"), good},
			attempts: 2, end: 7 * time.Second,
		},
		"a Retry-After that is too long": {
			script:   []http.HandlerFunc{failed(503, "Retry-After", "86400"), good},
			attempts: 1, errorType: "c",
		},
		"a Retry-After longer than the caller allows": {
			script: []http.HandlerFunc{failed(503, "Retry-After", "5"), good}, opts: []option.RequestOption{option.WithMaxRetryDelay(time.Second)},
			attempts: 1, errorType: "c",
		},
		"x-should-retry for a status that is final": {
			script:   []http.HandlerFunc{clienttest.With("Retry-After", "1", failed(400, "x-should-retry", "true")), good},
			attempts: 2, end: time.Second,
		},
		"x-should-retry against a status that is not": {
			script:   []http.HandlerFunc{failed(500, "x-should-retry", "false"), good},
			attempts: 1, errorType: "c",
		},
		"a timeout of the attempt": {
			script: []http.HandlerFunc{after(time.Hour, good)}, opts: []option.RequestOption{hourglass},
			attempts: 1, end: 2 * time.Second, errorType: "timeout",
		},
		"a timeout of each attempt": {
			script: []http.HandlerFunc{
				after(1500*time.Millisecond, failed(503, "Retry-After-Ms", "100")), after(1500*time.Millisecond, good),
			},
			opts: []option.RequestOption{hourglass}, attempts: 2, end: 3100 * time.Millisecond,
		},
		"a timeout of the attempt in its back-off": {
			script: []http.HandlerFunc{failed(503, "Retry-After", "5"), good}, opts: []option.RequestOption{hourglass},
			attempts: 1, end: 2 * time.Second, errorType: "timeout",
		},
		"a deadline of the call": {
			script: []http.HandlerFunc{failed(503, "Retry-After", "1"), after(time.Hour, good)}, deadline: 3 * time.Second,
			attempts: 2, end: 3 * time.Second, errorType: "timeout",
		},
		"a deadline in the back-off": {
			script: []http.HandlerFunc{failed(503, "Retry-After", "60"), good}, deadline: 3 * time.Second,
			attempts: 1, end: 3 * time.Second, errorType: "timeout",
		},
		"a cancellation in the back-off": {
			script: []http.HandlerFunc{failed(503, "Retry-After", "60"), good}, cancel: 2 * time.Second,
			attempts: 1, end: 2 * time.Second,
		},
		"a cancellation while it waits": {
			script: []http.HandlerFunc{after(time.Hour, good)}, cancel: 2 * time.Second,
			attempts: 1, end: 2 * time.Second,
		},
		"no retries": {
			script: []http.HandlerFunc{failed(503, "Retry-After", "1"), good}, opts: []option.RequestOption{option.WithMaxRetries(0)},
			attempts: 1, errorType: "c",
		},
		"more retries": {
			script: []http.HandlerFunc{failed(503, "Retry-After", "1")}, opts: []option.RequestOption{option.WithMaxRetries(5)},
			attempts: 6, end: 5 * time.Second, errorType: "c",
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := tracetest.NewSpanRecorder()
			plain := follow(t, nil, c)
			assert.Equal(t, plain, follow(t, clienttest.Tracing(recorder), c))
			assert.Len(t, plain.attempts, c.attempts)
			assert.Equal(t, c.end, plain.end)

			require.Len(t, recorder.Ended(), len(recorder.Started()), "spans that have not ended")
			span := clienttest.Spans(recorder.Ended()).Call(t)
			assert.Equal(t, c.errorType, attr(span, "error.type"))
			assert.Equal(t, c.errorType != nil, span.Status().Code == codes.Error)
			resends := any(nil)
			if c.attempts > 1 {
				resends = int64(c.attempts - 1)
			}
			assert.Equal(t, resends, attr(span, "http.request.resend_count"))
			for i, attempt := range plain.attempts {
				assert.Contains(t, attempt, " "+strconv.Itoa(i))
			}
			if c.errorType != "timeout" && c.cancel == 0 { // what was last seen is not when the client gave up
				return
			}
			assert.Equal(t, c.end, span.EndTime().Sub(span.StartTime()))
		})
	}
}
