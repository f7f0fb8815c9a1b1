package export

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/internal/handoff"
)

// stopGrace is how long Shutdown waits, after its context has ended, for workers to
// come back from a canceled attempt.
const stopGrace = time.Second

// Processor brings ended spans to its destinations. It implements
// [sdktrace.SpanProcessor]; register one with the TracerProvider, which would shut
// several down one after another. Its methods are safe for concurrent use. A panic in
// what they call, such as a View, does not leave them.
type Processor struct {
	pipelines   []*pipeline
	wantsRecord bool
	wantsParent bool
	instruments *instruments
	slips       handoff.Slips
	redaction   redaction
	apart       spansApart

	closing atomic.Bool   // decides who of the callers of Shutdown does it
	closed  chan struct{} // closed after result is set
	result  error
}

var _ sdktrace.SpanProcessor = (*Processor)(nil)

// New returns a Processor for destinations, of which there must be one at least. It
// checks everything and returns all problems joined; their texts hold no header
// value and no URL. Goroutines are started by the first span, two per destination, with
// [WithSpool] at once, and stopped by Shutdown.
func New(destinations []Destination, opts ...Option) (*Processor, error) {
	c, err := newConfig(opts)
	if err := errors.Join(err, validate(destinations)); err != nil {
		return nil, fmt.Errorf("genotel: configuring export: %w", err)
	}
	p := &Processor{closed: make(chan struct{}), redaction: c.redaction}
	for _, d := range destinations {
		pl, err := newPipeline(d, c)
		if err != nil {
			p.discard()
			return nil, fmt.Errorf("genotel: configuring export: destination %q: %w", d.Name, err)
		}
		p.pipelines = append(p.pipelines, pl)
		p.wantsRecord = p.wantsRecord || d.WantsRecord
		p.wantsParent = p.wantsParent || d.WantsParent
	}
	p.instruments = instrument(c.meterProvider, p.pipelines)
	for _, pl := range p.pipelines {
		pl.begin(p.instruments)
	}
	return p, nil
}

// discard ends what New has begun.
func (p *Processor) discard() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.shutdown(ctx) // there is nothing to lose yet
}

func validate(destinations []Destination) error {
	if len(destinations) == 0 {
		return errors.New("no destination")
	}
	var problems []error
	seen := make(map[string]bool, len(destinations))
	for i, d := range destinations {
		name := cut(d.Name, maxNameBytes)
		if err := d.validate(); err != nil {
			problems = append(problems, fmt.Errorf("destination %d %q: %w", i, name, err))
		}
		if seen[d.Name] {
			problems = append(problems, fmt.Errorf("destination %d %q: name is taken", i, name))
		}
		seen[d.Name] = true
	}
	return errors.Join(problems...)
}

// OnStart claims the call record that belongs to span, if a destination wants it.
// At most 16,384 records are awaited at a time; beyond, spans that never end are
// suspected, and some span goes without its record. It also remembers, if a destination
// wants it, that the parent is of another TracerProvider, see [ParentOf].
func (p *Processor) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if !p.wantsRecord && !p.wantsParent || p.closing.Load() {
		return
	}
	defer func() { _ = recover() }() // of the caller's context; the span goes without its record
	sc := span.SpanContext()
	if !sc.IsSampled() {
		return
	}
	if p.wantsParent && startsApart(ctx, span) {
		p.apart.put(sc)
	}
	if !p.wantsRecord {
		return
	}
	if slip := handoff.Claim(ctx, sc); slip != nil {
		p.slips.Put(sc, slip)
	}
}

