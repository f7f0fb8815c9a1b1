package openai

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/runes"
)

// maxContent bounds the content that one side of a call, request or response,
// may hold in the record, in bytes. It is the size at which the strictest common
// backend limits a whole request.
const maxContent = 4 << 20

// maxItems bounds the messages, parts and tools of one side of a call: an item
// costs more in the record than on the wire.
const maxItems = 1 << 16

// maxNames bounds what names the items of one side of a call, such as roles and ids,
// in bytes. It has room of its own: a long text must not cost those behind it their
// roles.
const maxNames = 1 << 20

// budget hands out room for content.
type budget struct {
	left, names, items int
	cut                bool
}

func newBudget() *budget { return &budget{left: maxContent, names: maxNames, items: maxItems} }

// spent is the size of what was handed out by a budget from newBudget.
func (b *budget) spent() int { return maxContent - b.left + maxNames - b.names }

// elements enters a list and calls read for each element, which consumes it, as
// long as there is room for more.
func (b *budget) elements(s *jsonscan.Scanner, read func()) {
	if s.Kind() == jsonscan.Invalid { // nothing
		return
	}
	for ok := s.Array(); ok && s.Element(); {
		if s.Kind() == jsonscan.Invalid { // the end of JSON that is cut
			return
		}
		if b.items == 0 {
			b.cut = true
			s.Skip()
			continue
		}
		b.items--
		read()
	}
}

// text consumes a value and returns its text, cut when it exceeds the budget.
func (b *budget) text(s *jsonscan.Scanner) string {
	if s.Kind() != jsonscan.String {
		s.Skip()
		return ""
	}
	raw := s.Raw()
	if len(raw) < 2 {
		return ""
	}
	if len(raw)-2 > b.left {
		return b.prefix(raw[1 : len(raw)-1])
	}
	value := jsonscan.New(raw)
	decoded, _ := value.Text()
	return b.take(decoded) // to repair UTF-8 makes it longer
}

// name reads a short text, such as an id, of which there is nothing when there is no
// room for it.
func (b *budget) name(s *jsonscan.Scanner, into *string) {
	if v, ok := s.Text(); ok {
		*into = b.short(runes.Clip(v, maxIdentity))
		b.cut = b.cut || len(v) > maxIdentity
	}
}

// short takes a whole text, or nothing when there is no room for it.
func (b *budget) short(v string) string {
	if len(v) > b.names {
		b.cut = true
		return ""
	}
	b.names -= len(v)
	return v
}

// raw consumes a value and returns its JSON, or its beginning as mere text when
// it exceeds the budget.
func (b *budget) raw(s *jsonscan.Scanner) string {
	return b.take(validText(s.Raw()))
}

// take cuts text to what is left.
func (b *budget) take(text string) string {
	if len(text) <= b.left {
		b.left -= len(text)
		return text
	}
	kept := b.fitting(text)
	return b.spend(kept, len(text)-len(kept))
}

// prefix decodes as much of the inside of a JSON string as there is room for,
// without decoding the whole.
func (b *budget) prefix(inside []byte) string {
	end := 0
	for next := character(inside); next <= b.left; next += character(inside[end:]) {
		end = next
	}
	value := jsonscan.New(append(append([]byte{'"'}, inside[:end]...), '"'))
	decoded, _ := value.Text()
	return b.spend(b.fitting(decoded), len(inside)-end)
}

// character is the length of the first character of the inside of a JSON string,
// or of the escape that stands for it.
func character(inside []byte) int {
	const escape = len(`\u0000`)
	if inside[0] != '\\' {
		_, size := utf8.DecodeRune(inside)
		return size
	}
	if inside[1] != 'u' {
		return len(`\n`)
	}
	if utf16.DecodeRune(escaped(inside), escaped(inside[escape:])) != utf8.RuneError {
		return 2 * escape
	}
	return escape
}

// escaped is the rune of an escape with four digits, 0 when there is none.
func escaped(inside []byte) rune {
	if !bytes.HasPrefix(inside, []byte(`\u`)) {
		return 0
	}
	code, _ := strconv.ParseUint(string(inside[2:6]), 16, 16)
	return rune(code)
}

// fitting is the longest beginning of text for which there is room.
func (b *budget) fitting(text string) string {
	return text[:runes.Fit(text, b.left)]
}

func (b *budget) spend(kept string, cut int) string {
	b.left, b.cut = 0, true
	return fmt.Sprintf("%s…[%d bytes cut]", kept, cut)
}
