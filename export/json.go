package export

import (
	"encoding/base64"
	"encoding/hex"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// toJSON makes of an encoded TracesData OTLP's JSON: protobuf's own mapping, but with enums as numbers and
// the ids of traces and spans in hexadecimal. See
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. There is no line
// break in it.
//
// The mapping writes bytes in base64, so the ids are first replaced by what
// hexadecimal is the base64 of.
func toJSON(body []byte) ([]byte, error) {
	message := &tracepb.TracesData{}
	if err := proto.Unmarshal(body, message); err != nil {
		return nil, err
	}
	for _, resource := range message.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				spellIDs(span)
			}
		}
	}
	return protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(message)
}

func spellIDs(span *tracepb.Span) {
	span.TraceId = spelled(span.TraceId)
	span.SpanId = spelled(span.SpanId)
	span.ParentSpanId = spelled(span.ParentSpanId)
	for _, link := range span.GetLinks() {
		link.TraceId = spelled(link.TraceId)
		link.SpanId = spelled(link.SpanId)
	}
}

// spelled returns the bytes whose base64 is id in hexadecimal. Every digit of the one is
// a digit of the other, and the 16 and 8 bytes of ids, which OpenTelemetry's types
// guarantee, fill whole groups of four.
func spelled(id []byte) []byte {
	decoded, err := base64.StdEncoding.DecodeString(hex.EncodeToString(id))
	if err != nil {
		return id
	}
	return decoded
}
