package dialect

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/semconv/langsmith"
)

// LangSmithRoot returns span as one that LangSmith shows without its parent. It silently
// drops a run whose parent never arrives. A span that itself says where it belongs, by
// langsmith.is_root or langsmith.span.parent_id, is left as it is.
func LangSmithRoot(span trace.ReadOnlySpan) trace.ReadOnlySpan {
	attributes := span.Attributes()
	if contains(attributes, langsmith.IsRootKey) || contains(attributes, langsmith.SpanParentIDKey) {
		return span
	}
	r, made := span.(*rewritten)
	if !made {
		r = rewrite(span, func(attribute.Key) bool { return true })
	}
	r.attributes = append(r.attributes, langsmith.IsRootKey.Bool(true))
	return r
}
