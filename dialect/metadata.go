package dialect

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
	"github.com/genotel/genotel/semconv/openinference"
)

// WithoutMetadata returns LangSmith's view without what LangSmith makes the metadata of a
// run from, in every vocabulary that it reads: ids of threads, sessions and users too, and
// the resource. Provider, name and type of the model stay, since without them there is no
// cost.
func WithoutMetadata(view View) View {
	return func(span trace.ReadOnlySpan, call *record.Call) trace.ReadOnlySpan {
		return unlabeled{rewrite(view(span, call), isNoMetadata)}
	}
}

// unlabeled is a span without a resource.
type unlabeled struct{ *rewritten }

// Resource implements [trace.ReadOnlySpan].
func (unlabeled) Resource() *resource.Resource { return resource.Empty() }

func isNoMetadata(key attribute.Key) bool {
	switch key {
	case openinference.MetadataKey, openinference.UserIDKey, langtrace.UserIDKey, semconv.SessionIDKey,
		semconv.GenAIConversationIDKey:
		return false
	default:
		name := string(key)
		return !strings.HasPrefix(name, langsmith.TraceloopAssociationPropertiesPrefix) &&
			(!strings.HasPrefix(name, langsmith.MetadataPrefix) || namesModel(key))
	}
}
