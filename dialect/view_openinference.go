package dialect

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/openinference"
)

// OpenInferenceView returns the view for Arize Phoenix and others that read
// OpenInference. Beside the gen_ai.* attributes, which stay as they are, the conversation
// is there as a flat list of attributes, and once more as raw input and output, which is
// what Phoenix lists and evaluates. Nothing stands for a hidden side. The same is made of
// what the spans of other instrumentations say, unless they say it in this vocabulary.
//
// A long conversation has hundreds of attributes. The limits of the SDK do not apply, for
// the span has ended; model and usage come first, should a receiver have limits.
func OpenInferenceView(content Content) View {
	return func(span trace.ReadOnlySpan, call *record.Call) trace.ReadOnlySpan {
		r := content.hide(span, call != nil)
		if call == nil {
			if theirs := r.foreignToOpenInference(); theirs != nil {
				r.addMissing(r.openInferenceSays(theirs, content))
			}
			return r
		}
		r.openInference(call, content)
		r.explain(call, content)
		return r
	}
}

// OpenInferenceScalarView returns the view for those who read OpenInference and get no
// other content than what is on the span, where it is: it adds what [AppendOpenInference]
// does.
func OpenInferenceScalarView() View {
	return func(span trace.ReadOnlySpan, call *record.Call) trace.ReadOnlySpan {
		r := rewrite(span, func(attribute.Key) bool { return true })
		if call != nil {
			r.replace(r.openInferenceFacts(call))
			return r
		}
		if theirs := r.foreignToOpenInference(); theirs != nil {
			r.addMissing(r.openInferenceFacts(theirs))
			return r
		}
		return span
	}
}

// foreignToOpenInference is what the span of another instrumentation says in other words.
func (r *rewritten) foreignToOpenInference() *record.Call {
	if r.says(openinference.SpanKindKey) {
		return nil
	}
	return readCall(r)
}

func (r *rewritten) openInference(c *record.Call, content Content) {
	r.replace(r.openInferenceSays(c, content))
	if content.Input && !contains(r.attributes, semconv.GenAIAgentDescriptionKey) {
		r.attributes = appendText(r.attributes, semconv.GenAIAgentDescriptionKey, c.Agent.Description)
	}
}

// openInferenceSays is all that there is to say of a call.
func (r *rewritten) openInferenceSays(c *record.Call, content Content) []attribute.KeyValue {
	own := r.openInferenceFacts(c)
	if content.Input {
		own = r.openInferenceInput(own, c)
	}
	if content.Output {
		own = r.openInferenceOutput(own, c)
	}
	return own
}

// replace adds attributes in place of others of the same keys, and drops what only
// LangSmith and Langtrace read.
func (r *rewritten) replace(own []attribute.KeyValue) {
	written := make(map[attribute.Key]bool, len(own))
	for _, kv := range own {
		written[kv.Key] = true
	}
	r.attributes = slices.DeleteFunc(r.attributes, func(kv attribute.KeyValue) bool {
		return written[kv.Key] || forLangSmith(kv.Key) || isLLMContract(kv.Key)
	})
	r.attributes = append(r.attributes, own...)
}

// openInferenceFacts is what is no content. Of a tool the record knows nothing, and the
// span does. What a provider keeps as a conversation is a session, unless the application
// names one.
func (r *rewritten) openInferenceFacts(c *record.Call) []attribute.KeyValue {
	facts := AppendOpenInference(nil, c)
	facts = appendText(facts, openinference.LLMPromptTemplateVersionKey, c.Request.PromptVersion)
	if c.Operation == semconv.GenAIOperationNameExecuteTool {
		facts = appendText(facts, openinference.ToolNameKey, textOf(r.attributes, semconv.GenAIToolNameKey))
		facts = appendText(facts, openinference.ToolIDKey, textOf(r.attributes, semconv.GenAIToolCallIDKey))
	}
	if !contains(r.attributes, semconv.SessionIDKey) {
		facts = appendText(facts, semconv.SessionIDKey, c.Request.ConversationID)
	}
	return facts
}

func (r *rewritten) openInferenceInput(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	dst = appendValue(dst, openinference.InputValueKey, openinference.InputMIMETypeKey, r.rawInput(c))
	switch c.Operation {
	case semconv.GenAIOperationNameRetrieval, semconv.OperationNameModeration:
		return dst
	case semconv.GenAIOperationNameExecuteTool:
		return appendText(dst, openinference.ToolDescriptionKey, textOf(r.attributes, semconv.GenAIToolDescriptionKey))
	case semconv.GenAIOperationNameEmbeddings:
		return appendTexts(dst, openinference.EmbeddingEmbeddingsKey, openinference.EmbeddingTextKey, c.Request.Messages)
	case semconv.GenAIOperationNameTextCompletion:
		return appendTexts(dst, openinference.LLMPromptsKey, openinference.PromptTextKey, c.Request.Messages)
	}
	f := flatMessages{attributes: dst, list: openinference.LLMInputMessagesKey}
	if len(c.Request.System) > 0 {
		f.append(&record.Message{Role: "system", Parts: c.Request.System})
	}
	for i := range c.Request.Messages {
		f.append(&c.Request.Messages[i])
	}
	dst = f.attributes
	for i := range c.Request.Tools {
		var w jsonappend.Writer
		writeOpenAITool(&w, &c.Request.Tools[i])
		key := openinference.Indexed(openinference.LLMToolsKey, i, openinference.ToolJSONSchemaKey)
		dst = append(dst, key.String(string(w.Bytes())))
	}
	if len(c.Request.PromptVariables) > 0 {
		dst = append(dst, openinference.LLMPromptTemplateVariablesKey.String(variables(c.Request.PromptVariables)))
	}
	return dst
}

