package openai

import (
	"strings"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// item is one element of the input or output of a response: its JSON, and the
// members that say what it is.
type item struct {
	raw                    []byte
	kind, role, id         string
	callID, name           string
	execution, environment string
}

// name consumes a short text.
func name(s *jsonscan.Scanner) (v string) {
	text(s, &v)
	return v
}

// identifyItem finds what an item is; its type may come after its other members.
func identifyItem(raw []byte, b *budget) item {
	it := item{raw: raw}
	s := jsonscan.New(raw)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "type":
			b.name(&s, &it.kind)
		case "role":
			b.name(&s, &it.role)
		case "id":
			b.name(&s, &it.id)
		case "call_id":
			b.name(&s, &it.callID)
		case "name":
			it.name = b.text(&s)
		case "execution":
			b.name(&s, &it.execution)
		case "environment":
			textMember(&s, "type", &it.environment)
		default:
			return false
		}
		return true
	})
	if it.kind == "" && it.role != "" { // the short form of a message
		it.kind = "message"
	}
	if it.kind == "" && it.id != "" { // the short form of a reference
		it.kind = "item_reference"
	}
	return it
}

// clientTool returns the tool of a call that the client makes, or of its result;
// it is empty for items of any other kind.
func clientTool(kind, execution string) (tool string, isResult bool) {
	called, isResult := strings.CutSuffix(kind, "_output")
	if isResult {
		// What belongs to a call is named after it, but for the searches.
		called = strings.TrimSuffix(called, "_call") + "_call"
	}
	switch called {
	case "function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call":
		return strings.TrimSuffix(called, "_call"), isResult
	case "tool_search_call":
		if execution == "client" {
			return "tool_search", isResult
		}
	}
	return "", isResult
}

// readInputItem decodes an item of a conversation. It reports false for one that
// says nothing: reasoning of which only the provider can read the text.
func readInputItem(raw []byte, b *budget) (m record.Message, ok bool) {
	if raw == nil { // the end of JSON that is cut
		return m, false
	}
	it := identifyItem(raw, b)
	m.Role = it.speaker()
	if tool, isResult := clientTool(it.kind, it.execution); tool != "" && isResult {
		m.Parts = []record.Part{record.ToolResult{ID: it.callID, Content: it.result(b)}}
		return m, true
	}
	m.Parts = it.parts(b)
	return m, len(m.Parts) > 0 || it.kind == "message"
}

// speaker is the role of an item of a conversation.
func (it *item) speaker() string {
	switch {
	case it.role != "":
		return it.role
	case strings.HasSuffix(it.kind, "_output"):
		return "tool"
	case strings.HasSuffix(it.kind, "_call"), strings.HasSuffix(it.kind, "_request"):
		return "assistant"
	}
	switch it.kind {
	case "reasoning", "compaction", "program", "mcp_list_tools":
		return "assistant"
	default:
		return "user"
	}
}

// readOutputItem decodes an item of an answer. Results in it are those of tools
// that the provider ran.
func readOutputItem(raw []byte, b *budget) []record.Part {
	if s := jsonscan.New(raw); s.Kind() != jsonscan.Object {
		return nil
	}
	it := identifyItem(raw, b)
	if tool, isResult := clientTool(it.kind, it.execution); tool != "" && isResult {
		return []record.Part{record.ServerToolResult{ID: it.callID, Name: tool, Type: it.kind, Content: it.rest(b, nil)}}
	}
	return it.parts(b)
}

// parts decodes an item that is no result of a client's tool.
func (it *item) parts(b *budget) []record.Part {
	switch it.kind {
	case "message":
		s := jsonscan.New(it.raw)
		return readMessageContent(&s, b)
	case "reasoning":
		s := jsonscan.New(it.raw)
		return readReasoning(&s, b)
	}
	if tool, _ := clientTool(it.kind, it.execution); tool != "" && !strings.HasPrefix(it.environment, "container") {
		return []record.Part{it.call(tool, b)}
	}
	if tool := serverTool(it.kind); tool != "" {
		return it.served(tool, b)
	}
	return []record.Part{record.Generic{Type: it.kind, JSON: it.whole(b)}}
}

func readMessageContent(s *jsonscan.Scanner, b *budget) (parts []record.Part) {
	members(s, func(key []byte) bool {
		if string(key) != "content" {
			return false
		}
		parts = readContent(s, b)
		return true
	})
	return parts
}

// readReasoning returns the texts of a summary and those of the reasoning itself.
func readReasoning(s *jsonscan.Scanner, b *budget) (parts []record.Part) {
	members(s, func(key []byte) bool {
		if string(key) != "summary" && string(key) != "content" {
			return false
		}
		b.elements(s, func() {
			if content := member(s, "text", b); content != "" {
				parts = append(parts, record.Reasoning{Content: content})
			}
		})
		return true
	})
	return parts
}

