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
	// decoded is the size of the content of a response that was too large to be
	// kept as it came.
	decoded int
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
	a.sound = readResponse(body, a.call, &a.stream.from)
	if !a.sound && a.call.Error == nil {
		a.call.Error = &record.Error{Type: wire.DecodeError}
	}
	switch {
	case !a.wanted:
	case len(body) <= maxDeferred:
		a.response = body
	default:
		a.decoded = readResponseContent(body, a.call, a.stream.legacy)
	}
}

// Failure implements [wire.Exchange].
func (a *answer) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (a *answer) Finish() bool {
	includeThoughts(a.call)
	a.stream.from.name(a.call)
	if a.call.Stream.Chunks == 0 {
		return a.sound && len(a.call.Response.Choices) > 0
	}
	return a.stream.finish(a.call)
}

func (a *answer) retained() int { return len(a.response) + a.decoded + a.stream.kept }

func (a *answer) content(call *record.Call) {
	switch {
	case call.Stream.Chunks > 0:
		a.stream.content(call)
	case a.response != nil:
		readResponseContent(a.response, call, a.stream.legacy)
	}
}
