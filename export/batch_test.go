package export

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func TestInvalidUTF8IsRepairedWhereverItIs(t *testing.T) {
	const bad, good = "a\xffb", "a\uFFFDb"
	for name, spoil := range map[string]func(trace.Span){
		"name":            func(s trace.Span) { s.SetName(bad) },
		"attribute key":   func(s trace.Span) { s.SetAttributes(attribute.String(bad, "v")) },
		"attribute value": func(s trace.Span) { s.SetAttributes(attribute.String("k", bad)) },
		"string slice":    func(s trace.Span) { s.SetAttributes(attribute.StringSlice("k", []string{"x", bad})) },
		"event name":      func(s trace.Span) { s.AddEvent(bad) },
		"event attribute": func(s trace.Span) { s.AddEvent("e", trace.WithAttributes(attribute.String("k", bad))) },
		"status":          func(s trace.Span) { s.SetStatus(codes.Error, bad) },
	} {
		t.Run(name, func(t *testing.T) {
			var b backend
			p := newProcessor(t, []Destination{{Name: "backend", URL: server(t, &b).URL}})
			tr := tracer(p)
			for i := range 100 {
				_, span := tr.Start(t.Context(), fmt.Sprint("span ", i))
				if i == 50 {
					spoil(span)
				}
				span.End()
			}
			require.NoError(t, p.Shutdown(t.Context()))
			require.Len(t, b.spans(), 100)
			assert.Contains(t, b.spans()[50].String(), good)
		})
	}
}

func FuzzEverySpanIsEncoded(f *testing.F) {
	f.Add("name", "key", "value")
	f.Add("\xff", "\xc3", "ok\xf0\x9f")
	f.Fuzz(func(t *testing.T, name, key, value string) {
		s := stub(name)
		s.Attributes = []attribute.KeyValue{attribute.String(key, value), attribute.StringSlice(value, []string{key})}
		s.Events = []sdktrace.Event{{Name: value, Attributes: s.Attributes}}
		body, _, err := marshal(request{message: &tracepb.TracesData{ResourceSpans: transform([]sdktrace.ReadOnlySpan{s.Snapshot()})}})
		if err != nil {
			t.Fatal(err)
		}
		var data tracepb.TracesData
		if err := proto.Unmarshal(body, &data); err != nil {
			t.Fatal(err)
		}
		if got := spansOf(&data)[0].GetName(); !utf8.ValidString(got) || utf8.ValidString(name) && got != name {
			t.Errorf("name %q became %q", name, got)
		}
	})
}

func TestLargeBatchesAreSplitByBytes(t *testing.T) {
	const spans, size = 150, 140 << 10
	var b backend
	p := processorFor(t, &b)
	content := strings.Repeat("x", size)
	for i := range spans {
		s := stub(fmt.Sprint("span ", i))
		s.Attributes = []attribute.KeyValue{attribute.String("content", content)}
		p.OnEnd(s.Snapshot())
	}
	require.NoError(t, p.Shutdown(within(t, 5*time.Minute)))
	assert.Len(t, b.names(), spans)
	for _, a := range b.received() {
		assert.LessOrEqual(t, len(a.body), maxRequestBytes)
		assert.Greater(t, len(a.body), size)
	}
	assert.Less(t, len(b.received()), 2*spans*size/maxRequestBytes)
}

func TestASpanLargerThanARequestGoesAlone(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{{Name: "backend", URL: server(t, &b).URL}})
	for _, size := range []int{10, 5 << 20, 10} {
		s := stub(fmt.Sprint(size))
		s.Attributes = []attribute.KeyValue{attribute.String("content", strings.Repeat("x", size))}
		p.OnEnd(s.Snapshot())
	}
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, []string{"10", "5242880", "10"}, b.names())
}

// mixed are spans of several resources and scopes, in turn.
func mixed(n int) []sdktrace.ReadOnlySpan {
	resources := []*resource.Resource{
		resource.NewWithAttributes("schema/a", attribute.String("service.name", "a")),
		resource.NewSchemaless(attribute.String("service.name", strings.Repeat("b", 300))),
		resource.Empty(),
	}
	spans := make([]sdktrace.ReadOnlySpan, n)
	for i := range spans {
		s := stub(fmt.Sprint("span ", i))
		s.Resource = resources[i%3]
		s.InstrumentationScope = instrumentation.Scope{
			Name: fmt.Sprint("scope ", i%5), Version: "1", SchemaURL: "schema/s",
			Attributes: attribute.NewSet(attribute.Int("i", i%2)),
		}
		s.Attributes = []attribute.KeyValue{attribute.String("content", strings.Repeat("x", i%400))}
		spans[i] = s.Snapshot()
	}
	return spans
}

