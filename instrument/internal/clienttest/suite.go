package clienttest

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/otelgenai"
)

// Test runs everything that holds for the tracing of an SDK.
func Test(t *testing.T, sdk SDK) {
	t.Helper()
	checks := map[string]func(*testing.T, *stand){
		"each kind of call is one span":                       eachKindIsOneSpan,
		"a retried call is one span":                          aRetriedCallIsOneSpan,
		"the limit of retries of one call counts":             theLimitOfOneCallCounts,
		"errors are the provider's and reach the caller":      errorsReachTheCaller,
		"an answer that is no JSON reaches the caller":        brokenAnswersReachTheCaller,
		"an unreachable provider is one failed span":          anUnreachableProvider,
		"a call canceled while it waits is one span":          canceledWhileItWaits,
		"a call canceled in the back-off is one span":         canceledInTheBackOff,
		"a stream canceled in the middle keeps what came":     canceledInTheMiddle,
		"a stream closed early keeps what came":               closedEarly,
		"a deadline is a timeout":                             aDeadlineIsATimeout,
		"a call is traced once, whatever else is installed":   tracedOnce,
		"one client serves many calls at once ConcurrentSafe": manyAtOnce,
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) { check(t, &stand{SDK: sdk, provider: NewProvider(t)}) })
	}
	if !t.Failed() {
		(&stand{SDK: sdk, provider: NewProvider(t)}).documented(t, len(checks))
	}
}

// stand is an SDK with its provider.
type stand struct {
	SDK
	provider *Provider
}

// result is what a caller has after a call.
type result struct {
	answer  string
	events  []string
	err     string
	refusal *Refusal
}

func (s *stand) result(answer string, events []string, err error) result {
	r := result{answer: answer, events: events}
	if err != nil {
		r.err, r.refusal = err.Error(), s.Refusal(err)
	}
	return r
}

func (s *stand) client(tracing []otelgenai.Option) Client {
	return s.New(s.provider.URL, s.provider.Client, tracing)
}

// compare runs one call without and with tracing.
func (s *stand) compare(t *testing.T, call func(context.Context, Client) result, script ...http.HandlerFunc) Spans {
	t.Helper()
	return Compare(t, s.provider, script, func(t *testing.T, tracing []otelgenai.Option) any {
		return call(t.Context(), s.client(tracing))
	})
}

func (s *stand) chat(ctx context.Context, c Client) result {
	answer, err := c.Chat(ctx, nil)
	return s.result(answer, nil, err)
}

func (s *stand) stream(ctx context.Context, c Client) result {
	var events []string
	err := c.ChatStream(ctx, nil, func(event string) bool {
		events = append(events, event)
		return true
	})
	return s.result("", events, err)
}

func eachKindIsOneSpan(t *testing.T, s *stand) {
	respondStream := func(ctx context.Context, c Client) result {
		var events []string
		err := c.RespondStream(ctx, nil, func(event string) bool {
			events = append(events, event)
			return true
		})
		return s.result("", events, err)
	}
	for name, kind := range map[string]struct {
		call   func(context.Context, Client) result
		answer http.HandlerFunc
		span   string
		want   map[string]any
	}{
		"chat": {
			s.chat, JSON(Completion), "chat gpt-4o-mini",
			map[string]any{
				"gen_ai.operation.name": "chat", "openai.api.type": "chat_completions",
				"gen_ai.response.model": "gpt-4o-mini-2024-07-18", "gen_ai.response.id": "chatcmpl-1",
				"gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3),
				"gen_ai.response.finish_reasons": []string{"stop"},
			},
		},
		"chat stream": {
			s.stream, Stream(Chunks...), "chat gpt-4o-mini",
			map[string]any{
				"gen_ai.operation.name": "chat", "openai.api.type": "chat_completions",
				"gen_ai.response.model": "gpt-4o-mini-2024-07-18", "gen_ai.response.id": "chatcmpl-2",
				"gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3),
				"gen_ai.response.finish_reasons": []string{"stop"}, "gen_ai.request.stream": true,
			},
		},
		"embeddings": {
			func(ctx context.Context, c Client) result {
				answer, err := c.Embed(ctx, nil)
				return s.result(answer, nil, err)
			}, JSON(Embedding), "embeddings gpt-4o-mini",
			map[string]any{
				"gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": int64(5),
				"gen_ai.embeddings.dimension.count": int64(2),
			},
		},
		"response": {
			func(ctx context.Context, c Client) result {
				answer, err := c.Respond(ctx, nil)
				return s.result(answer, nil, err)
			}, JSON(Response), "chat gpt-4o-mini",
			map[string]any{
				"gen_ai.operation.name": "chat", "openai.api.type": "responses", "gen_ai.response.id": "resp_1",
				"gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3),
			},
		},
		"response stream": {
			respondStream, Stream(ResponseEvents...), "chat gpt-4o-mini",
			map[string]any{
				"gen_ai.operation.name": "chat", "openai.api.type": "responses", "gen_ai.response.id": "resp_1",
				"gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3), "gen_ai.request.stream": true,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spans := s.compare(t, kind.call, kind.answer)
			assert.Len(t, spans, 1)
			span := spans.Call(t)
			assert.Equal(t, kind.span, span.Name())
			assert.Equal(t, s.Scope, span.InstrumentationScope().Name)
			assert.Equal(t, codes.Unset, span.Status().Code, span.Status().Description)
			assert.Equal(t, "openai", Attr(span, "gen_ai.provider.name"))
			assert.Equal(t, "gpt-4o-mini", Attr(span, "gen_ai.request.model"))
			assert.Equal(t, "127.0.0.1", Attr(span, "server.address"))
			assert.Nil(t, Attr(span, "genotel.response.incomplete"))
			for key, want := range kind.want {
				assert.Equal(t, want, Attr(span, key), key)
			}
		})
	}
}

