package dialect

import (
	"math"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
	"github.com/genotel/genotel/semconv/openinference"
)

// readCall makes a record out of what the span of another instrumentation says, nil
// when it is about no GenAI operation. It reads the attributes of the conventions,
// the newest and those before them, of OpenLLMetry and of OpenInference, and the
// events with messages. A side of the conversation that cannot be read is left out.
//
// It takes all there is: a view hides first and reads then.
func readCall(span trace.ReadOnlySpan) *record.Call {
	if !isModelCall(span.Attributes()) {
		return nil
	}
	f := factsOf(span)
	operation := f.operation()
	if operation == "" {
		return nil
	}
	c := &record.Call{Operation: operation, Provider: f.provider(), Usage: f.usage()}
	c.Path = f.text("url.path")
	c.Server = record.Server{Address: f.text(semconv.ServerAddressKey), Port: int(f.integer(semconv.ServerPortKey).Or(0))}
	c.API = f.text(semconv.OpenAIAPITypeKey)
	c.Agent = record.Agent{
		ID: f.text(semconv.GenAIAgentIDKey), Name: f.text(semconv.GenAIAgentNameKey),
		Description: f.text(semconv.GenAIAgentDescriptionKey),
	}
	c.UsageCounted = isInProcessAgent(operation, span.SpanKind())
	f.request(&c.Request)
	f.response(&c.Response)
	f.timing(c, span)
	f.failure(c, span)
	f.content(c, span.Events())
	return c
}

// isInProcessAgent reports whether the tokens of a span are those of its children:
// an agent that runs in the program adds up what the models below it used.
func isInProcessAgent(operation string, kind oteltrace.SpanKind) bool {
	switch operation {
	case semconv.GenAIOperationNameInvokeAgent, semconv.GenAIOperationNameInvokeWorkflow, semconv.GenAIOperationNamePlan:
		return kind != oteltrace.SpanKindClient
	default:
		return false
	}
}

// Keys of other instrumentations that no vocabulary of ours has.
const (
	isStreamingKey       = attribute.Key("gen_ai.is_streaming")
	llmIsStreamingKey    = attribute.Key("llm.is_streaming")
	reasoningTokensKey   = attribute.Key("gen_ai.usage.reasoning_tokens")
	openAISeedKey        = attribute.Key("gen_ai.openai.request.seed")
	openAIFormatKey      = attribute.Key("gen_ai.openai.request.response_format")
	openAIRequestTierKey = attribute.Key("gen_ai.openai.request.service_tier")
	openAITierKey        = attribute.Key("gen_ai.openai.response.service_tier")
	openAIFingerprintKey = attribute.Key("gen_ai.openai.response.system_fingerprint")
)

// eventInferenceDetails is the event of the conventions that has the attributes of
// the operation with its content.
const eventInferenceDetails = "gen_ai.client.inference.operation.details"

// facts are the attributes of a span by key.
type facts map[attribute.Key]attribute.Value

// factsOf adds what only the details event has.
func factsOf(span trace.ReadOnlySpan) facts {
	f := make(facts, len(span.Attributes()))
	for _, kv := range span.Attributes() {
		f[kv.Key] = kv.Value
	}
	for _, event := range span.Events() {
		if event.Name != eventInferenceDetails {
			continue
		}
		for _, kv := range event.Attributes {
			if _, told := f[kv.Key]; !told {
				f[kv.Key] = kv.Value
			}
		}
	}
	return f
}

// text returns the first of the attributes that is a non-empty string.
func (f facts) text(keys ...attribute.Key) string {
	for _, key := range keys {
		if v := f[key]; v.Type() == attribute.STRING && v.AsString() != "" {
			return v.AsString()
		}
	}
	return ""
}

// integer returns the first of the attributes that is a whole number, of either type.
func (f facts) integer(keys ...attribute.Key) record.Opt[int64] {
	for _, key := range keys {
		v := f[key]
		if v.Type() == attribute.INT64 {
			return record.Some(v.AsInt64())
		}
		whole := v.AsFloat64()
		if v.Type() == attribute.FLOAT64 && whole == math.Trunc(whole) && math.Abs(whole) < 1<<53 {
			return record.Some(int64(whole))
		}
	}
	return record.Opt[int64]{}
}

// number returns the first of the attributes that is a number.
func (f facts) number(keys ...attribute.Key) record.Opt[float64] {
	for _, key := range keys {
		v := f[key]
		if v.Type() == attribute.INT64 {
			return record.Some(float64(v.AsInt64()))
		}
		n := v.AsFloat64()
		if v.Type() == attribute.FLOAT64 && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return record.Some(n)
		}
	}
	return record.Opt[float64]{}
}

func (f facts) isTrue(keys ...attribute.Key) bool {
	for _, key := range keys {
		if f[key].Type() == attribute.BOOL && f[key].AsBool() {
			return true
		}
	}
	return false
}

