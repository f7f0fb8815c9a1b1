package openai

import (
	"strconv"
	"strings"

	"github.com/genotel/genotel/internal/formscan"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// Bounds of what is kept of a form, in bytes: of a text, and of the name and the
// value of any other field. Of the files, maxUploads are named.
const (
	maxFormText  = 64 << 10
	maxFormName  = 64
	maxFormValue = 256
	maxUploads   = 64
	maxOptions   = 32
)

// mediaRequest is a request for images or sound, or with them: JSON, or a multipart
// form with files.
type mediaRequest struct {
	call   *record.Call
	wanted bool
	// upload makes a part of a message of a file.
	upload func(*formscan.Part) record.Part

	// format is the response_format.
	format string
	// prompt is what is to be done, instructions how, files what with. They are
	// there when somebody wants them.
	prompt, instructions string
	files                []record.Part
	cut                  bool
	size                 int

	form   *formscan.Scanner
	fields []formField
}

type formField struct{ name, value string }

// read decodes a request that is JSON.
func (m *mediaRequest) read(body []byte, content bool) {
	m.wanted = content
	s := jsonscan.New(body)
	b := newBudget()
	members(&s, func(key []byte) bool {
		switch name := string(key); name {
		case "model":
			text(&s, &m.call.Request.Model)
		case "prompt", "input", "instructions":
			if !content {
				return false
			}
			m.say(name, b.text(&s))
		case "voice":
			m.option(name, readVoice(&s))
		case "images", "image", "mask":
			return false // references and data of other kinds than a form's
		default:
			m.set(name, literal(&s))
		}
		return true
	})
	m.cut = b.cut
}

// literal consumes a value and returns a text, a number or a truth value as text.
func literal(s *jsonscan.Scanner) (value string) {
	switch s.Kind() {
	case jsonscan.String:
		return (&budget{left: maxFormValue}).text(s)
	case jsonscan.Object, jsonscan.Array, jsonscan.Null, jsonscan.Invalid:
		s.Skip()
		return ""
	default:
		return string(s.Raw())
	}
}

// readVoice consumes the name of a voice, or an object with its id.
func readVoice(s *jsonscan.Scanner) (voice string) {
	if s.Kind() == jsonscan.Object {
		textMember(s, "id", &voice)
		return voice
	}
	return literal(s)
}

// set takes a parameter.
func (m *mediaRequest) set(name, value string) {
	req := &m.call.Request
	switch name {
	case "n":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			req.ChoiceCount = record.Some(n)
		}
	case "temperature":
		if t, err := strconv.ParseFloat(value, 64); err == nil && t >= 0 {
			req.Temperature = record.Some(t)
		}
	case "stream":
		req.Stream = value == "true"
	case "stream_format":
		req.Stream = value == "sse"
		m.option(name, value)
	case "response_format":
		m.format = value
		m.option(name, value)
	case "size", "quality", "style", "background", "moderation", "input_fidelity", "output_format", "output_compression",
		"partial_images", "speed", "language", "chunking_strategy":
		m.option(name, value)
	}
}

// option keeps a parameter for which the record has no member of its own.
func (m *mediaRequest) option(name, value string) {
	if isIdentifier(value) && len(m.call.Request.Options) < maxOptions {
		m.call.Request.Options = append(m.call.Request.Options, record.Option{Name: name, Value: value})
	}
}

// say takes a text of the request.
func (m *mediaRequest) say(name, text string) {
	m.size += len(text)
	if name == "instructions" {
		m.instructions = text
		return
	}
	m.prompt = text
}

// Form implements [wire.Form].
func (m *mediaRequest) Form(boundary string, content bool) {
	m.wanted = content
	m.form = formscan.New(boundary, m.room, m.take)
}

// FormPiece implements [wire.Form].
func (m *mediaRequest) FormPiece(p []byte) { _, _ = m.form.Write(p) } // it never fails

// FormEnd implements [wire.Form].
func (m *mediaRequest) FormEnd() {
	m.form.End()
	m.form = nil
	for _, field := range m.fields {
		if field.name == "model" {
			m.call.Request.Model = field.value
			continue
		}
		m.set(field.name, field.value)
	}
	m.fields = nil
}

// room is how much of the value of a field is kept.
func (m *mediaRequest) room(p *formscan.Part) int {
	switch {
	case isSaid(p.Name) && !m.wanted:
		return 0
	case isSaid(p.Name):
		return maxFormText
	default:
		return maxFormValue
	}
}

func isSaid(name string) bool { return name == "prompt" || name == "instructions" }

// take takes a part of a form at its end.
func (m *mediaRequest) take(p *formscan.Part) {
	switch {
	case p.IsFile:
		if m.wanted && m.upload != nil && len(m.files) < maxUploads {
			m.files = append(m.files, m.upload(p))
			m.size += len(p.FileName)
		}
	case isSaid(p.Name):
		if m.wanted {
			m.say(p.Name, m.formText(p))
		}
	default:
		if value, whole := p.Text(); whole && len(p.Name) <= maxFormName {
			m.fields = append(m.fields, formField{p.Name, strings.ToValidUTF8(value, "\uFFFD")})
		}
	}
}

// formText is the text of a field, with a note of what is not kept of it.
func (m *mediaRequest) formText(p *formscan.Part) string {
	value := string(p.Value)
	missing := p.Size - int64(len(value))
	if missing == 0 {
		return strings.ToValidUTF8(value, "\uFFFD")
	}
	m.cut = true
	kept := (&budget{left: len(value) - 1}).fitting(value) // no half of a character
	return strings.ToValidUTF8(kept, "\uFFFD") + "…[" + strconv.FormatInt(p.Size-int64(len(kept)), 10) + " bytes cut]"
}

// content writes the request's messages into the record.
func (m *mediaRequest) content(call *record.Call) {
	if m.instructions != "" {
		call.Request.System = []record.Part{record.Text{Content: m.instructions}}
	}
	parts := m.files
	if m.prompt != "" {
		parts = append(parts, record.Text{Content: m.prompt})
	}
	if len(parts) > 0 {
		call.Request.Messages = []record.Message{{Role: "user", Parts: parts}}
	}
	call.Content.Truncated = call.Content.Truncated || m.cut
}

// uploaded describes a file of a form. Its bytes are not read.
func uploaded(p *formscan.Part) record.Media {
	var media record.Media
	if isMIMEType(p.ContentType) {
		media.MIMEType = p.ContentType
	}
	if p.Whole {
		media.Blob = &record.Blob{Bytes: int(p.Size)}
	}
	return media
}

func uploadedName(p *formscan.Part) string { return strings.ToValidUTF8(p.FileName, "\uFFFD") }