func aRetriedCallIsOneSpan(t *testing.T, s *stand) {
	for name, c := range map[string]struct {
		call   func(context.Context, Client) result
		answer http.HandlerFunc
	}{"chat": {s.chat, JSON(Completion)}, "stream": {s.stream, Stream(Chunks...)}} {
		t.Run(name, func(t *testing.T) {
			spans := s.compare(t, c.call, Refuse(429, "slow_down"), Refuse(503, "overloaded"), c.answer)
			span := spans.Call(t)
			assert.Equal(t, int64(2), Attr(span, "http.request.resend_count"))
			assert.Equal(t, int64(9), Attr(span, "gen_ai.usage.input_tokens"))
			assert.Equal(t, codes.Unset, span.Status().Code)
			assert.Empty(t, span.Events(), "a retried failure is no failure of the call")
			attempts := spans.Attempts()
			require.Len(t, attempts, 3)
			for i, status := range []int64{429, 503, 200} {
				assert.Equal(t, status, Attr(attempts[i], "http.response.status_code"))
				assert.Equal(t, span.SpanContext().SpanID(), attempts[i].Parent().SpanID())
			}
			for i, asked := range s.provider.Asked() {
				assert.Contains(t, asked, "X-Stainless-Retry-Count: "+string(rune('0'+i)))
			}
		})
	}
}

func theLimitOfOneCallCounts(t *testing.T, s *stand) {
	for _, limit := range []int{0, 1, 4} {
		spans := s.compare(t, func(ctx context.Context, c Client) result {
			answer, err := c.Chat(ctx, &limit)
			return s.result(answer, nil, err)
		}, Refuse(500, "broken"))
		assert.Len(t, s.provider.Asked(), limit+1)
		span := spans.Call(t)
		assert.Equal(t, codes.Error, span.Status().Code)
		assert.Equal(t, "broken", Attr(span, "error.type"))
		if limit == 0 {
			assert.Nil(t, Attr(span, "http.request.resend_count"))
			assert.Empty(t, spans.Attempts())
			continue
		}
		assert.Equal(t, int64(limit), Attr(span, "http.request.resend_count"))
		assert.Len(t, spans.Attempts(), limit+1)
	}
}

func errorsReachTheCaller(t *testing.T, s *stand) {
	for status, code := range map[int]string{
		400: "bad", 401: "invalid_api_key", 403: "not_allowed", 404: "model_not_found", 422: "unclear", 429: "slow_down", 500: "broken",
	} {
		for name, call := range map[string]func(context.Context, Client) result{"chat": s.chat, "stream": s.stream} {
			var got result
			spans := s.compare(t, func(ctx context.Context, c Client) result {
				got = call(ctx, c)
				return got
			}, Refuse(status, code))
			require.NotNil(t, got.refusal, "%s %d: %s", name, status, got.err)
			assert.Equal(t, status, got.refusal.Status)
			assert.Equal(t, `It is "refused".`, got.refusal.Message)
			span := spans.Call(t)
			assert.Equal(t, code, Attr(span, "error.type"))
			assert.Equal(t, int64(status), Attr(span, "http.response.status_code"))
			assert.Equal(t, codes.Error, span.Status().Code)
			assert.Len(t, span.Events(), 1)
		}
	}
}

func brokenAnswersReachTheCaller(t *testing.T, s *stand) {
	for name, answer := range map[string]http.HandlerFunc{
		"cut JSON":             JSON(`{"choices":[{"index":0,`),
		"nothing":              JSON(""),
		"a page":               Answer(200, "text/html", "<html>Sign in."),
		"an error in plain":    Answer(400, "text/plain", "b\xffd gateway"),
		"an error of nothing":  Answer(404, "application/json", ""),
		"an error as a string": Answer(401, "application/json", `{"error":"no key"}`),
		"an error in a 200":    JSON(`{"error":{"message":"m","code":"c"}}`),
	} {
		spans := s.compare(t, s.chat, answer)
		assert.Equal(t, codes.Error, spans.Call(t).Status().Code, name)
	}
	spans := s.compare(t, s.stream, Stream(Chunks[0], `{"error":{"message":"m","code":"overloaded"}}`))
	assert.Equal(t, "overloaded", Attr(spans.Call(t), "error.type"))
}

