// Package guard keeps panics of telemetry away from the application.
//
// Every entry point that the application's own goroutines run through defers
// [Recover], whoever's code panics below: ours, a TracerProvider's, a span
// processor's or a redactor's.
package guard

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/otel"
)

// Recover stops a panic and reports it to OpenTelemetry's error handler, so that
// the failure is not invisible either. doing says what was interrupted, as in
// "ending a span". It must be deferred directly.
func Recover(doing string) {
	if r := recover(); r != nil {
		report(doing, r)
	}
}

// report is guarded itself: an error handler is the application's code too.
func report(doing string, reason any) {
	defer func() { _ = recover() }() // nothing is left to tell
	text := fmt.Sprint(reason)
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	otel.Handle(fmt.Errorf("genotel: panic while %s: %s", doing, text))
}

// maxReason bounds the text of a panic, in bytes: it may quote what was at hand.
const maxReason = 200
