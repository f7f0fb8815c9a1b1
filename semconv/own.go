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

	// AudioBytesKey is the number of bytes of sound that a call for speech brought. An
	// int.
	AudioBytesKey = attribute.Key("genotel.audio.bytes")

	// AudioDurationKey is the length of the sound that was transcribed or translated,
	// in seconds, as the provider says: of some models it is what is billed. A double.
	AudioDurationKey = attribute.Key("genotel.audio.duration")

	// ModerationFlaggedKey says whether any input of a moderation was flagged. A bool.
	ModerationFlaggedKey = attribute.Key("genotel.moderation.flagged")

	// ModerationCategoriesKey names the categories in which inputs of a moderation were
	// flagged, each once, in the provider's words. Strings.
	ModerationCategoriesKey = attribute.Key("genotel.moderation.categories")

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
	// OperationNameModeration is a verdict on texts and pictures.
	OperationNameModeration = "moderation"
)

// Values of [ContentWithheldKey].
const (
	// ContentWithheldRedactorError says that the redactor failed. Redaction fails
	// closed.
	ContentWithheldRedactorError = "redactor_error"
	// ContentWithheldDecodeError says that the content could not be decoded.
	ContentWithheldDecodeError = "decode_error"
	// ContentWithheldProcessError says that the application's own function, which was to
	// process an input or an output, failed.
	ContentWithheldProcessError = "process_error"
	// ContentWithheldEncoding says that the response was compressed in a way that the
	// client undoes and genotel does not.
	ContentWithheldEncoding = "content_encoding"
)
