package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// runAnswer is a run object, as far as it is not in the record.
type runAnswer struct {
	status, incomplete string
	// calls are those that the client is to make before the run goes on.
	calls later[[]record.Part]
}

// read reads a run object and reports whether it was sound. Streams repeat it, and
// what they say last counts.
func (a *runAnswer) read(object []byte, call *record.Call, content bool) bool {
	s := jsonscan.New(object)
	if !s.Object() {
		return false
	}
	counted := call.Usage
	for {
		key, ok := s.Field()
		if !ok {
			break
		}
		a.readMember(&s, string(key), call, content)
	}
	if a.status == "requires_action" { // what a run counts so far, it counts again when it is over
		call.Usage = counted
	}
	if a.status == "failed" && call.Error == nil {
		call.Error = &record.Error{Type: errorType(new(record.Error))}
	}
	return s.End()
}

func (a *runAnswer) readMember(s *jsonscan.Scanner, key string, call *record.Call, content bool) {
	switch key {
	case "id":
		lastText(s, &call.Response.ID)
	case "model":
		lastText(s, &call.Response.Model)
	case "assistant_id":
		lastText(s, &call.Agent.ID)
	case "thread_id":
		lastText(s, &call.Request.ConversationID)
	case "status":
		reason(s, &a.status)
	case "incomplete_details":
		members(s, func(key []byte) bool {
			if string(key) != "reason" {
				return false
			}
			reason(s, &a.incomplete)
			return true
		})
	case "last_error", "error":
		readInlineError(s, call)
	case "usage":
		readUsage(s, &call.Usage)
	case "required_action":
		if raw := rawObject(s); raw != nil && content {
			a.calls.keep(raw)
		}
	default:
		s.Skip()
	}
}

// finishReason derives what the protocol does not say in one word; it is empty
// while the assistant is still at work.
func (a *runAnswer) finishReason() string {
	switch a.status {
	case "completed":
		return "stop"
	case "requires_action":
		return "tool_calls"
	case "incomplete":
		switch a.incomplete {
		case "max_completion_tokens", "max_prompt_tokens":
			return "length"
		default:
			return incompleteReason(a.incomplete)
		}
	case "failed", "expired", "cancelled": //nolint:misspell // as the protocol spells it
		return reasonFailed
	default:
		return ""
	}
}

// over reports whether a stream ends with the run in this state.
func (a *runAnswer) over() bool { return a.finishReason() != "" }

// readRequiredAction decodes the calls that wait for the client.
func readRequiredAction(object []byte, b *budget) (calls []record.Part) {
	s := jsonscan.New(object)
	members(&s, func(key []byte) bool {
		if string(key) != "submit_tool_outputs" {
			return false
		}
		members(&s, func(key []byte) bool {
			if string(key) != "tool_calls" {
				return false
			}
			b.elements(&s, func() { calls = append(calls, readToolCall(&s, b)) })
			return true
		})
		return true
	})
	return calls
}

// readRunStep decodes the tools that the provider ran in a step; those that the
// client runs are in the action that a run requires.
func readRunStep(object []byte, b *budget) (parts []record.Part) {
	s := jsonscan.New(object)
	members(&s, func(key []byte) bool {
		if string(key) != "step_details" {
			return false
		}
		members(&s, func(key []byte) bool {
			if string(key) != "tool_calls" {
				return false
			}
			b.elements(&s, func() { parts = append(parts, readStepCall(s.Raw(), b)...) })
			return true
		})
		return true
	})
	return parts
}

// readStepCall decodes one call of a step: an object in a member that is named
// after the tool.
func readStepCall(raw []byte, b *budget) []record.Part {
	outer := identifyItem(raw, b)
	tool := outer.kind
	if tool == "" || tool == "function" {
		return nil
	}
	s := jsonscan.New(raw)
	var details []byte
	members(&s, func(key []byte) bool {
		if !bytes.Equal(key, []byte(tool)) {
			return false
		}
		details = rawObject(&s)
		return true
	})
	call := item{raw: details, kind: tool + "_call", id: outer.id}
	return call.served(tool, b)
}
