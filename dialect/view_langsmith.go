package dialect

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
)

// LangSmithView returns the view for LangSmith. The conversation goes into
// gen_ai.prompt and gen_ai.completion as JSON objects, the form from which
// LangSmith makes inputs and outputs. Hidden, they are empty objects, since
// LangSmith drops the usage of a run that has no outputs. To a span of another
// instrumentation the view adds what LangSmith would not find; a span that is about no
// GenAI operation is left as it is, but for hidden content.
func LangSmithView(content Content) View {
	return func(span trace.ReadOnlySpan, call *record.Call) trace.ReadOnlySpan {
		if call == nil {
			return langsmithForeign(span, content)
		}
		r := rewrite(span, keptForLangSmith)
		r.attributes = appendText(r.attributes, langsmith.GenAISystemKey, call.Provider)
		r.attributes = AppendLangSmith(r.attributes, call)
		r.attributes = appendInt(r.attributes, langsmith.GenAIUsageTotalTokensKey, total(usage(call)))
		r.firstToken(call)
		if call.Operation == semconv.GenAIOperationNameRetrieval {
			r.retriever(call, content)
			r.explain(call, content)
			return r
		}
		prompt, completion := "{}", "{}"
		if content.Input {
			prompt = inputObject(call)
			r.attributes = appendText(r.attributes, semconv.GenAIAgentDescriptionKey, call.Agent.Description)
		}
		if content.Output {
			completion = outputObject(call)
		}
		r.attributes = append(r.attributes,
			langsmith.GenAIPromptKey.String(prompt), langsmith.GenAICompletionKey.String(completion))
		if content.Input && len(call.Request.Tools) > 0 {
			r.attributes = append(r.attributes, langsmith.ToolsKey.String(openAITools(call.Request.Tools)))
		}
		r.explain(call, content)
		return r
	}
}

// keptForLangSmith drops what the view writes itself and what LangSmith would
// store twice.
func keptForLangSmith(key attribute.Key) bool {
	switch key {
	case langtrace.LLMVendorKey, langtrace.LLMRequestModelKey, langtrace.LLMPathKey,
		langtrace.LLMRequestTemperatureKey, langtrace.LLMRequestMaxTokensKey,
		langtrace.LLMUsagePromptTokensKey, langtrace.LLMUsageCompletionTokensKey, langtrace.LLMUsageTotalTokensKey,
		langsmith.SpanKindKey, langsmith.UsageMetadataKey, langsmith.MetadataLiteLLMCallIDKey,
		semconv.ContentTruncatedKey, semconv.ContentWithheldKey:
		return false
	default:
		return sideOf(key) == neither && !forOpenInference(key) && !describesModel(key)
	}
}

// describesModel reports whether [AppendLangSmith] writes the key of metadata. Others of
// LangSmith's own names, such as ls_agent_type, are the application's.
func describesModel(key attribute.Key) bool {
	switch key {
	case langsmith.MetadataLSModelTypeKey, langsmith.MetadataLSProviderKey, langsmith.MetadataLSModelNameKey,
		langsmith.MetadataLSTemperatureKey, langsmith.MetadataLSMaxTokensKey, langsmith.MetadataLSStopKey,
		langsmith.MetadataLSInvocationParamsKey:
		return true
	default:
		return false
	}
}

// firstToken adds the event from which LangSmith takes the time to first token.
// It has an attribute because some receivers refuse events without one.
func (r *rewritten) firstToken(c *record.Call) {
	if !c.Request.Stream || c.Timing.FirstContent.IsZero() {
		return
	}
	r.events = append(r.events, trace.Event{
		Name:       langsmith.EventNewToken,
		Time:       c.Timing.FirstContent,
		Attributes: []attribute.KeyValue{semconv.GenAIOperationNameKey.String(c.Operation)},
	})
}

// promptObject is the conversation that a model was sent, as one JSON object.
func promptObject(c *record.Call) string {
	var w jsonappend.Writer
	w.Object()
	w.Key("messages")
	writeOpenAIMessages(&w, c, writeOpenAIMessage)
	w.EndObject()
	return string(w.Bytes())
}

// completionObject is what came back, as one JSON object.
func completionObject(c *record.Call) string {
	var w jsonappend.Writer
	w.Object()
	if len(c.Response.Choices) > 0 {
		w.Key("choices")
		w.Array()
		for i := range c.Response.Choices {
			writeChoice(&w, &c.Response.Choices[i])
		}
		w.EndArray()
	}
	if len(c.Response.Moderations) > 0 {
		w.Key("results")
		writeModerations(&w, c.Response.Moderations)
	}
	w.EndObject()
	return string(w.Bytes())
}

func writeModerations(w *jsonappend.Writer, verdicts []record.Moderation) {
	w.Array()
	for _, verdict := range verdicts {
		w.RawOrString(verdict.JSON)
	}
	w.EndArray()
}

func writeChoice(w *jsonappend.Writer, choice *record.Choice) {
	w.Object()
	w.Key("index")
	w.Int(int64(choice.Index))
	w.Key("finish_reason")
	if choice.FinishReason == "" {
		w.Null()
	} else {
		w.String(choice.FinishReason)
	}
	w.Key("message")
	writeOpenAIMessage(w, &choice.Message)
	w.EndObject()
}

func openAITools(tools []record.Tool) string {
	var w jsonappend.Writer
	writeOpenAITools(&w, tools)
	return string(w.Bytes())
}
