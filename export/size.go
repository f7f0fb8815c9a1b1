package export

import (
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// What a span, an attribute, an event, a link and an element of a list cost beside their texts: near
// their overhead on the wire, and cheaper to add up than to compute.
const (
	spanBytes      = 128
	attributeBytes = 12
	eventBytes     = 32
	linkBytes      = 48
	elementBytes   = 4
	numberBytes    = 8
)

// estimate is about the encoded size of span, without its resource and scope. It
// runs within the caller's span.End() and therefore only adds up lengths.
func estimate(span sdktrace.ReadOnlySpan) int {
	size := spanBytes + len(span.Name()) + len(span.Status().Description) + attributesSize(span.Attributes())
	for _, event := range span.Events() {
		size += eventBytes + len(event.Name) + attributesSize(event.Attributes)
	}
	for _, link := range span.Links() {
		size += linkBytes + attributesSize(link.Attributes)
	}
	return size
}

func attributesSize(attributes []attribute.KeyValue) int {
	size := 0
	for i := range attributes {
		size += attributeBytes + len(attributes[i].Key) + valueSize(attributes[i].Value)
	}
	return size
}

func valueSize(value attribute.Value) int {
	switch value.Type() {
	case attribute.STRING:
		return len(value.AsString())
	case attribute.STRINGSLICE:
		size := 0
		for _, s := range value.AsStringSlice() {
			size += elementBytes + len(s)
		}
		return size
	case attribute.BYTESLICE:
		return len(value.AsByteSlice())
	case attribute.BOOLSLICE:
		return elementBytes * len(value.AsBoolSlice())
	case attribute.INT64SLICE:
		return (elementBytes + numberBytes) * len(value.AsInt64Slice())
	case attribute.FLOAT64SLICE:
		return (elementBytes + numberBytes) * len(value.AsFloat64Slice())
	case attribute.SLICE:
		size := 0
		for _, element := range value.AsSlice() {
			size += elementBytes + valueSize(element)
		}
		return size
	case attribute.MAP:
		return attributesSize(value.AsMap())
	default:
		return numberBytes
	}
}
