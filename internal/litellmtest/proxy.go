// Package litellmtest is a LiteLLM proxy for tests, as far as a client can tell one
// from the real thing: headers, restamped models, fallbacks, errors inside streams.
// It was written from the documented and observed behavior of the proxy.
package litellmtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Key is the key that the proxy takes.
const Key = "sk-1234"

// The models that the proxy has.
const (
	// Model answers with Answer.
	Model = "gpt-4o"
	// Routed does too, under the name of its provider.
	Routed = "anthropic/claude-sonnet-5"
	// Broken has no working upstream: the proxy falls back to Spare, and says so.
	Broken = "primary-bad"
	// Aged has none either, behind a proxy that does not count fallbacks.
	Aged = "gpt-4o-2024-11-20"
	// Spare is what it falls back to.
	Spare = "fake-openai"
	// Failing breaks a stream after the first word, and refuses other requests.
	Failing = "breaks"
	// Flaky is refused once, and then answers.
	Flaky = "flaky"
)

// Answer is the text of every answer.
const Answer = "hello from mock"

// CallID is the id that the proxy gives to calls that have none.
const CallID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

// Request is a request as it arrived.
type Request struct {
	Header http.Header
	Body   []byte
}

// Proxy is a running proxy. It is safe for concurrent use.
type Proxy struct {
	// URL is the base URL for clients.
	URL string
	// Server holds the HTTP client that trusts the proxy.
	Server *httptest.Server

	mu       sync.Mutex // guards the following
	requests []Request
	refused  bool
}

// New starts a proxy that lives as long as the test.
func New(t testing.TB) *Proxy {
	t.Helper()
	p := Start()
	t.Cleanup(p.Server.Close)
	t.Cleanup(p.Server.Client().CloseIdleConnections)
	return p
}

// Start starts a proxy, whose Server is to be closed.
func Start() *Proxy {
	p := &Proxy{}
	p.Server = httptest.NewServer(p)
	p.URL = p.Server.URL + "/v1"
	return p
}

// Requests returns the requests so far. Each that was answered is one call that a
// callback of the proxy would log.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request(nil), p.requests...)
}

type question struct {
	Model         string `json:"model"`
	Stream        bool   `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// ServeHTTP answers one request.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	p.mu.Lock()
	p.requests = append(p.requests, Request{Header: r.Header.Clone(), Body: body})
	p.mu.Unlock()

	h := w.Header()
	h.Set("x-litellm-call-id", CallID)
	if id := r.Header.Get("x-litellm-call-id"); id != "" {
		h.Set("x-litellm-call-id", id)
	}
	h.Set("x-litellm-version", "1.98.0")
	h.Set("x-litellm-key-spend", "12.5")
	h.Set("x-litellm-key-max-budget", "100")
	if r.Header.Get("Authorization") != "Bearer "+Key {
		fail(w, http.StatusUnauthorized, "auth_error", "401")
		return
	}
	var q question
	if err := json.Unmarshal(body, &q); err != nil {
		fail(w, http.StatusBadRequest, "invalid_request_error", "400")
		return
	}
	switch {
	case q.Model == Flaky && p.refuse():
		h.Set("x-litellm-model-region", "first attempt")
		fail(w, http.StatusTooManyRequests, "throttling_error", "429")
	case q.Model == Failing && !q.Stream:
		fail(w, http.StatusServiceUnavailable, "None", "503")
	case q.Stream:
		p.stream(w, q)
	default:
		p.answer(w, q)
	}
}

// refuse reports true once.
func (p *Proxy) refuse() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.refused = true }()
	return !p.refused
}

func fail(w http.ResponseWriter, status int, kind, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, failure(kind, code)) // a client that has gone is the test's own doing
}

// failure is an error object, whose code is text.
func failure(kind, code string) string {
	return fmt.Sprintf(`{"error":{"message":"litellm.RateLimitError: no.","type":%q,"param":"None","code":%q}}`, kind, code)
}

// route writes the headers about the model that answers and returns the name that
// the response has: the one asked for, unless another model stepped in.
func route(h http.Header, q question) (model string) {
	model, fallbacks := q.Model, 0
	if q.Model == Broken || q.Model == Aged {
		model, fallbacks = Spare, 1
	}
	h.Set("x-litellm-model-id", "f0b8e5d1")
	h.Set("x-litellm-model-group", model)
	h.Set("x-litellm-model-api-base", "https://user:secret@api.openai.com/v1?key=secret")
	h.Set("x-litellm-model-region", "None")
	h.Set("x-litellm-attempted-retries", "1")
	h.Set("x-litellm-max-retries", "2")
	h.Set("x-litellm-timeout", "6000.0")
	h.Set("x-litellm-overhead-duration-ms", "not a number")
	h.Set("x-litellm-response-duration-ms", "843.25")
	h.Set("x-ratelimit-remaining-requests", "99")
	h.Set("llm_provider-openai-processing-ms", "812")
	h.Set("llm_provider-x-request-id", "req_1")
	if q.Model != Aged {
		h.Set("x-litellm-attempted-fallbacks", strconv.Itoa(fallbacks))
	}
	if q.Model == Aged {
		model = strings.TrimSuffix(Aged, "-2024-11-20")
	}
	return model
}

const usage = `"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}`

func (p *Proxy) answer(w http.ResponseWriter, q question) {
	model := route(w.Header(), q)
	w.Header().Set("x-litellm-response-cost", "0.000123")
	w.Header().Set("x-litellm-response-cost-original", "0.0002")
	w.Header().Set("x-litellm-response-cost-discount-amount", "7.7e-05")
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":%q,"choices":[`+
		`{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":%q}}],%s}`, model, Answer, usage)
}

func (p *Proxy) stream(w http.ResponseWriter, q question) {
	model := route(w.Header(), q)
	w.Header().Set("x-litellm-response-cost", "0.0")
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	send := func(data string) {
		_, _ = io.WriteString(w, "data: "+data+"\n\n")
		_ = http.NewResponseController(w).Flush()
	}
	head := fmt.Sprintf(`{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1700000000,"model":%q,`, model)
	for i, word := range strings.SplitAfter(Answer, " ") {
		send(head + fmt.Sprintf(`"choices":[{"index":0,"delta":{"role":"assistant","content":%q},"finish_reason":null}]}`, word))
		if i == 0 && q.Model == Failing {
			send(failure("throttling_error", "429"))
			return
		}
	}
	send(head + `"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`)
	if q.StreamOptions.IncludeUsage {
		send(head + `"choices":[],` + strings.TrimSuffix(usage, "}") + `,"cost":0.000456}}`)
	}
	send("[DONE]")
}
