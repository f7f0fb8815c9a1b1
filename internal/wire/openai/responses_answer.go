package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// responsesAnswer is a response object, as far as it is not in the record.
type responsesAnswer struct {
	status, incomplete string
	// items counts the output.
	items   int
	pending pendingCalls

	// raw is the JSON of the object, decoded is set instead when that is too
	// large to be kept.
	raw     []byte
	decoded []record.Part
	budget  *budget
	// item decodes one item of the output; nil stands for readOutputItem.
	item func(raw []byte, b *budget) []record.Part
}

// read reads everything but content and reports whether the object was sound.
func (a *responsesAnswer) read(body []byte, call *record.Call) bool {
	s := jsonscan.New(body)
	if !s.Object() {
		return false
	}
	for {
		key, ok := s.Field()
		if !ok {
			break
		}
		a.readMember(&s, string(key), call)
	}
	if a.status == "failed" && call.Error == nil {
		call.Error = &record.Error{Type: errorType(new(record.Error))}
	}
	return s.End()
}

// readMember consumes one member. Streams repeat the object, and what they say
// last counts.
func (a *responsesAnswer) readMember(s *jsonscan.Scanner, key string, call *record.Call) {
	switch key {
	case "id":
		lastText(s, &call.Response.ID)
	case "model":
		lastText(s, &call.Response.Model)
	case "service_tier":
		lastText(s, &call.Response.ServiceTier)
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
	case "conversation":
		var id string
		readConversation(s, &id)
		if call.Request.ConversationID == "" {
			call.Request.ConversationID = id
		}
	case "usage":
		readResponsesUsage(s, &call.Usage)
	case "error":
		readInlineError(s, call)
	case "output":
		a.readOutput(s, call)
	default:
		s.Skip()
	}
}

// readOutput consumes the output and counts what is in it.
func (a *responsesAnswer) readOutput(s *jsonscan.Scanner, call *record.Call) {
	a.items, a.pending = 0, pendingCalls{}
	for ok := s.Array(); ok && s.Element(); {
		if s.Kind() != jsonscan.Object {
			s.Skip()
			continue
		}
		a.items++
		a.pending.count(s, call)
	}
}

// maxPending bounds the tool calls of one answer that are told apart.
const maxPending = 1024

// pendingCalls knows the tool calls that the client is to make, and the results
// that the provider has put beside them.
type pendingCalls struct {
	// open says of each call_id whether its call waits; a result may come first.
	open map[string]bool
	// nameless counts the calls without a call_id, less the results without one.
	nameless int
	// more is set when there are calls beyond those told apart.
	more bool
}

func (p *pendingCalls) any() bool {
	for _, waits := range p.open {
		if waits {
			return true
		}
	}
	return p.nameless > 0 || p.more
}

// count consumes one item of the output.
func (p *pendingCalls) count(s *jsonscan.Scanner, call *record.Call) {
	var kind, execution, callID string
	members(s, func(key []byte) bool {
		switch string(key) {
		case "type":
			text(s, &kind)
		case "execution":
			text(s, &execution)
		case "call_id":
			callID = name(s)
		default:
			return false
		}
		return true
	})
	switch called, isResult := clientTool(kind, execution); {
	case kind == "compaction":
		call.Response.Compacted = true
	case called == "":
	case callID != "":
		p.note(callID, isResult)
	case isResult:
		p.nameless--
	default:
		p.nameless++
	}
}

// note notes a call or the result of one. A call that is repeated after its result
// does not wait again.
func (p *pendingCalls) note(callID string, isResult bool) {
	_, known := p.open[callID]
	switch {
	case !known && len(p.open) == maxPending:
		p.more = p.more || !isResult
	case known && !isResult:
	default:
		if p.open == nil {
			p.open = map[string]bool{}
		}
		p.open[callID] = !isResult
	}
}

// unfinished reports whether the response is being made in the background.
func (a *responsesAnswer) unfinished() bool { return a.status == "queued" || a.status == "in_progress" }

// reasonFailed is the finish reason of an answer that failed or was canceled.
const reasonFailed = "error"

// finishReason derives what the protocol does not say in one word.
func (a *responsesAnswer) finishReason() string {
	switch a.status {
	case "failed", "cancelled": //nolint:misspell // as the protocol spells it
		return reasonFailed
	case "incomplete":
		return incompleteReason(a.incomplete)
	}
	if a.pending.any() {
		return "tool_calls"
	}
	return "stop"
}

func incompleteReason(said string) string {
	switch said {
	case "max_output_tokens":
		return "length"
	case "":
		return "incomplete"
	default:
		return said
	}
}

// keep holds on to the content of a response object, which must not change.
func (a *responsesAnswer) keep(body []byte) {
	if len(body) <= maxDeferred {
		a.raw = body
		return
	}
	a.budget = newBudget()
	a.decoded = a.readContent(body)
}

func (a *responsesAnswer) kept() bool { return a.raw != nil || a.budget != nil }

func (a *responsesAnswer) retained() int {
	if a.budget != nil {
		return a.budget.spent()
	}
	return len(a.raw)
}

func (a *responsesAnswer) content() (parts []record.Part, cut bool) {
	if a.budget == nil {
		a.budget = newBudget()
		a.decoded = a.readContent(a.raw)
	}
	return a.decoded, a.budget.cut
}

// readContent decodes the output of a response object.
func (a *responsesAnswer) readContent(body []byte) (parts []record.Part) {
	read := a.item
	if read == nil {
		read = readOutputItem
	}
	var annotations []byte
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		if string(key) != "output" {
			return false
		}
		parts, annotations = nil, nil
		a.budget.elements(&s, func() {
			raw := s.Raw()
			parts = append(parts, read(raw, a.budget)...)
			annotations = appendAnnotations(annotations, raw)
		})
		return true
	})
	return appendBesideList(parts, "annotations", annotations, a.budget)
}

// lastText reads a text that is more than nothing.
func lastText(s *jsonscan.Scanner, into *string) {
	var v string
	text(s, &v)
	if v != "" {
		*into = v
	}
}
