package export

import (
	"context"
	"time"
)

// send sends parcels until Shutdown.
func (p *pipeline) send(ctx context.Context) {
	for p.guarded(ctx, p.sendNext) {
	}
	p.guarded(ctx, p.leaveAll)
}

// sendNext waits for a parcel and sends it. False means that there will be none any more.
func (p *pipeline) sendNext(ctx context.Context) bool {
	next := p.nextParcel(ctx)
	if next == nil {
		return false
	}
	p.dispatch(ctx, next)
	p.warn()
	return true
}

// nextParcel waits for a parcel; nil means that sending shall end.
func (p *pipeline) nextParcel(ctx context.Context) *parcel {
	for ctx.Err() == nil {
		p.adopt()
		next, ended := p.choose()
		switch {
		case next != nil && p.leaving && p.leave(next):
			continue
		case next != nil || ended:
			return next
		}
		var adoption <-chan time.Time
		if p.disk != nil {
			adoption = time.After(time.Until(p.adopted.Add(p.adoption)))
		}
		select {
		case <-p.ready:
		case <-adoption:
		case <-ctx.Done():
		}
	}
	return nil
}

// choose takes a parcel from memory, else from the disk, else one that was set aside.
// ended says that there will be none any more.
func (p *pipeline) choose() (next *parcel, ended bool) {
	p.mu.Lock()
	next, ended = p.outbox.take(), p.packed
	p.mu.Unlock()
	if next != nil {
		return next, ended
	}
	if next = p.unspool(); next != nil {
		return next, ended
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.outbox.takeAside(), ended
}

// dispatch sends a parcel until its spans are delivered or dropped, or until the outbox
// has it again, whole or in parts, or until ctx ends.
func (p *pipeline) dispatch(ctx context.Context, sent *parcel) {
	defer func() {
		if panicked := panicText(recover()); panicked != "" {
			p.note(panicked)
			p.lose(sent, ReasonInternalError)
		}
	}()
	if !p.read(ctx, sent) {
		return
	}
	limit := p.bounds().bytes
	if sent.size > limit && sent.spans > 1 && !sent.doubtful && p.divide(sent, limit, sent.spans) {
		return
	}
	body, err := p.sender.encode(sent.body)
	if err != nil {
		p.note("request could not be encoded")
		p.lose(sent, ReasonEncode)
		return
	}
	copied := copiedBytes(body, sent.body)
	p.carry(copied)
	defer p.carry(-copied)
	for p.pause(ctx) {
		if sent.first.IsZero() {
			sent.first = time.Now()
		}
		o := p.attempt(ctx, sent, body)
		if ctx.Err() != nil && o.class == transient {
			break // cut off by Shutdown, which is no fault of the backend
		}
		p.observe(o)
		if p.conclude(sent, o) {
			return
		}
		p.warn()
	}
	p.putBack(sent)
}

// copiedBytes is what body takes beside what it was encoded from.
func copiedBytes(body, from []byte) int {
	if len(body) > 0 && len(from) > 0 && &body[0] == &from[0] {
		return 0
	}
	return cap(body)
}

// carry counts bytes that are in memory for a parcel beside its own.
func (p *pipeline) carry(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.room.add(bytes, 0)
}

// attempt sends body once, and measures that.
func (p *pipeline) attempt(ctx context.Context, sent *parcel, body []byte) outcome {
	p.fly(sent, sent.spans)
	defer p.fly(sent, 0)
	start := time.Now()
	o := p.sender.attempt(ctx, body)
	p.instruments.attempted(ctx, p.about, time.Since(start), o)
	return o
}

// fly says how many spans of a parcel are being sent.
func (p *pipeline) fly(sent *parcel, spans int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inflight[sent.place()] = spans
}

// conclude does what the outcome of an attempt asks for. False means to try again.
func (p *pipeline) conclude(sent *parcel, o outcome) bool {
	switch {
	case o.class == accepted:
		p.deliver(sent, o.rejected)
	case o.class == tooLarge:
		p.reduce(sent)
	case o.class == refused, p.isSuspect(sent, o):
		p.isolate(sent, ReasonSendError)
	case p.setAside(sent):
	case p.ending && p.disk != nil && p.leave(sent):
	case o.denied && p.ending:
		p.lose(sent, ReasonConfig)
	case sent.file != nil && time.Since(sent.file.Created) > p.spooling.maxAge():
		p.lose(sent, ReasonExpired)
	case sent.file != nil, time.Since(sent.first) < p.budget:
		sent.doubtful = sent.doubtful || o.doubtful
		return false
	case p.spool(sent): // the disk may have room by now
	case o.class == misconfigured:
		p.lose(sent, ReasonConfig)
	default:
		p.lose(sent, ReasonExpired)
	}
	return true
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
	if o.class == transient || o.class == misconfigured {
		p.failures++
		if o.retryAfter > 0 {
			p.asked = p.pacer.firm
		}
		p.announce()
	}
}
