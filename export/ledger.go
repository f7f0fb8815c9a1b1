package export

import "maps"

// Reason says why a span did not reach its destination.
type Reason string

const (
	// ReasonQueueOverflow counts spans that found the queue full. See [WithQueue].
	ReasonQueueOverflow Reason = "queue_overflow"
	// ReasonShutdown counts spans that were undelivered when the context of Shutdown
	// ended, and spans that ended after Shutdown had begun.
	ReasonShutdown Reason = "shutdown"
	// ReasonRejected counts spans that the backend refused in a request that it
	// otherwise accepted (partial success). It does not say which.
	ReasonRejected Reason = "rejected"
	// ReasonSendError counts spans of requests that the backend refused for good,
	// for instance with status 400.
	ReasonSendError Reason = "send_error"
	// ReasonConfig counts spans of requests that failed for the whole retry budget
	// because of a wrong key, address, certificate or redirect.
	ReasonConfig Reason = "config"
	// ReasonEncode counts spans that could not be put into the wire format.
	ReasonEncode Reason = "encode"
	// ReasonTooLarge counts spans that the backend refused for their size even alone and
	// with their texts cut.
	ReasonTooLarge Reason = "too_large"
	// ReasonInternalError counts spans lost to a panic: in the View, in the span
	// itself, or in this package.
	ReasonInternalError Reason = "internal_error"
	// ReasonExpired counts spans of requests that failed for the whole retry budget
	// because the backend was down or busy. See [WithRetryBudget].
	ReasonExpired Reason = "expired"
)

// Stats is what became of the spans of one destination since the Processor was
// made. At every moment
//
//	Ended = Delivered + Queued + the sum of Dropped
type Stats struct {
	// Destination is the name of the destination.
	Destination string
	// Ended counts the sampled spans that ended, without those left out by the View,
	// which are found only later: it may go down.
	Ended uint64
	// Delivered counts the spans that the backend accepted.
	Delivered uint64
	// Queued is the number of spans that wait or are on their way.
	Queued uint64
	// Dropped counts the lost spans by reason; nil when there are none.
	Dropped map[Reason]uint64
	// LeftOut counts the spans that the View left out. They are no loss and stand
	// outside the sum.
	LeftOut uint64
	// Undecoded counts the spans that go without their call record because its
	// decoder panicked. They are in the sum like any other.
	Undecoded uint64
	// Repaired counts the spans in which what is not UTF-8 was replaced.
	Repaired uint64
	// Truncated counts how often texts of a span were cut because a backend refused it
	// for its size.
	Truncated uint64
}

// Lost is the sum of Dropped.
func (s Stats) Lost() uint64 { return sum(s.Dropped) }

// ledger counts the spans of one destination. Its owner serializes access.
//
// A span enters once, by admit or by refuse. An admitted one leaves once, by
// deliver, drop, leaveOut or abandon. Each of the first three settles at most what
// is queued: a worker that comes back after its spans were abandoned changes
// nothing any more.
type ledger struct {
	ended, delivered, queued, leftOut uint64
	undecoded, repaired, truncated    uint64

	dropped map[Reason]uint64
}

func (l *ledger) admit() {
	l.ended++
	l.queued++
}

func (l *ledger) refuse(reason Reason) {
	l.ended++
	l.count(reason, 1)
}

func (l *ledger) deliver(n int) { l.delivered += l.settle(n) }

func (l *ledger) drop(reason Reason, n int) { l.count(reason, l.settle(n)) }

func (l *ledger) leaveOut(n int) {
	settled := l.settle(n)
	l.ended -= settled
	l.leftOut += settled
}

// abandon drops all that is queued.
func (l *ledger) abandon(reason Reason) {
	l.count(reason, l.queued)
	l.queued = 0
}

func (l *ledger) settle(n int) uint64 {
	settled := min(uint64(max(n, 0)), l.queued)
	l.queued -= settled
	return settled
}

func (l *ledger) count(reason Reason, n uint64) {
	if n == 0 {
		return
	}
	if l.dropped == nil {
		l.dropped = make(map[Reason]uint64)
	}
	l.dropped[reason] += n
}

func (l *ledger) stats(destination string) Stats {
	return Stats{
		Destination: destination,
		Ended:       l.ended,
		Delivered:   l.delivered,
		Queued:      l.queued,
		Dropped:     maps.Clone(l.dropped),
		LeftOut:     l.leftOut,
		Undecoded:   l.undecoded,
		Repaired:    l.repaired,
		Truncated:   l.truncated,
	}
}

func (l *ledger) lost() uint64 { return sum(l.dropped) }

func sum(dropped map[Reason]uint64) uint64 {
	var total uint64
	for _, n := range dropped {
		total += n
	}
	return total
}
