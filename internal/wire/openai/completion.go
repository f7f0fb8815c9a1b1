package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Completion decodes one call of the completions endpoint, the elder sister of
// chat completions: prompts instead of messages, and choices of mere text.
type Completion struct {
	answer
	prompts inputs
}

var _ wire.Exchange = (*Completion)(nil)

// NewCompletion returns a decoder that fills call.
func NewCompletion(call *record.Call) *Completion {
	return &Completion{answer: answer{call: call, stream: chatStream{legacy: true}}}
}

// Request implements [wire.Exchange].
func (c *Completion) Request(body []byte, content bool) {
	c.wanted = content
	var prompts []byte
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		if string(key) == "prompt" {
			prompts = s.Raw()
			return true
		}
		readParameter(&s, string(key), &c.call.Request)
		return true
	})
	if content {
		c.prompts.keep(prompts)
	}
}

// Retained implements [wire.Exchange].
func (c *Completion) Retained() int { return c.prompts.retained() + c.retained() }

// Content implements [wire.Exchange].
func (c *Completion) Content(call *record.Call) {
	c.prompts.content(call)
	c.content(call)
}
