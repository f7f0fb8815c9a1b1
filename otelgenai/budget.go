package otelgenai

import (
	"encoding/base64"
	"strings"

	"github.com/genotel/genotel/internal/anyjson"
	"github.com/genotel/genotel/internal/parts"
	"github.com/genotel/genotel/otelgenai/record"
)

// budget bounds the texts of content that an application describes itself.
type budget struct {
	left int
	cut  bool
}

func (b *budget) text(s *string) {
	*s, b.cut = anyjson.Cut(*s, b.cut, b.left)
	b.left -= min(b.left, len(*s))
}

func (b *budget) messages(messages []record.Message) {
	for i := range messages {
		b.parts(messages[i].Parts)
	}
}

func (b *budget) documents(documents []record.Document) {
	for i := range documents {
		b.text(&documents[i].Content)
		b.text(&documents[i].Metadata)
	}
}

func (b *budget) tools(tools []record.Tool) {
	for i := range tools {
		b.text(&tools[i].Description)
		b.text(&tools[i].Parameters)
	}
}

func (b *budget) parts(all []record.Part) { b.visitor().All(all) }

func (b *budget) visitor() parts.Visitor { return parts.Visitor{Text: b.text, Media: b.media} }

// media replaces the bytes in a data URI by their size.
func (b *budget) media(m *record.Media) {
	const scheme = "data:"
	if len(m.URI) < len(scheme) || !strings.EqualFold(m.URI[:len(scheme)], scheme) {
		b.text(&m.URI)
		return
	}
	if _, data, found := strings.Cut(m.URI, ","); found && m.Blob == nil {
		m.Blob = &record.Blob{Bytes: base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(data, "=")))}
	}
	m.URI = ""
}

// messagesSize is about the number of bytes that messages keep alive.
func messagesSize(messages []record.Message) int {
	b := budget{left: maxSide}
	visitor := b.visitor()
	for i := range messages {
		for _, part := range messages[i].Parts {
			visitor.Part(part)
		}
	}
	return maxSide - b.left
}

func documentsSize(documents []record.Document) (size int) {
	for i := range documents {
		size += len(documents[i].Content) + len(documents[i].Metadata)
	}
	return size
}
