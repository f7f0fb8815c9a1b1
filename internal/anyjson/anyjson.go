package anyjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/runes"
)

// ellipsis ends a text that was cut.
const ellipsis = "…"

// Text returns value as text of at most limit bytes, and whether that is less than all of
// it. A string or text in bytes is itself, an error its message, nil and struct{} are
// nothing, and everything else is JSON. What cannot be written is named by its type in
// parentheses: a channel, a function, a cycle, bytes that are no text, a value much larger
// than limit, which would cost too much, or one whose own method fails.
//
// It reads the value until it returns, and keeps nothing of it.
func Text(value any, limit int) (text string, cut bool) {
	if !guard.Do("encoding a value", func() { text, cut = encode(value, limit) }) {
		return describe(value), true
	}
	return Cut(text, cut, limit)
}

// Cut returns text shortened to limit bytes and marked, and whether it or what it is made
// from was cut. It never cuts a character in two.
func Cut(text string, before bool, limit int) (string, bool) {
	if len(text) <= limit {
		return text, before
	}
	return runes.Clip(text, limit-len(ellipsis)) + ellipsis, true
}

func encode(value any, limit int) (text string, cut bool) {
	switch v := value.(type) {
	case nil, struct{}:
		return "", false
	case string:
		return valid(clipped(v, limit)), len(v) > limit
	case json.RawMessage:
		return valid(clipped(string(v[:min(len(v), limit+1)]), limit)), len(v) > limit
	case []byte:
		if !utf8.Valid(v[:runes.Fit(v, limit)]) {
			return fmt.Sprintf("(%d bytes)", len(v)), true
		}
		return clipped(string(v[:min(len(v), limit+1)]), limit), len(v) > limit
	case error:
		message := v.Error()
		return valid(clipped(message, limit)), len(message) > limit
	}
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.String && !isMarshaler(v.Type()) {
		return encode(v.String(), limit)
	}
	if isNil(v) {
		return "", false
	}
	m := meter{left: slack * limit}
	if !m.fits(v, 0) {
		return describe(value), true
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return describe(value), true
	}
	return strings.TrimSuffix(buffer.String(), "\n"), false
}

// clipped leaves one byte more than limit, so that [Cut] knows.
func clipped(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return text[:runes.Fit(text, limit+utf8.UTFMax)]
}

func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func describe(value any) string { return fmt.Sprintf("(%T)", value) }

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return v.IsNil()
	default:
		return false
	}
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

func isMarshaler(t reflect.Type) bool { return t.Implements(marshaler) || t.Implements(textMarshaler) }

const (
	// slack is how much larger than the limit a value may be to be encoded and then cut.
	slack = 4
	// maxDepth bounds the recursion of encoding/json, which has no bound of its own.
	maxDepth = 100
	// nodeWeight is about what a member costs beside its text.
	nodeWeight = 8
)

// meter estimates the size of a value before it is written: encoding/json writes the whole
// of it, whatever is kept.
type meter struct{ left int }

func (m *meter) fits(v reflect.Value, depth int) bool {
	m.left -= nodeWeight
	if m.left < 0 || depth > maxDepth {
		return false
	}
	if !v.IsValid() || isMarshaler(v.Type()) {
		return true
	}
	switch v.Kind() {
	case reflect.String:
		m.left -= v.Len()
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || m.fits(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		return m.list(v, depth)
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			if !m.fits(entries.Key(), depth+1) || !m.fits(entries.Value(), depth+1) {
				return false
			}
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if !m.fits(field, depth+1) {
				return false
			}
		}
	default:
	}
	return m.left >= 0
}

func (m *meter) list(v reflect.Value, depth int) bool {
	switch kind := v.Type().Elem().Kind(); {
	case kind == reflect.Uint8:
		m.left -= v.Len()
		return m.left >= 0
	case reflect.Bool <= kind && kind <= reflect.Float64:
		m.left -= nodeWeight * v.Len()
		return m.left >= 0
	}
	for i := range v.Len() {
		if !m.fits(v.Index(i), depth+1) {
			return false
		}
	}
	return true
}
