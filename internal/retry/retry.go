// Package retry has the rules by which requests to backends are tried again, so that all
// that genotel sends waits alike. It knows neither requests nor clients.
package retry

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// MinBackoff is the most that is waited after the first failure.
	MinBackoff = 500 * time.Millisecond
	// MaxBackoff is the most that is waited after any.
	MaxBackoff = time.Minute
	// MaxRetryAfter is the most that a server can ask for.
	MaxRetryAfter = time.Hour
)

// IsTransient reports whether a request with this answer may be accepted later.
func IsTransient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	default:
		return status/100 == 5
	}
}

// Backoff is the time to wait after a number of failures in a row, from 1: exponential
// with full jitter.
func Backoff(failures int) time.Duration {
	ceiling := MaxBackoff
	if doublings := failures - 1; doublings < 10 {
		ceiling = min(MinBackoff<<doublings, MaxBackoff)
	}
	return rand.N(ceiling)
}

// After reads the header Retry-After, which has seconds or an HTTP date, clamped to an
// hour; anything else is ignored.
func After(value string, now time.Time) time.Duration {
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // out of range: the nearest bound
		seconds = min(max(seconds, 0), int64(MaxRetryAfter/time.Second))
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), MaxRetryAfter)
}
