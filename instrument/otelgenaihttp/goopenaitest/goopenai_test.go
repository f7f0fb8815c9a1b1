// Package goopenaitest holds the tests of tracing github.com/sashabaranov/go-openai
// through its HTTP client.
package goopenaitest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	openai "github.com/sashabaranov/go-openai"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/instrument/internal/clienttest"
	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/otelgenai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient returns a client of the provider, traced when tracing is not nil.
func newClient(p *clienttest.Provider, tracing []otelgenai.Option) *openai.Client {
	config := openai.DefaultConfig("sk-secret")
	config.BaseURL = p.URL
	config.HTTPClient = p.Client
	if tracing != nil {
		config.HTTPClient = &http.Client{Transport: otelgenaihttp.NewTransport(p.Client.Transport, tracing...)}
	}
	return openai.NewClientWithConfig(config)
}

// compare runs a program without and with tracing.
func compare(
	t *testing.T, script []http.HandlerFunc, program func(ctx context.Context, client *openai.Client) any,
) clienttest.Spans {
	t.Helper()
	p := clienttest.NewProvider(t)
	return clienttest.Compare(t, p, script, func(t *testing.T, tracing []otelgenai.Option) any {
		return program(t.Context(), newClient(p, tracing))
	})
}

// result is what a caller has after a call.
type result struct {
	answer any
	chunks []openai.ChatCompletionStreamResponse
	err    error
}

var question = openai.ChatCompletionRequest{
	Model:         "gpt-4o-mini",
	Temperature:   0.5,
	Messages:      []openai.ChatCompletionMessage{{Role: "user", Content: "How many are left?"}},
	StreamOptions: &openai.StreamOptions{IncludeUsage: true},
}

func ask(ctx context.Context, client *openai.Client) any {
	answer, err := client.CreateChatCompletion(ctx, question)
	return result{answer: answer, err: err}
}

// stream reads until each returns false or the stream ends.
func stream(ctx context.Context, client *openai.Client, each func() bool) (r result) {
	s, err := client.CreateChatCompletionStream(ctx, question)
	if err != nil {
		return result{err: err}
	}
	defer func() { r.err = errors.Join(r.err, s.Close()) }()
	for {
		chunk, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			r.err = err
			return r
		}
		r.chunks = append(r.chunks, chunk)
		if !each() {
			return r
		}
	}
}

func on() bool { return true }

func TestAChatIsTraced(t *testing.T) {
	spans := compare(t, []http.HandlerFunc{clienttest.JSON(clienttest.Completion)}, ask)
	span := spans.Call(t)
	assert.Equal(t, "chat gpt-4o-mini", span.Name())
	assert.Equal(t, otelgenaihttp.ScopeName, span.InstrumentationScope().Name)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.InDelta(t, 0.5, clienttest.Attr(span, "gen_ai.request.temperature"), 0)
	assert.Equal(t, int64(9), clienttest.Attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, int64(3), clienttest.Attr(span, "gen_ai.usage.output_tokens"))
	assert.Contains(t, clienttest.Attr(span, "gen_ai.output.messages"), "Twelve.")
}

func TestAStreamIsTraced(t *testing.T) {
	spans := compare(t, []http.HandlerFunc{clienttest.Stream(clienttest.Chunks...)},
		func(ctx context.Context, client *openai.Client) any { return stream(ctx, client, on) })
	span := spans.Call(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, int64(9), clienttest.Attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, []string{"stop"}, clienttest.Attr(span, "gen_ai.response.finish_reasons"))
	assert.Nil(t, clienttest.Attr(span, "genotel.response.incomplete"))
}

func TestAStreamThatIsClosedEarlyKeepsWhatCame(t *testing.T) {
	spans := compare(t, []http.HandlerFunc{clienttest.Hang(clienttest.Stream(clienttest.Chunks[0]))},
		func(ctx context.Context, client *openai.Client) any {
			return stream(ctx, client, func() bool { return false })
		})
	span := spans.Call(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, clienttest.Attr(span, "genotel.response.incomplete"))
	assert.Contains(t, clienttest.Attr(span, "gen_ai.output.messages"), "Twelve.")
}

func TestAStreamThatIsCanceledIsNoError(t *testing.T) {
	spans := compare(t, []http.HandlerFunc{clienttest.Hang(clienttest.Stream(clienttest.Chunks[0]))},
		func(ctx context.Context, client *openai.Client) any {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			r := stream(ctx, client, func() bool { cancel(); return true })
			require.ErrorIs(t, r.err, context.Canceled)
			return r
		})
	span := spans.Call(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, clienttest.Attr(span, "genotel.response.incomplete"))
}

