// Package langsmith says what LangSmith makes of an OTLP trace request: it checks a captured request by the transport
// rules and turns its spans into runs.
//
// It was written from the documented and observed behavior of the backend, independent of the code under test.
// "rule N" in a comment is the number of a step of the documented conversion; the steps run in that order. Attribute
// names are literals on purpose.
//
// The rules are those of the public converter, which the hosted service extends; [Options.Hosted] switches the known
// extensions on. A run takes the padded span id as its id, as the hosted service does, and not the trace id that the
// public proxy gives to root runs.
package langsmith
