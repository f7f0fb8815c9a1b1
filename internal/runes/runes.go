// Package runes cuts texts at a size and never inside a character. Bounds on foreign
// text stand in many places, and each of them would cut for itself.
package runes

import (
	"strings"
	"unicode/utf8"
)

// Fit returns the length of the longest beginning of text that has at most limit
// bytes and ends between two characters.
func Fit[T ~string | ~[]byte](text T, limit int) int {
	end := min(max(limit, 0), len(text))
	for end > 0 && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return end
}

// Clip returns what fits of text. When that is less than all, it does not hold on to
// the rest.
func Clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.Clone(text[:Fit(text, limit)])
}
