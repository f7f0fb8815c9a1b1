package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxToolCalls bounds the parallel tool calls of one generation.
const maxToolCalls = 256

// chatStream reassembles a streamed answer. Its memory is bounded by maxContent
// and the number of choices and tool calls, whatever the stream says.
type chatStream struct {
	keeper

	choices []streamChoice
	done    bool
	// from is who the answer tells it is from.
	from origin
	// sources are what the answer was made from, as the last chunk has them.
	sources sources
	// legacy is set when choices have text instead of a delta. Some providers add a
	// text to each delta, and some a delta to each text, with the same content.
	legacy bool
}

type streamChoice struct {
	index        int
	role         string
	finishReason string

	content, reasoning, refusal, transcript []byte
	// annotations are elements of a list, filters the verdicts of which one is to
	// filter.
	annotations, filters []byte
	audio                bool
	calls                []streamCall
}

type streamCall struct {
	index          int
	id, kind, name string
	arguments      []byte
}

// read reads one chunk and reports whether it carried generated output.
func (st *chatStream) read(data []byte, call *record.Call, content bool) (generated bool) {
	s := jsonscan.New(data)
	if !s.Object() {
		return false
	}
	isError := false
	for {
		key, ok := s.Field()
		if !ok {
			break
		}
		switch string(key) {
		case "choices":
			position := 0
			for ok := s.Array(); ok && s.Element(); position++ {
				generated = st.readChoice(&s, position, call, content) || generated
			}
		case "error":
			readInlineError(&s, call)
		case "object":
			isError = isErrorObject(&s)
		case "citations":
			st.replace(&st.sources.citations, s.Raw(), content)
		case "search_results":
			st.replace(&st.sources.results, s.Raw(), content)
		default:
			readEnvelope(&s, string(key), call, &st.from)
		}
	}
	if isError {
		readTopError(data, call)
	}
	return generated
}

// readChoice consumes one choice of a chunk. Its index may come after its delta,
// so it is looked for first.
func (st *chatStream) readChoice(s *jsonscan.Scanner, position int, call *record.Call, content bool) (generated bool) {
	if s.Kind() != jsonscan.Object {
		s.Skip()
		return false
	}
	raw := s.Raw()
	if raw == nil { // the chunk is cut
		return false
	}
	choice := st.choice(choiceIndex(raw, position))
	if choice == nil {
		return false
	}
	c := jsonscan.New(raw)
	members(&c, func(key []byte) bool {
		switch string(key) {
		case "delta":
			if st.legacy && hasText(raw) {
				return false
			}
			generated = st.readDelta(&c, choice, content) || generated
		case "text":
			if !st.legacy {
				return false
			}
			generated = st.append(&c, &choice.content, content) || generated
		case "finish_reason":
			reason(&c, &choice.finishReason)
		case "content_filter_results":
			st.from.note("azure.ai.openai")
			if filters := c.Raw(); content && hasFiltered(filters) {
				st.replace(&choice.filters, filters, content)
			}
		case "index", "logprobs":
			return false
		default:
			readChoiceMember(&c, string(key), call, &st.from)
		}
		return true
	})
	return generated
}

// hasText reports whether a choice has a text of more than nothing.
func hasText(raw []byte) (found bool) {
	s := jsonscan.New(raw)
	members(&s, func(key []byte) bool {
		if string(key) != "text" {
			return false
		}
		found = someText(&s) || found
		return true
	})
	return found
}

// choiceIndex finds the index of a choice, -1 when it is absurd. Without one the
// position in the chunk counts.
func choiceIndex(raw []byte, position int) int {
	found := position
	s := jsonscan.New(raw)
	members(&s, func(key []byte) bool {
		if string(key) != "index" || s.Kind() != jsonscan.Number {
			return false
		}
		found = index(&s, -1)
		return true
	})
	return found
}

