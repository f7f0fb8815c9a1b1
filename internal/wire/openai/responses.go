package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// APIResponses is the openai.api.type of responses.
const APIResponses = "responses"

// Responses decodes one call of the responses endpoint.
type Responses struct {
	// Background is told of a response that is not done when the call ends; it may be
	// nil.
	Background *Background

	call    *record.Call
	content bool

	request responsesRequest
	answer  responsesAnswer
	// sound is set when the whole response was.
	sound  bool
	stream responsesStream
}

var _ wire.Exchange = (*Responses)(nil)

// NewResponses returns a decoder that fills call.
func NewResponses(call *record.Call) *Responses { return &Responses{call: call} }

// Request implements [wire.Exchange].
func (r *Responses) Request(body []byte, content bool) {
	r.content = content
	r.request.read(body, r.call, content)
}

// Event implements [wire.Exchange].
func (r *Responses) Event(data []byte) wire.Progress {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")) {
		return wire.Done
	}
	r.call.Stream.Chunks++
	progress := r.stream.read(data, r.call, &r.answer, r.content)
	if progress.Has(wire.Generated) {
		r.call.Stream.ContentChunks++
	}
	return progress
}

// Response implements [wire.Exchange].
func (r *Responses) Response(body []byte) {
	r.sound = r.answer.read(body, r.call)
	if !r.sound && r.call.Error == nil {
		r.call.Error = &record.Error{Type: wire.DecodeError}
	}
	if r.content {
		r.answer.keep(body)
	}
}

// Failure implements [wire.Exchange].
func (r *Responses) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (r *Responses) Finish() (complete bool) {
	complete = r.finish()
	if r.answer.unfinished() {
		r.Background.began(r.call.Response.ID)
	}
	return complete
}

func (r *Responses) finish() (complete bool) {
	generated := r.answer.items > 0
	if r.call.Stream.Chunks > 0 {
		complete = r.stream.ended
		generated = generated || r.stream.output
		if r.answer.items == 0 {
			r.answer.pending = r.stream.pending
		}
	} else {
		complete = r.sound && (r.answer.status != "" || generated)
	}
	if complete {
		r.call.Response.Status = r.answer.status
	}
	if complete && r.answer.unfinished() {
		return true // it goes on in the background
	}
	if !generated && (!complete || r.answer.status == "") {
		return complete
	}
	choice := record.Choice{}
	if complete {
		choice.FinishReason = r.answer.finishReason()
	}
	r.call.Response.Choices = []record.Choice{choice}
	return complete
}

// Retained implements [wire.Exchange].
func (r *Responses) Retained() int {
	return r.request.retained() + r.answer.retained() + r.stream.kept
}

// Content implements [wire.Exchange].
func (r *Responses) Content(call *record.Call) {
	r.request.content(call)
	if len(call.Response.Choices) == 0 {
		return
	}
	message := record.Message{Role: "assistant"}
	var cut bool
	if r.answer.kept() {
		message.Parts, cut = r.answer.content()
	} else {
		message.Parts, cut = r.stream.content()
	}
	call.Response.Choices[0].Message = message
	call.Content.Truncated = call.Content.Truncated || cut
}
