package collectortest

import (
	"bytes"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/export"
)

// endFullSpan ends a span that has one of everything.
func endFullSpan(t *testing.T, p *export.Processor) trace.SpanContext {
	t.Helper()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(p),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "program"))))
	ctx, parent := provider.Tracer("test").Start(t.Context(), "parent")
	_, span := provider.Tracer("test").Start(ctx, "child", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(time.Unix(1, 2)), trace.WithLinks(trace.Link{SpanContext: parent.SpanContext()}),
		trace.WithAttributes(
			attribute.String("text", "a \"b\"\n\u2028\U0001F600"), attribute.Int64("int", -1<<63), attribute.Float64("float", 0.1),
			attribute.Bool("bool", true), attribute.StringSlice("list", []string{"x", "y"}),
			attribute.ByteSlice("bytes", []byte{0xfb, 0xff}), attribute.Map("map", attribute.Int("k", 1)),
		))
	span.AddEvent("event", trace.WithTimestamp(time.Unix(3, 4)), trace.WithAttributes(attribute.String("k", "v")))
	span.SetStatus(otelcodes.Error, "failed")
	span.End(trace.WithTimestamp(time.Unix(5, 6)))
	return span.SpanContext()
}

// assertFullSpan checks what the Collector makes of a line or a body.
func assertFullSpan(t *testing.T, text []byte, want trace.SpanContext) {
	t.Helper()
	traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(text)
	require.NoError(t, err)
	require.Equal(t, 1, traces.SpanCount())
	resourceSpans := traces.ResourceSpans().At(0)
	assert.Equal(t, map[string]any{"service.name": "program"}, resourceSpans.Resource().Attributes().AsRaw())
	span := resourceSpans.ScopeSpans().At(0).Spans().At(0)
	traceID, spanID, parentID := span.TraceID(), span.SpanID(), span.ParentSpanID()
	assert.Equal(t, want.TraceID().String(), hex.EncodeToString(traceID[:]))
	assert.Equal(t, want.SpanID().String(), hex.EncodeToString(spanID[:]))
	assert.Equal(t, ptrace.SpanKindClient, span.Kind())
	assert.Equal(t, time.Unix(1, 2).UnixNano(), span.StartTimestamp().AsTime().UnixNano())
	assert.Equal(t, time.Unix(5, 6).UnixNano(), span.EndTimestamp().AsTime().UnixNano())
	assert.Equal(t, map[string]any{
		"text": "a \"b\"\n\u2028\U0001F600", "int": int64(-1 << 63), "float": 0.1, "bool": true, "list": []any{"x", "y"},
		"bytes": []byte{0xfb, 0xff}, "map": map[string]any{"k": int64(1)},
	}, span.Attributes().AsRaw())
	assert.Equal(t, ptrace.StatusCodeError, span.Status().Code())
	assert.Equal(t, "failed", span.Status().Message())
	event := span.Events().At(0)
	assert.Equal(t, "event", event.Name())
	assert.Equal(t, time.Unix(3, 4).UnixNano(), event.Timestamp().AsTime().UnixNano())
	link := span.Links().At(0)
	assert.Equal(t, parentID, link.SpanID())
	assert.Equal(t, traceID, link.TraceID())
}

func TestTheCollectorReadsTheLinesOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	p, err := export.New([]export.Destination{{Name: "file", File: path}})
	require.NoError(t, err)
	want := endFullSpan(t, p)
	require.NoError(t, p.ForceFlush(within(t, 10*time.Second)))
	endFullSpan(t, p)
	require.NoError(t, p.Shutdown(within(t, 10*time.Second)))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	require.Len(t, lines, 2)
	assertFullSpan(t, lines[0], want)
}

func TestTheCollectorReadsJSONOverHTTP(t *testing.T) {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	p, err := export.New([]export.Destination{{Name: "collector", URL: server.URL, Protocol: export.HTTPJSON}},
		export.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	want := endFullSpan(t, p)
	require.NoError(t, p.Shutdown(within(t, 10*time.Second)))
	server.Close() // after which nobody writes the body
	assertFullSpan(t, body, want)
}
