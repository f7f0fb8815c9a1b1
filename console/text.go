package console

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/genotel/genotel/internal/runes"
)

const (
	// maxTextBytes is what is looked at of a text. A line has room for far less.
	maxTextBytes = 4 << 10
	// maxMarks are the combining marks that a character may have. Some scripts need
	// three; more would make a short line of any number of bytes.
	maxMarks = 4
)

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	textStyle          = '\ufe0e'
	emojiStyle         = '\ufe0f'
)

// cleaner makes text that somebody else wrote fit for a terminal.
type cleaner struct {
	ascii bool

	out   strings.Builder
	last  rune // the last one written, 0 at the beginning and after an escape
	marks int  // combining marks since the last other character
}

// clean returns text as one line that says nothing to a terminal but what it shows.
// White space becomes a blank. Control and format characters, and what has no known
// picture, are escaped as in Go. What joins or styles emoji is left out, because
// terminals do not agree on the width of the result: a family becomes its members.
func clean(text string, ascii bool) string {
	c := cleaner{ascii: ascii}
	text = strings.TrimSpace(text)
	end := runes.Fit(text, maxTextBytes)
	shortened := end < len(text)
	text = text[:end]
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&c.out, `\x%02x`, text[0])
			c.last = 0
		} else {
			c.write(r)
		}
		text = text[size:]
	}
	if shortened {
		c.out.WriteString(ellipsis(ascii))
	}
	return strings.TrimRight(c.out.String(), " ")
}

func (c *cleaner) write(r rune) {
	switch {
	case unicode.IsSpace(r):
		if c.last != ' ' && c.out.Len() > 0 {
			c.keep(' ')
		}
	case r == textStyle || r == emojiStyle || c.isSkinTone(r):
		// left out
	case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
		if !c.ascii && (unicode.IsLetter(c.last) || unicode.IsMark(c.last)) {
			c.mark(r)
		}
	case !unicode.IsGraphic(r) || c.ascii && r > unicode.MaxASCII:
		c.escape(r)
	case unicode.In(r, unicode.Mn, unicode.Me):
		c.mark(r)
	default:
		c.keep(r)
	}
}

// isSkinTone reports whether r colors the emoji before it.
func (c *cleaner) isSkinTone(r rune) bool {
	return 0x1F3FB <= r && r <= 0x1F3FF && unicode.Is(unicode.So, c.last)
}

func (c *cleaner) keep(r rune) {
	c.out.WriteRune(r)
	c.last, c.marks = r, 0
}

func (c *cleaner) mark(r rune) {
	c.marks++
	if c.marks <= maxMarks {
		c.out.WriteRune(r)
		c.last = r
	}
}

func (c *cleaner) escape(r rune) {
	switch {
	case r < 0x80:
		fmt.Fprintf(&c.out, `\x%02x`, r)
	case r <= 0xFFFF:
		fmt.Fprintf(&c.out, `\u%04x`, r)
	default:
		fmt.Fprintf(&c.out, `\U%08x`, r)
	}
	c.last, c.marks = 0, 0
}

// ellipsis stands where text was cut.
func ellipsis(ascii bool) string {
	if ascii {
		return "..."
	}
	return "…"
}

// width is the number of columns that clean text takes up.
func width(text string) int {
	columns := 0
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), isJamo(r):
		return 0
	case unicode.Is(wide, r):
		return 2
	default:
		return 1
	}
}

// isJamo reports whether r is a vowel or a final consonant that joins the Hangul
// syllable before it.
func isJamo(r rune) bool { return 0x1160 <= r && r <= 0x11FF || 0xD7B0 <= r && r <= 0xD7FF }

// cut returns clean text of at most columns columns, with an ellipsis where some is
// missing.
func cut(text string, columns int, ascii bool) string {
	if width(text) <= columns {
		return text
	}
	dots := ellipsis(ascii)
	room := columns - width(dots)
	for i, r := range text {
		if room -= runeWidth(r); room < 0 {
			return strings.TrimRight(text[:i], " ") + dots
		}
	}
	return text // not reached: it is too wide
}

// pad fills text with blanks up to columns.
func pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-width(text)))
}

// padLeft puts the blanks before it.
func padLeft(text string, columns int) string {
	return strings.Repeat(" ", max(0, columns-width(text))) + text
}