// choice finds or makes the choice with an index, nil when there is no room.
func (st *chatStream) choice(index int) *streamChoice {
	for i := range st.choices {
		if st.choices[i].index == index {
			return &st.choices[i]
		}
	}
	if index < 0 || len(st.choices) == maxChoices {
		st.cut = true
		return nil
	}
	st.choices = append(st.choices, streamChoice{index: index})
	return &st.choices[len(st.choices)-1]
}

func (st *chatStream) readDelta(s *jsonscan.Scanner, choice *streamChoice, content bool) (generated bool) {
	reasoned := false
	var details []byte
	members(s, func(key []byte) bool {
		more := false
		switch string(key) {
		case "role":
			st.name(s, &choice.role, content)
		case "content":
			more = st.readDeltaContent(s, choice, &reasoned, content)
		case "refusal":
			more = st.append(s, &choice.refusal, content)
		case "reasoning_content", "reasoning", "thinking":
			if reasoned { // some providers send both, with the same text
				return false
			}
			more = st.append(s, &choice.reasoning, content)
			reasoned = more
		case "reasoning_details":
			details = s.Raw()
		case "annotations":
			st.extend(s, &choice.annotations, content)
		case "audio":
			more = st.readDeltaAudio(s, choice, content)
		case "tool_calls":
			position := 0
			for ok := s.Array(); ok && s.Element(); position++ {
				more = st.readDeltaCall(s, choice, position, content) || more
			}
		case "function_call":
			if s.Kind() != jsonscan.Object {
				return false
			}
			more = st.readDeltaFunction(s, choice.call(fragment{}, st), content)
		default:
			return false
		}
		generated = generated || more
		return true
	})
	if details != nil && !reasoned {
		more := readDetails(details, newBudget())
		st.keep(&choice.reasoning, more, content)
		generated = generated || more != ""
	}
	return generated
}

// readDeltaContent consumes content: text, or Mistral's list of parts. reasoned
// is set when the delta has told the reasoning, here or elsewhere.
func (st *chatStream) readDeltaContent(
	s *jsonscan.Scanner, choice *streamChoice, reasoned *bool, content bool,
) (generated bool) {
	before := *reasoned
	if s.Kind() != jsonscan.Array {
		return st.append(s, &choice.content, content)
	}
	for ok := s.Array(); ok && s.Element(); {
		raw := s.Raw()
		into := &choice.content
		if partType(raw) == "thinking" {
			if before {
				continue
			}
			into, *reasoned = &choice.reasoning, true
		}
		generated = true
		if content {
			part := jsonscan.New(raw)
			st.keep(into, readThinking(&part, newBudget()), content)
		}
	}
	return generated
}

func (st *chatStream) readDeltaAudio(s *jsonscan.Scanner, choice *streamChoice, content bool) (generated bool) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "transcript":
			generated = st.append(s, &choice.transcript, content) || generated
		case "data":
			generated = someText(s) || generated
		case "id":
			choice.audio = someText(s) || choice.audio
		default:
			return false
		}
		return true
	})
	choice.audio = choice.audio || generated
	return generated
}

func (st *chatStream) readDeltaCall(s *jsonscan.Scanner, choice *streamChoice, position int, content bool) bool {
	raw := s.Raw()
	call := choice.call(identify(raw, position), st)
	if call == nil {
		return false
	}
	generated := false
	c := jsonscan.New(raw)
	members(&c, func(key []byte) bool {
		switch string(key) {
		case "id":
			st.name(&c, &call.id, content)
		case "type":
			st.name(&c, &call.kind, content)
		case "function", "custom":
			generated = st.readDeltaFunction(&c, call, content)
		default:
			return false
		}
		return true
	})
	return generated
}

func (st *chatStream) readDeltaFunction(s *jsonscan.Scanner, call *streamCall, content bool) (generated bool) {
	if call == nil {
		s.Skip()
		return false
	}
	members(s, func(key []byte) bool {
		switch string(key) {
		case "name":
			generated = st.name(s, &call.name, content) || generated
		case "arguments", "input":
			if s.Kind() == jsonscan.Object {
				generated = true
				st.keep(&call.arguments, validText(s.Raw()), content)
				return true
			}
			generated = st.append(s, &call.arguments, content) || generated
		default:
			return false
		}
		return true
	})
	return generated
}

