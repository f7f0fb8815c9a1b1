// Package litellm holds the attribute keys for what a LiteLLM proxy says of a
// call in the headers of its response. They are written only for calls that went
// through such a proxy. Each comment names the header.
//
// litellm.call_id and litellm.cost.* are keys that the proxy's own OpenTelemetry
// integration writes, in its second version (LITELLM_OTEL_V2); the others are
// genotel's and follow their form. The proxy leaves out a header rather than
// sending nothing in it, so a missing attribute never means zero. Headers about
// the spending and the limits of a key have no attribute: they are nobody's
// business who reads traces.
package litellm
