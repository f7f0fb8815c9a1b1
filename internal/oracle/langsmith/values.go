package langsmith

import (
	"encoding/json"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
)

// attributes holds the values by key. A lookup yields a value only if the attribute has exactly the asked type.
type attributes map[string]*commonpb.AnyValue

// attributesOf indexes the list; of a key that occurs twice the last one counts.
func attributesOf(list []*commonpb.KeyValue) attributes {
	attrs := attributes{}
	for _, kv := range list {
		if kv.GetValue() != nil {
			attrs[kv.GetKey()] = kv.GetValue()
		}
	}
	return attrs
}

func (a attributes) has(key string) bool {
	_, present := a[key]
	return present
}

func (a attributes) str(key string) (string, bool) {
	value, ok := a[key].GetValue().(*commonpb.AnyValue_StringValue)
	if !ok {
		return "", false
	}
	return value.StringValue, true
}

func (a attributes) integer(key string) (int64, bool) {
	value, ok := a[key].GetValue().(*commonpb.AnyValue_IntValue)
	if !ok {
		return 0, false
	}
	return value.IntValue, true
}

func (a attributes) isTrue(key string) bool {
	return a[key].GetBoolValue()
}

// text returns the string of the first key that has a non-empty one, or "".
func (a attributes) text(keys ...string) string {
	for _, key := range keys {
		if s, _ := a.str(key); s != "" {
			return s
		}
	}
	return ""
}

// stored returns the value as the converter stores an attribute of any type: scalars as themselves, lists as the raw
// protobuf object that the converter hands to its JSON encoder, an empty value as nil.
func stored(value *commonpb.AnyValue) any {
	switch value := value.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return value.StringValue
	case *commonpb.AnyValue_IntValue:
		return value.IntValue
	case *commonpb.AnyValue_DoubleValue:
		return value.DoubleValue
	case *commonpb.AnyValue_BoolValue:
		return value.BoolValue
	case *commonpb.AnyValue_BytesValue:
		return rawJSON(value.BytesValue)
	case *commonpb.AnyValue_ArrayValue:
		return rawJSON(value.ArrayValue)
	case *commonpb.AnyValue_KvlistValue:
		return rawJSON(value.KvlistValue)
	default:
		return nil
	}
}

func rawJSON(value any) any {
	body, err := json.Marshal(value)
	if err != nil { // a NaN within: the converter could not send it either
		return nil
	}
	var parsed any
	_ = json.Unmarshal(body, &parsed) // it was just written by Marshal
	return parsed
}

// object parses text that is a JSON object and nothing else.
func object(text string) (parsed map[string]any, ok bool) {
	parsed, ok = objectOrNull(text)
	return parsed, ok && parsed != nil
}

// objectOrNull is object for the places where the literal null counts too: it yields a nil map.
func objectOrNull(text string) (parsed map[string]any, ok bool) {
	err := json.Unmarshal([]byte(text), &parsed)
	return parsed, err == nil
}

// array parses text that is a JSON array.
func array(text string) (parsed []any, ok bool) {
	err := json.Unmarshal([]byte(text), &parsed)
	return parsed, err == nil && parsed != nil
}
