package dialect

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/internal/redaction"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
	"github.com/genotel/genotel/semconv/litellm"
	"github.com/genotel/genotel/semconv/openinference"
)

// Redacted returns span with what people and models wrote passed through redact, each
// text whole: content in the attributes and events of every vocabulary that is known
// here, error texts and stack traces, URLs and their paths, metadata and tags, names of
// agents and of the span. Of JSON every string is redacted, and it stays JSON. What is
// only an identifier stays: operations, providers, models, types of errors, hosts.
//
// When redact returns an error or panics, all of this is taken off the span, which says
// so in [semconv.ContentWithheldKey].
func Redacted(span trace.ReadOnlySpan, redact func(text string) (string, error)) trace.ReadOnlySpan {
	p := redaction.NewPass(redact)
	clean := &redacted{rewritten: *rewrite(span, all), links: slices.Clone(span.Links()), name: span.Name()}
	clean.attributes = redactedAttributes(p, clean.attributes, isText)
	clean.status.Description = p.Text(clean.status.Description)
	for i, event := range clean.events {
		clean.events[i].Attributes = redactedAttributes(p, event.Attributes, textsOf(event))
	}
	for i, link := range clean.links {
		clean.links[i].Attributes = redactedAttributes(p, link.Attributes, isText)
	}
	if !isIdentifier(span) {
		clean.name = p.Text(clean.name)
	}
	if p.Err() != nil {
		redaction.Report(p.Err())
		return withheld(span)
	}
	return clean
}

// redacted is a span with other links and another name, too.
type redacted struct {
	rewritten

	links []trace.Link
	name  string
}

// Links implements [trace.ReadOnlySpan].
func (r *redacted) Links() []trace.Link { return r.links }

// Name implements [trace.ReadOnlySpan].
func (r *redacted) Name() string { return r.name }

// urlKeys are the attributes that hold a URL or a part of one.
var urlKeys = map[attribute.Key]bool{
	semconv.URLFullKey:   true,
	semconv.URLPathKey:   true,
	"url.query":          true,
	"http.url":           true, // the older names
	"http.target":        true,
	langtrace.LLMPathKey: true,
}

// textKeys are the attributes that hold what people wrote, beside those of content and
// URLs.
var textKeys = map[attribute.Key]bool{
	semconv.ExceptionMessageKey:    true,
	semconv.ExceptionStacktraceKey: true,
	"error.message":                true,

	semconv.GenAIAgentNameKey:             true,
	semconv.GenAIMainAgentNameKey:         true,
	semconv.GenAIRequestStopSequencesKey:  true,
	semconv.GenAIToolDescriptionKey:       true,
	semconv.GenAIEvaluationExplanationKey: true,
	semconv.SessionIDKey:                  true,
	semconv.GenAIConversationIDKey:        true,

	langsmith.TraceNameKey:           true,
	langsmith.SpanTagsKey:            true,
	langsmith.TraceloopEntityNameKey: true,

	langtrace.UserIDKey:    true,
	litellm.RequestTagsKey: true,

	openinference.LLMInvocationParametersKey:       true,
	openinference.EmbeddingInvocationParametersKey: true,
	openinference.ToolDescriptionKey:               true,
	openinference.MetadataKey:                      true,
	openinference.TagsKey:                          true,
	openinference.UserIDKey:                        true,
}

// isText reports whether the values of an attribute are redacted.
func isText(key attribute.Key) bool {
	if sideOf(key) != neither || textKeys[key] || urlKeys[key] {
		return true
	}
	name := string(key)
	return strings.HasPrefix(name, langsmith.TraceloopAssociationPropertiesPrefix) ||
		strings.HasPrefix(name, langsmith.MetadataPrefix) && !namesModel(key)
}

// namesModel reports whether LangSmith finds the model and its price by a key of its
// metadata.
func namesModel(key attribute.Key) bool {
	return key == langsmith.MetadataLSProviderKey || key == langsmith.MetadataLSModelNameKey ||
		key == langsmith.MetadataLSModelTypeKey
}

