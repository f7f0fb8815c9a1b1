package export

import "time"

const (
	// maxRequestBytes is how large a request is made. Backends limit it, the strictest
	// known at 5 MB.
	maxRequestBytes = 4 << 20
	// minRequestBytes is what a limit is never learned to be below.
	minRequestBytes = 64 << 10

	// A learned limit grows by a twentieth after limitTrial requests in a row that
	// were accepted, and not over a size that was refused within limitMemory.
	limitTrial  = 50
	limitMemory = 10 * time.Minute
)

// limit is how large the requests to one destination may be, which backends tell only by
// refusing them (status 413). Its owner serializes access.
type limit struct {
	configured int
	bytes      int // of a request, before compression

	refused   int // the smallest size that was refused lately; 0 for none
	refusedAt time.Time
	accepted  int // requests in a row since the limit changed
}

func newLimit(configured int) limit { return limit{configured: configured, bytes: configured} }

// refuse learns that a request of size bytes was too large.
func (l *limit) refuse(size int) {
	l.bytes = min(l.bytes, max(size/2, minRequestBytes))
	l.accepted = 0
	now := time.Now()
	if l.refused == 0 || size < l.refused || now.Sub(l.refusedAt) > limitMemory {
		l.refused = size
	}
	l.refusedAt = now
}

// accept learns that a request was not.
func (l *limit) accept() {
	l.accepted++
	if l.bytes == l.configured || l.accepted < limitTrial {
		return
	}
	l.accepted = 0
	next := min(l.bytes+l.bytes/20, l.configured)
	if l.refused > 0 && next >= l.refused && time.Since(l.refusedAt) <= limitMemory {
		return
	}
	l.bytes = next
}
