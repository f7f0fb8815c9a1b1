package record

// Gateway is what a gateway said of a call: a proxy that takes requests in one
// protocol and routes them to many providers. What it did not say is absent.
type Gateway struct {
	// Name is the kind of gateway, for instance "litellm".
	Name string
	// CallID is its own id of the call.
	CallID string
	// Provider is who answered behind it, in the spelling of the gateway or of the
	// conventions; empty where nothing tells.
	Provider string
	// Fallbacks counts the other models that it tried after the one asked for.
	Fallbacks Opt[int64]
	// Cost is in US dollars, for the whole call.
	Cost Opt[float64]
	// Traces is set when the gateway traces the model call itself. The operation is
	// then a step around that one, and counts no tokens.
	Traces bool
	// Facts is whatever else it said, in its own vocabulary.
	Facts []Fact
}

// Fact is a value under the name that its source has for it.
type Fact struct {
	Name string
	// Value is a string, an int64, a float64, a bool or a []string.
	Value any
}
