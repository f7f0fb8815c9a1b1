package export

import (
	"sync"

	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai/record"
)

// callRecord is the record of an ended span, shared by the destinations that want
// it and decoded by the first of them. A nil callRecord is that of a span without.
type callRecord struct {
	slip   *handoff.Slip
	redact func(*record.Call) *record.Call // nil: all of it may be seen

	once    sync.Once
	call    *record.Call
	problem string
}

func newCallRecord(slip *handoff.Slip, redact func(*record.Call) *record.Call) *callRecord {
	if slip == nil {
		return nil
	}
	return &callRecord{slip: slip, redact: redact}
}

// size is the number of bytes that the record keeps alive.
func (r *callRecord) size() int {
	if r == nil {
		return 0
	}
	return r.slip.Size()
}

// get returns the record, nil when there is none. When its decoder or its redaction
// panics, which problem then tells, no destination gets the record: it may be half made,
// and not yet redacted.
func (r *callRecord) get() (call *record.Call, problem string) {
	if r == nil {
		return nil, ""
	}
	r.once.Do(func() {
		defer func() { r.problem = panicText(recover()) }()
		call := r.slip.Call()
		if call != nil && r.redact != nil {
			call = r.redact(call)
		}
		r.call = call
	})
	return r.call, r.problem
}
