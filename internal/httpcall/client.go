package httpcall

import (
	"io"
	"net/http"
	"net/url"

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
	// anybody knows whether the call is sampled. It is nil where there is none.
	Model func(body []byte) string
	// AskForUsage returns a streamed request that asks for its usage, or nil when
	// there is nothing to change; see otelgenai.WithStreamUsage. It is nil for
	// requests that cannot ask.
	AskForUsage func(body []byte) []byte
	// Describe writes what else the span is to have from its start into the record;
	// it is nil where there is nothing. It must be as cheap.
	Describe func(call *record.Call, url *url.URL, body []byte)
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
	// Provider names who answers at a server, and says whether that is only assumed.
	Provider func(server record.Server, path string) (name string, assumed bool)
	// Gateway reads what the headers of a request and its response say of a gateway
	// on the way, nil where there is none. It is asked when an attempt begins, with
	// no response, and again when its response arrives. A nil Gateway is not asked.
	Gateway func(call *record.Call, request, response http.Header) *record.Gateway
	// TracedBelow is set when whoever takes the requests traces the calls. No spans
	// are made for them here.
	TracedBelow bool
}

// NewCall prepares one logical call. maxRetries tells how often the client
// repeats a failed attempt at the most; it is asked after a failure, and nil
// stands for a client that never does.
func (c *Client) NewCall(maxRetries func() int) *Call {
	return &Call{client: c, maxRetries: maxRetries}
}
