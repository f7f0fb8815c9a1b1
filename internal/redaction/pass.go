package redaction

import (
	"fmt"

	"go.opentelemetry.io/otel"
)

// Pass applies a redactor to the texts that belong together, and remembers the first
// failure. After one the redactor is not called again, and the texts are worth nothing:
// who sees a failure withholds all of them.
type Pass struct {
	redact Func
	err    error
}

// NewPass returns a pass of redact, which must not be nil.
func NewPass(redact Func) *Pass { return &Pass{redact: redact} }

// Text returns s redacted. Of a JSON object or array every string is, decoded, and the
// rest stays.
func (r *Pass) Text(s string) string {
	r.text(&s)
	return s
}

// Err returns the first failure of the redactor.
func (r *Pass) Err() error { return r.err }

func (r *Pass) text(s *string) {
	if *s == "" || r.err != nil {
		return
	}
	if isJSON(*s) {
		*s = r.strings(*s)
		return
	}
	*s, r.err = r.call(*s)
}

func (r *Pass) call(text string) (redacted string, err error) {
	defer func() {
		if p := recover(); p != nil {
			redacted, err = "", fmt.Errorf("panic (%T)", p)
		}
	}()
	return r.redact(text)
}

// Report tells OpenTelemetry's error handler of a failure: its kind and not its text,
// since many errors quote the input that they failed on. The handler is the application's
// code, and its panic goes no further.
func Report(err error) {
	defer func() { _ = recover() }() // nothing is left to tell
	otel.Handle(fmt.Errorf("genotel: content withheld, redactor failed: %T", err))
}
