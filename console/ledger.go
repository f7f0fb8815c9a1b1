package console

import (
	"maps"

	"github.com/genotel/genotel/export"
)

// destination is the name in Stats.
const destination = "console"

// ledger counts spans so that at every moment Ended = Delivered + Queued + Dropped. Its
// owner serializes access.
type ledger struct{ stats export.Stats }

func (l *ledger) admit() {
	l.stats.Ended++
	l.stats.Queued++
}

func (l *ledger) deliver(spans uint64) {
	l.stats.Queued -= spans
	l.stats.Delivered += spans
}

func (l *ledger) leaveOut(spans uint64) {
	l.stats.Queued -= spans
	l.stats.Ended -= spans
	l.stats.LeftOut += spans
}

func (l *ledger) drop(reason export.Reason, spans uint64) {
	if spans == 0 {
		return
	}
	if l.stats.Dropped == nil {
		l.stats.Dropped = map[export.Reason]uint64{}
	}
	l.stats.Queued -= spans
	l.stats.Dropped[reason] += spans
}

func (l *ledger) read() export.Stats {
	stats := l.stats
	stats.Destination = destination
	stats.Dropped = maps.Clone(l.stats.Dropped)
	return stats
}
