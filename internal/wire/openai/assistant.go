package openai

import (
	"net/url"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Assistant decodes one call that makes an assistant.
type Assistant struct {
	call    *record.Call
	request later[runContent]
	sound   bool
}

var _ wire.Exchange = (*Assistant)(nil)

// NewAssistant returns a decoder that fills call.
func NewAssistant(call *record.Call) *Assistant {
	return &Assistant{call: call, request: later[runContent]{read: readRunContent}}
}

// DescribeAssistant writes the name of an assistant that is to be made into the
// record.
func DescribeAssistant(call *record.Call, _ *url.URL, body []byte) {
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		if string(key) != "name" {
			return false
		}
		call.Agent.Name = name(&s)
		return true
	})
}

// Request implements [wire.Exchange].
func (a *Assistant) Request(body []byte, content bool) {
	req := &a.call.Request
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "model":
			text(&s, &req.Model)
		case "name":
			if a.call.Agent.Name != "" { // known since the start
				return false
			}
			a.call.Agent.Name = name(&s)
		case "description":
			if !content {
				return false
			}
			a.call.Agent.Description = (&budget{left: maxDescription}).text(&s)
		case "temperature":
			float(&s, &req.Temperature)
		case "top_p":
			float(&s, &req.TopP)
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
		a.request.keep(body)
	}
}

// maxDescription bounds the description of an assistant, in bytes.
const maxDescription = 4 << 10

// Event implements [wire.Exchange]. The endpoint has no streams.
func (a *Assistant) Event([]byte) wire.Progress { return 0 }

// Response implements [wire.Exchange].
func (a *Assistant) Response(body []byte) {
	a.sound = readWhole(body, a.call, func(s *jsonscan.Scanner, key []byte) bool {
		switch string(key) {
		case "id":
			text(s, &a.call.Agent.ID)
		case "error":
			readInlineError(s, a.call)
		default:
			return false
		}
		return true
	})
}

// Failure implements [wire.Exchange].
func (a *Assistant) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (a *Assistant) Finish() (complete bool) { return a.sound && a.call.Agent.ID != "" }

// Retained implements [wire.Exchange].
func (a *Assistant) Retained() int { return a.request.retained() }

// Content implements [wire.Exchange].
func (a *Assistant) Content(call *record.Call) {
	asked, cut := a.request.get()
	call.Request.System, call.Request.Tools = asked.system, asked.tools
	call.Content.Truncated = call.Content.Truncated || cut
}
