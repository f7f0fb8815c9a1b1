package dialect

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
	"github.com/genotel/genotel/semconv/openinference"
)

// AppendLabels appends what an application says of its work in one vocabulary. [GenAI]
// stands for the ids that the core conventions have; they have no tags and no metadata.
// Any span may carry them.
func AppendLabels(dst []attribute.KeyValue, l *record.Labels, d Dialect) []attribute.KeyValue {
	switch d {
	case GenAI:
		dst = appendText(dst, semconv.SessionIDKey, l.Session)
		return appendText(dst, openinference.UserIDKey, l.User)
	case LangSmith:
		return langsmithLabels(dst, l)
	case LLM:
		return appendText(dst, langtrace.UserIDKey, l.User)
	case OpenInference:
		return openInferenceLabels(dst, l)
	default:
		return dst
	}
}

// langsmithLabels leaves it to the metadata to name the thread and the user, as programs
// that know LangSmith do.
func langsmithLabels(dst []attribute.KeyValue, l *record.Labels) []attribute.KeyValue {
	if !hasLabel(l, "thread_id") && !hasLabel(l, "session_id") && !hasLabel(l, "conversation_id") {
		dst = appendText(dst, langsmith.MetadataThreadIDKey, l.Session)
	}
	if !hasLabel(l, "user_id") {
		dst = appendText(dst, langsmith.MetadataUserIDKey, l.User)
	}
	dst = appendText(dst, langsmith.TraceSessionNameKey, l.Project)
	dst = appendText(dst, langsmith.SpanTagsKey, strings.Join(l.Tags, ","))
	for _, label := range l.Metadata {
		dst = appendLabel(dst, langsmith.MetadataPrefix+label.Name, label.Value)
	}
	return dst
}

func hasLabel(l *record.Labels, name string) bool {
	return slices.ContainsFunc(l.Metadata, func(label record.Label) bool { return label.Name == name })
}

func appendLabel(dst []attribute.KeyValue, key string, value any) []attribute.KeyValue {
	switch v := value.(type) {
	case string:
		return append(dst, attribute.String(key, v))
	case bool:
		return append(dst, attribute.Bool(key, v))
	case int64:
		return append(dst, attribute.Int64(key, v))
	case float64:
		return append(dst, attribute.Float64(key, v))
	default:
		return dst
	}
}

func openInferenceLabels(dst []attribute.KeyValue, l *record.Labels) []attribute.KeyValue {
	if len(l.Tags) > 0 {
		dst = append(dst, openinference.TagsKey.StringSlice(slices.Clone(l.Tags)))
	}
	if len(l.Metadata) == 0 {
		return dst
	}
	var w jsonappend.Writer
	w.Object()
	for _, label := range l.Metadata {
		w.Key(label.Name)
		switch v := label.Value.(type) {
		case string:
			w.String(v)
		case bool:
			w.Bool(v)
		case int64:
			w.Int(v)
		case float64:
			w.Float(v)
		default:
			w.Null()
		}
	}
	w.EndObject()
	return append(dst, openinference.MetadataKey.String(string(w.Bytes())))
}

// AppendRun appends what an application says of one span. Only LangSmith has words for
// it.
func AppendRun(dst []attribute.KeyValue, r record.Run, d Dialect) []attribute.KeyValue {
	if d != LangSmith {
		return dst
	}
	dst = appendText(dst, langsmith.TraceNameKey, r.Name)
	return appendText(dst, langsmith.ReferenceExampleIDKey, r.Example)
}
