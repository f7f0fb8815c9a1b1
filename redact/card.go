package redact

import "strings"

// Card finds numbers of payment cards: 13 to 19 digits, alone or in groups that one
// blank, no-break space or hyphen divides, that begin with 2 to 6 and have the right check digit
// (ISO/IEC 7812, Luhn).
func Card() Detector { return Detector{"card", nextCard} }

const (
	shortestCard = 13
	longestCard  = 19
)

func nextCard(text string, from int) (begin, end int) {
	for at := from; at < len(text); at++ {
		if !isDigit(text[at]) || at > 0 && (isWord(text[at-1]) || text[at-1] == '.') {
			continue
		}
		if end := endOfCard(text, at); end > 0 {
			return at, end
		}
	}
	return -1, -1
}

// endOfCard returns the end of the longest card that begins here, 0 when none does:
// other numbers may follow, such as the date of expiry.
func endOfCard(text string, begin int) (end int) {
	var room [longestCard]byte
	digits := room[:0]
	for at := begin; at < len(text); at++ {
		c := text[at]
		if gap := blankAt(text, at); (gap > 0 || c == '-') && isDigit(text[at-1]) {
			at += max(gap, 1) - 1
			continue
		}
		if !isDigit(c) || len(digits) == longestCard {
			break
		}
		digits = append(digits, c-'0')
		if whole := at+1 == len(text) || !isWord(text[at+1]); whole && isCard(digits) {
			end = at + 1
		}
	}
	return end
}

func isCard(digits []byte) bool {
	if len(digits) < shortestCard || len(digits) > longestCard || digits[0] < 2 || digits[0] > 6 {
		return false
	}
	sum := 0
	for i, digit := range digits {
		value := int(digit)
		if (len(digits)-i)%2 == 0 {
			if value *= 2; value > 9 {
				value -= 9
			}
		}
		sum += value
	}
	return sum%10 == 0
}

// continuesWord reports whether the place is a part of a longer word, as digits in an
// identifier or a fraction are.
func continuesWord(text string, begin, end int) bool {
	return begin > 0 && isWord(text[begin-1]) || end < len(text) && isWord(text[end])
}

// isWord reports whether a word goes on with c. Characters beyond ASCII are none of the
// word's: quotes and dashes, or text in a script that puts no blanks between words.
func isWord(c byte) bool { return isAlphanumeric(c) || c == '_' }

// blankAt returns how many bytes the blank at a place has, 0 when there is none.
func blankAt(text string, at int) int {
	const noBreakSpace = "\u00a0"
	switch {
	case text[at] == ' ':
		return 1
	case strings.HasPrefix(text[at:], noBreakSpace):
		return len(noBreakSpace)
	default:
		return 0
	}
}
