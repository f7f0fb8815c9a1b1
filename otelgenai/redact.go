package otelgenai

import (
	"fmt"

	"go.opentelemetry.io/otel"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// Redactor returns text with what must not be seen replaced. It gets one text at
// a time, reassembled and never a fragment of a stream: message texts, reasoning,
// refusals, tool arguments and results, tool descriptions and schemas, variables
// of prompts, transcripts, verdicts of moderations, media URIs, file names, names of
// participants, stop sequences, error messages, the path of the request's URL,
// names and descriptions of agents, and queries, texts, file names and metadata of searches.
// Identifiers are left
// alone: roles, models, finish reasons, names and ids of tools, ids of files.
//
// Of a text that is a JSON object or array, as tool arguments and schemas are, it gets
// each string, decoded, and what it returns is written back as a string: escapes hide
// nothing from it, and the text stays JSON. Strings that are JSON themselves are treated
// the same way. Names of members, numbers, true, false and null are left alone. What is
// not valid JSON, such as arguments that the model left half written, it gets as it is.
//
// It must be safe for concurrent use and may run on any goroutine, some time
// after the call. It fails closed: when it returns an error or panics, all
// content of that call is withheld, and the type of the error, not its text, is
// reported to OpenTelemetry's error handler.
type Redactor func(text string) (string, error)

// redaction applies a redactor and remembers the first failure.
type redaction struct {
	redact Redactor
	err    error
}

func (r *redaction) text(s *string) {
	if *s == "" || r.err != nil {
		return
	}
	if isJSON(*s) {
		*s = r.strings(*s)
		return
	}
	*s, r.err = r.call(*s)
}

func (r *redaction) call(text string) (redacted string, err error) {
	defer func() {
		if p := recover(); p != nil {
			redacted, err = "", fmt.Errorf("panic (%T)", p)
		}
	}()
	return r.redact(text)
}

// redactContent redacts the content of c, or withholds all of it.
func redactContent(c *record.Call, redact Redactor) {
	if redact == nil {
		return
	}
	r := redaction{redact: redact}
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
	for i := range c.Response.Moderations {
		r.text(&c.Response.Moderations[i].JSON)
	}
	if r.err != nil {
		withhold(c, semconv.ContentWithheldRedactorError)
		reportRedaction(r.err)
	}
}

// redactScalars redacts the texts that are recorded whether or not content is. It
// reports false when all content was withheld.
func redactScalars(c *record.Call, redact Redactor) bool {
	if redact == nil {
		return true
	}
	r := redaction{redact: redact}
	for i := range c.Request.StopSequences {
		r.text(&c.Request.StopSequences[i])
	}
	if c.Error != nil {
		r.text(&c.Error.Message)
	}
	r.text(&c.Path)
	r.text(&c.Agent.Description)
	if r.err == nil {
		return true
	}
	c.Request.StopSequences, c.Path = nil, ""
	withhold(c, semconv.ContentWithheldRedactorError)
	reportRedaction(r.err)
	return false
}

// redactName redacts a URL or a name, or leaves nothing of it.
func redactName(name string, redact Redactor) string {
	if redact == nil {
		return name
	}
	r := redaction{redact: redact}
	r.text(&name)
	if r.err != nil {
		reportRedaction(r.err)
		return ""
	}
	return name
}

// reportRedaction names the kind of the failure and not its text: many errors quote
// the input that they failed on.
func reportRedaction(err error) {
	otel.Handle(fmt.Errorf("genotel: content withheld, redactor failed: %T", err))
}

// withhold removes all content and leaves the shape: choices keep their finish
// reasons, and an error its identifiers.
func withhold(c *record.Call, reason string) {
	c.Request.System, c.Request.Messages, c.Request.Tools, c.Request.PromptVariables = nil, nil, nil, nil
	for i := range c.Response.Choices {
		c.Response.Choices[i].Message.Parts = nil
	}
	c.Retrieval.Queries, c.Retrieval.Documents = nil, nil
	for i := range c.Response.Moderations {
		c.Response.Moderations[i].JSON = ""
	}
	if c.Error != nil {
		c.Error.Message = ""
	}
	c.Agent.Description = ""
	c.Content.Withheld = reason
}

func (r *redaction) message(m *record.Message) {
	r.text(&m.Name)
	r.parts(m.Parts)
}

func (r *redaction) retrieval(found *record.Retrieval) {
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

func (r *redaction) parts(parts []record.Part) {
	for i, part := range parts {
		parts[i] = r.part(part)
	}
}

func (r *redaction) part(part record.Part) record.Part {
	switch p := part.(type) {
	case record.Text:
		r.text(&p.Content)
		return p
	case record.Reasoning:
		r.text(&p.Content)
		return p
	case record.Refusal:
		r.text(&p.Content)
		return p
	case record.ToolCall:
		r.text(&p.Arguments)
		return p
	case record.ToolResult:
		r.text(&p.Content)
		return p
	case record.ServerToolCall:
		r.text(&p.Content)
		return p
	case record.ServerToolResult:
		r.text(&p.Content)
		return p
	case record.Image:
		r.text(&p.URI)
		r.text(&p.Name)
		return p
	case record.Audio:
		r.text(&p.URI)
		r.text(&p.Name)
		r.text(&p.Transcript)
		return p
	case record.File:
		r.text(&p.URI)
		r.text(&p.Name)
		return p
	case record.Generic:
		r.text(&p.JSON)
		return p
	default:
		return part
	}
}
