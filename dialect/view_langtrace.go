package dialect

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langtrace"
)

// LangtraceView returns the view for Langtrace. It writes both contracts that
// Langtrace has: the documented llm.* attributes, and the langtrace.* attributes
// and content events that its pages are made from. It also obeys the rules of its
// receiver, for every span: only text and integers survive there, and an event
// without attributes makes it refuse the whole request. To a span of another
// instrumentation it adds what such a span lacks of the two contracts.
func LangtraceView(content Content) View {
	return func(span trace.ReadOnlySpan, call *record.Call) trace.ReadOnlySpan {
		var r *rewritten
		if call == nil {
			r = content.hide(span, false)
			r.attributes = slices.DeleteFunc(r.attributes, func(kv attribute.KeyValue) bool { return forLangSmith(kv.Key) })
			if theirs := readCall(r); theirs != nil {
				r.langtraceForeign(theirs, content)
			}
		} else {
			r = rewrite(span, keptForLangtrace)
			r.langtrace(call, content)
		}
		r.attributes = simpleValues(r.attributes)
		r.events = describedEvents(r.events)
		return r
	}
}

// keptForLangtrace drops what only LangSmith and Phoenix read, and what the view writes from
// the record.
func keptForLangtrace(key attribute.Key) bool {
	return sideOf(key) == neither && !forLangSmith(key) && !forOpenInference(key) && !isLLMContract(key)
}

func forLangSmith(key attribute.Key) bool { return strings.HasPrefix(string(key), "langsmith.") }

// isLLMContract reports whether the view writes the key itself, from the record.
func isLLMContract(key attribute.Key) bool {
	switch key {
	case langtrace.LLMVendorKey, langtrace.LLMRequestModelKey, langtrace.LLMPathKey,
		langtrace.LLMRequestTemperatureKey, langtrace.LLMRequestMaxTokensKey,
		langtrace.LLMUsagePromptTokensKey, langtrace.LLMUsageCompletionTokensKey, langtrace.LLMUsageTotalTokensKey:
		return true
	default:
		return false
	}
}

func (r *rewritten) langtrace(c *record.Call, content Content) {
	r.attributes = append(r.attributes,
		langtrace.ServiceTypeKey.String(langtraceType(c)),
		langtrace.SDKNameKey.String("genotel"),
		langtrace.VersionKey.String(r.InstrumentationScope().Version))
	r.attributes = appendText(r.attributes, langtrace.ServiceNameKey, langtraceVendor(c.Provider))
	r.attributes = appendText(r.attributes, langtrace.PromptIDKey, c.Request.PromptName)
	r.attributes = appendText(r.attributes, langtrace.PromptVersionKey, c.Request.PromptVersion)
	r.attributes = AppendLLM(r.attributes, c)
	if c.Operation == semconv.GenAIOperationNameFetchResponse { // the span has none, and costs come from here
		r.attributes = appendInt(r.attributes, semconv.GenAIUsageInputTokensKey, usage(c).Input)
		r.attributes = appendInt(r.attributes, semconv.GenAIUsageOutputTokensKey, usage(c).Output)
	}
	r.attributes = appendInt(r.attributes, langtrace.GenAIUsageTotalTokensKey, total(usage(c)))
	r.explain(c, content)
	if c.Operation == semconv.GenAIOperationNameRetrieval {
		r.shown(appendRetrieval(nil, &c.Retrieval), content)
		return
	}
	c = conversation(c)
	r.langtraceInput(c, content.Input)
	if answer := langtraceAnswer(c); content.Output && answer != "" {
		r.content(langtrace.EventContentCompletion, langtrace.GenAICompletionKey, answer, r.EndTime())
	}
}

// langtraceType is the kind of service: what is no generation must not be shown as
// one, for Langtrace expects tokens of it.
func langtraceType(c *record.Call) string {
	switch {
	case c.Operation == semconv.GenAIOperationNameRetrieval:
		return langtrace.ServiceTypeVectorDB
	case !generates(c), c.Operation == semconv.GenAIOperationNameInvokeAgent && *usage(c) == (record.Usage{}):
		return langtrace.ServiceTypeFramework
	default:
		return langtrace.ServiceTypeLLM
	}
}

// langtraceInput writes the conversation, or the empty list that the contract
// wants for a hidden one.
func (r *rewritten) langtraceInput(c *record.Call, shown bool) {
	if !shown {
		r.attributes = append(r.attributes, langtrace.LLMRequestMessagesKey.String("[]"))
		return
	}
	r.attributes = appendText(r.attributes, semconv.GenAIAgentDescriptionKey, c.Agent.Description)
	r.attributes = append(r.attributes,
		langtrace.LLMRequestMessagesKey.String(chatMessages(c, writeOpenAIMessage)))
	if len(c.Request.Tools) > 0 {
		r.attributes = append(r.attributes, langtrace.LLMToolsKey.String(openAITools(c.Request.Tools)))
	}
	if len(c.Request.Messages) > 0 {
		r.content(langtrace.EventContentPrompt, langtrace.GenAIPromptKey,
			chatMessages(c, writeLangtraceMessage), c.Timing.Start)
	}
}

