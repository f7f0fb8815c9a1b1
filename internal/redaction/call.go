package redaction

import (
	"slices"

	"github.com/genotel/genotel/internal/parts"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// Call returns a copy of a finished record with all its texts redacted, or with all
// content withheld. The record itself is shared and stays as it is; so does what the
// copy shares with it.
func Call(finished *record.Call, redact Func) *record.Call {
	c := Clone(finished)
	c.Agent.Name = Name(c.Agent.Name, redact)
	if Scalars(c, redact) {
		Content(c, redact)
	}
	return c
}

// Clone copies c with everything that redacting or withholding changes.
func Clone(c *record.Call) *record.Call {
	own := *c
	own.Request.StopSequences = slices.Clone(c.Request.StopSequences)
	own.Request.PromptVariables = slices.Clone(c.Request.PromptVariables)
	own.Request.System = slices.Clone(c.Request.System)
	own.Request.Tools = slices.Clone(c.Request.Tools)
	own.Request.Messages = slices.Clone(c.Request.Messages)
	for i := range own.Request.Messages {
		own.Request.Messages[i].Parts = slices.Clone(own.Request.Messages[i].Parts)
	}
	own.Response.Moderations = slices.Clone(c.Response.Moderations)
	own.Response.Choices = slices.Clone(c.Response.Choices)
	for i := range own.Response.Choices {
		own.Response.Choices[i].Message.Parts = slices.Clone(own.Response.Choices[i].Message.Parts)
	}
	own.Retrieval.Queries = slices.Clone(c.Retrieval.Queries)
	own.Retrieval.Documents = slices.Clone(c.Retrieval.Documents)
	if c.Error != nil {
		err := *c.Error
		own.Error = &err
	}
	return &own
}

// Content redacts the content of c, or withholds all of it.
func Content(c *record.Call, redact Func) {
	if redact == nil {
		return
	}
	r := Pass{redact: redact}
	for i := range c.Request.PromptVariables {
		r.text(&c.Request.PromptVariables[i].Value)
	}
	r.parts(c.Request.System)
	for i := range c.Request.Messages {
		r.message(&c.Request.Messages[i])
	}
	for i := range c.Request.Tools {
		r.text(&c.Request.Tools[i].Description)
		r.text(&c.Request.Tools[i].Parameters)
	}
	for i := range c.Response.Choices {
		r.message(&c.Response.Choices[i].Message)
	}
	r.retrieval(&c.Retrieval)
	r.text(&c.Step.Input)
	r.text(&c.Step.Output)
	for i := range c.Response.Moderations {
		r.text(&c.Response.Moderations[i].JSON)
	}
	if r.err != nil {
		Withhold(c, semconv.ContentWithheldRedactorError)
		Report(r.err)
	}
}

// Scalars redacts the texts that are recorded whether or not content is. It
// reports false when all content was withheld.
func Scalars(c *record.Call, redact Func) bool {
	if redact == nil {
		return true
	}
	r := Pass{redact: redact}
	for i := range c.Request.StopSequences {
		r.text(&c.Request.StopSequences[i])
	}
	if c.Error != nil {
		r.text(&c.Error.Message)
	}
	r.url(&c.Path)
	r.text(&c.Agent.Description)
	r.text(&c.Step.Tool.Description)
	if r.err == nil {
		return true
	}
	c.Request.StopSequences, c.Path = nil, ""
	Withhold(c, semconv.ContentWithheldRedactorError)
	Report(r.err)
	return false
}

// Name redacts a name, or leaves nothing of it.
func Name(name string, redact Func) string { return alone(name, redact, (*Pass).Text) }

// URL redacts a URL, or leaves nothing of it.
func URL(url string, redact Func) string { return alone(url, redact, (*Pass).URL) }

func alone(text string, redact Func, apply func(*Pass, string) string) string {
	if redact == nil {
		return text
	}
	r := NewPass(redact)
	text = apply(r, text)
	if r.err != nil {
		Report(r.err)
		return ""
	}
	return text
}

// Withhold removes all content and leaves the shape: choices keep their finish
// reasons, and an error its identifiers.
func Withhold(c *record.Call, reason string) {
	c.Request.System, c.Request.Messages, c.Request.Tools, c.Request.PromptVariables = nil, nil, nil, nil
	for i := range c.Response.Choices {
		c.Response.Choices[i].Message.Name, c.Response.Choices[i].Message.Parts = "", nil
	}
	c.Retrieval.Queries, c.Retrieval.Documents = nil, nil
	c.Step.Input, c.Step.Output, c.Step.Tool.Description = "", "", ""
	for i := range c.Response.Moderations {
		c.Response.Moderations[i].JSON = ""
	}
	if c.Error != nil {
		c.Error.Message = ""
	}
	c.Agent.Description = ""
	c.Content.Withheld = reason
}

func (r *Pass) message(m *record.Message) {
	r.text(&m.Name)
	r.parts(m.Parts)
}

func (r *Pass) retrieval(found *record.Retrieval) {
	for i := range found.Queries {
		r.text(&found.Queries[i])
	}
	for i := range found.Documents {
		d := &found.Documents[i]
		r.text(&d.Name)
		r.text(&d.Content)
		r.text(&d.Metadata)
	}
}

// parts redacts the texts, links and names of parts.
func (r *Pass) parts(all []record.Part) {
	parts.Visitor{Text: r.text, Media: func(m *record.Media) { r.url(&m.URI) }, Name: r.text}.All(all)
}
