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
	for b := p.nextBatch(ctx); b != nil; b = p.nextBatch(ctx) {
		p.packBatch(ctx, b)
		p.warn()
	}
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

// packBatch makes parcels of b. When it returns before ctx has ended, every span of b is
// in one or settled.
func (p *pipeline) packBatch(ctx context.Context, b *batch) {
	unpacked := b.spans
	defer func() {
		if panicked := panicText(recover()); panicked != "" {
			p.note(panicked)
			p.drop(b, ReasonInternalError, unpacked)
		}
		p.vacate(b)
	}()
	spans := p.project(ctx, b, &unpacked)
	if ctx.Err() != nil {
		return // Shutdown counts what is left
	}
	for _, r := range split(p.transform(b, spans, &unpacked), p.bounds()) {
		made, repaired, err := newParcel(r.message, r.spans, b)
		unpacked -= r.spans
		if err != nil {
			p.note("request could not be encoded")
			p.drop(b, ReasonEncode, r.spans)
			continue
		}
		p.post(made, repaired)
	}
}

// bounds are those of the requests that are made now.
func (p *pipeline) bounds() bounds {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bounds{bytes: p.limit.bytes, spans: maxBatchSpans, single: p.dest.SingleResource}
}

// post gives a parcel to the sender.
func (p *pipeline) post(made *parcel, repaired int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.repaired += uint64(max(repaired, 0))
	if p.abandoned {
		return
	}
	p.room.add(made.size, made.spans)
	p.outbox.add(made)
	p.ready.raise()
}

// vacate gives the room of b's spans free: they are in parcels now.
func (p *pipeline) vacate(b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.entries = nil
	p.room.remove(b.bytes, b.spans)
	p.announce()
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
