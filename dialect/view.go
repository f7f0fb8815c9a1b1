package dialect

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
	"github.com/genotel/genotel/semconv/openinference"
)

// View rewrites an ended span for one backend. call is the record of the span's
// operation, nil for spans that have none. It changes neither.
type View func(span trace.ReadOnlySpan, call *record.Call) trace.ReadOnlySpan

// GenAIView returns the view for backends that follow the conventions. Content
// that may not be seen is removed, in whatever vocabulary it is; a record adds what
// may be, in the gen_ai.* form.
func GenAIView(content Content) View {
	return func(span trace.ReadOnlySpan, call *record.Call) trace.ReadOnlySpan {
		r := content.hide(span, call != nil)
		if call == nil {
			return r
		}
		held := len(r.attributes)
		for _, kv := range AppendGenAIContent(nil, call) {
			if content.allows(kv.Key) && !contains(r.attributes[:held], kv.Key) {
				r.attributes = append(r.attributes, kv)
			}
		}
		r.explain(call, content)
		return r
	}
}

func contains(attributes []attribute.KeyValue, key attribute.Key) bool {
	for _, kv := range attributes {
		if kv.Key == key {
			return true
		}
	}
	return false
}

// hide copies a span without the content that may not be seen. The error text of a
// model call may quote either side; that of other spans is the application's own
// and stays. summarized says that the status is genotel's summary of the error.
func (c Content) hide(span trace.ReadOnlySpan, summarized bool) *rewritten {
	r := rewrite(span, c.allows)
	r.events = c.visible(r.events)
	switch {
	case c.Input && c.Output || !summarized && !isModelCall(r.attributes):
	case summarized:
		r.reword(span.Status().Description)
	default:
		r.hideErrors()
	}
	return r
}

// isModelCall reports whether a span, of any instrumentation, is about a model, a tool
// or an agent.
func isModelCall(attributes []attribute.KeyValue) bool {
	for _, kv := range attributes {
		switch kv.Key {
		case semconv.GenAIOperationNameKey, langsmith.GenAISystemKey, langsmith.TraceloopSpanKindKey,
			langsmith.LLMRequestTypeKey, langtrace.ServiceTypeKey, openinference.SpanKindKey:
			return true
		}
	}
	return false
}

// rewritten is a span with other attributes and events, and another status.
type rewritten struct {
	trace.ReadOnlySpan
	attributes []attribute.KeyValue
	events     []trace.Event
	status     trace.Status
}

// Attributes implements [trace.ReadOnlySpan].
func (r *rewritten) Attributes() []attribute.KeyValue { return r.attributes }

// Events implements [trace.ReadOnlySpan].
func (r *rewritten) Events() []trace.Event { return r.events }

// Status implements [trace.ReadOnlySpan].
func (r *rewritten) Status() trace.Status { return r.status }

// rewrite returns a copy of span whose attributes are those that keep accepts,
// with room for more.
func rewrite(span trace.ReadOnlySpan, keep func(attribute.Key) bool) *rewritten {
	attributes := span.Attributes()
	r := &rewritten{
		ReadOnlySpan: span,
		attributes:   make([]attribute.KeyValue, 0, len(attributes)+extraAttributes),
		events:       append([]trace.Event(nil), span.Events()...),
		status:       span.Status(),
	}
	for _, kv := range attributes {
		if keep(kv.Key) {
			r.attributes = append(r.attributes, kv)
		}
	}
	return r
}

// extraAttributes is room for what a view adds.
const extraAttributes = 24

// explain adds why content is missing, and writes the exception event's message:
// identifiers, and the provider's text where the whole conversation may be seen,
// for it may quote either side.
func (r *rewritten) explain(c *record.Call, content Content) {
	if content.Input || content.Output {
		for _, kv := range AppendContentState(nil, c) {
			if !contains(r.attributes, kv.Key) { // the span may tell it already
				r.attributes = append(r.attributes, kv)
			}
		}
	}
	e := c.Error
	if e == nil {
		return
	}
	text := ErrorSummary(e)
	if content.Input && content.Output && e.Message != "" {
		text += ": " + e.Message
	}
	r.reword(text)
}

// reword replaces the message of the exception event, in copies.
func (r *rewritten) reword(text string) {
	for i := range r.events {
		if r.events[i].Name != semconv.ExceptionEventName {
			continue
		}
		attributes := append([]attribute.KeyValue(nil), r.events[i].Attributes...)
		for j := range attributes {
			if attributes[j].Key == semconv.ExceptionMessageKey {
				attributes[j] = semconv.ExceptionMessageKey.String(text)
			}
		}
		r.events[i].Attributes = attributes
		return
	}
}

// hideErrors leaves of errors their type: status and message are mostly the same text,
// and a stack trace begins with it.
func (r *rewritten) hideErrors() {
	kind := textOf(r.attributes, semconv.ErrorTypeKey)
	for i, event := range r.events {
		if event.Name != semconv.ExceptionEventName {
			continue
		}
		if name := textOf(event.Attributes, semconv.ExceptionTypeKey); name != "" {
			kind = name
		}
		attributes := make([]attribute.KeyValue, 0, len(event.Attributes))
		for _, kv := range event.Attributes {
			switch kv.Key {
			case semconv.ExceptionMessageKey:
				attributes = append(attributes, semconv.ExceptionMessageKey.String(kind))
			case semconv.ExceptionStacktraceKey:
			default:
				attributes = append(attributes, kv)
			}
		}
		r.events[i].Attributes = attributes
	}
	if r.status.Description != "" {
		r.status.Description = kind
	}
}

// textOf returns the value of an attribute, "" when there is none.
func textOf(attributes []attribute.KeyValue, key attribute.Key) string {
	for _, kv := range attributes {
		if kv.Key == key {
			return kv.Value.AsString()
		}
	}
	return ""
}
