package langtrace

import (
	"encoding/json"
	"fmt"
	"time"
)

// normalise is rule B: the spans of the first resource as they are stored, and every attribute that is not.
func normalise(document map[string]any) (spans []Span, dropped []Dropped) {
	resources := list(document["resourceSpans"])
	if len(resources) == 0 {
		return nil, nil
	}
	for _, item := range spansOf(resources[0]) {
		span, lost := normaliseSpan(object(item))
		spans = append(spans, span)
		dropped = append(dropped, lost...)
	}
	return spans, dropped
}

// normaliseSpan reads a span that has passed rule A6, so that its times are known to parse.
func normaliseSpan(sent map[string]any) (Span, []Dropped) {
	name := text(sent["name"])
	start, _ := nanoseconds(sent["startTimeUnixNano"])
	end, _ := nanoseconds(sent["endTimeUnixNano"])
	attributes, types, dropped := keep(list(sent["attributes"]))
	span := Span{
		TraceID:    text(sent["traceId"]),
		SpanID:     text(sent["spanId"]),
		ParentID:   text(sent["parentSpanId"]),
		Name:       name,
		Kind:       storedKind(sent["kind"]),
		StartTime:  storedTime(start),
		EndTime:    storedTime(end),
		DurationMS: milliseconds(end) - milliseconds(start),
		StatusCode: storedStatus(object(sent["status"])["code"]),
		Attributes: attributes,
		sentKind:   fmt.Sprint(sent["kind"]),
		types:      types,
	}
	for _, item := range list(sent["events"]) {
		event := object(item)
		at, _ := nanoseconds(event["timeUnixNano"])
		attributes, _, lost := keep(list(event["attributes"]))
		span.Events = append(span.Events, Event{Name: text(event["name"]), Time: storedTime(at), Attributes: attributes})
		for i := range lost {
			lost[i].Event = text(event["name"])
		}
		dropped = append(dropped, lost...)
	}
	for i := range dropped {
		dropped[i].Span = name
	}
	return span, dropped
}

// keep stores strings and ints as they were sent and drops all other types.
func keep(sent []any) (kept map[string]any, types map[string]string, dropped []Dropped) {
	kept, types = map[string]any{}, map[string]string{}
	for _, item := range sent {
		key, value := text(object(item)["key"]), object(object(item)["value"])
		switch kind := valueType(value); kind {
		case "string":
			kept[key], types[key] = value["stringValue"], kind
		case "int":
			kept[key], types[key] = value["intValue"], kind
		default:
			dropped = append(dropped, Dropped{Key: key, Type: kind})
		}
	}
	return kept, types, dropped
}

func valueType(value map[string]any) string {
	for _, kind := range []string{"string", "int", "double", "bool", "array", "kvlist", "bytes"} {
		if _, present := value[kind+"Value"]; present {
			return kind
		}
	}
	return "empty"
}

// storedKind keeps a number; the name that a protobuf body yields becomes null.
func storedKind(kind any) any {
	if number, ok := kind.(json.Number); ok {
		return number
	}
	return nil
}

// storedStatus translates numbers and leaves names as they are.
func storedStatus(code any) string {
	switch code := fmt.Sprint(code); code {
	case "<nil>", "", "0":
		return "UNSET"
	case "1":
		return "OK"
	case "2":
		return "ERROR"
	default:
		return code
	}
}

func milliseconds(unixNano int64) int64 { return unixNano / int64(time.Millisecond) }

func storedTime(unixNano int64) string {
	return time.UnixMilli(milliseconds(unixNano)).UTC().Format("2006-01-02T15:04:05.000Z")
}
