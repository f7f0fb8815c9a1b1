package export

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/internal/spool"
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

// pipeline takes the spans of one destination from the callers' goroutines and brings
// them out on two of its own, which are started with the first span and stopped by
// Shutdown: one packs spans into parcels, the other one sends these.
type pipeline struct {
	dest     Destination
	about    []attribute.KeyValue // dest in metrics
	budget   time.Duration
	spooling Spool
	adoption time.Duration
	disk     *spool.Spool // nil for none
	logger   *slog.Logger // nil: slog.Default()

	wake    signal        // for the packer: a batch may be due
	ready   signal        // for the sender: there may be a parcel
	hurry   signal        // for pause: somebody waits in ForceFlush
	closing chan struct{} // closed when Shutdown begins
	done    chan struct{} // closed when both have ended or will never start

	mu        sync.Mutex // guards the fields below; never held over I/O or foreign code
	queue     queue
	outbox    outbox
	room      room
	limit     limit
	progress  progress
	ledger    ledger
	news      news
	cancel    context.CancelFunc // ends both; nil before they started
	closed    bool               // no span is taken any more
	packed    bool               // the packer has ended
	abandoned bool               // nothing changes any more
	failures  uint64             // attempts that failed and may be repeated
	asked     time.Time          // until when the server wants no attempt
	settling  bool               // a file is gone that is in the books still
	inflight  [2]int             // spans of the request that is being sent, by place
	finished  chan struct{}      // closed and replaced when there is progress

	sender      sender
	instruments *instruments

	// Of the sending goroutine alone:
	pacer     pacer
	ending    bool // it knows that Shutdown has begun
	leaving   bool // what is on the disk stays there
	adopted   time.Time
	accepted  uint64 // requests
	fruitless int    // searches for a bad span since the last request that was accepted
}

func newPipeline(d Destination, c config) (*pipeline, error) {
	size := d.maxRequestBytes()
	p := &pipeline{
		dest:     d,
		about:    d.component(),
		budget:   c.retryBudget,
		spooling: c.spool,
		adoption: c.adoption,
		logger:   c.logger,
		wake:     newSignal(),
		ready:    newSignal(),
		hurry:    newSignal(),
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
		queue:    queue{delay: c.batchDelay, maxBytes: size},
		room:     room{maxBytes: c.queueBytes, maxSpans: c.queueSpans},
		limit:    newLimit(size),
		finished: make(chan struct{}),
		sender:   newSender(d, c.transport),
	}
	if err := p.openSpool(); err != nil {
		return nil, err
	}
	return p, nil
}

// begin is called once before the first span.
func (p *pipeline) begin(i *instruments) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instruments = i
	if p.disk != nil { // there may be something on it
		p.start()
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
	case !p.room.has(e.size):
		p.ledger.refuse(ReasonQueueOverflow)
		return
	}
	p.room.add(e.size, 1)
	p.queue.push(e)
	p.ledger.admit()
	if p.cancel == nil {
		p.start()
	}
	if len(p.queue.entries) == 1 || p.queue.full() {
		p.wake.raise()
	}
}

// start starts the goroutines. p.mu is held.
func (p *pipeline) start() {
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	packing := ctx
	if p.disk != nil {
		packing = context.Background() // what is in memory gets to the disk in any case
	}
	var both sync.WaitGroup
	both.Go(func() { p.pack(packing) })
	both.Go(func() { p.send(ctx) })
	go func() {
		both.Wait()
		close(p.done)
	}()
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

// moment is one in the life of a pipeline, for those who wait for what was before.
type moment struct {
	position int64  // of the queue
	failures uint64 // of attempts
	paused   bool   // the server wanted none
}

// flush asks for what is queued to be sent without delay, and returns the moment up to
// which await has to wait.
func (p *pipeline) flush() moment {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.flush = p.queue.pushed
	if p.progress.finished < p.queue.pushed || p.disk != nil {
		p.wake.raise()
		p.hurry.raise()
	}
	return moment{position: p.queue.pushed, failures: p.failures, paused: time.Now().Before(p.asked)}
}

// await returns true when everything up to the moment has left the pipeline, or is on the
// disk and the backend does not take it now. It returns false when ctx ended before.
func (p *pipeline) await(ctx context.Context, m moment) bool {
	var left bool
	var since time.Time // when everything was on the disk
	return p.until(ctx, func() bool {
		p.mu.Lock()
		left = p.progress.finished >= m.position
		// What is on the disk stays there for now.
		untaken := p.failures > m.failures || m.paused || p.abandoned
		p.mu.Unlock()
		if left && since.IsZero() {
			since = time.Now()
		}
		return left && (untaken || p.isSent(since))
	}) || left
}

// awaitAttempt returns when everything up to the moment has left the pipeline, when an
// attempt to send has failed since, or when ctx ends.
func (p *pipeline) awaitAttempt(ctx context.Context, m moment) {
	p.until(ctx, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.progress.finished >= m.position || p.failures > m.failures
	})
}

// until returns true when reached does, which it asks after all progress, false when ctx
// ended before.
func (p *pipeline) until(ctx context.Context, reached func() bool) bool {
	for {
		p.mu.Lock()
		finished := p.finished
		p.mu.Unlock()
		if reached() {
			return true
		}
		select {
		case <-finished:
		case <-ctx.Done():
			return false
		}
	}
}

// isSent reports whether nothing on the disk is older than a time.
func (p *pipeline) isSent(than time.Time) bool {
	if p.disk == nil {
		return true
	}
	oldest := p.disk.Stats().Oldest
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.settling && (oldest.IsZero() || oldest.After(than))
}

// close stops the intake and asks the goroutines to send what is there and end. It is
// called once.
func (p *pipeline) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	close(p.closing)
	p.queue.flush = p.queue.pushed
	p.wake.raise()
	p.ready.raise()
	if p.cancel == nil {
		close(p.done)
	}
}

// stop ends the goroutines and what is being sent. It is called after close.
func (p *pipeline) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
	}
}

// abandon counts what is still queued as lost. A goroutine that is stuck in foreign
// code may come back later; it then finds nothing to do and changes no count.
func (p *pipeline) abandon() {
	p.mu.Lock()
	p.abandoned = true
	p.ledger.abandon(ReasonShutdown)
	p.queue.abandon()
	p.outbox = outbox{}
	p.progress.abandon(p.queue.pushed)
	p.announce()
	p.mu.Unlock()

	p.sender.close()
	p.closeSpool(stopGrace)
	p.warnLast()
}

// announce wakes those who await. p.mu is held.
func (p *pipeline) announce() {
	p.progress.advance()
	close(p.finished)
	p.finished = make(chan struct{})
}

func (p *pipeline) note(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news.problem = problem
}
