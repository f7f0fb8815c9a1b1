package export

import "net/http"

const (
	// maxStrikes is how often status 500 is taken for the backend's trouble and not for
	// that of one request, while there are others to try.
	maxStrikes = 5
	// maxAside bounds how many requests are set aside at a time.
	maxAside = 8
	// maxFruitless is how many searches in a row may end without one accepted request.
	maxFruitless = 3
	// maxShrinks bounds how often one span is shrunk, each time to half its size or less.
	maxShrinks = 8
)

// reduce makes a request smaller that was too large.
func (p *pipeline) reduce(sent *parcel) {
	p.mu.Lock()
	p.limit.refuse(sent.size)
	within := min(p.limit.bytes, sent.size/2)
	p.mu.Unlock()
	if sent.spans > 1 && sent.size <= minRequestBytes { // no size pleases this backend
		p.isolate(sent, ReasonTooLarge)
		return
	}
	if sent.spans > 1 && p.divide(sent, within, sent.spans-1) {
		return
	}
	if sent.spans == 1 && sent.shrunk < maxShrinks {
		if smaller := sent.shrunkTo(within); smaller != nil {
			p.replace(sent, []*parcel{smaller})
			p.shrank()
			return
		}
	}
	p.lose(sent, ReasonTooLarge)
}

// isolate looks for the span because of which a request was refused, by halves. A
// backend that refuses everything is not asked again for every span.
func (p *pipeline) isolate(sent *parcel, reason Reason) {
	if sent.spans == 1 {
		p.lose(sent, reason)
		return
	}
	if sent.search == nil {
		if p.fruitless >= maxFruitless {
			p.lose(sent, reason)
			return
		}
		p.fruitless++
		sent.search = &search{left: searchRequests}
	}
	sent.search.left -= 2
	if sent.search.left < 0 || !p.divide(sent, sent.size, (sent.spans+1)/2) {
		p.lose(sent, reason)
	}
}

// isSuspect counts the answers with status 500 in a row. A request that got many of them
// was set aside; when it gets one more although the backend has accepted others, the
// trouble is its own.
func (p *pipeline) isSuspect(sent *parcel, o outcome) bool {
	if o.status != http.StatusInternalServerError {
		sent.strikes = 0
		return false
	}
	sent.strikes++
	return sent.wasAside && p.accepted > sent.aside
}

// setAside lets other requests go first for once. False means that it is not the time
// for that, or that there are none. If all fail, few are set aside.
func (p *pipeline) setAside(sent *parcel) bool {
	if sent.strikes < maxStrikes {
		return false
	}
	files := 0
	if p.disk != nil {
		files = p.disk.Stats().Files
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	more := len(p.outbox.parcels) > 0 || files > 1+len(p.outbox.aside) // that of sent and those
	if !more || len(p.outbox.aside) >= maxAside || p.abandoned {
		return false
	}
	sent.wasAside, sent.aside = true, p.accepted
	p.outbox.aside = append(p.outbox.aside, sent)
	p.ready.raise()
	return true
}

// divide puts parts in place of sent. False means that it cannot be divided.
func (p *pipeline) divide(sent *parcel, bytes, spans int) bool {
	parts := sent.divide(bounds{bytes: bytes, spans: spans, single: p.dest.SingleResource})
	if len(parts) < 2 {
		return false
	}
	p.replace(sent, parts)
	return true
}
