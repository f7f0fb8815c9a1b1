package export

import (
	"maps"

	"github.com/genotel/genotel/internal/spool"
)

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
	// because the backend was down or busy, or waited on the disk for too long. See
	// [WithRetryBudget] and [Spool].
	ReasonExpired Reason = "expired"
	// ReasonSpoolOverflow counts the oldest spans on the disk, which gave way to newer
	// ones. See [Spool].
	ReasonSpoolOverflow = Reason(spool.ReasonOverflow)
	// ReasonSpoolCorrupt counts spans of files that were not what had been written.
	ReasonSpoolCorrupt = Reason(spool.ReasonCorrupt)
	// ReasonSpoolError counts spans of files that somebody else removed.
	ReasonSpoolError = Reason(spool.ReasonMissing)
)

// Stats is what became of the spans of one destination since the Processor was
// made. At every moment
//
//	Ended + Recovered = Delivered + Queued + Spooled + the sum of Dropped
type Stats struct {
	// Destination is the name of the destination.
	Destination string
	// Ended counts the sampled spans that ended, without those left out by the View,
	// which are found only later: it may go down.
	Ended uint64
	// Delivered counts the spans that the backend accepted.
	Delivered uint64
	// Queued is the number of spans that wait or are on their way in memory.
	Queued uint64
	// Spooled is the number of spans that wait or are on their way on the disk, and outlive
	// the process.
	Spooled uint64
	// Recovered counts the spans that were found on the disk, left by a process that has
	// ended.
	Recovered uint64
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
// A span enters once, by admit or refuse, or from the disk by recover. It leaves once, by
// deliver, drop, leaveOut or abandon. Each of these settles at most what there is: a
// goroutine that comes back after its spans were abandoned changes nothing any more.
type ledger struct {
	ended, recovered, delivered, leftOut uint64
	waiting                              [2]uint64 // by place
	undecoded, repaired, truncated       uint64

	dropped map[Reason]uint64
}

// place is where spans wait.
type place uint8

const (
	queued place = iota
	spooled
)

func (l *ledger) admit() {
	l.ended++
	l.waiting[queued]++
}

func (l *ledger) refuse(reason Reason) {
	l.ended++
	l.count(reason, 1)
}

// recover counts spans found on the disk.
func (l *ledger) recover(n int) {
	l.recovered += uint64(max(n, 0))
	l.waiting[spooled] += uint64(max(n, 0))
}

// move counts spans that have changed their place.
func (l *ledger) move(n int, from, to place) { l.waiting[to] += l.settle(n, from) }

func (l *ledger) deliver(n int, from place) { l.delivered += l.settle(n, from) }

func (l *ledger) drop(reason Reason, n int, from place) { l.count(reason, l.settle(n, from)) }

func (l *ledger) leaveOut(n int) {
	settled := l.settle(n, queued)
	l.ended -= settled
	l.leftOut += settled
}

// abandon drops what is in memory.
func (l *ledger) abandon(reason Reason) {
	l.count(reason, l.waiting[queued])
	l.waiting[queued] = 0
}

func (l *ledger) settle(n int, from place) uint64 {
	settled := min(uint64(max(n, 0)), l.waiting[from])
	l.waiting[from] -= settled
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
		Queued:      l.waiting[queued],
		Spooled:     l.waiting[spooled],
		Recovered:   l.recovered,
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
