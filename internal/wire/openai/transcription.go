package openai

import (
	"bytes"
	"mime"
	"strings"

	"github.com/genotel/genotel/internal/formscan"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Transcription decodes one call that transcribes or translates sound.
//
// The conventions have no operation for it; by their rules it is generate_content,
// with the output type text. The protocol has no finish reason: a transcript that
// came whole has stopped, as with responses.
type Transcription struct {
	mediaRequest

	isJSON, isText bool
	length         int64
	// text is the transcript, as far as it is wanted; heard is set when there is one,
	// be it of silence.
	text   string
	heard  bool
	budget *budget
	// deltas is the transcript of a stream that has not ended.
	deltas []byte
	keeper keeper
	// ended is set when the transcript came whole.
	ended, cut bool
}

var (
	_ wire.Typed = (*Transcription)(nil)
	_ wire.Form  = (*Transcription)(nil)
)

// NewTranscription returns a decoder that fills call.
func NewTranscription(call *record.Call) *Transcription {
	call.Request.OutputType = "text"
	return &Transcription{mediaRequest: mediaRequest{call: call, upload: uploadedAudio}, length: -1, budget: newBudget()}
}

func uploadedAudio(p *formscan.Part) record.Part {
	return record.Audio{Media: uploaded(p), Name: uploadedName(p)}
}

// Request implements [wire.Exchange].
func (t *Transcription) Request(body []byte, content bool) { t.read(body, content) }

// Type implements [wire.Typed].
func (t *Transcription) Type(contentType string, length int64) (events bool) {
	t.length = length
	kind, _, _ := mime.ParseMediaType(contentType)
	t.isJSON = strings.HasSuffix(kind, "json")
	t.isText = strings.HasPrefix(kind, "text/") && kind != "text/html" || strings.HasSuffix(kind, "subrip")
	return kind == "text/event-stream"
}

// Cut implements [wire.Typed].
func (t *Transcription) Cut() { t.cut = true }

// Response implements [wire.Exchange].
func (t *Transcription) Response(body []byte) {
	asked := t.format == "text" || t.format == "srt" || t.format == "vtt"
	switch {
	case t.readDocument(body, asked):
	case asked || t.isText:
		t.heard = true
		t.ended = !t.cut || int64(len(body)) == t.length
		if t.wanted {
			t.text = t.budget.take(strings.ToValidUTF8(string(body), "\uFFFD"))
		}
	case t.call.Error == nil:
		t.call.Error = &record.Error{Type: wire.DecodeError}
	}
}

// readDocument reads a transcript that is JSON and reports whether it is. Where
// another form was asked for, what looks like JSON may be speech.
func (t *Transcription) readDocument(body []byte, otherwise bool) bool {
	s := jsonscan.New(body)
	if s.Kind() != jsonscan.Object || otherwise && !t.isJSON {
		return false
	}
	t.readMembers(&s)
	sound := s.End()
	t.ended = t.heard && sound
	if !sound { // a number that was cut is another number
		t.call.Usage, t.call.Response.AudioSeconds = record.Usage{}, record.Opt[float64]{}
	}
	return sound || t.call.Error != nil
}

// readMembers consumes a document, or the event that ends a stream.
func (t *Transcription) readMembers(s *jsonscan.Scanner) {
	seconds := record.Opt[float64]{}
	members(s, func(key []byte) bool {
		switch string(key) {
		case "text":
			t.heard = t.heard || s.Kind() == jsonscan.String
			if !t.wanted {
				return false
			}
			t.text = t.budget.text(s)
		case "model": // OpenAI has none, others do
			firstText(s, &t.call.Response.Model)
		case "duration":
			float(s, &seconds)
		case "usage":
			readTokensOrSeconds(s, t.call)
		case "error":
			readInlineError(s, t.call)
		default:
			return false
		}
		return true
	})
	if d, ok := seconds.Get(); ok && d >= 0 { // it is exact, while what is billed is rounded
		t.call.Response.AudioSeconds = seconds
	}
}

// readTokensOrSeconds consumes the usage of a call with sound: tokens, or the length
// of the sound.
func readTokensOrSeconds(s *jsonscan.Scanner, call *record.Call) {
	if s.Kind() != jsonscan.Object {
		s.Skip()
		return
	}
	raw := s.Raw()
	tokens := jsonscan.New(raw)
	readResponsesUsage(&tokens, &call.Usage)
	rest := jsonscan.New(raw)
	members(&rest, func(key []byte) bool {
		switch string(key) {
		case "prompt_tokens": // Mistral counts as for chats
			count(&rest, &call.Usage.Input)
		case "completion_tokens":
			count(&rest, &call.Usage.Output)
		case "input_token_details": // as this endpoint spells it
			readInputDetails(&rest, &call.Usage)
		case "output_token_details":
			readOutputDetails(&rest, &call.Usage)
		case "seconds", "prompt_audio_seconds": // the latter is Mistral's
			if seconds, ok := rest.Float(); ok && seconds >= 0 && !call.Response.AudioSeconds.IsSet() {
				call.Response.AudioSeconds = record.Some(seconds)
			}
		default:
			return false
		}
		return true
	})
}

// Event implements [wire.Exchange].
func (t *Transcription) Event(data []byte) wire.Progress {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")) {
		return wire.Done
	}
	t.call.Stream.Chunks++
	s := jsonscan.New(data)
	var kind string
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "type":
			kind = name(&s)
		case "error":
			readInlineError(&s, t.call)
		default:
			return false
		}
		return true
	})
	switch kind {
	case "transcript.text.delta":
		return t.heardMore(data)
	case "transcript.text.segment": // its text comes at the end once more
		t.call.Stream.ContentChunks++
		return wire.Generated
	case "transcript.text.done":
		whole := jsonscan.New(data)
		t.readMembers(&whole)
		t.ended = whole.End()
		return wire.Done
	case "error":
		readErrorEvent(data, t.call)
	}
	return 0
}

// heardMore takes a piece of the transcript.
func (t *Transcription) heardMore(data []byte) wire.Progress {
	some := false
	s := jsonscan.New(data)
	members(&s, func(key []byte) bool {
		if string(key) != "delta" {
			return false
		}
		some = t.keeper.append(&s, &t.deltas, t.wanted)
		return true
	})
	if !some {
		return 0
	}
	t.heard = true
	t.call.Stream.ContentChunks++
	return wire.Generated
}

// Failure implements [wire.Exchange].
func (t *Transcription) Failure(status int, body []byte) *record.Error {
	return readFailure(status, body)
}

// Finish implements [wire.Exchange].
func (t *Transcription) Finish() (complete bool) {
	if t.heard || t.ended {
		choice := record.Choice{}
		if t.ended {
			choice.FinishReason = "stop"
		}
		t.call.Response.Choices = []record.Choice{choice}
	}
	return t.ended
}

// Retained implements [wire.Exchange].
func (t *Transcription) Retained() int { return t.size + t.budget.spent() + t.keeper.kept }

// Content implements [wire.Exchange].
func (t *Transcription) Content(call *record.Call) {
	t.content(call)
	if len(call.Response.Choices) == 0 {
		return
	}
	transcript, cut := t.text, t.budget.cut
	if transcript == "" {
		transcript, cut = string(t.deltas), t.keeper.cut
	}
	call.Content.Truncated = call.Content.Truncated || cut
	call.Response.Choices[0].Message = record.Message{Role: "assistant", Parts: []record.Part{record.Text{Content: transcript}}}
}
