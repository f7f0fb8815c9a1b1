package otelgenai

// LiteLLMMode says who traces the calls that go through a LiteLLM proxy, so that
// no backend counts one twice. It must fit the callbacks that the proxy is set up
// with.
type LiteLLMMode uint8

const (
	// LiteLLMUnknown is the mode when [WithLiteLLM] was not used: as [LiteLLMClient],
	// but only the headers of a response tell that there is a proxy.
	LiteLLMUnknown LiteLLMMode = iota
	// LiteLLMClient is for a proxy without a tracing callback, or with one that
	// sends to another backend. The client makes the span of the model call.
	LiteLLMClient
	// LiteLLMProxy is for a proxy whose callback logs each call by itself, such as
	// "langsmith". The client makes no span. Hosts of [WithPropagateTo] are sent the
	// span around the call.
	LiteLLMProxy
	// LiteLLMNested is for a proxy whose callback "otel" sends to the same backend
	// and project. The proxy is always sent the trace context, and makes the span of
	// the model call with its usage; the span of the client becomes a step around
	// it, which has no usage and is a chain for LangSmith.
	LiteLLMNested
)
