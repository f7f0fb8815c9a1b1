// Package langsmith holds the names that LangSmith reads when it turns an
// OpenTelemetry span into a run: its own langsmith.* attributes, the old gen_ai.*
// keys it still understands, keys of other vocabularies, span events and request
// headers. Each comment says which field of the run a name fills and what to
// beware of.
//
// "The converter" is LangSmith's public converter of spans to runs. The hosted
// service is newer than it and closed; what only the hosted service reads is
// marked "hosted only".
//
// Keys that the conventions still have are defined in package semconv. Of these
// the converter reads gen_ai.operation.name (only chat, completion and embedding
// mean something to it, everything else becomes a chain), gen_ai.request.* and
// gen_ai.response.model (as invocation parameters), gen_ai.usage.input_tokens and
// output_tokens (ints; doubles are ignored) and gen_ai.tool.name, and there are
// three traps:
//
//   - gen_ai.tool.name turns any span into a tool run, whatever its kind says;
//   - gen_ai.provider.name is not read; the provider is [GenAISystemKey] or
//     [MetadataLSProviderKey];
//   - an empty model counts as a model and hides the next one, so never send it.
//
// The keys of OpenInference, which LangSmith reads too, are in package
// openinference.
package langsmith
