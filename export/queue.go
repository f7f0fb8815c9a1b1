package export

import (
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	// maxBatchSpans and maxRequestBytes are what a worker takes from its queue at a
	// time. Backends limit the bytes of a request, the strictest known at 5 MB.
	maxBatchSpans   = 512
	maxRequestBytes = 4 << 20
)

// entry is one ended span on its way to one destination.
type entry struct {
	span sdktrace.ReadOnlySpan
	call *callRecord // nil when there is none or the destination does not want it
	size int         // estimated bytes
}

// batch is what a worker took from its queue at a time.
type batch struct {
	entries []entry
	bytes   int // estimated, of all entries
	spans   int // the number of entries
	open    int // those not settled in the ledger yet
}

// queue is a first-in, first-out line of spans, bounded by bytes and by number.
// Spans taken from it count until their batch is finished, because they still take
// up memory. Its owner serializes access.
type queue struct {
	maxBytes, maxSpans int
	delay              time.Duration

	entries []entry
	waiting int       // bytes of entries
	oldest  time.Time // since when the first of entries waits

	flying      int // spans taken and not finished
	flyingBytes int

	// Positions in the endless line of spans: the ends of what was pushed, taken and
	// finished, and of what is asked for by a flush.
	pushed, taken, finished, flush int64
}

// push appends e unless the queue is full.
func (q *queue) push(e entry) bool {
	if len(q.entries)+q.flying >= q.maxSpans || q.waiting+q.flyingBytes+e.size > q.maxBytes {
		return false
	}
	if len(q.entries) == 0 {
		q.oldest = time.Now()
	}
	q.entries = append(q.entries, e)
	q.waiting += e.size
	q.pushed++
	return true
}

// full reports whether a whole batch waits.
func (q *queue) full() bool {
	return len(q.entries) >= maxBatchSpans || q.waiting >= maxRequestBytes
}

// due returns in how long a batch is to be taken; false means that none is in sight.
func (q *queue) due() (time.Duration, bool) {
	switch {
	case len(q.entries) == 0:
		return 0, false
	case q.full() || q.flush > q.taken:
		return 0, true
	default:
		return max(0, time.Until(q.oldest.Add(q.delay))), true
	}
}

// take removes the first batch: at least one span, at most a request's worth.
func (q *queue) take() *batch {
	b := &batch{}
	for _, e := range q.entries {
		if b.spans == maxBatchSpans || (b.spans > 0 && b.bytes+e.size > maxRequestBytes) {
			break
		}
		b.spans++
		b.bytes += e.size
	}
	b.open = b.spans
	b.entries = append(b.entries, q.entries[:b.spans]...)

	rest := copy(q.entries, q.entries[b.spans:])
	clear(q.entries[rest:])
	q.entries = q.entries[:rest]
	q.waiting -= b.bytes
	q.oldest = time.Now()
	q.flying += b.spans
	q.flyingBytes += b.bytes
	q.taken += int64(b.spans)
	return b
}

// finish gives the room of b free. Batches are finished in the order of take.
func (q *queue) finish(b *batch) {
	q.flying -= b.spans
	q.flyingBytes -= b.bytes
	q.finished += int64(b.spans)
}

// abandon forgets what waits and calls everything finished.
func (q *queue) abandon() {
	q.entries, q.waiting = nil, 0
	q.taken, q.finished = q.pushed, q.pushed
}
