package console

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestTextOfOthersIsMadeHarmless(t *testing.T) {
	for name, test := range map[string]struct{ text, want, ascii string }{
		"plain":                  {"Hello, world!", "Hello, world!", "Hello, world!"},
		"white space":            {" \n a\r\n\tb \u00a0\u2028\u3000c\u0085 ", "a b c", "a b c"},
		"escape sequence":        {"\x1b[31mred\x1b]0;title\x07", `\x1b[31mred\x1b]0;title\x07`, `\x1b[31mred\x1b]0;title\x07`},
		"control characters":     {"a\x00b\x08c\x7fd", `a\x00b\x08c\x7fd`, `a\x00b\x08c\x7fd`},
		"C1 control characters":  {"a\u009b31mb", `a\u009b31mb`, `a\u009b31mb`},
		"direction":              {"a\u202eb\u2066c\u200fd", `a\u202eb\u2066c\u200fd`, `a\u202eb\u2066c\u200fd`},
		"invisible":              {"a\u200bb\u00adc\ufeffd\U000e0041e", `a\u200bb\u00adc\ufeffd\U000e0041e`, `a\u200bb\u00adc\ufeffd\U000e0041e`},
		"private and unassigned": {"a\ue000b\U0001ffffc", `a\ue000b\U0001ffffc`, `a\ue000b\U0001ffffc`},
		"bytes that are no text": {"a\xffb\xc3", `a\xffb\xc3`, `a\xffb\xc3`},
		"the replacement":        {"a\ufffdb", "a\ufffdb", `a\ufffdb`},
		"letters":                {"ß é 日本", "ß é 日本", `\u00df \u00e9 \u65e5\u672c`},
		"family":                 {"👨\u200d👩\u200d👧!", "👨👩👧!", `\U0001f468\U0001f469\U0001f467!`},
		"skin tone":              {"👍🏽 🏽", "👍 🏽", `\U0001f44d\U0001f3fd \U0001f3fd`},
		"heart":                  {"❤\ufe0f\u200d🔥", "❤🔥", `\u2764\U0001f525`},
		"keycap":                 {"1\ufe0f\u20e3", "1\u20e3", `1\u20e3`},
		"joiners between letters": {
			"\u0915\u094d\u200d\u0937 \u0645\u200c\u0646", "\u0915\u094d\u200d\u0937 \u0645\u200c\u0646",
			`\u0915\u094d\u0937 \u0645\u0646`,
		},
		"many marks": {"e" + strings.Repeat("\u0301", 50) + "x", "e\u0301\u0301\u0301\u0301x", "e" + strings.Repeat(`\u0301`, 50) + "x"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, clean(test.text, false))
			assert.Equal(t, test.ascii, clean(test.text, true))
		})
	}
}

func TestOnlyTheBeginningOfALongTextIsLookedAt(t *testing.T) {
	long := clean(strings.Repeat("é", 1<<20), false)
	assert.Equal(t, strings.Repeat("é", maxTextBytes/2)+"…", long)
	assert.Equal(t, strings.Repeat("x", maxTextBytes)+"...", clean(strings.Repeat("x", 1<<20), true))
}

func TestWidthsAreThoseOfTheStandard(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "é": 1, "e\u0301": 1, "日本": 4, "ｱ": 1, "Ａ": 2, "한국": 4, "\u1112\u1161\u11ab": 2,
		"👩": 2, "❤": 1, "☕": 2, "🇩🇪": 2, "…": 1, "│": 1, "─": 1, "±": 1, "नमस्ते": 4, "שלום": 4, "\u200d": 0, "〜": 2, "。": 2,
	} {
		assert.Equal(t, want, width(text), "%q", text)
	}
	assert.Positive(t, checkScripts(t, 2, unicode.Han, unicode.Hiragana, unicode.Yi, unicode.Tangut, unicode.Bopomofo))
	assert.Positive(t, checkScripts(t, 1, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew,
		unicode.Devanagari, unicode.Thai, unicode.Georgian, unicode.Braille))
}

// checkScripts holds the table against the scripts of the standard library and returns
// the number of characters compared.
func checkScripts(t *testing.T, want int, scripts ...*unicode.RangeTable) (compared int) {
	t.Helper()
	for r := rune(0x300); r <= unicode.MaxRune; r++ {
		fullwidth := 0xFF01 <= r && r <= 0xFF60
		if fullwidth || !unicode.In(r, scripts...) || !unicode.IsLetter(r) {
			continue
		}
		compared++
		if got := runeWidth(r); got != want {
			t.Errorf("%U is %d wide, want %d", r, got, want)
		}
	}
	return compared
}

