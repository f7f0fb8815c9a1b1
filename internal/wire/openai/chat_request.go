package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxDeferred is the size up to which the content of a request or a response is
// kept as JSON and decoded later, in bytes. Larger ones hold images or whole books: they are
// decoded at once, so that the queues of destinations do not hold what the record
// replaces by a description or cuts.
const maxDeferred = 1 << 20

// chatRequest is the content of a request, in one of two forms.
type chatRequest struct {
	// messages, tools and functions are copies of the JSON values.
	messages, tools, functions []byte
	// decoded is set instead when the values are too large to be kept.
	decoded *record.Request
	budget  *budget
}

func (r *chatRequest) read(body []byte, call *record.Call, content bool) {
	var messages, tools, functions []byte
	req := &call.Request
	s := jsonscan.New(body)
	if !s.Object() {
		return
	}
	for {
		key, ok := s.Field()
		if !ok {
			break
		}
		switch string(key) {
		case "messages":
			messages = s.Raw()
		case "tools":
			tools = s.Raw()
		case "functions":
			functions = s.Raw()
		default:
			readParameter(&s, string(key), req)
		}
	}
	switch {
	case !content:
	case len(messages)+len(tools)+len(functions) <= maxDeferred:
		r.messages, r.tools, r.functions = bytes.Clone(messages), bytes.Clone(tools), bytes.Clone(functions)
	default:
		r.decoded = new(record.Request)
		r.budget = decodeRequest(r.decoded, messages, tools, functions)
	}
}

// readParameter consumes one member that is not content.
func readParameter(s *jsonscan.Scanner, key string, req *record.Request) {
	switch key {
	case "model":
		text(s, &req.Model)
	case "stream":
		req.Stream, _ = s.Bool()
	case "max_completion_tokens":
		integer(s, &req.MaxTokens)
	case "max_tokens":
		var limit record.Opt[int64]
		integer(s, &limit)
		if !req.MaxTokens.IsSet() {
			req.MaxTokens = limit
		}
	case "temperature":
		float(s, &req.Temperature)
	case "top_p":
		float(s, &req.TopP)
	case "top_k":
		integer(s, &req.TopK)
	case "frequency_penalty":
		float(s, &req.FrequencyPenalty)
	case "presence_penalty":
		float(s, &req.PresencePenalty)
	case "seed":
		integer(s, &req.Seed)
	case "n":
		integer(s, &req.ChoiceCount)
	case "stop":
		req.StopSequences = texts(s)
	case "reasoning_effort":
		text(s, &req.ReasoningLevel)
	case "service_tier":
		text(s, &req.ServiceTier)
	case "response_format":
		readFormat(s, req)
	case "modalities":
		for _, modality := range texts(s) {
			if modality == "audio" {
				req.OutputType = "speech"
			}
		}
	default:
		s.Skip()
	}
}

// readFormat maps response_format.type; speech, which modalities ask for, wins.
func readFormat(s *jsonscan.Scanner, req *record.Request) {
	var format string
	members(s, func(key []byte) bool {
		if string(key) != "type" {
			return false
		}
		text(s, &format)
		return true
	})
	if req.OutputType != "" {
		return
	}
	switch format {
	case "text":
		req.OutputType = "text"
	case "json_object", "json_schema":
		req.OutputType = "json"
	}
}

func (r *chatRequest) retained() int {
	if r.decoded != nil {
		return r.budget.spent()
	}
	return len(r.messages) + len(r.tools) + len(r.functions)
}

func (r *chatRequest) content(call *record.Call) {
	if r.decoded != nil {
		call.Request.Messages, call.Request.Tools = r.decoded.Messages, r.decoded.Tools
	} else {
		r.budget = decodeRequest(&call.Request, r.messages, r.tools, r.functions)
	}
	call.Content.Truncated = call.Content.Truncated || r.budget.cut
}

// decodeRequest decodes messages and tools within the content budget.
func decodeRequest(req *record.Request, messages, tools, functions []byte) *budget {
	b := newBudget()
	s := jsonscan.New(messages)
	b.elements(&s, func() { req.Messages = append(req.Messages, readMessage(&s, b)) })
	s = jsonscan.New(tools)
	b.elements(&s, func() { req.Tools = append(req.Tools, readTool(&s, b)) })
	s = jsonscan.New(functions)
	b.elements(&s, func() {
		tool := record.Tool{Type: "function"}
		readFunction(&s, b, &tool)
		req.Tools = append(req.Tools, tool)
	})
	return b
}
