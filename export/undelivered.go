package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxErrorBytes bounds the texts of errors.
const maxErrorBytes = 512

// DeliveryError is what Shutdown returns when a span was lost since the Processor was
// made, or is on the disk still. It unwraps to the error of Shutdown's context if that
// ended too early.
type DeliveryError struct {
	// Stats has one entry per destination, those that got everything included.
	Stats []Stats

	problems []string // the last problem of each destination, "" for none
	cause    error
}

// NewDeliveryError returns the error of a destination that is no pipeline of a Processor,
// nil when stats tell of no loss. problem is the last one of the destination, "" for
// none, and cause the error of Shutdown's context, or nil.
func NewDeliveryError(cause error, stats Stats, problem string) error {
	if stats.Lost() == 0 {
		return nil
	}
	return &DeliveryError{Stats: []Stats{stats}, problems: []string{problem}, cause: cause}
}

// Error is one line of at most 512 bytes: per destination the lost spans, by reason, and
// those on the disk, with the last problem. It holds no content, key or URL.
func (e *DeliveryError) Error() string {
	var parts []string
	for i, s := range e.Stats {
		if s.Lost()+s.Spooled > 0 {
			parts = append(parts, s.Destination+" "+undelivered(s, e.problems[i]))
		}
	}
	return cut("genotel: spans not delivered: "+strings.Join(parts, "; "), maxErrorBytes)
}

// Unwrap returns the error of Shutdown's context, nil if that did not end.
func (e *DeliveryError) Unwrap() error { return e.cause }

// undelivered is for instance "12 lost (expired 10, queue_overflow 2), 7 on the disk, last
// problem: 503 from example.com".
func undelivered(s Stats, problem string) string {
	var parts []string
	if s.Lost() > 0 {
		var reasons []string
		for _, reason := range slices.Sorted(maps.Keys(s.Dropped)) {
			reasons = append(reasons, fmt.Sprintf("%s %d", reason, s.Dropped[reason]))
		}
		parts = append(parts, fmt.Sprintf("%d lost (%s)", s.Lost(), strings.Join(reasons, ", ")))
	}
	if s.Spooled > 0 {
		parts = append(parts, fmt.Sprintf("%d on the disk", s.Spooled))
	}
	if problem != "" {
		parts = append(parts, "last problem: "+problem)
	}
	return strings.Join(parts, ", ")
}