func TestOtherKindsOfCallsAreTraced(t *testing.T) {
	for name, kind := range map[string]struct {
		answer string
		call   func(ctx context.Context, client *openai.Client) (any, error)
		key    string
		want   any
	}{
		"embeddings text-embedding-3-small": {
			clienttest.Embedding, func(ctx context.Context, client *openai.Client) (any, error) {
				answer, err := client.CreateEmbeddings(ctx, openai.EmbeddingRequest{Model: openai.SmallEmbedding3, Input: []string{"a"}})
				return answer.Data, err
			}, "gen_ai.embeddings.dimension.count", int64(2),
		},
		"text_completion m": {
			`{"id":"cmpl-1","model":"m","choices":[{"index":0,"text":"Twelve.","finish_reason":"length"}]}`,
			func(ctx context.Context, client *openai.Client) (any, error) {
				answer, err := client.CreateCompletion(ctx, openai.CompletionRequest{Model: "m", Prompt: "How many?"})
				return answer.Choices, err
			}, "gen_ai.response.id", "cmpl-1",
		},
		"chat m": {
			clienttest.Response, func(ctx context.Context, client *openai.Client) (any, error) {
				answer, err := client.CreateResponse(ctx, openai.CreateResponseRequest{Model: "m", Input: "How many?"})
				return answer.Output, err
			}, "gen_ai.usage.output_tokens", int64(3),
		},
	} {
		t.Run(name, func(t *testing.T) {
			spans := compare(t, []http.HandlerFunc{clienttest.JSON(kind.answer)},
				func(ctx context.Context, client *openai.Client) any {
					answer, err := kind.call(ctx, client)
					require.NoError(t, err)
					return answer
				})
			assert.Equal(t, name, spans.Call(t).Name())
			assert.Equal(t, kind.want, clienttest.Attr(spans.Call(t), kind.key))
		})
	}
}

func TestErrorsAreTheProvidersAndReachTheCaller(t *testing.T) {
	for name, call := range map[string]func(context.Context, *openai.Client) any{
		"chat":   ask,
		"stream": func(ctx context.Context, client *openai.Client) any { return stream(ctx, client, on) },
	} {
		t.Run(name, func(t *testing.T) {
			spans := compare(t, []http.HandlerFunc{clienttest.Refuse(http.StatusTooManyRequests, "slow_down")},
				func(ctx context.Context, client *openai.Client) any {
					r := call(ctx, client)
					var refused *openai.APIError
					require.ErrorAs(t, r.(result).err, &refused)
					assert.Equal(t, "slow_down", refused.Code)
					assert.Equal(t, http.StatusTooManyRequests, refused.HTTPStatusCode)
					return r
				})
			assert.Equal(t, codes.Error, spans.Call(t).Status().Code)
			assert.Equal(t, "slow_down", clienttest.Attr(spans.Call(t), "error.type"))
		})
	}
}

func TestAnErrorInsideAStreamReachesTheCaller(t *testing.T) {
	failed := `{"error":{"message":"m","type":"t","code":"overloaded"}}`
	spans := compare(t, []http.HandlerFunc{clienttest.Stream(clienttest.Chunks[0], failed)},
		func(ctx context.Context, client *openai.Client) any {
			r := stream(ctx, client, on)
			require.Error(t, r.err)
			return r
		})
	assert.Equal(t, "overloaded", clienttest.Attr(spans.Call(t), "error.type"))
}

func TestARequestThatTheProgramRepeatsIsACallOfItsOwn(t *testing.T) {
	spans := compare(t, []http.HandlerFunc{
		clienttest.Refuse(http.StatusServiceUnavailable, "overloaded"), clienttest.JSON(clienttest.Completion),
	}, func(ctx context.Context, client *openai.Client) any { return []any{ask(ctx, client), ask(ctx, client)} })
	assert.Len(t, spans.Calls(), 2)
	assert.Empty(t, spans.Attempts())
}

func TestRequestsThatCallNoModelAreNotTraced(t *testing.T) {
	spans := compare(t, []http.HandlerFunc{clienttest.JSON(`{"object":"list","data":[{"id":"m"}]}`)},
		func(ctx context.Context, client *openai.Client) any {
			models, err := client.ListModels(ctx)
			require.NoError(t, err)
			return models.Models
		})
	assert.Empty(t, spans)
}

func TestOneClientServesManyCallsConcurrentSafe(t *testing.T) {
	p := clienttest.NewProvider(t)
	p.Play(clienttest.Stream(clienttest.Chunks...))
	recorder := tracetest.NewSpanRecorder()
	client := newClient(p, clienttest.Tracing(recorder))
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			r := stream(t.Context(), client, on)
			assert.NoError(t, r.err)
			assert.Len(t, r.chunks, 3)
		})
	}
	group.Wait()
	assert.Len(t, clienttest.Ended(t, recorder).Calls(), 32)
}

func TestAzureIsTraced(t *testing.T) {
	p := clienttest.NewProvider(t)
	spans := clienttest.Compare(t, p, []http.HandlerFunc{clienttest.JSON(clienttest.Completion)},
		func(t *testing.T, tracing []otelgenai.Option) any {
			t.Helper()
			config := openai.DefaultAzureConfig("secret", p.URL)
			config.HTTPClient = p.Client
			if tracing != nil {
				config.HTTPClient = &http.Client{Transport: otelgenaihttp.NewTransport(p.Client.Transport, tracing...)}
			}
			return ask(t.Context(), openai.NewClientWithConfig(config))
		})
	assert.Contains(t, p.Asked()[0], "/openai/deployments/gpt-4o-mini/chat/completions")
	assert.Equal(t, "chat gpt-4o-mini", spans.Call(t).Name())
}
