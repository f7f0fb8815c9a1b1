package export

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// specificationExample is examples/trace.json of opentelemetry-proto, with the times as
// the mapping has them and the ids in lower case; both spellings are allowed there.
const specificationExample = `{"resourceSpans": [{
	"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "my.service"}}]},
	"scopeSpans": [{
		"scope": {
			"name": "my.library", "version": "1.0.0",
			"attributes": [{"key": "my.scope.attribute", "value": {"stringValue": "some scope attribute"}}]
		},
		"spans": [{
			"traceId": "5b8efff798038103d269b633813fc60c",
			"spanId": "eee19b7ec3c1b174",
			"parentSpanId": "eee19b7ec3c1b173",
			"flags": 256,
			"name": "I'm a server span",
			"startTimeUnixNano": "1544712660000000000",
			"endTimeUnixNano": "1544712661000000000",
			"kind": 2,
			"status": {},
			"attributes": [{"key": "my.span.attr", "value": {"stringValue": "some value"}}]
		}]
	}]
}]}`

func exampleSpan(t *testing.T) tracetest.SpanStub {
	t.Helper()
	traceID, err := trace.TraceIDFromHex("5b8efff798038103d269b633813fc60c")
	require.NoError(t, err)
	spanID, err := trace.SpanIDFromHex("eee19b7ec3c1b174")
	require.NoError(t, err)
	parentID, err := trace.SpanIDFromHex("eee19b7ec3c1b173")
	require.NoError(t, err)
	return tracetest.SpanStub{
		Name:        "I'm a server span",
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID}),
		Parent:      trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: parentID}),
		SpanKind:    trace.SpanKindServer,
		StartTime:   time.Unix(1544712660, 0),
		EndTime:     time.Unix(1544712661, 0),
		Attributes:  []attribute.KeyValue{attribute.String("my.span.attr", "some value")},
		Resource:    resource.NewSchemaless(attribute.String("service.name", "my.service")),
		InstrumentationScope: instrumentation.Scope{
			Name: "my.library", Version: "1.0.0",
			Attributes: attribute.NewSet(attribute.String("my.scope.attribute", "some scope attribute")),
		},
	}
}

func writtenAsJSON(t *testing.T, span tracetest.SpanStub) string {
	t.Helper()
	body, _, err := marshal(request{message: &tracepb.TracesData{ResourceSpans: transform([]sdktrace.ReadOnlySpan{span.Snapshot()})}})
	require.NoError(t, err)
	text, err := toJSON(body)
	require.NoError(t, err)
	return string(text)
}

func TestTheSpecificationsExampleIsWrittenAsItStandsThere(t *testing.T) {
	assert.JSONEq(t, specificationExample, writtenAsJSON(t, exampleSpan(t)))
}

func TestEveryKindOfValueHasItsFormInJSON(t *testing.T) {
	span := exampleSpan(t)
	span.Attributes = []attribute.KeyValue{
		attribute.Int64("int", math.MaxInt64),
		attribute.Float64("float", 0.5),
		attribute.Bool("bool", false),
		attribute.StringSlice("list", []string{"a\nb", ""}),
		attribute.ByteSlice("bytes", []byte{0xfb, 0xff, 0}),
		attribute.Map("map", attribute.Float64("nan", math.NaN())),
	}
	span.Status.Code, span.Status.Description = codes.Error, "a\xffb"
	span.Events = []sdktrace.Event{{Name: "event", Time: time.Unix(1, 5), DroppedAttributeCount: 3}}
	span.Links = []sdktrace.Link{{SpanContext: span.Parent}}
	text := writtenAsJSON(t, span)
	assert.NotContains(t, text, "\n")

	var read struct {
		ResourceSpans []struct {
			ScopeSpans []struct {
				Spans []struct {
					Attributes []struct {
						Key   string
						Value map[string]any
					}
					Events, Links []map[string]any
					Status        map[string]any
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &read))
	got := read.ResourceSpans[0].ScopeSpans[0].Spans[0]
	values := map[string]map[string]any{}
	for _, kv := range got.Attributes {
		values[kv.Key] = kv.Value
	}
	assert.Equal(t, map[string]map[string]any{
		"int":   {"intValue": "9223372036854775807"},
		"float": {"doubleValue": 0.5},
		"bool":  {"boolValue": false},
		"list": {"arrayValue": map[string]any{"values": []any{
			map[string]any{"stringValue": "a\nb"}, map[string]any{"stringValue": ""},
		}}},
		"bytes": {"bytesValue": "+/8A"},
		"map": {"kvlistValue": map[string]any{"values": []any{
			map[string]any{"key": "nan", "value": map[string]any{"doubleValue": "NaN"}},
		}}},
	}, values)
	assert.Equal(t, map[string]any{"code": 2.0, "message": "a\uFFFDb"}, got.Status)
	assert.Equal(t, []map[string]any{
		{"name": "event", "timeUnixNano": "1000000005", "droppedAttributesCount": 3.0},
	}, got.Events)
	require.Len(t, got.Links, 1)
	assert.Equal(t, "5b8efff798038103d269b633813fc60c", got.Links[0]["traceId"])
	assert.Equal(t, "eee19b7ec3c1b173", got.Links[0]["spanId"])
}

func TestASpanWithoutAParentHasNoParentInJSON(t *testing.T) {
	span := exampleSpan(t)
	span.Parent = trace.SpanContext{}
	assert.NotContains(t, writtenAsJSON(t, span), "parentSpanId")
}

func TestJSONGoesOverHTTPWithItsContentType(t *testing.T) {
	for _, compression := range []Compression{NoCompression, Gzip} {
		b := &backend{answer: func(w http.ResponseWriter, r *http.Request, _ int) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusAccepted) // which the backend here does not decode
			_, _ = w.Write([]byte(`{"partialSuccess":{"rejectedSpans":"1"}}`))
		}}
		p := newProcessor(t, []Destination{{
			Name: "backend", URL: server(t, b).URL, Protocol: HTTPJSON, Compression: compression,
		}})
		endSpans(p, "one", "two")
		require.Error(t, p.Shutdown(t.Context()))
		assert.Equal(t, uint64(1), stats(t, p).Delivered)
		assert.Equal(t, map[Reason]uint64{ReasonRejected: 1}, stats(t, p).Dropped)

		got := b.received()[0]
		assert.Equal(t, []string{"application/json"}, got.header["Content-Type"])
		body := got.body
		if compression == Gzip {
			assert.Equal(t, "gzip", got.header.Get("Content-Encoding"))
			body = unzipped(t, body)
		}
		assert.Equal(t, []string{"one", "two"}, namesInJSON(t, body))
	}
}