func anUnreachableProvider(t *testing.T, s *stand) {
	recorder := tracetest.NewSpanRecorder()
	client := s.New("http://127.0.0.1:1/v1/", s.provider.Client, Tracing(recorder))
	one := 1
	_, err := client.Chat(t.Context(), &one)
	_, untraced := s.New("http://127.0.0.1:1/v1/", s.provider.Client, nil).Chat(t.Context(), &one)
	require.Error(t, err)
	assert.Equal(t, untraced.Error(), err.Error())
	span := Ended(t, recorder).Call(t)
	assert.Equal(t, "connection_error", Attr(span, "error.type"))
	assert.Equal(t, int64(1), Attr(span, "http.request.resend_count"))
}

func canceledWhileItWaits(t *testing.T, s *stand) {
	arrived := make(chan struct{})
	spans := s.compare(t, func(ctx context.Context, c Client) result {
		ctx, cancel := context.WithCancel(ctx)
		go func() {
			<-arrived
			cancel()
		}()
		return s.chat(ctx, c)
	}, Hang(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} }))
	span := spans.Call(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, Attr(span, "genotel.response.incomplete"))
}

func canceledInTheBackOff(t *testing.T, s *stand) {
	spans := s.compare(t, func(ctx context.Context, c Client) result {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		time.AfterFunc(50*time.Millisecond, cancel)
		return s.chat(ctx, c)
	}, With("X-Should-Retry", "true", With("Retry-After-Ms", "400", Answer(503, "application/json", `{}`))))
	span := spans.Call(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, Attr(span, "genotel.response.incomplete"))
	assert.Len(t, s.provider.Asked(), 1)
}

func canceledInTheMiddle(t *testing.T, s *stand) {
	spans := s.compare(t, func(ctx context.Context, c Client) result {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var events []string
		err := c.ChatStream(ctx, nil, func(event string) bool {
			events = append(events, event)
			cancel()
			return true
		})
		return s.result("", events, err)
	}, Hang(Stream(Chunks[0])))
	partial(t, spans)
}

func closedEarly(t *testing.T, s *stand) {
	spans := s.compare(t, func(ctx context.Context, c Client) result {
		var events []string
		err := c.ChatStream(ctx, nil, func(event string) bool {
			events = append(events, event)
			return false
		})
		return s.result("", events, err)
	}, Hang(Stream(Chunks[0])))
	partial(t, spans)
}

func partial(t *testing.T, spans Spans) {
	t.Helper()
	span := spans.Call(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, Attr(span, "genotel.response.incomplete"))
	assert.Equal(t, "chatcmpl-2", Attr(span, "gen_ai.response.id"))
	assert.Contains(t, Attr(span, "gen_ai.output.messages"), "Twelve.")
}

func aDeadlineIsATimeout(t *testing.T, s *stand) {
	spans := s.compare(t, func(ctx context.Context, c Client) result {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		return s.chat(ctx, c)
	}, Hang(func(http.ResponseWriter, *http.Request) {}))
	span := spans.Call(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "timeout", Attr(span, "error.type"))
}

func tracedOnce(t *testing.T, s *stand) {
	both := func(t *testing.T, tracing []otelgenai.Option) Client {
		t.Helper()
		client := *s.provider.Client
		if tracing != nil {
			client.Transport = otelgenaihttp.NewTransport(client.Transport, tracing...)
		}
		return s.New(s.provider.URL, &client, tracing)
	}
	spans := Compare(t, s.provider, []http.HandlerFunc{Refuse(429, "slow_down"), JSON(Completion)},
		func(t *testing.T, tracing []otelgenai.Option) any { return s.chat(t.Context(), both(t, tracing)) })
	span := spans.Call(t)
	assert.Equal(t, s.Scope, span.InstrumentationScope().Name)
	assert.Equal(t, int64(1), Attr(span, "http.request.resend_count"))
}

func manyAtOnce(t *testing.T, s *stand) {
	recorder := tracetest.NewSpanRecorder()
	client := s.client(Tracing(recorder))
	s.provider.Play(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/embeddings") {
			JSON(Embedding)(w, r)
			return
		}
		Stream(Chunks...)(w, r)
	})
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() {
			if i%2 == 0 {
				_, err := client.Embed(t.Context(), nil)
				assert.NoError(t, err)
				return
			}
			events := 0
			assert.NoError(t, client.ChatStream(t.Context(), nil, func(string) bool {
				events++
				return true
			}))
			assert.Equal(t, 3, events)
		})
	}
	group.Wait()
	assert.Len(t, Ended(t, recorder).Calls(), 32)
}
