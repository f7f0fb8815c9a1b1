package dialect

import (
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
)

// Others' JSON is taken apart level by level: each value is a piece of the text that
// it stands in, so that nothing is copied, and how often a text is scanned does not
// depend on its size.

// elements returns the elements of a JSON array as they are written. What is no whole
// array is not ok.
func elements(text string) (raw []string, ok bool) {
	s := jsonscan.NewString(text)
	if s.Kind() != jsonscan.Array {
		return nil, false
	}
	s.Array()
	for s.Element() {
		raw = append(raw, piece(&s, text))
	}
	return raw, s.End()
}

// members returns the members of a JSON object as they are written, nil when text is
// no whole object.
func members(text string) map[string]string {
	s := jsonscan.NewString(text)
	if s.Kind() != jsonscan.Object {
		return nil
	}
	raw := map[string]string{}
	s.Object()
	for {
		key, ok := s.Field()
		if !ok {
			break
		}
		name := string(key)
		raw[name] = piece(&s, text)
	}
	if !s.End() {
		return nil
	}
	return raw
}

// piece consumes the next value and returns it as it stands in text.
func piece(s *jsonscan.Scanner, text string) string {
	length := len(s.Raw())
	end := s.Offset()
	return text[end-length : end]
}

// str decodes a JSON string, "" for any other value.
func str(raw string) string {
	if !strings.HasPrefix(raw, `"`) {
		return ""
	}
	s := jsonscan.NewString(raw)
	text, _ := s.Text()
	return text
}

// firstString decodes the first of the values that is a string with something in it.
func firstString(raw ...string) string {
	for _, r := range raw {
		if text := str(r); text != "" {
			return text
		}
	}
	return ""
}

// jsonOrText decodes a JSON string and leaves any other value as JSON; null is "".
func jsonOrText(raw string) string {
	s := jsonscan.NewString(raw)
	switch s.Kind() {
	case jsonscan.String:
		text, _ := s.Text()
		return text
	case jsonscan.Null:
		return ""
	default:
		return raw
	}
}

// isJSONText reports whether a text means to be an array or an object, whole or cut.
func isJSONText(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	return text != "" && (text[0] == '[' || text[0] == '{')
}
