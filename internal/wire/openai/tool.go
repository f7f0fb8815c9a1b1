package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// readToolCall consumes one whole tool call.
func readToolCall(s *jsonscan.Scanner, b *budget) record.Part {
	call := record.ToolCall{Type: "function"}
	members(s, func(key []byte) bool {
		switch string(key) {
		case "id":
			b.name(s, &call.ID)
		case "type":
			b.name(s, &call.Type)
		case "function", "custom":
			readCalled(s, b, &call)
		default:
			return false
		}
		return true
	})
	return call
}

// readCalled consumes the object that names the tool. Some providers send one for
// each kind of tool, of which all but one are empty.
func readCalled(s *jsonscan.Scanner, b *budget, call *record.ToolCall) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "name":
			if call.Name != "" {
				return false
			}
			b.name(s, &call.Name)
		case "arguments", "input":
			switch {
			case call.Arguments != "":
				return false
			case s.Kind() == jsonscan.Object: // some providers send it parsed
				call.Arguments = b.raw(s)
			default:
				call.Arguments = b.text(s)
			}
		default:
			return false
		}
		return true
	})
}

// readTool consumes one tool definition. Only the members named here are kept:
// others may hold credentials.
func readTool(s *jsonscan.Scanner, b *budget) record.Tool {
	tool := record.Tool{Type: "function"}
	members(s, func(key []byte) bool {
		switch string(key) {
		case "type":
			b.name(s, &tool.Type)
		case "function", "custom":
			readFunction(s, b, &tool)
		default:
			return false
		}
		return true
	})
	return tool
}

func readFunction(s *jsonscan.Scanner, b *budget, tool *record.Tool) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "name":
			b.name(s, &tool.Name)
		case "description":
			tool.Description = b.text(s)
		case "parameters":
			tool.Parameters = b.raw(s)
		default:
			return false
		}
		return true
	})
}
