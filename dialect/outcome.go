package dialect

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// ErrorSummary describes an error by its identifiers alone, as in
// "429 rate_limit_exceeded (requests)". It never holds the provider's text, which
// may quote the prompt.
func ErrorSummary(e *record.Error) string {
	summary := e.Type
	if status := strconv.Itoa(e.Status); e.Status != 0 && summary != status {
		summary = status + " " + summary
	}
	if e.ProviderType != "" && e.ProviderType != e.Type {
		summary += " (" + e.ProviderType + ")"
	}
	return summary
}

// AppendError appends what identifies a failure.
func AppendError(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	e := c.Error
	dst = appendText(dst, semconv.ErrorTypeKey, e.Type)
	if e.Status != 0 {
		dst = append(dst, semconv.HTTPResponseStatusCodeKey.Int(e.Status))
	}
	dst = appendText(dst, semconv.ErrorCodeKey, e.Code)
	dst = appendText(dst, semconv.ErrorProviderTypeKey, e.ProviderType)
	if e.RequestID != "" {
		dst = append(dst, semconv.HTTPResponseHeaderRequestIDKey.StringSlice([]string{e.RequestID}))
	}
	return dst
}

// AppendDelivery appends how the answer arrived: retries, chunks, what it cost, and
// whether it or its content is incomplete.
func AppendDelivery(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	if c.Attempts > 1 {
		dst = append(dst, semconv.HTTPRequestResendCountKey.Int(c.Attempts-1))
	}
	if c.Stream.Chunks > 0 {
		dst = append(dst,
			semconv.StreamChunksKey.Int(c.Stream.Chunks),
			semconv.StreamContentChunksKey.Int(c.Stream.ContentChunks))
	}
	if generatesText(c.Operation) && c.Stream.ContentChunks > 0 && !c.Usage.Output.IsSet() && !tracedBelow(c) {
		dst = append(dst, semconv.UsageEstimatedOutputTokensKey.Int(c.Stream.ContentChunks))
	}
	if !c.Timing.FirstContent.IsZero() {
		wait := c.Timing.FirstContent.Sub(c.Timing.Start).Seconds()
		dst = append(dst, semconv.StreamTimeToFirstContentKey.Float64(wait))
	}
	if !isMemory(c.Operation) { // which have a key of the conventions
		dst = appendInt(dst, semconv.RetrievalDocumentCountKey, c.Retrieval.Found)
	}
	dst = appendFloat(dst, semconv.UsageCostKey, usage(c).Cost)
	if c.Outcome != record.Completed {
		dst = append(dst, semconv.IncompleteKey.Bool(true))
	}
	return AppendContentState(dst, c)
}

// generatesText reports whether a chunk of an operation's stream is about a token.
func generatesText(operation string) bool {
	return operation == semconv.GenAIOperationNameChat || operation == semconv.GenAIOperationNameTextCompletion
}

// AppendContentState appends why content is missing or short, if it is.
func AppendContentState(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	if c.Content.Truncated {
		dst = append(dst, semconv.ContentTruncatedKey.Bool(true))
	}
	return appendText(dst, semconv.ContentWithheldKey, c.Content.Withheld)
}
