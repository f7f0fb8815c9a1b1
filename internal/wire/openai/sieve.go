package openai

import (
	"bytes"
	"strconv"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxSieved bounds what is kept of an answer with images in base64, in bytes: the
// prompts as revised, of some kilobytes each, addresses and counts.
const maxSieved = 64 << 10

// sieve reads JSON in pieces, cut anywhere, and keeps all of it but the images in
// base64: the text of a member called b64_json becomes the number of a picture. Such
// text is most of an answer, and nobody is to hold it twice.
type sieve struct {
	// described is set when the bytes are to be described.
	described bool
	pictures  []*record.Blob

	// kept is what was kept, up to a limit in bytes, over is set when there was no
	// room for more.
	kept  []byte
	limit int
	over  bool
	// depth is the number of objects and lists that are open.
	depth        int
	closed, junk bool
	// quoted is set inside a text, escape inside an escape in it.
	quoted bool
	escape []byte
	// name is the last text outside of values, as sent; named is set behind the colon.
	name  []byte
	named bool
	// picture is the one that is being read, spare what reads them all.
	picture, spare *base64Seen
}

func (v *sieve) write(p []byte) {
	for len(p) > 0 {
		n := 1
		if v.quoted {
			n = v.text(p)
		} else {
			v.mark(p[0])
		}
		p = p[n:]
	}
}

// whole reports whether what came was one whole object, as far as one can tell.
func (v *sieve) whole() bool { return v.closed && !v.junk }

// mark takes one byte outside of texts.
func (v *sieve) mark(c byte) {
	switch c {
	case ' ', '\t', '\n', '\r':
		return
	case '{', '[':
		v.junk = v.junk || v.depth == 0 && (c != '{' || v.closed)
		v.depth++
	case '}', ']':
		v.junk = v.junk || v.depth == 0
		v.depth--
		v.closed = v.depth == 0
	case '"':
		v.begin()
		return
	default:
		v.junk = v.junk || v.depth == 0
	}
	v.named = c == ':'
	v.keep(c)
}

// begin takes the quote that begins a text.
func (v *sieve) begin() {
	v.junk = v.junk || v.depth == 0
	v.quoted = true
	if v.named && v.isPicture() {
		v.beginPicture()
		return
	}
	v.name = v.name[:0]
	v.keep('"')
}

func (v *sieve) beginPicture() {
	if v.spare == nil {
		v.spare = new(base64Seen)
	}
	v.picture = v.spare
	if v.describes() {
		*v.picture = base64Seen{seen: bytesSeen{wanted: true}, rest: v.picture.rest[:0]}
	}
}

// describes reports whether the next picture is to be described.
func (v *sieve) describes() bool { return v.described && len(v.pictures) < maxPictures }

func (v *sieve) isPicture() bool {
	if bytes.IndexByte(v.name, '\\') >= 0 {
		literal := jsonscan.New(append(append([]byte{'"'}, v.name...), '"'))
		name, _ := literal.Text()
		v.name = []byte(name)
	}
	return string(v.name) == "b64_json"
}

func (v *sieve) keep(p ...byte) {
	if v.over = v.over || len(v.kept)+len(p) > v.limit; !v.over {
		v.kept = append(v.kept, p...)
	}
}

// text takes bytes of a text, its end included, and returns how many.
func (v *sieve) text(p []byte) int {
	if len(v.escape) > 0 {
		v.escaped(p[0])
		return 1
	}
	n, _ := jsonscan.IndexSpecial(p, 0)
	v.plain(p[:n])
	if n == len(p) {
		return n
	}
	switch p[n] {
	case '"':
		v.endText()
	case '\\':
		v.escape = append(v.escape, '\\')
	default: // no JSON
		v.plain(p[n : n+1])
	}
	return n + 1
}

// plain takes bytes of a text that stand for themselves, or whole escapes outside of
// pictures.
func (v *sieve) plain(p []byte) {
	if v.picture == nil {
		v.keep(p...)
		v.name = append(v.name, p[:min(len(p), max(0, maxName-len(v.name)))]...)
		return
	}
	if v.describes() {
		v.picture.write(p)
	}
}

// escaped takes a byte of an escape.
func (v *sieve) escaped(c byte) {
	v.escape = append(v.escape, c)
	const long = len(`\u0000`)
	if v.escape[1] == 'u' && len(v.escape) < long {
		return
	}
	switch {
	case v.picture == nil:
		v.plain(v.escape)
	case v.escape[1] == '/': // some servers write each one so
		v.plain(v.escape[1:])
	default:
		literal := jsonscan.New(append(append([]byte{'"'}, v.escape...), '"'))
		if character, ok := literal.Text(); ok && character != "\n" && character != "\r" {
			v.plain([]byte(character))
		}
	}
	v.escape = v.escape[:0]
}

// takePicture consumes the number of a picture and returns its description, which is
// nil where nobody wants one.
func (v *sieve) takePicture(s *jsonscan.Scanner) (picture *record.Blob, ok bool) {
	n, ok := s.Int()
	if !ok || n < 0 || n >= int64(len(v.pictures)) {
		return nil, false
	}
	return v.pictures[n], true
}

// maxPictures bounds the pictures of one answer.
const maxPictures = 1 << 10

// endText takes the quote that ends a text.
func (v *sieve) endText() {
	v.quoted, v.named = false, false
	if v.picture == nil {
		v.keep('"')
		return
	}
	if len(v.pictures) < maxPictures {
		v.keep(strconv.AppendInt(nil, int64(len(v.pictures)), 10)...)
		v.pictures = append(v.pictures, v.description())
	} else {
		v.keep([]byte("null")...)
	}
	v.picture = nil
}

// description is that of the picture that was read, nil where nobody wants one.
func (v *sieve) description() *record.Blob {
	if !v.described {
		return nil
	}
	v.picture.end()
	return v.picture.blob()
}

// maxLook bounds how far the end of a line is looked for at once, in bytes: a stream
// may have only one of the two kinds.
const maxLook = 4 << 10

// lines reads the next bytes of a stream of events and returns what is kept of them.
// No JSON goes on in another line.
func (v *sieve) lines(p []byte) []byte {
	v.kept = v.kept[:0]
	for len(p) > 0 {
		n := min(len(p), maxLook)
		for _, end := range []byte{'\n', '\r'} {
			if at := bytes.IndexByte(p[:n], end); at >= 0 {
				n = at
			}
		}
		v.write(p[:n])
		if n < len(p) && (p[n] == '\n' || p[n] == '\r') {
			v.quoted, v.named, v.picture, v.escape = false, false, nil, v.escape[:0]
			v.keep(p[n])
			n++
		}
		p = p[n:]
	}
	return v.kept
}
