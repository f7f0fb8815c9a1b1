package langsmith

import "go.opentelemetry.io/otel/attribute"

// MetadataPrefix starts the keys langsmith.metadata.<name>, each of which fills
// metadata.<name> of the run. Strings, ints, doubles and bools are kept as they
// are. A list or a map must be sent as JSON text: an array would be stored as a
// raw protobuf object.
const MetadataPrefix = "langsmith.metadata."

// Metadata of a model call. Cost needs the provider and the model name.
const (
	// MetadataLSProviderKey is the provider, for the price table. A string; beats
	// [GenAISystemKey].
	MetadataLSProviderKey = attribute.Key("langsmith.metadata.ls_provider")

	// MetadataLSModelNameKey is the model, for the price table. A string; beats
	// gen_ai.request.model and gen_ai.response.model.
	MetadataLSModelNameKey = attribute.Key("langsmith.metadata.ls_model_name")

	// MetadataLSModelTypeKey is [ModelTypeChat] or [ModelTypeLLM].
	MetadataLSModelTypeKey = attribute.Key("langsmith.metadata.ls_model_type")

	// MetadataLSTemperatureKey is the temperature of the request. A double.
	MetadataLSTemperatureKey = attribute.Key("langsmith.metadata.ls_temperature")

	// MetadataLSMaxTokensKey is the limit of output tokens of the request. An int.
	MetadataLSMaxTokensKey = attribute.Key("langsmith.metadata.ls_max_tokens")

	// MetadataLSStopKey is the list of stop sequences, always a list. JSON text.
	MetadataLSStopKey = attribute.Key("langsmith.metadata.ls_stop")

	// MetadataLSInvocationParamsKey holds the other parameters of the request. A
	// JSON object as text.
	MetadataLSInvocationParamsKey = attribute.Key("langsmith.metadata.ls_invocation_params")

	// MetadataServiceTierKey is the provider's service tier. A string.
	MetadataServiceTierKey = attribute.Key("langsmith.metadata.service_tier")

	// MetadataStopReasonKey is why the model stopped. A string. The converter does not
	// map gen_ai.response.finish_reasons.
	MetadataStopReasonKey = attribute.Key("langsmith.metadata.stop_reason")

	// MetadataInferenceGeoKey is the region in which the provider ran the model. A
	// string.
	MetadataInferenceGeoKey = attribute.Key("langsmith.metadata.inference_geo")

	// MetadataSpeedKey is the provider's speed mode. A string.
	MetadataSpeedKey = attribute.Key("langsmith.metadata.speed")

	// MetadataLiteLLMCallIDKey is the id that a LiteLLM proxy gave to the call. A
	// string.
	MetadataLiteLLMCallIDKey = attribute.Key("langsmith.metadata.litellm_call_id")

	// MetadataServerToolUsePrefix starts the counts of tools that the provider ran,
	// one key per tool. Ints.
	MetadataServerToolUsePrefix = "langsmith.metadata.server_tool_use."
)

// Values of [MetadataLSModelTypeKey].
const (
	ModelTypeChat = "chat"
	ModelTypeLLM  = "llm"
)

// Metadata that groups runs. LangSmith makes a thread of the runs that share the
// value of one of the first three keys; it must be on every run of the thread,
// children included. Strings.
const (
	// MetadataSessionIDKey names the thread.
	MetadataSessionIDKey = attribute.Key("langsmith.metadata.session_id")

	// MetadataConversationIDKey names the thread.
	MetadataConversationIDKey = attribute.Key("langsmith.metadata.conversation_id")

	// MetadataThreadIDKey names the thread.
	MetadataThreadIDKey = attribute.Key("langsmith.metadata.thread_id")

	// MetadataUserIDKey is the id of the user.
	MetadataUserIDKey = attribute.Key("langsmith.metadata.user_id")
)

// Metadata that steers the display of agents.
const (
	// MetadataLSAgentTypeKey is one of the AgentType values.
	MetadataLSAgentTypeKey = attribute.Key("langsmith.metadata.ls_agent_type")

	// MetadataLSMessageViewExcludeKey keeps the run out of the message view.
	MetadataLSMessageViewExcludeKey = attribute.Key("langsmith.metadata.ls_message_view_exclude")

	// MetadataLSIsErrorInterruptKey marks an error that is an interrupt and no
	// failure.
	MetadataLSIsErrorInterruptKey = attribute.Key("langsmith.metadata.ls_is_error_interrupt")
)

// Values of [MetadataLSAgentTypeKey].
const (
	AgentTypeRoot       = "root"
	AgentTypeSubagent   = "subagent"
	AgentTypeMiddleware = "middleware"
	AgentTypeCompaction = "compaction"
)
