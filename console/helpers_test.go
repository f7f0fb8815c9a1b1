package console_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/console"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestMain(m *testing.M) {
	if os.Getenv(brokenPipe) != "" {
		printToABrokenPipe()
		return
	}
	goleak.VerifyTestMain(m)
}

// brokenPipe makes the test binary a program whose output nobody reads.
const brokenPipe = "GENOTEL_TEST_BROKEN_PIPE"

func printToABrokenPipe() {
	b := &bench{processor: console.New(os.Stdout, console.WithLogger(slog.New(slog.DiscardHandler)))}
	b.attach(b.processor, described)
	b.run(context.Background(), call(question, 0, 1))
	fmt.Fprint(os.Stderr, b.processor.Shutdown(context.Background()))
}

// terminal keeps each Write.
type terminal struct {
	mu     sync.Mutex
	writes []string
}

func (w *terminal) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = append(w.writes, string(p))
	return len(p), nil
}

func (w *terminal) panels() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.writes...)
}

// ids are the same in every run. Trace IDs count on after the first.
type ids struct {
	mu    sync.Mutex
	trace byte
	span  uint16
}

func (g *ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	g.mu.Lock()
	id := trace.TraceID{0xa1, 0xb2, 0xc3, 0xd4 + g.trace, 15: 1}
	g.trace++
	g.mu.Unlock()
	return id, g.NewSpanID(ctx, id)
}

func (g *ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.span++
	return trace.SpanID{byte(g.span >> 8), byte(g.span), 7: 1}
}

// bench is a program that traces to a console.
type bench struct {
	t         *testing.T
	terminal  *terminal
	processor *console.Processor
	provider  *sdktrace.TracerProvider
	in        *otelgenai.Instrumentor
}

var described = resource.NewSchemaless(
	attribute.String("service.name", "customer-support"), attribute.String("deployment.environment.name", "production"))

func newBench(t *testing.T, opts ...console.Option) *bench {
	t.Helper()
	b := &bench{t: t, terminal: &terminal{}}
	b.processor = console.New(b.terminal, append([]console.Option{console.WithASCII(false), console.WithLogger(slog.New(slog.DiscardHandler))}, opts...)...)
	b.attach(b.processor, described)
	t.Cleanup(func() { _ = b.provider.Shutdown(context.WithoutCancel(t.Context())) })
	return b
}

func (b *bench) attach(processor sdktrace.SpanProcessor, about *resource.Resource) {
	b.provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor),
		sdktrace.WithIDGenerator(&ids{}), sdktrace.WithResource(about))
	b.in = otelgenai.NewInstrumentor("test", otelgenai.WithTracerProvider(b.provider))
}

// printed waits for the panels and returns them.
func (b *bench) printed() []string {
	b.t.Helper()
	require.NoError(b.t, b.processor.ForceFlush(b.t.Context()))
	return b.terminal.panels()
}

var start = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// at is a moment of the trace.
func at(milliseconds int) time.Time { return start.Add(time.Duration(milliseconds) * time.Millisecond) }

const question = "What is the capital of France?"

// call is a chat call with a prompt, from and to a moment of the trace.
func call(prompt string, from, to int) *record.Call {
	return &record.Call{
		Operation: "chat", Provider: "openai", Attempts: 1,
		Request: record.Request{
			Model: "gpt-4o",
			Messages: []record.Message{
				{Role: "system", Parts: []record.Part{record.Text{Content: "Be brief."}}},
				{Role: "user", Parts: []record.Part{record.Text{Content: prompt}}},
			},
		},
		Response: record.Response{Model: "gpt-4o-2024-11-20"},
		Usage:    record.Usage{Input: record.Some[int64](80), Output: record.Some[int64](7), Total: record.Some[int64](87)},
		Timing:   record.Timing{Start: at(from), End: at(to)},
	}
}

// run traces a call. What happens meanwhile gets its context.
func (b *bench) run(ctx context.Context, c *record.Call, meanwhile ...func(context.Context, *otelgenai.Operation)) {
	content, choices := c.Request.Messages, c.Response.Choices
	c.Request.Messages, c.Response.Choices = nil, nil
	ctx, op := b.in.Begin(ctx, c)
	for _, f := range meanwhile {
		f(ctx, op)
	}
	size := 0
	for _, m := range content {
		size += len(m.Role) + 100
	}
	op.End(size, func(c *record.Call) { c.Request.Messages, c.Response.Choices = content, choices })
}

// span makes a span of the application around what f does.
func (b *bench) span(ctx context.Context, name string, from, to int, f func(context.Context), attributes ...attribute.KeyValue) {
	ctx, span := b.provider.Tracer("app").Start(ctx, name, trace.WithTimestamp(at(from)), trace.WithAttributes(attributes...))
	if f != nil {
		f(ctx)
	}
	span.End(trace.WithTimestamp(at(to)))
}
