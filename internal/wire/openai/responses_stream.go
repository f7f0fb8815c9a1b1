package openai

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxStreamItems bounds the output items of a streamed answer.
const maxStreamItems = 1024

// responsesStream keeps what a streamed answer brings until its last event brings
// all of it once more. Its memory is bounded by maxContent and the number of
// items, whatever the stream says.
type responsesStream struct {
	keeper

	items   []streamItem
	pending pendingCalls
	// output is set when something was generated, ended when the last event came.
	output, ended bool
	// kind is room for the type of an event.
	kind []byte
}

// streamItem is one element of the output, whole or as far as it came.
type streamItem struct {
	index int
	// whole is the JSON of the finished item, and parts what it became when it was
	// too large to be kept; the rest is of no use then.
	whole []byte
	parts []record.Part
	done  bool

	kind, id, callID, name              string
	text, refusal, reasoning, arguments []byte
}

// responsesEvent is an event, dissected.
type responsesEvent struct {
	kind                        []byte
	index                       int
	delta, item, response, fail []byte
}

// read reads one event.
func (st *responsesStream) read(data []byte, call *record.Call, answer *responsesAnswer, content bool) wire.Progress {
	e := st.dissect(data)
	switch kind := string(e.kind); {
	case kind == "error":
		return st.fail(data, call)
	case e.fail != nil && e.response == nil:
		return st.failWith(e.fail, call)
	case strings.HasSuffix(kind, ".delta"):
		return st.readDelta(&e, content)
	case kind == "response.output_item.added":
		st.begin(&e, content)
	case kind == "response.output_item.done":
		st.complete(&e, call, content)
	case kind == "response.compaction.compacting":
		call.Response.Compacted = true
	case e.response != nil && strings.HasPrefix(kind, "response."):
		return st.readResponse(&e, call, answer, content)
	}
	return 0
}

// dissect finds the members of an event. The type may come last.
func (st *responsesStream) dissect(data []byte) (e responsesEvent) {
	e.index = -1
	s := jsonscan.New(data)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "type":
			if s.Kind() != jsonscan.String {
				return false
			}
			st.kind, _ = s.TextBytes(st.kind[:0])
			e.kind = st.kind
		case "output_index":
			if v, ok := s.Int(); ok && v >= 0 && v < maxStreamItems {
				e.index = int(v)
			}
		case "delta":
			e.delta = s.Raw()
		case "item":
			e.item = rawObject(&s)
		case "response":
			e.response = rawObject(&s)
		case "error":
			if e.fail = s.Raw(); string(e.fail) == "null" || string(e.fail) == `""` {
				e.fail = nil
			}
		default:
			return false
		}
		return true
	})
	return e
}

// rawObject consumes a value and returns its JSON when it is an object.
func rawObject(s *jsonscan.Scanner) []byte {
	if s.Kind() != jsonscan.Object {
		s.Skip()
		return nil
	}
	return s.Raw()
}

// fail reads an event that is an error. Its members are at the top or in an
// object of their own; its type is that of the event.
func (st *responsesStream) fail(data []byte, call *record.Call) wire.Progress {
	e := readFailure(0, data)
	if e.ProviderType == "error" {
		e.ProviderType = ""
		e.Type = errorType(e)
	}
	if call.Error == nil {
		call.Error = e
	}
	return wire.Done
}

func (st *responsesStream) failWith(object []byte, call *record.Call) wire.Progress {
	s := jsonscan.New(object)
	readInlineError(&s, call)
	return wire.Done
}

// readResponse reads an event with the whole response object, of which the last
// one ends the stream.
func (st *responsesStream) readResponse(
	e *responsesEvent, call *record.Call, answer *responsesAnswer, content bool,
) wire.Progress {
	ending := ""
	switch string(e.kind) {
	case "response.completed":
		ending = "completed"
	case "response.incomplete":
		ending = "incomplete"
	case "response.failed":
		ending = "failed"
	case "response.cancelled":
		ending = "cancelled" //nolint:misspell // as the protocol spells it
	}
	answer.items, answer.pending = 0, pendingCalls{}
	answer.read(e.response, call)
	if ending == "" {
		return 0
	}
	answer.status = ending
	if ending == "failed" && call.Error == nil {
		call.Error = &record.Error{Type: errorType(new(record.Error))}
	}
	st.ended = true
	if content && answer.items > 0 {
		object := e.response
		if len(object) <= maxDeferred { // a larger one is decoded at once
			object = bytes.Clone(object)
		}
		answer.keep(object)
		*st = responsesStream{ended: true}
	}
	return wire.Done
}

