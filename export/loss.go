package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxErrorBytes bounds the texts of errors.
const maxErrorBytes = 512

// LossError is what Shutdown returns when a span was lost since the Processor was
// made. It unwraps to the error of Shutdown's context if that ended too early.
type LossError struct {
	// Stats has one entry per destination, those without a loss included.
	Stats []Stats

	problems []string // the last problem of each destination, "" for none
	cause    error
}

// NewLossError returns the error of a destination that is no pipeline of a Processor,
// nil when stats tell of no loss. problem is the last one of the destination, "" for
// none, and cause the error of Shutdown's context, or nil.
func NewLossError(cause error, stats Stats, problem string) error {
	if stats.Lost() == 0 {
		return nil
	}
	return &LossError{Stats: []Stats{stats}, problems: []string{problem}, cause: cause}
}

// Error is one line of at most 512 bytes: per destination the lost spans, by
// reason, and the last problem. It holds no content, key or URL.
func (e *LossError) Error() string {
	var parts []string
	for i, s := range e.Stats {
		if s.Lost() > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", s.Destination, losses(s, e.problems[i])))
		}
	}
	return cut("genotel: spans lost: "+strings.Join(parts, "; "), maxErrorBytes)
}

// Unwrap returns the error of Shutdown's context, nil if that did not end.
func (e *LossError) Unwrap() error { return e.cause }

// losses is for instance "12 (expired 10, queue_overflow 2; last problem: 503 from
// example.com)".
func losses(s Stats, problem string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d (", s.Lost())
	for i, reason := range slices.Sorted(maps.Keys(s.Dropped)) {
		if i > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%s %d", reason, s.Dropped[reason])
	}
	if problem != "" {
		text.WriteString("; last problem: " + problem)
	}
	text.WriteString(")")
	return text.String()
}
