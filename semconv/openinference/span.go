package openinference

import "go.opentelemetry.io/otel/attribute"

// Attributes of every span.
const (
	// SpanKindKey is one of the SpanKind values; required. LangSmith: run type, after
	// langsmith.span.kind, gen_ai.operation.name and llm.request.type.
	SpanKindKey = attribute.Key("openinference.span.kind")

	// InputValueKey is the whole input as one string. LangSmith: inputs; text that is
	// no JSON object becomes {"input": text}, and every text {"query": text} on a
	// retriever. It wins over gen_ai.prompt.
	InputValueKey = attribute.Key("input.value")

	// InputMIMETypeKey is the format of [InputValueKey], one of the MIMEType values.
	InputMIMETypeKey = attribute.Key("input.mime_type")

	// OutputValueKey is the whole output as one string. LangSmith: outputs; text that
	// is no JSON object becomes {"text": text}. It wins over gen_ai.completion.
	OutputValueKey = attribute.Key("output.value")

	// OutputMIMETypeKey is the format of [OutputValueKey], one of the MIMEType values.
	OutputMIMETypeKey = attribute.Key("output.mime_type")

	// InputImagesKey is the list of images in the input.
	InputImagesKey = attribute.Key("input.images")

	// InputDocumentsKey is the list of files in the input.
	InputDocumentsKey = attribute.Key("input.documents")

	// ImageURLKey is the URL of an image, or its data as a data URL. A string.
	ImageURLKey = attribute.Key("image.url")

	// AudioURLKey is the URL of a sound, or its data as a data URL. A string.
	AudioURLKey = attribute.Key("audio.url")

	// AudioTranscriptKey is the text of a sound. A string.
	AudioTranscriptKey = attribute.Key("audio.transcript")

	// AgentNameKey is the name of the agent that the span is of. A string.
	AgentNameKey = attribute.Key("agent.name")

	// MetadataKey is free metadata: a JSON object as text. LangSmith: merged into
	// metadata, over everything under langsmith.metadata.
	MetadataKey = attribute.Key("metadata")

	// TagsKey is the tags of the span. A list of strings.
	TagsKey = attribute.Key("tag.tags")

	// UserIDKey is the id of the user. A string.
	UserIDKey = attribute.Key("user.id")
)

// Values of [SpanKindKey].
const (
	SpanKindLLM       = "LLM"
	SpanKindEmbedding = "EMBEDDING"
	SpanKindChain     = "CHAIN"
	SpanKindRetriever = "RETRIEVER"
	SpanKindReranker  = "RERANKER"
	SpanKindTool      = "TOOL"
	SpanKindAgent     = "AGENT"
	SpanKindGuardrail = "GUARDRAIL"
	SpanKindEvaluator = "EVALUATOR"
	SpanKindPrompt    = "PROMPT"
)

// Values of [InputMIMETypeKey] and [OutputMIMETypeKey].
const (
	MIMETypeText = "text/plain"
	MIMETypeJSON = "application/json"
)
