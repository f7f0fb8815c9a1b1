package export

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel/otelgenai/record"
)

// parents collects what ParentOf says in a View, by the names of spans.
type parents struct {
	mu     sync.Mutex
	byName map[string]Parent
}

func (p *parents) view(span sdktrace.ReadOnlySpan, _ *record.Call) sdktrace.ReadOnlySpan {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byName == nil {
		p.byName = map[string]Parent{}
	}
	p.byName[span.Name()] = ParentOf(span)
	return span
}

// processorAsking has one destination that wants to know parents and one that does not.
func processorAsking(t *testing.T) (p *Processor, asking, other *parents) {
	t.Helper()
	asking, other = &parents{}, &parents{}
	url := server(t, &backend{}).URL
	return newProcessor(t, []Destination{
		{Name: "asking", URL: url, WantsParent: true, View: asking.view},
		{Name: "other", URL: url, View: other.view},
	}), asking, other
}

// spanContext is that of another service's span.
func spanContext(remote bool, flags trace.TraceFlags) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: flags, Remote: remote,
	})
}

func TestADestinationKnowsWhereTheParentOfASpanIs(t *testing.T) {
	p, asking, other := processorAsking(t)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(p), sdktrace.WithSampler(sdktrace.AlwaysSample()))
	elsewhere := sdktrace.NewTracerProvider()
	unsampled := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	start := func(from *sdktrace.TracerProvider, ctx context.Context, name string, opts ...trace.SpanStartOption) context.Context {
		ctx, span := from.Tracer("test").Start(ctx, name, opts...)
		span.End()
		return ctx
	}
	background := t.Context()

	root := start(provider, background, "root")
	start(provider, root, "child of an ended span")
	start(provider, root, "new root", trace.WithNewRoot())
	_, passed := noop.NewTracerProvider().Tracer("test").Start(root, "nothing")
	start(provider, trace.ContextWithSpan(background, passed), "child through a no-op tracer")
	foreign := start(elsewhere, background, "not ours")
	below := start(provider, foreign, "child of another provider's")
	start(provider, below, "grandchild of another provider's")
	start(provider, start(elsewhere, root, "between"), "child of another provider's within")
	start(provider, foreign, "new root within another provider's", trace.WithNewRoot())
	start(provider, start(unsampled, background, "unsampled"), "child of an unsampled span")
	start(provider, trace.ContextWithSpanContext(background, spanContext(true, trace.FlagsSampled)), "of another service")
	start(provider, trace.ContextWithSpanContext(background, spanContext(true, 0)), "of another service that does not sample")
	start(provider, trace.ContextWithSpanContext(background, spanContext(false, trace.FlagsSampled)), "of a bare span context")
	start(provider, trace.ContextWithSpan(background, panickingSpan{trace.SpanFromContext(root)}), "of a span that panics")
	require.NoError(t, p.Shutdown(t.Context()))

	want := map[string]Parent{
		"root":                                    ParentNone,
		"child of an ended span":                  ParentHere,
		"new root":                                ParentNone,
		"child through a no-op tracer":            ParentHere,
		"child of another provider's":             ParentElsewhere,
		"grandchild of another provider's":        ParentHere,
		"child of another provider's within":      ParentElsewhere,
		"new root within another provider's":      ParentNone,
		"child of an unsampled span":              ParentElsewhere,
		"of another service":                      ParentRemote,
		"of another service that does not sample": ParentElsewhere,
		"of a bare span context":                  ParentHere,
		"of a span that panics":                   ParentHere,
	}
	assert.Equal(t, want, asking.byName)
	want["child of another provider's"] = ParentHere
	want["child of another provider's within"] = ParentHere
	assert.Equal(t, want, other.byName, "a destination that does not ask gets the span as it is")
}

// panickingSpan is a span of the application's own that is not complete.
type panickingSpan struct{ trace.Span }

func (panickingSpan) TracerProvider() trace.TracerProvider { panic("not implemented") }

func TestWatchingForParentsCostsOrdinarySpansNoMemory(t *testing.T) {
	p, _, _ := processorAsking(t)
	tr := tracer(p)
	ctx, parent := tr.Start(t.Context(), "parent")
	_, child := tr.Start(ctx, "child")
	for from, span := range map[context.Context]trace.Span{t.Context(): parent, ctx: child} {
		started, ok := span.(sdktrace.ReadWriteSpan)
		require.True(t, ok)
		assert.Zero(t, testing.AllocsPerRun(100, func() { p.OnStart(from, started) }))
	}
	assert.Empty(t, p.apart.spans)
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestTheMemoryOfParentsElsewhereIsEmptiedAndBounded(t *testing.T) {
	p, _, _ := processorAsking(t)
	tr := tracer(p)
	ctx, foreign := sdktrace.NewTracerProvider().Tracer("test").Start(t.Context(), "not ours")
	defer foreign.End()
	start := func() trace.Span {
		_, span := tr.Start(ctx, "call")
		return span
	}
	spans := []trace.Span{start(), start()}
	assert.Len(t, p.apart.spans, 2)
	for _, span := range spans {
		span.End()
	}
	assert.Empty(t, p.apart.spans)

	for range maxApart + 100 {
		start()
	}
	assert.Len(t, p.apart.spans, maxApart)
	require.NoError(t, p.Shutdown(t.Context()))
	start()
	assert.Empty(t, p.apart.spans)
}

func TestNobodyWatchesForParentsWhenNoDestinationWantsThem(t *testing.T) {
	p := processorFor(t, &backend{})
	ctx, foreign := sdktrace.NewTracerProvider().Tracer("test").Start(t.Context(), "not ours")
	defer foreign.End()
	_, span := tracer(p).Start(ctx, "call")
	defer span.End()
	assert.Empty(t, p.apart.spans)
	require.NoError(t, p.Shutdown(t.Context()))
}
