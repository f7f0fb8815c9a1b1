// Package redaction applies a redactor to the texts of a call: where the record is made,
// for everybody, and once more where a destination wants fewer than that.
//
// It fails closed. A redactor that returns an error or panics costs the content of the
// call, and nothing else.
//
// The package knows records and texts. The keys of attributes are the business of the
// dialects.
package redaction

// Func is a redactor, as package otelgenai describes it. It must be safe for concurrent
// use.
type Func = func(text string) (string, error)
