package redact

import "strings"

// Email finds e-mail addresses: a local part of letters, digits and .!#$%&'*+/=?^_`{|}~-
// (RFC 5322 without quotes), and a domain whose last label is of letters.
func Email() Detector { return Detector{"email", nextEmail} }

func nextEmail(text string, from int) (begin, end int) {
	for at := from; ; {
		n := strings.IndexByte(text[at:], '@')
		if n < 0 {
			return -1, -1
		}
		at += n
		begin = at
		for begin > from && isLocal(text[begin-1]) {
			begin--
		}
		for begin < at && text[begin] == '.' {
			begin++
		}
		end = endOfDomain(text, at+1)
		if begin < at && end > 0 {
			return begin, end
		}
		at++
	}
}

// endOfDomain returns the end of a domain name with a dot, and 0 when there is none.
func endOfDomain(text string, begin int) (end int) {
	label := begin
	for at := begin; ; at++ {
		if at < len(text) && (isAlphanumeric(text[at]) || text[at] == '-' || text[at] >= 0x80) {
			continue
		}
		if at == label {
			return end
		}
		if label > begin && at-label >= 2 && !strings.ContainsAny(text[label:at], "0123456789-") {
			end = at
		}
		if at == len(text) || text[at] != '.' {
			return end
		}
		label = at + 1
	}
}

func isLocal(c byte) bool {
	return isAlphanumeric(c) || c >= 0x80 || strings.IndexByte(".!#$%&'*+/=?^_`{|}~-", c) >= 0
}

func isAlphanumeric(c byte) bool { return isDigit(c) || isLetter(c) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
