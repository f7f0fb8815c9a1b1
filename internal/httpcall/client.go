package httpcall

import (
	"io"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// Endpoint is a kind of request that is traced.
type Endpoint struct {
	// Operation is the gen_ai.operation.name.
	Operation string
	// API is the provider's name for the endpoint family.
	API string
	// Model finds the model in a request body, cheaply: it is wanted before
	// anybody knows whether the call is sampled.
	Model func(body []byte) string
	// FormModel finds the model in a multipart form, of which it reads no more than
	// it must. It is nil where there are no forms.
	FormModel func(boundary string, body io.Reader) string
	// Decode returns the decoder of one call.
	Decode func(*record.Call) wire.Exchange
}

// Client is what all calls of one instrumented client share. It is safe for
// concurrent use.
type Client struct {
	Instrumentor *otelgenai.Instrumentor
	// Endpoint recognizes a request; nil means that it is not traced.
	Endpoint func(method, path string) *Endpoint
	// Provider names who answers at a host.
	Provider func(host, path string) string
}

// NewCall prepares one logical call. maxRetries tells how often the client
// repeats a failed attempt at the most; it is asked after a failure, and nil
// stands for a client that never does.
func (c *Client) NewCall(maxRetries func() int) *Call {
	return &Call{client: c, maxRetries: maxRetries}
}
