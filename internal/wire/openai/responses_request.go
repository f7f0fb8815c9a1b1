package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxVariables bounds the variables of a prompt: each becomes an attribute.
const maxVariables = 64

// responsesContent is the JSON of those members of a request that hold content.
type responsesContent struct{ instructions, input, tools, variables []byte }

func (c *responsesContent) size() int {
	return len(c.instructions) + len(c.input) + len(c.tools) + len(c.variables)
}

// responsesRequest is the content of a request, in one of two forms.
type responsesRequest struct {
	// raw holds copies of the JSON values.
	raw responsesContent
	// decoded is set instead when the values are too large to be kept.
	decoded *record.Request
	budget  *budget
}

func (r *responsesRequest) read(body []byte, call *record.Call, content bool) {
	var raw responsesContent
	req := &call.Request
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "instructions":
			raw.instructions = s.Raw()
		case "input":
			raw.input = s.Raw()
		case "tools":
			raw.tools = s.Raw()
		case "prompt":
			raw.variables = readPrompt(&s, req)
		default:
			return readResponsesParameter(&s, string(key), req)
		}
		return true
	})
	switch {
	case !content:
	case raw.size() <= maxDeferred:
		r.raw = responsesContent{
			bytes.Clone(raw.instructions), bytes.Clone(raw.input), bytes.Clone(raw.tools), bytes.Clone(raw.variables),
		}
	default:
		r.decoded = new(record.Request)
		r.budget = raw.decode(r.decoded)
	}
}

// readResponsesParameter consumes one member that is not content.
func readResponsesParameter(s *jsonscan.Scanner, key string, req *record.Request) bool {
	switch key {
	case "model":
		text(s, &req.Model)
	case "stream":
		req.Stream, _ = s.Bool()
	case "max_output_tokens":
		integer(s, &req.MaxTokens)
	case "temperature":
		float(s, &req.Temperature)
	case "top_p":
		float(s, &req.TopP)
	case "service_tier":
		text(s, &req.ServiceTier)
	case "previous_response_id":
		text(s, &req.PreviousResponseID)
	case "conversation":
		readConversation(s, &req.ConversationID)
	case "reasoning":
		textMember(s, "effort", &req.ReasoningLevel)
	case "text":
		members(s, func(key []byte) bool {
			if string(key) != "format" {
				return false
			}
			readFormat(s, req)
			return true
		})
	default:
		return false
	}
	return true
}

// readConversation consumes the id of a conversation, or an object with it.
func readConversation(s *jsonscan.Scanner, into *string) {
	if s.Kind() == jsonscan.Object {
		textMember(s, "id", into)
		return
	}
	text(s, into)
}

// textMember consumes an object and reads the text of one of its members.
func textMember(s *jsonscan.Scanner, name string, into *string) {
	members(s, func(key []byte) bool {
		if string(key) != name {
			return false
		}
		text(s, into)
		return true
	})
}

// readPrompt consumes a reference to a stored prompt and returns its variables.
func readPrompt(s *jsonscan.Scanner, req *record.Request) (variables []byte) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "id":
			text(s, &req.PromptName)
		case "version":
			text(s, &req.PromptVersion)
		case "variables":
			variables = s.Raw()
		default:
			return false
		}
		return true
	})
	return variables
}

func (r *responsesRequest) retained() int {
	if r.decoded != nil {
		return r.budget.spent()
	}
	return r.raw.size()
}

func (r *responsesRequest) content(call *record.Call) {
	if r.decoded != nil {
		call.Request.System, call.Request.Messages = r.decoded.System, r.decoded.Messages
		call.Request.Tools, call.Request.PromptVariables = r.decoded.Tools, r.decoded.PromptVariables
	} else {
		r.budget = r.raw.decode(&call.Request)
	}
	call.Content.Truncated = call.Content.Truncated || r.budget.cut
}

// decode decodes the content within its budget.
func (c *responsesContent) decode(req *record.Request) *budget {
	b := newBudget()
	s := jsonscan.New(c.instructions)
	req.System = readInstructions(&s, b)
	s = jsonscan.New(c.input)
	req.Messages = readInput(&s, b)
	s = jsonscan.New(c.tools)
	readResponsesTools(&s, b, &req.Tools)
	s = jsonscan.New(c.variables)
	req.PromptVariables = readVariables(&s, b)
	return b
}

// readInstructions consumes a text, or the list of messages that some send.
func readInstructions(s *jsonscan.Scanner, b *budget) (parts []record.Part) {
	for _, message := range readInput(s, b) {
		parts = append(parts, message.Parts...)
	}
	return parts
}

// readInput consumes what a user says, or a list of items.
func readInput(s *jsonscan.Scanner, b *budget) (messages []record.Message) {
	if s.Kind() == jsonscan.String {
		return []record.Message{{Role: "user", Parts: readContent(s, b)}}
	}
	b.elements(s, func() {
		if m, ok := readInputItem(s.Raw(), b); ok {
			messages = append(messages, m)
		}
	})
	return messages
}

// readResponsesTools consumes tool definitions. Only the members named here are
// kept: others hold addresses and credentials of tool servers.
func readResponsesTools(s *jsonscan.Scanner, b *budget, into *[]record.Tool) {
	b.elements(s, func() {
		tool := record.Tool{}
		var nested []byte
		members(s, func(key []byte) bool {
			switch string(key) {
			case "type":
				b.name(s, &tool.Type)
			case "name":
				tool.Name = b.text(s)
			case "description":
				tool.Description = b.text(s)
			case "parameters":
				if s.Kind() != jsonscan.Object {
					return false
				}
				tool.Parameters = b.raw(s)
			case "tools":
				nested = s.Raw()
			default:
				return false
			}
			return true
		})
		if tool.Type == "" {
			tool.Type = "function"
		}
		if tool.Name == "" {
			tool.Name = tool.Type
		}
		*into = append(*into, tool)
		if tool.Type == "namespace" {
			inner := jsonscan.New(nested)
			readResponsesTools(&inner, b, into)
		}
	})
}

// readVariables consumes the variables of a prompt, in their order.
func readVariables(s *jsonscan.Scanner, b *budget) (variables []record.Variable) {
	members(s, func(key []byte) bool {
		if len(variables) == maxVariables {
			b.cut = true
			return false
		}
		name := b.take(validText(key))
		variables = append(variables, record.Variable{Name: name, Value: readVariable(s, b)})
		return true
	})
	return variables
}

// readVariable consumes a text, or a content part of which the text counts.
func readVariable(s *jsonscan.Scanner, b *budget) string {
	if s.Kind() != jsonscan.Object {
		return plainText(s, b)
	}
	raw := s.Raw()
	inner := jsonscan.New(raw)
	if partType(raw) == "input_text" {
		return member(&inner, "text", b)
	}
	return plainText(&inner, b)
}
