package clienttest

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/otelgenai"
)

// Compare runs a program against the same script twice, without tracing and with
// it, and fails the test when the program returned or the provider was asked
// something else. program makes its client anew, traced when tracing is not nil,
// and returns all that it saw. Compare returns the spans, which have all ended.
func Compare(
	t *testing.T, p *Provider, script []http.HandlerFunc, program func(t *testing.T, tracing []otelgenai.Option) any,
) Spans {
	t.Helper()
	p.Play(script...)
	plain := program(t, nil)
	asked := p.Asked()

	recorder := tracetest.NewSpanRecorder()
	p.Play(script...)
	traced := program(t, Tracing(recorder))
	assert.Equal(t, plain, traced, "what the program sees")
	assert.Equal(t, asked, p.Asked(), "what the provider sees")
	return Ended(t, recorder)
}

// Tracing returns options under which spans go to the recorder and have content.
func Tracing(recorder *tracetest.SpanRecorder) []otelgenai.Option {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	return []otelgenai.Option{otelgenai.WithTracerProvider(provider), otelgenai.WithContent(otelgenai.ContentOnSpan)}
}

// Ended waits until every span that was started has ended, and returns them: the
// end of a context is noticed on a goroutine of its own.
func Ended(t *testing.T, recorder *tracetest.SpanRecorder) Spans {
	t.Helper()
	require.Eventually(t, func() bool { return len(recorder.Ended()) == len(recorder.Started()) },
		10*time.Second, time.Millisecond, "spans that do not end")
	return recorder.Ended()
}

// Spans are the spans of a program in the order of their ends.
type Spans []sdktrace.ReadOnlySpan

// Calls returns the spans of model calls.
func (s Spans) Calls() (calls Spans) {
	for _, span := range s {
		if Attr(span, "gen_ai.operation.name") != nil {
			calls = append(calls, span)
		}
	}
	return calls
}

// Call returns the one span of a model call.
func (s Spans) Call(t *testing.T) sdktrace.ReadOnlySpan {
	t.Helper()
	calls := s.Calls()
	require.Len(t, calls, 1, "spans of model calls")
	return calls[0]
}

// Attempts returns the spans of attempts.
func (s Spans) Attempts() (attempts Spans) {
	for _, span := range s {
		if Attr(span, "http.request.method") != nil {
			attempts = append(attempts, span)
		}
	}
	return attempts
}

// Attr returns the value of an attribute, nil when the span has none.
func Attr(span sdktrace.ReadOnlySpan, key string) any {
	for _, kv := range span.Attributes() {
		if string(kv.Key) == key {
			return kv.Value.AsInterface()
		}
	}
	return nil
}
