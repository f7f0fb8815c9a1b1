package formscan

import (
	"bufio"
	"bytes"
	"mime"
	"net/textproto"
	"path"
	"strings"
)

// Part is one part of a form.
type Part struct {
	// Name is the name of the field, empty for what is none.
	Name string
	// IsFile is set for an uploaded file, whose name, without folders, is FileName.
	IsFile   bool
	FileName string
	// ContentType is as sent, or empty.
	ContentType string

	// Size is the length of the value in bytes.
	Size int64
	// Value is the beginning of the value, as far as it is kept.
	Value []byte
	// Whole is set when the end of the part was seen.
	Whole bool
}

// Text returns the value if all of it was kept.
func (p *Part) Text() (text string, whole bool) {
	if !p.Whole || int64(len(p.Value)) < p.Size {
		return "", false
	}
	return string(p.Value), true
}

// describe reads a header and reports whether it is one.
func (p *Part) describe(header []byte) bool {
	read, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(header))).ReadMIMEHeader()
	if err != nil {
		return false
	}
	p.ContentType = read.Get("Content-Type")
	disposition, params, err := mime.ParseMediaType(read.Get("Content-Disposition"))
	if err != nil {
		return true
	}
	if disposition == "form-data" {
		p.Name = params["name"]
	}
	name, isFile := params["filename"]
	p.IsFile = isFile
	if name != "" {
		p.FileName = path.Base(strings.ReplaceAll(name, `\`, "/"))
	}
	return true
}
