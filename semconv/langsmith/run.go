package langsmith

import "go.opentelemetry.io/otel/attribute"

// Attributes that describe the run itself. LangSmith expects plain strings unless
// the comment says otherwise; an array under langsmith.* is lost or stored as a
// raw protobuf object.
const (
	// SpanKindKey sets the run type, one of the SpanKind values in any letter case;
	// an unknown value makes a chain. It decides before gen_ai.operation.name, but
	// gen_ai.tool.name makes a tool of every run.
	SpanKindKey = attribute.Key("langsmith.span.kind")

	// TraceNameKey sets the name of the run. It beats the name of the span.
	TraceNameKey = attribute.Key("langsmith.trace.name")

	// SpanTagsKey sets the tags: one string, separated by commas. An array is
	// ignored. Blanks are trimmed, empty items stay, and a tag cannot contain a comma.
	SpanTagsKey = attribute.Key("langsmith.span.tags")

	// UsageMetadataKey sets outputs.usage_metadata: a JSON object as text, with
	// input_tokens, output_tokens, total_tokens, input_token_details,
	// output_token_details and costs. It is exclusive: with it no gen_ai.usage.* key
	// is read. A run without outputs keeps no usage at all, so where content is
	// hidden send [GenAICompletionKey] as {}. The text null is stored as null.
	UsageMetadataKey = attribute.Key("langsmith.usage_metadata")

	// AttachmentsKey adds attachments: a JSON array of objects with name, content
	// (base64) and mime_type, as text. Hosted only.
	AttachmentsKey = attribute.Key("langsmith.attachments")

	// ReferenceExampleIDKey links the run to an example of a data set. The text of a
	// UUID.
	ReferenceExampleIDKey = attribute.Key("langsmith.reference_example_id")
)

// Attributes that place the run in a trace and a project. The ids are the text of
// UUIDs, override what the span says and must then be set on every descendant,
// whose parent would otherwise be looked up by the span's own id.
const (
	// IsRootKey drops the parent of the run, so that a span whose real parent is
	// exported elsewhere still shows up. It must be a bool, and true: the string
	// "true" does nothing. [SpanParentIDKey] beside it brings a parent back.
	IsRootKey = attribute.Key("langsmith.is_root")

	// TraceIDKey sets the id of the trace.
	TraceIDKey = attribute.Key("langsmith.trace.id")

	// SpanIDKey sets the id of the run.
	SpanIDKey = attribute.Key("langsmith.span.id")

	// SpanParentIDKey sets the id of the parent run. It wins over [IsRootKey].
	SpanParentIDKey = attribute.Key("langsmith.span.parent_id")

	// SpanDottedOrderKey sets the place in the tree: the parent's dotted order, a
	// dot, the start as YYYYMMDDTHHMMSSffffffZ and the run id.
	SpanDottedOrderKey = attribute.Key("langsmith.span.dotted_order")

	// TraceSessionIDKey sets the project by its UUID. Despite the name it is not a
	// conversation: threads are made by [MetadataThreadIDKey] and its siblings.
	TraceSessionIDKey = attribute.Key("langsmith.trace.session_id")

	// TraceSessionNameKey sets the project by its name. A non-empty header
	// [HeaderProject] beats it.
	TraceSessionNameKey = attribute.Key("langsmith.trace.session_name")
)

// Values of [SpanKindKey]. There is no agent: an agent is a chain.
const (
	SpanKindLLM       = "llm"
	SpanKindChain     = "chain"
	SpanKindTool      = "tool"
	SpanKindRetriever = "retriever"
	SpanKindEmbedding = "embedding"
	SpanKindPrompt    = "prompt"
	SpanKindParser    = "parser"
)
