package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// runContent is the content of a request that makes an assistant work.
type runContent struct {
	system   []record.Part
	messages []record.Message
	tools    []record.Tool
}

func readRunContent(body []byte, b *budget) (c runContent) {
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "instructions", "additional_instructions":
			c.system = append(c.system, readContent(&s, b)...)
		case "additional_messages":
			c.readMessages(&s, b)
		case "thread":
			members(&s, func(key []byte) bool {
				if string(key) != "messages" {
					return false
				}
				c.readMessages(&s, b)
				return true
			})
		case "tool_outputs":
			b.elements(&s, func() { c.messages = append(c.messages, readToolOutput(&s, b)) })
		case "tools":
			b.elements(&s, func() { c.tools = append(c.tools, readAssistantTool(&s, b)) })
		default:
			return false
		}
		return true
	})
	return c
}

func (c *runContent) readMessages(s *jsonscan.Scanner, b *budget) {
	b.elements(s, func() { c.messages = append(c.messages, readThreadMessage(s, b)) })
}

// readAssistantTool consumes a tool definition. Those of the provider's own tools
// have a type and no name.
func readAssistantTool(s *jsonscan.Scanner, b *budget) record.Tool {
	tool := readTool(s, b)
	if tool.Name == "" {
		tool.Name = tool.Type
	}
	return tool
}

// readToolOutput consumes what a client's tool returned.
func readToolOutput(s *jsonscan.Scanner, b *budget) record.Message {
	var result record.ToolResult
	members(s, func(key []byte) bool {
		switch string(key) {
		case "tool_call_id":
			b.name(s, &result.ID)
		case "output":
			result.Content = plainText(s, b)
		default:
			return false
		}
		return true
	})
	return record.Message{Role: "tool", Parts: []record.Part{result}}
}

// readThreadMessage consumes a message of a thread.
func readThreadMessage(s *jsonscan.Scanner, b *budget) (m record.Message) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "role":
			b.name(s, &m.Role)
		case "content":
			m.Parts = readThreadContent(s, b)
		default:
			return false
		}
		return true
	})
	return m
}

// readThreadContent consumes a text or a list of the parts that threads know.
func readThreadContent(s *jsonscan.Scanner, b *budget) (parts []record.Part) {
	if s.Kind() == jsonscan.String {
		return readContent(s, b)
	}
	b.elements(s, func() {
		if raw := s.Raw(); raw != nil {
			parts = append(parts, readThreadPart(raw, b))
		}
	})
	return parts
}

func readThreadPart(raw []byte, b *budget) record.Part {
	s := jsonscan.New(raw)
	switch partType(raw) {
	case "text":
		return record.Text{Content: threadText(&s, b)}
	case "image_file":
		var image record.Image
		members(&s, func(key []byte) bool {
			if string(key) != "image_file" {
				return false
			}
			members(&s, func(key []byte) bool {
				switch string(key) {
				case "file_id":
					b.name(&s, &image.FileID)
				case "detail":
					b.name(&s, &image.Detail)
				default:
					return false
				}
				return true
			})
			return true
		})
		return image
	default:
		return readPart(raw, b)
	}
}

// threadText consumes a part whose text is one, or an object with its value.
func threadText(s *jsonscan.Scanner, b *budget) (content string) {
	members(s, func(key []byte) bool {
		if string(key) != "text" {
			return false
		}
		if s.Kind() == jsonscan.Object {
			content = member(s, "value", b)
		} else {
			content = b.text(s)
		}
		return true
	})
	return content
}
