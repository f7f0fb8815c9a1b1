package export

import (
	"encoding/base64"
	"encoding/hex"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// marshalJSON writes OTLP's JSON: protobuf's own mapping, but with enums as numbers and
// the ids of traces and spans in hexadecimal. See
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. There is no line
// break in it.
//
// The mapping writes bytes in base64, so the ids of message are first replaced by what
// hexadecimal is the base64 of.
func marshalJSON(message *tracepb.TracesData) ([]byte, error) {
	for _, resource := range message.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				spellIDs(span)
			}
		}
	}
	options := protojson.MarshalOptions{UseEnumNumbers: true}
	return marshalRepaired(message, func() ([]byte, error) { return options.Marshal(message) })
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