// list returns a list of texts, whatever it is written as; one text is a list too.
func (f facts) list(key attribute.Key) []string {
	v := f[key]
	if v.Type() == attribute.STRINGSLICE {
		return v.AsStringSlice()
	}
	text := v.String()
	raw, ok := elements(text)
	switch {
	case ok:
	case v.Type() == attribute.STRING && text != "":
		return []string{text}
	default:
		return nil
	}
	var texts []string
	for _, element := range raw {
		texts = append(texts, jsonOrText(element))
	}
	return texts
}

// operationWords translates what others call operations.
var operationWords = map[string]string{
	"chat":       semconv.GenAIOperationNameChat,
	"responses":  semconv.GenAIOperationNameChat,
	"completion": semconv.GenAIOperationNameTextCompletion,
	"embedding":  semconv.GenAIOperationNameEmbeddings,
}

// openInferenceOperations are the operations of OpenInference's kinds of spans. The
// other kinds are steps of the application.
var openInferenceOperations = map[string]string{
	openinference.SpanKindLLM:       semconv.GenAIOperationNameChat,
	openinference.SpanKindEmbedding: semconv.GenAIOperationNameEmbeddings,
	openinference.SpanKindTool:      semconv.GenAIOperationNameExecuteTool,
	openinference.SpanKindAgent:     semconv.GenAIOperationNameInvokeAgent,
	openinference.SpanKindRetriever: semconv.GenAIOperationNameRetrieval,
}

// operation is what the span says it is about, "" when that is no GenAI operation.
func (f facts) operation() string {
	if name := f.text(semconv.GenAIOperationNameKey); name != "" {
		if known, ok := operationWords[strings.ToLower(name)]; ok {
			return known
		}
		return name
	}
	if kind := f.text(openinference.SpanKindKey); kind != "" {
		return openInferenceOperations[strings.ToUpper(kind)]
	}
	if known, ok := operationWords[strings.ToLower(f.text(langsmith.LLMRequestTypeKey))]; ok {
		return known
	}
	if f.text(langsmith.GenAISystemKey) != "" && f.text(semconv.GenAIRequestModelKey) != "" {
		return semconv.GenAIOperationNameChat
	}
	return ""
}

// providerWords translates what others, and the conventions before, call providers.
var providerWords = map[string]string{
	"az.ai.inference": semconv.GenAIProviderNameAzureAIInference,
	"az.ai.openai":    semconv.GenAIProviderNameAzureAIOpenAI,
	"azure":           semconv.GenAIProviderNameAzureAIOpenAI,
	"azure_openai":    semconv.GenAIProviderNameAzureAIOpenAI,
	"aws":             semconv.GenAIProviderNameAWSBedrock,
	"aws_bedrock":     semconv.GenAIProviderNameAWSBedrock,
	"bedrock":         semconv.GenAIProviderNameAWSBedrock,
	"gemini":          semconv.GenAIProviderNameGCPGemini,
	"google":          semconv.GenAIProviderNameGCPGemini,
	"mistral":         semconv.GenAIProviderNameMistralAI,
	"mistralai":       semconv.GenAIProviderNameMistralAI,
	"vertex_ai":       semconv.GenAIProviderNameGCPVertexAI,
	"vertexai":        semconv.GenAIProviderNameGCPVertexAI,
	"watsonx":         semconv.GenAIProviderNameIBMWatsonxAI,
	"xai":             semconv.GenAIProviderNameXAI,
}

func (f facts) provider() string {
	name := strings.ToLower(f.text(semconv.GenAIProviderNameKey, langsmith.GenAISystemKey,
		openinference.LLMProviderKey, openinference.LLMSystemKey))
	if known, ok := providerWords[name]; ok {
		return known
	}
	return name
}

func (f facts) request(r *record.Request) {
	r.Model = f.text(semconv.GenAIRequestModelKey, openinference.LLMModelNameKey,
		openinference.EmbeddingModelNameKey, langtrace.LLMRequestModelKey)
	r.Stream = f.isTrue(semconv.GenAIRequestStreamKey, isStreamingKey, llmIsStreamingKey)
	r.Temperature = f.number(semconv.GenAIRequestTemperatureKey)
	r.TopP = f.number(semconv.GenAIRequestTopPKey)
	r.TopK = f.integer(semconv.GenAIRequestTopKKey)
	r.MaxTokens = f.integer(semconv.GenAIRequestMaxTokensKey)
	r.FrequencyPenalty = f.number(semconv.GenAIRequestFrequencyPenaltyKey, langsmith.LLMFrequencyPenaltyKey)
	r.PresencePenalty = f.number(semconv.GenAIRequestPresencePenaltyKey, langsmith.LLMPresencePenaltyKey)
	r.Seed = f.integer(semconv.GenAIRequestSeedKey, openAISeedKey)
	r.ChoiceCount = f.integer(semconv.GenAIRequestChoiceCountKey)
	r.StopSequences = f.list(semconv.GenAIRequestStopSequencesKey)
	r.ReasoningLevel = f.text(semconv.GenAIRequestReasoningLevelKey)
	r.OutputType = f.text(semconv.GenAIOutputTypeKey, openAIFormatKey)
	r.ServiceTier = f.text(semconv.OpenAIRequestServiceTierKey, openAIRequestTierKey)
	r.EncodingFormats = f.list(semconv.GenAIRequestEncodingFormatsKey)
	r.PreviousResponseID = f.text(semconv.GenAIRequestPreviousResponseIDKey)
	r.ConversationID = f.text(semconv.GenAIConversationIDKey)
	r.PromptName = f.text(semconv.GenAIPromptNameKey)
	r.PromptVersion = f.text(semconv.GenAIPromptVersionKey)
}

