// Package langtrace holds the names that Langtrace reads or documents: the
// langtrace.* attributes behind its user interface, the documented llm.*
// contract, the old gen_ai.* keys it still reads, span events and the request
// header.
//
// The two sets go together on every LLM span. The interface is filled from the
// live set (live.go) and ignores the documented one (contract.go), which may be
// checked by somebody else.
//
// Langtrace stores only strings and ints, on spans and on events. Doubles, bools,
// lists, maps and bytes are dropped without a word; so are resource attributes. A
// span event without an attribute makes it refuse the whole batch.
//
// Keys that the conventions still have are defined in package semconv. Of these
// the interface reads:
//
//   - gen_ai.response.model, then [LLMModelKey], then gen_ai.request.model: model
//     column and price;
//   - gen_ai.usage.input_tokens and gen_ai.usage.output_tokens, ints: token counts
//     and cost;
//   - session.id: session column and filter;
//   - gen_ai.operation.name, gen_ai.request.*, url.full, url.path: tab Attributes.
//
// gen_ai.provider.name, gen_ai.input.messages and gen_ai.output.messages are not
// read.
package langtrace
