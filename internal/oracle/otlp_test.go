package oracle

import (
	"strings"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func example() *tracepb.TracesData {
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{
		Spans: []*tracepb.Span{{
			TraceId: []byte("0123456789abcdef"), SpanId: []byte("abcdefgh"), ParentSpanId: []byte("ijklmnop"),
			Name: "chat", Kind: tracepb.Span_SPAN_KIND_CLIENT, StartTimeUnixNano: 1, EndTimeUnixNano: 1<<63 + 1,
			Attributes: []*commonpb.KeyValue{{
				Key:   "traceId", // a name made by a user is no id
				Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: "not hex"}},
			}},
			Links: []*tracepb.Span_Link{{TraceId: []byte("0123456789abcdef"), SpanId: []byte("abcdefgh")}},
		}},
	}}}}}
}

func TestJSON_ComesBackAsItWas(t *testing.T) {
	body, err := EncodeJSON(example())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"spanId":"6162636465666768"`, `"parentSpanId":"696A6B6C6D6E6F70"`, `"kind":3`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
	got, err := DecodeJSON(body)
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(got, example()) {
		t.Errorf("got %v, want %v", got, example())
	}
}

func TestJSON_TakesLowerCaseIDsAndUnknownMembers(t *testing.T) {
	got, err := DecodeJSON([]byte(
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"6a6b6c6d6e6f7071","flags":257,"tomorrow":true}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if id := got.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0].GetSpanId(); string(id) != "jklmnopq" {
		t.Errorf("got span id %q, want jklmnopq", id)
	}
}

func TestDecoding_RefusesWhatIsNotOTLP(t *testing.T) {
	for _, body := range []string{``, `nonsense`, `{} {}`, `{"resourceSpans":3}`, `{"spanId":"xyz"}`, `[`} {
		if _, err := DecodeJSON([]byte(body)); err == nil {
			t.Errorf("DecodeJSON accepted %q", body)
		}
	}
	if _, err := DecodeProtobuf([]byte(`{}`)); err == nil {
		t.Error("DecodeProtobuf accepted JSON")
	}
}
