// Package openai decodes the protocol of OpenAI's API, which dozens of other
// providers speak with variations.
//
// The decoders are tolerant: unknown members are ignored, a member of a wrong
// type is skipped, and what was read before a defect is kept. Request parameters,
// token counts and finish reasons are read while the call runs; messages are kept
// as they came and decoded when somebody asks for them, off the caller's path.
//
// The package knows nothing of HTTP beyond paths and status codes, and nothing of
// spans.
package openai