// textsOf returns which attributes of an event are redacted: of one that carries content
// all, since its vocabulary has words such as "content".
func textsOf(event trace.Event) func(attribute.Key) bool {
	if _, ok := contentEvents[event.Name]; ok {
		return all
	}
	return isText
}

func all(attribute.Key) bool { return true }

// isIdentifier reports whether the name of a span is as the conventions want it: the
// operation, alone or with a model, a tool or a data source.
func isIdentifier(span trace.ReadOnlySpan) bool {
	attributes := span.Attributes()
	operation := textOf(attributes, semconv.GenAIOperationNameKey)
	switch span.Name() {
	case "":
		return true
	case operation,
		operation + " " + textOf(attributes, semconv.GenAIRequestModelKey),
		operation + " " + textOf(attributes, semconv.GenAIToolNameKey),
		operation + " " + textOf(attributes, semconv.GenAIDataSourceIDKey):
		return operation != ""
	default:
		return false
	}
}

func redactedAttributes(
	p *redaction.Pass, attributes []attribute.KeyValue, isText func(attribute.Key) bool,
) []attribute.KeyValue {
	clean := slices.Clone(attributes)
	for i := range clean {
		switch key, value := clean[i].Key, clean[i].Value; {
		case !isText(key):
		case urlKeys[key] && value.Type() == attribute.STRING:
			clean[i].Value = attribute.StringValue(p.URL(value.AsString()))
		default:
			clean[i].Value = redactedValue(p, value)
		}
	}
	return clean
}

func redactedValue(p *redaction.Pass, v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		return attribute.StringValue(p.Text(v.AsString()))
	case attribute.BYTESLICE:
		return attribute.ByteSliceValue([]byte(p.Text(string(v.AsByteSlice()))))
	case attribute.STRINGSLICE:
		texts := slices.Clone(v.AsStringSlice())
		for i := range texts {
			texts[i] = p.Text(texts[i])
		}
		return attribute.StringSliceValue(texts)
	case attribute.SLICE:
		elements := slices.Clone(v.AsSlice())
		for i := range elements {
			elements[i] = redactedValue(p, elements[i])
		}
		return attribute.SliceValue(elements...)
	case attribute.MAP:
		return attribute.MapValue(redactedAttributes(p, v.AsMap(), func(attribute.Key) bool { return true })...)
	default:
		return v
	}
}

// withheld returns span without anything that is to be redacted. An error keeps its type.
func withheld(span trace.ReadOnlySpan) trace.ReadOnlySpan {
	r := &redacted{rewritten: *rewrite(span, isNoText), links: slices.Clone(span.Links()), name: span.Name()}
	if !isIdentifier(span) {
		r.name = cmp.Or(textOf(r.attributes, semconv.GenAIOperationNameKey), withheldName)
	}
	r.events = Content{}.visible(r.events)
	r.hideErrors()
	for i, event := range r.events {
		r.events[i].Attributes = withoutTexts(event.Attributes, event.Name == semconv.ExceptionEventName)
	}
	for i, link := range r.links {
		r.links[i].Attributes = withoutTexts(link.Attributes, false)
	}
	if !contains(r.attributes, semconv.ContentWithheldKey) {
		r.attributes = append(r.attributes, semconv.ContentWithheldKey.String(semconv.ContentWithheldRedactorError))
	}
	return r
}

// withheldName stands for the name of a span that tells no operation.
const withheldName = "(withheld)"

func isNoText(key attribute.Key) bool { return !isText(key) }

// withoutTexts keeps the message of an exception that names its type only.
func withoutTexts(attributes []attribute.KeyValue, typeOnly bool) (kept []attribute.KeyValue) {
	for _, kv := range attributes {
		if isNoText(kv.Key) || typeOnly && kv.Key == semconv.ExceptionMessageKey {
			kept = append(kept, kv)
		}
	}
	return kept
}
