package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// runStream keeps what the events of a run bring. Its memory is bounded by
// maxContent and the number of items, whatever the stream says.
type runStream struct {
	keeper

	items []runItem
	// output is set when something was generated, ended when the last event came.
	output, ended bool
}

// runItem is one message, whole or as far as it came, or one finished step.
type runItem struct {
	id   string
	step bool
	text []byte
	// whole is the JSON of what is finished, and parts what it became when it was too
	// large to be kept; the text is of no use then.
	whole []byte
	parts []record.Part
	done  bool
}

// runEvent is an event, dissected. Its name is not looked at: the object says what
// it is.
type runEvent struct {
	object, id, status string
	delta, fail        []byte
	code, message      bool
}

func dissectRunEvent(data []byte) (e runEvent) {
	s := jsonscan.New(data)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "object":
			e.object = name(&s)
		case "id":
			e.id = name(&s)
		case "status":
			e.status = name(&s)
		case "delta":
			e.delta = rawObject(&s)
		case "error":
			e.fail = s.Raw()
		case "code":
			e.code = true
			return false
		case "message":
			e.message = someText(&s)
		default:
			return false
		}
		return true
	})
	return e
}

// read reads one event.
func (st *runStream) read(data []byte, call *record.Call, answer *runAnswer, content bool) wire.Progress {
	switch e := dissectRunEvent(data); e.object {
	case "thread.run":
		answer.read(data, call, content)
		if !answer.over() {
			return 0
		}
		st.ended = true
		return wire.Done
	case "thread.run.step":
		if e.status == "completed" {
			st.complete(&e, data, true, content)
		}
	case "thread.message":
		if e.status == "completed" || e.status == "incomplete" {
			st.complete(&e, data, false, content)
		}
	case "thread.run.step.delta":
		if e.delta != nil {
			st.output = true
			return wire.Generated
		}
	case "thread.message.delta":
		return st.readDelta(&e, content)
	case "":
		return readRunFailure(&e, data, call)
	}
	return 0
}

// readRunFailure reads an event that is an error, of which the members are at the
// top or in an object of their own.
func readRunFailure(e *runEvent, data []byte, call *record.Call) wire.Progress {
	if (len(e.fail) == 0 || string(e.fail) == "null") && (!e.message || !e.code) {
		return 0
	}
	if call.Error == nil {
		call.Error = readFailure(0, data)
	}
	return wire.Done
}

// readDelta reads the fragments of one message.
func (st *runStream) readDelta(e *runEvent, content bool) (progress wire.Progress) {
	var it *runItem
	if content {
		it = st.item(e.id, false)
	}
	s := jsonscan.New(e.delta)
	members(&s, func(key []byte) bool {
		if string(key) != "content" {
			return false
		}
		for ok := s.Array(); ok && s.Element(); {
			if s.Kind() == jsonscan.Invalid { // the end of JSON that is cut
				break
			}
			if st.readFragment(&s, it) {
				st.output = true
				progress = wire.Generated
			}
		}
		return true
	})
	return progress
}

// readFragment consumes one part of a delta and reports whether it was more than
// nothing.
func (st *runStream) readFragment(s *jsonscan.Scanner, it *runItem) (some bool) {
	into, wanted := new([]byte), false
	if it != nil && !it.done {
		into, wanted = &it.text, true
	}
	members(s, func(key []byte) bool {
		switch string(key) {
		case "text":
			members(s, func(key []byte) bool {
				if string(key) != "value" {
					return false
				}
				some = st.append(s, into, wanted) || some
				return true
			})
		case "refusal":
			some = st.append(s, into, wanted) || some
		case "image_file", "image_url":
			some = true
			return false
		default:
			return false
		}
		return true
	})
	return some
}

// item finds or makes an item, nil when there is no room.
func (st *runStream) item(id string, step bool) *runItem {
	for i := range st.items {
		if st.items[i].id == id && st.items[i].step == step {
			return &st.items[i]
		}
	}
	if len(st.items) == maxStreamItems || len(id) > maxContent-st.kept {
		st.cut = true
		return nil
	}
	st.kept += len(id)
	st.items = append(st.items, runItem{id: id, step: step})
	return &st.items[len(st.items)-1]
}

// complete keeps what is finished instead of its fragments.
func (st *runStream) complete(e *runEvent, data []byte, step, content bool) {
	st.output = true
	if !content {
		return
	}
	it := st.item(e.id, step)
	if it == nil || it.done {
		return
	}
	st.kept -= len(it.text)
	it.text, it.done = nil, true
	room := maxContent - st.kept
	if len(data) <= min(room, maxDeferred) {
		it.whole = bytes.Clone(data)
		st.kept += len(data)
		return
	}
	b := newBudget()
	b.left = room
	it.parts = it.read(data, b)
	st.kept = maxContent - b.left
	st.cut = st.cut || b.cut
}

func (it *runItem) read(data []byte, b *budget) []record.Part {
	if it.step {
		return readRunStep(data, b)
	}
	s := jsonscan.New(data)
	return readThreadMessage(&s, b).Parts
}

// content returns the parts of all that came, in the order in which it began.
func (st *runStream) content() (parts []record.Part, cut bool) {
	b := newBudget()
	for i := range st.items {
		switch it := &st.items[i]; {
		case it.whole != nil:
			parts = append(parts, it.read(it.whole, b)...)
		case it.done:
			parts = append(parts, it.parts...)
		case len(it.text) > 0:
			parts = append(parts, record.Text{Content: string(it.text)})
		}
	}
	return parts, st.cut || b.cut
}
