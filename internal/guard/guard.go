// Package guard keeps panics of telemetry away from the application.
//
// Every entry point that the application's own goroutines run through defers
// [Recover], whoever's code panics below: ours, a TracerProvider's, a span
// processor's or a redactor's.
package guard

import (
	"fmt"
	"runtime"
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

// Do runs f and reports whether it came to its end. A panic is stopped and reported
// as by [Recover].
func Do(doing string, f func()) (done bool) {
	defer Recover(doing)
	f()
	return true
}

// report is guarded itself: an error handler is the application's code too.
func report(doing string, reason any) {
	defer func() { _ = recover() }() // nothing is left to tell
	otel.Handle(fmt.Errorf("genotel: panic while %s: %s%s", doing, kind(reason), where()))
}

// kind describes a panic without what it may quote: only the runtime's own texts
// are known to hold no content.
func kind(reason any) string {
	if e, ok := reason.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", reason)
}

// where names the function that panicked.
func where() string {
	var callers [16]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	for panicked := false; ; {
		frame, more := frames.Next()
		if panicked && !strings.HasPrefix(frame.Function, "runtime.") {
			return " in " + frame.Function
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}
