package jsonappend

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/genotel/genotel/internal/jsonscan"
)

// String appends s as a JSON string. Each byte that is not UTF-8 becomes U+FFFD.
func String(dst []byte, s string) []byte {
	dst = append(dst, '"')

	for {
		i, ascii := jsonscan.IndexSpecial(s, 0)
		dst = appendRepaired(dst, s[:i], ascii)

		if i == len(s) {
			return append(dst, '"')
		}

		dst = appendEscape(dst, s[i])
		s = s[i+1:]
	}
}

// Int appends a number.
func Int(dst []byte, n int64) []byte {
	return strconv.AppendInt(dst, n, 10)
}

// Float appends a number in the form that encoding/json and JavaScript give it, which reads back as the same float64. JSON
// has no infinities and no NaN: null is written for them.
func Float(dst []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return Null(dst)
	}

	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}

	dst = strconv.AppendFloat(dst, f, format, -1, 64)

	// strconv writes at least two digits of an exponent, JavaScript does not: 1e-07 becomes 1e-7.
	if n := len(dst); format == 'e' && n >= 4 && string(dst[n-4:n-1]) == "e-0" {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}

	return dst
}

// Bool appends true or false.
func Bool(dst []byte, v bool) []byte {
	return strconv.AppendBool(dst, v)
}

// Null appends null.
func Null(dst []byte) []byte {
	return append(dst, "null"...)
}

// appendEscape appends the escape sequence for a byte that cannot stand for itself.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"

	if short := shortEscapes[c]; short != 0 {
		return append(dst, '\\', short)
	}

	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// shortEscapes are the escape sequences of two characters, by what they stand for.
var shortEscapes = [256]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// appendRepaired appends a part of a JSON string, each byte that is not UTF-8 as U+FFFD.
func appendRepaired(dst []byte, text string, ascii bool) []byte {
	if ascii || utf8.ValidString(text) {
		return append(dst, text...)
	}

	for _, r := range text {
		dst = utf8.AppendRune(dst, r)
	}

	return dst
}
