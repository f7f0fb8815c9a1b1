// Package attach puts files on spans, for a backend that shows them beside the run:
//
//	files, err := attach.LangSmith(attach.File{Name: "chart.png", MIMEType: "image/png", Content: png})
//	...
//	span.SetAttributes(files)
//
// A file is content. Destinations of genotel.Configure get it where they may see the input of
// calls, but every other exporter of the TracerProvider gets all of it, and no redactor looks
// into it.
package attach

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/semconv/langsmith"
)

// MaxBytes bounds the files of one span together. In base64, and with the rest of the span, they
// then fit into one request of the default size.
const MaxBytes = 2 << 20

// maxNameBytes bounds the name of a file.
const maxNameBytes = 256

// File is an attachment.
type File struct {
	// Name is shown, and must be there once only. Required, at most 256 bytes.
	Name string
	// MIMEType is such as "image/png". Required.
	MIMEType string
	// Content are the bytes of the file.
	Content []byte
}

// langsmithFile is one element of langsmith.attachments.
type langsmithFile struct {
	Name     string `json:"name"`
	Content  []byte `json:"content"` // base64
	MIMEType string `json:"mime_type"`
}

// LangSmith returns langsmith.attachments, which LangSmith's hosted service reads. A span has one
// such attribute: give all files at once. It is an error when a file has no name or type, when
// two have one name, and beyond [MaxBytes]; the attribute is then without a key, and setting it
// has no effect. Errors do not repeat what is in a file. A limit of the provider for the
// length of values (OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT) would cut the attribute in two.
func LangSmith(files ...File) (attribute.KeyValue, error) {
	list := make([]langsmithFile, 0, len(files))
	names := map[string]bool{}
	size := 0
	for i, file := range files {
		size += len(file.Content)
		if err := file.check(); err != nil {
			return attribute.KeyValue{}, fmt.Errorf("attach: file %d: %w", i+1, err)
		}
		if names[file.Name] {
			return attribute.KeyValue{}, fmt.Errorf("attach: file %d: a name that another file has", i+1)
		}
		names[file.Name] = true
		list = append(list, langsmithFile{Name: file.Name, Content: nonNil(file.Content), MIMEType: file.MIMEType})
	}
	if size > MaxBytes {
		return attribute.KeyValue{}, fmt.Errorf("attach: more than %d bytes", MaxBytes)
	}
	if len(list) == 0 {
		return attribute.KeyValue{}, errors.New("attach: no file")
	}
	text, err := json.Marshal(list)
	if err != nil {
		return attribute.KeyValue{}, errors.New("attach: cannot be written as JSON")
	}
	return langsmith.AttachmentsKey.String(string(text)), nil
}

func (f File) check() error {
	if f.Name == "" || len(f.Name) > maxNameBytes || !utf8.ValidString(f.Name) {
		return errors.New("no name, or one that is too long")
	}
	if kind, _, err := mime.ParseMediaType(f.MIMEType); err != nil || !strings.Contains(kind, "/") {
		return errors.New("no MIME type")
	}
	return nil
}

// nonNil makes JSON of no bytes a text as well, and not null.
func nonNil(content []byte) []byte {
	if content == nil {
		return []byte{}
	}
	return content
}
