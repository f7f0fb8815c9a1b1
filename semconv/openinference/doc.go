// Package openinference holds the keys of OpenInference, the vocabulary of Arize
// Phoenix. LangSmith reads a part of it, too; the comments say into which field of
// the run.
//
// Lists of objects are flattened: the attribute llm.input_messages.0.message.role
// is the member message.role of the first object of llm.input_messages. [Indexed]
// builds such a key. A long conversation makes hundreds of attributes this way and
// reaches the limit of a span, after which the SDK drops the rest: set usage and
// identity first.
//
// The session goes into session.id, which package semconv defines, as it does the
// attributes of the event exception. OpenInference wants an INTERNAL span and the
// status OK; genotel leaves both as the conventions want them.
package openinference
