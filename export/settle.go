package export

// What becomes of spans. Nothing changes any more once the pipeline is abandoned.

// deliver counts the spans of an accepted request.
func (p *pipeline) deliver(sent *parcel, rejected int) {
	p.accepted++
	p.fruitless = 0
	if sent.search != nil {
		sent.search.left += 2 // it is worth its requests
	}
	rejected = min(rejected, sent.spans)
	p.settle(sent, func() {
		p.limit.accept()
		p.ledger.drop(ReasonRejected, rejected, sent.place())
		p.ledger.deliver(sent.spans-rejected, sent.place())
	})
}

// lose counts the spans of a request that is given up. What the backend does not want is
// kept on the disk, if there is one, for who wants to know why.
func (p *pipeline) lose(sent *parcel, reason Reason) {
	if p.disk != nil && (reason == ReasonTooLarge || reason == ReasonSendError) {
		_ = p.disk.SetAside(sent.original(), sent.spans) // it is lost in any case
	}
	p.settle(sent, func() { p.ledger.drop(reason, sent.spans, sent.place()) })
	p.wake.raise() // the packer knows when to tell
}

// settle takes a parcel out of the books. Its file goes first, for who waits for the spool
// to be empty is woken by the books, and must not look at them in between.
func (p *pipeline) settle(sent *parcel, account func()) {
	last := sent.file != nil && sent.file.open == sent.spans
	if last {
		p.mu.Lock()
		p.settling = true
		p.mu.Unlock()
		sent.file.Done()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if last {
		p.settling = false
	}
	if p.abandoned {
		return
	}
	account()
	p.unload(sent)
	p.announce()
}

// unload says that the spans of a parcel are not in it any more. p.mu is held.
func (p *pipeline) unload(sent *parcel) {
	if sent.file != nil {
		sent.file.open -= sent.spans
		return
	}
	p.room.remove(sent.size, sent.spans)
	sent.batch.open -= sent.spans
}

// replace puts parts in the place of a parcel.
func (p *pipeline) replace(sent *parcel, parts []*parcel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.abandoned {
		return
	}
	if sent.file == nil {
		p.room.remove(sent.size, sent.spans)
		for _, part := range parts {
			p.room.add(part.size, part.spans)
		}
	}
	p.outbox.insert(parts)
	p.ready.raise()
}

// putBack gives the outbox a parcel back that was not sent.
func (p *pipeline) putBack(sent *parcel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.abandoned {
		p.outbox.insert([]*parcel{sent})
	}
}

// drop counts spans of a batch that get into no parcel.
func (p *pipeline) drop(b *batch, reason Reason, spans int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.drop(reason, spans, queued)
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