func TestACutTextHasRoomForItsEllipsis(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		columns int
		ascii   bool
		want    string
	}{
		"fits":             {"abc", 3, false, "abc"},
		"one too many":     {"abcd", 3, false, "ab…"},
		"ASCII":            {"abcdef", 5, true, "ab..."},
		"wide, half room":  {"日本語", 4, false, "日…"},
		"wide, whole room": {"日本語", 5, false, "日本…"},
		"marks stay":       {"e\u0301e\u0301e\u0301", 2, false, "e\u0301…"},
		"no blank before":  {"ab cd", 4, false, "ab…"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, cut(test.text, test.columns, test.ascii)) })
	}
}

func TestNumbersAreWrittenAsInTheSpecification(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.00 ms", 1240 * time.Millisecond: "1,240.00 ms", 999_999 * time.Microsecond: "1,000.00 ms",
		123 * time.Microsecond: "0.12 ms", 20 * time.Minute: "1,200,000.00 ms", -time.Second: "0.00 ms",
	} {
		assert.Equal(t, want, latency(d))
	}
	for d, want := range map[time.Duration]string{
		0: "0ms", 1240 * time.Millisecond: "1240ms", 600 * time.Microsecond: "1ms", -time.Second: "0ms",
	} {
		assert.Equal(t, want, milliseconds(d))
	}
}

func TestTheTerminalIsToldByTheEnvironment(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		want      bool
	}{
		"nothing":             {nil, false},
		"UTF-8":               {map[string]string{"LANG": "de_DE.UTF-8"}, false},
		"utf8":                {map[string]string{"LANG": "C.utf8"}, false},
		"Latin-1":             {map[string]string{"LANG": "de_DE.ISO-8859-1"}, true},
		"C":                   {map[string]string{"LANG": "C"}, true},
		"LC_ALL wins":         {map[string]string{"LC_ALL": "C", "LC_CTYPE": "C.UTF-8", "LANG": "C.UTF-8"}, true},
		"LC_CTYPE wins":       {map[string]string{"LC_CTYPE": "C.UTF-8", "LANG": "C"}, false},
		"dumb terminal":       {map[string]string{"TERM": "dumb", "LANG": "C.UTF-8"}, true},
		"any other, no color": {map[string]string{"TERM": "xterm-256color", "NO_COLOR": "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, wantsASCII(func(name string) string { return test.variables[name] }))
		})
	}
}

// columns measures a line without the code under test. It is not sure about
// characters outside of a few well-known scripts.
func columns(line string) (n int, sure bool) {
	for _, r := range line {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me), r == '\u200c', r == '\u200d':
		case r < 0x1100, unicode.In(r, unicode.Latin, unicode.Greek) && r < 0x3000, strings.ContainsRune("╭╮╰╯─│…", r):
			n++
		case unicode.In(r, unicode.Han, unicode.Hiragana) && unicode.IsLetter(r), 0xAC00 <= r && r <= 0xD7A3:
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}

func FuzzAPanelKeepsItsShape(f *testing.F) {
	for _, seed := range []string{
		"What is the capital of France?", "日本語 한국어 text", "e\u0301\u0301", "\x1b[2J\x9b\x00\r\n", "\u202e\u2066", "\xff\xfe",
		"👩🏽\u200d💻 ❤\ufe0f 🇩🇪", "\u200d\u0301", strings.Repeat("\u0301", 300), "│\n╰──", "\u0915\u094d\u200d\u0937",
	} {
		f.Add(seed, seed, false)
		f.Add("x"+seed, strings.Repeat(seed, 20), true)
	}
	f.Fuzz(func(t *testing.T, value, name string, ascii bool) {
		rows := []row{{"Prompt", value}, {"Model", name}, {"Environment", value + name}}
		text := paint(rows, "SUCCESS", []step{{name: name, detail: value, failed: true}, {name: "x", detail: name}}, ascii)
		if !utf8.ValidString(text) {
			t.Fatal("not UTF-8")
		}
		for _, r := range text {
			joins := r == '\u200c' || r == '\u200d'
			if r != '\n' && !joins && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
				t.Fatalf("%U in the output", r)
			}
			if ascii && r > unicode.MaxASCII {
				t.Fatalf("%U in ASCII output", r)
			}
		}
		lines := strings.Split(text, "\n")
		if len(lines) != 13 { // seven of the panel, an empty one, three of the table, an empty one, and what follows it
			t.Fatalf("%d lines:\n%s", len(lines), text)
		}
		for _, line := range lines[:7] {
			if got, sure := columns(line); sure && got != 66 {
				t.Errorf("%d columns: %q", got, line)
			}
			if got := width(line); got != 66 {
				t.Errorf("%d columns by our own count: %q", got, line)
			}
			if len(line) > 66*4*(1+maxMarks) {
				t.Errorf("%d bytes", len(line))
			}
		}
	})
}