func (f facts) response(r *record.Response) {
	r.ID = f.text(semconv.GenAIResponseIDKey)
	r.Model = f.text(semconv.GenAIResponseModelKey)
	r.Status = f.text(semconv.GenAIResponseStatusKey)
	r.ServiceTier = f.text(semconv.OpenAIResponseServiceTierKey, openAITierKey)
	r.SystemFingerprint = f.text(semconv.OpenAIResponseSystemFingerprintKey, openAIFingerprintKey)
	r.Dimensions = f.integer(semconv.GenAIEmbeddingsDimensionCountKey)
}

func (f facts) usage() record.Usage {
	return record.Usage{
		Input: f.integer(semconv.GenAIUsageInputTokensKey, langsmith.GenAIUsagePromptTokensKey,
			openinference.LLMTokenCountPromptKey, langtrace.LLMUsagePromptTokensKey),
		Output: f.integer(semconv.GenAIUsageOutputTokensKey, langsmith.GenAIUsageCompletionTokensKey,
			openinference.LLMTokenCountCompletionKey, langtrace.LLMUsageCompletionTokensKey),
		Total: f.integer(langsmith.GenAIUsageTotalTokensKey, openinference.LLMTokenCountTotalKey,
			langsmith.LLMUsageTotalTokensKey),
		CacheRead: f.integer(semconv.GenAIUsageCacheReadInputTokensKey, langsmith.GenAIUsageCacheReadInputTokensKey,
			openinference.LLMTokenCountPromptDetailsCacheReadKey),
		CacheWrite: f.integer(semconv.GenAIUsageCacheWriteInputTokensKey, semconv.GenAIUsageCacheCreationInputTokensKey,
			langsmith.GenAIUsageCacheCreationInputTokensKey, openinference.LLMTokenCountPromptDetailsCacheWriteKey),
		Reasoning: f.integer(semconv.GenAIUsageReasoningOutputTokensKey, langsmith.GenAIUsageDetailsReasoningTokensKey,
			reasoningTokensKey, openinference.LLMTokenCountCompletionDetailsReasoningKey),
		TextInput:  f.integer(semconv.GenAIUsageTextInputTokensKey),
		ImageInput: f.integer(semconv.GenAIUsageImageInputTokensKey),
		AudioInput: f.integer(semconv.GenAIUsageAudioInputTokensKey, openinference.LLMTokenCountPromptDetailsAudioKey),
		TextOutput: f.integer(semconv.GenAIUsageTextOutputTokensKey),
		AudioOutput: f.integer(semconv.GenAIUsageAudioOutputTokensKey,
			openinference.LLMTokenCountCompletionDetailsAudioKey),
		ImageOutput: f.integer(semconv.GenAIUsageImageOutputTokensKey),
		Cost:        f.number(semconv.UsageCostKey, openinference.LLMCostTotalKey),
	}
}

// timing takes the first chunk for the first content: others time no more than that.
func (f facts) timing(c *record.Call, span trace.ReadOnlySpan) {
	c.Timing = record.Timing{Start: span.StartTime(), End: span.EndTime()}
	wait, ok := f.number(semconv.GenAIResponseTimeToFirstChunkKey).Get()
	if !ok || wait < 0 || wait > c.Timing.End.Sub(c.Timing.Start).Seconds() {
		return
	}
	c.Request.Stream = true
	c.Timing.FirstChunk = c.Timing.Start.Add(seconds(wait))
	c.Timing.FirstContent = c.Timing.FirstChunk
}

func (f facts) failure(c *record.Call, span trace.ReadOnlySpan) {
	kind := f.text(semconv.ErrorTypeKey)
	if span.Status().Code != codes.Error && kind == "" {
		return
	}
	c.Outcome = record.Failed
	c.Error = &record.Error{
		Type: kind, Message: span.Status().Description,
		Status: int(f.integer(semconv.HTTPResponseStatusCodeKey).Or(0)),
	}
}
