package openai

import "strings"

// IsChat reports whether a request creates a chat completion. The path may have
// any prefix: gateways and Azure deployments add theirs.
func IsChat(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/chat/completions")
}

// IsCompletion reports whether a request creates a completion of the elder kind,
// which is no chat: also Mistral's, in the middle of a text or by an agent, and those
// of a prompt that Portkey stores.
func IsCompletion(method, path string) bool {
	if method != "POST" || IsChat(method, path) {
		return false
	}
	rest, last := cutLast(path)
	if last != "completions" {
		return false
	}
	before, word := cutLast(rest)
	if word == "fim" || word == "agents" {
		return isBase(before)
	}
	if before, word = cutLast(before); word == "prompts" {
		return isBase(before)
	}
	return isBase(rest)
}

// IsEmbeddings reports whether a request asks for embeddings. Ollama's own API has
// them behind "api".
func IsEmbeddings(method, path string) bool {
	return creates(method, path, "embeddings") || method == "POST" && strings.HasSuffix(path, "/api/embeddings")
}

// IsResponses reports whether a request creates a response. What lies below, such
// as a stored response or the counting of tokens, is something else.
func IsResponses(method, path string) bool {
	return creates(method, path, "responses")
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

// IsModeration reports whether a request asks for a verdict on texts and pictures, or
// on a conversation, as with Mistral.
func IsModeration(method, path string) bool {
	rest, isChat := strings.CutSuffix(path, "/chat/moderations")
	return creates(method, path, "moderations") || method == "POST" && isChat && isBase(rest)
}
