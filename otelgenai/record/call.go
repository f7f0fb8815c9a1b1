package record

import "time"

// Call is one logical operation as its caller saw it, whatever number of HTTP
// attempts it took.
type Call struct {
	// Operation is the gen_ai.operation.name, for instance "chat".
	Operation string
	// Provider is the gen_ai.provider.name, for instance "openai".
	Provider string
	// ProviderAssumed is set while nothing tells who answers, and Provider is no more
	// than the flavor of the protocol.
	ProviderAssumed bool
	// API is the provider's own name for the endpoint family, for instance
	// "chat_completions"; empty where the provider has one only.
	API string
	// Path is the URL path of the request, without host and query.
	Path string
	// Server is the host the client was configured to talk to.
	Server Server

	Request  Request
	Response Response
	Usage    Usage
	Timing   Timing
	Stream   Stream
	// UsageCounted is set when the tokens in Usage belong to another operation, which
	// counted them as far as one can know: an answer that was made before and is
	// fetched once more. No backend must be told of them again.
	UsageCounted bool

	// Gateway is nil where the client talks to the provider itself, or to a gateway
	// that was not recognized.
	Gateway *Gateway
	// Agent is the agent that is invoked or made, of operations that have one.
	Agent Agent
	// Retrieval is what a search asked for and found, of operations that search.
	Retrieval Retrieval
	// Step is what the program does itself, of operations that are no call of a model.
	Step Step

	// Attempts counts the tries that reached the transport, the first included.
	Attempts int
	// Outcome says how the operation ended.
	Outcome Outcome
	// Error is set when Outcome is Failed.
	Error *Error
	// Content says what became of the message content.
	Content ContentState
}

// Server names a host without credentials, path or query.
type Server struct {
	Address string
	Port    int
}

// Outcome is how an operation ended.
type Outcome uint8

const (
	// Completed means that the provider's answer was received to its end.
	Completed Outcome = iota
	// Incomplete means that the answer stopped before its end without an error:
	// the caller closed the stream, canceled the context or dropped the
	// response, or the provider ended the stream early.
	Incomplete
	// Failed means that the provider or the transport failed.
	Failed
)

// ContentState says why message content that was sent may be missing or shorter
// in the record. Its zero value says that nothing is missing.
type ContentState struct {
	// Truncated is set when content was cut at a size bound.
	Truncated bool
	// Withheld is the reason for which content was left out altogether, for
	// instance "redactor_error"; empty when it was not.
	Withheld string
}

// Timing holds the moments of an operation; a zero time means that it did not come.
type Timing struct {
	Start time.Time
	// FirstChunk is when the first chunk arrived, whatever it carried.
	FirstChunk time.Time
	// FirstContent is when the first chunk with generated output arrived.
	FirstContent time.Time
	End          time.Time
}

// Stream counts what came over a streamed response.
type Stream struct {
	// Chunks counts the events with a payload, the terminator excluded.
	Chunks int
	// ContentChunks counts the chunks that carried generated output. Without
	// usage from the provider it is the best estimate of the output tokens.
	ContentChunks int
}

// Error is why an operation failed. Type, Code and ProviderType are
// low-cardinality identifiers; Message may quote the prompt and is content.
type Error struct {
	// Type is the error.type attribute.
	Type string
	// Code and ProviderType are the provider's own code and type, if it gave any.
	Code         string
	ProviderType string
	// Status is the HTTP status code, 0 when there was no response.
	Status int
	// RequestID is the id under which the provider knows the failed request, if it
	// gave one.
	RequestID string
	// Message is the provider's text.
	Message string
}
