package faultyotlp

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// NoAnswer reads the request and never answers.
func NoAnswer() Fault {
	return Fault{name: "no answer", play: (*exchange).hang}
}

// CloseBeforeHeaders reads the request and closes the connection.
func CloseBeforeHeaders() Fault {
	return Fault{name: "EOF before headers", play: func(x *exchange) { x.takeOver(func(net.Conn) {}) }}
}

// Reset reads the request and resets the connection.
func Reset() Fault {
	return Fault{name: "reset", play: func(x *exchange) { x.takeOver(reset) }}
}

// reset makes the closing of conn a reset.
func reset(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if c, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = c.SetLinger(0)
		_ = conn.Close() // before TLS says goodbye
	}
}

// CutHeaders closes the connection within the headers of an answer that says 200.
func CutHeaders() Fault {
	return Fault{name: "cut in the headers", play: func(x *exchange) { x.raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n") }}
}

// Garbage answers in another protocol.
func Garbage() Fault {
	return Fault{name: "garbage", play: func(x *exchange) { x.raw("SSH-2.0-server\r\n") }}
}

// CutBody closes the connection within the body of an answer with code. The spans are stored for 2xx.
func CutBody(code int) Fault {
	return Fault{name: fmt.Sprintf("%d cut in the body", code), stored: code/100 == 2, play: func(x *exchange) {
		x.raw(fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: 1000\r\n\r\n%s", code, http.StatusText(code), "cut"))
	}}
}

// SlowHeaders sends the headers of an answer that says 200, one byte per interval.
func SlowHeaders(interval time.Duration) Fault {
	answer := []byte("HTTP/1.1 200 OK\r\nX-Padding: " + strings.Repeat("x", 4096) + "\r\n")
	return Fault{name: "slow headers", play: func(x *exchange) {
		x.takeOver(func(conn net.Conn) {
			for i := range answer {
				if _, err := conn.Write(answer[i : i+1]); err != nil || !x.wait(interval) {
					return
				}
			}
		})
	}}
}

// SlowBody stores the spans, says 200 at once and then sends a body, one byte per interval, until the client leaves.
func SlowBody(interval time.Duration) Fault {
	return Fault{name: "slow body", stored: true, play: func(x *exchange) {
		x.w.WriteHeader(http.StatusOK)
		for x.r.Context().Err() == nil {
			if _, err := x.w.Write([]byte(".")); err != nil {
				return
			}
			if err := http.NewResponseController(x.w).Flush(); err != nil || !x.wait(interval) {
				return
			}
		}
	}}
}

// SlowReading reads a chunk of the request per interval, and then accepts it.
func SlowReading(chunk int, interval time.Duration) Fault {
	f := Accept()
	f.name = "slow reading"
	f.unread = true
	f.stored = false
	f.play = func(x *exchange) {
		slow := slowReader{from: x.r.Body, chunk: chunk, pause: func() bool { return x.wait(interval) }}
		if x.read(&slow) {
			x.store()
			x.accept("")
		}
	}
	return f
}

// slowReader pauses before each chunk.
type slowReader struct {
	from  io.Reader
	chunk int
	pause func() bool // false: the server closes
}

func (s *slowReader) Read(p []byte) (int, error) {
	if !s.pause() {
		return 0, io.ErrUnexpectedEOF
	}
	return s.from.Read(p[:min(len(p), s.chunk)])
}

// HugeBody answers with code and a body of size bytes. The spans are stored for 2xx.
func HugeBody(code, size int) Fault {
	return Fault{name: fmt.Sprintf("%d with %d bytes", code, size), stored: code/100 == 2, play: func(x *exchange) {
		x.answer(code, "application/json", bytes.Repeat([]byte(" "), size))
	}}
}

// GzipBomb answers with code and a compressed body that unpacks to size bytes, whatever encodings the client takes. The
// spans are stored for 2xx.
func GzipBomb(code, size int) Fault {
	return Fault{name: fmt.Sprintf("%d with a bomb", code), stored: code/100 == 2, play: func(x *exchange) {
		var bomb bytes.Buffer
		zip := gzip.NewWriter(&bomb)
		_, _ = io.CopyN(zip, blanks{}, int64(size)) // a Buffer takes everything
		_ = zip.Close()
		x.w.Header().Set("Content-Encoding", "gzip")
		x.answer(code, "application/json", bomb.Bytes())
	}}
}

// blanks are spaces without end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
