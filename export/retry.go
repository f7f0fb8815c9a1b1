package export

import (
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/genotel/genotel/internal/retry"
)

// class is what the outcome of an attempt means for the request.
type class uint8

const (
	// accepted: the backend has the spans.
	accepted class = iota
	// transient: the same bytes may be accepted later.
	transient
	// misconfigured: retrying helps only after somebody changed something, here or
	// there. It is retried slowly, since some backends answer 404 for any trouble.
	misconfigured
	// refused: the backend will never take these bytes.
	refused
	// tooLarge: the backend may take less at a time.
	tooLarge
)

// classOf goes further than the OTLP specification, which gives up on all statuses
// but 429, 502, 503 and 504.
func classOf(status int) class {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusProxyAuthRequired, http.StatusUnsupportedMediaType:
		return misconfigured
	case http.StatusRequestEntityTooLarge:
		return tooLarge
	}
	switch {
	case status/100 == 2:
		return accepted
	case status/100 == 3:
		return misconfigured
	case retry.IsTransient(status):
		return transient
	default:
		return refused
	}
}

// pacer spaces out the attempts of one destination. Its worker owns it.
type pacer struct {
	failures int       // in a row
	firm     time.Time // no attempt before, whoever waits
	resume   time.Time // no attempt before, unless somebody waits
}

// note takes the outcome of an attempt into account. ending says that Shutdown has
// begun and that there is no time for slow retries.
func (p *pacer) note(o outcome, ending bool) {
	if o.class == accepted || o.class == refused || o.class == tooLarge {
		*p = pacer{} // the backend is up
		return
	}
	p.failures++
	wait := retry.Backoff(p.failures)
	if o.class == misconfigured && !ending {
		wait = retry.MaxBackoff/2 + rand.N(retry.MaxBackoff/2)
	}
	now := time.Now()
	p.firm = now.Add(max(min(wait, retry.MinBackoff), o.retryAfter))
	p.resume = now.Add(max(wait, o.retryAfter))
}
