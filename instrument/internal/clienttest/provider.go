package clienttest

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Provider is a provider on loopback that answers by a script and notes what it
// is asked. It is safe for concurrent use.
type Provider struct {
	// URL is the base URL of the API.
	URL string
	// Client sends requests to the provider.
	Client *http.Client

	mu     sync.Mutex // guards all below
	script []http.HandlerFunc
	asked  []string
}

// NewProvider starts a provider for the time of a test.
func NewProvider(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	p.URL, p.Client = server.URL+"/v1/", server.Client()
	return p
}

// Play begins a new script: each answer is for one request, and the last for all
// that follow.
func (p *Provider) Play(script ...http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script, p.asked = script, nil
}

// Asked returns the requests since Play as they came over the wire.
func (p *Provider) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// ServeHTTP implements [http.Handler].
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request strings.Builder
	fmt.Fprintf(&request, "%s %s %s %d %v %v\n", r.Method, r.RequestURI, r.Host, r.ContentLength, r.TransferEncoding, err)
	_ = r.Header.Write(&request) // sorted
	request.Write(body)
	asked := request.String()
	if _, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && params["boundary"] != "" {
		asked = strings.ReplaceAll(asked, params["boundary"], "boundary") // it is random
	}

	p.mu.Lock()
	answer := p.script[min(len(p.asked), len(p.script)-1)]
	p.asked = append(p.asked, asked)
	p.mu.Unlock()
	// The same answer is the same at any time.
	w.Header().Set("Date", "Sat, 01 Feb 2025 00:00:00 GMT")
	answer(w, r)
}

// Answer responds with a status and a body.
func Answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// JSON responds with a document.
func JSON(body string) http.HandlerFunc { return Answer(http.StatusOK, "application/json", body) }

// Refuse responds with an error that is repeated at once, if at all.
func Refuse(status int, code string) http.HandlerFunc {
	return With("Retry-After-Ms", "1", Answer(status, "application/json",
		`{"error":{"message":"It is \"refused\".","type":"refusals","param":"model","code":"`+code+`"}}`))
}

// With adds a header to an answer.
func With(key, value string, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(key, value)
		answer(w, r)
	}
}

// Stream responds with events, each flushed on its own.
func Stream(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, data := range events {
			_, _ = io.WriteString(w, "data: "+data+"\n\n")
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// Hang runs an answer and then waits until the client has gone.
func Hang(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer(w, r)
		<-r.Context().Done()
	}
}
