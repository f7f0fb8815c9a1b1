package oracle

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Capture is one HTTP request as the server received it. The body is as sent, compressed or not.
type Capture struct {
	Method string
	Path   string
	Header http.Header
	Body   []byte
}

// FromRequest captures r. It reads the body to the end and puts a copy back, so that a handler can still read it.
func FromRequest(r *http.Request) (Capture, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return Capture{}, fmt.Errorf("read request body: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return Capture{Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone(), Body: body}, nil
}
