// Package langsmithlink makes the spans of a program children of a run that a LangSmith SDK
// has started in another service.
//
// LangSmith derives the ids of runs from those of spans, and so does not find a parent that
// is no span. Then every span below has to say in its attributes what its trace, its parent and
// its place are; one on the topmost span alone would leave the others without it. That is what
// the [SpanProcessor] does, for the spans below a run that package langsmithprop has put into
// the context:
//
//	provider.RegisterSpanProcessor(langsmithlink.NewSpanProcessor())
//
// It may be registered before or after others, also on the provider that Configure uses, and
// leaves spans alone that belong to no such run.
package langsmithlink
