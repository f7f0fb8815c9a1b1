package redaction

import (
	"strings"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/internal/jsonscan"
)

// isJSON reports whether text is one JSON object or array.
func isJSON(text string) bool {
	s := jsonscan.NewString(text)
	if kind := s.Kind(); kind != jsonscan.Object && kind != jsonscan.Array {
		return false
	}
	s.Skip()
	return s.End()
}

// strings redacts the strings in valid JSON, decoded, and writes those that changed
// back. All else stays as it is: names of members, numbers, and how it is written.
func (r *Pass) strings(text string) string {
	var clean []byte
	kept := 0 // up to here text is in clean
	for at := strings.IndexByte(text, '"'); at >= 0 && r.err == nil; {
		end := afterString(text, at)
		if !isName(text, end) {
			literal := jsonscan.NewString(text[at:end])
			before, _ := literal.Text()
			after := before
			r.text(&after)
			if after != before {
				clean = jsonappend.String(append(clean, text[kept:at]...), after)
				kept = end
			}
		}
		next := strings.IndexByte(text[end:], '"')
		if next < 0 {
			break
		}
		at = end + next
	}
	if kept == 0 {
		return text
	}
	return string(append(clean, text[kept:]...))
}

// afterString returns the index behind the string that begins at index i of valid JSON.
func afterString(text string, i int) int {
	for i++; ; i += len(`\"`) {
		i, _ = jsonscan.IndexSpecial(text, i)
		if text[i] == '"' {
			return i + 1
		}
	}
}

// isName reports whether the string that ends here is the name of a member.
func isName(text string, end int) bool {
	return strings.HasPrefix(strings.TrimLeft(text[end:], " \t\r\n"), ":")
}
