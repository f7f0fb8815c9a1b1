package otelopenai_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// usageProvider streams an answer, with its usage to those who ask for it, and
// keeps the requests.
type usageProvider struct {
	requests []string
	lengths  []int64
	refuse   int
}

func (p *usageProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.requests, p.lengths = append(p.requests, string(body)), append(p.lengths, r.ContentLength)
	if p.refuse > 0 {
		p.refuse--
		refuse(503, "overloaded").ServeHTTP(w, r)
		return
	}
	var sent struct {
		StreamOptions struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	_ = json.Unmarshal(body, &sent)
	events := []string{delta(0, "Hello."), finish(0, "stop")}
	if sent.StreamOptions.IncludeUsage {
		events = append(events, usageChunk)
	}
	answerStream(append(events, "[DONE]")...).ServeHTTP(w, r)
}

// chunksOf streams an answer and counts its chunks, and those without choices.
func chunksOf(t *testing.T, client openai.Client, p openai.ChatCompletionNewParams) (all, bare int) {
	t.Helper()
	events := client.Chat.Completions.NewStreaming(t.Context(), p)
	for events.Next() {
		all++
		if len(events.Current().Choices) == 0 {
			bare++
		}
	}
	require.NoError(t, events.Err())
	require.NoError(t, events.Close())
	return all, bare
}

func TestUsageIsAskedForOnEveryAttemptOfAStream(t *testing.T) {
	provider := &usageProvider{refuse: 1}
	s := newStand(t, provider, otelgenai.WithStreamUsage())
	all, bare := chunksOf(t, s.client, params("Hi."))
	assert.Equal(t, 3, all)
	assert.Equal(t, 1, bare, "the caller sees the provider's extra chunk")

	span := s.span(t)
	assert.Equal(t, int64(20), attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, int64(6), attr(span, "gen_ai.usage.output_tokens"))
	assert.Nil(t, attr(span, "genotel.usage.estimated_output_tokens"))
	require.Len(t, provider.requests, 2)
	for i, request := range provider.requests {
		assert.JSONEq(t, `{"messages":[{"content":"Hi.","role":"user"}],"model":"gpt-4o-mini","stream":true,`+
			`"stream_options":{"include_usage":true}}`, request)
		assert.Equal(t, int64(len(request)), provider.lengths[i])
	}
}

func TestAStreamThatIsNotSampledLooksTheSameToTheCaller(t *testing.T) {
	provider := &usageProvider{refuse: 1}
	s := newStand(t, provider, otelgenai.WithStreamUsage(),
		otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))))
	all, bare := chunksOf(t, s.client, params("Hi."))
	assert.Equal(t, 3, all)
	assert.Equal(t, 1, bare)
	assert.Contains(t, provider.requests[1], "include_usage")
}

func TestWhoDecidesAboutUsageOrDoesNotStreamIsLeftAlone(t *testing.T) {
	for name, test := range map[string]struct {
		path, body string
		options    []otelgenai.Option
	}{
		"without the option":   {"chat/completions", `{"model":"m","stream":true}`, nil},
		"not wanted":           {"chat/completions", `{"stream":true,"stream_options":{"include_usage":false}}`, []otelgenai.Option{otelgenai.WithStreamUsage()}},
		"not streamed":         {"chat/completions", `{"model": "m"}`, []otelgenai.Option{otelgenai.WithStreamUsage()}},
		"always with usage":    {"responses", `{"model":"m","stream":true}`, []otelgenai.Option{otelgenai.WithStreamUsage()}},
		"no JSON":              {"chat/completions", `{"stream":true`, []otelgenai.Option{otelgenai.WithStreamUsage()}},
		"nothing that we know": {"files", `{"stream":true}`, []otelgenai.Option{otelgenai.WithStreamUsage()}},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &usageProvider{}
			s := newStand(t, provider, test.options...)
			var body []byte
			err := s.client.Post(t.Context(), test.path, nil, &body, option.WithRequestBody("application/json", []byte(test.body)))
			require.NoError(t, err)
			assert.Equal(t, []string{test.body}, provider.requests)
		})
	}
}

