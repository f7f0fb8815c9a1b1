package httpcall

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/wire"
)

// boundaryOf is the boundary of a request whose body is a multipart form, empty for
// any other.
func boundaryOf(req *http.Request) string {
	const form = "multipart/form-data"
	contentType := req.Header.Get("Content-Type")
	if bodyless(req) || len(contentType) < len(form) || !strings.EqualFold(contentType[:len(form)], form) {
		return ""
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != form {
		return ""
	}
	return params["boundary"]
}

// formModel finds the model in a form that can be read twice.
func formModel(req *http.Request, endpoint *Endpoint, boundary string) string {
	if boundary == "" || endpoint.FormModel == nil || req.GetBody == nil {
		return ""
	}
	second, err := req.GetBody()
	if err != nil {
		return ""
	}
	defer rewind(req, second)
	return endpoint.FormModel(boundary, second)
}

// readForm reads the form in the body of req: at once from a second reader, or else
// while outgoing, our own copy of the request, is sent. It reports whether there is
// one that the decoder understands.
func (f *flight) readForm(req, outgoing *http.Request, boundary string) bool {
	form, ok := f.exchange.(wire.Form)
	if !ok || boundary == "" {
		return false
	}
	form.Form(boundary, f.op.WantsContent())
	if req.GetBody == nil || req.ContentLength > maxRequest {
		f.sent = &tee{ReadCloser: outgoing.Body, form: form}
		outgoing.Body = f.sent
		return true
	}
	if second, err := req.GetBody(); err == nil {
		defer rewind(req, second)
		_, _ = io.Copy(&formWriter{form: form, left: maxRequest}, second) // what came until an error counts
	}
	f.endForm(form)
	return true
}

// rewind closes a second reader. Some clients give out the same reader each time
// and only seek to its start, so it is taken there once more.
func rewind(req *http.Request, second io.ReadCloser) {
	_ = second.Close() // it was ours alone, and is read
	if again, err := req.GetBody(); err == nil {
		_ = again.Close() // likewise
	}
}

// endForm takes what was read of a form.
func (f *flight) endForm(form wire.Form) {
	started := f.call.Request.Model
	form.FormEnd()
	if f.call.Request.Model != started {
		f.op.SetModel(f.call.Request.Model)
	}
}

var errLargeForm = errors.New("the form is too large to be read twice")

// formWriter passes bytes on to the decoder of a form.
type formWriter struct {
	form wire.Form
	left int
}

// Write implements [io.Writer].
func (w *formWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return 0, errLargeForm
	}
	w.left -= len(p)
	w.form.FormPiece(p)
	return len(p), nil
}

// pass passes bytes that are being sent on to the decoder of a form. It runs on the
// transport's goroutine.
func (t *tee) pass(p []byte) {
	if !guard.Do("reading a form", func() { t.form.FormPiece(p) }) {
		t.over = true
	}
}
