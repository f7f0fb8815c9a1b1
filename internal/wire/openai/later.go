package openai

import "bytes"

// later is content that is decoded when somebody asks for it, or at once when its
// JSON is too large to be kept until then.
type later[T any] struct {
	read func(json []byte, b *budget) T

	raw    []byte
	value  T
	budget *budget
}

// keep keeps a copy of JSON: what it is cut from may be larger, and may change.
func (l *later[T]) keep(json []byte) {
	if len(json) <= maxDeferred {
		*l = later[T]{read: l.read, raw: bytes.Clone(json)}
		return
	}
	l.decode(json)
}

func (l *later[T]) decode(json []byte) {
	l.budget = newBudget()
	l.value = l.read(json, l.budget)
}

// retained is the number of bytes held.
func (l *later[T]) retained() int {
	if l.budget != nil {
		return l.budget.spent()
	}
	return len(l.raw)
}

// get returns the content, and whether something of it was cut.
func (l *later[T]) get() (value T, cut bool) {
	if l.budget == nil {
		if l.raw == nil {
			return value, false
		}
		l.decode(l.raw)
	}
	return l.value, l.budget.cut
}