// fragment says to which tool call a fragment belongs.
type fragment struct {
	index    int
	id, name string
}

// identify finds the identity of a fragment. Its index is -1 when it is absurd; a
// provider that sends calls whole may leave it out.
func identify(raw []byte, position int) fragment {
	f := fragment{index: position}
	s := jsonscan.New(raw)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "index":
			if s.Kind() != jsonscan.Number {
				return false
			}
			f.index = -1
			if v, ok := s.Int(); ok && v >= 0 && v < maxToolCalls {
				f.index = int(v)
			}
		case "id":
			text(&s, &f.id)
		case "function", "custom":
			members(&s, func(key []byte) bool {
				if string(key) != "name" {
					return false
				}
				text(&s, &f.name)
				return true
			})
		default:
			return false
		}
		return true
	})
	return f
}

// call finds or makes a tool call, nil when there is no room. A new id at a known
// index is another call, for some providers send every call with index 0; without
// ids a new name is.
func (c *streamChoice) call(f fragment, st *chatStream) *streamCall {
	for i := len(c.calls) - 1; i >= 0; i-- {
		if known := &c.calls[i]; known.index == f.index && known.continues(f) {
			return known
		}
	}
	if f.index < 0 || len(c.calls) == maxToolCalls {
		st.cut = true
		return nil
	}
	c.calls = append(c.calls, streamCall{index: f.index})
	return &c.calls[len(c.calls)-1]
}

func (c *streamCall) continues(f fragment) bool {
	if c.id != "" || f.id != "" {
		return c.id == "" || f.id == "" || c.id == f.id
	}
	return c.name == "" || f.name == "" || c.name == f.name
}

// finish writes the finish reasons and reports whether the answer is complete:
// the stream said so, or each generation has its reason.
func (st *chatStream) finish(call *record.Call) (complete bool) {
	complete = len(st.choices) > 0
	call.Response.Choices = make([]record.Choice, len(st.choices))
	for i := range st.choices {
		choice := &st.choices[i]
		complete = complete && choice.finishReason != ""
		call.Response.Choices[i] = record.Choice{Index: choice.index, FinishReason: choice.finishReason}
	}
	sortChoices(call.Response.Choices)
	return complete || st.done
}

func (st *chatStream) content(call *record.Call) {
	for i := range call.Response.Choices {
		into := &call.Response.Choices[i]
		if choice := st.choice(into.Index); choice != nil {
			into.Message = choice.message()
		}
	}
	if st.sources.any() {
		st.sources.addTo(call.Response.Choices, newBudget())
	}
	call.Content.Truncated = call.Content.Truncated || st.cut
}

func (c *streamChoice) message() record.Message {
	m := record.Message{Role: c.role}
	if m.Role == "" {
		m.Role = "assistant"
	}
	var parts, calls []record.Part
	if len(c.content) > 0 {
		parts = append(parts, record.Text{Content: string(c.content)})
	}
	if c.audio {
		parts = append(parts, record.Audio{Transcript: string(c.transcript)})
	}
	for _, call := range c.calls {
		if call.id != "" || call.name != "" || len(call.arguments) > 0 {
			calls = append(calls, call.part())
		}
	}
	m.Parts = arrange(string(c.reasoning), parts, string(c.refusal), calls)
	m.Parts = appendBesideList(m.Parts, "annotations", c.annotations, newBudget())
	if len(c.filters) > 0 {
		m.Parts = appendBeside(m.Parts, "content_filter_results", c.filters, newBudget())
	}
	return m
}

func (c *streamCall) part() record.ToolCall {
	kind := c.kind
	if kind == "" {
		kind = "function"
	}
	return record.ToolCall{ID: c.id, Name: c.name, Type: kind, Arguments: string(bytes.TrimSpace(c.arguments))}
}