// readDelta reads a fragment of generated output.
func (st *responsesStream) readDelta(e *responsesEvent, content bool) wire.Progress {
	if len(e.delta) == 0 || string(e.delta) == `""` || string(e.delta) == "null" {
		return 0
	}
	st.output = true
	if !content {
		return wire.Generated
	}
	it := st.item(e.index)
	if it == nil || it.done {
		return wire.Generated
	}
	var into *[]byte
	switch string(e.kind) {
	case "response.output_text.delta", "response.audio.transcript.delta":
		into = &it.text
	case "response.refusal.delta":
		into = &it.refusal
	case "response.reasoning_text.delta", "response.reasoning_summary_text.delta", "response.reasoning_summary.delta":
		into = &it.reasoning
	case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta",
		"response.mcp_call_arguments.delta", "response.code_interpreter_call_code.delta",
		"response.shell_call_command.delta", "response.apply_patch_call_operation_diff.delta":
		into = &it.arguments
	default: // sound, or something new
		return wire.Generated
	}
	s := jsonscan.New(e.delta)
	st.append(&s, into, content)
	return wire.Generated
}

// item finds or makes the item with an index, nil when there is no room.
func (st *responsesStream) item(index int) *streamItem {
	for i := range st.items {
		if st.items[i].index == index {
			return &st.items[i]
		}
	}
	if len(st.items) == maxStreamItems {
		st.cut = true
		return nil
	}
	st.items = append(st.items, streamItem{index: index})
	return &st.items[len(st.items)-1]
}

// begin notes what an item is going to be.
func (st *responsesStream) begin(e *responsesEvent, content bool) {
	if e.item == nil {
		return
	}
	st.output = true
	if !content {
		return
	}
	it := st.item(e.index)
	if it == nil || it.done {
		return
	}
	s := jsonscan.New(e.item)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "type":
			st.name(&s, &it.kind, content)
		case "id":
			st.name(&s, &it.id, content)
		case "call_id":
			st.name(&s, &it.callID, content)
		case "name":
			st.name(&s, &it.name, content)
		default:
			return false
		}
		return true
	})
}

// complete keeps a finished item instead of its fragments.
func (st *responsesStream) complete(e *responsesEvent, call *record.Call, content bool) {
	if e.item == nil {
		return
	}
	st.output = true
	s := jsonscan.New(e.item)
	st.pending.count(&s, call)
	if !content {
		return
	}
	it := st.item(e.index)
	if it == nil || it.done {
		st.cut = true // two items in one place
		return
	}
	st.kept -= it.size()
	*it = streamItem{index: it.index, done: true}
	room := maxContent - st.kept
	if len(e.item) <= min(room, maxDeferred) {
		it.whole = bytes.Clone(e.item)
		st.kept += len(e.item)
		return
	}
	b := newBudget()
	b.left = max(0, room)
	it.parts = readOutputItem(e.item, b)
	st.kept = maxContent - b.left
	st.cut = st.cut || b.cut
}

// size is the number of bytes that are held of an unfinished item.
func (it *streamItem) size() int {
	return len(it.kind) + len(it.id) + len(it.callID) + len(it.name) +
		len(it.text) + len(it.refusal) + len(it.reasoning) + len(it.arguments)
}

// content returns the parts of what came before the stream was cut.
func (st *responsesStream) content() (parts []record.Part, cut bool) {
	b := newBudget()
	var annotations []byte
	slices.SortStableFunc(st.items, func(a, b streamItem) int { return cmp.Compare(a.index, b.index) })
	for i := range st.items {
		it := &st.items[i]
		switch {
		case it.whole != nil:
			parts = append(parts, readOutputItem(it.whole, b)...)
			annotations = appendAnnotations(annotations, it.whole)
		case it.done:
			parts = append(parts, it.parts...)
		default:
			parts = append(parts, it.fragments()...)
		}
	}
	parts = appendBesideList(parts, "annotations", annotations, b)
	return parts, st.cut || b.cut
}

// fragments returns the parts of an unfinished item.
func (it *streamItem) fragments() []record.Part {
	var texts, calls []record.Part
	if len(it.text) > 0 {
		texts = append(texts, record.Text{Content: string(it.text)})
	}
	if part := it.call(); part != nil {
		calls = append(calls, part)
	}
	return arrange(string(it.reasoning), texts, string(it.refusal), calls)
}

// call is the part for an unfinished call of a tool, nil when the item is none.
func (it *streamItem) call() record.Part {
	arguments := string(it.arguments)
	if tool := serverTool(it.kind); tool != "" && it.kind != "shell_call" {
		name := tool
		if it.name != "" {
			name = it.name
		}
		return record.ServerToolCall{ID: it.id, Name: name, Type: it.kind, Content: arguments}
	}
	switch tool, isResult := clientTool(it.kind, ""); {
	case isResult:
		return nil
	case tool == "function":
		return record.ToolCall{ID: it.callID, Name: it.name, Type: tool, Arguments: arguments}
	case tool == "custom_tool":
		return record.ToolCall{ID: it.callID, Name: it.name, Type: "custom", Arguments: arguments}
	case tool != "":
		return record.ToolCall{ID: it.callID, Name: tool, Type: tool, Arguments: arguments}
	case arguments != "" && it.kind == "": // the item was never announced
		return record.ToolCall{ID: it.callID, Name: it.name, Type: "function", Arguments: arguments}
	default:
		return nil
	}
}
