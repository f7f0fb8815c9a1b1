// Package otelgenaihttp traces any HTTP client that talks to OpenAI or to a
// provider with an OpenAI-compatible API: sashabaranov/go-openai, a generated
// client, or net/http itself.
//
//	client := &http.Client{Transport: otelgenaihttp.NewTransport(nil)}
//
// Each chat completion, response that is created, completion and call for
// embeddings, images, speech, a transcription or a moderation becomes one span that
// follows the OpenTelemetry GenAI conventions, as with package otelopenai, which
// lists further ones; other requests pass through untraced. A transport sees
// single requests: a client that repeats a failed one makes a span of each.
//
// [WithTracing] makes one span of a call and its retries, for openai-go of any
// major version. For openai-go v3 package otelopenai does the same. Where several
// are installed a call is traced once, by the outermost.
package otelgenaihttp

import (
	"net/http"

	"github.com/genotel/genotel/internal/httpcall"
	"github.com/genotel/genotel/internal/openaicall"
	"github.com/genotel/genotel/otelgenai"
)

// ScopeName is the instrumentation scope of the spans.
const ScopeName = "github.com/genotel/genotel/instrument/otelgenaihttp"

// NewTransport returns a transport that sends requests with base and traces model
// calls. base is not changed; nil stands for [http.DefaultTransport]. The transport
// is safe for concurrent use if base is. It reads the environment once, when it is
// made.
//
// Requests and the bytes of responses are left as they are, and no failure of the
// tracing reaches the caller.
func NewTransport(base http.RoundTripper, opts ...otelgenai.Option) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{base: base, client: openaicall.NewClient(ScopeName, opts...)}
}

type transport struct {
	base   http.RoundTripper
	client *httpcall.Client
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.client.NewCall(nil).RoundTrip(req, t.base.RoundTrip)
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach base.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}
