package record

// Agent is an agent that lives at the provider.
type Agent struct {
	// ID is the provider's own, stable id.
	ID string
	// Name and Description are as the request gives them.
	Name        string
	Description string
}
