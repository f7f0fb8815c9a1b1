// Package redact has ready-made redactors for prompts and answers: e-mail and IP
// addresses, payment cards, bank accounts, keys and tokens.
//
//	otelopenai.WithTracing(otelgenai.WithRedactor(redact.New(redact.All()...)))
//
// The detectors go by form and checksum, so that a text without secrets stays what
// it is: a long number is a card only when its check digit is right. They find what
// looks like what it is; a name, a street or a diagnosis has no form, and no detector
// of this kind finds it. They work on whole texts, which is what genotel gives a
// redactor, and in time linear in the text.
//
// The package knows strings and nothing of telemetry, so it serves logs as well.
package redact

// Detector finds one kind of text that must not be seen.
type Detector struct {
	label string
	// next returns the first place at or after from, begin < 0 when there is none.
	next func(text string, from int) (begin, end int)
}

// String returns the name of what is found, as it stands between brackets in its
// place.
func (d Detector) String() string { return d.label }

// All returns all detectors.
func All() []Detector {
	return []Detector{PEM(), JWT(), Key(), IBAN(), Card(), Email(), IP()}
}

// New returns a function that puts the name of what was found, such as [email], in
// the place of everything that a detector finds. Where two overlap, one name stands
// for both: that of the place that begins first, or else of the first detector. The function never returns an error, and is safe for
// concurrent use.
func New(detectors ...Detector) func(text string) (string, error) {
	return func(text string) (string, error) {
		return redact(text, detectors), nil
	}
}

// match is the next place of one detector.
type match struct{ begin, end int }

func redact(text string, detectors []Detector) string {
	ahead := make([]match, len(detectors))
	for i := range detectors {
		ahead[i].begin, ahead[i].end = detectors[i].next(text, 0)
	}
	var clean []byte
	at := 0
	for {
		first := earliest(ahead)
		if first < 0 {
			break
		}
		clean = append(clean, text[at:ahead[first].begin]...)
		clean = append(append(append(clean, '['), detectors[first].label...), ']')
		at = endOfOverlap(ahead, first)
		for i := range ahead {
			if ahead[i].begin >= 0 && ahead[i].begin < at {
				ahead[i].begin, ahead[i].end = detectors[i].next(text, at)
			}
		}
	}
	if at == 0 {
		return text
	}
	return string(append(clean, text[at:]...))
}

// earliest returns which match comes first, -1 when there is none.
func earliest(ahead []match) int {
	first := -1
	for i, m := range ahead {
		if m.begin >= 0 && (first < 0 || m.begin < ahead[first].begin) {
			first = i
		}
	}
	return first
}

// endOfOverlap returns the end of the first match and of all that overlap with it. No
// detector then looks at a place again that it has found, so that the work is linear
// however the places of several lie.
func endOfOverlap(ahead []match, first int) (end int) {
	end = ahead[first].end
	for grown := true; grown; {
		grown = false
		for _, m := range ahead {
			if m.begin >= 0 && m.begin < end && m.end > end {
				end, grown = m.end, true
			}
		}
	}
	return end
}
