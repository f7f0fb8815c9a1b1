package httpcall

import (
	"bytes"
	"io"
	"net/http"
)

// rewrite gives a request, which is our own copy of the caller's, another body.
func rewrite(outgoing *http.Request, body []byte) {
	_ = outgoing.Body.Close() // the caller's, which nobody is going to read
	outgoing.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	outgoing.Body, _ = outgoing.GetBody()
	outgoing.ContentLength = int64(len(body))
	outgoing.TransferEncoding = nil
}
