package langsmith

import (
	"encoding/json"
	"reflect"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

const (
	traceUUID = "30313233-3435-3637-3839-616263646566"
	spanUUID  = "00000000-0000-0000-6162-636465666768"
)

// part adds something to a span under construction.
type part func(*tracepb.Span)

func spanOf(parts ...part) *tracepb.Span {
	span := &tracepb.Span{TraceId: []byte("0123456789abcdef"), SpanId: []byte("abcdefgh"), Name: "span"}
	for _, add := range parts {
		add(span)
	}
	return span
}

func requestOf(spans ...*tracepb.Span) *tracepb.TracesData {
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans}},
	}}}
}

// attrs adds attributes: key and value in turn.
func attrs(pairs ...any) part {
	return func(span *tracepb.Span) { span.Attributes = append(span.Attributes, keyValues(pairs)...) }
}

// event adds a span event with its attributes: key and value in turn.
func event(name string, pairs ...any) part {
	return func(span *tracepb.Span) {
		span.Events = append(span.Events, &tracepb.Span_Event{Name: name, Attributes: keyValues(pairs)})
	}
}

func spanID(id string) part { return func(span *tracepb.Span) { span.SpanId = []byte(id) } }

func parentID(id string) part { return func(span *tracepb.Span) { span.ParentSpanId = []byte(id) } }

func errorStatus(span *tracepb.Span) {
	span.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "failed"}
}

type (
	list []any // an array-typed attribute
	kvs  []any // a key-value list: key and value in turn
)

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
	case list:
		array := &commonpb.ArrayValue{}
		for _, item := range value {
			array.Values = append(array.Values, anyValue(item))
		}
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: array}}
	case kvs:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{
			KvlistValue: &commonpb.KeyValueList{Values: keyValues(value)},
		}}
	default:
		return &commonpb.AnyValue{}
	}
}

// one converts a request with a single span that must not be rejected.
func one(t *testing.T, opts Options, parts ...part) Run {
	t.Helper()
	result := Runs(requestOf(spanOf(parts...)), nil, opts)
	if len(result.Runs) != 1 || len(result.Rejected) != 0 {
		t.Fatalf("got %d runs and %v rejected, want one run", len(result.Runs), result.Rejected)
	}
	return result.Runs[0]
}

// wantJSON compares got with the JSON text want; "" stands for a value that is not set.
func wantJSON(t *testing.T, what, want string, got any) {
	t.Helper()
	body, err := json.Marshal(got)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if want == "" {
		want = "null"
	}
	var wantValue, gotValue any
	if err := json.Unmarshal([]byte(want), &wantValue); err != nil {
		t.Fatalf("%s: the test wants no JSON: %v", what, err)
	}
	if err := json.Unmarshal(body, &gotValue); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(wantValue, gotValue) {
		t.Errorf("%s:\n got %s\nwant %s", what, body, want)
	}
}
