package export

import (
	"cmp"
	"fmt"
	"slices"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel/internal/runes"
	"github.com/genotel/genotel/semconv"
)

// minText is the length below which a text is not worth cutting: identifiers and such.
const minText = 1 << 10

// shrink cuts the longest texts among the attributes of span and of its events to one
// length, so that its encoding loses at least excess bytes if that can be, and marks it.
// False means that there is nothing to cut.
func shrink(span *tracepb.Span, excess int) bool {
	var texts []*commonpb.AnyValue
	texts = appendTexts(texts, span.GetAttributes())
	for _, event := range span.GetEvents() {
		texts = appendTexts(texts, event.GetAttributes())
	}
	if len(texts) == 0 {
		return false
	}
	length := common(texts, excess+markBytes)
	for _, text := range texts {
		shorten(text, length)
	}
	mark(span)
	return true
}

// common is the length to which the longest of texts have to be cut to save excess bytes.
func common(texts []*commonpb.AnyValue, excess int) int {
	slices.SortFunc(texts, func(a, b *commonpb.AnyValue) int { return cmp.Compare(textLength(b), textLength(a)) })
	sum := 0
	for i, text := range texts {
		sum += textLength(text)
		length := (sum - excess) / (i + 1)
		if i+1 == len(texts) || length >= textLength(texts[i+1]) {
			return max(length, 0)
		}
	}
	return 0
}

// markBytes is room for what [mark] adds.
const markBytes = 64

func appendTexts(texts []*commonpb.AnyValue, attributes []*commonpb.KeyValue) []*commonpb.AnyValue {
	for _, kv := range attributes {
		texts = appendText(texts, kv.GetValue())
	}
	return texts
}

func appendText(texts []*commonpb.AnyValue, value *commonpb.AnyValue) []*commonpb.AnyValue {
	switch v := value.GetValue().(type) {
	case *commonpb.AnyValue_StringValue, *commonpb.AnyValue_BytesValue:
		if textLength(value) > minText {
			texts = append(texts, value)
		}
	case *commonpb.AnyValue_ArrayValue:
		for _, element := range v.ArrayValue.GetValues() {
			texts = appendText(texts, element)
		}
	case *commonpb.AnyValue_KvlistValue:
		texts = appendTexts(texts, v.KvlistValue.GetValues())
	}
	return texts
}

func textLength(value *commonpb.AnyValue) int {
	return len(value.GetStringValue()) + len(value.GetBytesValue())
}

// shorten cuts a text to length bytes, a note of it included. Bytes mean nothing without
// their end and go altogether.
func shorten(value *commonpb.AnyValue, length int) {
	if textLength(value) <= length {
		return
	}
	switch v := value.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		note := fmt.Sprintf("… (cut from %d bytes)", len(v.StringValue))
		v.StringValue = runes.Clip(v.StringValue, max(length-len(note), 0)) + note
	case *commonpb.AnyValue_BytesValue:
		v.BytesValue = nil
	}
}

// mark says on the span that content was cut.
func mark(span *tracepb.Span) {
	for _, kv := range span.GetAttributes() {
		if kv.GetKey() == string(semconv.ContentTruncatedKey) {
			return
		}
	}
	span.Attributes = append(span.Attributes, &commonpb.KeyValue{
		Key:   string(semconv.ContentTruncatedKey),
		Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: true}},
	})
}
