package langtrace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/genotel/genotel/internal/oracle"
)

// refusal is a status other than 200 and the reason for it.
type refusal struct {
	status int
	reason string
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, reason: fmt.Sprintf(format, args...)}
}

// accept runs the rules A1 to A6 in their order, stops at the first failure and returns the body as the server sees
// it. Whatever is not about the key is answered with 404.
func accept(capture oracle.Capture, opts Options) (map[string]any, *refusal) {
	// rule A1, with one trailing slash tolerated.
	path := strings.TrimSuffix(capture.Path, "/")
	if capture.Method != http.MethodPost || !strings.HasSuffix(path, "/api/trace") {
		return nil, refuse(http.StatusNotFound, "A1: %s %s is not POST …/api/trace", capture.Method, capture.Path)
	}
	// rule A2.
	if encoding := capture.Header.Get("Content-Encoding"); encoding != "" {
		return nil, refuse(http.StatusNotFound, "A2: content encoding %s", encoding)
	}
	if bytes.HasPrefix(capture.Body, []byte{0x1f, 0x8b}) {
		return nil, refuse(http.StatusNotFound, "A2: the body is gzip")
	}
	// rule A3: the body is decoded before the key is looked at.
	document, err := decode(capture)
	if err != nil {
		return nil, refuse(http.StatusNotFound, "A3: %v", err)
	}
	// rule A4.
	key := capture.Header.Get("x-api-key")
	if key == "" {
		return nil, refuse(http.StatusBadRequest, "A4: no x-api-key")
	}
	if len(opts.KnownKeys) > 0 && !slices.Contains(opts.KnownKeys, key) {
		return nil, refuse(http.StatusUnauthorized, "A4: unknown x-api-key")
	}
	// rule A5.
	agent := strings.ToLower(capture.Header.Get("User-Agent"))
	if !strings.Contains(agent, "otel-otlp") && !strings.Contains(agent, "opentelemetry") {
		return nil, refuse(http.StatusNotFound, "A5: user agent %q", capture.Header.Get("User-Agent"))
	}
	// rule A6.
	if err := checkStructure(document); err != nil {
		return nil, refuse(http.StatusNotFound, "A6: %v", err)
	}
	return document, nil
}

// decode returns the body as a JSON document. A protobuf body takes the form that the server's own decoder gives it:
// ids in base64, integers as strings, enums by their names, fields that were not sent absent. Any content type but
// the exact one of protobuf means JSON.
func decode(capture oracle.Capture) (map[string]any, error) {
	body := capture.Body
	if capture.Header.Get("Content-Type") == "application/x-protobuf" {
		req, err := oracle.DecodeProtobuf(body)
		if err != nil {
			return nil, err
		}
		if body, err = protojson.Marshal(req); err != nil {
			return nil, err
		}
	}
	document, err := oracle.ParseJSON(body)
	if err != nil {
		return nil, err
	}
	return object(document), nil
}

// checkStructure is rule A6. A body without any resourceSpans passes, and nothing is stored.
func checkStructure(document map[string]any) error {
	if document == nil {
		return errors.New("the body is no object")
	}
	if document["resourceSpans"] == nil {
		return nil
	}
	resources := list(document["resourceSpans"])
	if len(resources) == 0 {
		return errors.New("resourceSpans is empty")
	}
	first := object(resources[0])
	if !isList(first["scopeSpans"]) {
		return errors.New("resourceSpans[0] has no scopeSpans")
	}
	for i, scope := range list(first["scopeSpans"]) {
		if !isList(object(scope)["spans"]) {
			return fmt.Errorf("scopeSpans[%d] has no spans", i)
		}
	}
	for _, span := range spansOf(resources[0]) {
		if err := checkSpan(object(span)); err != nil {
			return fmt.Errorf("span %q: %w", text(object(span)["name"]), err)
		}
	}
	return nil
}

func checkSpan(span map[string]any) error {
	for _, name := range []string{"startTimeUnixNano", "endTimeUnixNano"} {
		if _, err := nanoseconds(span[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := checkAttributes(span["attributes"]); err != nil {
		return err
	}
	for _, item := range list(span["events"]) {
		event := object(item)
		if _, err := nanoseconds(event["timeUnixNano"]); err != nil {
			return fmt.Errorf("event %q: timeUnixNano: %w", text(event["name"]), err)
		}
		if len(list(event["attributes"])) == 0 {
			return fmt.Errorf("event %q has no attributes", text(event["name"]))
		}
		if err := checkAttributes(event["attributes"]); err != nil {
			return fmt.Errorf("event %q: %w", text(event["name"]), err)
		}
	}
	return nil
}

func checkAttributes(attributes any) error {
	if attributes != nil && !isList(attributes) {
		return errors.New("attributes is no list")
	}
	for _, attribute := range list(attributes) {
		if object(object(attribute)["value"]) == nil {
			return fmt.Errorf("attribute %q has no value", text(object(attribute)["key"]))
		}
	}
	return nil
}

// spansOf returns the spans of all scopes of one resource.
func spansOf(resource any) []any {
	var spans []any
	for _, scope := range list(object(resource)["scopeSpans"]) {
		spans = append(spans, list(object(scope)["spans"])...)
	}
	return spans
}

// The helpers below read a JSON document; what is of another type is nil or "".

func object(value any) map[string]any {
	members, _ := value.(map[string]any)
	return members
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

func isList(value any) bool {
	_, ok := value.([]any)
	return ok
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// nanoseconds reads an integer that may be quoted or not.
func nanoseconds(value any) (int64, error) {
	digits := text(value)
	if number, ok := value.(json.Number); ok {
		digits = number.String()
	}
	return strconv.ParseInt(digits, 10, 64)
}
