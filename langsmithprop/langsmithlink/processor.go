package langsmithlink

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/langsmithprop"
	"github.com/genotel/genotel/semconv/langsmith"
)

// SpanProcessor links spans as they start. It sends nothing and keeps nothing; a span costs a
// look at the attributes of its parent. Its methods are safe for concurrent use.
type SpanProcessor struct{}

var _ sdktrace.SpanProcessor = SpanProcessor{}

// NewSpanProcessor returns a processor for [sdktrace.TracerProvider.RegisterSpanProcessor] or
// [sdktrace.WithSpanProcessor].
func NewSpanProcessor() SpanProcessor { return SpanProcessor{} }

// OnStart implements [sdktrace.SpanProcessor]. It sets langsmith.trace.id, langsmith.span.id,
// langsmith.span.parent_id and, where it is known, langsmith.span.dotted_order, and the items of
// the context: langsmith.trace.session_name, langsmith.span.tags and langsmith.metadata.*. What
// the span has been given before stays; tags are added to its own. A span with a
// langsmith.trace.id, langsmith.span.parent_id or langsmith.is_root of its own belongs where that
// says.
func (SpanProcessor) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	defer guard.Recover("linking a span to a run of LangSmith")
	parent, project, linked := parentOf(ctx, span.Parent())
	if !linked {
		return
	}
	own := given(span.Attributes())
	if own.has(langsmith.TraceIDKey) || own.has(langsmith.SpanParentIDKey) || own.has(langsmith.IsRootKey) {
		return
	}
	id := own.text(langsmith.SpanIDKey)
	if id == "" {
		id = langsmithprop.RunID(span.SpanContext().SpanID())
	}
	run := parent.Child(id, span.StartTime())
	set := []attribute.KeyValue{
		langsmith.TraceIDKey.String(run.TraceID),
		langsmith.SpanIDKey.String(run.ID),
		langsmith.SpanParentIDKey.String(parent.ID),
	}
	if run.DottedOrder != "" {
		set = append(set, langsmith.SpanDottedOrderKey.String(run.DottedOrder))
	}
	span.SetAttributes(append(set, own.lacking(langsmithprop.ItemsFromContext(ctx), project)...)...)
}

// parentOf is the run above a span: that of its parent, when the parent is of this process and
// linked itself, else the one of ctx. Attributes of the parent rather than ctx say where it
// belongs, because not every context of a parent comes from that of its own parent.
func parentOf(ctx context.Context, parent trace.SpanContext) (run langsmithprop.Run, project string, linked bool) {
	if span := trace.SpanFromContext(ctx); parent.IsValid() && !parent.IsRemote() && span.SpanContext().Equal(parent) {
		if readable, ok := span.(sdktrace.ReadOnlySpan); ok {
			if run, project, linked = runOf(readable); linked {
				return run, project, true
			}
		}
	}
	run, linked = langsmithprop.RunFromContext(ctx)
	return run, "", linked
}

// runOf is the run that a span says to be, with its project.
func runOf(span sdktrace.ReadOnlySpan) (run langsmithprop.Run, project string, linked bool) {
	attributes := given(span.Attributes())
	run = langsmithprop.Run{
		TraceID:     attributes.text(langsmith.TraceIDKey),
		ID:          attributes.text(langsmith.SpanIDKey),
		DottedOrder: attributes.text(langsmith.SpanDottedOrderKey),
	}
	if run.ID == "" {
		run.ID = langsmithprop.RunID(span.SpanContext().SpanID())
	}
	return run, attributes.text(langsmith.TraceSessionNameKey), run.TraceID != ""
}

// OnEnd implements [sdktrace.SpanProcessor].
func (SpanProcessor) OnEnd(sdktrace.ReadOnlySpan) {}

// ForceFlush implements [sdktrace.SpanProcessor].
func (SpanProcessor) ForceFlush(context.Context) error { return nil }

// Shutdown implements [sdktrace.SpanProcessor].
func (SpanProcessor) Shutdown(context.Context) error { return nil }

// given are the attributes that a span has.
type given []attribute.KeyValue

func (g given) has(key attribute.Key) bool {
	return slices.ContainsFunc(g, func(kv attribute.KeyValue) bool { return kv.Key == key })
}

func (g given) text(key attribute.Key) string {
	for _, kv := range g {
		if kv.Key == key {
			return kv.Value.AsString()
		}
	}
	return ""
}

// lacking are the attributes for items that the span does not have. project is that of the
// parent, for a context without items.
func (g given) lacking(items langsmithprop.Items, project string) []attribute.KeyValue {
	var set []attribute.KeyValue
	if items.Project != "" {
		project = items.Project
	}
	if project != "" && !g.has(langsmith.TraceSessionNameKey) && !g.has(langsmith.TraceSessionIDKey) {
		set = append(set, langsmith.TraceSessionNameKey.String(project))
	}
	if tags := g.tags(items.Tags); tags != "" {
		set = append(set, langsmith.SpanTagsKey.String(tags))
	}
	for _, name := range slices.Sorted(maps.Keys(items.Metadata)) {
		key := attribute.Key(langsmith.MetadataPrefix + name)
		if value := valueOf(items.Metadata[name]); value.Type() != attribute.EMPTY && !g.has(key) {
			set = append(set, attribute.KeyValue{Key: key, Value: value})
		}
	}
	return set
}

// tags joins more to those of the span, each once; "" when the span has all.
func (g given) tags(more []string) string {
	tags := g.text(langsmith.SpanTagsKey)
	added := false
	for _, tag := range more {
		if !slices.Contains(strings.Split(tags, ","), tag) {
			tags, added = strings.TrimPrefix(tags+","+tag, ","), true
		}
	}
	if !added {
		return ""
	}
	return tags
}

// valueOf makes JSON of what is no scalar: LangSmith does not read lists.
func valueOf(member any) attribute.Value {
	switch member := member.(type) {
	case nil:
		return attribute.Value{}
	case string:
		return attribute.StringValue(member)
	case bool:
		return attribute.BoolValue(member)
	case int:
		return attribute.IntValue(member)
	case int64:
		return attribute.Int64Value(member)
	case float64:
		return attribute.Float64Value(member)
	}
	text, err := json.Marshal(member)
	if err != nil {
		return attribute.Value{}
	}
	return attribute.StringValue(string(text))
}
