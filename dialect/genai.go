package dialect

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// reasonMissing stands in gen_ai.response.finish_reasons where a generation
// ended without a reason: the conventions keep the list positional.
const reasonMissing = "error"

// SpanName is the span name that the conventions ask for: the operation and,
// when it is known, what it works with: the model, or else an agent or a data source.
func SpanName(c *record.Call) string {
	with := c.Request.Model
	switch c.Operation {
	case "":
		return c.Step.Function
	case semconv.GenAIOperationNameInvokeAgent, semconv.GenAIOperationNameCreateAgent, semconv.GenAIOperationNamePlan:
		with = c.Agent.Name
	case semconv.GenAIOperationNameInvokeWorkflow:
		with = c.Step.Workflow
	case semconv.GenAIOperationNameExecuteTool:
		with = c.Step.Tool.Name
	case semconv.GenAIOperationNameRetrieval:
		with = c.Retrieval.DataSource
	case semconv.GenAIOperationNameFetchResponse:
		with = ""
	}
	if isMemory(c.Operation) {
		with = ""
	}
	if with == "" {
		return c.Operation
	}
	return c.Operation + " " + with
}

// AppendGenAIStart appends the attributes that samplers may look at and that
// must therefore be there when the span starts.
func AppendGenAIStart(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	dst = appendText(dst, semconv.GenAIOperationNameKey, c.Operation)
	dst = appendText(dst, semconv.GenAIProviderNameKey, c.Provider)
	dst = appendText(dst, semconv.GenAIRequestModelKey, c.Request.Model)
	dst = appendText(dst, semconv.GenAIAgentNameKey, c.Agent.Name)
	dst = appendText(dst, semconv.GenAIWorkflowNameKey, c.Step.Workflow)
	dst = appendText(dst, semconv.GenAIToolNameKey, c.Step.Tool.Name)
	dst = appendText(dst, semconv.GenAIToolTypeKey, c.Step.Tool.Type)
	if c.Server.Address != "" {
		dst = append(dst, semconv.ServerAddressKey.String(c.Server.Address), semconv.ServerPortKey.Int(c.Server.Port))
	}
	return dst
}

// AppendGenAI appends everything that is known at the end, except content.
func AppendGenAI(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	dst = appendGenAIResponse(dst, c)
	if c.Operation != semconv.GenAIOperationNameFetchResponse { // the conventions have none there
		dst = appendGenAIUsage(dst, usage(c))
	}
	dst = appendGenAIRequest(dst, c)
	dst = appendStep(dst, c)
	dst = appendText(dst, semconv.GenAIAgentIDKey, c.Agent.ID)
	dst = appendText(dst, semconv.GenAIDataSourceIDKey, c.Retrieval.DataSource)
	return appendInt(dst, semconv.GenAIRetrievalTopKKey, c.Retrieval.TopK)
}

// usage is what a backend is to be told of tokens: nothing when they are counted by
// another operation, for backends add up what they get.
func usage(c *record.Call) *record.Usage {
	if c.UsageCounted || tracedBelow(c) {
		return new(record.Usage)
	}
	return &c.Usage
}

func appendGenAIResponse(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	r := &c.Response
	dst = appendText(dst, semconv.GenAIResponseIDKey, r.ID)
	dst = appendText(dst, semconv.GenAIResponseModelKey, r.Model)
	if tellsStatus(c) {
		dst = appendText(dst, semconv.GenAIResponseStatusKey, r.Status)
	}
	if r.Compacted {
		dst = append(dst, semconv.GenAIConversationCompactedKey.Bool(true))
	}
	if len(r.Choices) > 0 {
		dst = append(dst, semconv.GenAIResponseFinishReasonsKey.StringSlice(finishReasons(r.Choices)))
	}
	dst = appendInt(dst, semconv.GenAIEmbeddingsDimensionCountKey, dimensions(c))
	if c.Request.Stream && !c.Timing.FirstChunk.IsZero() {
		wait := c.Timing.FirstChunk.Sub(c.Timing.Start).Seconds()
		dst = append(dst, semconv.GenAIResponseTimeToFirstChunkKey.Float64(wait))
	}
	if isOpenAI(c.Provider) {
		dst = appendText(dst, semconv.OpenAIAPITypeKey, c.API)
		dst = appendText(dst, semconv.OpenAIResponseServiceTierKey, r.ServiceTier)
		dst = appendText(dst, semconv.OpenAIResponseSystemFingerprintKey, r.SystemFingerprint)
	}
	return dst
}

