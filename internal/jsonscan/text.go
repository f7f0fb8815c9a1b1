package jsonscan

import (
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Text consumes the next value and returns it decoded if it is a string. Invalid UTF-8 and lone surrogates become U+FFFD,
// exactly as with encoding/json.
func (s *Scanner) Text() (string, bool) {
	if s.peek() != '"' {
		s.Skip()

		return "", false
	}

	lit, next := s.literal(s.pos)
	if next == 0 {
		return "", false
	}

	s.pos = next

	raw := s.bytes(lit)
	if lit.verbatim(raw) {
		return string(raw), true
	}

	decoded := appendDecoded(make([]byte, 0, len(raw)), raw)
	if len(decoded) < len(raw)/2 {
		return string(decoded), true // rather a copy than a string that keeps so much more alive
	}

	// Nobody else has the bytes, as with a strings.Builder. A copy would double what is allocated and take 1.2 times as
	// long (BenchmarkText/lines).
	return unsafe.String(unsafe.SliceData(decoded), len(decoded)), true //nolint:gosec // G103: see above.
}

// TextBytes is [Scanner.Text] for a caller with a buffer: it appends the decoded string to dst, and allocates only when
// the capacity of dst does not suffice.
func (s *Scanner) TextBytes(dst []byte) ([]byte, bool) {
	if s.peek() != '"' {
		s.Skip()

		return dst, false
	}

	lit, next := s.literal(s.pos)
	if next == 0 {
		return dst, false
	}

	s.pos = next

	if raw := s.bytes(lit); lit.escaped {
		dst = appendDecoded(dst, raw)
	} else {
		dst = appendRepaired(dst, raw, lit.ascii)
	}

	return dst, true
}

// literal is where the inside of a string literal lies in the data, without the quotes.
type literal struct {
	start, end int
	escaped    bool // has escape sequences
	ascii      bool // is all ASCII as it stands in the data
}

// bytes returns the undecoded inside of a literal. Appending to it cannot reach the data.
func (s *Scanner) bytes(l literal) []byte {
	return s.data[l.start:l.end:l.end]
}

// verbatim tells whether the literal decodes to raw, its own bytes.
func (l literal) verbatim(raw []byte) bool {
	return !l.escaped && (l.ascii || utf8.Valid(raw))
}

// literal returns the string literal whose quote is at offset i, its escapes validated, and the offset behind it.
func (s *Scanner) literal(i int) (l literal, next int) {
	l.start = i + 1
	l.ascii = true

	for i = l.start; ; {
		end, ascii := IndexSpecial(s.data, i)
		i = end
		l.ascii = l.ascii && ascii

		switch s.at(i) {
		case '"':
			l.end = i

			return l, i + 1
		case '\\':
			l.escaped = true

			if i = s.escape(i); i == 0 {
				return literal{}, 0
			}
		default: // a control character, or the end of the input
			return literal{}, s.fail(i)
		}
	}
}

// escape returns the offset behind the escape sequence at offset i.
func (s *Scanner) escape(i int) int {
	switch s.at(i + 1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		for digit := i + 2; digit < i+6; digit++ {
			if !isHex(s.at(digit)) {
				return s.fail(digit)
			}
		}

		return i + 6
	default:
		return s.fail(i + 1)
	}
}

// appendDecoded appends the inside of a valid string literal to dst.
func appendDecoded(dst, raw []byte) []byte {
	for {
		i, ascii := IndexSpecial(raw, 0)
		dst = appendRepaired(dst, raw[:i], ascii)

		if i == len(raw) {
			return dst
		}

		raw = raw[i:] // begins with an escape: nothing else is special inside of a literal

		if raw[1] != 'u' {
			dst = append(dst, unescaped(raw[1]))
			raw = raw[2:]

			continue
		}

		r := hexRune(raw)
		raw = raw[6:]

		if utf16.IsSurrogate(r) {
			second := rune(-1)
			if len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' {
				second = hexRune(raw)
			}

			if r = utf16.DecodeRune(r, second); r != unicode.ReplacementChar {
				raw = raw[6:] // a pair; a lone surrogate leaves what follows it alone
			}
		}

		dst = utf8.AppendRune(dst, r)
	}
}

// appendRepaired appends text to dst, each byte that is not UTF-8 as U+FFFD. What is known to be ASCII is not looked at.
func appendRepaired(dst, text []byte, ascii bool) []byte {
	if ascii || utf8.Valid(text) {
		return append(dst, text...)
	}

	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, r)
		text = text[size:]
	}

	return dst
}

// unescaped returns what the escape sequence of a backslash and c stands for.
func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default: // quote, backslash, slash
		return c
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// hexRune returns the rune of a valid escape sequence \uXXXX.
func hexRune(escape []byte) rune {
	var r rune
	for _, c := range escape[2:6] {
		r <<= 4

		switch {
		case c <= '9':
			r |= rune(c - '0')
		default:
			r |= rune(c|0x20-'a') + 10 // 0x20 makes lower case
		}
	}

	return r
}
