package otelopenai_test

import (
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// longStream makes the events of a stream as they are read, so that nobody holds
// them, and measures the heap where it ends.
type longStream struct {
	left int
	text string
	rest string
	heap *uint64
}

func (s *longStream) Read(p []byte) (int, error) {
	if s.rest == "" && s.left == 0 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		*s.heap = now.HeapAlloc
		return 0, io.EOF
	}
	if s.rest == "" {
		s.left--
		s.rest = "data: " + delta(0, s.text) + "\n\n"
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func TestALongStreamAddsItsContentAndLittleElseToTheHeap(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector has a heap of its own")
	}
	const chunks, most = 20_000, 64 << 10
	const text = "eight by"
	heap := func(opts ...option.RequestOption) (live uint64) {
		opts = append(opts, option.WithBaseURL("https://api.openai.com/v1/"), option.WithAPIKey("sk-secret"),
			option.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				return &http.Response{
					StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Request: req,
					Body: io.NopCloser(&longStream{left: chunks, text: text, heap: &live}),
				}, nil
			})}))
		client := openai.NewClient(opts...)
		events := client.Chat.Completions.NewStreaming(t.Context(), params("Hi."))
		read := 0
		for events.Next() {
			read++
		}
		require.NoError(t, events.Err())
		require.NoError(t, events.Close())
		require.Equal(t, chunks, read)
		require.NotZero(t, live)
		return live
	}
	tracing := func(mode otelgenai.Content) option.RequestOption {
		provider := sdktrace.NewTracerProvider()
		return otelopenai.WithTracing(otelgenai.WithTracerProvider(provider), otelgenai.WithContent(mode))
	}
	heap(tracing(otelgenai.ContentOnSpan)) // what is made once and kept
	without := heap()
	bare := heap(tracing(otelgenai.NoContent))
	captured := heap(tracing(otelgenai.ContentOnSpan))
	t.Logf("heap at the end of the stream: %d bytes, traced %+d, with content %+d", without,
		int64(bare)-int64(without), int64(captured)-int64(without))
	assert.Less(t, bare, without+most)
	assert.Less(t, captured, without+most+chunks*uint64(len(text)))
}
