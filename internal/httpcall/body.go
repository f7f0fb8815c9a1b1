package httpcall

import "io"

// body passes a response body on and lets the flight see it.
type body struct {
	inner  io.ReadCloser
	flight *flight
	// call is held only so that its clean-up comes after the body was dropped.
	call *Call
}

// wrap keeps the one optional interface that a response body is known to have.
func wrap(inner io.ReadCloser, c *Call, f *flight) io.ReadCloser {
	b := &body{inner: inner, flight: f, call: c}
	if w, ok := inner.(io.WriterTo); ok {
		return &writerBody{body: b, inner: w}
	}
	return b
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
	b.flight.read(p[:max(n, 0)], err)
	return n, err
}

// Close implements [io.Closer]. The flight is told first: an error that a Read
// on another goroutine gets because of the Close is not the provider's.
func (b *body) Close() error {
	b.flight.closed()
	return b.inner.Close()
}

// writerBody is a body that can write itself.
type writerBody struct {
	*body
	inner io.WriterTo
}

// WriteTo implements [io.WriterTo].
func (b *writerBody) WriteTo(w io.Writer) (int64, error) {
	n, err := b.inner.WriteTo(&observedWriter{to: w, flight: b.flight})
	if err == nil {
		b.flight.read(nil, io.EOF)
	}
	return n, err
}

// observedWriter shows the flight what is written.
type observedWriter struct {
	to     io.Writer
	flight *flight
}

// Write implements [io.Writer].
func (w *observedWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.flight.read(p, nil)
	return n, err
}
