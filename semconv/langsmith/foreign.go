package langsmith

import "go.opentelemetry.io/otel/attribute"

// Keys of TraceLoop that LangSmith reads. They matter for spans of other
// instrumentations.
const (
	// TraceloopEntityInputKey fills inputs, after OpenInference's input.value.
	TraceloopEntityInputKey = attribute.Key("traceloop.entity.input")

	// TraceloopEntityOutputKey fills outputs, after OpenInference's output.value.
	TraceloopEntityOutputKey = attribute.Key("traceloop.entity.output")

	// TraceloopEntityNameKey sets the name of the run, after [TraceNameKey].
	TraceloopEntityNameKey = attribute.Key("traceloop.entity.name")

	// TraceloopSpanKindKey sets the run type, after all other kinds: workflow, task,
	// agent and chain are chains.
	TraceloopSpanKindKey = attribute.Key("traceloop.span.kind")

	// TraceloopLLMRequestTypeKey is documented to set the run type; the converter
	// reads [LLMRequestTypeKey] instead.
	TraceloopLLMRequestTypeKey = attribute.Key("traceloop.llm.request.type")

	// TraceloopAssociationPropertiesPrefix starts keys that fill metadata;
	// [MetadataPrefix] wins over it.
	TraceloopAssociationPropertiesPrefix = "traceloop.association.properties."
)

// Keys under llm of OpenLLMetry. LangSmith reads all but one of them.
const (
	// LLMRequestTypeKey sets the run type where neither [SpanKindKey] nor
	// gen_ai.operation.name does: embedding, and llm for any other value.
	LLMRequestTypeKey = attribute.Key("llm.request.type")

	// LLMUsageTotalTokensKey fills usage_metadata.total_tokens, after
	// [GenAIUsageTotalTokensKey]. An int.
	LLMUsageTotalTokensKey = attribute.Key("llm.usage.total_tokens")

	// LLMPresencePenaltyKey fills invocation_params.presence_penalty and wins over
	// the gen_ai.request.* key.
	LLMPresencePenaltyKey = attribute.Key("llm.presence_penalty")

	// LLMFrequencyPenaltyKey fills invocation_params.frequency_penalty and wins over
	// the gen_ai.request.* key.
	LLMFrequencyPenaltyKey = attribute.Key("llm.frequency_penalty")

	// LLMCompletionsKey is where OpenLLMetry for Go has the messages of the answer,
	// llm.completions.<n>.content and so on, beside llm.prompts.<n>. LangSmith reads
	// neither.
	LLMCompletionsKey = attribute.Key("llm.completions")

	// LLMRequestFunctionsKey fills invocation_params.functions.
	LLMRequestFunctionsKey = attribute.Key("llm.request.functions")
)

// Keys without a namespace that LangSmith reads.
const (
	// ModelKey fills metadata.ls_model_name, after gen_ai.request.model and
	// gen_ai.response.model.
	ModelKey = attribute.Key("model")

	// ToolsKey fills invocation_params.tools with the definitions offered to the
	// model: a JSON array as text.
	ToolsKey = attribute.Key("tools")

	// ToolArgumentsKey fills invocation_params.tool_arguments: a JSON object as text.
	// A key-value list loses its values.
	ToolArgumentsKey = attribute.Key("tool_arguments")

	// PromptKey fills inputs, after [GenAIPromptKey]. Used by Logfire.
	PromptKey = attribute.Key("prompt")

	// AllMessagesEventsKey fills outputs, after [GenAICompletionKey]. Used by Logfire.
	AllMessagesEventsKey = attribute.Key("all_messages_events")

	// EventsKey fills inputs and outputs that nothing else has set: a JSON array of
	// message events as text, of which the last gen_ai.choice is the output. An array
	// attribute yields nothing. Used by Logfire.
	EventsKey = attribute.Key("events")
)
