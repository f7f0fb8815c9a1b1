package record

// Response is what the provider answered, as far as it was received.
type Response struct {
	ID                string
	Model             string
	ServiceTier       string
	SystemFingerprint string
	// Status is the state of an answer in the provider's words, where it has one:
	// "completed", or "queued" for one that is made in the background.
	Status string
	// Compacted is set when the provider shortened the conversation on the way.
	Compacted bool
	// Choices holds one element per generation, ordered by index. The finish
	// reasons are always there; the messages are content.
	Choices []Choice

	// Vectors is the number of embeddings, Dimensions the length of the first of
	// them. The numbers themselves are never recorded.
	Vectors    Opt[int64]
	Dimensions Opt[int64]

	// AudioBytes is the length of the sound that was made, AudioSeconds how long the
	// sound is that was transcribed, as the provider says.
	AudioBytes   Opt[int64]
	AudioSeconds Opt[float64]
	// Moderations holds the verdict on each input of a moderation.
	Moderations []Moderation
}

// Moderation is the verdict on one input.
type Moderation struct {
	Flagged bool
	// Categories are those in which the input was flagged, in the provider's words
	// and order.
	Categories []string
	// JSON is the whole verdict. It is content.
	JSON string
}

// Choice is one generation.
type Choice struct {
	Index int
	// FinishReason is the provider's own word, or empty when it never came.
	FinishReason string
	Message      Message
}

// Usage is the provider's own count of tokens; what it did not report is absent.
type Usage struct {
	// Input counts all input tokens, cached ones and every modality included,
	// Output all output tokens, reasoning included.
	Input  Opt[int64]
	Output Opt[int64]
	// Total is the provider's total, or absent.
	Total Opt[int64]

	CacheRead  Opt[int64]
	CacheWrite Opt[int64]
	Reasoning  Opt[int64]

	TextInput   Opt[int64]
	AudioInput  Opt[int64]
	ImageInput  Opt[int64]
	TextOutput  Opt[int64]
	AudioOutput Opt[int64]
	ImageOutput Opt[int64]

	// Cost is in US dollars, only where the provider states it.
	Cost Opt[float64]
}
