package openai

import (
	"strings"

	"github.com/genotel/genotel/internal/runes"
)

// What is recognized by its path is recognized from the path's end, because
// gateways and Azure put what they like in front. Names that say nothing by
// themselves, such as "responses" and "completions", count only where the API begins:
// behind a version, behind one of the words that providers have there, behind an Azure
// deployment or at the start. So /forms/77/responses is nobody's. Names of two words,
// such as "chat/completions", count behind anything. Ids are
// opaque, but for the prefix that OpenAI gives them, which tells a thread or a
// response of its API from one of another; an id with that prefix needs no known
// beginning. So /my/responses/view is nobody's response.

// Fetches reports whether a request asks for a response that was made before, or
// cancels its making.
func Fetches(method, path string) bool {
	switch rest, last := cutLast(path); method {
	case "GET":
		return isResponse(rest, last)
	case "POST":
		return last == "cancel" && isResponse(cutLast(rest))
	default:
		return false
	}
}

// isResponse reports whether a path that ends with an id leads to a response.
func isResponse(rest, id string) bool {
	rest, word := cutLast(rest)
	return word == "responses" && (strings.HasPrefix(id, "resp_") || looksLikeID(id) && isBase(rest))
}

// IsCompaction reports whether a request compacts a conversation.
func IsCompaction(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/responses/compact")
}

// IsTokenCount reports whether a request counts the tokens that an input would
// have.
func IsTokenCount(method, path string) bool {
	return method == "POST" && strings.HasSuffix(path, "/responses/input_tokens")
}

// IsRun reports whether a request makes an assistant work: a new run, or one that
// goes on with the results of tools.
func IsRun(method, path string) bool {
	if method != "POST" {
		return false
	}
	rest, last := cutLast(path)
	if last == "submit_tool_outputs" {
		rest, _ = cutLast(rest) // the run's id
		rest, last = cutLast(rest)
	}
	if last != "runs" {
		return false
	}
	rest, thread := cutLast(rest)
	if thread == "threads" { // a thread that is made together with its run
		return isBase(rest)
	}
	_, word := cutLast(rest)
	return word == "threads" && strings.HasPrefix(thread, "thread_")
}

// IsAssistant reports whether a request makes an assistant.
func IsAssistant(method, path string) bool { return creates(method, path, "assistants") }

// IsDecision reports whether a request asks for decisions.
func IsDecision(method, path string) bool { return creates(method, path, "decisions") }

// IsBatch reports whether a request hands in a batch.
func IsBatch(method, path string) bool { return creates(method, path, "batches") }

// creates reports whether a request makes a new member of a collection.
func creates(method, path, collection string) bool {
	rest, last := cutLast(path)
	return method == "POST" && last == collection && isBase(rest)
}

// IsSearch reports whether a request searches a vector store.
func IsSearch(method, path string) bool {
	rest, last := cutLast(path)
	if method != "POST" || last != "search" {
		return false
	}
	rest, id := cutLast(rest)
	_, word := cutLast(rest)
	return word == "vector_stores" && id != ""
}

// cutLast cuts a path before its last segment.
func cutLast(path string) (rest, last string) {
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return "", ""
	}
	return path[:at], path[at+1:]
}

// pathID is an id that a path names, fit for a record.
func pathID(id string) string {
	return runes.Clip(strings.ToValidUTF8(id, "\uFFFD"), maxIdentity)
}

// isBase reports whether an API may begin behind a path.
func isBase(path string) bool {
	rest, last := cutLast(path)
	if last == "" || isVersion(last) || isBaseName(last) {
		return true
	}
	rest, word := cutLast(rest)
	if word == "deployments" || word == "engines" { // Azure's, and what OpenAI had before models
		return true
	}
	_, word = cutLast(rest)
	return word == "azure-openai" // Cloudflare's, with resource and deployment
}

// isBaseName reports whether a segment is one behind which a provider's API begins.
func isBaseName(segment string) bool {
	switch segment {
	case "openai", "openapi", // many; Vertex AI
		"models", "inference", "serving-endpoints", // Azure AI; GitHub; Databricks
		"compat", "groq", "beta", "codex": // both of Cloudflare's gateway; DeepSeek; ChatGPT
		return true
	default:
		return false
	}
}

// isVersion reports whether a segment is one such as v1 or v1beta.
func isVersion(segment string) bool {
	return len(segment) > 1 && segment[0] == 'v' && '0' <= segment[1] && segment[1] <= '9'
}

// looksLikeID reports whether a segment has digits, and more than those.
func looksLikeID(segment string) bool {
	digits := 0
	for _, c := range []byte(segment) {
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	return digits > 0 && digits < len(segment)
}
