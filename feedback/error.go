package feedback

import (
	"errors"
	"fmt"
)

// Error says that a backend did not take feedback.
type Error struct {
	// Backend is "LangSmith" or "Langtrace".
	Backend string
	// Status is that of the last response, 0 if there was none.
	Status int
	// Attempts is how often it was tried.
	Attempts int

	problem string
	ended   error // of the context
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("feedback: not delivered to %s after %d attempts: %s", e.Backend, e.Attempts, e.problem)
	if e.ended != nil {
		text += ": " + e.ended.Error()
	}
	return text
}

// Unwrap returns [context.Canceled] or [context.DeadlineExceeded] when that is what ended the
// attempts, else nil.
func (e *Error) Unwrap() error { return e.ended }

var (
	errEncode = errors.New("feedback: cannot be written as JSON")
	errSize   = fmt.Errorf("feedback: more than %d bytes", maxBodyBytes)
	errSpan   = errors.New("feedback: neither a span nor an id says what it is about")
	errPanic  = errors.New("feedback: panic")
)
