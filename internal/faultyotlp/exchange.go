package faultyotlp

import (
	"crypto/sha256"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"time"
)

// exchange is one request and its answer.
type exchange struct {
	server *Server
	number int // in Server.requests
	fault  Fault
	w      http.ResponseWriter
	r      *http.Request
	body   []byte // uncompressed
}

// run plays the fault.
func (x *exchange) run() {
	if x.fault.unread {
		x.record(func(r *Request) { r.WireBytes, r.Bytes = int(x.r.ContentLength), int(x.r.ContentLength) })
	} else if !x.read(x.r.Body) {
		return
	}
	if x.fault.only != nil && !x.fault.only(x.server.request(x.number)) {
		x.instead(Accept())
		return
	}
	if !x.wait(x.fault.delay) {
		return
	}
	if x.fault.stored {
		x.store()
	}
	if x.fault.header != nil {
		x.fault.header(x.w.Header())
	}
	x.fault.play(x)
}

// instead plays another fault on the same request.
func (x *exchange) instead(other Fault) {
	if x.fault.unread && !x.read(x.r.Body) {
		return
	}
	other.unread = true // it is read already
	x.fault = other
	x.record(func(r *Request) { r.Fault = other.name })
	x.store()
	x.fault.play(x)
}

// read reads the body and looks for spans. It answers 400 and returns false if they cannot be read.
func (x *exchange) read(from io.Reader) bool {
	wire, err := io.ReadAll(from)
	x.record(func(r *Request) { r.WireBytes, r.Sum = len(wire), sha256.Sum256(wire) })
	if err == nil {
		x.body, err = unpack(wire, x.r.Header.Get("Content-Encoding"))
	}
	var spans []Span
	if err == nil {
		spans, err = decode(x.body, x.r.Header.Get("Content-Type"))
	}
	x.record(func(r *Request) {
		r.Bytes, r.Spans = len(x.body), spans
		if err != nil {
			r.Problem = err.Error()
		}
	})
	if err != nil {
		x.answer(http.StatusBadRequest, "", nil)
	}
	return err == nil
}

func (x *exchange) record(change func(*Request)) {
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	change(&x.server.requests[x.number])
}

// store keeps the spans of the request, without those that are rejected.
func (x *exchange) store() {
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	r := &x.server.requests[x.number]
	r.Stored = max(len(r.Spans)-x.fault.rejected, 0)
	for _, span := range r.Spans[:r.Stored] {
		x.server.arrived[span.ID]++
	}
}

// accept answers 200 in the form of contentType, or in that of the request.
func (x *exchange) accept(contentType string) {
	if contentType == "" {
		contentType = x.r.Header.Get("Content-Type")
	}
	var body []byte
	switch mediaType, _, _ := mime.ParseMediaType(contentType); {
	case x.fault.rejected == 0 && mediaType == "application/json":
		body = []byte("{}")
	case x.fault.rejected == 0:
	case mediaType == "application/json":
		body = fmt.Appendf(nil, `{"partialSuccess":{"rejectedSpans":"%d","errorMessage":"too old"}}`, x.fault.rejected)
	default:
		body = rejection(x.fault.rejected)
	}
	x.answer(http.StatusOK, contentType, body)
}

func (x *exchange) answer(code int, contentType string, body []byte) {
	if contentType != "" {
		x.w.Header().Set("Content-Type", contentType)
	}
	x.w.WriteHeader(code)
	_, _ = x.w.Write(body) // a client that has left is the test's own doing
}

// raw sends text as it is and closes the connection.
func (x *exchange) raw(text string) {
	x.takeOver(func(conn net.Conn) { _, _ = io.WriteString(conn, text) }) // as in answer
}

// takeOver hands the connection to use, and closes it then.
func (x *exchange) takeOver(use func(net.Conn)) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil { // only a connection of HTTP/2 cannot be had, and that is not spoken here
		return
	}
	use(conn)
	_ = conn.Close()
}

// wait returns false if the server closes before d is over.
func (x *exchange) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.server.closed:
		return false
	}
}

// hang waits until the client or the server leaves.
func (x *exchange) hang() {
	select {
	case <-x.r.Context().Done():
	case <-x.server.closed:
	}
}
