package record

// Request is what the caller asked for. Absent parameters stay absent.
type Request struct {
	Model  string
	Stream bool

	Temperature      Opt[float64]
	TopP             Opt[float64]
	TopK             Opt[int64]
	MaxTokens        Opt[int64]
	FrequencyPenalty Opt[float64]
	PresencePenalty  Opt[float64]
	Seed             Opt[int64]
	// ChoiceCount is the number of answers asked for, when the request names one.
	ChoiceCount   Opt[int64]
	StopSequences []string
	// ReasoningLevel is the effort exactly as sent, for instance "high".
	ReasoningLevel string
	// OutputType is the gen_ai.output.type that the request fixes: text, json,
	// image or speech; empty when it fixes none.
	OutputType string
	// ServiceTier is the processing tier as sent.
	ServiceTier string
	// Dimensions is the length asked for of embeddings, EncodingFormats what their
	// numbers are to be written as.
	Dimensions      Opt[int64]
	EncodingFormats []string

	// Options are short parameters that only some endpoints have, by the provider's
	// names: the size of an image, for instance, or a voice.
	Options []Option

	// PreviousResponseID names the answer that this request continues.
	PreviousResponseID string
	// ConversationID names the conversation that the provider keeps, as the request
	// or else the answer says.
	ConversationID string
	// StreamCursor is the place in a stored stream after which it is to go on.
	StreamCursor string
	// PromptName and PromptVersion name a prompt that the provider keeps.
	PromptName    string
	PromptVersion string

	// PromptVariables is what is filled into that prompt. It is content, as are the
	// following.
	PromptVariables []Variable
	// System holds instructions sent beside the conversation, Messages the
	// conversation in the order sent, Tools what the model may call. They are
	// content: present only when somebody may see it.
	System   []Part
	Messages []Message
	Tools    []Tool
}

// Option is a parameter by name. Its value is as sent: a word or a number.
type Option struct{ Name, Value string }

// Variable is a value for a place in a stored prompt.
type Variable struct{ Name, Value string }

// Tool is a tool definition offered to the model.
type Tool struct {
	// Type is the provider's kind of tool, for instance "function".
	Type        string
	Name        string
	Description string
	// Parameters is the JSON schema of the arguments as sent, or empty.
	Parameters string
}
