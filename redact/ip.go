package redact

import (
	"net/netip"
	"strings"
)

// IP finds addresses of IP version 4 and 6. Those of one's own machine (127.0.0.1,
// ::1) and the unspecified one say nothing of anybody and stay.
func IP() Detector { return Detector{"ip", nextIP} }

// fewestMarks is how many dots and colons an address has at least, as ::1 does.
const fewestMarks = 2

// longestIP bounds an address, in bytes: eight groups of four, the last two as IPv4.
const longestIP = 45

func nextIP(text string, from int) (begin, end int) {
	for at := from; at < len(text); at++ {
		if !isOfIP(text[at]) {
			continue
		}
		end, marks := at, 0
		for ; end < len(text) && isOfIP(text[end]); end++ {
			if text[end] == '.' || text[end] == ':' {
				marks++
			}
		}
		if marks < fewestMarks {
			at = end
			continue
		}
		if begin, stop := address(text, at, end); begin < stop {
			return begin, stop
		}
		at = end - 1
	}
	return -1, -1
}

// address returns the address in a run of its characters, or nothing. Before it may
// stand a label, of which the last letters count as digits of an address, too; behind
// it the dot or colon of a sentence.
func address(text string, begin, end int) (from, to int) {
	to = end
	for to > begin && (text[to-1] == '.' || text[to-1] == ':' && !strings.HasSuffix(text[begin:to], "::")) {
		to--
	}
	from = afterMarks(text, begin, to)
	if isIP(text[from:to]) && !continuesWord(text, from, end) {
		return from, to
	}
	label := from
	for label < to && isLetter(text[label]) {
		label++
	}
	from = afterMarks(text, label, to)
	if from > label && isIP(text[from:to]) && !continuesWord(text, from, end) {
		return from, to
	}
	return 0, 0
}

// afterMarks skips dots, and a colon that is not the :: of an address.
func afterMarks(text string, at, end int) int {
	for at < end && (text[at] == '.' || text[at] == ':' && !strings.HasPrefix(text[at:end], "::")) {
		at++
	}
	return at
}

func isOfIP(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' || c == '.' || c == ':'
}

// isIP reports whether text is an address, and not a time of day or a number.
func isIP(text string) bool {
	if len(text) > longestIP || strings.Count(text, ".") != 3 && strings.Count(text, ":") < 2 {
		return false
	}
	if port := strings.LastIndexByte(text, ':'); port > 0 && strings.Count(text, ":") == 1 {
		text = text[:port]
	}
	address, err := netip.ParseAddr(text)
	return err == nil && !address.IsLoopback() && !address.IsUnspecified()
}
