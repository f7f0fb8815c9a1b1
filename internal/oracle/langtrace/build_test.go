package langtrace

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/genotel/genotel/internal/oracle"
)

const (
	startNano = 1_700_000_000_123_456_789
	endNano   = 1_700_000_001_623_456_789
)

func spanOf(name, id string, pairs ...any) *tracepb.Span {
	return &tracepb.Span{
		TraceId: []byte("0123456789abcdef"), SpanId: []byte(id), Name: name, Kind: tracepb.Span_SPAN_KIND_CLIENT,
		StartTimeUnixNano: startNano, EndTimeUnixNano: endNano, Attributes: keyValues(pairs),
	}
}

func addEvent(span *tracepb.Span, name string, pairs ...any) {
	span.Events = append(span.Events,
		&tracepb.Span_Event{Name: name, TimeUnixNano: startNano, Attributes: keyValues(pairs)})
}

// chat is an LLM span without a flaw.
func chat() *tracepb.Span {
	span := spanOf("openai.chat.completions.create", "abcdefgh",
		"langtrace.service.type", "llm", "langtrace.service.name", "OpenAI",
		"gen_ai.operation.name", "chat",
		"gen_ai.request.model", "gpt-4o-mini", "gen_ai.response.model", "gpt-4o-mini-2024-07-18",
		"gen_ai.usage.input_tokens", 1000, "gen_ai.usage.output_tokens", 500, "gen_ai.usage.total_tokens", 1500,
		"llm.vendor", "openai", "llm.request.model", "gpt-4o-mini", "llm.path", "/v1/chat/completions",
		"llm.request.messages", `[{"role":"user","content":"Hello"}]`,
		"llm.request.temperature", "0.7", "llm.request.max_tokens", 150,
		"llm.usage.prompt_tokens", 1000, "llm.usage.completion_tokens", 500, "llm.usage.total_tokens", 1500,
	)
	addEvent(span, "gen_ai.content.prompt", "gen_ai.prompt", `[{"role":"user","content":"Hello"}]`)
	addEvent(span, "gen_ai.content.completion", "gen_ai.completion", `[{"role":"assistant","content":"Hi"}]`)
	return span
}

func requestOf(spans ...*tracepb.Span) *tracepb.TracesData {
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans}},
	}}}
}

// captured is the request in protobuf as Langtrace takes it.
func captured(t *testing.T, req *tracepb.TracesData) oracle.Capture {
	t.Helper()
	body, err := proto.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	header.Set("Content-Type", "application/x-protobuf")
	header.Set("User-Agent", "OTel-OTLP-Exporter-Go/1.47.0 genotel/0.1.0")
	header.Set("x-api-key", "key")
	return oracle.Capture{Method: "POST", Path: "/api/trace", Header: header, Body: body}
}

// capturedJSON is the same in JSON.
func capturedJSON(t *testing.T, req *tracepb.TracesData) oracle.Capture {
	t.Helper()
	capture := captured(t, req)
	capture.Header.Set("Content-Type", "application/json")
	body, err := oracle.EncodeJSON(req)
	if err != nil {
		t.Fatal(err)
	}
	capture.Body = body
	return capture
}

type array []any // an array-typed attribute

func keyValues(pairs []any) []*commonpb.KeyValue {
	var out []*commonpb.KeyValue
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, &commonpb.KeyValue{Key: pairs[i].(string), Value: anyValue(pairs[i+1])})
	}
	return out
}

func anyValue(value any) *commonpb.AnyValue {
	switch value := value.(type) {
	case string:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}
	case int:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: int64(value)}}
	case float64:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: value}}
	case bool:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: value}}
	case []byte:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BytesValue{BytesValue: value}}
	case array:
		list := &commonpb.ArrayValue{}
		for _, item := range value {
			list.Values = append(list.Values, anyValue(item))
		}
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: list}}
	case map[string]any:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{}}}
	default:
		return &commonpb.AnyValue{}
	}
}

// set replaces or adds attributes of the span: key and value in turn.
func set(span *tracepb.Span, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		unset(span, pairs[i].(string))
	}
	span.Attributes = append(span.Attributes, keyValues(pairs)...)
}

func unset(span *tracepb.Span, key string) {
	span.Attributes = slices.DeleteFunc(span.Attributes, func(kv *commonpb.KeyValue) bool { return kv.GetKey() == key })
}

// fail makes the span a failed call.
func fail(span *tracepb.Span) {
	span.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "boom"}
	addEvent(span, "exception", "exception.type", "T", "exception.message", "boom")
}

// wantLines wants each line to begin with the rule and to contain the rest of its expectation, "C4: two events".
func wantLines(t *testing.T, what string, want, got []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
		return
	}
	for i := range want {
		rule, rest, _ := strings.Cut(want[i], ": ")
		if !strings.HasPrefix(got[i], rule+": ") || !strings.Contains(got[i], rest) {
			t.Errorf("%s: got %q, want %q", what, got[i], want[i])
		}
	}
}
