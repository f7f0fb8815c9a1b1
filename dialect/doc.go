// Package dialect turns records into the attribute vocabularies that backends
// read.
//
// The world has not agreed on one: the OpenTelemetry conventions say gen_ai.*,
// LangSmith reads langsmith.* and its own idea of gen_ai.*, Langtrace documents
// llm.* and displays langtrace.*, Arize Phoenix wants OpenInference. The package has two halves. Encoders append
// the attributes of one vocabulary to a span that an instrumentation is about to
// end; none of them changes what another one writes. Views rewrite an ended span
// into the form that one backend understands best; they copy and never change
// the span, which other processors see too.
//
// The package knows no client, no provider protocol and no transport.
package dialect
