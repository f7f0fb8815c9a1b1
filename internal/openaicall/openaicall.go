// Package openaicall says which requests of OpenAI's API, and of the many that
// speak its protocol, are traced and how they are decoded. Every instrumentation
// of an HTTP client for that protocol is made from it, so that all of them record
// the same.
package openaicall

import (
	"github.com/genotel/genotel/internal/httpcall"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// NewClient returns what follows the calls of one client. scope is the import
// path of the instrumentation.
func NewClient(scope string, opts ...otelgenai.Option) *httpcall.Client {
	return &httpcall.Client{
		Instrumentor: otelgenai.NewInstrumentor(scope, opts...),
		Endpoint:     endpoint,
		Provider:     openai.Provider,
	}
}

// endpoints are the kinds of requests that are traced.
var endpoints = []struct {
	is       func(method, path string) bool
	endpoint httpcall.Endpoint
}{
	{openai.IsChat, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameChat,
		API:       openai.APIChat,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewChat(call) },
	}},
	{openai.IsResponses, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameChat,
		API:       openai.APIResponses,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewResponses(call) },
	}},
	{openai.IsCompletion, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameTextCompletion,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewCompletion(call) },
	}},
	{openai.IsEmbeddings, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameEmbeddings,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewEmbeddings(call) },
	}},
	{openai.IsImages, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameGenerateContent,
		Model:     openai.Model,
		FormModel: openai.FormModel,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewImages(call) },
	}},
	{openai.IsTranscription, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameGenerateContent,
		Model:     openai.Model,
		FormModel: openai.FormModel,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewTranscription(call) },
	}},
	{openai.IsSpeech, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameGenerateContent,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewSpeech(call) },
	}},
	{openai.IsModeration, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameModeration,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewModeration(call) },
	}},
}

func endpoint(method, path string) *httpcall.Endpoint {
	for i := range endpoints {
		if endpoints[i].is(method, path) {
			return &endpoints[i].endpoint
		}
	}
	return nil
}
