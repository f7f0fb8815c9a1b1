package dialect

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/openinference"
)

// AppendOpenInference appends the scalar part of OpenInference: the kind of span, which
// model answered, with which parameters, and what it counted. It has no content.
func AppendOpenInference(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	kind := openInferenceKind(c)
	dst = append(dst, openinference.SpanKindKey.String(kind))
	if kind == openinference.SpanKindAgent {
		dst = appendText(dst, openinference.AgentNameKey, c.Agent.Name)
	}
	dst = appendOpenInferenceModel(dst, c, kind)
	dst = appendOpenInferenceUsage(dst, usage(c))
	if len(c.Response.Choices) > 0 {
		dst = appendText(dst, openinference.LLMFinishReasonKey, c.Response.Choices[0].FinishReason)
	}
	return dst
}

// openInferenceKind has CHAIN for every step that no other kind is meant for.
func openInferenceKind(c *record.Call) string {
	if tracedBelow(c) {
		return openinference.SpanKindChain
	}
	switch c.Operation {
	case semconv.GenAIOperationNameChat, semconv.GenAIOperationNameGenerateContent,
		semconv.GenAIOperationNameTextCompletion:
		return openinference.SpanKindLLM
	case semconv.GenAIOperationNameFetchResponse:
		if generates(c) {
			return openinference.SpanKindLLM
		}
		return openinference.SpanKindChain
	case semconv.GenAIOperationNameEmbeddings:
		return openinference.SpanKindEmbedding
	case semconv.GenAIOperationNameExecuteTool:
		return openinference.SpanKindTool
	case semconv.GenAIOperationNameInvokeAgent:
		return openinference.SpanKindAgent
	case semconv.GenAIOperationNameRetrieval, semconv.GenAIOperationNameSearchMemory:
		return openinference.SpanKindRetriever
	case semconv.OperationNameModeration:
		return openinference.SpanKindGuardrail
	default:
		return openinference.SpanKindChain
	}
}

// appendOpenInferenceModel leaves provider and system out of embeddings, as OpenInference
// asks, and everything out of what has no model.
func appendOpenInferenceModel(dst []attribute.KeyValue, c *record.Call, kind string) []attribute.KeyValue {
	provider, name := answeredBy(c)
	parameters := invocationParams(c)
	switch kind {
	case openinference.SpanKindRetriever, openinference.SpanKindTool:
		return dst
	case openinference.SpanKindEmbedding:
		dst = appendText(dst, openinference.EmbeddingModelNameKey, name)
		return append(dst, openinference.EmbeddingInvocationParametersKey.String(parameters))
	}
	names := openInferenceNames(provider)
	dst = appendText(dst, openinference.LLMModelNameKey, name)
	dst = appendText(dst, openinference.LLMProviderKey, names.provider)
	dst = appendText(dst, openinference.LLMSystemKey, names.system)
	if parameters == "{}" {
		return dst
	}
	return append(dst, openinference.LLMInvocationParametersKey.String(parameters))
}

func appendOpenInferenceUsage(dst []attribute.KeyValue, u *record.Usage) []attribute.KeyValue {
	dst = appendInt(dst, openinference.LLMTokenCountPromptKey, u.Input)
	dst = appendInt(dst, openinference.LLMTokenCountCompletionKey, u.Output)
	dst = appendInt(dst, openinference.LLMTokenCountTotalKey, total(u))
	dst = appendPositive(dst, openinference.LLMTokenCountPromptDetailsCacheReadKey, u.CacheRead)
	dst = appendPositive(dst, openinference.LLMTokenCountPromptDetailsCacheWriteKey, u.CacheWrite)
	dst = appendPositive(dst, openinference.LLMTokenCountPromptDetailsAudioKey, u.AudioInput)
	dst = appendPositive(dst, openinference.LLMTokenCountCompletionDetailsReasoningKey, u.Reasoning)
	dst = appendPositive(dst, openinference.LLMTokenCountCompletionDetailsAudioKey, u.AudioOutput)
	return appendFloat(dst, openinference.LLMCostTotalKey, u.Cost)
}

// forOpenInference reports whether [AppendOpenInference] writes the key.
func forOpenInference(key attribute.Key) bool {
	switch key {
	case openinference.SpanKindKey, openinference.AgentNameKey,
		openinference.EmbeddingModelNameKey, openinference.EmbeddingInvocationParametersKey,
		openinference.LLMModelNameKey, openinference.LLMProviderKey, openinference.LLMSystemKey,
		openinference.LLMInvocationParametersKey, openinference.LLMFinishReasonKey,
		openinference.LLMTokenCountPromptKey, openinference.LLMTokenCountCompletionKey, openinference.LLMTokenCountTotalKey,
		openinference.LLMTokenCountPromptDetailsCacheReadKey, openinference.LLMTokenCountPromptDetailsCacheWriteKey,
		openinference.LLMTokenCountPromptDetailsAudioKey, openinference.LLMTokenCountCompletionDetailsReasoningKey,
		openinference.LLMTokenCountCompletionDetailsAudioKey, openinference.LLMCostTotalKey:
		return true
	default:
		return false
	}
}

// hostAndProduct is a provider as OpenInference tells it: who hosts the model, and the
// product that answers.
type hostAndProduct struct{ provider, system string }

// openInferenceNames translates a provider's name, as the conventions or LiteLLM spell
// it, into the values that OpenInference wants where one of them fits.
func openInferenceNames(provider string) hostAndProduct {
	switch provider {
	case "text-completion-openai":
		return hostAndProduct{openinference.LLMProviderOpenAI, openinference.LLMSystemOpenAI}
	case semconv.GenAIProviderNameAzureAIOpenAI, "azure":
		return hostAndProduct{openinference.LLMProviderAzure, openinference.LLMSystemOpenAI}
	case semconv.GenAIProviderNameAzureAIInference, "azure_ai":
		return hostAndProduct{openinference.LLMProviderAzure, openinference.LLMProviderAzure}
	case semconv.GenAIProviderNameGCPGemini, semconv.GenAIProviderNameGCPVertexAI, semconv.GenAIProviderNameGCPGenAI,
		"gemini", "vertex_ai":
		return hostAndProduct{openinference.LLMProviderGoogle, openinference.LLMSystemVertexAI}
	case semconv.GenAIProviderNameMistralAI, "mistral":
		return hostAndProduct{openinference.LLMProviderMistralAI, openinference.LLMSystemMistralAI}
	case semconv.GenAIProviderNameAWSBedrock, "bedrock", "sagemaker":
		provider = openinference.LLMProviderAWS
	case semconv.GenAIProviderNameXAI:
		provider = openinference.LLMProviderXAI
	case semconv.GenAIProviderNameMoonshotAI:
		provider = openinference.LLMProviderMoonshot
	case "cohere_chat":
		provider = openinference.LLMProviderCohere
	case "fireworks_ai":
		provider = openinference.LLMProviderFireworks
	case "together_ai":
		provider = openinference.LLMProviderTogether
	}
	return hostAndProduct{provider, provider}
}
