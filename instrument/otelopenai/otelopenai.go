package otelopenai

import (
	"github.com/openai/openai-go/v3/option"

	"github.com/genotel/genotel/internal/openaicall"
	"github.com/genotel/genotel/internal/percall"
	"github.com/genotel/genotel/otelgenai"
)

// ScopeName is the instrumentation scope of the spans.
const ScopeName = "github.com/genotel/genotel/instrument/otelopenai"

// WithTracing returns a request option that traces the calls of a client, or of
// a single call when it is given to one. It reads the environment once, when it
// is called. Give it first, so that it sees a request as the caller made it and
// covers other middlewares: one outside of it that reads error responses makes
// each attempt look like a call. Given twice, the outer one traces. A model call
// that a middleware makes with the context of the request it was given counts as
// part of that call and is not traced.
//
// The request and the bytes of the response are left as they are, and no failure
// of the tracing reaches the caller.
func WithTracing(opts ...otelgenai.Option) option.RequestOption {
	client := openaicall.NewClient(ScopeName, opts...)
	return percall.New(option.WithMiddleware, func(maxRetries func() int) percall.Layer {
		return client.NewCall(maxRetries).RoundTrip
	})
}
