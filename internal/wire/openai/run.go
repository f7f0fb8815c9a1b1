package openai

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Run decodes one call that makes an assistant work on a thread.
type Run struct {
	call    *record.Call
	content bool

	request later[runContent]
	answer  runAnswer
	// sound is set when the whole response was.
	sound  bool
	stream runStream
}

var _ wire.Exchange = (*Run)(nil)

// NewRun returns a decoder that fills call.
func NewRun(call *record.Call) *Run {
	return &Run{
		call:    call,
		request: later[runContent]{read: readRunContent},
		answer:  runAnswer{calls: later[[]record.Part]{read: readRequiredAction}},
	}
}

// DescribeRun writes the thread that a URL names into the record.
func DescribeRun(call *record.Call, u *url.URL, _ []byte) {
	for rest, id := cutLast(strings.TrimSuffix(u.Path, "/")); rest != ""; {
		var word string
		if rest, word = cutLast(rest); word == "threads" {
			if id != "runs" {
				call.Request.ConversationID = pathID(id)
			}
			return
		}
		id = word
	}
}

// Request implements [wire.Exchange].
func (r *Run) Request(body []byte, content bool) {
	r.content = content
	req := &r.call.Request
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "assistant_id":
			text(&s, &r.call.Agent.ID)
		case "model":
			text(&s, &req.Model)
		case "stream":
			req.Stream, _ = s.Bool()
		case "temperature":
			float(&s, &req.Temperature)
		case "top_p":
			float(&s, &req.TopP)
		case "max_completion_tokens":
			integer(&s, &req.MaxTokens)
		case "reasoning_effort":
			text(&s, &req.ReasoningLevel)
		case "response_format":
			readFormat(&s, req)
		default:
			return false
		}
		return true
	})
	if content {
		r.request.keep(body)
	}
}

// Event implements [wire.Exchange].
func (r *Run) Event(data []byte) wire.Progress {
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
func (r *Run) Response(body []byte) {
	r.sound = r.answer.read(body, r.call, r.content)
	if !r.sound && r.call.Error == nil {
		r.call.Error = &record.Error{Type: wire.DecodeError}
	}
}

// Failure implements [wire.Exchange].
func (r *Run) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (r *Run) Finish() (complete bool) {
	if r.call.Stream.Chunks > 0 {
		complete = r.stream.ended
	} else {
		complete = r.sound && r.answer.status != ""
	}
	choice := record.Choice{}
	if complete {
		r.call.Response.Status = r.answer.status
		choice.FinishReason = r.answer.finishReason()
	}
	if choice.FinishReason != "" || r.stream.output {
		r.call.Response.Choices = []record.Choice{choice}
	}
	return complete
}

// Retained implements [wire.Exchange].
func (r *Run) Retained() int {
	return r.request.retained() + r.answer.calls.retained() + r.stream.kept
}

// Content implements [wire.Exchange].
func (r *Run) Content(call *record.Call) {
	asked, cut := r.request.get()
	call.Request.System, call.Request.Messages, call.Request.Tools = asked.system, asked.messages, asked.tools
	call.Content.Truncated = call.Content.Truncated || cut
	if len(call.Response.Choices) == 0 {
		return
	}
	parts, cutStream := r.stream.content()
	calls, cutCalls := r.answer.calls.get()
	call.Response.Choices[0].Message = record.Message{Role: "assistant", Parts: append(parts, calls...)}
	call.Content.Truncated = call.Content.Truncated || cutStream || cutCalls
}
