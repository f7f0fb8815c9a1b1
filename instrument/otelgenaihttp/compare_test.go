package otelgenaihttp_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/genotel/genotel/instrument/internal/clienttest"
	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/otelgenai"
)

// program is a program that does without an SDK.
type program struct {
	client *http.Client
	url    string
}

// send sends a request and returns the response with what the caller sees of it.
func (p program) send(t *testing.T, ctx context.Context, path string, body io.Reader) (*http.Response, []any) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	before := req.Header.Clone()
	res, err := p.client.Do(req)
	assert.Equal(t, before, req.Header, "the request is the caller's")
	if err != nil {
		return nil, []any{err.Error()}
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res, []any{res.Status, res.Proto, res.Header, res.ContentLength, res.TransferEncoding, res.Uncompressed}
}

// all is send, and all of the response.
func (p program) all(t *testing.T, ctx context.Context, path string, body io.Reader) []any {
	t.Helper()
	res, got := p.send(t, ctx, path, body)
	if res == nil {
		return got
	}
	answer, err := io.ReadAll(res.Body)
	return append(got, string(answer), err, res.Trailer, res.Body.Close())
}

const chat = `{"model":"m","messages":[{"role":"user","content":"Hi."}]}`

func TestAProgramThatUsesNetHTTPSeesTheSameWithTracing(t *testing.T) {
	zipped := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(clienttest.Completion))
		_ = z.Close()
		_, _ = w.Write(b.Bytes())
	}
	trailed := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Cost")
		clienttest.JSON(clienttest.Completion)(w, r)
		w.Header().Set("X-Cost", "3")
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		run    func(t *testing.T, p program) []any
		attrs  map[string]any
	}{
		"a body that can be sent again": {
			clienttest.JSON(clienttest.Completion),
			func(t *testing.T, p program) []any {
				return p.all(t, t.Context(), "chat/completions", strings.NewReader(chat))
			},
			map[string]any{"gen_ai.usage.input_tokens": int64(9), "gen_ai.request.model": "m"},
		},
		"a body that can be sent once": {
			clienttest.JSON(clienttest.Completion),
			func(t *testing.T, p program) []any {
				return p.all(t, t.Context(), "chat/completions", struct{ io.Reader }{strings.NewReader(chat)})
			},
			map[string]any{"gen_ai.usage.input_tokens": int64(9), "gen_ai.request.model": "m"},
		},
		"no body": {
			clienttest.Refuse(400, "empty"),
			func(t *testing.T, p program) []any {
				return p.all(t, t.Context(), "chat/completions", nil)
			},
			map[string]any{"error.type": "empty"},
		},
		"a compressed answer": {
			zipped, func(t *testing.T, p program) []any {
				return p.all(t, t.Context(), "chat/completions", strings.NewReader(chat))
			},
			map[string]any{"gen_ai.usage.input_tokens": int64(9)},
		},
		"an answer with a trailer": {
			trailed, func(t *testing.T, p program) []any {
				return p.all(t, t.Context(), "chat/completions", strings.NewReader(chat))
			},
			map[string]any{"gen_ai.usage.input_tokens": int64(9)},
		},
		"a stream, line by line": {
			clienttest.Stream(clienttest.Chunks...),
			func(t *testing.T, p program) []any {
				res, got := p.send(t, t.Context(), "chat/completions", strings.NewReader(`{"model":"m","stream":true}`))
				lines := bufio.NewScanner(res.Body)
				for lines.Scan() {
					got = append(got, lines.Text())
				}
				return append(got, lines.Err(), res.Body.Close())
			},
			map[string]any{"gen_ai.usage.input_tokens": int64(9), "gen_ai.response.finish_reasons": []string{"stop"}},
		},
		"a stream that is copied": {
			clienttest.Stream(clienttest.Chunks...),
			func(t *testing.T, p program) []any {
				res, got := p.send(t, t.Context(), "chat/completions", strings.NewReader(`{"model":"m","stream":true}`))
				var b bytes.Buffer
				n, err := io.Copy(&b, res.Body)
				return append(got, n, err, b.String(), res.Body.Close())
			},
			map[string]any{"gen_ai.usage.input_tokens": int64(9)},
		},
		"a stream that is left": {
			clienttest.Hang(clienttest.Stream(clienttest.Chunks[0])),
			func(t *testing.T, p program) []any {
				res, got := p.send(t, t.Context(), "chat/completions", strings.NewReader(`{"model":"m","stream":true}`))
				line, err := bufio.NewReader(res.Body).ReadString('\n')
				got = append(got, line, err, res.Body.Close())
				_, err = res.Body.Read(make([]byte, 1))
				return append(got, err.Error())
			},
			map[string]any{"genotel.response.incomplete": true, "gen_ai.response.id": "chatcmpl-2"},
		},
		"an answer that takes too long": {
			clienttest.Hang(func(http.ResponseWriter, *http.Request) {}),
			func(t *testing.T, p program) []any {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				return p.all(t, ctx, "chat/completions", strings.NewReader(chat))
			},
			map[string]any{"error.type": "timeout"},
		},
		"embeddings": {
			clienttest.JSON(clienttest.Embedding),
			func(t *testing.T, p program) []any {
				return p.all(t, t.Context(), "embeddings", strings.NewReader(`{"model":"m","input":"a"}`))
			},
			map[string]any{"gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": int64(5)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			provider := clienttest.NewProvider(t)
			spans := clienttest.Compare(t, provider, []http.HandlerFunc{c.answer},
				func(t *testing.T, tracing []otelgenai.Option) any {
					client := *provider.Client
					if tracing != nil {
						client.Transport = otelgenaihttp.NewTransport(client.Transport, tracing...)
					}
					return c.run(t, program{client: &client, url: provider.URL})
				})
			require.Len(t, spans, 1)
			for key, want := range c.attrs {
				assert.Equal(t, want, clienttest.Attr(spans[0], key), key)
			}
			assert.Equal(t, c.attrs["error.type"] != nil, spans[0].Status().Code == codes.Error)
		})
	}
}

func TestARedirectIsFollowedAndEndsItsSpan(t *testing.T) {
	provider := clienttest.NewProvider(t)
	moved := clienttest.With("Location", "/elsewhere/chat/completions", clienttest.Answer(307, "text/plain", "moved"))
	spans := clienttest.Compare(t, provider, []http.HandlerFunc{moved, clienttest.JSON(clienttest.Completion)},
		func(t *testing.T, tracing []otelgenai.Option) any {
			client := *provider.Client
			if tracing != nil {
				client.Transport = otelgenaihttp.NewTransport(client.Transport, tracing...)
			}
			return program{client: &client, url: provider.URL}.all(t, t.Context(), "chat/completions", strings.NewReader(chat))
		})
	require.Len(t, spans.Calls(), 2)
	for _, span := range spans {
		assert.Equal(t, codes.Unset, span.Status().Code)
	}
	assert.Equal(t, true, clienttest.Attr(spans[0], "genotel.response.incomplete"))
	assert.Equal(t, int64(9), clienttest.Attr(spans[1], "gen_ai.usage.input_tokens"))
}
