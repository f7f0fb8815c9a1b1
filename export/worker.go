package export

import (
	"context"
	"fmt"
	"runtime"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel/otelgenai/record"
)

// run is the worker of a pipeline.
func (p *pipeline) run(ctx context.Context) {
	defer close(p.done)
	for {
		b := p.next(ctx)
		if b == nil {
			return
		}
		p.deliver(ctx, b)
		if ctx.Err() != nil {
			return // Shutdown counts what is left
		}
		p.finish(b)
		p.warn()
	}
}

// next waits for a batch; nil means that the worker shall end.
func (p *pipeline) next(ctx context.Context) *batch {
	for ctx.Err() == nil {
		p.mu.Lock()
		wait, due := p.queue.due()
		if due && wait == 0 {
			b := p.queue.take()
			p.mu.Unlock()
			return b
		}
		ended := p.closed && len(p.queue.entries) == 0
		sayIn, unsaid := p.news.due(&p.ledger)
		p.mu.Unlock()
		if ended {
			return nil
		}

		var batch, warning <-chan time.Time
		if due {
			batch = time.After(wait)
		}
		if unsaid {
			warning = time.After(sayIn)
		}
		select {
		case <-p.wake:
		case <-batch:
		case <-warning:
			p.warn()
		case <-ctx.Done():
		}
	}
	return nil
}

// deliver brings out b. When it returns before ctx has ended, every span of b is
// settled in the ledger.
func (p *pipeline) deliver(ctx context.Context, b *batch) {
	defer func() {
		panicked := panicText(recover())
		if panicked != "" {
			p.note(panicked)
		}
		if panicked != "" || ctx.Err() == nil {
			p.drop(b, ReasonInternalError, b.open)
		}
	}()
	spans := p.project(ctx, b)
	b.entries = nil // frees spans and records, which may be sent for a long time
	for _, r := range split(p.transform(b, spans), maxRequestBytes, p.dest.SingleResource) {
		if !p.send(ctx, b, r) {
			return
		}
	}
}

// project applies the destination's view to the spans of b.
func (p *pipeline) project(ctx context.Context, b *batch) []sdktrace.ReadOnlySpan {
	spans := make([]sdktrace.ReadOnlySpan, 0, len(b.entries))
	for _, e := range b.entries {
		if ctx.Err() != nil {
			return nil
		}
		call, panicked := e.call.get()
		if panicked != "" {
			p.note(panicked + " in a call record")
			p.undecoded()
		}
		span, panicked := look(p.dest.View, e.span, call)
		switch {
		case panicked != "":
			p.note(panicked + " in the view")
			p.drop(b, ReasonInternalError, 1)
		case span == nil:
			p.leaveOut(b)
		default:
			spans = append(spans, span)
		}
	}
	return spans
}

// look is view(span, call), guarded.
func look(view View, span sdktrace.ReadOnlySpan, call *record.Call) (seen sdktrace.ReadOnlySpan, panicked string) {
	if view == nil {
		return span, ""
	}
	defer func() { panicked = panicText(recover()) }()
	return view(span, call), ""
}

// transform makes OTLP of spans. One that panics, which a view may have made, is
// dropped without the others.
func (p *pipeline) transform(b *batch, spans []sdktrace.ReadOnlySpan) []*tracepb.ResourceSpans {
	resources, panicked := guardedTransform(spans)
	if panicked == "" {
		return resources
	}
	p.note(panicked + " in a span")
	for i := range spans {
		alone, panicked := guardedTransform(spans[i : i+1])
		if panicked != "" {
			p.drop(b, ReasonInternalError, 1)
		}
		resources = append(resources, alone...)
	}
	return resources
}

func guardedTransform(spans []sdktrace.ReadOnlySpan) (resources []*tracepb.ResourceSpans, panicked string) {
	defer func() { panicked = panicText(recover()) }()
	return transform(spans), ""
}

// panicText describes a recovered panic without what may be content; "" for none.
func panicText(recovered any) string {
	switch r := recovered.(type) {
	case nil:
		return ""
	case runtime.Error:
		return "panic (" + r.Error() + ")"
	default:
		return fmt.Sprintf("panic (%T)", r)
	}
}

// send sends r until its spans are delivered or dropped. It returns false when ctx
// ended before.
func (p *pipeline) send(ctx context.Context, b *batch, r request) bool {
	body, err := p.sender.encode(r.message)
	if err != nil {
		p.note("request could not be encoded")
		p.drop(b, ReasonEncode, r.spans)
		return true
	}
	var first time.Time
	for p.pause(ctx) {
		if first.IsZero() {
			first = time.Now()
		}
		o := p.sender.attempt(ctx, body)
		if ctx.Err() != nil && o.class == transient {
			return false // cut off by Shutdown, which is no fault of the backend
		}
		p.observe(o)
		switch {
		case o.class == accepted:
			p.deliverOrReject(b, r.spans, o.rejected)
			return true
		case o.class == refused:
			p.drop(b, ReasonSendError, r.spans)
			return true
		case o.denied && p.ending:
			p.drop(b, ReasonConfig, r.spans)
			return true
		case time.Since(first) < p.budget:
			p.warn()
		case o.class == misconfigured:
			p.drop(b, ReasonConfig, r.spans)
			return true
		default:
			p.drop(b, ReasonExpired, r.spans)
			return true
		}
	}
	return false
}

// pause waits until the destination may be tried again; false means that ctx has
// ended. ForceFlush shortens a back-off, but not below its least value and not what
// the server asked for. Shutdown ends any pause once and begins the back-off anew,
// because what is not delivered then is lost.
func (p *pipeline) pause(ctx context.Context) bool {
	p.sleep(ctx, p.pacer.firm, nil)
	p.sleep(ctx, p.pacer.resume, p.hurry)
	if !p.ending && p.isClosing() {
		p.ending = true
		p.pacer = pacer{}
	}
	return ctx.Err() == nil
}

func (p *pipeline) isClosing() bool {
	select {
	case <-p.closing:
		return true
	default:
		return false
	}
}

func (p *pipeline) sleep(ctx context.Context, until time.Time, hurry signal) {
	wait := time.Until(until)
	if wait <= 0 {
		return
	}
	closing := p.closing
	if p.ending {
		closing = nil // it has had its effect
	}
	select {
	case <-time.After(wait):
	case <-hurry:
	case <-closing:
	case <-ctx.Done():
	}
}

// observe takes the outcome of an attempt into account.
func (p *pipeline) observe(o outcome) {
	p.pacer.note(o, p.ending)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news.failing = o.class == misconfigured || p.pacer.failures >= failuresBeforeWarning
	if o.problem != "" {
		p.news.problem = o.problem
	}
}

func (p *pipeline) note(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news.problem = problem
}

func (p *pipeline) undecoded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.undecoded++
}

func (p *pipeline) deliverOrReject(b *batch, spans, rejected int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rejected = min(rejected, spans)
	p.ledger.drop(ReasonRejected, rejected)
	p.ledger.deliver(spans - rejected)
	b.open -= spans
}

func (p *pipeline) drop(b *batch, reason Reason, spans int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.drop(reason, spans)
	b.open -= spans
}

func (p *pipeline) leaveOut(b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.leaveOut(1)
	b.open--
}

func (p *pipeline) finish(b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.finish(b)
	p.announce()
}
