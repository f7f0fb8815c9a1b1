package httpcall

import (
	"context"
	"io"
)

// body passes a response body on and lets the flight see it.
type body struct {
	inner  io.ReadCloser
	flight *flight
	ctx    context.Context //nolint:containedctx // the attempt's, which Read and Close are not given
	// call has the clean-up that ends a flight whose body was dropped.
	call *Call
}

// wrap keeps the one optional interface that a response body is known to have.
func wrap(ctx context.Context, inner io.ReadCloser, c *Call, f *flight) io.ReadCloser {
	b := &body{inner: inner, flight: f, ctx: ctx, call: c}
	if w, ok := inner.(io.WriterTo); ok {
		return &writerBody{body: b, inner: w}
	}
	return b
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
	b.read(p[:max(n, 0)], err)
	return n, err
}

// Close implements [io.Closer]. The flight is told first: an error that a Read
// on another goroutine gets because of the Close is not the provider's.
func (b *body) Close() error {
	b.flight.closed(b.ctx)
	b.call.unwatchDone(b.flight)
	return b.inner.Close()
}

func (b *body) read(p []byte, err error) {
	b.flight.read(b.ctx, p, err)
	b.call.unwatchDone(b.flight)
}

// writerBody is a body that can write itself.
type writerBody struct {
	*body
	inner io.WriterTo
}

// WriteTo implements [io.WriterTo].
func (b *writerBody) WriteTo(w io.Writer) (int64, error) {
	n, err := b.inner.WriteTo(&observedWriter{to: w, body: b.body})
	if err == nil {
		b.read(nil, io.EOF)
	}
	return n, err
}

// observedWriter shows the flight what is written.
type observedWriter struct {
	to   io.Writer
	body *body
}

// Write implements [io.Writer].
func (w *observedWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.body.read(p, nil)
	return n, err
}
