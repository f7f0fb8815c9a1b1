package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// answer decodes a response with choices, whole or streamed. The endpoints that
// generate text share it.
type answer struct {
	call *record.Call
	// wanted is set when somebody will ask for the messages.
	wanted   bool
	response []byte
	// sound is set when the whole response was.
	sound  bool
	stream chatStream
}

// Event implements [wire.Exchange].
func (a *answer) Event(data []byte) wire.Progress {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")) {
		a.stream.done = true
		return wire.Done
	}
	a.call.Stream.Chunks++
	if !a.stream.read(data, a.call, a.wanted) {
		return 0
	}
	a.call.Stream.ContentChunks++
	return wire.Generated
}

// Response implements [wire.Exchange].
func (a *answer) Response(body []byte) {
	a.sound = readResponse(body, a.call)
	if !a.sound && a.call.Error == nil {
		a.call.Error = &record.Error{Type: wire.DecodeError}
	}
	if a.wanted {
		a.response = body
	}
}

// Failure implements [wire.Exchange].
func (a *answer) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (a *answer) Finish() bool {
	if a.call.Stream.Chunks == 0 {
		return a.sound && len(a.call.Response.Choices) > 0
	}
	return a.stream.finish(a.call)
}

func (a *answer) retained() int { return len(a.response) + a.stream.kept }

func (a *answer) content(call *record.Call) {
	if a.response != nil {
		readResponseContent(a.response, call, a.stream.legacy)
	} else {
		a.stream.content(call)
	}
}
