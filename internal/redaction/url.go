package redaction

import "strings"

// URL returns the redacted form of a URL, or of a path or query of one: as it is, and then
// with its escapes decoded, so that they hide nothing. It comes back decoded where that
// brought something to light.
func (r *Pass) URL(s string) string {
	r.url(&s)
	return s
}

func (r *Pass) url(s *string) {
	r.text(s)
	plain := unescaped(*s)
	clean := plain
	if plain != *s {
		r.text(&clean)
	}
	if clean != plain {
		*s = clean
	}
}

// unescaped decodes percent-encoding, and the blanks of queries. What is no escape stays,
// since many URLs are not well-formed.
func unescaped(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	plain := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			plain = append(plain, ' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			plain = append(plain, hex(s[i+1])<<4|hex(s[i+2]))
			i += 2
		default:
			plain = append(plain, s[i])
		}
	}
	return string(plain)
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

func hex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
