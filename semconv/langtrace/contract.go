package langtrace

import "go.opentelemetry.io/otel/attribute"

// Attributes of the documented contract. Neither the server nor the interface
// reads them.
const (
	// LLMVendorKey is the provider, for example openai. A string; required.
	LLMVendorKey = attribute.Key("llm.vendor")

	// LLMRequestModelKey is the model of the request. A string; required.
	LLMRequestModelKey = attribute.Key("llm.request.model")

	// LLMRequestMessagesKey is the messages of the request: a JSON array as text;
	// required. Where content is hidden it is [].
	LLMRequestMessagesKey = attribute.Key("llm.request.messages")

	// LLMPathKey is the path of the API, for example /v1/chat/completions. A string;
	// required.
	LLMPathKey = attribute.Key("llm.path")

	// LLMRequestTemperatureKey is the temperature. To Langtrace it is sent as a
	// string, for a double would be dropped.
	LLMRequestTemperatureKey = attribute.Key("llm.request.temperature")

	// LLMRequestMaxTokensKey is the limit of output tokens. An int.
	LLMRequestMaxTokensKey = attribute.Key("llm.request.max_tokens")

	// LLMUsagePromptTokensKey is the input tokens. An int equal to
	// gen_ai.usage.input_tokens.
	LLMUsagePromptTokensKey = attribute.Key("llm.usage.prompt_tokens")

	// LLMUsageCompletionTokensKey is the output tokens. An int equal to
	// gen_ai.usage.output_tokens.
	LLMUsageCompletionTokensKey = attribute.Key("llm.usage.completion_tokens")

	// LLMUsageTotalTokensKey is their sum. An int. LangSmith reads it, too.
	LLMUsageTotalTokensKey = attribute.Key("llm.usage.total_tokens")

	// LLMToolsKey is the definitions of the tools: a JSON array as text. Left out
	// where content is hidden. OpenInference uses the same name as the start of a
	// list.
	LLMToolsKey = attribute.Key("llm.tools")
)