// tellsStatus reports whether the state of an answer says more than its finish
// reason does: that it is still being made, or what became of one made elsewhere.
func tellsStatus(c *record.Call) bool {
	switch c.Operation {
	case semconv.GenAIOperationNameFetchResponse, semconv.GenAIOperationNameInvokeAgent:
		return true
	default:
		return c.Response.Status == semconv.GenAIResponseStatusQueued ||
			c.Response.Status == semconv.GenAIResponseStatusInProgress
	}
}

// dimensions is the length of the embeddings that came, or else of those asked for.
func dimensions(c *record.Call) record.Opt[int64] {
	if c.Response.Dimensions.IsSet() {
		return c.Response.Dimensions
	}
	return c.Request.Dimensions
}

func finishReasons(choices []record.Choice) []string {
	reasons := make([]string, len(choices))
	for i, choice := range choices {
		reasons[i] = choice.FinishReason
		if reasons[i] == "" {
			reasons[i] = reasonMissing
		}
	}
	return reasons
}

// appendGenAIUsage leaves out zero details: the provider always sends the
// members, and a zero says only that the feature was not used.
func appendGenAIUsage(dst []attribute.KeyValue, u *record.Usage) []attribute.KeyValue {
	dst = appendInt(dst, semconv.GenAIUsageInputTokensKey, u.Input)
	dst = appendInt(dst, semconv.GenAIUsageOutputTokensKey, u.Output)
	dst = appendPositive(dst, semconv.GenAIUsageCacheReadInputTokensKey, u.CacheRead)
	dst = appendPositive(dst, semconv.GenAIUsageCacheWriteInputTokensKey, u.CacheWrite)
	dst = appendPositive(dst, semconv.GenAIUsageReasoningOutputTokensKey, u.Reasoning)
	dst = appendPositive(dst, semconv.GenAIUsageTextInputTokensKey, u.TextInput)
	dst = appendPositive(dst, semconv.GenAIUsageAudioInputTokensKey, u.AudioInput)
	dst = appendPositive(dst, semconv.GenAIUsageImageInputTokensKey, u.ImageInput)
	dst = appendPositive(dst, semconv.GenAIUsageTextOutputTokensKey, u.TextOutput)
	dst = appendPositive(dst, semconv.GenAIUsageAudioOutputTokensKey, u.AudioOutput)
	return appendPositive(dst, semconv.GenAIUsageImageOutputTokensKey, u.ImageOutput)
}

func appendGenAIRequest(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	r := &c.Request
	if r.Stream {
		dst = append(dst, semconv.GenAIRequestStreamKey.Bool(true))
	}
	dst = appendText(dst, semconv.GenAIConversationIDKey, r.ConversationID)
	dst = appendText(dst, semconv.GenAIRequestPreviousResponseIDKey, r.PreviousResponseID)
	dst = appendText(dst, semconv.GenAIRequestStreamCursorKey, r.StreamCursor)
	dst = appendText(dst, semconv.GenAIPromptNameKey, r.PromptName)
	dst = appendText(dst, semconv.GenAIPromptVersionKey, r.PromptVersion)
	dst = appendInt(dst, semconv.GenAIRequestMaxTokensKey, r.MaxTokens)
	dst = appendFloat(dst, semconv.GenAIRequestTemperatureKey, r.Temperature)
	dst = appendFloat(dst, semconv.GenAIRequestTopPKey, r.TopP)
	dst = appendInt(dst, semconv.GenAIRequestTopKKey, r.TopK)
	dst = appendFloat(dst, semconv.GenAIRequestFrequencyPenaltyKey, r.FrequencyPenalty)
	dst = appendFloat(dst, semconv.GenAIRequestPresencePenaltyKey, r.PresencePenalty)
	dst = appendInt(dst, semconv.GenAIRequestSeedKey, r.Seed)
	if n := r.ChoiceCount.Or(1); n != 1 {
		dst = append(dst, semconv.GenAIRequestChoiceCountKey.Int64(n))
	}
	if len(r.StopSequences) > 0 {
		dst = append(dst, semconv.GenAIRequestStopSequencesKey.StringSlice(r.StopSequences))
	}
	if len(r.EncodingFormats) > 0 {
		dst = append(dst, semconv.GenAIRequestEncodingFormatsKey.StringSlice(r.EncodingFormats))
	}
	dst = appendText(dst, semconv.GenAIRequestReasoningLevelKey, r.ReasoningLevel)
	dst = appendText(dst, semconv.GenAIOutputTypeKey, r.OutputType)
	if isOpenAI(c.Provider) && r.ServiceTier != "auto" {
		dst = appendText(dst, semconv.OpenAIRequestServiceTierKey, r.ServiceTier)
	}
	return dst
}

// isOpenAI reports whether openai.* keys may accompany the provider's name.
func isOpenAI(provider string) bool {
	return provider == semconv.GenAIProviderNameOpenAI || provider == semconv.GenAIProviderNameAzureAIOpenAI
}
