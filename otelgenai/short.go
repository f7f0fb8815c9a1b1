package otelgenai

import "github.com/genotel/genotel/internal/runes"

// maxErrorText bounds texts of others in errors and events, in bytes. Providers
// echo whole prompts in error bodies.
const maxErrorText = 512

// short cuts text to maxErrorText on a rune boundary.
func short(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	return text[:runes.Fit(text, maxErrorText-len("…"))] + "…"
}
