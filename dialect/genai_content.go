package dialect

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// AppendGenAIContent appends messages, instructions and tool definitions as the
// JSON text that the conventions' schemas describe, and what an agent is said to be. Tools carry their type and
// name only, as the conventions advise for spans. Embeddings have no content by the
// conventions.
func AppendGenAIContent(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	switch c.Operation {
	case semconv.GenAIOperationNameEmbeddings:
		return dst
	case semconv.GenAIOperationNameRetrieval:
		return appendRetrieval(dst, &c.Retrieval)
	}
	if isStep(c) {
		return appendStepContent(dst, c)
	}
	dst = appendText(dst, semconv.GenAIAgentDescriptionKey, c.Agent.Description)
	if len(c.Request.System) > 0 {
		dst = append(dst, semconv.GenAISystemInstructionsKey.String(genAIParts(c.Request.System)))
	}
	if len(c.Request.Messages) > 0 {
		dst = append(dst, semconv.GenAIInputMessagesKey.String(genAIInput(c.Request.Messages)))
	}
	if len(c.Request.Tools) > 0 {
		dst = append(dst, semconv.GenAIToolDefinitionsKey.String(genAITools(c.Request.Tools)))
	}
	if len(c.Response.Choices) > 0 {
		dst = append(dst, semconv.GenAIOutputMessagesKey.String(genAIOutput(c.Response.Choices)))
	}
	for _, variable := range c.Request.PromptVariables {
		dst = append(dst, attribute.String(semconv.GenAIPromptVariablePrefix+variable.Name, variable.Value))
	}
	return dst
}

func genAIParts(parts []record.Part) string {
	var w jsonappend.Writer
	writeGenAIParts(&w, parts)
	return string(w.Bytes())
}

func genAIInput(messages []record.Message) string {
	var w jsonappend.Writer
	w.Array()
	for i := range messages {
		w.Object()
		writeGenAIMessage(&w, &messages[i])
		w.EndObject()
	}
	w.EndArray()
	return string(w.Bytes())
}

func genAIOutput(choices []record.Choice) string {
	var w jsonappend.Writer
	w.Array()
	for i := range choices {
		w.Object()
		writeGenAIMessage(&w, &choices[i].Message)
		w.StringField("finish_reason", genAIFinishReason(choices[i].FinishReason))
		w.EndObject()
	}
	w.EndArray()
	return string(w.Bytes())
}

// genAIFinishReason translates a provider's word into the message schema's.
func genAIFinishReason(native string) string {
	switch native {
	case "":
		return reasonMissing
	case "tool_calls", "function_call":
		return "tool_call"
	default:
		return native
	}
}

func genAITools(tools []record.Tool) string {
	var w jsonappend.Writer
	w.Array()
	for _, tool := range tools {
		w.Object()
		w.StringField("type", tool.Type)
		w.StringField("name", tool.Name)
		w.EndObject()
	}
	w.EndArray()
	return string(w.Bytes())
}

func writeGenAIMessage(w *jsonappend.Writer, m *record.Message) {
	w.StringField("role", m.Role)
	w.Key("parts")
	writeGenAIParts(w, m.Parts)
	if m.Name != "" {
		w.StringField("name", m.Name)
	}
}

func writeGenAIParts(w *jsonappend.Writer, parts []record.Part) {
	w.Array()
	for _, part := range parts {
		writeGenAIPart(w, part)
	}
	w.EndArray()
}

