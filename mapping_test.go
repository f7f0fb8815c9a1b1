package genotel_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
)

// texts are attributes: key and value in turn.
func texts(pairs ...string) (attributes []attribute.KeyValue) {
	for i := 0; i < len(pairs); i += 2 {
		attributes = append(attributes, attribute.String(pairs[i], pairs[i+1]))
	}
	return attributes
}

func some(attributes []attribute.KeyValue, more ...attribute.KeyValue) []attribute.KeyValue {
	return append(attributes, more...)
}

func numbers(key string, value float64) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.Float64(key, value)}
}

func counts(key string, value int) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.Int(key, value)}
}

// used is a count of tokens beside an answer, without which LangSmith stores none.
func used(key string, value int) []attribute.KeyValue {
	return some(texts("gen_ai.completion", `{}`), attribute.Int(key, value))
}

// found is a search with one result.
func found(content string) []attribute.KeyValue {
	return texts("langsmith.span.kind", "retriever", "input.value", "brackets?",
		"retrieval.documents.0.document.content", content, "retrieval.documents.0.document.metadata", `{"shelf":7}`)
}

// arrival is a span as it came to LangSmith, and what LangSmith makes of it.
type arrival struct {
	span *tracepb.Span
	run  langsmithoracle.Run
}

// arrivedAt returns what came to a LangSmith, by span. Runs are made without the headers
// of the request, of which the project's would beat the attribute.
func arrivedAt(t *testing.T, server *oracle.Server) map[trace.SpanID]arrival {
	t.Helper()
	arrived := map[trace.SpanID]arrival{}
	for _, s := range spansAt(t, server) {
		result := langsmithoracle.Runs(&tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
			ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{s}}},
		}}}, nil, langsmithoracle.Options{Hosted: true})
		require.Len(t, result.Runs, 1)
		arrived[trace.SpanID(s.GetSpanId())] = arrival{span: s, run: result.Runs[0]}
	}
	return arrived
}

// places are where values end up in a run, by path, as JSON. Of paths with " or " between,
// one has it.
type places map[string]string

// assert compares what is at the places of run.
func (p places) assert(t *testing.T, r langsmithoracle.Run) {
	t.Helper()
	var run any
	require.NoError(t, json.Unmarshal([]byte(encode(t, r)), &run))
	for paths, value := range p {
		var got any
		for path := range strings.SplitSeq(paths, " or ") {
			if got = at(run, path); got != nil {
				break
			}
		}
		assert.JSONEq(t, value, encode(t, got), "%s of %s", paths, encode(t, run))
	}
}

// at returns what is at a path of names and indexes, nil for nothing.
func at(v any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch within := v.(type) {
		case map[string]any:
			v = within[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(within) {
				return nil
			}
			v = within[i]
		default:
			return nil
		}
	}
	return v
}

// valueOf returns the value of an attribute as it was sent, nil when there is none.
func valueOf(attributes []*commonpb.KeyValue, key string) any {
	for _, kv := range attributes {
		if kv.GetKey() != key {
			continue
		}
		switch v := kv.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			return v.StringValue
		case *commonpb.AnyValue_IntValue:
			return v.IntValue
		case *commonpb.AnyValue_DoubleValue:
			return v.DoubleValue
		case *commonpb.AnyValue_BoolValue:
			return v.BoolValue
		default:
			return v
		}
	}
	return nil
}

// stamping is an application's provider that puts attributes on every span, and its end.
func stamping(attributes ...attribute.KeyValue) (provider *sdktrace.TracerProvider, stop func()) {
	provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(stamper(attributes)))
	return provider, func() { _ = provider.Shutdown(context.Background()) }
}

type stamper []attribute.KeyValue

func (s stamper) OnStart(_ context.Context, span sdktrace.ReadWriteSpan) { span.SetAttributes(s...) }
func (stamper) OnEnd(sdktrace.ReadOnlySpan)                              {}
func (stamper) ForceFlush(context.Context) error                         { return nil }
func (stamper) Shutdown(context.Context) error                           { return nil }
