package openinference

import "go.opentelemetry.io/otel/attribute"

// Attributes of a model call.
const (
	// LLMSystemKey is the product that answers, for example openai. A string.
	// LangSmith: metadata.ls_provider, after gen_ai.system.
	LLMSystemKey = attribute.Key("llm.system")

	// LLMProviderKey is who hosts the model, for example azure. A string.
	LLMProviderKey = attribute.Key("llm.provider")

	// LLMModelNameKey is the model. A string. LangSmith: metadata.ls_model_name, after
	// the gen_ai.* keys.
	LLMModelNameKey = attribute.Key("llm.model_name")

	// LLMInvocationParametersKey is all parameters of the request in one JSON object,
	// as text. LangSmith: merged over invocation_params.
	LLMInvocationParametersKey = attribute.Key("llm.invocation_parameters")

	// LLMFinishReasonKey is why the model stopped. One string.
	LLMFinishReasonKey = attribute.Key("llm.finish_reason")

	// LLMInputMessagesKey is the list of messages sent. Members: Message*. LangSmith:
	// inputs.messages, of which it reads role and content.
	LLMInputMessagesKey = attribute.Key("llm.input_messages")

	// LLMOutputMessagesKey is the list of messages received. Members: Message*.
	// LangSmith: outputs.messages, of which it reads role and content.
	LLMOutputMessagesKey = attribute.Key("llm.output_messages")

	// LLMPromptsKey is the list of prompts of a call for a text completion. Members:
	// [PromptTextKey]. Langtrace displays the same name as one JSON array.
	LLMPromptsKey = attribute.Key("llm.prompts")

	// LLMChoicesKey is the list of texts that such a call made. Members:
	// [CompletionTextKey].
	LLMChoicesKey = attribute.Key("llm.choices")

	// LLMFunctionCallKey is the function call of an answer: JSON text. Deprecated by
	// OpenInference in favor of [MessageToolCallsKey].
	LLMFunctionCallKey = attribute.Key("llm.function_call")

	// LLMToolsKey is the list of tools offered. Members: [ToolJSONSchemaKey],
	// [ToolNameKey] and [ToolDescriptionKey]. Langtrace documents the same name for one
	// JSON array.
	LLMToolsKey = attribute.Key("llm.tools")
)

// Members of a prompt and of a choice of a text completion, see [LLMPromptsKey] and
// [LLMChoicesKey].
const (
	// PromptTextKey is the text of a prompt. A string.
	PromptTextKey = attribute.Key("prompt.text")

	// CompletionTextKey is the text of a choice. A string.
	CompletionTextKey = attribute.Key("completion.text")
)

// Values of [LLMSystemKey] that differ from those of gen_ai.provider.name.
const (
	LLMSystemOpenAI    = "openai"
	LLMSystemMistralAI = "mistralai"
	LLMSystemVertexAI  = "vertexai"
)

// Values of [LLMProviderKey] that differ from those of gen_ai.provider.name.
const (
	LLMProviderOpenAI    = "openai"
	LLMProviderAWS       = "aws"
	LLMProviderAzure     = "azure"
	LLMProviderCohere    = "cohere"
	LLMProviderFireworks = "fireworks"
	LLMProviderGoogle    = "google"
	LLMProviderMistralAI = "mistralai"
	LLMProviderMoonshot  = "moonshot"
	LLMProviderTogether  = "together"
	LLMProviderXAI       = "xai"
)

// Prompt template of a model call.
const (
	// LLMPromptTemplateTemplateKey is the text of the template.
	LLMPromptTemplateTemplateKey = attribute.Key("llm.prompt_template.template")

	// LLMPromptTemplateVariablesKey is the values put into it: a JSON object as text.
	// LangSmith: its presence makes the run a prompt, even an LLM call.
	LLMPromptTemplateVariablesKey = attribute.Key("llm.prompt_template.variables")

	// LLMPromptTemplateVersionKey is the version of the template. A string.
	LLMPromptTemplateVersionKey = attribute.Key("llm.prompt_template.version")
)

