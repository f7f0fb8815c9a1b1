package openai

import (
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// APIChat is the openai.api.type of chat completions.
const APIChat = "chat_completions"

// Chat decodes one call of the chat completions endpoint.
type Chat struct {
	answer
	request chatRequest
}

var _ wire.Exchange = (*Chat)(nil)

// NewChat returns a decoder that fills call.
func NewChat(call *record.Call) *Chat { return &Chat{answer: answer{call: call}} }

// Request implements [wire.Exchange].
func (c *Chat) Request(body []byte, content bool) {
	c.wanted = content
	c.request.read(body, c.call, content)
}

// Retained implements [wire.Exchange].
func (c *Chat) Retained() int { return c.request.retained() + c.retained() }

// Content implements [wire.Exchange].
func (c *Chat) Content(call *record.Call) {
	c.request.content(call)
	c.content(call)
}