func writeGenAIPart(w *jsonappend.Writer, part record.Part) {
	switch p := part.(type) {
	case record.Text:
		writeTyped(w, "text", p.Content)
	case record.Refusal:
		writeTyped(w, "text", p.Content)
	case record.Reasoning:
		writeTyped(w, "reasoning", p.Content)
	case record.ToolCall:
		w.Object()
		w.StringField("type", "tool_call")
		writeOptional(w, "id", p.ID)
		w.StringField("name", p.Name)
		if p.Arguments != "" {
			w.Key("arguments")
			w.RawOrString(p.Arguments)
		}
		w.EndObject()
	case record.ToolResult:
		w.Object()
		w.StringField("type", "tool_call_response")
		writeOptional(w, "id", p.ID)
		w.Key("response")
		w.RawOrString(p.Content)
		w.EndObject()
	case record.ServerToolCall:
		w.Object()
		w.StringField("type", "server_tool_call")
		writeOptional(w, "id", p.ID)
		w.StringField("name", p.Name)
		w.Key("server_tool_call")
		writeServerTool(w, p.Type, p.Content)
		w.EndObject()
	case record.ServerToolResult:
		w.Object()
		w.StringField("type", "server_tool_call_response")
		writeOptional(w, "id", p.ID)
		w.Key("server_tool_call_response")
		writeServerTool(w, p.Type, p.Content)
		w.EndObject()
	case record.Image:
		writeGenAIMedia(w, "image", &p.Media, p.Name, p.Field)
	case record.Audio:
		writeGenAIMedia(w, "audio", &p.Media, p.Name, "")
		if p.Transcript != "" {
			writeTyped(w, "text", p.Transcript)
		}
	case record.File:
		writeGenAIMedia(w, "document", &p.Media, "", "")
	case record.Generic:
		writeGeneric(w, p)
	}
}

// writeServerTool writes an object with a type and the members of content. What is
// no object, because it was cut or redacted, becomes one member.
func writeServerTool(w *jsonappend.Writer, kind, content string) {
	w.Object()
	w.StringField("type", kind)
	switch {
	case isObject(content):
		writeMembers(w, content)
	case content != "":
		w.StringField("content", content)
	}
	w.EndObject()
}

// writeMembers writes the members of a JSON object into the open one.
func writeMembers(w *jsonappend.Writer, object string) {
	s := jsonscan.NewString(object)
	s.Object()
	for {
		key, ok := s.Field()
		if !ok {
			return
		}
		if string(key) == "type" {
			s.Skip()
			continue
		}
		w.Key(string(key))
		w.Raw(s.Raw())
	}
}

func writeTyped(w *jsonappend.Writer, kind, content string) {
	w.Object()
	w.StringField("type", kind)
	w.StringField("content", content)
	w.EndObject()
}

// writeGenAIMedia writes a reference where there is one. Inline bytes were
// replaced by their description, which the schema's blob part has no room for:
// it becomes a part of its own type, as the schema allows.
// Such a part also tells the name of an uploaded file and the field of the form.
func writeGenAIMedia(w *jsonappend.Writer, modality string, m *record.Media, name, field string) {
	w.Object()
	switch {
	case m.URI != "":
		w.StringField("type", "uri")
		w.StringField("modality", modality)
		writeOptional(w, "mime_type", m.MIMEType)
		w.StringField("uri", m.URI)
	case m.FileID != "":
		w.StringField("type", "file")
		w.StringField("modality", modality)
		writeOptional(w, "mime_type", m.MIMEType)
		w.StringField("file_id", m.FileID)
	default:
		w.StringField("type", blobType)
		w.StringField("modality", modality)
		writeBlob(w, m)
		writeOptional(w, "name", name)
		writeOptional(w, "field", field)
	}
	w.EndObject()
}

// blobType is the type of the part that stands for inline bytes.
const blobType = "blob_ref"

func writeBlob(w *jsonappend.Writer, m *record.Media) {
	writeOptional(w, "mime_type", m.MIMEType)
	if m.Blob == nil {
		return
	}
	w.Key("bytes")
	w.Int(int64(m.Blob.Bytes))
	writeOptional(w, "sha256", m.Blob.SHA256)
}

func writeGeneric(w *jsonappend.Writer, p record.Generic) {
	if isObject(p.JSON) {
		w.RawOrString(p.JSON)
		return
	}
	writeTyped(w, p.Type, p.JSON)
}

// isObject reports whether text is one JSON object: a redactor or a size bound
// may have left less than that.
func isObject(text string) bool {
	s := jsonscan.NewString(text)
	if s.Kind() != jsonscan.Object {
		return false
	}
	s.Skip()
	return s.End()
}

func writeOptional(w *jsonappend.Writer, key, value string) {
	if value != "" {
		w.StringField(key, value)
	}
}
