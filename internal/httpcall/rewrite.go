package httpcall

import (
	"bytes"
	"io"
	"net/http"
)

// rewrite gives a request, which is our own copy of the caller's, other bytes for a
// body. Closing it closes the body it had.
func rewrite(outgoing *http.Request, body []byte) {
	outgoing.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(body), outgoing.Body}
	outgoing.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	outgoing.ContentLength = int64(len(body))
	outgoing.TransferEncoding = nil
}
