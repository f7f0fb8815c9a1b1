package langtrace

import "go.opentelemetry.io/otel/attribute"

// Keys under gen_ai that Langtrace reads and the conventions have deprecated or
// never had.
const (
	// GenAISystemKey is the provider. A string, shown in the tab Attributes only.
	GenAISystemKey = attribute.Key("gen_ai.system")

	// GenAIRequestToolsKey is the definitions of the tools. JSON text, shown in the
	// tab Attributes only.
	GenAIRequestToolsKey = attribute.Key("gen_ai.request.tools")

	// GenAIUsageTotalTokensKey fills the total on the dashboard, which does not add
	// up input and output itself. An int.
	GenAIUsageTotalTokensKey = attribute.Key("gen_ai.usage.total_tokens")

	// GenAIPromptKey is the attribute of [EventContentPrompt]. On a span it is not
	// read.
	GenAIPromptKey = attribute.Key("gen_ai.prompt")

	// GenAICompletionKey is the attribute of [EventContentCompletion]. On a span it is
	// not read.
	GenAICompletionKey = attribute.Key("gen_ai.completion")
)

// Keys that spoil the display. They are here to be removed from what goes to
// Langtrace.
const (
	// GenAIUsagePromptTokensKey is added to gen_ai.usage.input_tokens on dashboards:
	// never send both.
	GenAIUsagePromptTokensKey = attribute.Key("gen_ai.usage.prompt_tokens")

	// GenAIUsageCompletionTokensKey is added to gen_ai.usage.output_tokens on
	// dashboards: never send both.
	GenAIUsageCompletionTokensKey = attribute.Key("gen_ai.usage.completion_tokens")

	// GenAIUsageCachedTokensKey is added to total and cost although the input tokens
	// already contain it.
	GenAIUsageCachedTokensKey = attribute.Key("gen_ai.usage.cached_tokens")

	// LLMPromptsKey is the old form of the prompt, in competition with
	// [EventContentPrompt].
	LLMPromptsKey = attribute.Key("llm.prompts")

	// LLMResponsesKey is the old form of the completion, in competition with
	// [EventContentCompletion].
	LLMResponsesKey = attribute.Key("llm.responses")

	// LLMTokenCountsKey is the old form of the usage: a JSON object as text. Its one
	// use is on a failed call: with four zero counts the cost of the trace does not
	// turn blank.
	LLMTokenCountsKey = attribute.Key("llm.token.counts")
)
