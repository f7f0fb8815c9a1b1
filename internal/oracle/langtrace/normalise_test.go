package langtrace

import (
	"encoding/json"
	"reflect"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel/internal/oracle"
)

// stored is the JSON form of the first stored span, without its view.
func stored(t *testing.T, capture oracle.Capture) (got map[string]any) {
	t.Helper()
	verdict := Check(capture, Options{})
	if len(verdict.Spans) == 0 {
		t.Fatalf("nothing is stored: %+v", verdict)
	}
	body, err := json.Marshal(verdict.Spans[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "ui")
	return got
}

func TestCheck_StoresEachEncodingInItsOwnForm(t *testing.T) {
	span := spanOf("s", "abcdefgh", "text", "t", "count", 1000)
	span.ParentSpanId = []byte("ijklmnop")
	span.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_OK}
	addEvent(span, "e", "n", 7)

	tests := map[string]struct {
		capture oracle.Capture
		want    string
	}{
		"protobuf": {captured(t, requestOf(span)), `{
			"trace_id":"MDEyMzQ1Njc4OWFiY2RlZg==","span_id":"YWJjZGVmZ2g=","parent_id":"aWprbG1ub3A=","name":"s",
			"kind":null,"start_time":"2023-11-14T22:13:20.123Z","end_time":"2023-11-14T22:13:21.623Z",
			"duration_ms":1500,"status_code":"STATUS_CODE_OK","attributes":{"text":"t","count":"1000"},
			"events":[{"name":"e","time":"2023-11-14T22:13:20.123Z","attributes":{"n":"7"}}]}`},
		"JSON": {capturedJSON(t, requestOf(span)), `{
			"trace_id":"30313233343536373839616263646566","span_id":"6162636465666768","parent_id":"696A6B6C6D6E6F70",
			"name":"s","kind":3,"start_time":"2023-11-14T22:13:20.123Z","end_time":"2023-11-14T22:13:21.623Z",
			"duration_ms":1500,"status_code":"OK","attributes":{"text":"t","count":"1000"},
			"events":[{"name":"e","time":"2023-11-14T22:13:20.123Z","attributes":{"n":"7"}}]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var want map[string]any
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if got := stored(t, test.capture); !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %v\nwant %v", got, want)
			}
		})
	}
}

func TestCheck_NamesTheStatusByTheEncoding(t *testing.T) {
	tests := []struct {
		code               tracepb.Status_StatusCode
		protobuf, document string
	}{
		{tracepb.Status_STATUS_CODE_UNSET, "UNSET", "UNSET"},
		{tracepb.Status_STATUS_CODE_OK, "STATUS_CODE_OK", "OK"},
		{tracepb.Status_STATUS_CODE_ERROR, "STATUS_CODE_ERROR", "ERROR"},
	}
	for _, test := range tests {
		span := spanOf("s", "abcdefgh")
		span.Status = &tracepb.Status{Code: test.code, Message: "m"}
		if got := stored(t, captured(t, requestOf(span)))["status_code"]; got != test.protobuf {
			t.Errorf("protobuf: got %v, want %v", got, test.protobuf)
		}
		if got := stored(t, capturedJSON(t, requestOf(span)))["status_code"]; got != test.document {
			t.Errorf("JSON: got %v, want %v", got, test.document)
		}
	}
}

func TestCheck_DropsEverythingButStringsAndInts(t *testing.T) {
	span := spanOf("s", "abcdefgh", "string", "", "int", 0, "double", 0.7, "bool", false, "array", array{"a"},
		"kvlist", map[string]any{}, "bytes", []byte("b"), "empty", nil)
	addEvent(span, "e", "kept", "x", "lost", true)
	want := []Dropped{
		{Span: "s", Key: "double", Type: "double"},
		{Span: "s", Key: "bool", Type: "bool"},
		{Span: "s", Key: "array", Type: "array"},
		{Span: "s", Key: "kvlist", Type: "kvlist"},
		{Span: "s", Key: "bytes", Type: "bytes"},
		{Span: "s", Key: "empty", Type: "empty"},
		{Span: "s", Event: "e", Key: "lost", Type: "bool"},
	}
	for name, capture := range map[string]oracle.Capture{
		"protobuf": captured(t, requestOf(span)), "JSON": capturedJSON(t, requestOf(span)),
	} {
		t.Run(name, func(t *testing.T) {
			got := Check(capture, Options{})
			if !reflect.DeepEqual(got.Dropped, want) {
				t.Errorf("\n got %v\nwant %v", got.Dropped, want)
			}
			if len(got.Spans[0].Attributes) != 2 || len(got.Spans[0].Events[0].Attributes) != 1 {
				t.Errorf("kept %v and %v", got.Spans[0].Attributes, got.Spans[0].Events[0].Attributes)
			}
			wantLines(t, "findings", []string{
				"B: double of type double is dropped", "B: bool", "B: array", "B: kvlist", "B: bytes", "B: empty",
				`B: event "e": lost of type bool is dropped`,
			}, got.Findings)
		})
	}
}

func TestCheck_KeepsUnquotedIntsOfJSON(t *testing.T) {
	capture := capturedJSON(t, requestOf(chat()))
	capture.Body = []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"s","traceId":"T","spanId":"S",
		"startTimeUnixNano":1700000000000000000,"endTimeUnixNano":1700000000000000000,
		"attributes":[{"key":"n","value":{"intValue":9007199254740993}}]}]}]}]}`)
	got := Check(capture, Options{})
	if !got.OK() || got.Spans[0].Attributes["n"] != json.Number("9007199254740993") {
		t.Errorf("got %+v", got)
	}
}
