package console

import (
	"cmp"
	"container/list"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/handoff"
)

const (
	// maxTraces bounds the traces that are followed at a time. Beyond it the one that
	// has been still for longest is given up: its root may never end.
	maxTraces = 4096
	// maxOpenBytes bounds their memory, by estimate, in the same way.
	maxOpenBytes = 16 << 20
	// maxPromptBytes is the largest prompt that is kept for its first line.
	maxPromptBytes = 8 << 20
	// maxReports and maxReportBytes bound the panels that wait for the writer. Beyond
	// them the newest is dropped.
	maxReports     = 256
	maxReportBytes = 16 << 20
)

// Processor prints finished traces. It implements [sdktrace.SpanProcessor]. Its methods
// are safe for concurrent use; a panic in what they call, such as the writer, does not
// leave them.
type Processor struct {
	config config
	writer io.Writer
	slips  handoff.Slips
	wake   chan struct{} // holds one wake-up of the printer
	done   chan struct{} // closed when the printer has ended or will never start

	mu     sync.Mutex // guards the fields below; never held over I/O or foreign code
	traces map[oteltrace.TraceID][]*trace
	recent list.List // the traces, the one that has been still for longest first
	bytes  int       // of traces
	line   line
	stats  ledger
	closed bool
	warned bool

	closing atomic.Bool   // decides who of the callers of Shutdown does it
	stopped chan struct{} // closed after result is set
	result  error
}

var _ sdktrace.SpanProcessor = (*Processor)(nil)

// New returns a Processor that writes to w, and to [os.Stderr] when w is nil. Every
// panel is one Write, and no two are under way at a time.
func New(w io.Writer, opts ...Option) *Processor {
	return &Processor{
		config:  newConfig(opts),
		writer:  writerOrStderr(w),
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
		stopped: make(chan struct{}),
		traces:  map[oteltrace.TraceID][]*trace{},
		line:    line{progress: make(chan struct{})},
	}
}

// OnStart follows the span, and claims the call record that belongs to it when prompts
// are shown.
func (p *Processor) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	defer guard.Recover("noting the start of a span for the console")
	sc, parent := span.SpanContext(), span.Parent()
	if !sc.IsSampled() || p.closing.Load() {
		return
	}
	if p.config.content.Input {
		if slip := handoff.Claim(ctx, sc); slip != nil {
			p.slips.Put(sc, slip)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var t *trace
	if isRoot(parent) {
		t = newTrace(sc.TraceID())
		p.follow(t)
	} else if t = p.find(sc, parent); t == nil {
		return // its root has ended already, or was started before we were there
	}
	p.change(t, func() { t.start(sc.SpanID()) })
}

// isRoot reports whether a span with that parent is the first of its trace in this
// process.
func isRoot(parent oteltrace.SpanContext) bool { return !parent.IsValid() || parent.IsRemote() }

// OnEnd notes what a panel needs of the span. It does not block and does no I/O. Spans
// that are not sampled are ignored, and counted nowhere.
func (p *Processor) OnEnd(span sdktrace.ReadOnlySpan) {
	settled := false
	defer func() {
		if !settled {
			p.lose(export.ReasonInternalError)
		}
	}()
	defer guard.Recover("noting the end of a span for the console")
	sc, parent := span.SpanContext(), span.Parent()
	slip := p.slips.Take(sc)
	if !sc.IsSampled() {
		settled = true
		return
	}
	e := &ended{note: noteOf(span), root: isRoot(parent)}
	if p.config.content.Input && (e.note.kind == model || e.note.kind == aside) {
		e.prompt = promptOf(span, slip, e.note.kind == model)
	}
	var described *resource.Resource
	if e.root {
		described = span.Resource()
	}
	p.end(sc, parent, e, described)
	settled = true
}

// lose counts a span that could not be noted.
func (p *Processor) lose(reason export.Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.admit()
	p.stats.drop(reason, 1)
}

func (p *Processor) end(sc, parent oteltrace.SpanContext, e *ended, described *resource.Resource) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.admit()
	if p.closed {
		p.stats.drop(export.ReasonShutdown, 1)
		return
	}
	t := p.find(sc, parent)
	if e.root && (t == nil || !t.has(sc.SpanID())) {
		t = newTrace(sc.TraceID()) // started before we were there, or given up
		p.follow(t)
	}
	if t == nil || t.report == nil {
		p.stats.leaveOut(1) // ended after its root
		if t != nil {
			p.change(t, func() { t.end(sc.SpanID()) })
			p.forgetIfDone(t)
		}
		return
	}
	p.change(t, func() {
		t.end(sc.SpanID())
		t.report.add(e)
	})
	if e.root {
		p.finish(t, described)
	}
}

// find returns the trace of a span, nil when it is not followed.
func (p *Processor) find(sc, parent oteltrace.SpanContext) *trace {
	traces := p.traces[sc.TraceID()]
	for _, t := range traces {
		if t.has(sc.SpanID()) {
			return t
		}
	}
	for _, t := range traces {
		if t.has(parent.SpanID()) {
			return t
		}
	}
	if len(traces) == 1 { // one with more spans than it keeps
		return traces[0]
	}
	return nil
}

