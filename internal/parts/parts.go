// Package parts goes through the texts of messages: for who cuts, measures or redacts
// them a new kind of part must not be one more place to forget.
package parts

import "github.com/genotel/genotel/otelgenai/record"

// Visitor is what is done to the content of a part.
type Visitor struct {
	// Text is called for each text, JSON included.
	Text func(*string)
	// Media is called for what describes a picture, sound or file, and then Name for its
	// name; nil leaves names alone.
	Media func(*record.Media)
	Name  func(*string)
}

// All replaces each of parts by what v makes of it.
func (v Visitor) All(parts []record.Part) {
	for i, part := range parts {
		parts[i] = v.Part(part)
	}
}

// Part returns a part as v makes it. The one given stays as it is.
func (v Visitor) Part(part record.Part) record.Part {
	switch p := part.(type) {
	case record.Text:
		v.Text(&p.Content)
		return p
	case record.Reasoning:
		v.Text(&p.Content)
		return p
	case record.Refusal:
		v.Text(&p.Content)
		return p
	case record.ToolCall:
		v.Text(&p.Arguments)
		return p
	case record.ToolResult:
		v.Text(&p.Content)
		return p
	case record.ServerToolCall:
		v.Text(&p.Content)
		return p
	case record.ServerToolResult:
		v.Text(&p.Content)
		return p
	case record.Generic:
		v.Text(&p.JSON)
		return p
	case record.Image:
		v.media(&p.Media, &p.Name)
		return p
	case record.Audio:
		v.media(&p.Media, &p.Name)
		v.Text(&p.Transcript)
		return p
	case record.File:
		v.media(&p.Media, &p.Name)
		return p
	default:
		return part
	}
}

func (v Visitor) media(m *record.Media, name *string) {
	v.Media(m)
	if v.Name != nil {
		v.Name(name)
	}
}
