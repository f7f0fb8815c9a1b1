package openai

import (
	"bytes"
	"strconv"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// inputs is the content of a request that is no conversation: a text, or a list
// of texts that have nothing to do with each other.
type inputs struct {
	// raw is a copy of the JSON value.
	raw []byte
	// decoded is set instead when the value is too large to be kept.
	decoded []record.Message
	budget  *budget
}

func (in *inputs) keep(raw []byte) {
	if len(raw) <= maxDeferred {
		in.raw = bytes.Clone(raw)
		return
	}
	in.budget = newBudget()
	in.decoded = readInputs(raw, in.budget)
}

func (in *inputs) retained() int {
	if in.budget != nil {
		return in.budget.spent()
	}
	return len(in.raw)
}

func (in *inputs) content(call *record.Call) {
	if in.budget == nil {
		in.budget = newBudget()
		in.decoded = readInputs(in.raw, in.budget)
	}
	call.Request.Messages = in.decoded
	call.Content.Truncated = call.Content.Truncated || in.budget.cut
}

// readInputs makes one message of the user of each input: of a value that is none
// itself, of each element of a list, and of a list of tokens.
func readInputs(raw []byte, b *budget) (messages []record.Message) {
	s := jsonscan.New(raw)
	_, isTokens := countTokens(raw)
	switch kind := s.Kind(); {
	case kind == jsonscan.Invalid, kind == jsonscan.Null:
		return nil
	case kind == jsonscan.Array && !isTokens:
		b.elements(&s, func() { messages = append(messages, readInputMessage(s.Raw(), b)) })
		return messages
	default:
		return []record.Message{readInputMessage(raw, b)}
	}
}

func readInputMessage(raw []byte, b *budget) record.Message {
	m := record.Message{Role: "user"}
	s := jsonscan.New(raw)
	if s.Kind() == jsonscan.String {
		m.Parts = readContent(&s, b)
	} else if n, ok := countTokens(raw); ok {
		m.Parts = []record.Part{record.Generic{Type: "tokens", JSON: `{"type":"tokens","count":` + strconv.Itoa(n) + `}`}}
	} else {
		m.Parts = []record.Part{readPart(raw, b)}
	}
	return m
}

// countTokens reports whether a value is a list of tokens, and of how many. There
// is no text in them without the model's vocabulary.
func countTokens(raw []byte) (n int, ok bool) {
	s := jsonscan.New(raw)
	if s.Kind() != jsonscan.Array {
		return 0, false
	}
	for s.Array(); s.Element(); n++ {
		if s.Kind() != jsonscan.Number {
			return 0, false
		}
		s.Skip()
	}
	return n, n > 0
}
