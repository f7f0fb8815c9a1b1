package dialect

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
	"github.com/genotel/genotel/semconv/openinference"
)

// Spans of other instrumentations come without a record. What a backend does not read
// of them is written in its words, by the encoders that serve genotel's own calls;
// what a span says in the backend's words already is left as it is.

// langsmithForeign is LangSmith's view of a span without a record.
func langsmithForeign(span trace.ReadOnlySpan, content Content) trace.ReadOnlySpan {
	if content.Input && content.Output && !isModelCall(span.Attributes()) {
		return span
	}
	r := content.hide(span, false)
	c := readCall(r)
	if c == nil {
		return r
	}
	r.addMissing(langsmithFacts(c))
	if c.Operation == semconv.GenAIOperationNameRetrieval {
		r.foreignRetriever(c, content)
	} else {
		r.foreignConversation(c)
	}
	if !r.hasEvent(langsmith.EventNewToken) {
		r.firstToken(c)
	}
	r.foreignFailure(c)
	return r
}

// langsmithFacts is what LangSmith shows and prices a run by. An agent within the
// program gets neither provider nor model: with its tokens, which are those of the calls
// below it, LangSmith would price them once more.
func langsmithFacts(c *record.Call) []attribute.KeyValue {
	if c.UsageCounted {
		return []attribute.KeyValue{langsmith.SpanKindKey.String(runType(c))}
	}
	told := appendText(nil, langsmith.GenAISystemKey, c.Provider)
	for _, kv := range AppendLangSmith(nil, c) {
		if kv.Key != langsmith.MetadataLSInvocationParamsKey || kv.Value.AsString() != "{}" {
			told = append(told, kv)
		}
	}
	told = appendInt(told, langsmith.GenAIUsageTotalTokensKey, total(&c.Usage))
	if len(c.Request.Tools) > 0 {
		told = append(told, langsmith.ToolsKey.String(openAITools(c.Request.Tools)))
	}
	return told
}

// foreignConversation writes the sides that LangSmith would not find, or of which it
// would lose half. A run without outputs gets empty ones, or LangSmith drops its usage.
func (r *rewritten) foreignConversation(c *record.Call) {
	prompt, completion := promptObject, foreignCompletion
	if c.Operation == semconv.GenAIOperationNameExecuteTool {
		prompt, completion = toolInput, toolOutput
	}
	asked := len(c.Request.System)+len(c.Request.Messages) > 0
	if asked && !r.hasEvent(langsmith.EventContentPrompt) && !r.says(langsmithInputs...) {
		r.removeMoved(input)
		r.put(langsmith.GenAIPromptKey.String(prompt(c)))
	}
	if r.hasEvent(langsmith.EventContentCompletion) || r.says(langsmithOutputs...) {
		return
	}
	if !answered(c) {
		r.put(langsmith.GenAICompletionKey.String("{}"))
		return
	}
	r.removeMoved(output)
	r.put(langsmith.GenAICompletionKey.String(completion(c)))
}

// langsmithInputs and langsmithOutputs are the attributes from which LangSmith itself
// makes the whole inputs and outputs.
var (
	langsmithInputs = []attribute.Key{
		langsmith.GenAIPromptKey, openinference.InputValueKey, langsmith.TraceloopEntityInputKey,
		langsmith.PromptKey, langsmith.EventsKey,
	}
	langsmithOutputs = []attribute.Key{
		langsmith.GenAICompletionKey, openinference.OutputValueKey, langsmith.TraceloopEntityOutputKey,
		langsmith.AllMessagesEventsKey, langsmith.EventsKey,
	}
)

// answered reports whether any generation says something.
func answered(c *record.Call) bool {
	return slices.ContainsFunc(c.Response.Choices, func(choice record.Choice) bool { return len(choice.Message.Parts) > 0 })
}

// foreignCompletion has messages in place of choices where others tell of more than
// generations: agents answer with all that they did.
func foreignCompletion(c *record.Call) string {
	if !slices.ContainsFunc(c.Response.Choices, hasToolResult) {
		return completionObject(c)
	}
	var w jsonappend.Writer
	w.Object()
	w.Key("messages")
	w.Array()
	for i := range c.Response.Choices {
		writeOpenAIMessage(&w, &c.Response.Choices[i].Message)
	}
	w.EndArray()
	w.EndObject()
	return string(w.Bytes())
}

func hasToolResult(choice record.Choice) bool {
	return slices.ContainsFunc(choice.Message.Parts, func(part record.Part) bool {
		_, ok := part.(record.ToolResult)
		return ok
	})
}

// toolInput is what a tool was given, as the object that LangSmith wants.
func toolInput(c *record.Call) string { return stepObject("input", c.Step.Input) }

// toolOutput is what a tool returned, as the object that LangSmith wants.
func toolOutput(c *record.Call) string { return stepObject("output", c.Step.Output) }

// asObject makes an object with one member of what is none.
func asObject(name, text string) string {
	if isObject(text) {
		return text
	}
	var w jsonappend.Writer
	w.Object()
	w.Key(name)
	w.RawOrString(text)
	w.EndObject()
	return string(w.Bytes())
}

