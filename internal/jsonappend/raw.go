package jsonappend

import "github.com/genotel/genotel/internal/jsonscan"

// Raw appends a value that is JSON already, as it is: the caller answers for its being one valid value. Nothing at all is
// not one, and is written as null.
func Raw[T []byte | string](dst []byte, raw T) []byte {
	if len(raw) == 0 {
		return Null(dst)
	}

	return append(dst, raw...)
}

// RawOrString appends s as the JSON it is if it is one valid object or array, without its insignificant white space, and
// otherwise as a JSON string. So the arguments of a tool, which a model writes and may write wrongly or leave half
// written, become a value that can be read in any case. Each byte that is not UTF-8 becomes U+FFFD, in either form.
func RawOrString(dst []byte, s string) []byte {
	if isContainer(s) {
		return appendCompact(dst, s)
	}

	return String(dst, s)
}

// isContainer tells whether s is one valid object or array.
func isContainer(s string) bool {
	scanner := jsonscan.NewString(s)
	if kind := scanner.Kind(); kind != jsonscan.Object && kind != jsonscan.Array {
		return false
	}

	scanner.Skip()

	return scanner.End()
}

// appendCompact appends valid JSON without insignificant white space.
func appendCompact(dst []byte, json string) []byte {
	start := 0 // of what is still to be appended

	for i := 0; i < len(json); {
		switch json[i] {
		case ' ', '\t', '\n', '\r':
			dst = appendRepaired(dst, json[start:i], false)
			i++
			start = i
		case '"':
			i = afterString(json, i)
		default:
			i++
		}
	}

	return appendRepaired(dst, json[start:], false)
}

// afterString returns the index behind the string that begins at index i of valid JSON.
func afterString(json string, i int) int {
	for i++; ; i += len(`\"`) {
		i, _ = jsonscan.IndexSpecial(json, i)
		if json[i] == '"' {
			return i + 1
		}
	}
}
