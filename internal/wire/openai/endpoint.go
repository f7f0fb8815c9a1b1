package openai

import "strings"

// IsChat reports whether a request creates a chat completion. The path may have
// any prefix: gateways and Azure deployments add theirs.
func IsChat(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/chat/completions")
}

// IsCompletion reports whether a request creates a completion of the elder kind,
// which is no chat.
func IsCompletion(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/completions") && !IsChat(method, path)
}

// IsEmbeddings reports whether a request asks for embeddings.
func IsEmbeddings(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/embeddings")
}

// IsResponses reports whether a request creates a response. What lies below, such
// as a stored response or the counting of tokens, is something else.
func IsResponses(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/responses")
}
