package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Email finds e-mail addresses: a local part of digits, .!#$%&'*+/=?^_`{|}~- (RFC 5322
// without quotes) and letters of the Latin, Greek and Cyrillic scripts, and a domain
// whose last label is of letters. In scripts without blanks between words a local part
// has no beginning that could be told; domains are of any script.
func Email() Detector { return Detector{"email", nextEmail} }

// Bounds of RFC 5321, in bytes. Of what is longer, this much is taken.
const (
	longestLocal  = 64
	longestDomain = 255
)

func nextEmail(text string, from int) (begin, end int) {
	for at := from; ; {
		n := strings.IndexByte(text[at:], '@')
		if n < 0 {
			return -1, -1
		}
		at += n
		begin = beginOfLocal(text, max(from, at-longestLocal), at)
		end = endOfDomain(text[:min(len(text), at+1+longestDomain)], at+1)
		if begin < at && end > 0 {
			return begin, end
		}
		at++
	}
}

// beginOfLocal returns where the local part before the sign begins, which is at the
// sign when there is none.
func beginOfLocal(text string, least, sign int) (begin int) {
	begin = sign
	for begin > least {
		r, size := utf8.DecodeLastRuneInString(text[least:begin])
		if !isLocal(r) {
			break
		}
		begin -= size
	}
	for begin < sign && text[begin] == '.' {
		begin++
	}
	return begin
}

// endOfDomain returns the end of a domain name with a dot, and 0 when there is none.
func endOfDomain(text string, begin int) (end int) {
	for label := begin; ; label++ {
		after := endOfLabel(text, label)
		if after == label {
			return end
		}
		if top := endOfTop(text[:after], label); label > begin && top > 0 {
			end = top
		}
		if after == len(text) || text[after] != '.' {
			return end
		}
		label = after
	}
}

// endOfLabel returns the end of letters, digits and hyphens.
func endOfLabel(text string, begin int) int {
	for i, r := range text[begin:] {
		if r != '-' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) || r == utf8.RuneError {
			return begin + i
		}
	}
	return len(text)
}

// endOfTop returns the end of a top-level domain, 0 when the label cannot be one. It
// is of ASCII, perhaps in the coding of IDNA, or has none: behind com, a sentence in a script without blanks goes on.
func endOfTop(text string, label int) int {
	if strings.HasPrefix(text[label:], "xn--") {
		return len(text)
	}
	at := label
	for at < len(text) && isLetter(text[at]) {
		at++
	}
	if at < len(text) && (at == label || text[at] < utf8.RuneSelf) {
		if at > label || strings.ContainsAny(text[label:], "0123456789-") {
			return 0
		}
		at = len(text)
	}
	if at-label < 2 {
		return 0
	}
	return at
}

func isLocal(r rune) bool {
	if r >= utf8.RuneSelf {
		return unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic)
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".!#$%&'*+/=?^_`{|}~-", r)
}

func isAlphanumeric(c byte) bool { return isDigit(c) || isLetter(c) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
