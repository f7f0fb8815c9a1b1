package openai

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// bytesSeen counts bytes that pass by and are not held.
type bytesSeen struct {
	// wanted is set when somebody wants more than their number.
	wanted bool
	n      int64
	hash   hash.Hash
}

func (b *bytesSeen) write(p []byte) {
	b.n += int64(len(p))
	if !b.wanted {
		return
	}
	if b.hash == nil {
		b.hash = sha256.New()
	}
	_, _ = b.hash.Write(p) // it never fails
}

// blob describes the bytes; it is nil for none.
func (b *bytesSeen) blob() *record.Blob {
	if b.hash == nil {
		return nil
	}
	return &record.Blob{Bytes: int(b.n), SHA256: hex.EncodeToString(b.hash.Sum(nil))}
}

// base64Seen describes the bytes in base64 that comes in pieces.
type base64Seen struct {
	seen bytesSeen
	// rest are the last characters, which make no whole group yet.
	rest []byte
	room [3 << 10]byte
	// padded is set after the first padding, bad where the text is no base64.
	padded, bad bool
	characters  int64
}

// group is the number of characters that stand for whole bytes.
const group = 4

// write takes characters, without the line ends that JSON may have escapes of.
func (b *base64Seen) write(p []byte) {
	b.characters += int64(len(p))
	end := len(bytes.TrimRight(p, "="))
	b.bad = b.bad || b.padded && end > 0
	b.padded = b.padded || end < len(p)
	p = p[:end]
	if b.bad {
		return
	}
	if len(b.rest) > 0 {
		n := min(len(p), group-len(b.rest))
		b.rest = append(b.rest, p[:n]...)
		p = p[n:]
		if len(b.rest) < group {
			return
		}
		b.decode(b.rest)
		b.rest = b.rest[:0]
	}
	whole := len(p) / group * group
	b.decode(p[:whole])
	b.rest = append(b.rest, p[whole:]...)
}

// decode decodes whole groups, or the last one.
func (b *base64Seen) decode(p []byte) {
	const most = len(b.room) / 3 * group
	for len(p) > 0 && !b.bad {
		part := p[:min(len(p), most)]
		n, err := base64.RawStdEncoding.Decode(b.room[:], part)
		b.seen.write(b.room[:n])
		b.bad = err != nil
		p = p[len(part):]
	}
}

// literal takes a whole JSON string.
func (b *base64Seen) literal(raw []byte) {
	inside := raw[1 : len(raw)-1]
	if bytes.IndexByte(inside, '\\') >= 0 {
		escaped := jsonscan.New(raw)
		plain, _ := escaped.Text()
		inside = []byte(strings.NewReplacer("\n", "", "\r", "").Replace(plain))
	}
	b.write(inside)
	b.end()
}

// end tells that the text ended; more of the same bytes may come in another one.
func (b *base64Seen) end() {
	b.decode(b.rest)
	b.rest, b.padded = b.rest[:0], false
}

// blob describes what came. Of a text that is no base64 the length is all there is.
func (b *base64Seen) blob() *record.Blob {
	if b.bad {
		return &record.Blob{Bytes: int(b.characters)}
	}
	return b.seen.blob()
}