func TestSplittingKeepsEverySpanWithItsResourceAndScope(t *testing.T) {
	resources := transform(mixed(600))
	whole := describe(&tracepb.TracesData{ResourceSpans: resources})
	for _, maxBytes := range []int{1, 1000, 10_000, 100_000, maxRequestBytes} {
		for _, within := range []bounds{
			{bytes: maxBytes, spans: 600},
			{bytes: maxBytes, spans: 600, single: true},
			{bytes: maxBytes, spans: 7},
			{bytes: maxBytes, spans: 1, single: true},
		} {
			var all []string
			for _, r := range split(resources, within) {
				assert.Equal(t, len(spansOf(r.message)), r.spans)
				assert.True(t, proto.Size(r.message) <= maxBytes || r.spans == 1)
				assert.LessOrEqual(t, r.spans, within.spans)
				if within.single {
					assert.Len(t, r.message.GetResourceSpans(), 1)
				}
				all = append(all, describe(r.message)...)
			}
			assert.ElementsMatch(t, whole, all, "%+v", within)
		}
	}
}

func describe(data *tracepb.TracesData) []string {
	var all []string
	for _, r := range data.GetResourceSpans() {
		for _, s := range r.GetScopeSpans() {
			for _, span := range s.GetSpans() {
				all = append(all, fmt.Sprint(r.GetResource(), r.GetSchemaUrl(), s.GetScope(), s.GetSchemaUrl(), span))
			}
		}
	}
	return all
}

func TestSingleResourceSendsOneResourcePerRequest(t *testing.T) {
	var single, several backend
	p := newProcessor(t, []Destination{
		{Name: "single", URL: server(t, &single).URL, SingleResource: true},
		{Name: "several", URL: server(t, &several).URL},
	})
	for _, span := range mixed(30) {
		p.OnEnd(span)
	}
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Len(t, single.requests(), 3)
	for _, data := range single.requests() {
		assert.Len(t, data.GetResourceSpans(), 1)
	}
	assert.Len(t, several.requests(), 1)
	assert.ElementsMatch(t, several.names(), single.names())
}

func TestTheEstimateIsNearTheEncodedSize(t *testing.T) {
	text := strings.Repeat("The quick brown fox. ", 200)
	for name, attributes := range map[string][]attribute.KeyValue{
		"one large message": {attribute.String("gen_ai.input.messages", text)},
		"many messages":     manyMessages(text[:300]),
		"string slice":      {attribute.StringSlice("texts", []string{text, text, "", text})},
		"bytes":             {attribute.ByteSlice("bytes", []byte(text))},
		"nested": {attribute.Map("map", attribute.String("a", text), attribute.Slice("b",
			attribute.StringValue(text), attribute.IntValue(3)))},
		"numbers": {attribute.Float64Slice("vector", make([]float64, 1536))},
	} {
		t.Run(name, func(t *testing.T) {
			s := stub("chat gpt-4o")
			s.Attributes = attributes
			s.Events = []sdktrace.Event{{Name: "exception", Attributes: attributes[:1]}}
			s.Links = []sdktrace.Link{{SpanContext: s.SpanContext, Attributes: attributes[:1]}}
			span := s.Snapshot()
			exact := proto.Size(spansOf(&tracepb.TracesData{ResourceSpans: transform([]sdktrace.ReadOnlySpan{span})})[0])
			assert.InEpsilon(t, exact, estimate(span), 0.25)
		})
	}
}

func manyMessages(text string) []attribute.KeyValue {
	var attributes []attribute.KeyValue
	for i := range 40 {
		attributes = append(attributes,
			attribute.String(fmt.Sprintf("gen_ai.prompt.%d.content", i), text),
			attribute.String(fmt.Sprintf("gen_ai.prompt.%d.role", i), "user"),
			attribute.Int("gen_ai.usage.input_tokens", i),
			attribute.Bool("flag", true))
	}
	return attributes
}
