package dialect

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/otelgenai/record"
)

// OpenAI's chat messages are the form that LangSmith and Langtrace render best,
// whatever provider answered. Phoenix shows them as the raw input and output.

// writeOpenAIMessages writes a JSON array of chat messages. A record message that
// holds tool results becomes one message per result, as the chat form has it.
func writeOpenAIMessages(w *jsonappend.Writer, c *record.Call, message func(*jsonappend.Writer, *record.Message)) {
	w.Array()
	if len(c.Request.System) > 0 {
		message(w, &record.Message{Role: "system", Parts: c.Request.System})
	}
	for i := range c.Request.Messages {
		message(w, &c.Request.Messages[i])
	}
	w.EndArray()
}

// writeOpenAIMessage writes one message as the chat completions API knows it.
func writeOpenAIMessage(w *jsonappend.Writer, m *record.Message) {
	writeToolMessages(w, m)
	if isToolMessage(m) {
		return
	}
	w.Object()
	w.StringField("role", m.Role)
	writeOptional(w, "name", m.Name)
	writeOpenAIBody(w, m.Parts)
	w.EndObject()
}

// writeToolMessages writes the tool results of a message. Some providers have them
// in a user's turn.
func writeToolMessages(w *jsonappend.Writer, m *record.Message) {
	role := toolRole(m)
	for _, part := range m.Parts {
		if result, ok := part.(record.ToolResult); ok {
			writeToolMessage(w, role, result)
		}
	}
}

// toolRole is the role of a tool result: the chat form has one, and had another before.
func toolRole(m *record.Message) string {
	if m.Role == "function" {
		return m.Role
	}
	return "tool"
}

func writeToolMessage(w *jsonappend.Writer, role string, result record.ToolResult) {
	w.Object()
	w.StringField("role", role)
	writeOptional(w, "tool_call_id", result.ID)
	writeOptional(w, "name", result.Name)
	w.StringField("content", result.Content)
	w.EndObject()
}

func isToolMessage(m *record.Message) bool {
	for _, part := range m.Parts {
		if _, ok := part.(record.ToolResult); !ok {
			return false
		}
	}
	return len(m.Parts) > 0
}

// writeOpenAIBody writes the members of a message beside role and name.
func writeOpenAIBody(w *jsonappend.Writer, parts []record.Part) {
	w.Key("content")
	writeOpenAIContent(w, parts)
	if reasoning := joinReasoning(parts); reasoning != "" {
		w.StringField("reasoning_content", reasoning)
	}
	for _, part := range parts {
		if refusal, ok := part.(record.Refusal); ok {
			w.StringField("refusal", refusal.Content)
			break
		}
	}
	if hasToolCall(parts) {
		w.Key("tool_calls")
		w.Array()
		for _, part := range parts {
			if call, ok := part.(record.ToolCall); ok {
				writeOpenAIToolCall(w, call)
			}
		}
		w.EndArray()
	}
	for _, part := range parts {
		if p, ok := part.(record.Generic); ok && p.Beside {
			writeBeside(w, p)
		}
	}
}

// writeBeside writes what stands in a message beside its content: as members, as
// the provider has it, or as text where a bound or a redactor left less than that.
func writeBeside(w *jsonappend.Writer, p record.Generic) {
	if isObject(p.JSON) {
		writeMembers(w, p.JSON)
		return
	}
	w.StringField(p.Type, p.JSON)
}

// isBeside reports whether a part stands in a message beside its content.
func isBeside(part record.Part) bool {
	p, ok := part.(record.Generic)
	return ok && p.Beside
}

// writeOpenAIContent writes null, a string or a list of content parts, the
// simplest that holds what there is.
func writeOpenAIContent(w *jsonappend.Writer, parts []record.Part) {
	switch text, count := soleText(parts); {
	case count == 0:
		w.Null()
	case count == 1 && text != nil:
		w.String(text.Content)
	default:
		w.Array()
		for _, part := range parts {
			if !isBeside(part) {
				writeOpenAIPart(w, part)
			}
		}
		w.EndArray()
	}
}

// soleText counts the parts that belong into content and returns the text when
// it is the first of them.
func soleText(parts []record.Part) (*record.Text, int) {
	var text *record.Text
	count := 0
	for _, part := range parts {
		if isBeside(part) {
			continue
		}
		switch p := part.(type) {
		case record.Reasoning, record.Refusal, record.ToolCall, record.ToolResult:
			continue
		case record.Text:
			if count == 0 {
				text = &p
			}
		}
		count++
	}
	return text, count
}

