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
		// At the end of a sentence a dot or colon follows that is not the address's.
		begin, stop := at, end
		for stop > begin && (text[stop-1] == '.' || text[stop-1] == ':' && !strings.HasSuffix(text[:stop], "::")) {
			stop--
		}
		if isIP(text[begin:stop]) && !continuesWord(text, begin, end) {
			return begin, stop
		}
		at = end - 1
	}
	return -1, -1
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
