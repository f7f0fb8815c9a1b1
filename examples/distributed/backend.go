package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// maxRequestBytes bounds what the backend reads of a request.
const maxRequestBytes = 8 << 20

// backend plays the model and LangSmith, on loopback.
type backend struct {
	url  string
	stop func() error

	mu    sync.Mutex // guards spans
	spans []*tracepb.ResourceSpans
}

func startBackend(ctx context.Context) (*backend, error) {
	b := &backend{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", answer)
	mux.HandleFunc("POST /otel/v1/traces", b.receive)
	var err error
	b.url, b.stop, err = serve(ctx, mux)
	return b, err
}

// answer is the model. It says the same to everybody.
func answer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxRequestBytes))
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"gpt-4o-mini-2024-07-18",`+
		`"choices":[{"index":0,"message":{"role":"assistant","content":"Bergen"},"finish_reason":"stop"}],`+
		`"usage":{"prompt_tokens":16,"completion_tokens":2,"total_tokens":18}}`)
}

// receive takes spans as LangSmith does: OTLP in protobuf, compressed.
func (b *backend) receive(w http.ResponseWriter, r *http.Request) {
	spans, err := decode(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spans = append(b.spans, spans...)
}

func decode(body io.Reader) ([]*tracepb.ResourceSpans, error) {
	uncompressed, err := gzip.NewReader(body)
	if err != nil {
		return nil, fmt.Errorf("not compressed: %w", err)
	}
	encoded, err := io.ReadAll(io.LimitReader(uncompressed, maxRequestBytes))
	if err != nil {
		return nil, err
	}
	var data tracepb.TracesData // has the fields of OTLP's request
	err = proto.Unmarshal(encoded, &data)
	return data.GetResourceSpans(), err
}

// received returns the spans of both services, by resource.
func (b *backend) received() []*tracepb.ResourceSpans {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.spans)
}