// OnEnd queues span for each destination. It does not block and does no I/O. Spans
// that are not sampled are ignored, and counted nowhere.
func (p *Processor) OnEnd(span sdktrace.ReadOnlySpan) {
	served := 0
	defer func() {
		if recover() == nil {
			return
		}
		for _, pl := range p.pipelines[served:] {
			pl.refuse(ReasonInternalError)
		}
	}()
	sc := span.SpanContext()
	var call *callRecord
	if p.wantsRecord {
		call = newCallRecord(p.slips.Take(sc), p.redaction.call)
	}
	apart := p.wantsParent && p.apart.take(sc)
	if !sc.IsSampled() {
		return
	}
	size := estimate(span)
	span = p.redaction.of(span) // which nobody sees otherwise from here on
	bare := entry{span: span, size: size}
	full := entry{span: span, call: call, size: size + call.size()}
	for _, pl := range p.pipelines {
		e := bare
		if pl.dest.WantsRecord {
			e = full
		}
		if apart && pl.dest.WantsParent {
			e.span = spanApart{span}
		}
		pl.accept(e)
		served++
	}
}

// ForceFlush sends what is queued without delay and returns nil when every span
// that ended before the call was delivered or, for good, dropped, or is on the disk
// ([WithSpool]) and an attempt to send has failed since; [Processor.Stats] tells which.
// When ctx ends before, the error wraps ctx.Err() and names the destinations that are
// late. No destination waits for another.
func (p *Processor) ForceFlush(ctx context.Context) error {
	moments := make([]moment, len(p.pipelines))
	for i, pl := range p.pipelines {
		moments[i] = pl.flush()
	}
	var late []string
	for i, pl := range p.pipelines {
		if pl.await(ctx, moments[i]) {
			continue
		}
		stats, problem := pl.stats()
		text := fmt.Sprintf("%s (%d queued)", stats.Destination, stats.Queued)
		if problem != "" {
			text = fmt.Sprintf("%s (%d queued; last problem: %s)", stats.Destination, stats.Queued, problem)
		}
		late = append(late, text)
	}
	if len(late) == 0 {
		return nil
	}
	return fmt.Errorf("genotel: flushing %s: %w", cut(strings.Join(late, ", "), maxErrorBytes/2), ctx.Err())
}

// Shutdown stops the intake, sends what is queued and ends all goroutines. Each
// destination is tried at once, whatever pause it was in, and again until ctx ends,
// at the latest after [DefaultShutdownTimeout] if ctx has no deadline; only a refused
// key (401, 403, and their equals in gRPC) is not tried again. What is undelivered then
// is counted as [ReasonShutdown], and so is every span that ends later. With [WithSpool]
// it stays on the disk, at the first failure of a destination.
//
// It returns nil when every span since the Processor was made was delivered, and a
// [*DeliveryError] otherwise. A further call waits for the first one and returns the
// same value.
func (p *Processor) Shutdown(ctx context.Context) error {
	if p.closing.CompareAndSwap(false, true) {
		defer close(p.closed)
		p.result = p.shutdown(ctx)
		return p.result
	}
	select {
	case <-p.closed:
		return p.result
	default:
	}
	select {
	case <-p.closed:
		return p.result
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Processor) shutdown(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultShutdownTimeout)
		defer cancel()
	}
	p.slips.Close()
	p.apart.close()
	defer p.instruments.close()
	for _, pl := range p.pipelines {
		pl.close()
	}
	for _, pl := range p.pipelines {
		waitFor(ctx, pl.done)
	}
	for _, pl := range p.pipelines {
		pl.stop()
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	for _, pl := range p.pipelines {
		waitFor(grace, pl.done)
		pl.abandon()
	}
	return p.undelivered(ctx)
}

func waitFor(ctx context.Context, done <-chan struct{}) {
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// undelivered returns nil or the DeliveryError.
func (p *Processor) undelivered(ctx context.Context) error {
	e := &DeliveryError{cause: ctx.Err()}
	var missing uint64
	for _, pl := range p.pipelines {
		stats, problem := pl.stats()
		e.Stats = append(e.Stats, stats)
		e.problems = append(e.problems, problem)
		missing += stats.Lost() + stats.Spooled
	}
	if missing == 0 {
		return nil
	}
	return e
}

// Stats returns what became of the spans of each destination, in the order given to
// New. It may be called at any time, also after Shutdown.
func (p *Processor) Stats() []Stats {
	all := make([]Stats, len(p.pipelines))
	for i, pl := range p.pipelines {
		all[i], _ = pl.stats()
	}
	return all
}
