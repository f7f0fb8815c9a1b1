package export

import (
	"sync"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxSlips bounds the spans in flight whose record is awaited. No program has that
// many calls at a time, so beyond it are spans that were started and never ended.
const maxSlips = 16384

// slips keeps the slips claimed at the start of spans until the spans end. Its
// methods are safe for concurrent use.
type slips struct {
	mu     sync.Mutex // guards the fields below
	bySpan map[spanKey]*handoff.Slip
	closed bool
}

type spanKey struct {
	trace trace.TraceID
	span  trace.SpanID
}

func keyOf(span trace.SpanContext) spanKey { return spanKey{span.TraceID(), span.SpanID()} }

// put keeps slip for span. At the bound it gives up the slip of any other span,
// which is then exported without its record.
func (s *slips) put(span trace.SpanContext, slip *handoff.Slip) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.bySpan == nil {
		s.bySpan = make(map[spanKey]*handoff.Slip)
	}
	if len(s.bySpan) >= maxSlips {
		for other := range s.bySpan {
			delete(s.bySpan, other)
			break
		}
	}
	s.bySpan[keyOf(span)] = slip
}

// take returns and forgets the slip of span, nil if there is none.
func (s *slips) take(span trace.SpanContext) *handoff.Slip {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := keyOf(span)
	slip := s.bySpan[key]
	delete(s.bySpan, key)
	return slip
}

// close forgets all slips and keeps no more.
func (s *slips) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bySpan, s.closed = nil, true
}

// callRecord is the record of an ended span, shared by the destinations that want
// it and decoded by the first of them. A nil callRecord is that of a span without.
type callRecord struct {
	slip *handoff.Slip

	once    sync.Once
	call    *record.Call
	problem string
}

func newCallRecord(slip *handoff.Slip) *callRecord {
	if slip == nil {
		return nil
	}
	return &callRecord{slip: slip}
}

// size is the number of bytes that the record keeps alive.
func (r *callRecord) size() int {
	if r == nil {
		return 0
	}
	return r.slip.Size()
}

// get returns the record, nil when there is none. When its decoder panics, which
// problem then tells, no destination gets the record: it may be half made, and not
// yet redacted.
func (r *callRecord) get() (call *record.Call, problem string) {
	if r == nil {
		return nil, ""
	}
	r.once.Do(func() {
		defer func() { r.problem = panicText(recover()) }()
		r.call = r.slip.Call()
	})
	return r.call, r.problem
}
