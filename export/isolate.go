package export

import "net/http"

const (
	// maxStrikes is how often status 500 is taken for the backend's trouble and not for
	// that of one request, while there are others to try.
	maxStrikes = 5
	// maxAside bounds how many requests are set aside at a time.
	maxAside = 8
	// maxShrinks bounds how often one span is shrunk, each time to half its size or less.
	maxShrinks = 8
)

// reduce makes a request smaller that was too large.
func (p *pipeline) reduce(sent *parcel) {
	p.mu.Lock()
	p.limit.refuse(sent.size)
	within := min(p.limit.bytes, sent.size/2)
	p.mu.Unlock()
	if sent.spans > 1 {
		p.divide(sent, within, sent.spans-1, ReasonTooLarge)
		return
	}
	if sent.shrunk < maxShrinks {
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
func (p *pipeline) isolate(sent *parcel) {
	if sent.search == nil {
		if p.fruitless {
			p.lose(sent, ReasonSendError)
			return
		}
		p.fruitless = true
		sent.search = &search{left: searchRequests}
	}
	if sent.spans == 1 || sent.search.left <= 0 {
		p.lose(sent, ReasonSendError)
		return
	}
	sent.search.left -= 2
	p.divide(sent, sent.size, (sent.spans+1)/2, ReasonSendError)
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
	more := p.disk != nil && p.disk.Stats().Files > maxAside
	p.mu.Lock()
	defer p.mu.Unlock()
	more = more || len(p.outbox.parcels) > 0
	if !more || len(p.outbox.aside) >= maxAside || p.abandoned {
		return false
	}
	sent.wasAside, sent.aside = true, p.accepted
	p.outbox.aside = append(p.outbox.aside, sent)
	p.ready.raise()
	return true
}

// divide puts parts in place of sent. What cannot be divided is lost for that reason.
func (p *pipeline) divide(sent *parcel, bytes, spans int, reason Reason) {
	parts := sent.divide(bounds{bytes: bytes, spans: spans, single: p.dest.SingleResource})
	if len(parts) < 2 {
		p.lose(sent, reason)
		return
	}
	p.replace(sent, parts)
}
