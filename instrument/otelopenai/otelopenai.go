package otelopenai

import (
	"github.com/openai/openai-go/v3/option"

	"github.com/genotel/genotel/internal/httpcall"
	"github.com/genotel/genotel/internal/percall"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// ScopeName is the instrumentation scope of the spans.
const ScopeName = "github.com/genotel/genotel/instrument/otelopenai"

// WithTracing returns a request option that traces the calls of a client, or of
// a single call when it is given to one. It reads the environment once, when it
// is called. Give it first, so that it sees a request as the caller made it and
// covers other middlewares. Given twice, the outer one traces.
//
// The request and the bytes of the response are left as they are, and no failure
// of the tracing reaches the caller.
func WithTracing(opts ...otelgenai.Option) option.RequestOption {
	client := &httpcall.Client{
		Instrumentor: otelgenai.NewInstrumentor(ScopeName, opts...),
		Endpoint:     endpoint,
		Provider:     openai.Provider,
	}
	return percall.New(option.WithMiddleware, func(maxRetries func() int) percall.Layer {
		return client.NewCall(maxRetries).RoundTrip
	})
}

// endpoints are those that are traced.
var endpoints = []struct {
	recognizes func(method, path string) bool
	endpoint   *httpcall.Endpoint
}{
	{openai.IsChat, &httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameChat,
		API:       openai.APIChat,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewChat(call) },
	}},
	{openai.IsResponses, &httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameChat,
		API:       openai.APIResponses,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewResponses(call) },
	}},
}

func endpoint(method, path string) *httpcall.Endpoint {
	for _, known := range endpoints {
		if known.recognizes(method, path) {
			return known.endpoint
		}
	}
	return nil
}