// namesInJSON are the names of the spans of a request.
func namesInJSON(t *testing.T, text []byte) (names []string) {
	t.Helper()
	var read struct {
		ResourceSpans []struct {
			ScopeSpans []struct{ Spans []struct{ Name string } }
		}
	}
	require.NoError(t, json.Unmarshal(text, &read))
	for _, r := range read.ResourceSpans {
		for _, s := range r.ScopeSpans {
			for _, span := range s.Spans {
				names = append(names, span.Name)
			}
		}
	}
	return names
}

// FuzzJSONIsProtobufsOwnButForTheIDs compares with protobuf's own mapping, whose ids it
// rewrites after parsing.
func FuzzJSONIsProtobufsOwnButForTheIDs(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), []byte("01234567"), "name", "traceId", "value", int64(-1), 0.5)
	f.Add([]byte{0xff, 0xfb}, []byte{}, "\u2028\"\\", "", "\xff", int64(math.MinInt64), math.Inf(-1))
	f.Fuzz(func(t *testing.T, traceID, spanID []byte, name, key, value string, number int64, float float64) {
		sc := trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}
		copy(sc.TraceID[:], traceID)
		copy(sc.SpanID[:], spanID)
		s := tracetest.SpanStub{
			Name: name, SpanContext: trace.NewSpanContext(sc), SpanKind: trace.SpanKind(uint64(number) % 6),
			Attributes: []attribute.KeyValue{
				attribute.String(key, value), attribute.Int64(value, number), attribute.Float64("f", float),
				attribute.ByteSlice("b", traceID), attribute.StringSlice("l", []string{name, value}),
			},
		}
		sc.SpanID = trace.SpanID(binary.BigEndian.AppendUint64(nil, uint64(number)))
		s.Parent = trace.NewSpanContext(sc)
		s.Links = []sdktrace.Link{{SpanContext: s.SpanContext, Attributes: s.Attributes}}
		s.Events = []sdktrace.Event{{Name: value, Attributes: s.Attributes, Time: time.Unix(0, number&math.MaxInt64)}}
		message := &tracepb.TracesData{ResourceSpans: transform([]sdktrace.ReadOnlySpan{s.Snapshot()})}
		plain, err := proto.Marshal(message)
		if err != nil {
			return // strings are repaired, which is another test's
		}
		untouched := &tracepb.TracesData{}
		require.NoError(t, proto.Unmarshal(plain, untouched))
		own, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(untouched)
		require.NoError(t, err)

		got, err := toJSON(plain)
		require.NoError(t, err)
		assert.NotContains(t, string(got), "\n")
		assert.Equal(t, withHexIDs(t, parsed(t, own)), parsed(t, got))
	})
}

func parsed(t *testing.T, text []byte) (value any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value))
	return value
}

// withHexIDs rewrites the ids, which are the only fields of their names.
func withHexIDs(t *testing.T, value any) any {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = withHexIDs(t, value[i])
		}
	case map[string]any:
		for name, field := range value {
			value[name] = withHexIDs(t, field)
			if name == "traceId" || name == "spanId" || name == "parentSpanId" {
				text, ok := field.(string)
				require.True(t, ok)
				id, err := base64.StdEncoding.DecodeString(text)
				require.NoError(t, err)
				value[name] = hex.EncodeToString(id)
			}
		}
	}
	return value
}
