package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/internal/guard"
)

// line holds the reports that wait for the printer. Its owner serializes access.
type line struct {
	reports []*report
	bytes   int
	current *report // being printed

	pushed, through uint64        // reports, since the beginning
	progress        chan struct{} // closed and replaced when one is through
	abandoned       bool
	problem         string // the last one of the writer
}

// push returns false when there is no room.
func (l *line) push(r *report) bool {
	if len(l.reports) >= maxReports || l.bytes+r.size() > maxReportBytes {
		return false
	}
	l.reports = append(l.reports, r)
	l.bytes += r.size()
	l.pushed++
	return true
}

// take returns the first report, nil when there is none.
func (l *line) take() *report {
	if len(l.reports) == 0 {
		return nil
	}
	l.current, l.reports[0] = l.reports[0], nil
	l.reports = l.reports[1:]
	l.bytes -= l.current.size()
	return l.current
}

func (l *line) finish() {
	l.current = nil
	l.through++
	l.announce()
}

// abandon empties the line and returns the number of spans lost by it. A printer that
// comes back later has nothing to settle any more.
func (l *line) abandon() (spans uint64) {
	if l.current != nil {
		spans += l.current.spans
	}
	for _, r := range l.reports {
		spans += r.spans
	}
	l.reports, l.current, l.abandoned = nil, nil, true
	l.through = l.pushed
	l.announce()
	return spans
}

// announce wakes those who wait in ForceFlush.
func (l *line) announce() {
	close(l.progress)
	l.progress = make(chan struct{})
}

// run is the printer's goroutine.
func (p *Processor) run() {
	defer close(p.done)
	w, release := survivable(p.writer)
	defer release()
	for {
		r := p.next()
		if r == nil {
			return
		}
		reason, problem := p.print(w, r)
		if !p.settle(r, reason, problem) {
			return
		}
	}
}

// next waits for a report; nil means that the printer shall end.
func (p *Processor) next() *report {
	for {
		p.mu.Lock()
		r, closed := p.line.take(), p.closed
		p.mu.Unlock()
		if r != nil || closed {
			return r
		}
		<-p.wake
	}
}

// print draws and writes a report. reason is "" when it is written.
func (p *Processor) print(w io.Writer, r *report) (reason export.Reason, problem string) {
	reason, problem = export.ReasonInternalError, "panic"
	guard.Do("printing a trace", func() {
		reason, problem = write(w, r.text(&p.config))
	})
	return reason, problem
}

func write(w io.Writer, text string) (reason export.Reason, problem string) {
	n, err := w.Write([]byte(text))
	switch {
	case err != nil:
		return export.ReasonSendError, describe(err)
	case n < len(text):
		return export.ReasonSendError, "short write"
	default:
		return "", ""
	}
}

// describe tells of an error what cannot be content: a writer of the application may
// quote what it was given.
func describe(err error) string {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return file.Err.Error()
	}
	return fmt.Sprintf("%T", err)
}

// settle counts what became of a report. It returns false when Shutdown has done so.
func (p *Processor) settle(r *report, reason export.Reason, problem string) bool {
	p.mu.Lock()
	if p.line.abandoned {
		p.mu.Unlock()
		return false
	}
	if reason == "" {
		p.stats.deliver(r.spans)
	} else {
		p.stats.drop(reason, r.spans)
		p.line.problem = problem
	}
	p.line.finish()
	stats := p.stats.read()
	problem = p.line.problem
	warn := !p.warned && stats.Lost() > 0
	p.warned = p.warned || warn
	p.mu.Unlock()
	if warn {
		p.warn(stats, problem)
	}
	return true
}

// warn says once that panels are missing.
func (p *Processor) warn(stats export.Stats, problem string) {
	defer guard.Recover("logging")
	logger := p.config.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(context.Background(), slog.LevelWarn, "genotel: spans are missing on the console",
		slog.Uint64("lost", stats.Lost()), slog.Any("dropped", stats.Dropped), slog.String("problem", problem))
}
