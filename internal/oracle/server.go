package oracle

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Server is a loopback backend that records every request before it answers. It is safe for concurrent use.
type Server struct {
	// URL is the base URL, without a trailing slash.
	URL string

	handlers []http.Handler

	mu       sync.Mutex // guards captures
	captures []Capture
}

// NewServer starts a recording server that lives as long as the test. The first request is answered by the first
// handler, the second by the second, and the last handler answers all the rest; without handlers every request is
// answered by [Accept]. A handler may read the body again.
func NewServer(t testing.TB, handlers ...http.Handler) *Server {
	t.Helper()
	if len(handlers) == 0 {
		handlers = []http.Handler{Accept()}
	}
	s := &Server{handlers: handlers}
	backend := httptest.NewServer(s)
	t.Cleanup(backend.Close)
	s.URL = backend.URL
	return s
}

// ServeHTTP records the request and hands it to the handler whose turn it is.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	capture, err := FromRequest(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	turn := min(len(s.captures), len(s.handlers)-1)
	s.captures = append(s.captures, capture)
	s.mu.Unlock()
	s.handlers[turn].ServeHTTP(w, r)
}

// Captures returns the requests so far, in the order of their arrival.
func (s *Server) Captures() []Capture {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.captures)
}

// Accept answers 200 in the form of the backend the path belongs to: Langtrace's message for /api/trace, else an empty
// OTLP response in the encoding of the request.
func Accept() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		contentType, body := "application/x-protobuf", ""
		switch {
		case strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/api/trace"):
			contentType, body = "application/json", `{"message":"Traces added successfully"}`
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
			contentType, body = "application/json", `{}`
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(body)) // a client that has gone is the test's own doing
	})
}

// Status answers with the status code, the header lines given as name and value in turn, and no body.
func Status(code int, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	})
}
