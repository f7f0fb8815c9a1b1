package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/jsonscan"
)

// maxEnvelope bounds what is kept of an answer with embeddings, in bytes: the
// name of a model, counts and a provider's error text.
const maxEnvelope = 8 << 10

// maxName bounds the names of members that are told apart, in bytes as sent.
const maxName = 64

// vectors reads a response with embeddings in pieces, cut anywhere. It counts the
// vectors and the elements of the first, and keeps the few members that matter.
// Vectors are most of such a body, and nobody is to hold them twice.
type vectors struct {
	count, dimensions int64

	// envelope is an object of the members that are kept, without its end; over is
	// set when there was no room for all of them.
	envelope []byte
	over     bool

	// depth is the number of objects and lists that are open, but for a vector.
	depth        int
	closed, junk bool
	// list is set inside the list of vectors, entry inside an object in it.
	list, entry bool
	// naming is set where a name comes next, valued where the value after it does.
	naming, valued bool
	name           []byte
	// keeping is set inside a value that is kept, vector to the first byte of the
	// vector that is being read.
	keeping bool
	vector  byte
	// What is known of the vector: its commas, and whether anything is in it.
	commas int64
	filled bool
	// quoted is set inside a text, characters is its length so far without padding.
	quoted, escaped bool
	digits          int
	characters      int64
}

func (v *vectors) write(p []byte) {
	for len(p) > 0 {
		var n int
		switch {
		case v.vector == '[':
			n = v.numbers(p)
		case v.quoted:
			n = v.text(p)
		default:
			n = 1
			v.mark(p[0])
		}
		p = p[n:]
	}
}

// sound reports whether the response was one whole object, as far as one can tell
// without a look into the vectors.
func (v *vectors) sound() bool { return v.closed && !v.junk }

// atMembers reports whether the innermost object is one whose names matter.
func (v *vectors) atMembers() bool { return v.depth == 1 || v.depth == 3 && v.entry }

// mark takes one byte outside of texts and vectors.
func (v *vectors) mark(c byte) {
	if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
		return
	}
	if v.depth == 0 && (c != '{' || v.closed) {
		v.junk = true
		return
	}
	if v.valued && c != ':' {
		v.valued = false
		v.begin(c)
	}
	switch c {
	case ',', ':':
		v.separate(c)
	case '"':
		v.quoted, v.characters = true, 0
		if v.naming {
			v.name = v.name[:0]
		}
	case '{', '[':
		v.open(c)
	case '}', ']':
		v.leave()
	}
	if v.keeping {
		v.keep(c)
	}
}

func (v *vectors) separate(c byte) {
	if v.atMembers() {
		v.naming, v.valued = c == ',', c == ':'
		v.keeping = false
	}
}

func (v *vectors) open(c byte) {
	if v.vector == '[' {
		return
	}
	v.depth++
	v.entry = v.entry || v.list && v.depth == 3 && c == '{'
	v.naming = v.atMembers()
}

func (v *vectors) leave() {
	if v.atMembers() {
		v.keeping, v.entry = false, false
	}
	v.depth--
	v.naming = false
	v.list = v.list && v.depth > 1
	v.closed = v.depth == 0
}

// begin takes the first byte of the value of a member.
func (v *vectors) begin(c byte) {
	if bytes.IndexByte(v.name, '\\') >= 0 {
		literal := jsonscan.New(append(append([]byte{'"'}, v.name...), '"'))
		name, _ := literal.Text()
		v.name = []byte(name)
	}
	switch string(v.name) {
	case "embedding":
		if c == '[' || c == '"' {
			v.vector, v.commas, v.filled = c, 0, false
			v.count++
		}
	case "data":
		v.list = v.depth == 1 && c == '['
	case "model", "usage", "error":
		if v.depth > 1 {
			return
		}
		v.keeping = true
		separator := byte(',')
		if len(v.envelope) == 0 {
			separator = '{'
		}
		v.keep(append(append([]byte{separator, '"'}, v.name...), '"', ':')...)
	}
}

func (v *vectors) keep(p ...byte) {
	if v.over = v.over || len(v.envelope)+len(p) > maxEnvelope; !v.over {
		v.envelope = append(v.envelope, p...)
	}
}

// numbers takes bytes of a vector that is a list, and returns how many.
func (v *vectors) numbers(p []byte) int {
	run := p
	end := bytes.IndexByte(p, ']')
	if end >= 0 {
		run = p[:end]
	}
	for _, odd := range []byte(`"[{`) {
		if at := bytes.IndexByte(run, odd); at >= 0 {
			run = run[:at]
		}
	}
	if v.count == 1 {
		v.commas += int64(bytes.Count(run, []byte{','}))
		v.filled = v.filled || len(bytes.TrimLeft(run, " \t\r\n")) > 0
	}
	switch {
	case len(run) == len(p):
		return len(p)
	case len(run) != end: // a list of something else, which is read like any other
		v.vector = 0
		v.depth++
		return len(run)
	}
	if v.count == 1 && v.filled {
		v.dimensions = v.commas + 1
	}
	v.vector = 0
	return end + 1
}

// text takes bytes of a text, its end included, and returns how many.
func (v *vectors) text(p []byte) int {
	n := 1
	switch c := p[0]; {
	case v.digits > 0:
		v.digits--
	case v.escaped:
		v.escaped = false
		v.characters++
		if c == 'u' {
			v.digits = 4
		}
	case c == '\\':
		v.escaped = true
	case c == '"':
		v.quoted = false
		v.endVector()
	default:
		n, _ = jsonscan.IndexSpecial(p, 0)
		n = max(n, 1)
		if v.vector != 0 {
			v.characters += int64(n - bytes.Count(p[:n], []byte{'='}))
		}
	}
	if v.keeping {
		v.keep(p[:n]...)
	}
	if v.naming && v.quoted {
		v.name = append(v.name, p[:min(n, max(0, maxName-len(v.name)))]...)
	}
	return n
}

// endVector takes the end of a text. A vector as text is base64 of numbers of four
// bytes each, so padding that is escaped and counted makes no difference.
func (v *vectors) endVector() {
	if v.vector != 0 && v.count == 1 {
		v.dimensions = v.characters * 3 / 4 / 4
	}
	v.vector = 0
}
