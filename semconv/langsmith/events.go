package langsmith

import "go.opentelemetry.io/otel/attribute"

// Span events that LangSmith reads.
const (
	// EventNewToken marks the first generated token; its time becomes
	// first_token_time. Hosted only. Give it a string attribute: Langtrace refuses a
	// batch with a bare event.
	EventNewToken = "new_token"

	// EventException makes the run a failure; nothing else does, for the status of
	// the span is never read. So it is there if and only if the run failed, and not
	// for an attempt that was retried. The text is exception.message followed by
	// exception.stacktrace, which must come in this order. Only the first one counts.
	EventException = "exception"

	// EventContentPrompt fills inputs from its attribute [GenAIPromptKey], which must
	// be a JSON object. It beats every attribute, so an array here, the form
	// Langtrace wants, spoils the inputs.
	EventContentPrompt = "gen_ai.content.prompt"

	// EventContentCompletion fills outputs from its attribute [GenAICompletionKey],
	// with the traps of [EventContentPrompt].
	EventContentCompletion = "gen_ai.content.completion"
)

// Message events of the old conventions, read when they are span events. They
// beat the attributes with the same content.
const (
	// EventSystemMessage adds to inputs.messages.
	EventSystemMessage = "gen_ai.system.message"

	// EventUserMessage adds to inputs.messages.
	EventUserMessage = "gen_ai.user.message"

	// EventAssistantMessage adds to outputs.messages, even when the message is part
	// of the history.
	EventAssistantMessage = "gen_ai.assistant.message"

	// EventToolMessage adds to outputs.messages.
	EventToolMessage = "gen_ai.tool.message"

	// EventChoice sets outputs.choices. Each one replaces the one before, so only the
	// last choice survives.
	EventChoice = "gen_ai.choice"
)

// Attributes of the message events.
const (
	// EventContentKey is the whole message or choice: a JSON object as text. It
	// replaces the other attributes.
	EventContentKey = attribute.Key("gen_ai.event.content")

	// EventMessageContentKey is the text of a message.
	EventMessageContentKey = attribute.Key("content")

	// EventMessageRoleKey is the role of a message.
	EventMessageRoleKey = attribute.Key("role")

	// EventMessageIDKey is the tool_call_id of a tool message.
	EventMessageIDKey = attribute.Key("id")

	// EventChoiceFinishReasonKey is why the choice ended.
	EventChoiceFinishReasonKey = attribute.Key("finish_reason")

	// EventChoiceMessageContentKey is the text of a choice.
	EventChoiceMessageContentKey = attribute.Key("message.content")

	// EventChoiceMessageRoleKey is the role of a choice.
	EventChoiceMessageRoleKey = attribute.Key("message.role")

	// EventChoiceToolCallsPrefix starts the tool calls of a choice, tool_calls.<n>
	// with .id, .type, .function.name and .function.arguments. Reading stops at the
	// first missing id.
	EventChoiceToolCallsPrefix = "tool_calls."
)
