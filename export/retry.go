package export

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	minBackoff    = 500 * time.Millisecond
	maxBackoff    = time.Minute
	maxRetryAfter = time.Hour
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
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return transient
	case http.StatusRequestEntityTooLarge:
		return tooLarge
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return refused
	}
	switch status / 100 {
	case 2:
		return accepted
	case 3:
		return misconfigured
	case 5:
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
	wait := backoff(p.failures)
	if o.class == misconfigured && !ending {
		wait = maxBackoff/2 + rand.N(maxBackoff/2)
	}
	now := time.Now()
	p.firm = now.Add(max(min(wait, minBackoff), o.retryAfter))
	p.resume = now.Add(max(wait, o.retryAfter))
}

// backoff is exponential with full jitter.
func backoff(failures int) time.Duration {
	ceiling := maxBackoff
	if doublings := failures - 1; doublings < 10 {
		ceiling = min(minBackoff<<doublings, maxBackoff)
	}
	return rand.N(ceiling)
}

// parseRetryAfter reads seconds or an HTTP date, clamped to an hour; anything else
// is ignored.
func parseRetryAfter(value string, now time.Time) time.Duration {
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // out of range: the nearest bound
		seconds = min(max(seconds, 0), int64(maxRetryAfter/time.Second))
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxRetryAfter)
}
