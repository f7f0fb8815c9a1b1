package handoff

import (
	"sync"

	"go.opentelemetry.io/otel/trace"
)

// MaxSlips bounds the spans in flight whose record a processor awaits. No program has
// that many calls at a time, so beyond it are spans that were started and never ended.
const MaxSlips = 16384

// Slips keeps the slips that a processor claimed at the start of spans until the
// spans end. The zero Slips is ready. Its methods are safe for concurrent use.
type Slips struct {
	mu     sync.Mutex // guards the fields below
	bySpan map[spanKey]*Slip
	closed bool
}

type spanKey struct {
	trace trace.TraceID
	span  trace.SpanID
}

func keyOf(span trace.SpanContext) spanKey { return spanKey{span.TraceID(), span.SpanID()} }

// Put keeps slip for span. At [MaxSlips] it gives up the slip of any other span,
// which then ends without its record.
func (s *Slips) Put(span trace.SpanContext, slip *Slip) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.bySpan == nil {
		s.bySpan = make(map[spanKey]*Slip)
	}
	if len(s.bySpan) >= MaxSlips {
		for other := range s.bySpan {
			delete(s.bySpan, other)
			break
		}
	}
	s.bySpan[keyOf(span)] = slip
}

// Take returns and forgets the slip of span, nil if there is none.
func (s *Slips) Take(span trace.SpanContext) *Slip {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := keyOf(span)
	slip := s.bySpan[key]
	delete(s.bySpan, key)
	return slip
}

// Len is the number of slips kept.
func (s *Slips) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bySpan)
}

// Close forgets all slips and keeps no more.
func (s *Slips) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bySpan, s.closed = nil, true
}