// Usage of a model call. Ints. LangSmith reads the first three, after the gen_ai.*
// keys.
const (
	// LLMTokenCountPromptKey is the input tokens.
	LLMTokenCountPromptKey = attribute.Key("llm.token_count.prompt")

	// LLMTokenCountCompletionKey is the output tokens.
	LLMTokenCountCompletionKey = attribute.Key("llm.token_count.completion")

	// LLMTokenCountTotalKey is their sum.
	LLMTokenCountTotalKey = attribute.Key("llm.token_count.total")

	// LLMTokenCountPromptDetailsCacheReadKey is the input tokens read from the cache.
	LLMTokenCountPromptDetailsCacheReadKey = attribute.Key("llm.token_count.prompt_details.cache_read")

	// LLMTokenCountPromptDetailsCacheWriteKey is the input tokens written to the cache.
	LLMTokenCountPromptDetailsCacheWriteKey = attribute.Key("llm.token_count.prompt_details.cache_write")

	// LLMTokenCountPromptDetailsAudioKey is the input tokens of audio.
	LLMTokenCountPromptDetailsAudioKey = attribute.Key("llm.token_count.prompt_details.audio")

	// LLMTokenCountCompletionDetailsReasoningKey is the output tokens of reasoning.
	LLMTokenCountCompletionDetailsReasoningKey = attribute.Key("llm.token_count.completion_details.reasoning")

	// LLMTokenCountCompletionDetailsAudioKey is the output tokens of audio.
	LLMTokenCountCompletionDetailsAudioKey = attribute.Key("llm.token_count.completion_details.audio")
)

// Cost of a model call in US dollars. Doubles.
const (
	// LLMCostPromptKey is the cost of the input.
	LLMCostPromptKey = attribute.Key("llm.cost.prompt")

	// LLMCostCompletionKey is the cost of the output.
	LLMCostCompletionKey = attribute.Key("llm.cost.completion")

	// LLMCostTotalKey is their sum.
	LLMCostTotalKey = attribute.Key("llm.cost.total")
)

// Members of a message, see [LLMInputMessagesKey].
const (
	// MessageRoleKey is the role. A string.
	MessageRoleKey = attribute.Key("message.role")

	// MessageContentKey is the content, when it is one text. A string.
	MessageContentKey = attribute.Key("message.content")

	// MessageContentsKey is the list of contents, when there are several or one that
	// is no text. Members: MessageContentType* and below.
	MessageContentsKey = attribute.Key("message.contents")

	// MessageNameKey is the name of the tool that produced a tool message. A string.
	MessageNameKey = attribute.Key("message.name")

	// MessageToolCallIDKey is the id of the call that a tool message answers. A string.
	MessageToolCallIDKey = attribute.Key("message.tool_call_id")

	// MessageToolCallsKey is the list of tool calls. Members: ToolCall*.
	MessageToolCallsKey = attribute.Key("message.tool_calls")
)

// Members of one content of a message, see [MessageContentsKey].
const (
	// MessageContentTypeKey is one of the ContentType values.
	MessageContentTypeKey = attribute.Key("message_content.type")

	// MessageContentTextKey is the text of a text or of reasoning.
	MessageContentTextKey = attribute.Key("message_content.text")

	// MessageContentImageURLKey is the URL of an image, or its data as a data URL.
	MessageContentImageURLKey = attribute.Key("message_content.image.image.url")

	// MessageContentAudioURLKey is the URL of a sound, or its data as a data URL.
	MessageContentAudioURLKey = attribute.Key("message_content.audio.audio.url")

	// MessageContentAudioMIMETypeKey is the MIME type of a sound, for example
	// audio/mpeg.
	MessageContentAudioMIMETypeKey = attribute.Key("message_content.audio.audio.mime_type")

	// MessageContentAudioTranscriptKey is the text of a sound.
	MessageContentAudioTranscriptKey = attribute.Key("message_content.audio.audio.transcript")
)

// Values of [MessageContentTypeKey].
const (
	ContentTypeText      = "text"
	ContentTypeImage     = "image"
	ContentTypeAudio     = "audio"
	ContentTypeVideo     = "video"
	ContentTypeReasoning = "reasoning"
	ContentTypeToolUse   = "tool_use"
)

// Members of a tool call, see [MessageToolCallsKey].
const (
	// ToolCallIDKey is the id of the call. A string.
	ToolCallIDKey = attribute.Key("tool_call.id")

	// ToolCallFunctionNameKey is the name of the function. A string.
	ToolCallFunctionNameKey = attribute.Key("tool_call.function.name")

	// ToolCallFunctionArgumentsKey is the arguments: JSON text.
	ToolCallFunctionArgumentsKey = attribute.Key("tool_call.function.arguments")
)
