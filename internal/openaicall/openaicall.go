// Package openaicall says which requests of OpenAI's API, and of the many that
// speak its protocol, are traced and how they are decoded. Every instrumentation
// of an HTTP client for that protocol is made from it, so that all of them record
// the same.
package openaicall

import (
	"strings"

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
	in := otelgenai.NewInstrumentor(scope, opts...)
	kinds := append(responses(new(openai.Background)), endpoints...)
	return &httpcall.Client{
		Instrumentor: in,
		Endpoint:     func(method, path string) *httpcall.Endpoint { return endpoint(kinds, method, path) },
		Provider:     openai.Provider,
		Gateway:      gateway(in),
		TracedBelow:  in.LiteLLM() == otelgenai.LiteLLMProxy,
	}
}

func light(call *record.Call) wire.Exchange { return openai.NewLight(call) }

// kind is a kind of requests that are traced.
type kind struct {
	is       func(method, path string) bool
	endpoint httpcall.Endpoint
}

// responses are the kinds that make a response and ask for it later. The calls of one
// client share what they know of those that are not done.
func responses(background *openai.Background) []kind {
	return []kind{
		{openai.IsResponses, httpcall.Endpoint{
			Operation: semconv.GenAIOperationNameChat,
			API:       openai.APIResponses,
			Model:     openai.Model,
			Decode: func(call *record.Call) wire.Exchange {
				created := openai.NewResponses(call)
				created.Background = background
				return created
			},
		}},
		{openai.Fetches, httpcall.Endpoint{
			Operation: semconv.GenAIOperationNameFetchResponse,
			API:       openai.APIResponses,
			Describe:  openai.DescribeStored,
			Decode: func(call *record.Call) wire.Exchange {
				stored := openai.NewStored(call)
				stored.Background = background
				return stored
			},
		}},
	}
}

// endpoints are all other kinds.
var endpoints = []kind{
	{openai.IsChat, httpcall.Endpoint{
		Operation:   semconv.GenAIOperationNameChat,
		API:         openai.APIChat,
		Model:       openai.Model,
		AskForUsage: openai.AskForUsage,
		Decode:      func(call *record.Call) wire.Exchange { return openai.NewChat(call) },
	}},
	{openai.IsCompaction, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameChat,
		API:       openai.APIResponses,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewCompaction(call) },
	}},
	{openai.IsTokenCount, httpcall.Endpoint{
		Operation: semconv.OperationNameCountTokens,
		API:       openai.APIResponses,
		Model:     openai.Model,
		Decode:    light,
	}},
	{openai.IsRun, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameInvokeAgent,
		Model:     openai.Model,
		Describe:  openai.DescribeRun,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewRun(call) },
	}},
	{openai.IsAssistant, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameCreateAgent,
		Model:     openai.Model,
		Describe:  openai.DescribeAssistant,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewAssistant(call) },
	}},
	{openai.IsDecision, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameChat,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewDecision(call) },
	}},
	{openai.IsSearch, httpcall.Endpoint{
		Operation: semconv.GenAIOperationNameRetrieval,
		Describe:  openai.DescribeSearch,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewSearch(call) },
	}},
	{openai.IsBatch, httpcall.Endpoint{
		Operation: semconv.OperationNameCreateBatch,
		Decode:    light,
	}},
	{openai.IsCompletion, httpcall.Endpoint{
		Operation:   semconv.GenAIOperationNameTextCompletion,
		Model:       openai.Model,
		AskForUsage: openai.AskForUsage,
		Decode:      func(call *record.Call) wire.Exchange { return openai.NewCompletion(call) },
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
		Operation: semconv.OperationNameModeration,
		Model:     openai.Model,
		Decode:    func(call *record.Call) wire.Exchange { return openai.NewModeration(call) },
	}},
}

func endpoint(kinds []kind, method, path string) *httpcall.Endpoint {
	path = strings.TrimSuffix(path, "/") // servers are as lenient
	for i := range kinds {
		if kinds[i].is(method, path) {
			return &kinds[i].endpoint
		}
	}
	return nil
}