func (r *rewritten) content(event string, key attribute.Key, value string, at time.Time) {
	r.events = append(r.events, trace.Event{Name: event, Time: at, Attributes: []attribute.KeyValue{key.String(value)}})
}

// langtraceVendor is the name under which Langtrace knows prices and logos.
func langtraceVendor(provider string) string {
	switch provider {
	case semconv.GenAIProviderNameOpenAI:
		return langtrace.ServiceNameOpenAI
	case semconv.GenAIProviderNameAzureAIOpenAI, semconv.GenAIProviderNameAzureAIInference:
		return langtrace.ServiceNameAzure
	case semconv.GenAIProviderNameAnthropic:
		return langtrace.ServiceNameAnthropic
	case semconv.GenAIProviderNameCohere:
		return langtrace.ServiceNameCohere
	case semconv.GenAIProviderNameGroq:
		return langtrace.ServiceNameGroq
	case semconv.GenAIProviderNamePerplexity:
		return langtrace.ServiceNamePerplexity
	case semconv.GenAIProviderNameGCPGemini, semconv.GenAIProviderNameGCPVertexAI, semconv.GenAIProviderNameGCPGenAI:
		return langtrace.ServiceNameGemini
	case semconv.GenAIProviderNameXAI:
		return langtrace.ServiceNameXAI
	case semconv.GenAIProviderNameMistralAI:
		return langtrace.ServiceNameMistral
	case semconv.GenAIProviderNameDeepseek:
		return langtrace.ServiceNameDeepSeek
	case semconv.GenAIProviderNameAWSBedrock:
		return langtrace.ServiceNameAWSBedrock
	default:
		return provider
	}
}

func chatMessages(c *record.Call, message func(*jsonappend.Writer, *record.Message)) string {
	var w jsonappend.Writer
	writeOpenAIMessages(&w, c, message)
	return string(w.Bytes())
}

// langtraceAnswer is one message per generation, "" when nothing was generated:
// Langtrace's page breaks on what is not a list of messages with something in
// them.
func langtraceAnswer(c *record.Call) string {
	var w jsonappend.Writer
	written := false
	w.Array()
	for i := range c.Response.Choices {
		if m := &c.Response.Choices[i].Message; len(m.Parts) > 0 {
			writeLangtraceMessage(&w, m)
			written = true
		}
	}
	for _, verdict := range c.Response.Moderations {
		if verdict.JSON != "" {
			writeLangtraceMessage(&w, &record.Message{Role: "assistant", Parts: []record.Part{record.Text{Content: verdict.JSON}}})
			written = true
		}
	}
	w.EndArray()
	if !written {
		return ""
	}
	return string(w.Bytes())
}

// writeLangtraceMessage writes a message so that Langtrace's page shows all of
// it: it reads content only, so tool calls, reasoning and refusals go there.
func writeLangtraceMessage(w *jsonappend.Writer, m *record.Message) {
	writeToolMessages(w, m)
	if isToolMessage(m) {
		return
	}
	w.Object()
	w.StringField("role", m.Role)
	w.Key("content")
	if text, count := soleText(m.Parts); count == 1 && text != nil && len(m.Parts) == 1 {
		w.String(text.Content)
	} else {
		w.Array()
		for _, part := range m.Parts {
			writeLangtracePart(w, part)
		}
		w.EndArray()
	}
	w.EndObject()
}

func writeLangtracePart(w *jsonappend.Writer, part record.Part) {
	switch p := part.(type) {
	case record.Reasoning:
		writeOpenAIPart(w, record.Text(p))
	case record.Refusal:
		writeOpenAIPart(w, record.Text(p))
	case record.ToolCall:
		writeOpenAIToolCall(w, p)
	case record.Generic:
		writeOpenAIPart(w, record.Text{Content: p.JSON})
	default:
		writeOpenAIPart(w, part)
	}
}

// simpleValues turns every value into text or an integer.
func simpleValues(attributes []attribute.KeyValue) []attribute.KeyValue {
	for i, kv := range attributes {
		attributes[i].Value = simpleValue(kv.Value)
	}
	return attributes
}

func simpleValue(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.STRING, attribute.INT64:
		return v
	case attribute.FLOAT64:
		return attribute.StringValue(strconv.FormatFloat(v.AsFloat64(), 'g', -1, 64))
	default:
		return attribute.StringValue(v.String())
	}
}

// describedEvents leaves out events without attributes and simplifies the rest,
// in copies.
func describedEvents(events []trace.Event) []trace.Event {
	kept := events[:0]
	for _, event := range events {
		if len(event.Attributes) == 0 {
			continue
		}
		event.Attributes = simpleValues(append([]attribute.KeyValue(nil), event.Attributes...))
		kept = append(kept, event)
	}
	return kept
}
