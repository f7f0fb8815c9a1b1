package otelgenai_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

const (
	captureVariable  = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
	dialectsVariable = "GENOTEL_DIALECTS"
)

func TestMain(m *testing.M) {
	for _, name := range []string{captureVariable, dialectsVariable} { // the developer's own
		_ = os.Unsetenv(name)
	}
	goleak.VerifyTestMain(m)
}

var began = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// chat is what an instrumentation knows at the start of a call.
func chat() *record.Call {
	return &record.Call{
		Operation: "chat", Provider: "openai",
		Server:  record.Server{Address: "api.openai.com", Port: 443},
		Request: record.Request{Model: "gpt-4o-mini"},
		Timing:  record.Timing{Start: began},
	}
}

// answered completes a call, as an instrumentation does before End.
func answered(c *record.Call) {
	c.Attempts = 1
	c.Timing.End = began.Add(2 * time.Second)
	c.Response.ID = "chatcmpl-1"
	c.Response.Choices = []record.Choice{{FinishReason: "stop", Message: record.Message{Role: "assistant"}}}
	c.Usage = record.Usage{Input: record.Some(int64(9)), Output: record.Some(int64(3)), Total: record.Some(int64(12))}
}

// say is a decode function that adds content.
func say(text string) func(*record.Call) {
	return func(c *record.Call) {
		c.Request.Messages = []record.Message{{Role: "user", Parts: []record.Part{record.Text{Content: "ask " + text}}}}
		c.Response.Choices[0].Message.Parts = []record.Part{record.Text{Content: "say " + text}}
	}
}

// stand is an instrumentor and what it does.
type stand struct {
	*otelgenai.Instrumentor

	spans    *tracetest.SpanRecorder
	provider *sdktrace.TracerProvider
}

func newStand(t *testing.T, opts ...otelgenai.Option) *stand {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	opts = append([]otelgenai.Option{otelgenai.WithTracerProvider(provider)}, opts...)
	return &stand{Instrumentor: otelgenai.NewInstrumentor("test", opts...), spans: spans, provider: provider}
}

// call makes a whole call and returns its span.
func (s *stand) call(t *testing.T, decode func(*record.Call)) sdktrace.ReadOnlySpan {
	t.Helper()
	_, op := s.Begin(t.Context(), chat())
	answered(op.Call())
	op.End(0, decode)
	ended := s.spans.Ended()
	require.NotEmpty(t, ended)
	return ended[len(ended)-1]
}

// attr returns the value of an attribute, nil when the span has none.
func attr(span sdktrace.ReadOnlySpan, key string) any {
	for _, kv := range span.Attributes() {
		if kv.Key == attribute.Key(key) {
			return kv.Value.AsInterface()
		}
	}
	return nil
}

// listener is a destination's processor: it claims the records of spans.
type listener struct {
	mu    sync.Mutex
	slips []*handoff.Slip
}

func (l *listener) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.slips = append(l.slips, handoff.Claim(ctx, span.SpanContext()))
}

func (*listener) OnEnd(sdktrace.ReadOnlySpan)      {}
func (*listener) Shutdown(context.Context) error   { return nil }
func (*listener) ForceFlush(context.Context) error { return nil }

// reported collects what goes to OpenTelemetry's error handler.
func reported(t *testing.T) func() []string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, err.Error())
	}))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), all...)
	}
}

// keys returns the keys of a span's attributes that begin with prefix.
func keys(span sdktrace.ReadOnlySpan, prefix string) (found []string) {
	for _, kv := range span.Attributes() {
		if strings.HasPrefix(string(kv.Key), prefix) {
			found = append(found, string(kv.Key))
		}
	}
	return found
}
