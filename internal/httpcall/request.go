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

// peeked is a request body that was read before it is sent, and is sent from what
// was read: an application may have replaced the body and left GetBody as it was, so
// only the body itself is what goes out. A nil *peeked stands for a body that is not
// to be waited for.
type peeked struct {
	caller io.ReadCloser // the body, of which more may be left
	more   bool
	err    error // what reading it ended with

	mu     sync.Mutex // Close may come while a transport still reads
	buffer *bytes.Buffer
	unread bytes.Reader
}

// peek reads the body of a request that is in memory already, which the presence of
// GetBody tells. A body without that is left alone here; see [tee].
func peek(req *http.Request) *peeked {
	if !readable(req) || req.GetBody == nil {
		return nil
	}
	buffer, _ := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	if req.ContentLength > 0 {
		buffer.Grow(int(req.ContentLength) + bytes.MinRead)
	}
	p := &peeked{caller: req.Body, buffer: buffer}
	n, err := io.Copy(buffer, io.LimitReader(req.Body, maxRequest))
	p.more, p.err = n == maxRequest, err
	p.unread.Reset(buffer.Bytes())
	return p
}

// bytes are valid until the body is closed.
func (p *peeked) bytes() []byte {
	if p == nil {
		return nil
	}
	return p.buffer.Bytes()
}

// attach makes the body that of outgoing, our own copy of the request.
func (p *peeked) attach(outgoing *http.Request) {
	if p != nil {
		outgoing.Body = p
	}
}

// Read implements [io.Reader].
func (p *peeked) Read(b []byte) (int, error) {
	p.mu.Lock()
	if p.buffer == nil {
		p.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := p.unread.Read(b)
	p.mu.Unlock()
	switch {
	case err == nil:
		return n, nil
	case p.err != nil:
		return 0, p.err
	case p.more:
		return p.caller.Read(b)
	default:
		return 0, io.EOF
	}
}

// Close implements [io.Closer].
func (p *peeked) Close() error {
	p.mu.Lock()
	if p.buffer != nil && p.buffer.Cap() <= maxPooled {
		buffers.Put(p.buffer)
	}
	p.buffer = nil
	p.unread.Reset(nil)
	p.mu.Unlock()
	return p.caller.Close()
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
	read := clip(p, n)
	switch {
	case t.over || len(read) == 0:
	case t.form != nil:
		t.pass(read)
	case len(t.seen)+len(read) > maxRequest:
		t.seen, t.over = nil, true
	default:
		t.seen = append(t.seen, read...)
	}
	return n, err
}

// clip returns what a reader says it wrote into p, which it may lie about.
func clip(p []byte, n int) []byte { return p[:min(max(n, 0), len(p))] }

// take returns what was sent so far. A transport may still be sending.
func (t *tee) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.seen
	t.seen, t.over = nil, true
	return seen
}
