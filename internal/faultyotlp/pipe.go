package faultyotlp

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferBytes is what a stream holds between writer and reader. Without a buffer the two ends of a TLS handshake wait
// for each other when it fails.
const bufferBytes = 64 << 10

// pipe returns the two ends of a connection. It is what net.Pipe is not: buffered, and it can be reset.
func pipe() (near, far net.Conn) {
	there, back := newStream(), newStream()
	return &pipeEnd{in: back, out: there}, &pipeEnd{in: there, out: back}
}

// stream is one direction of a connection.
type stream struct {
	mu      sync.Mutex // guards the following
	changed *sync.Cond // of mu
	buffer  []byte
	ended   error // what the reader gets after the buffer; nil: the writer is there
	left    error // what the writer gets; nil: the reader is there
	readBy  deadline
	writeBy deadline
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// deadline is a time after which a wait is over; zero for never.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) set(at time.Time, wake func()) {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.at, d.timer = at, nil
	if !at.IsZero() {
		d.timer = time.AfterFunc(time.Until(at), wake)
	}
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readBy.over():
			return 0, os.ErrDeadlineExceeded
		case s.left != nil:
			return 0, net.ErrClosed
		case len(s.buffer) > 0:
			n := copy(p, s.buffer)
			s.buffer = s.buffer[n:]
			s.changed.Broadcast()
			return n, nil
		case s.ended != nil:
			return 0, s.ended
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		switch room := bufferBytes - len(s.buffer); {
		case s.writeBy.over():
			return written, os.ErrDeadlineExceeded
		case s.ended != nil:
			return written, net.ErrClosed
		case s.left != nil:
			return written, s.left
		case room > 0:
			n := min(room, len(p))
			s.buffer = append(s.buffer, p[:n]...)
			p = p[n:]
			written += n
			s.changed.Broadcast()
		default:
			s.changed.Wait()
		}
	}
	return written, nil
}

// end is the leaving of the writer. With a reset, what is in the buffer never arrives.
func (s *stream) end(reset bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return
	}
	s.ended = io.EOF
	if reset {
		s.ended, s.buffer = &net.OpError{Op: "read", Net: "pipe", Err: syscall.ECONNRESET}, nil
	}
	s.changed.Broadcast()
}

// leave is the leaving of the reader.
func (s *stream) leave(reset bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left != nil {
		return
	}
	cause := syscall.EPIPE
	if reset {
		cause = syscall.ECONNRESET
	}
	s.left, s.buffer = &net.OpError{Op: "write", Net: "pipe", Err: cause}, nil
	s.changed.Broadcast()
}

func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}

// pipeEnd is one end of a connection.
type pipeEnd struct {
	in, out *stream

	mu    sync.Mutex // guards reset
	reset bool       // Close is one
}

func (p *pipeEnd) Read(b []byte) (int, error)  { return p.in.read(b) }
func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.write(b) }

// SetLinger makes Close a reset, as 0 does for TCP.
func (p *pipeEnd) SetLinger(sec int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reset = sec == 0
	return nil
}

func (p *pipeEnd) Close() error {
	p.mu.Lock()
	reset := p.reset
	p.mu.Unlock()
	p.in.leave(reset) // before the other end can answer to the leaving
	p.out.end(reset)
	return p.SetDeadline(time.Time{}) // stops the timers
}

func (*pipeEnd) LocalAddr() net.Addr  { return pipeAddress{} }
func (*pipeEnd) RemoteAddr() net.Addr { return pipeAddress{} }

func (p *pipeEnd) SetDeadline(at time.Time) error {
	_ = p.SetReadDeadline(at) // neither fails
	return p.SetWriteDeadline(at)
}

func (p *pipeEnd) SetReadDeadline(at time.Time) error {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.in.readBy.set(at, p.in.wake)
	p.in.changed.Broadcast()
	return nil
}

func (p *pipeEnd) SetWriteDeadline(at time.Time) error {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	p.out.writeBy.set(at, p.out.wake)
	p.out.changed.Broadcast()
	return nil
}

type pipeAddress struct{}

func (pipeAddress) Network() string { return "pipe" }
func (pipeAddress) String() string  { return "pipe" }
