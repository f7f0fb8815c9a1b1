package export

import (
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// maxBatchSpans bounds what is put into requests at a time. It is far above what shares
// a request usually, and keeps the search for one that a backend refuses short.
const maxBatchSpans = 2048

// entry is one ended span on its way to one destination.
type entry struct {
	span sdktrace.ReadOnlySpan
	call *callRecord // nil when there is none or the destination does not want it
	size int         // estimated bytes
}

// queue is a first-in, first-out line of ended spans. Its owner serializes access.
type queue struct {
	delay    time.Duration
	maxBytes int // of a batch

	entries []entry
	bytes   int       // estimated, of entries
	oldest  time.Time // since when the first of entries waits

	// Positions in the endless line of spans: the ends of what was pushed, what was taken
	// and what is asked for by a flush.
	pushed, taken, flush int64
}

func (q *queue) push(e entry) {
	if len(q.entries) == 0 {
		q.oldest = time.Now()
	}
	q.entries = append(q.entries, e)
	q.bytes += e.size
	q.pushed++
}

// full reports whether a whole batch waits.
func (q *queue) full() bool {
	return len(q.entries) >= maxBatchSpans || q.bytes >= q.maxBytes
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
		if b.spans == maxBatchSpans || (b.spans > 0 && b.bytes+e.size > q.maxBytes) {
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
	q.bytes -= b.bytes
	q.oldest = time.Now()
	q.taken += int64(b.spans)
	return b
}

// abandon forgets what waits.
func (q *queue) abandon() {
	q.entries, q.bytes = nil, 0
	q.taken = q.pushed
}

// room bounds what a destination keeps in memory, by bytes and by number. Its owner
// serializes access.
type room struct {
	maxBytes, maxSpans int
	bytes, spans       int
}

// has reports whether a span of a size fits in.
func (r *room) has(bytes int) bool { return r.spans < r.maxSpans && r.bytes+bytes <= r.maxBytes }

func (r *room) add(bytes, spans int) {
	r.bytes += bytes
	r.spans += spans
}

func (r *room) remove(bytes, spans int) { r.add(-bytes, -spans) }

// batch is what was taken from the queue at a time. It counts down what becomes of it.
type batch struct {
	entries []entry
	bytes   int // estimated, of all entries
	spans   int // the number of entries
	open    int // those that are still in memory
}

// progress follows batches in the order in which they were taken. Its owner serializes
// access.
type progress struct {
	finished int64 // the position up to which all spans have left the memory
	batches  []*batch
}

func (p *progress) add(b *batch) { p.batches = append(p.batches, b) }

// advance moves the position over the batches that have come to an end.
func (p *progress) advance() {
	for len(p.batches) > 0 && p.batches[0].open <= 0 {
		p.finished += int64(p.batches[0].spans)
		p.batches = p.batches[1:]
	}
}

// abandon calls everything up to position finished.
func (p *progress) abandon(position int64) {
	p.finished, p.batches = position, nil
}
