package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Decision decodes one call that has a model answer questions about an input with
// a choice or a number.
type Decision struct {
	call    *record.Call
	content bool

	request later[[]record.Message]
	answers later[[]record.Part]
	count   int
	sound   bool
}

var _ wire.Exchange = (*Decision)(nil)

// NewDecision returns a decoder that fills call.
func NewDecision(call *record.Call) *Decision {
	return &Decision{
		call:    call,
		request: later[[]record.Message]{read: readQuestions},
		answers: later[[]record.Part]{read: readObjects},
	}
}

// Request implements [wire.Exchange].
func (d *Decision) Request(body []byte, content bool) {
	d.content = content
	s := jsonscan.New(body)
	textMember(&s, "model", &d.call.Request.Model)
	if content {
		d.request.keep(body)
	}
}

// readQuestions reads the input, and the questions as one more message.
func readQuestions(body []byte, b *budget) (messages []record.Message) {
	var questions []record.Part
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "input":
			messages = readInput(&s, b)
		case "questions":
			questions = readObjects(s.Raw(), b)
		default:
			return false
		}
		return true
	})
	if len(questions) > 0 {
		messages = append(messages, record.Message{Role: "user", Parts: questions})
	}
	return messages
}

// readObjects reads a list of objects with a type.
func readObjects(raw []byte, b *budget) (parts []record.Part) {
	s := jsonscan.New(raw)
	b.elements(&s, func() {
		if s.Kind() != jsonscan.Object {
			s.Skip()
			return
		}
		raw := s.Raw()
		inner := jsonscan.New(raw)
		parts = append(parts, record.Generic{Type: b.short(partType(raw)), JSON: plainJSON(&inner, b)})
	})
	return parts
}

// Event implements [wire.Exchange]. The endpoint has no streams.
func (d *Decision) Event([]byte) wire.Progress { return 0 }

// Response implements [wire.Exchange].
func (d *Decision) Response(body []byte) {
	d.sound = readWhole(body, d.call, func(s *jsonscan.Scanner, key []byte) bool {
		switch string(key) {
		case "id":
			lastText(s, &d.call.Response.ID)
		case "model":
			lastText(s, &d.call.Response.Model)
		case "usage":
			readResponsesUsage(s, &d.call.Usage)
		case "error":
			readInlineError(s, d.call)
		case "answers":
			d.readAnswers(s.Raw())
		default:
			return false
		}
		return true
	})
}

func (d *Decision) readAnswers(raw []byte) {
	s := jsonscan.New(raw)
	for ok := s.Kind() == jsonscan.Array && s.Array(); ok && s.Element(); d.count++ {
		s.Skip()
	}
	if d.content {
		d.answers.keep(raw)
	}
}

// Failure implements [wire.Exchange].
func (d *Decision) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange]. The protocol has no finish reason: answers
// come whole or not at all.
func (d *Decision) Finish() (complete bool) {
	if d.count == 0 {
		return false
	}
	choice := record.Choice{}
	if d.sound {
		choice.FinishReason = "stop"
	}
	d.call.Response.Choices = []record.Choice{choice}
	return d.sound
}

// Retained implements [wire.Exchange].
func (d *Decision) Retained() int { return d.request.retained() + d.answers.retained() }

// Content implements [wire.Exchange].
func (d *Decision) Content(call *record.Call) {
	var cutRequest, cutAnswers bool
	call.Request.Messages, cutRequest = d.request.get()
	if len(call.Response.Choices) > 0 {
		message := record.Message{Role: "assistant"}
		message.Parts, cutAnswers = d.answers.get()
		call.Response.Choices[0].Message = message
	}
	call.Content.Truncated = call.Content.Truncated || cutRequest || cutAnswers
}