// follow begins a trace.
func (p *Processor) follow(t *trace) {
	p.traces[t.id] = append(p.traces[t.id], t)
	t.element = p.recent.PushBack(t)
	p.bytes += t.size()
}

// change applies f to t, and makes room for what t has grown by.
func (p *Processor) change(t *trace, f func()) {
	p.bytes -= t.size()
	f()
	p.bytes += t.size()
	p.recent.MoveToBack(t.element)
	for p.recent.Len() > 1 && (p.bytes > maxOpenBytes || p.recent.Len() > maxTraces) {
		stillest, _ := p.recent.Front().Value.(*trace)
		p.giveUp(stillest, export.ReasonQueueOverflow)
	}
}

// giveUp forgets a trace whose root has not ended.
func (p *Processor) giveUp(t *trace, reason export.Reason) {
	p.forget(t)
	switch {
	case t.report == nil:
	case t.report.genAI:
		p.stats.drop(reason, t.report.spans)
	default:
		p.stats.leaveOut(t.report.spans)
	}
}

func (p *Processor) forget(t *trace) {
	p.bytes -= t.size()
	p.recent.Remove(t.element)
	rest := p.traces[t.id][:0]
	for _, other := range p.traces[t.id] {
		if other != t {
			rest = append(rest, other)
		}
	}
	if p.traces[t.id] = rest; len(rest) == 0 {
		delete(p.traces, t.id)
	}
}

// forgetIfDone forgets a trace when nothing more is to come of it.
func (p *Processor) forgetIfDone(t *trace) {
	if t.report == nil && t.open == 0 {
		p.forget(t)
	}
}

// finish hands the report of a trace whose root has ended to the printer.
func (p *Processor) finish(t *trace, described *resource.Resource) {
	r := t.report
	r.running = t.open
	p.change(t, func() { t.report = nil })
	p.forgetIfDone(t)
	r.project, r.environment = p.names(described)
	switch {
	case !r.genAI:
		p.stats.leaveOut(r.spans)
	case !p.line.push(r):
		p.stats.drop(export.ReasonQueueOverflow, r.spans)
	default:
		if p.line.pushed == 1 {
			go p.run()
		}
		p.raise()
	}
}

// names are the project and the environment: as set, or as the resource has them.
func (p *Processor) names(described *resource.Resource) (project, environment string) {
	project, environment = p.config.project, p.config.environment
	if service := valueOf(described, "service.name"); project == "" && !strings.HasPrefix(service, "unknown_service") {
		project = short(service)
	}
	if environment == "" {
		environment = short(cmp.Or(
			valueOf(described, "deployment.environment.name"), valueOf(described, "deployment.environment"))) // its older name
	}
	return project, environment
}

func valueOf(described *resource.Resource, key attribute.Key) string {
	value, _ := described.Set().Value(key)
	return value.AsString()
}

// raise wakes the printer.
func (p *Processor) raise() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Stats returns what became of the ended spans, under the name "console". Those of
// traces that were not printed because they have no GenAI span, and those that ended
// after their root, are LeftOut. A span is Queued until its panel is written.
func (p *Processor) Stats() export.Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats.read()
}

// Content says which side of the conversation is shown.
func (p *Processor) Content() dialect.Content { return p.config.content }

// ForceFlush returns nil when every panel of a trace that was finished before the call
// is written, or for good dropped. When ctx ends before, the error wraps ctx.Err().
func (p *Processor) ForceFlush(ctx context.Context) error {
	p.mu.Lock()
	until := p.line.pushed
	p.mu.Unlock()
	for {
		p.mu.Lock()
		through, progress, left := p.line.through, p.line.progress, len(p.line.reports)
		p.mu.Unlock()
		if through >= until {
			return nil
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return fmt.Errorf("genotel: flushing the console (%d panels wait): %w", left, ctx.Err())
		}
	}
}

// Shutdown stops the intake, prints what is finished and ends the printer. It waits for
// a slow writer until ctx ends, at the latest for [export.DefaultShutdownTimeout] if ctx
// has no deadline; what is not printed then, and traces whose root has not ended, are
// counted as [export.ReasonShutdown]. A Write that never returns keeps its goroutine.
//
// It returns nil when no span was lost since the Processor was made, and an
// [*export.DeliveryError] otherwise. A further call waits for the first one and returns the
// same value.
func (p *Processor) Shutdown(ctx context.Context) error {
	if p.closing.CompareAndSwap(false, true) {
		defer close(p.stopped)
		p.result = p.shutdown(ctx)
		return p.result
	}
	select {
	case <-p.stopped:
		return p.result
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Processor) shutdown(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, export.DefaultShutdownTimeout)
		defer cancel()
	}
	p.slips.Close()
	p.close()
	select {
	case <-p.done:
	case <-ctx.Done():
	}
	return p.abandon(ctx)
}

// close stops the intake.
func (p *Processor) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for p.recent.Len() > 0 {
		unfinished, _ := p.recent.Front().Value.(*trace)
		p.giveUp(unfinished, export.ReasonShutdown)
	}
	if p.line.pushed == 0 {
		close(p.done)
	}
	p.raise()
}

// abandon counts what is not printed, and returns nil or the loss.
func (p *Processor) abandon(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.drop(export.ReasonShutdown, p.line.abandon())
	return export.NewDeliveryError(ctx.Err(), p.stats.read(), p.line.problem)
}