// foreignRetriever writes a search where the span does not have it in LangSmith's
// words.
func (r *rewritten) foreignRetriever(c *record.Call, content Content) {
	var told rewritten
	told.retriever(c, content)
	if r.says(openinference.InputValueKey) {
		told.attributes = slices.DeleteFunc(told.attributes, func(kv attribute.KeyValue) bool { return kv.Key == langsmith.GenAIPromptKey })
	}
	if r.says(firstDocumentKey, openinference.OutputValueKey) {
		told.attributes = slices.DeleteFunc(told.attributes, func(kv attribute.KeyValue) bool { return sideOf(kv.Key) == output })
	}
	r.addMissing(told.attributes)
}

// firstDocumentKey is there when the span has documents in LangSmith's words.
var firstDocumentKey = openinference.Indexed(openinference.RetrievalDocumentsKey, 0, openinference.DocumentContentKey)

// foreignFailure adds the exception event without which neither backend tells that the
// call failed: the conventions have dropped it.
func (r *rewritten) foreignFailure(c *record.Call) {
	if r.status.Code != codes.Error || c.Error == nil || r.hasEvent(semconv.ExceptionEventName) {
		return
	}
	kind := cmp.Or(c.Error.Type, semconv.ErrorTypeOther)
	message := cmp.Or(c.Error.Message, ErrorSummary(c.Error), kind)
	r.events = append(r.events, trace.Event{Name: semconv.ExceptionEventName, Time: r.EndTime(), Attributes: []attribute.KeyValue{
		semconv.ExceptionTypeKey.String(kind), semconv.ExceptionMessageKey.String(message),
	}})
}

// langtraceForeign adds to the view for Langtrace what it does not read of a span
// without a record.
func (r *rewritten) langtraceForeign(c *record.Call, content Content) {
	r.addMissing(langtraceFacts(c, r.InstrumentationScope()))
	r.dropOlderCounts()
	r.foreignFailure(c)
	if c.Operation != semconv.GenAIOperationNameRetrieval {
		r.langtraceConversation(c, content)
	}
}

// langtraceFacts is what Langtrace shows and prices a span by. A call that names no
// model is not shown as one: its page would have nothing to tell. An agent within the
// program gets no vendor and no model, see langsmithFacts.
func langtraceFacts(c *record.Call, scope instrumentation.Scope) []attribute.KeyValue {
	var told []attribute.KeyValue
	if kind := langtraceType(c); kind != langtrace.ServiceTypeLLM || model(c) != "" {
		told = append(told, langtrace.ServiceTypeKey.String(kind))
	}
	told = appendText(told, langtrace.SDKNameKey, scope.Name)
	told = appendText(told, langtrace.VersionKey, scope.Version)
	if c.UsageCounted {
		return told
	}
	told = appendText(told, langtrace.ServiceNameKey, langtraceVendor(c.Provider))
	told = AppendLLM(told, c)
	told = appendInt(told, semconv.GenAIUsageInputTokensKey, c.Usage.Input)
	told = appendInt(told, semconv.GenAIUsageOutputTokensKey, c.Usage.Output)
	return appendInt(told, langtrace.GenAIUsageTotalTokensKey, total(&c.Usage))
}

// dropOlderCounts removes counts of tokens by their older names, which Langtrace adds to
// those by the newer ones.
func (r *rewritten) dropOlderCounts() {
	for older, newer := range map[attribute.Key]attribute.Key{
		langtrace.GenAIUsagePromptTokensKey:     semconv.GenAIUsageInputTokensKey,
		langtrace.GenAIUsageCompletionTokensKey: semconv.GenAIUsageOutputTokensKey,
	} {
		if contains(r.attributes, newer) {
			r.attributes = slices.DeleteFunc(r.attributes, func(kv attribute.KeyValue) bool { return kv.Key == older })
		}
	}
}

func (r *rewritten) langtraceConversation(c *record.Call, content Content) {
	var told rewritten
	told.ReadOnlySpan = r.ReadOnlySpan
	if generates(c) || len(c.Request.Messages) > 0 {
		told.langtraceInput(c, content.Input)
	}
	if answer := langtraceAnswer(c); answer != "" {
		told.content(langtrace.EventContentCompletion, langtrace.GenAICompletionKey, answer, r.EndTime())
	}
	for _, event := range told.events {
		if r.hasEvent(event.Name) {
			continue
		}
		if event.Name == langtrace.EventContentPrompt {
			r.removeMoved(input)
		} else {
			r.removeMoved(output)
		}
		r.events = append(r.events, event)
	}
	r.addMissing(told.attributes)
}

// put sets an attribute that the span may have without a value that the backend reads.
func (r *rewritten) put(set attribute.KeyValue) {
	r.attributes = slices.DeleteFunc(r.attributes, func(kv attribute.KeyValue) bool { return kv.Key == set.Key })
	r.attributes = append(r.attributes, set)
}

// addMissing adds the attributes of which the span has none by that key.
func (r *rewritten) addMissing(attributes []attribute.KeyValue) {
	held := make(map[attribute.Key]bool, len(r.attributes))
	for _, kv := range r.attributes {
		held[kv.Key] = true
	}
	for _, kv := range attributes {
		if !held[kv.Key] {
			r.attributes = append(r.attributes, kv)
			held[kv.Key] = true
		}
	}
}
