package export

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	// warningInterval is the least time between two warnings about a destination.
	warningInterval = time.Minute
	// failuresBeforeWarning keeps a passing failure out of the log. A configuration
	// failure does not pass, and is told at once.
	failuresBeforeWarning = 3
)

// news knows what there is to say about a destination, and what was said.
type news struct {
	failing bool   // the last attempt was not the first to fail
	problem string // the last failure, redacted

	next      time.Time // no warning before
	lost      uint64    // the losses told
	undecoded uint64    // the spans without their record told
}

// due returns in how long losses are to be told; false means that all are.
func (n *news) due(l *ledger) (time.Duration, bool) {
	return max(0, time.Until(n.next)), l.lost() > n.lost || l.undecoded > n.undecoded
}

// text is the next warning, "" when there is none yet. The last one does not wait
// and leaves out what only concerned the future.
func (n *news) text(stats Stats, last bool) string {
	now := time.Now()
	if now.Before(n.next) && !last {
		return ""
	}
	var text string
	lost := stats.Lost()
	switch {
	case lost > n.lost:
		text = fmt.Sprintf("genotel: spans lost on the way to %s: %s", stats.Destination, losses(stats, n.problem))
	case stats.Undecoded > n.undecoded:
		text = fmt.Sprintf("genotel: %d spans go to %s without their call record: %s",
			stats.Undecoded, stats.Destination, n.problem)
	case n.failing && stats.Queued > 0 && !last:
		text = fmt.Sprintf("genotel: %d spans could not be delivered to %s yet: %s, retrying",
			stats.Queued, stats.Destination, n.problem)
	default:
		return ""
	}
	n.next, n.lost, n.undecoded = now.Add(warningInterval), lost, stats.Undecoded
	return cut(text, maxErrorBytes)
}

// warn says what is due. The worker calls it.
func (p *pipeline) warn() { p.say(false) }

// warnLast says what is still to be said at the end.
func (p *pipeline) warnLast() { p.say(true) }

func (p *pipeline) say(last bool) {
	p.mu.Lock()
	text := p.news.text(p.ledger.stats(p.dest.Name), last)
	p.mu.Unlock()
	if text == "" {
		return
	}
	defer func() { _ = recover() }() // of the logger's handler, whose panic is nobody's business
	logger := p.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(context.Background(), slog.LevelWarn, text, slog.String("destination", p.dest.Name))
}
