package redact

// IBAN finds bank accounts in the form of ISO 13616, alone or in groups of four, whose
// check digits are right (ISO 7064, MOD 97-10).
func IBAN() Detector { return Detector{"iban", nextIBAN} }

const (
	shortestIBAN = 15
	longestIBAN  = 34
	// groupOfIBAN is how many characters are written together.
	groupOfIBAN = 4
)

func nextIBAN(text string, from int) (begin, end int) {
	for at := from; at+shortestIBAN <= len(text); at++ {
		if !isCapital(text[at]) || !isCapital(text[at+1]) || !isDigit(text[at+2]) || !isDigit(text[at+3]) ||
			at > 0 && isWord(text[at-1]) {
			continue
		}
		if end := endOfIBAN(text, at); end > 0 {
			return at, end
		}
	}
	return -1, -1
}

// endOfIBAN returns the end of the longest account that begins here, 0 when none does:
// in groups, a word in capitals may follow.
func endOfIBAN(text string, begin int) (end int) {
	remainder, count := 0, 0
	// The check is over the account without its first four, followed by them.
	head := text[begin : begin+groupOfIBAN]
	for at := begin + groupOfIBAN; at < len(text) && count < longestIBAN-groupOfIBAN; at++ {
		c := text[at]
		if gap := blankAt(text, at); gap > 0 && count%groupOfIBAN == 0 && isWord(text[at-1]) {
			at += gap - 1
			continue
		}
		if !isDigit(c) && !isCapital(c) {
			break
		}
		remainder = checkOf(remainder, c)
		count++
		whole := at+1 == len(text) || !isWord(text[at+1])
		if whole && count+groupOfIBAN >= shortestIBAN && closesIBAN(remainder, head) {
			end = at + 1
		}
	}
	return end
}

func closesIBAN(remainder int, head string) bool {
	for i := range len(head) {
		remainder = checkOf(remainder, head[i])
	}
	return remainder == 1
}

// checkOf appends a character to the number that is taken modulo 97: a letter stands
// for two digits, from A for 10.
func checkOf(remainder int, c byte) int {
	if isDigit(c) {
		return (remainder*10 + int(c-'0')) % 97
	}
	return (remainder*100 + int(c-'A') + 10) % 97
}

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }
