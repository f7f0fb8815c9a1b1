package dialect

import (
	"cmp"

	"github.com/genotel/genotel/otelgenai/record"
)

// turn is a message, with what only an answer has.
type turn struct {
	record.Message
	finish string
}

// readTurns reads messages: a list, or one. They may be in the form of the
// conventions, in that of OpenAI's chat or in Anthropic's. Text that means to be JSON
// and is not is not ok; any other text is a message itself.
func readTurns(text, role string) (turns []turn, ok bool) {
	if !isJSONText(text) {
		return textTurn(text, role), true
	}
	if raw, ok := elements(text); ok {
		for _, message := range raw {
			turns = append(turns, readTurn(message, role))
		}
		return turns, true
	}
	m := members(text)
	switch {
	case m == nil:
		return nil, false
	case m["messages"] != "":
		raw, ok := elements(m["messages"])
		for _, message := range raw {
			turns = append(turns, readTurn(message, role))
		}
		return turns, ok
	case m["choices"] != "":
		raw, ok := elements(m["choices"])
		for _, choice := range raw {
			turns = append(turns, readTurn(choice, role))
		}
		return turns, ok
	default:
		return []turn{readTurn(text, role)}, true
	}
}

func textTurn(text, role string) []turn {
	if text == "" {
		return nil
	}
	return []turn{{Message: record.Message{Role: role, Parts: []record.Part{record.Text{Content: text}}}}}
}

// readTurn reads a message, or a choice with a message in it. role is that of a
// message that names none.
func readTurn(raw, role string) turn {
	if text := str(raw); members(text) != nil { // a list of texts, each of which is a message
		raw = text
	}
	m := members(raw)
	if m == nil { // no message, but somebody's words
		t := turn{Message: record.Message{Role: role}}
		if text := jsonOrText(raw); text != "" {
			t.Parts = []record.Part{record.Text{Content: text}}
		}
		return t
	}
	finish := str(m["finish_reason"])
	if message := members(m["message"]); message != nil {
		if message["tool_calls"] == "" { // some have them beside the message
			message["tool_calls"] = m["tool_calls"]
		}
		m = message
	}
	t := turn{Message: record.Message{Role: firstString(m["role"]), Name: str(m["name"])}, finish: finish}
	t.Role = cmp.Or(t.Role, role)
	t.Parts = readMessageParts(m)
	if len(t.Parts) == 0 && m["role"] == "" && m["content"] == "" && m["parts"] == "" {
		t.Parts = []record.Part{record.Text{Content: raw}}
	}
	t.asToolMessage(firstString(m["tool_call_id"], m["id"]), m["tool_call_id"] != "")
	return t
}

// readMessageParts reads what a message says, and what stands beside that.
func readMessageParts(m map[string]string) []record.Part {
	var parts []record.Part
	if thought := firstString(m["reasoning_content"], m["reasoning"]); thought != "" {
		parts = append(parts, record.Reasoning{Content: thought})
	}
	parts = append(parts, readParts(m["parts"])...)
	parts = append(parts, readParts(m["content"])...)
	if refusal := str(m["refusal"]); refusal != "" {
		parts = append(parts, record.Refusal{Content: refusal})
	}
	calls, _ := elements(m["tool_calls"])
	for _, raw := range calls {
		if call := members(raw); call != nil {
			parts = append(parts, readToolCall(call))
		}
	}
	if call := members(m["function_call"]); call != nil {
		parts = append(parts, readToolCall(call))
	}
	return parts
}

// asToolMessage makes a tool result of the text of a tool's message. A message that
// names the call is one in any role.
func (t *turn) asToolMessage(id string, names bool) {
	if t.Role != "tool" && t.Role != "function" && !names || len(t.Parts) != 1 {
		return
	}
	if text, ok := t.Parts[0].(record.Text); ok {
		t.Parts = []record.Part{record.ToolResult{ID: id, Name: t.Name, Content: text.Content}}
		t.Name = ""
	}
}

// readInstructions reads system instructions: a list of parts, or one text.
func readInstructions(text string) (parts []record.Part, ok bool) {
	switch {
	case text == "":
		return nil, true
	case !isJSONText(text):
		return []record.Part{record.Text{Content: text}}, true
	case members(text) != nil:
		return readParts(text), true
	default:
		_, ok := elements(text)
		return readParts(text), ok
	}
}

// readTools reads tool definitions, in the form of the conventions, OpenAI's or
// Anthropic's.
func readTools(text string) (tools []record.Tool, ok bool) {
	if text == "" {
		return nil, true
	}
	raw, ok := elements(text)
	for _, definition := range raw {
		if m := members(definition); m != nil {
			tools = append(tools, readTool(m))
		}
	}
	return tools, ok
}

func readTool(m map[string]string) record.Tool {
	kind := cmp.Or(str(m["type"]), "function")
	if inner := members(m[kind]); inner != nil {
		m = inner
	}
	return record.Tool{
		Type: kind, Name: str(m["name"]), Description: str(m["description"]),
		Parameters: jsonOrText(cmp.Or(m["parameters"], m["input_schema"])),
	}
}

// readDocuments reads what a search found.
func readDocuments(text string) []record.Document {
	raw, _ := elements(text)
	documents := make([]record.Document, 0, len(raw))
	for _, found := range raw {
		m := members(found)
		d := record.Document{
			ID: jsonOrText(m["id"]), Name: str(m["name"]), Content: jsonOrText(m["content"]),
			Metadata: jsonOrText(m["metadata"]), Score: numberOf(m["score"]),
		}
		if m == nil {
			d.Content = jsonOrText(found)
		}
		documents = append(documents, d)
	}
	return documents
}
