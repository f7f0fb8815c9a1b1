// Package langsmithprop hands a trace on between services by the headers of LangSmith's own
// SDKs, for a trace that starts in a service with such an SDK and goes on in a Go program, or
// the other way round. Between services that all use OpenTelemetry W3C trace context is
// enough.
//
// A [Propagator] is used beside the others and comes after them, because it shares the header
// "baggage":
//
//	propagation.NewCompositeTextMapPropagator(
//		propagation.TraceContext{},
//		langsmithprop.New(langsmithprop.TrustIncoming()),
//	)
//
// # Outgoing
//
// Inject writes "langsmith-trace", the dotted order of the current span: a chain of start
// times and run ids of which the SDKs read the first, which is the trace, and the last, which
// is the run to hang theirs below. A span that is not sampled writes nothing: its run never
// arrives, and LangSmith drops what is below. Where the chain between is not known, it is
// left out. With [SendItems] project, tags and metadata of the context go along in "baggage";
// without it Inject takes LangSmith's items out of that header, wherever they came from.
//
// Install a propagator where it serves calls to services of your own, not where it serves
// calls to model providers.
//
// # Incoming
//
// What a stranger sends could put runs below any run of the workspace, choose their project
// and write their metadata. A propagator cannot tell who the peer is, so Extract does nothing
// unless it was made with [TrustIncoming]. Then it puts the calling run and its items into
// the context, bounded in size; what is too long or malformed is left out. Addresses and keys
// of other workspaces (langsmith-replicas) are never read and never written. Metadata that
// describes the calling run itself, whose names begin with ls_, and settings of its process,
// LANGSMITH_ and LANGCHAIN_, are not taken over.
//
// The spans of the program become children of that run by the span processor of package
// langsmithlink.
//
// The headers are those of langsmith for Python and JavaScript (to_headers and from_headers of
// RunTree); their form is not documented.
package langsmithprop
