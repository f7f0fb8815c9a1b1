package export

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai/record"
)

// chatSpan is what an instrumented chat call ends with, content excluded.
func chatSpan() sdktrace.ReadOnlySpan {
	s := stub("chat gpt-4o")
	for i := range 30 {
		s.Attributes = append(s.Attributes, attribute.String(fmt.Sprint("gen_ai.attribute.", i), "some value"))
	}
	s.Attributes = append(s.Attributes, attribute.Int("gen_ai.usage.input_tokens", 12),
		attribute.StringSlice("gen_ai.response.finish_reasons", []string{"stop"}))
	return s.Snapshot()
}

func BenchmarkOnEnd(b *testing.B) {
	for _, bb := range []struct {
		name         string
		destinations int
		record       bool
	}{
		{"one destination", 1, false},
		{"three destinations", 3, false},
		{"with a record", 1, true},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var destinations []Destination
			for i := range bb.destinations {
				destinations = append(destinations, Destination{Name: fmt.Sprint(i), URL: "http://backend", WantsRecord: bb.record})
			}
			p, err := New(destinations, WithQueue(math.MaxInt, b.N+1), WithLogger(slog.New(slog.DiscardHandler)),
				withTransport(inMemory{"backend": &backend{answer: hang}}))
			require.NoError(b, err)
			for _, pl := range p.pipelines {
				pl.queue.entries = make([]entry, 0, b.N+1)
			}
			span, slip := chatSpan(), &handoff.Slip{}
			slip.Put(&record.Call{}, 1000, nil)
			p.OnEnd(span) // starts the worker
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if bb.record {
					p.slips.Put(span.SpanContext(), slip) // what OnStart does
				}
				p.OnEnd(span)
			}
			b.StopTimer()
			_ = p.Shutdown(expired()) // the backend never answers
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	spans := make([]sdktrace.ReadOnlySpan, maxBatchSpans)
	for i := range spans {
		s := tracetest.SpanStubFromReadOnlySpan(chatSpan())
		s.Resource = resource.Empty()
		s.Attributes = append(s.Attributes, attribute.String("gen_ai.input.messages", strings.Repeat("hello ", 700)))
		spans[i] = s.Snapshot()
	}
	for name, compression := range map[string]Compression{"plain": NoCompression, "gzip": Gzip} {
		b.Run(name, func(b *testing.B) {
			s := newSender(Destination{URL: "http://backend", Compression: compression}, inMemory{})
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range split(transform(spans), bounds{bytes: maxRequestBytes, spans: maxBatchSpans}) {
					made, _, err := newParcel(r, nil)
					if err != nil {
						b.Fatal(err)
					}
					body, err := s.encode(made.body)
					if err != nil || len(body) == 0 {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func TestOnEndAllocatesNextToNothing(t *testing.T) {
	p := processorFor(t, &backend{answer: hang})
	plain := stub("chat gpt-4o").Snapshot()
	p.OnEnd(plain) // starts the worker
	allocs := testing.AllocsPerRun(1000, func() { p.OnEnd(plain) })
	assert.Zero(t, allocs)
	_ = p.Shutdown(expired()) // the backend never answers
}
