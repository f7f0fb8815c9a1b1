package export

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// signal wakes one waiting goroutine. It remembers one wake-up and never blocks who
// raises it.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) raise() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// pipeline takes the spans of one destination from the callers' goroutines and
// brings them out on its own: one worker, started with the first span and stopped
// by Shutdown.
type pipeline struct {
	dest   Destination
	budget time.Duration
	logger *slog.Logger // nil: slog.Default()

	wake    signal        // for next: a batch may be due
	hurry   signal        // for pause: somebody waits in ForceFlush
	closing chan struct{} // closed when Shutdown begins
	done    chan struct{} // closed when the worker has ended or will never start

	mu       sync.Mutex // guards the fields below; never held over I/O or foreign code
	queue    queue
	ledger   ledger
	cancel   context.CancelFunc // ends the worker; nil before it started
	closed   bool
	finished chan struct{} // closed and replaced when a batch is finished
	news     news

	sender sender

	// Of the worker alone:
	pacer  pacer
	ending bool // the worker knows that Shutdown has begun
}

func newPipeline(d Destination, c config) *pipeline {
	return &pipeline{
		dest:     d,
		budget:   c.retryBudget,
		logger:   c.logger,
		wake:     newSignal(),
		hurry:    newSignal(),
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
		queue:    queue{maxBytes: c.queueBytes, maxSpans: c.queueSpans, delay: c.batchDelay},
		finished: make(chan struct{}),
		sender:   newSender(d, c.transport),
	}
}

// accept queues an ended span, or counts why not. It does not block.
func (p *pipeline) accept(e entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		p.ledger.refuse(ReasonShutdown)
		return
	case !p.queue.push(e):
		p.ledger.refuse(ReasonQueueOverflow)
		return
	}
	p.ledger.admit()
	if p.cancel == nil {
		var ctx context.Context
		ctx, p.cancel = context.WithCancel(context.Background())
		go p.run(ctx)
	}
	if len(p.queue.entries) == 1 || p.queue.full() {
		p.wake.raise()
	}
}

// refuse counts an ended span that cannot be queued.
func (p *pipeline) refuse(reason Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.refuse(reason)
}

func (p *pipeline) stats() (stats Stats, problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ledger.stats(p.dest.Name), p.news.problem
}

// flush asks the worker to send what is queued, without delay, and returns the
// position up to which await has to wait.
func (p *pipeline) flush() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.flush = p.queue.pushed
	if p.queue.finished < p.queue.pushed {
		p.wake.raise()
		p.hurry.raise()
	}
	return p.queue.pushed
}

// await returns true when everything up to position has left the pipeline, false
// when ctx ended before.
func (p *pipeline) await(ctx context.Context, position int64) bool {
	for {
		p.mu.Lock()
		reached, finished := p.queue.finished >= position, p.finished
		p.mu.Unlock()
		if reached {
			return true
		}
		select {
		case <-finished:
		case <-ctx.Done():
			return false
		}
	}
}

// close stops the intake and asks the worker to send what is queued and end. It is
// called once.
func (p *pipeline) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	close(p.closing)
	p.queue.flush = p.queue.pushed
	p.wake.raise()
	if p.cancel == nil {
		close(p.done)
	}
}

// stop ends the worker and what it is sending. It is called after close.
func (p *pipeline) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
	}
}

// abandon counts what is still queued as lost. A worker that is stuck in foreign
// code may come back later; it then finds nothing to do and changes no count.
func (p *pipeline) abandon() {
	p.mu.Lock()
	p.ledger.abandon(ReasonShutdown)
	p.queue.abandon()
	p.announce()
	p.mu.Unlock()

	p.sender.close()
	p.warnLast()
}

// announce wakes those who await. p.mu is held.
func (p *pipeline) announce() {
	close(p.finished)
	p.finished = make(chan struct{})
}
