package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// APIChat is the openai.api.type of chat completions.
const APIChat = "chat_completions"

// Chat decodes one call of the chat completions endpoint.
type Chat struct {
	call    *record.Call
	content bool

	request  chatRequest
	response []byte
	// decoded is the size of the content of a response that was too large to be
	// kept as it came.
	decoded int
	// sound is set when the whole response was.
	sound  bool
	stream chatStream
}

var _ wire.Exchange = (*Chat)(nil)

// NewChat returns a decoder that fills call.
func NewChat(call *record.Call) *Chat { return &Chat{call: call} }

// Request implements [wire.Exchange].
func (c *Chat) Request(body []byte, content bool) {
	c.content = content
	c.request.read(body, c.call, content)
}

// Event implements [wire.Exchange].
func (c *Chat) Event(data []byte) wire.Progress {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")) {
		c.stream.done = true
		return wire.Done
	}
	c.call.Stream.Chunks++
	if !c.stream.read(data, c.call, c.content) {
		return 0
	}
	c.call.Stream.ContentChunks++
	return wire.Generated
}

// Response implements [wire.Exchange].
func (c *Chat) Response(body []byte) {
	c.sound = readResponse(body, c.call)
	if !c.sound && c.call.Error == nil {
		c.call.Error = &record.Error{Type: wire.DecodeError}
	}
	switch {
	case !c.content:
	case len(body) <= maxDeferred:
		c.response = body
	default:
		c.decoded = readResponseContent(body, c.call)
	}
}

// Failure implements [wire.Exchange].
func (c *Chat) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (c *Chat) Finish() bool {
	if c.call.Stream.Chunks == 0 {
		return c.sound && len(c.call.Response.Choices) > 0
	}
	return c.stream.finish(c.call)
}

// Retained implements [wire.Exchange].
func (c *Chat) Retained() int {
	return c.request.retained() + len(c.response) + c.decoded + c.stream.kept
}

// Content implements [wire.Exchange].
func (c *Chat) Content(call *record.Call) {
	c.request.content(call)
	switch {
	case call.Stream.Chunks > 0:
		c.stream.content(call)
	case c.response != nil:
		readResponseContent(c.response, call)
	}
}
