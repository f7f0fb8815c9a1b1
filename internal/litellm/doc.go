// Package litellm recognizes a LiteLLM proxy by the headers of its responses and
// writes what they say into the record of the call.
//
// The proxy speaks OpenAI's protocol, so everything in a body is decoded by the
// package of that protocol; only the headers, and a few rules for reading them,
// are LiteLLM's own.
package litellm
