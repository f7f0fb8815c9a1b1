package otelgenai_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestAHostIsMatchedByItsPattern(t *testing.T) {
	for _, test := range []struct {
		pattern, url string
		want         bool
	}{
		{"gateway.example", "https://gateway.example/v1", true},
		{"gateway.example", "http://GATEWAY.Example:4000/v1", true},
		{" Gateway.Example ", "https://gateway.example/v1", true},
		{"gateway.example", "https://gateway.example.evil.test/v1", false},
		{"gateway.example", "https://not-gateway.example/v1", false},
		{"gateway.example", "https://gateway.example@evil.test/v1", false},
		{"gateway.example", "https://evil.test/gateway.example", false},
		{"gateway.example:4000", "http://gateway.example:4000/v1", true},
		{"gateway.example:4000", "http://gateway.example/v1", false},
		{"gateway.example:443", "https://gateway.example/v1", true},
		{"gateway.example:80", "http://gateway.example/v1", true},
		{"gateway.example:80", "https://gateway.example/v1", false},
		{"*.example.com", "https://a.example.com/v1", true},
		{"*.example.com", "https://b.a.EXAMPLE.com/v1", true},
		{"*.example.com", "https://example.com/v1", false},
		{"*.example.com", "https://badexample.com/v1", false},
		{"*.example.com", "https://.example.com/v1", false},
		{"*.example.com:8443", "https://a.example.com:8443/v1", true},
		{"*.example.com:8443", "https://a.example.com/v1", false},
		{"127.0.0.1", "http://127.0.0.1:1234/", true},
		{"[::1]:4000", "http://[::1]:4000/", true},
		{"[::1]", "http://[::1]:4000/", true},
		{"::1", "http://[::1]:4000/", true},
		{"[::1]:4000", "http://[::1]:4001/", false},
	} {
		u, err := url.Parse(test.url)
		require.NoError(t, err)
		in := otelgenai.NewInstrumentor("test", otelgenai.WithPropagateTo("other.test", test.pattern))
		assert.Equal(t, test.want, in.PropagatesTo(u), "%s: %s", test.pattern, test.url)
	}
}

func TestAPatternThatIsNoHostIsReportedAndMatchesNothing(t *testing.T) {
	hosts := []string{"a.test", "evil.test", "a.b.test", "SECRET", "test"}
	for _, pattern := range []string{
		"", "*", "*.", ".", "a.*.test", "*a.test", "https://a.test", "https://user:SECRET@a.test", "user:SECRET@a.test",
		"a.test/v1", "a.test:", "a.test:http", "a.test:0", "a.test:70000", "a.test?x", "a.test#x", "a test", "[::1", ":4000", "**.test",
	} {
		errs := reported(t)
		in := otelgenai.NewInstrumentor("test", otelgenai.WithPropagateTo(pattern))
		if assert.Len(t, errs(), 1, pattern) {
			assert.Contains(t, errs()[0], "WithPropagateTo", pattern)
			assert.NotContains(t, errs()[0], "SECRET")
		}
		for _, host := range hosts {
			assert.False(t, in.PropagatesTo(&url.URL{Scheme: "https", Host: host}), "%s: %s", pattern, host)
		}
	}
}

func TestSeveralWrongPatternsAreOneReportAndTheRightOnesCount(t *testing.T) {
	errs := reported(t)
	in := otelgenai.NewInstrumentor("test", otelgenai.WithPropagateTo("*", "a.test"), otelgenai.WithPropagateTo("b.test", "*."))
	assert.Len(t, errs(), 1)
	for _, host := range []string{"a.test", "b.test"} {
		assert.True(t, in.PropagatesTo(&url.URL{Host: host}), host)
	}
}

func TestTheTraceContextIsWrittenIntoACopy(t *testing.T) {
	in := otelgenai.NewInstrumentor("test")
	sc := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{7: 2}, TraceFlags: trace.FlagsSampled,
	})
	ctx := trace.ContextWithSpanContext(t.Context(), sc)
	const want = "00-00000000000000000000000000000001-0000000000000002-01"

	header := http.Header{"X": {"1"}}
	assert.Equal(t, http.Header{"X": {"1"}, "Traceparent": {want}}, in.Inject(ctx, header))
	assert.Equal(t, http.Header{"X": {"1"}}, header)
	assert.Equal(t, http.Header{"Traceparent": {want}}, in.Inject(ctx, nil))
	for _, own := range []http.Header{{"Traceparent": {"own"}}, {"traceparent": {"own"}}, {"Tracestate": {"a=b"}}} {
		assert.Equal(t, own, in.Inject(ctx, own))
	}
	assert.Equal(t, header, in.Inject(t.Context(), header), "no span")
}

// speechless is a span that fails when it is asked anything.
type speechless struct{ trace.Span }

func (speechless) SpanContext() trace.SpanContext { panic("span") }

func TestASpanThatPanicsIsNotPropagated(t *testing.T) {
	errs := reported(t)
	header := http.Header{"X": {"1"}}
	in := otelgenai.NewInstrumentor("test")
	assert.Equal(t, header, in.Inject(trace.ContextWithSpan(t.Context(), speechless{}), header))
	assert.Len(t, errs(), 1)
}

func TestAStepAroundATracedCallHasNoUsageAnywhere(t *testing.T) {
	for name, traces := range map[string]bool{"traced below": true, "traced here": false} {
		t.Run(name, func(t *testing.T) {
			s, l := newStand(t), &listener{}
			s.provider.RegisterSpanProcessor(l)
			_, op := s.Begin(t.Context(), chat())
			answered(op.Call())
			op.Call().Gateway = &record.Gateway{Name: "litellm", Traces: traces}
			op.End(0, nil)
			span := s.spans.Ended()[0]
			text := everything(t, span.Attributes())
			for _, view := range []dialect.View{
				dialect.LangSmithView(dialect.Content{}), dialect.LangtraceView(dialect.Content{}), dialect.GenAIView(dialect.Content{}),
			} {
				text += everything(t, view(span, l.slips[0].Call()).Attributes())
			}
			for _, key := range []string{"usage.input_tokens", "usage_metadata", "llm.usage"} {
				assert.Equal(t, !traces, strings.Contains(text, key), key)
			}
		})
	}
}
