package otelopenai_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// inMemory is a transport that answers without a network. It gives out the same
// parts of a body, one per Read, each time.
type inMemory struct {
	contentType string
	parts       []string
}

func (m *inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	if err := req.Body.Close(); err != nil { // as transports must
		return nil, err
	}
	size := 0
	for _, part := range m.parts {
		size += len(part)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {m.contentType}}, ContentLength: int64(size),
		Body: &partsBody{parts: m.parts}, Request: req,
	}, nil
}

// partsBody is a body of which each Read returns one part, or the rest of it.
type partsBody struct {
	parts []string
	read  int // of the first part
}

func (b *partsBody) Read(p []byte) (int, error) {
	if len(b.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.parts[0][b.read:])
	if b.read += n; b.read == len(b.parts[0]) {
		b.parts, b.read = b.parts[1:], 0
	}
	return n, nil
}

func (b *partsBody) Close() error { return nil }

// load is one call to measure.
type load struct {
	path    string
	request []byte
	answer  inMemory
}

// chatRequest is the body of a request whose messages have about the given size.
// The model comes last, as openai-go has it.
func chatRequest(size int, stream bool) []byte {
	const turn = `{"role":"user","content":"Tell me more about the history of the city, and \"why\" it matters.\n"},` +
		`{"role":"assistant","content":"Certainly – here is what is known about it, in a sentence or two."}`
	const last = `{"role":"user","content":"And then?"}`
	turns := strings.Repeat(turn+",", max(1, size/len(turn)))
	return fmt.Appendf(nil, `{"messages":[%s%s],"model":"gpt-4o-mini","temperature":0.7,"max_completion_tokens":500,"stream":%t}`,
		turns, last, stream)
}

func loads() map[string]load {
	document := inMemory{contentType: "application/json", parts: []string{completion}}
	events := inMemory{contentType: "text/event-stream"}
	for range 200 {
		events.parts = append(events.parts, "data: "+delta(0, " token")+"\n\n")
	}
	events.parts = append(events.parts, "data: "+finish(0, "stop")+"\n\n", "data: "+usageChunk+"\n\n", "data: [DONE]\n\n")
	return map[string]load{
		"small":  {"chat/completions", chatRequest(400, false), document},
		"200 KB": {"chat/completions", chatRequest(200<<10, false), document},
		"stream": {"chat/completions", chatRequest(400, true), events},
	}
}

// client returns a client that is answered in memory, and a function that makes
// one call and reads the answer as an application does, into one buffer.
func (l *load) client(opts ...option.RequestOption) (call func(ctx context.Context) error) {
	client := openai.NewClient(append(opts, option.WithBaseURL("http://provider/v1/"), option.WithAPIKey("k"),
		option.WithHTTPClient(&http.Client{Transport: &l.answer}), option.WithMaxRetries(0))...)
	buffer := make([]byte, 4096)
	return func(ctx context.Context) error {
		var res *http.Response
		if err := client.Post(ctx, l.path, nil, &res,
			option.WithRequestBody("application/json", l.request)); err != nil {
			return err
		}
		for {
			if _, err := res.Body.Read(buffer); err != nil {
				return res.Body.Close()
			}
		}
	}
}

// ignore takes spans and does nothing with them.
type ignore struct{}

func (ignore) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (ignore) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (ignore) Shutdown(context.Context) error                  { return nil }
func (ignore) ForceFlush(context.Context) error                { return nil }

func traced(sampler sdktrace.Sampler, opts ...otelgenai.Option) option.RequestOption {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithSpanProcessor(ignore{}))
	return otelopenai.WithTracing(append(opts, otelgenai.WithTracerProvider(provider))...)
}

func BenchmarkCall(b *testing.B) {
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(noop.NewTracerProvider())
	b.Cleanup(func() { otel.SetTracerProvider(before) })
	all := loads()
	for _, name := range []string{"small", "200 KB", "stream"} {
		for _, bb := range []struct {
			name string
			opts []option.RequestOption
		}{
			{"no tracing", nil},
			{"no provider", []option.RequestOption{otelopenai.WithTracing()}},
			{"unsampled", []option.RequestOption{traced(sdktrace.NeverSample())}},
			{"sampled", []option.RequestOption{traced(sdktrace.AlwaysSample())}},
			{"content on span", []option.RequestOption{
				traced(sdktrace.AlwaysSample(), otelgenai.WithContent(otelgenai.ContentOnSpan)),
			}},
		} {
			b.Run(name+"/"+bb.name, func(b *testing.B) {
				l := all[name]
				call := l.client(bb.opts...)
				b.ReportAllocs()
				for b.Loop() {
					if err := call(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestAnUnsampledCallAddsTheSameFewAllocationsWhateverItsSize(t *testing.T) {
	if raceDetector {
		t.Skip("with the race detector sync.Pool forgets at random; the test runs without it")
	}
	const most = 60
	added := map[string]float64{}
	for name, l := range loads() {
		plain, unsampled := l.client(), l.client(traced(sdktrace.NeverSample()))
		count := func(call func(context.Context) error) float64 {
			return testing.AllocsPerRun(200, func() {
				if err := call(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		}
		added[name] = count(unsampled) - count(plain)
	}
	t.Logf("allocations added: %v", added)
	assert.Equal(t, added["small"], added["200 KB"], "the request is not taken apart") //nolint:testifylint // counts
	assert.Equal(t, added["small"], added["stream"], "the response is not looked at")  //nolint:testifylint // counts
	assert.LessOrEqual(t, added["small"], float64(most))
}

func TestAnUnsampledCallHandsOutTheBodyOfTheTransport(t *testing.T) {
	for name, test := range map[string]struct {
		tracing option.RequestOption
		own     bool
	}{
		"unsampled":   {traced(sdktrace.NeverSample()), true},
		"no provider": {otelopenai.WithTracing(otelgenai.WithTracerProvider(noop.NewTracerProvider())), true},
		"sampled":     {traced(sdktrace.AlwaysSample()), false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, l := range loads() {
				client := openai.NewClient(test.tracing, option.WithBaseURL("http://provider/v1/"), option.WithAPIKey("k"),
					option.WithHTTPClient(&http.Client{Transport: &l.answer}), option.WithMaxRetries(0))
				var res *http.Response
				require.NoError(t, client.Post(t.Context(), l.path, nil, &res,
					option.WithRequestBody("application/json", l.request)))
				_, own := res.Body.(*partsBody)
				assert.Equal(t, test.own, own, "%T", res.Body)
				require.NoError(t, res.Body.Close())
			}
		})
	}
}
