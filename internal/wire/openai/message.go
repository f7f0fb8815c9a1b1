package openai

import (
	"slices"
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// readMessage consumes one message, of a request or of an answer.
func readMessage(s *jsonscan.Scanner, b *budget) record.Message {
	var m record.Message
	var reasoning, refusal, callID string
	var details, annotations []byte
	var parts, calls []record.Part
	var audio record.Part
	members(s, func(key []byte) bool {
		switch string(key) {
		case "role":
			b.name(s, &m.Role)
		case "name":
			m.Name = b.text(s)
		case "content":
			parts = readContent(s, b)
		case "refusal":
			refusal = b.text(s)
		case "reasoning_content", "reasoning", "thinking":
			if reasoning != "" {
				return false
			}
			reasoning = b.text(s)
		case "reasoning_details":
			details = s.Raw()
		case "annotations":
			annotations = s.Raw()
		case "tool_call_id":
			b.name(s, &callID)
		case "tool_calls":
			b.elements(s, func() { calls = append(calls, readToolCall(s, b)) })
		case "function_call":
			call := record.ToolCall{Type: "function"}
			readCalled(s, b, &call)
			if call.Name != "" || call.Arguments != "" {
				calls = append(calls, call)
			}
		case "audio":
			audio = readAudio(s, b)
		default:
			return false
		}
		return true
	})
	if m.Role == "tool" || m.Role == "function" {
		m.Parts = []record.Part{record.ToolResult{ID: callID, Name: m.Name, Content: joinTexts(parts)}}
		m.Name = ""
		return m
	}
	if reasoning == "" {
		reasoning = readDetails(details, b)
	}
	if reasoning != "" { // told twice
		parts = slices.DeleteFunc(parts, isReasoning)
	}
	if audio != nil {
		parts = append(parts, audio)
	}
	m.Parts = appendBeside(arrange(reasoning, parts, refusal, calls), "annotations", annotations, b)
	return m
}

func isReasoning(part record.Part) bool {
	_, is := part.(record.Reasoning)
	return is
}

// arrange puts the parts of a message in the order in which they were made.
func arrange(reasoning string, parts []record.Part, refusal string, calls []record.Part) []record.Part {
	all := make([]record.Part, 0, len(parts)+len(calls)+2)
	if reasoning != "" {
		all = append(all, record.Reasoning{Content: reasoning})
	}
	all = append(all, parts...)
	if refusal != "" {
		all = append(all, record.Refusal{Content: refusal})
	}
	return append(all, calls...)
}

// readContent consumes a string or a list of content parts.
func readContent(s *jsonscan.Scanner, b *budget) []record.Part {
	if s.Kind() == jsonscan.String {
		if content := b.text(s); content != "" {
			return []record.Part{record.Text{Content: content}}
		}
		return nil
	}
	var parts []record.Part
	b.elements(s, func() {
		if raw := s.Raw(); raw != nil {
			parts = append(parts, readPart(raw, b))
		}
	})
	return parts
}

// readPart decodes one content part. Its type may come after its other members,
// so it is looked for first.
func readPart(raw []byte, b *budget) record.Part {
	kind := partType(raw)
	s := jsonscan.New(raw)
	switch kind {
	case "text", "input_text", "output_text":
		return record.Text{Content: member(&s, "text", b)}
	case "refusal":
		return record.Refusal{Content: member(&s, "refusal", b)}
	case "thinking", "reasoning", "reasoning_text", "summary_text":
		return record.Reasoning{Content: readThinking(&s, b)}
	case "image_url":
		return readImage(&s, b)
	case "input_image", "computer_screenshot":
		return readInputImage(&s, b)
	case "input_file":
		return readInputFile(&s, b)
	case "input_audio":
		return readInputAudio(&s, b)
	case "file":
		return readFile(&s, b)
	case "document_url", "video_url":
		return readDocument(&s, b, kind)
	default:
		return record.Generic{Type: b.short(kind), JSON: plainJSON(&s, b)}
	}
}

func partType(raw []byte) (kind string) {
	s := jsonscan.New(raw)
	members(&s, func(key []byte) bool {
		if string(key) != "type" {
			return false
		}
		text(&s, &kind)
		return true
	})
	return kind
}

// member returns the text of one member of an object.
func member(s *jsonscan.Scanner, name string, b *budget) (value string) {
	members(s, func(key []byte) bool {
		if string(key) != name {
			return false
		}
		value = b.text(s)
		return true
	})
	return value
}

// readThinking joins the texts of a thinking part, which Mistral nests.
func readThinking(s *jsonscan.Scanner, b *budget) string {
	var all strings.Builder
	members(s, func(key []byte) bool {
		if string(key) != "thinking" && string(key) != "text" {
			return false
		}
		if s.Kind() == jsonscan.String {
			all.WriteString(b.text(s))
			return true
		}
		for ok := s.Array(); ok && s.Element(); {
			all.WriteString(member(s, "text", b))
		}
		return true
	})
	return all.String()
}

// readDetails joins the texts of reasoning_details, which some providers send
// beside the reasoning and some instead of it.
func readDetails(raw []byte, b *budget) string {
	if raw == nil {
		return ""
	}
	var all strings.Builder
	s := jsonscan.New(raw)
	for ok := s.Array(); ok && s.Element(); {
		members(&s, func(key []byte) bool {
			if string(key) != "text" && string(key) != "summary" {
				return false
			}
			all.WriteString(b.text(&s))
			return true
		})
	}
	return all.String()
}

// joinTexts is the content of a tool's result, which is text in all but name.
func joinTexts(parts []record.Part) string {
	if len(parts) == 1 {
		if t, ok := parts[0].(record.Text); ok {
			return t.Content
		}
	}
	var all strings.Builder
	for _, part := range parts {
		switch p := part.(type) {
		case record.Text:
			all.WriteString(p.Content)
		case record.Generic:
			all.WriteString(p.JSON)
		}
	}
	return all.String()
}
