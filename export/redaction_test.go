package export

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai/record"
)

// renamed is a redaction of spans that leaves a new name and nothing else.
func renamed(sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	return tracetest.SpanStub{Name: "renamed"}.Snapshot()
}

func TestEveryDestinationGetsWhatIsRedactedOnce(t *testing.T) {
	var b backend
	url := server(t, &b).URL
	var wanting []*record.Call
	spans, calls := 0, 0
	shared, other := &record.Call{Operation: "chat"}, &record.Call{Operation: "chat"}
	p := newProcessor(t, []Destination{
		{Name: "with a view", URL: url, WantsRecord: true, View: collect(&wanting)},
		{Name: "with another", URL: url, WantsRecord: true, View: func(span sdktrace.ReadOnlySpan, call *record.Call) sdktrace.ReadOnlySpan {
			assert.Same(t, other, call)
			return span
		}},
		{Name: "without", URL: url},
	}, WithRedaction(
		func(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan { spans++; return renamed(span) },
		func(call *record.Call) *record.Call {
			assert.Same(t, shared, call)
			calls++
			return other
		}))
	var slip handoff.Slip
	_, span := tracer(p).Start(handoff.NewContext(t.Context(), &slip), "call")
	slip.Put(shared, 10, nil)
	span.End()
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, []string{"renamed", "renamed", "renamed"}, b.names())
	require.Len(t, wanting, 1)
	assert.Same(t, other, wanting[0])
	assert.Equal(t, 1, spans)
	assert.Equal(t, 1, calls)
	assert.Same(t, shared, slip.Call(), "for others")
}

func TestRedactingHappensOffTheCallersPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		slow := make(chan struct{})
		p := processorFor(t, &b, WithRedaction(func(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
			<-slow
			return renamed(span)
		}, nil))
		endSpans(p, "one") // would wait forever
		time.Sleep(DefaultBatchDelay)
		synctest.Wait()
		assert.Empty(t, b.names())
		close(slow)
		require.NoError(t, p.Shutdown(t.Context()))
		assert.Equal(t, []string{"renamed"}, b.names())
	})
}

func TestARedactionThatPanicsLetsNothingThroughToAnybody(t *testing.T) {
	t.Run("of a span", func(t *testing.T) {
		var b backend
		url := server(t, &b).URL
		p := newProcessor(t, []Destination{
			{Name: "with a view", URL: url, View: rename}, {Name: "without", URL: url}, {Name: "another", URL: url},
		}, WithRedaction(func(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
			if span.Name() == "bad" {
				panic("redaction")
			}
			return span
		}, nil))
		endSpans(p, "good", "bad")
		require.Error(t, p.Shutdown(t.Context()))
		for _, name := range b.names() {
			assert.NotContains(t, name, "bad")
		}
		for _, s := range p.Stats() {
			assert.Equal(t, uint64(1), s.Delivered, s.Destination)
			assert.Equal(t, map[Reason]uint64{ReasonInternalError: 1}, s.Dropped, s.Destination)
		}
	})
	t.Run("of a record", func(t *testing.T) {
		var b backend
		var first, second []*record.Call
		url := server(t, &b).URL
		p := newProcessor(t, []Destination{
			{Name: "first", URL: url, WantsRecord: true, View: collect(&first)},
			{Name: "second", URL: url, WantsRecord: true, View: collect(&second)},
		}, WithRedaction(nil, func(*record.Call) *record.Call { panic("redaction") }))
		var slip handoff.Slip
		_, span := tracer(p).Start(handoff.NewContext(t.Context(), &slip), "call")
		slip.Put(&record.Call{}, 0, nil)
		span.End()
		require.NoError(t, p.Shutdown(t.Context()))
		assert.Equal(t, []string{"call", "call"}, b.names())
		assert.Equal(t, []*record.Call{nil}, first)
		assert.Equal(t, []*record.Call{nil}, second)
	})
}
