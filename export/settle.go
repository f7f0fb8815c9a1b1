package export

// What becomes of spans. Each of these takes p.mu, and none changes anything once the
// pipeline is abandoned.

// deliver counts the spans of an accepted request.
func (p *pipeline) deliver(sent *parcel, rejected int) {
	p.accepted++
	p.fruitless = false
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit.accept()
	rejected = min(rejected, sent.spans)
	p.ledger.drop(ReasonRejected, rejected)
	p.ledger.deliver(sent.spans - rejected)
	p.settle(sent)
}

// lose counts the spans of a request that is given up.
func (p *pipeline) lose(sent *parcel, reason Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.drop(reason, sent.spans)
	p.settle(sent)
	p.wake.raise() // the packer knows when to tell
}

// settle takes a parcel out of the books. p.mu is held.
func (p *pipeline) settle(sent *parcel) {
	if p.abandoned {
		return
	}
	p.room.remove(sent.size, sent.spans)
	sent.batch.open -= sent.spans
	p.announce()
}

// replace puts parts in the place of a parcel.
func (p *pipeline) replace(sent *parcel, parts []*parcel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.abandoned {
		return
	}
	p.room.remove(sent.size, sent.spans)
	for _, part := range parts {
		p.room.add(part.size, part.spans)
	}
	p.outbox.insert(parts)
	p.ready.raise()
}

// drop counts spans of a batch that get into no parcel.
func (p *pipeline) drop(b *batch, reason Reason, spans int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.drop(reason, spans)
	b.open -= spans
}

// leaveOut counts a span that the view left out.
func (p *pipeline) leaveOut(b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.leaveOut(1)
	b.open--
}

func (p *pipeline) undecoded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.undecoded++
}

func (p *pipeline) shrank() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.truncated++
}
