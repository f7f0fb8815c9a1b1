package otelgenai

// Redactor returns text with what must not be seen replaced. It gets one text at
// a time, reassembled and never a fragment of a stream: message texts, reasoning,
// refusals, tool arguments and results, tool descriptions and schemas, variables
// of prompts, transcripts, verdicts of moderations, media URIs, file names, names of
// participants, stop sequences, error messages, the path of the request's URL,
// names and descriptions of agents, queries, texts, file names and metadata of searches,
// and what functions and other steps of the program are given and return.
// Identifiers are left
// alone: roles, models, finish reasons, names of functions and workflows, names and ids of
// tools, ids of files.
//
// Of a text that is a JSON object or array, as tool arguments and schemas are, it gets
// each string, decoded, and what it returns is written back as a string: escapes hide
// nothing from it, and the text stays JSON. Strings that are JSON themselves are treated
// the same way. Names of members, numbers, true, false and null are left alone. What is
// not valid JSON, such as arguments that the model left half written, it gets as it is.
//
// A URL, or a part of one, it gets as it is, and then decoded where it has escapes; it is
// recorded decoded where that brought something to light.
//
// It must be safe for concurrent use and may run on any goroutine, some time
// after the call. It fails closed: when it returns an error or panics, all
// content of that call is withheld, and the type of the error, not its text, is
// reported to OpenTelemetry's error handler.
type Redactor func(text string) (string, error)