// call decodes a call that the client is to make.
func (it *item) call(tool string, b *budget) record.Part {
	call := record.ToolCall{ID: it.callID, Name: it.name, Type: tool}
	switch tool {
	case "function":
	case "custom_tool":
		call.Type = "custom"
	default:
		call.Name = tool
	}
	s := jsonscan.New(it.raw)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "arguments", "input", "action", "actions", "operation":
			if call.Arguments != "" {
				return false
			}
			call.Arguments = plainText(&s, b)
			return true
		default:
			return false
		}
	})
	return call
}

// result decodes what a client's tool returned: a text, parts that are text, or
// anything else as JSON.
func (it *item) result(b *budget) (content string) {
	s := jsonscan.New(it.raw)
	members(&s, func(key []byte) bool {
		if string(key) != "output" && string(key) != "tools" {
			return false
		}
		if s.Kind() != jsonscan.Array {
			content = plainText(&s, b)
			return true
		}
		raw := s.Raw()
		list := jsonscan.New(raw)
		if onlyTexts(raw) {
			content = joinTexts(readContent(&list, b))
		} else {
			content = plainText(&list, b)
		}
		return true
	})
	return content
}

// onlyTexts reports whether a list holds text parts and nothing else.
func onlyTexts(raw []byte) bool {
	s := jsonscan.New(raw)
	for ok := s.Array(); ok && s.Element(); {
		switch partType(s.Raw()) {
		case "input_text", "output_text", "text":
		default:
			return false
		}
	}
	return true
}

// serverTool returns the name of the tool for items of tools that the provider
// runs.
func serverTool(kind string) string {
	switch kind {
	case "web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call",
		"tool_search_call", "shell_call":
		return strings.TrimSuffix(kind, "_call")
	case "tool_search_output":
		return "tool_search"
	case "mcp_list_tools":
		return kind
	default:
		return ""
	}
}

// served decodes what the provider did: the call, and its result if that is
// there.
func (it *item) served(tool string, b *budget) (parts []record.Part) {
	name := tool
	if it.name != "" {
		name = it.name
	}
	id := it.id
	if it.callID != "" {
		id = it.callID
	}
	if it.kind != "tool_search_output" {
		parts = append(parts, record.ServerToolCall{ID: id, Name: name, Type: it.kind, Content: it.rest(b, isResult)})
	}
	if it.hasResult() {
		notResult := func(key string) bool { return !isResult(key) }
		parts = append(parts, record.ServerToolResult{ID: id, Name: name, Type: it.kind, Content: it.rest(b, notResult)})
	}
	return parts
}

// isResult names the members in which items carry what a tool returned.
func isResult(key string) bool {
	switch key {
	case "results", "outputs", "result", "output", "error", "tools":
		return true
	default:
		return false
	}
}

// hasResult reports whether a member with a result is more than nothing.
func (it *item) hasResult() (found bool) {
	s := jsonscan.New(it.raw)
	members(&s, func(key []byte) bool {
		if !isResult(string(key)) || s.Kind() == jsonscan.Null {
			return false
		}
		found = true
		return false
	})
	return found
}

// rest is a JSON object with the members of an item that nothing else holds, less
// those that without names.
func (it *item) rest(b *budget, without func(key string) bool) string {
	var w jsonappend.Writer
	w.Object()
	s := jsonscan.New(it.raw)
	members(&s, func(key []byte) bool {
		name := string(key)
		switch name {
		case "id", "type", "call_id", "name":
			return false
		}
		if isOpaque(name) || s.Kind() == jsonscan.Null || without != nil && without(name) {
			return false
		}
		w.Key(name)
		if it.kind == "image_generation_call" && name == "result" {
			writePicture(&s, &w)
		} else {
			plain(&s, &w)
		}
		return true
	})
	w.EndObject()
	return b.take(validText(w.Bytes()))
}

// writePicture consumes the base64 of a picture and writes its description.
func writePicture(s *jsonscan.Scanner, w *jsonappend.Writer) {
	writeDescription(w, "", describe(payload(s)))
}

// writeDescription writes what stands for bytes.
func writeDescription(w *jsonappend.Writer, mimeType string, blob *record.Blob) {
	w.Object()
	if mimeType != "" {
		w.StringField("mime_type", mimeType)
	}
	if blob != nil {
		w.IntField("bytes", int64(blob.Bytes))
		w.StringField("sha256", blob.SHA256)
	}
	w.EndObject()
}

// whole is an item that is not understood, without what must not be kept.
func (it *item) whole(b *budget) string {
	var w jsonappend.Writer
	s := jsonscan.New(it.raw)
	plain(&s, &w)
	return b.take(validText(w.Bytes()))
}
