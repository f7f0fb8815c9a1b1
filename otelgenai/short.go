package otelgenai

import "unicode/utf8"

// maxErrorText bounds texts of others in errors and events, in bytes. Providers
// echo whole prompts in error bodies.
const maxErrorText = 512

// short cuts text to maxErrorText on a rune boundary.
func short(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	cut := maxErrorText - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
