package openai

import (
	"bytes"
	"math"
	"strings"

	"github.com/genotel/genotel/internal/formscan"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Images decodes one call that generates, edits or varies images. It never holds
// one.
//
// The conventions have no operation for it; by their rules it is generate_content
// with the output type image. The protocol has no finish reason: an image that came
// whole has stopped, as with responses.
type Images struct {
	mediaRequest

	// sieve reads a whole answer, lines the events of a stream.
	sieve, lines sieve

	images []image
	budget *budget
	// format is the type of the images, as the answer says.
	format string
	sound  bool
}

// image is one that came whole.
type image struct {
	media   record.Media
	revised string
}

var (
	_ wire.Streamed = (*Images)(nil)
	_ wire.Sifted   = (*Images)(nil)
	_ wire.Form     = (*Images)(nil)
)

// NewImages returns a decoder that fills call.
func NewImages(call *record.Call) *Images {
	call.Request.OutputType = "image"
	return &Images{
		mediaRequest: mediaRequest{call: call, upload: uploadedImage},
		sieve:        sieve{limit: maxSieved},
		lines:        sieve{limit: math.MaxInt}, // what is kept of a piece is hardly more than the piece
		budget:       newBudget(),
	}
}

func uploadedImage(p *formscan.Part) record.Part {
	field := p.Name
	switch field {
	case "image", "image[]", "mask", "markup":
	default:
		field = ""
	}
	return record.Image{Media: uploaded(p), Name: uploadedName(p), Field: field}
}

// Request implements [wire.Exchange].
func (i *Images) Request(body []byte, content bool) { i.read(body, content) }

// Piece implements [wire.Streamed].
func (i *Images) Piece(p []byte) {
	i.sieve.described = i.wanted
	i.sieve.write(p)
}

// Response implements [wire.Exchange].
func (i *Images) Response(body []byte) {
	i.Piece(body)
	v := &i.sieve
	if v.picture != nil { // it is cut
		v.picture = nil
	}
	s := jsonscan.New(v.kept)
	members(&s, func(key []byte) bool {
		if string(key) == "data" {
			i.readData(&s)
			return true
		}
		return i.readMember(&s, string(key))
	})
	i.sound = v.whole() && (v.over || s.End())
	if v.over || !v.closed {
		i.call.Usage = record.Usage{} // a number that was cut is another number
	}
	if !i.sound && i.call.Error == nil {
		i.call.Error = &record.Error{Type: wire.DecodeError}
	}
}

// readMember consumes a member of an answer or an event, but for the image itself.
func (i *Images) readMember(s *jsonscan.Scanner, key string) bool {
	switch key {
	case "error":
		readInlineError(s, i.call)
	case "usage":
		readResponsesUsage(s, &i.call.Usage)
	case "id": // OpenAI has neither of the two, others do
		firstText(s, &i.call.Response.ID)
	case "model":
		firstText(s, &i.call.Response.Model)
	case "output_format":
		i.format = literal(s)
	default:
		return false
	}
	return true
}

// readData consumes the images of an answer.
func (i *Images) readData(s *jsonscan.Scanner) {
	for ok := s.Array(); ok && s.Element(); {
		if s.Kind() != jsonscan.Object {
			s.Skip()
			continue
		}
		var one image
		some := false
		members(s, func(key []byte) bool {
			switch string(key) {
			case "b64_json":
				var ok bool
				one.media.Blob, ok = i.sieve.takePicture(s)
				some = some || ok
			case "url":
				if !i.wanted {
					some = someText(s) || some
					return true
				}
				one.media = linkOf(i.budget.text(s))
				some = some || one.media != record.Media{}
			case "revised_prompt":
				if !i.wanted {
					return false
				}
				one.revised = i.budget.text(s)
			default:
				return false
			}
			return true
		})
		if some {
			i.add(one)
		}
	}
}

func (i *Images) add(one image) {
	if len(i.images) < maxPictures {
		i.images = append(i.images, one)
	}
}

// Sift implements [wire.Sifted].
func (i *Images) Sift(p []byte) []byte {
	i.lines.described = i.wanted
	return i.lines.lines(p)
}

// Event implements [wire.Exchange]. The events are those of [Images.Sift].
func (i *Images) Event(data []byte) wire.Progress {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")) {
		return wire.Done
	}
	i.call.Stream.Chunks++
	var kind string
	var one image
	some := false
	s := jsonscan.New(data)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "type":
			kind = name(&s)
		case "b64_json":
			one.media.Blob, some = i.lines.takePicture(&s)
		default:
			return i.readMember(&s, string(key))
		}
		return true
	})
	switch {
	case kind == "error":
		readErrorEvent(data, i.call)
		return 0
	case strings.HasSuffix(kind, ".partial_image"):
	case strings.HasSuffix(kind, ".completed") && some && s.End():
		i.add(one)
	default:
		return 0
	}
	i.call.Stream.ContentChunks++
	return wire.Generated
}

// readErrorEvent reads an event that says that the stream failed: with an object, or
// with the members of one.
func readErrorEvent(data []byte, call *record.Call) {
	if call.Error != nil {
		return
	}
	var f failure
	s := jsonscan.New(data)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "type": // that of the event
			return false
		case "error":
			f.readNested(&s)
			return true
		default:
			return f.readMember(&s, string(key))
		}
	})
	call.Error = f.error(0)
}

// Failure implements [wire.Exchange].
func (i *Images) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange]. A stream has ended when all the images that
// were asked for came: no event says so.
func (i *Images) Finish() bool {
	i.sieve, i.lines = sieve{over: i.sieve.over}, sieve{} // the record may be held for long
	choices := make([]record.Choice, len(i.images))
	for n := range choices {
		choices[n] = record.Choice{Index: n, FinishReason: "stop"}
	}
	if len(choices) > 0 {
		i.call.Response.Choices = choices
	}
	if i.call.Stream.Chunks > 0 {
		return int64(len(choices)) >= max(1, i.call.Request.ChoiceCount.Or(1))
	}
	return i.sound && len(choices) > 0
}

// Retained implements [wire.Exchange].
func (i *Images) Retained() int { return i.size + i.budget.spent() }

// Content implements [wire.Exchange].
func (i *Images) Content(call *record.Call) {
	i.content(call)
	for n := range min(len(i.images), len(call.Response.Choices)) {
		one := i.images[n]
		if one.media.Blob != nil {
			one.media.MIMEType = imageType(i.format)
		}
		message := record.Message{Role: "assistant", Parts: []record.Part{record.Image{Media: one.media}}}
		if one.revised != "" {
			message.Parts = append(message.Parts, record.Text{Content: one.revised})
		}
		call.Response.Choices[n].Message = message
	}
	call.Content.Truncated = call.Content.Truncated || i.budget.cut || i.sieve.over
}

// imageType is the media type of a format by the API's name.
func imageType(format string) string {
	switch {
	case format == "svg":
		return "image/svg+xml"
	case !isIdentifier(format):
		return ""
	default:
		return "image/" + format
	}
}