func TestABodyThatCanBeReadOnlyOnceIsLeftAlone(t *testing.T) {
	provider := &usageProvider{}
	s := newStand(t, provider, otelgenai.WithStreamUsage())
	const request = `{"model":"m","stream":true}`
	var body []byte
	err := s.client.Post(t.Context(), "chat/completions", nil, &body,
		option.WithRequestBody("application/json", struct{ io.Reader }{strings.NewReader(request)}))
	require.NoError(t, err)
	assert.Equal(t, []string{request}, provider.requests)
	assert.Equal(t, "m", attr(s.span(t), "gen_ai.request.model"))
}

func TestCompletionsAreAskedForTheirUsageToo(t *testing.T) {
	provider := &usageProvider{}
	s := newStand(t, provider, otelgenai.WithStreamUsage())
	events := s.client.Completions.NewStreaming(t.Context(), openai.CompletionNewParams{Model: "m"})
	for events.Next() {
		continue // only the request matters
	}
	require.NoError(t, events.Close())
	assert.Contains(t, provider.requests[0], `"stream_options":{"include_usage":true}`)
}

// closing is a body that says whether it was closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error {
	c.closed++
	return nil
}

func TestOnlyTheCopyThatIsSentAsksForUsage(t *testing.T) {
	const body = `{"model":"m","stream":true}`
	var sent *http.Request
	var seen []byte
	transport := otelgenaihttp.NewTransport(roundTrip(func(req *http.Request) (*http.Response, error) {
		sent = req
		seen, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
		again, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		replayed, _ := io.ReadAll(again)
		assert.Equal(t, string(seen), string(replayed))
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	}), otelgenai.WithStreamUsage(), otelgenai.WithTracerProvider(sdktrace.NewTracerProvider()))
	given := &closing{Reader: strings.NewReader(body)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/v1/chat/completions", given)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.ContentLength = int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
	before := *req
	header := req.Header.Clone()
	res, err := transport.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())

	assert.Contains(t, string(seen), "include_usage")
	assert.Equal(t, int64(len(seen)), sent.ContentLength)
	assert.Same(t, given, req.Body.(*closing), "the caller's request keeps its body")
	assert.Equal(t, before.ContentLength, req.ContentLength)
	assert.Equal(t, header, req.Header)
	assert.Equal(t, 1, given.closed, "whoever sends a request closes its body")
	again, err := req.GetBody()
	require.NoError(t, err)
	replayed, err := io.ReadAll(again)
	require.NoError(t, err)
	assert.Equal(t, body, string(replayed))
}

func TestAskingForUsageTogetherWithTheTransportAsksOnce(t *testing.T) {
	provider := &usageProvider{}
	s := newStand(t, provider)
	opts := []otelgenai.Option{otelgenai.WithStreamUsage(), otelgenai.WithTracerProvider(sdktrace.NewTracerProvider())}
	client := openai.NewClient(otelopenai.WithTracing(opts...), option.WithBaseURL(s.server.URL+"/v1/"), option.WithAPIKey("sk-secret"),
		option.WithHTTPClient(&http.Client{Transport: otelgenaihttp.NewTransport(s.server.Client().Transport, opts...)}))
	chunksOf(t, client, params("Hi."))
	assert.Equal(t, 1, strings.Count(provider.requests[0], "include_usage"))
}

func BenchmarkAskForUsage(b *testing.B) {
	for _, size := range []int{1 << 10, 200 << 10} {
		body := chatRequest(size, true)
		body = bytes.Replace(body, []byte(`"stream_options":{"include_usage":true},`), nil, 1)
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			for name, opts := range map[string][]otelgenai.Option{"as sent": nil, "asking": {otelgenai.WithStreamUsage()}} {
				b.Run(name, func(b *testing.B) {
					opts := append(opts, otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))))
					l := load{path: "chat/completions", request: body, answer: inMemory{contentType: "text/event-stream"}}
					call := l.client(otelopenai.WithTracing(opts...))
					b.ReportAllocs()
					for b.Loop() {
						if err := call(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
