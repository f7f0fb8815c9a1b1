package genotel

import (
	"fmt"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
)

// Form is the vocabulary in which an endpoint gets the spans of model calls. How much of
// a conversation it gets is another question, see [OTLP.Content].
type Form uint8

const (
	// FormGenAI is that of OpenTelemetry's conventions, gen_ai.*: the spans as they are.
	FormGenAI Form = iota
	// FormOpenInference is that of Arize Phoenix. It is added to gen_ai.*, and takes the
	// place of what is on the span for LangSmith and Langtrace. Under [ContentDefault] it
	// has no content, and what is on the span stays there as gen_ai.*.
	FormOpenInference
)

// formed is a destination in the form it asks for.
func (c config) formed(d OTLP, to export.Destination) (destination, error) {
	plain := c.plain(d.Content, to)
	switch d.Form {
	case FormGenAI:
		return plain, nil
	case FormOpenInference:
		return plain.asOpenInference(), nil
	default:
		return destination{}, fmt.Errorf("%s: OTLP.Form: not one of the forms", d.Name)
	}
}

// asOpenInference is a plain destination in that form, under the same content policy.
func (d destination) asOpenInference() destination {
	d.form, d.sends, d.WantsRecord = openInferenceForm, "as OpenInference, "+d.sends, true
	if d.allows == allowsOnSpan {
		d.View = view(dialect.OpenInferenceScalarView())
		return d
	}
	shown := d.allows > allowsOnSpan
	d.View = view(dialect.OpenInferenceView(dialect.Content{Input: shown, Output: shown}))
	return d
}

// inOneForm gives two destinations of one receiver the form that one of them asks for.
func inOneForm(a, b destination) (destination, destination) {
	if a.form == "" && b.form == openInferenceForm {
		a = a.asOpenInference()
	}
	if b.form == "" && a.form == openInferenceForm {
		b = b.asOpenInference()
	}
	return a, b
}
