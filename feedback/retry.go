package feedback

import (
	"context"
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

// passes reports whether the same request may be accepted later.
func passes(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	default:
		return status/100 == 5
	}
}

// backoff is exponential with full jitter.
func backoff(failures int) time.Duration {
	ceiling := maxBackoff
	if doublings := failures - 1; doublings < 10 {
		ceiling = min(minBackoff<<doublings, maxBackoff)
	}
	return rand.N(ceiling) //nolint:gosec // G404: jitter needs no secret randomness
}

// parseRetryAfter reads seconds or an HTTP date, clamped to an hour; anything else is
// ignored.
func parseRetryAfter(value string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		wait = time.Duration(min(seconds, int64(maxRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = time.Until(date)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// pause waits, and returns false when ctx ends before. It does not wait at all when that is
// certain.
func pause(ctx context.Context, wait time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
