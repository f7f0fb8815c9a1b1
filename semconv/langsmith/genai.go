package langsmith

import "go.opentelemetry.io/otel/attribute"

// Keys under gen_ai that LangSmith reads and the conventions have deprecated or
// never had. They belong in the view made for LangSmith only.
const (
	// GenAISystemKey is the provider: it fills metadata.ls_provider. A string.
	GenAISystemKey = attribute.Key("gen_ai.system")

	// GenAIPromptKey fills inputs: a JSON object as text, such as
	// {"messages":[...]}. Text that is no object, an array too, becomes
	// {"input": text}. Content events beat it.
	GenAIPromptKey = attribute.Key("gen_ai.prompt")

	// GenAICompletionKey fills outputs: a JSON object as text, such as
	// {"choices":[...]} or {"messages":[...]}. Text that is no object becomes
	// {"text": text}. Content events beat it. Without outputs the usage is lost, so
	// a hidden completion is sent as {}.
	GenAICompletionKey = attribute.Key("gen_ai.completion")

	// GenAIPromptPrefix starts the flat form of the messages, gen_ai.prompt.<n>.role
	// and gen_ai.prompt.<n>.content (or .message.role and .message.content). It is
	// read only where inputs are still unset, and it loses tool calls and images.
	GenAIPromptPrefix = "gen_ai.prompt."

	// GenAICompletionPrefix starts the flat form of the output messages, built and
	// limited like [GenAIPromptPrefix].
	GenAICompletionPrefix = "gen_ai.completion."
)

// Usage. Every count must be an int, doubles are ignored, and all of them are
// ignored beside [UsageMetadataKey].
const (
	// GenAIUsageTotalTokensKey fills usage_metadata.total_tokens.
	GenAIUsageTotalTokensKey = attribute.Key("gen_ai.usage.total_tokens")

	// GenAIUsagePromptTokensKey fills usage_metadata.input_tokens and wins over
	// gen_ai.usage.input_tokens. Langtrace adds the two: do not send it there.
	GenAIUsagePromptTokensKey = attribute.Key("gen_ai.usage.prompt_tokens")

	// GenAIUsageCompletionTokensKey fills usage_metadata.output_tokens and wins over
	// gen_ai.usage.output_tokens. Langtrace adds the two: do not send it there.
	GenAIUsageCompletionTokensKey = attribute.Key("gen_ai.usage.completion_tokens")

	// GenAIUsageDetailsReasoningTokensKey fills usage_metadata.reasoning_tokens.
	// Hosted only.
	GenAIUsageDetailsReasoningTokensKey = attribute.Key("gen_ai.usage.details.reasoning_tokens")

	// GenAIUsageCacheReadInputTokensKey is the tokens read from the provider's cache.
	// Hosted only. Beware: an underscore where the convention's key has a dot.
	GenAIUsageCacheReadInputTokensKey = attribute.Key("gen_ai.usage.cache_read_input_tokens")

	// GenAIUsageCacheCreationInputTokensKey is the tokens written to the provider's
	// cache. Hosted only. Beware: an underscore where the convention's old key has a
	// dot.
	GenAIUsageCacheCreationInputTokensKey = attribute.Key("gen_ai.usage.cache_creation_input_tokens")
)
