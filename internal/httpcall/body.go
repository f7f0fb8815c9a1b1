package httpcall

import (
	"context"
	"io"
)

// body passes a response body on and lets the flight see it.
type body struct {
	inner  io.ReadCloser
	flight *flight
	number int             // of the attempt
	ctx    context.Context //nolint:containedctx // the attempt's, which Read and Close are not given
	// call has the clean-up that ends a flight whose body was dropped.
	call *Call
}

// wrap keeps the one optional interface that a response body is known to have.
func wrap(ctx context.Context, inner io.ReadCloser, c *Call, f *flight) io.ReadCloser {
	b := &body{inner: inner, flight: f, number: f.now.number, ctx: ctx, call: c}
	if w, ok := inner.(io.WriterTo); ok {
		return &writerBody{body: b, inner: w}
	}
	return b
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
	b.read(clip(p, n), err)
	return n, err
}

// Close implements [io.Closer]. The flight is told first: an error that a Read
// on another goroutine gets because of the Close is not the provider's.
func (b *body) Close() error {
	b.flight.closed(b.ctx, b.number)
	b.call.unwatchDone(b.flight)
	return b.inner.Close()
}

func (b *body) read(p []byte, err error) {
	b.flight.read(b.ctx, b.number, p, err)
	b.call.unwatchDone(b.flight)
}

// writerBody is a body that can write itself.
type writerBody struct {
	*body
	inner io.WriterTo
}

// WriteTo implements [io.WriterTo]. An error of w is not one of the response.
func (b *writerBody) WriteTo(w io.Writer) (int64, error) {
	observed := &observedWriter{to: w, body: b.body}
	n, err := b.inner.WriteTo(observed)
	switch {
	case err == nil:
		b.read(nil, io.EOF)
	case observed.err == nil:
		b.read(nil, err)
	}
	return n, err
}

// observedWriter shows the flight what is written.
type observedWriter struct {
	to   io.Writer
	body *body
	err  error
}

// Write implements [io.Writer].
func (w *observedWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if err != nil {
		w.err = err
	}
	w.body.read(p, nil)
	return n, err
}
