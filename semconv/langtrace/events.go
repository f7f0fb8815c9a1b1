package langtrace

// Span events that Langtrace reads. Each needs at least one attribute, a string or
// an int; of each name only the first counts.
const (
	// EventContentPrompt fills Inputs and the conversation from its attribute
	// [GenAIPromptKey]: the text of a JSON array of at least one message object. A
	// plain string or a single object breaks the page. LangSmith wants an object in
	// the same place, so the two need views of their own.
	EventContentPrompt = "gen_ai.content.prompt"

	// EventContentCompletion fills Outputs and the conversation from its attribute
	// [GenAICompletionKey], in the form of [EventContentPrompt]. Tool calls go into
	// content: a message with null content and tool_calls beside it is not shown.
	EventContentCompletion = "gen_ai.content.completion"

	// EventException is the only place where the text of an error can be seen.
	EventException = "exception"
)
