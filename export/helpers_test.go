package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
)

// TestMain becomes another process when it is told so. See crash_unix_test.go.
func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

// backend is an OTLP receiver. It accepts everything unless answer says otherwise;
// its zero value is ready.
type backend struct {
	// answer, if set, answers the nth request, counted from 1.
	answer func(w http.ResponseWriter, r *http.Request, n int)

	mu       sync.Mutex
	attempts []attempt
	accepted []*tracepb.TracesData
}

// attempt is one request as it arrived, accepted or not.
type attempt struct {
	at     time.Time
	header http.Header
	body   []byte
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	b.mu.Lock()
	b.attempts = append(b.attempts, attempt{at: time.Now(), header: r.Header.Clone(), body: body})
	n := len(b.attempts)
	b.mu.Unlock()

	status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	if b.answer != nil {
		b.answer(status, r, n)
	}
	if status.status != http.StatusOK || r.Context().Err() != nil {
		return
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		if body, err = io.ReadAll(unzip); err != nil {
			panic(err)
		}
	}
	data := &tracepb.TracesData{}
	if err := proto.Unmarshal(body, data); err != nil {
		panic(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted = append(b.accepted, data)
}

func unzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(body))
	require.NoError(t, err)
	plain, err := io.ReadAll(reader)
	require.NoError(t, err)
	return plain
}

func (b *backend) received() []attempt {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]attempt(nil), b.attempts...)
}

func (b *backend) requests() []*tracepb.TracesData {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*tracepb.TracesData(nil), b.accepted...)
}

func (b *backend) spans() []*tracepb.Span {
	var spans []*tracepb.Span
	for _, data := range b.requests() {
		spans = append(spans, spansOf(data)...)
	}
	return spans
}

// names are those of all accepted spans, in order of arrival, duplicates included.
func (b *backend) names() []string {
	var names []string
	for _, span := range b.spans() {
		names = append(names, span.GetName())
	}
	return names
}

func spansOf(data *tracepb.TracesData) []*tracepb.Span {
	var spans []*tracepb.Span
	for _, resource := range data.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			spans = append(spans, scope.GetSpans()...)
		}
	}
	return spans
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// failing is a backend that answers with a status as long as it is down.
func failing(code int) (b *backend, down *atomic.Bool) {
	down = new(atomic.Bool)
	down.Store(true)
	return &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		if down.Load() {
			w.WriteHeader(code)
		}
	}}, down
}

// status answers every request alike.
func status(code int) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(code) }
}

// hang answers nothing.
func hang(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() }

// server runs b on the loopback interface.
func server(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

// inMemory is a transport without a network, for use inside synctest bubbles. It
// serves each host by its handler.
type inMemory map[string]http.Handler

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	m[r.URL.Host].ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	response := recorder.Result()
	response.Request = r
	return response, nil
}

func withTransport(transport http.RoundTripper) Option {
	return optionFunc(func(c config) config {
		c.transport = transport
		return c
	})
}

func newProcessor(t *testing.T, destinations []Destination, opts ...Option) *Processor {
	t.Helper()
	p, err := New(destinations, append([]Option{WithLogger(slog.New(slog.DiscardHandler))}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Shutdown(expired()) }) // the test has looked at the result already
	return p
}

// processorFor has one destination of the name "backend", served in memory.
func processorFor(t *testing.T, b http.Handler, opts ...Option) *Processor {
	t.Helper()
	return newProcessor(t, []Destination{{Name: "backend", URL: "http://backend/v1/traces"}},
		append(opts, withTransport(inMemory{"backend": b}))...)
}

func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func tracer(p *Processor, opts ...sdktrace.TracerProviderOption) trace.Tracer {
	return sdktrace.NewTracerProvider(append(opts, sdktrace.WithSpanProcessor(p))...).Tracer("test")
}

// endSpans ends one span per name.
func endSpans(p *Processor, names ...string) {
	tr := tracer(p)
	for _, name := range names {
		_, span := tr.Start(context.Background(), name)
		span.End()
	}
}

func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = prefix + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(i).String()
	}
	return names
}

// stub is a sampled span that needs no provider.
func stub(name string) tracetest.SpanStub {
	return tracetest.SpanStub{
		Name: name,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID:    trace.TraceID{1},
			SpanID:     trace.SpanID{2},
			TraceFlags: trace.FlagsSampled,
		}),
	}
}

func assertLaw(t *testing.T, s Stats) {
	t.Helper()
	assert.True(t, balanced(s), "ledger of %s: %+v", s.Destination, s)
}

func balanced(s Stats) bool { return s.Ended+s.Recovered == s.Delivered+s.Queued+s.Spooled+s.Lost() }

// stats of the only destination, with the law asserted.
func stats(t *testing.T, p *Processor) Stats {
	t.Helper()
	all := p.Stats()
	require.Len(t, all, 1)
	assertLaw(t, all[0])
	return all[0]
}

// logBuffer collects warnings.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.buf.String(), "\n"), "\n")
}

func (l *logBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }
