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

// IsImages reports whether a request generates, edits or varies images.
func IsImages(method, path string) bool {
	return method == "POST" && (strings.HasSuffix(path, "/images/generations") ||
		strings.HasSuffix(path, "/images/edits") || strings.HasSuffix(path, "/images/variations"))
}

// IsSpeech reports whether a request makes sound of a text.
func IsSpeech(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/audio/speech")
}

// IsTranscription reports whether a request transcribes or translates sound.
func IsTranscription(method, path string) bool {
	return method == "POST" &&
		(strings.HasSuffix(path, "/audio/transcriptions") || strings.HasSuffix(path, "/audio/translations"))
}

// IsModeration reports whether a request asks for a verdict on texts and pictures.
func IsModeration(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/moderations")
}
