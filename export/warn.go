package export

import (
	"context"
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
	disk    string // why the disk takes nothing

	next      time.Time // no warning before
	lost      uint64    // the losses told
	undecoded uint64    // the spans without their record told
}

// due returns in how long losses are to be told; false means that all are.
func (n *news) due(l *ledger) (time.Duration, bool) {
	return max(0, time.Until(n.next)), l.lost() > n.lost || l.undecoded > n.undecoded
}

// warning is what is to be said next, "" for nothing yet. The last one does not wait
// and leaves out what only concerns the future.
func (n *news) warning(stats Stats, last bool) (message string, details []slog.Attr) {
	now := time.Now()
	if now.Before(n.next) && !last {
		return "", nil
	}
	lost := stats.Lost()
	switch {
	case lost > n.lost:
		message = "genotel: spans were lost"
		details = []slog.Attr{slog.Uint64("lost", lost), slog.Any("dropped", stats.Dropped)}
	case stats.Undecoded > n.undecoded:
		message = "genotel: spans go without their call record"
		details = []slog.Attr{slog.Uint64("spans", stats.Undecoded)}
	case n.disk != "" && !last:
		message = "genotel: the spool cannot be written, spans stay in memory"
		details = []slog.Attr{slog.String("spool", n.disk), slog.Uint64("queued", stats.Queued)}
	case n.failing && stats.Queued+stats.Spooled > 0 && !last:
		message = "genotel: spans could not be delivered yet, retrying"
		details = []slog.Attr{slog.Uint64("queued", stats.Queued), slog.Uint64("spooled", stats.Spooled)}
	default:
		return "", nil
	}
	if n.problem != "" {
		details = append(details, slog.String("problem", n.problem))
	}
	n.next, n.lost, n.undecoded = now.Add(warningInterval), lost, stats.Undecoded
	return message, append(details, slog.String("destination", stats.Destination))
}

// warn says what is due. The worker calls it.
func (p *pipeline) warn() { p.say(false) }

// warnLast says what is still to be said at the end.
func (p *pipeline) warnLast() { p.say(true) }

func (p *pipeline) say(last bool) {
	p.mu.Lock()
	message, details := p.news.warning(p.ledger.stats(p.dest.Name), last)
	p.mu.Unlock()
	if message == "" {
		return
	}
	defer func() { _ = recover() }() // of the logger's handler, whose panic is nobody's business
	logger := p.logger
	if logger == nil {
		logger = slog.Default()
	}
	//nolint:sloglint // warning chooses among constants
	logger.LogAttrs(context.Background(), slog.LevelWarn, message, details...)
}
