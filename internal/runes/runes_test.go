package runes_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/runes"
)

func TestATextIsCutBetweenCharacters(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abc", 4, "abc"},
		{"abcd", 3, "abc"},
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"aé", 2, "a"},
		{"aé", 3, "aé"},
		{"😀x", 3, ""},
		{"😀x", 4, "😀"},
		{"\x80\x80\x80", 2, ""},
		{"\xff\xff", 1, "\xff"},
	} {
		assert.Equal(t, test.want, runes.Clip(test.text, test.limit), "%q to %d", test.text, test.limit)
		assert.Equal(t, len(test.want), runes.Fit(test.text, test.limit))
		assert.Equal(t, len(test.want), runes.Fit([]byte(test.text), test.limit))
	}
}

func TestNoCharacterOfAValidTextIsEverCut(t *testing.T) {
	text := strings.Repeat("aé€😀", 5)
	for limit := range len(text) {
		clipped := runes.Clip(text, limit)
		assert.True(t, utf8.ValidString(clipped))
		assert.True(t, strings.HasPrefix(text, clipped))
		assert.Less(t, limit-len(clipped), utf8.UTFMax, "no more is lost than must be")
	}
}
