// Package semconv holds the attribute keys that genotel writes and reads. It
// exists because the GenAI conventions left OpenTelemetry's core registry and
// have had no release since: OpenTelemetry's Go packages stop at v1.41, so the
// newer keys have to come from a registry that is pinned here.
//
// The constants are generated from registry.json, which knows two profiles:
//
//   - latest: open-telemetry/semantic-conventions-genai at commit
//     6fd0d763a092db245a54104fc1124031eb3c51d2 (2026-10-09), used for spans,
//     events and metrics;
//   - v1.41: open-telemetry/semantic-conventions at tag v1.41.1, the last core
//     release that defines gen_ai.*, kept for the legacy metrics and for backends
//     that have not moved.
//
// A key of one profile only says so in its comment. Lists of values are open: a
// listed value must be used when it applies, others are allowed.
//
// Keys that both profiles have given up are not here: the packages langsmith and
// langtrace define, beside their own vocabulary, the old keys that their backend
// still reads.
//
// Hand-written are the HTTP and session keys of the core conventions and
// genotel's own namespace, for facts that no registered key can say.
//
// The package knows nothing but keys: no spans, no providers, no encoding. Where
// a comment names the capture policy, the encoder has to obey it.
package semconv

//go:generate go run ../internal/semconvgen