func (r *rewritten) openInferenceOutput(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	dst = appendValue(dst, openinference.OutputValueKey, openinference.OutputMIMETypeKey, r.rawOutput(c))
	switch c.Operation {
	case semconv.GenAIOperationNameRetrieval:
		return appendFound(dst, c.Retrieval.Documents)
	case semconv.GenAIOperationNameExecuteTool:
		return dst
	case semconv.GenAIOperationNameTextCompletion:
		return appendTexts(dst, openinference.LLMChoicesKey, openinference.CompletionTextKey, answers(c))
	}
	f := flatMessages{attributes: dst, list: openinference.LLMOutputMessagesKey}
	for i := range c.Response.Choices {
		f.append(&c.Response.Choices[i].Message)
	}
	return f.attributes
}

// rawInput is the whole input as one text: the words where there are no more than those,
// and else JSON.
func (r *rewritten) rawInput(c *record.Call) string {
	switch c.Operation {
	case semconv.GenAIOperationNameExecuteTool:
		return cmp.Or(c.Step.Input, textOf(r.attributes, semconv.GenAIToolCallArgumentsKey))
	case semconv.GenAIOperationNameRetrieval:
		return queryText(&c.Retrieval)
	}
	if isStep(c) {
		return rawStepInput(c)
	}
	if len(c.Request.System)+len(c.Request.Messages) == 0 {
		return ""
	}
	if text, ok := loneText(c.Request.Messages); ok && len(c.Request.System) == 0 {
		return text
	}
	return promptObject(c)
}

// rawOutput is the whole output as one text. The documents of a search have attributes
// of their own.
func (r *rewritten) rawOutput(c *record.Call) string {
	if c.Operation == semconv.GenAIOperationNameExecuteTool {
		return cmp.Or(c.Step.Output, textOf(r.attributes, semconv.GenAIToolCallResultKey))
	}
	if isStep(c) {
		return rawStepOutput(c)
	}
	said := answers(c)
	if text, ok := loneText(said); ok && len(c.Response.Moderations) == 0 {
		return text
	}
	written := slices.ContainsFunc(said, func(m record.Message) bool { return len(m.Parts) > 0 })
	written = written || slices.ContainsFunc(c.Response.Moderations, func(m record.Moderation) bool { return m.JSON != "" })
	if !written {
		return ""
	}
	return completionObject(c)
}

func answers(c *record.Call) []record.Message {
	said := make([]record.Message, len(c.Response.Choices))
	for i := range c.Response.Choices {
		said[i] = c.Response.Choices[i].Message
	}
	return said
}

// loneText is the text of messages that have nothing else.
func loneText(messages []record.Message) (string, bool) {
	if len(messages) != 1 || len(messages[0].Parts) != 1 {
		return "", false
	}
	text, ok := messages[0].Parts[0].(record.Text)
	return text.Content, ok
}

// appendTexts appends the texts of messages to a flat list of what is no conversation.
// What is no text, token ids for instance, leaves its place empty.
func appendTexts(dst []attribute.KeyValue, list, member attribute.Key, messages []record.Message) []attribute.KeyValue {
	for i := range messages {
		if text, ok := loneText(messages[i : i+1]); ok {
			dst = append(dst, openinference.Indexed(list, i, member).String(text))
		}
	}
	return dst
}

// appendFound has the name of a document in its metadata, for OpenInference has no other
// place for it.
func appendFound(dst []attribute.KeyValue, documents []record.Document) []attribute.KeyValue {
	for i := range documents {
		d := &documents[i]
		at := func(member attribute.Key) attribute.Key {
			return openinference.Indexed(openinference.RetrievalDocumentsKey, i, member)
		}
		dst = appendText(dst, at(openinference.DocumentIDKey), d.ID)
		dst = appendText(dst, at(openinference.DocumentContentKey), d.Content)
		dst = appendFloat(dst, at(openinference.DocumentScoreKey), d.Score)
		if d.Name == "" && d.Metadata == "" {
			continue
		}
		var w jsonappend.Writer
		w.Object()
		writeOptional(&w, "filename", d.Name)
		if d.Metadata != "" {
			w.Key("attributes")
			w.RawOrString(d.Metadata)
		}
		w.EndObject()
		dst = append(dst, at(openinference.DocumentMetadataKey).String(string(w.Bytes())))
	}
	return dst
}

// appendValue appends a raw value with its format, if there is one.
func appendValue(dst []attribute.KeyValue, key, format attribute.Key, value string) []attribute.KeyValue {
	switch {
	case value == "":
		return dst
	case isContainer(value):
		return append(dst, key.String(value), format.String(openinference.MIMETypeJSON))
	default:
		return append(dst, key.String(value), format.String(openinference.MIMETypeText))
	}
}

// isContainer reports whether text is a JSON object or array.
func isContainer(text string) bool {
	s := jsonscan.NewString(text)
	if kind := s.Kind(); kind != jsonscan.Object && kind != jsonscan.Array {
		return false
	}
	s.Skip()
	return s.End()
}

func variables(list []record.Variable) string {
	var w jsonappend.Writer
	w.Object()
	for _, v := range list {
		w.StringField(v.Name, v.Value)
	}
	w.EndObject()
	return string(w.Bytes())
}
