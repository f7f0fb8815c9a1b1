package httpcall

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/genotel/genotel/internal/wire"
)

// maxRequest bounds the request bodies that are looked into, in bytes; larger
// ones are sent unseen.
const maxRequest = 64 << 20

// maxPooled bounds the buffers kept for reuse, in bytes.
const maxPooled = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// peeked is a copy of a request body. A nil *peeked stands for a body that could
// not be read without consuming it.
type peeked struct{ buffer *bytes.Buffer }

// peek copies the body of a request that can give a second reader of it. A body
// without that is left alone here; see [tee].
func peek(req *http.Request) *peeked {
	if !readable(req) || req.GetBody == nil {
		return nil
	}
	second, err := req.GetBody()
	if err != nil {
		return nil
	}
	defer rewind(req, second)
	buffer, _ := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	if req.ContentLength > 0 {
		buffer.Grow(int(req.ContentLength) + bytes.MinRead)
	}
	p := &peeked{buffer: buffer}
	if _, err := io.Copy(buffer, io.LimitReader(second, maxRequest)); err != nil {
		p.release()
		return nil
	}
	return p
}

// rewind closes a second reader. Some clients give out the same reader each time
// and only seek to its start, so it is taken there once more.
func rewind(req *http.Request, second io.ReadCloser) {
	_ = second.Close() // it was ours alone, and is read
	if again, err := req.GetBody(); err == nil {
		_ = again.Close() // likewise
	}
}

func (p *peeked) bytes() []byte {
	if p == nil {
		return nil
	}
	return p.buffer.Bytes()
}

func (p *peeked) release() {
	if p != nil && p.buffer.Cap() <= maxPooled {
		buffers.Put(p.buffer)
	}
}

// readable reports whether a request has a body worth reading. One without a type
// is what openai-go sends along when it asks for a stored stream.
func readable(req *http.Request) bool {
	if bodyless(req) || req.ContentLength > maxRequest {
		return false
	}
	contentType := req.Header.Get("Content-Type")
	return contentType == "" || strings.Contains(strings.ToLower(contentType), "json")
}

// bodyless reports whether a request has no body at all.
func bodyless(req *http.Request) bool { return req.Body == nil || req.Body == http.NoBody }

// tee copies a request body that can be read only once, while it is sent.
type tee struct {
	io.ReadCloser
	mu   sync.Mutex
	seen []byte
	over bool
	// form reads a multipart form as it passes, or is nil.
	form wire.Form
}

// tee replaces the body of outgoing, which is our own copy of the request, and
// reports whether there was one to look into.
func (f *flight) tee(outgoing *http.Request) bool {
	if !readable(outgoing) {
		return false
	}
	f.sent = &tee{ReadCloser: outgoing.Body}
	outgoing.Body = f.sent
	return true
}

// Read implements [io.Reader].
func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.over || n <= 0:
	case t.form != nil:
		t.pass(p[:n])
	case len(t.seen)+n > maxRequest:
		t.seen, t.over = nil, true
	default:
		t.seen = append(t.seen, p[:n]...)
	}
	return n, err
}

// take returns what was sent so far. A transport may still be sending.
func (t *tee) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.seen
	t.seen, t.over = nil, true
	return seen
}
