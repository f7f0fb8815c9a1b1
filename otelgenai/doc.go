// Package otelgenai makes the spans of GenAI operations: it relates to a model
// call as otelhttp relates to an HTTP request.
//
// Instrumentations of clients (see the packages under instrument) create an
// [Instrumentor], begin an [Operation] for each logical call, fill its record
// and end it. The operation's span follows the OpenTelemetry GenAI conventions
// and goes the ordinary way through whatever TracerProvider the application has;
// nothing else of genotel is needed for it to be exported. Applications meet the
// package through its options, which every instrumentation accepts.
//
// What only the application knows of a call it says by the context: see
// [WithSession], [WithUser], [WithMetadata], [WithTags] and [Suppress].
//
// By default a span carries the model, parameters, token counts, timing and
// errors of a call, and no content: no prompt, no answer, no tool arguments and
// no provider's error text. See [WithContent].
//
// The package knows no provider protocol, no backend and no exporter. Nothing in
// it panics into the application, whatever a TracerProvider or a redactor does.
package otelgenai
