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

// pack makes parcels of spans until Shutdown.
func (p *pipeline) pack(ctx context.Context) {
	defer p.endPacking()
	for p.guarded(ctx, p.packNext) {
	}
}

// packNext waits for a batch and packs it. False means that there will be none any more.
func (p *pipeline) packNext(ctx context.Context) bool {
	b := p.nextBatch(ctx)
	if b == nil {
		return false
	}
	p.packBatch(ctx, b)
	p.warn()
	return true
}

func (p *pipeline) endPacking() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packed = true
	p.ready.raise()
}

// nextBatch waits for a batch; nil means that packing shall end.
func (p *pipeline) nextBatch(ctx context.Context) *batch {
	for ctx.Err() == nil {
		p.mu.Lock()
		wait, due := p.queue.due()
		if due && wait == 0 {
			b := p.queue.take()
			p.progress.add(b)
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

// packBatch makes parcels of b and brings them to the disk or the sender. When it returns
// before ctx has ended, every span of b is there or settled.
func (p *pipeline) packBatch(ctx context.Context, b *batch) {
	parcels := p.parcels(ctx, b)
	if ctx.Err() != nil {
		return // Shutdown counts what is left
	}
	p.load(b, parcels)
	for _, made := range parcels {
		if !p.spool(made) {
			p.post(made)
		}
	}
}

// parcels makes parcels of b. A span that gets into none is settled.
func (p *pipeline) parcels(ctx context.Context, b *batch) (all []*parcel) {
	unpacked := b.spans
	defer func() {
		if panicked := panicText(recover()); panicked != "" {
			p.note(panicked)
			p.drop(b, ReasonInternalError, unpacked)
		}
	}()
	spans := p.project(ctx, b, &unpacked)
	if ctx.Err() != nil {
		return nil
	}
	for _, r := range split(p.transform(b, spans, &unpacked), p.bounds()) {
		made, repaired, err := newParcel(r, b)
		unpacked -= r.spans
		if err != nil {
			p.note("request could not be encoded")
			p.drop(b, ReasonEncode, r.spans)
			continue
		}
		p.repaired(repaired)
		all = append(all, made)
	}
	if unpacked > 0 { // which the transform has left out
		p.drop(b, ReasonEncode, unpacked)
	}
	return all
}

// bounds are those of the requests that are made now.
func (p *pipeline) bounds() bounds {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bounds{bytes: p.limit.bytes, spans: maxBatchSpans, single: p.dest.SingleResource}
}

func (p *pipeline) repaired(spans int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.repaired += uint64(max(spans, 0))
}

// load gives parcels the room of the spans that they are made of.
func (p *pipeline) load(b *batch, parcels []*parcel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.entries = nil
	p.room.remove(b.bytes, b.spans)
	for _, made := range parcels {
		p.room.add(made.size, made.spans)
	}
	p.announce() // nothing may be left of the batch
}

// post gives a parcel to the sender.
func (p *pipeline) post(made *parcel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.abandoned {
		return
	}
	p.outbox.add(made)
	p.ready.raise()
}

// project applies the destination's view to the spans of b.
func (p *pipeline) project(ctx context.Context, b *batch, unpacked *int) []sdktrace.ReadOnlySpan {
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
			*unpacked--
		case span == nil:
			p.leaveOut(b)
			*unpacked--
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
func (p *pipeline) transform(b *batch, spans []sdktrace.ReadOnlySpan, unpacked *int) []*tracepb.ResourceSpans {
	resources, panicked := guardedTransform(spans)
	if panicked == "" {
		return resources
	}
	p.note(panicked + " in a span")
	for i := range spans {
		alone, panicked := guardedTransform(spans[i : i+1])
		if panicked != "" {
			p.drop(b, ReasonInternalError, 1)
			*unpacked--
		}
		resources = append(resources, alone...)
	}
	return resources
}

func guardedTransform(spans []sdktrace.ReadOnlySpan) (resources []*tracepb.ResourceSpans, panicked string) {
	defer func() { panicked = panicText(recover()) }()
	return transform(spans), ""
}

// afterPanic is the pause after a panic that nobody has foreseen, which may come again.
const afterPanic = time.Second

// guarded takes one step of a goroutine, and keeps a panic from the program.
func (p *pipeline) guarded(ctx context.Context, step func(context.Context) bool) (more bool) {
	defer func() {
		panicked := panicText(recover())
		if panicked == "" {
			return
		}
		p.note(panicked)
		select {
		case <-time.After(afterPanic):
		case <-ctx.Done():
		}
		more = ctx.Err() == nil
	}()
	return step(ctx)
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