func writeOpenAIPart(w *jsonappend.Writer, part record.Part) {
	switch p := part.(type) {
	case record.Text:
		w.Object()
		w.StringField("type", "text")
		w.StringField("text", p.Content)
		w.EndObject()
	case record.Image:
		writeOpenAIImage(w, p)
	case record.Audio:
		writeMediaText(w, "audio", &p.Media, cmp.Or(p.Transcript, p.Name))
	case record.File:
		writeMediaText(w, "file", &p.Media, p.Name)
	case record.ServerToolCall:
		writeServerToolText(w, p.Type, p.Content)
	case record.ServerToolResult:
		writeServerToolText(w, p.Type+" result", p.Content)
	case record.Generic:
		writeGeneric(w, p)
	}
}

// writeServerToolText writes a text part for what the provider did itself: the
// chat form has no other place for it.
func writeServerToolText(w *jsonappend.Writer, what, content string) {
	writeOpenAIPart(w, record.Text{Content: serverToolText(what, content)})
}

func serverToolText(what, content string) string {
	description := "[" + what + "]"
	if content != "" && content != "{}" {
		description += " " + content
	}
	return description
}

func writeOpenAIImage(w *jsonappend.Writer, p record.Image) {
	if !isLink(p.URI) {
		writeMediaText(w, cmp.Or(uploadKinds[p.Field], "image"), &p.Media, p.Name)
		return
	}
	w.Object()
	w.StringField("type", "image_url")
	w.Key("image_url")
	w.Object()
	w.StringField("url", p.URI)
	writeOptional(w, "detail", p.Detail)
	w.EndObject()
	w.EndObject()
}

// writeMediaText writes a text part that describes media without their bytes: a
// part of a kind of our own would keep backends from showing the message.
func writeMediaText(w *jsonappend.Writer, modality string, m *record.Media, text string) {
	writeOpenAIPart(w, record.Text{Content: mediaText(modality, m, text)})
}

func mediaText(modality string, m *record.Media, text string) string {
	words := []string{modality}
	uri := m.URI
	if !isLink(uri) {
		uri = ""
	}
	for _, word := range []string{m.MIMEType, uri, m.FileID} {
		if word != "" {
			words = append(words, word)
		}
	}
	if m.Blob != nil {
		words = append(words, strconv.Itoa(m.Blob.Bytes)+" bytes")
	}
	if m.Blob != nil && m.Blob.SHA256 != "" {
		words = append(words, "sha256:"+m.Blob.SHA256)
	}
	description := "[" + strings.Join(words, ", ") + "]"
	if text != "" {
		description += " " + text
	}
	return description
}

// isLink reports whether a URI says where something is. A data URI is the thing itself,
// which is never sent.
func isLink(uri string) bool {
	const scheme = "data:"
	return uri != "" && (len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme))
}

func writeOpenAIToolCall(w *jsonappend.Writer, call record.ToolCall) {
	w.Object()
	writeOptional(w, "id", call.ID)
	if call.Type == "custom" {
		w.StringField("type", "custom")
		w.Key("custom")
		w.Object()
		w.StringField("name", call.Name)
		w.StringField("input", call.Arguments)
	} else {
		w.StringField("type", "function")
		w.Key("function")
		w.Object()
		w.StringField("name", call.Name)
		w.StringField("arguments", call.Arguments)
	}
	w.EndObject()
	w.EndObject()
}

func writeOpenAITools(w *jsonappend.Writer, tools []record.Tool) {
	w.Array()
	for i := range tools {
		writeOpenAITool(w, &tools[i])
	}
	w.EndArray()
}

func writeOpenAITool(w *jsonappend.Writer, tool *record.Tool) {
	w.Object()
	w.StringField("type", tool.Type)
	w.Key(tool.Type)
	w.Object()
	w.StringField("name", tool.Name)
	writeOptional(w, "description", tool.Description)
	if tool.Parameters != "" {
		w.Key("parameters")
		w.RawOrString(tool.Parameters)
	}
	w.EndObject()
	w.EndObject()
}

func joinReasoning(parts []record.Part) string {
	var joined strings.Builder
	for _, part := range parts {
		if p, ok := part.(record.Reasoning); ok {
			joined.WriteString(p.Content)
		}
	}
	return joined.String()
}

func hasToolCall(parts []record.Part) bool {
	for _, part := range parts {
		if _, ok := part.(record.ToolCall); ok {
			return true
		}
	}
	return false
}
