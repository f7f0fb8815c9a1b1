package openai

import (
	"bytes"
	"mime"
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Speech decodes one call that makes sound of a text. The sound is counted and
// never held.
//
// The conventions have no operation for it; by their rules it is generate_content
// with the output type speech.
type Speech struct {
	mediaRequest

	mimeType string
	length   int64
	// document is the beginning of a body that is JSON, isJSON is set for one, and
	// isProblem where that says by its type that it is an error.
	document          []byte
	isJSON, isProblem bool
	// sound describes the bytes of a whole response, encoded those of events.
	sound   bytesSeen
	encoded base64Seen
	// ended is set when the end of the body was seen, or the event that says so.
	ended, cut bool
}

var (
	_ wire.Streamed = (*Speech)(nil)
	_ wire.Typed    = (*Speech)(nil)
)

// NewSpeech returns a decoder that fills call.
func NewSpeech(call *record.Call) *Speech {
	call.Request.OutputType = "speech"
	return &Speech{mediaRequest: mediaRequest{call: call}, length: -1}
}

// Request implements [wire.Exchange].
func (p *Speech) Request(body []byte, content bool) { p.read(body, content) }

// Type implements [wire.Typed].
func (p *Speech) Type(contentType string, length int64) (events bool) {
	p.length = length
	kind, _, _ := mime.ParseMediaType(contentType)
	p.isJSON, p.isProblem = strings.HasSuffix(kind, "json"), kind == "application/problem+json"
	if !p.isJSON && kind != "application/octet-stream" && isMIMEType(kind) {
		p.mimeType = kind
	}
	return kind == "text/event-stream"
}

// Cut implements [wire.Typed].
func (p *Speech) Cut() { p.cut = true }

// Piece implements [wire.Streamed].
func (p *Speech) Piece(piece []byte) {
	switch {
	case p.isJSON:
		p.document = append(p.document, piece[:min(len(piece), maxEnvelope-len(p.document))]...)
	default:
		p.sound.wanted = p.wanted
		p.sound.write(piece)
	}
}

// Response implements [wire.Exchange].
func (p *Speech) Response(body []byte) {
	p.Piece(body)
	p.ended = !p.cut
	if !p.isJSON {
		return
	}
	s := jsonscan.New(p.document)
	isObject := s.Kind() == jsonscan.Object
	members(&s, func(key []byte) bool {
		if string(key) != "error" {
			return false
		}
		readInlineError(&s, p.call)
		return true
	})
	whole := len(p.document) < maxEnvelope
	if p.call.Error == nil && (p.isProblem || !isObject || whole && !s.End()) {
		p.call.Error = &record.Error{Type: wire.DecodeError}
	}
}

// Event implements [wire.Exchange].
func (p *Speech) Event(data []byte) wire.Progress {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")) {
		return wire.Done
	}
	p.call.Stream.Chunks++
	var kind string
	var audio []byte
	s := jsonscan.New(data)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "type":
			kind = name(&s)
		case "audio", "delta":
			if s.Kind() != jsonscan.String {
				return false
			}
			audio = s.Raw()
		case "usage":
			readTokensOrSeconds(&s, p.call)
		case "error":
			readInlineError(&s, p.call)
		default:
			return false
		}
		return true
	})
	switch {
	case kind == "error":
		readErrorEvent(data, p.call)
	case kind == "speech.audio.done":
		p.ended = true
		return wire.Done
	case kind == "speech.audio.delta" && len(audio) > len(`""`):
		p.encoded.seen.wanted = p.wanted
		p.encoded.literal(audio)
		p.call.Stream.ContentChunks++
		return wire.Generated
	}
	return 0
}

// Failure implements [wire.Exchange].
func (p *Speech) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange]. A caller that counts the bytes of a response
// may have read all of it without having seen its end.
func (p *Speech) Finish() (complete bool) {
	seen := p.sound.n
	if p.call.Stream.Chunks > 0 {
		seen, complete = p.encoded.seen.n, p.ended
	} else {
		complete = p.isJSON && p.ended && p.call.Error == nil || seen > 0 && (p.ended || seen == p.length)
	}
	if seen > 0 {
		p.call.Response.AudioBytes = record.Some(seen)
	}
	if seen > 0 || complete {
		choice := record.Choice{}
		if complete {
			choice.FinishReason = "stop"
		}
		p.call.Response.Choices = []record.Choice{choice}
	}
	return complete
}

// Retained implements [wire.Exchange].
func (p *Speech) Retained() int { return p.size }

// Content implements [wire.Exchange].
func (p *Speech) Content(call *record.Call) {
	p.content(call)
	if len(call.Response.Choices) == 0 || p.isJSON { // of sound in JSON nothing is read
		return
	}
	audio := record.Audio{Media: record.Media{MIMEType: p.mimeType, Blob: p.sound.blob()}}
	if call.Stream.Chunks > 0 {
		audio.MIMEType, audio.Blob = audioType(p.format), p.encoded.blob()
	}
	call.Response.Choices[0].Message = record.Message{Role: "assistant", Parts: []record.Part{audio}}
}
