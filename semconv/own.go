package semconv

import "go.opentelemetry.io/otel/attribute"

// Keys of genotel's own namespace, for facts that no registered key can say.
const (
	// StreamChunksKey is the number of stream events with a payload that were
	// received. An int.
	StreamChunksKey = attribute.Key("genotel.stream.chunks")

	// StreamContentChunksKey is the number of chunks that carried generated output.
	// An int.
	StreamContentChunksKey = attribute.Key("genotel.stream.content_chunks")

	// UsageEstimatedOutputTokensKey is an estimate of the output tokens of a streamed
	// text for which no usage came: one token per chunk with generated output. An int.
	// An estimate is never reported as gen_ai.usage.*, which is what is paid for.
	UsageEstimatedOutputTokensKey = attribute.Key("genotel.usage.estimated_output_tokens")

	// StreamTimeToFirstContentKey is the time from the start of the call to the first
	// chunk with generated output, in seconds: text, reasoning, a tool call or sound,
	// and not the empty chunk with the role that many streams begin with. A double.
	StreamTimeToFirstContentKey = attribute.Key("genotel.stream.time_to_first_content")

	// IncompleteKey says that the response ended before the provider said it was
	// complete: the stream was cut, closed early or canceled. A bool, only ever
	// true.
	IncompleteKey = attribute.Key("genotel.response.incomplete")

	// RetrievalDocumentCountKey is the number of documents that a search found. An
	// int.
	RetrievalDocumentCountKey = attribute.Key("genotel.retrieval.document_count")

	// ContentWithheldKey says why content that the policy allows is missing, for
	// example [ContentWithheldRedactorError]. A string.
	ContentWithheldKey = attribute.Key("genotel.content.withheld")

	// ContentTruncatedKey says that content was cut to fit a limit. A bool, only
	// ever true.
	ContentTruncatedKey = attribute.Key("genotel.content.truncated")

	// UsageCostKey is the price of the call in US dollars, only where the provider
	// states it. A double.
	UsageCostKey = attribute.Key("genotel.usage.cost")

	// ErrorCodeKey is the member code of the provider's error, verbatim. A string.
	ErrorCodeKey = attribute.Key("genotel.error.code")

	// ErrorProviderTypeKey is the member type of the provider's error, verbatim. A
	// string. The classified, low-cardinality value is [ErrorTypeKey].
	ErrorProviderTypeKey = attribute.Key("genotel.error.provider_type")
)

// Values of [GenAIOperationNameKey] for operations of which the conventions know
// nothing.
const (
	// OperationNameCountTokens counts the tokens of an input without a model's answer.
	OperationNameCountTokens = "count_tokens"
	// OperationNameCreateBatch hands in a file of requests that are answered later.
	OperationNameCreateBatch = "create_batch"
)

// Values of [ContentWithheldKey].
const (
	// ContentWithheldRedactorError says that the redactor failed. Redaction fails
	// closed.
	ContentWithheldRedactorError = "redactor_error"
	// ContentWithheldDecodeError says that the content could not be decoded.
	ContentWithheldDecodeError = "decode_error"
	// ContentWithheldEncoding says that the response was compressed in a way that the
	// client undoes and genotel does not.
	ContentWithheldEncoding = "content_encoding"
)
