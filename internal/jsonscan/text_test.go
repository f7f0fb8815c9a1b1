package jsonscan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/jsonscan"
)

func TestTextIsDecodedAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()

	for _, literal := range []string{
		`""`, `"a"`, `"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u20AC\uFFFF\u0000"`, `"\ud83d\ude00"`, `"\uD83D\uDE00x"`,
		`"\ud83d"`, `"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"\ude00\ud83d"`, `"\ude00"`, `"\ud83d\ude0"`,
		"\"\xff\"", "\"a\xc3\"", "\"\xc3\\n\xa9\"", "\"\xed\xa0\x80\"", "\"\xf0\x9f\x98\"", "\"\xf0\x9f\x98\x80\"", "\"\xc0\x80\"",
		"\"\u2028\u2029\ufeff\ufffd\"", `"` + strings.Repeat("é\\n", 100) + `"`,
	} {
		var want string
		valid := json.Unmarshal([]byte(literal), &want) == nil

		s := jsonscan.NewString(literal)
		got, ok := s.Text()
		require.Equal(t, valid, ok, "%q", literal)
		assert.Equal(t, want, got, "%q", literal)

		s = jsonscan.NewString(literal)
		appended, ok := s.TextBytes([]byte("before "))
		require.Equal(t, valid, ok, "%q", literal)
		assert.Equal(t, "before "+want, string(appended), "%q", literal)

		s = jsonscan.NewString(`{` + literal + `:1}`)
		s.Object()
		key, ok := s.Field()
		require.Equal(t, valid, ok, "%q", literal)
		assert.Equal(t, want, string(key), "%q", literal)
	}
}

func TestIndexSpecialFindsEveryByteAtEveryPlace(t *testing.T) {
	t.Parallel()

	for c := range 256 {
		special := c < 0x20 || c == '"' || c == '\\'

		for _, size := range []int{1, 7, 8, 9, 17} {
			for at := range size {
				for _, filler := range []string{"a", " ", "!", "#", "[", "]", "\x7f", "\xff", "\x80", "\xa2", "\xdc", "\x9f"} {
					text := []byte(strings.Repeat(filler, size))
					text[at] = byte(c)

					want := size
					if special {
						want = at
					}
					wantASCII := strings.IndexFunc(string(text[:want]), func(r rune) bool { return r >= 0x80 }) < 0

					got, ascii := jsonscan.IndexSpecial(text, 0)
					if got != want || ascii != wantASCII {
						t.Fatalf("IndexSpecial(%q) = %d, %v, want %d, %v", text, got, ascii, want, wantASCII)
					}
				}
			}
		}
	}

	from, ascii := jsonscan.IndexSpecial("\"\xff_\"", 2)
	assert.True(t, from == 3 && ascii, "nothing before the place is looked at")
	empty, ascii := jsonscan.IndexSpecial("", 0)
	assert.True(t, empty == 0 && ascii)
}
