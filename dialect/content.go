package dialect

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
	"github.com/genotel/genotel/semconv/openinference"
)

// Content says which side of a conversation a backend may see.
type Content struct {
	Input, Output bool
}

// side is where content of a conversation belongs.
type side uint8

const (
	neither side = iota
	input
	output
	both
)

// contentKeys are the attributes in which instrumentations, ours and others', put
// content.
var contentKeys = map[attribute.Key]side{
	semconv.GenAIInputMessagesKey:        input,
	semconv.GenAISystemInstructionsKey:   input,
	semconv.GenAIToolDefinitionsKey:      input,
	semconv.GenAIToolCallArgumentsKey:    input,
	semconv.GenAIRetrievalQueryTextKey:   input,
	semconv.GenAIMemoryQueryTextKey:      input,
	semconv.GenAIAgentDescriptionKey:     input,
	semconv.GenAIMainAgentDescriptionKey: input,
	semconv.GenAIOutputMessagesKey:       output,
	semconv.GenAIToolCallResultKey:       output,
	semconv.GenAIRetrievalDocumentsKey:   output,
	semconv.GenAIMemoryRecordsKey:        output,

	langsmith.GenAIPromptKey:           input,
	langsmith.GenAICompletionKey:       output,
	langsmith.TraceloopEntityInputKey:  input,
	langsmith.TraceloopEntityOutputKey: output,
	langsmith.ToolsKey:                 input,
	langsmith.ToolArgumentsKey:         input,
	langsmith.PromptKey:                input,
	langsmith.AllMessagesEventsKey:     both,
	langsmith.EventsKey:                both,
	langsmith.AttachmentsKey:           input,
	langsmith.EventContentKey:          both,

	langtrace.LLMRequestMessagesKey: input,
	langtrace.LLMPromptsKey:         input,
	langtrace.LLMResponsesKey:       output,
	langtrace.LLMToolsKey:           input,
	langtrace.GenAIRequestToolsKey:  input,

	openinference.InputValueKey:                 input,
	openinference.OutputValueKey:                output,
	openinference.LLMPromptTemplateVariablesKey: input,
	openinference.LLMPromptTemplateTemplateKey:  input,
	openinference.ToolParametersKey:             input,
	openinference.RerankerQueryKey:              input,
	openinference.LLMFunctionCallKey:            output,
	openinference.ImageURLKey:                   both,
	openinference.AudioURLKey:                   both,
	openinference.AudioTranscriptKey:            both,
}

// contentPrefixes are those of attributes with an index in their name.
var contentPrefixes = []struct {
	prefix string
	side   side
}{
	{semconv.GenAIPromptVariablePrefix, input},
	{string(openinference.LLMInputMessagesKey) + ".", input},
	{string(openinference.LLMOutputMessagesKey) + ".", output},
	{string(openinference.LLMPromptsKey) + ".", input},
	{string(openinference.LLMChoicesKey) + ".", output},
	{string(openinference.LLMToolsKey) + ".", input},
	{string(openinference.InputImagesKey) + ".", input},
	{string(openinference.InputDocumentsKey) + ".", input},
	{string(openinference.RerankerInputDocumentsKey) + ".", input},
	{string(openinference.RerankerOutputDocumentsKey) + ".", output},
	{string(openinference.RetrievalDocumentsKey) + ".", output},
	{string(openinference.EmbeddingEmbeddingsKey) + ".", input},
	{string(langsmith.LLMRequestFunctionsKey) + ".", input},
	{langsmith.GenAICompletionPrefix, output},
}

// contentEvents are the events that carry content.
var contentEvents = map[string]side{
	langsmith.EventContentPrompt:     input,
	langsmith.EventSystemMessage:     input,
	langsmith.EventUserMessage:       input,
	langsmith.EventToolMessage:       input,
	langsmith.EventContentCompletion: output,
	langsmith.EventAssistantMessage:  output,
	langsmith.EventChoice:            output,
}

func sideOf(key attribute.Key) side {
	if s, ok := contentKeys[key]; ok {
		return s
	}
	name := string(key)
	for _, p := range contentPrefixes {
		if strings.HasPrefix(name, p.prefix) {
			return p.side
		}
	}
	// gen_ai.prompt.0.content is content, gen_ai.prompt.name is not.
	if index, ok := strings.CutPrefix(name, langsmith.GenAIPromptPrefix); ok && index != "" &&
		'0' <= index[0] && index[0] <= '9' {
		return input
	}
	return neither
}

// allows reports whether an attribute may be seen.
func (c Content) allows(key attribute.Key) bool { return c.shows(sideOf(key)) }

func (c Content) shows(s side) bool {
	switch s {
	case input:
		return c.Input
	case output:
		return c.Output
	case both:
		return c.Input && c.Output
	default:
		return true
	}
}

// visible returns the events that may be seen, less their attributes that may not.
func (c Content) visible(events []trace.Event) []trace.Event {
	hidden := func(kv attribute.KeyValue) bool { return !c.allows(kv.Key) }
	kept := make([]trace.Event, 0, len(events))
	for _, event := range events {
		switch {
		case !c.shows(contentEvents[event.Name]):
			continue
		case contentEvents[event.Name] == neither && slices.ContainsFunc(event.Attributes, hidden):
			event.Attributes = slices.DeleteFunc(slices.Clone(event.Attributes), hidden)
		}
		kept = append(kept, event)
	}
	return kept
}
