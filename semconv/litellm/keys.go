package litellm

import "go.opentelemetry.io/otel/attribute"

// What answered, and by which call.
const (
	// CallIDKey is the proxy's id of the call, x-litellm-call-id. A string. A client
	// may choose it by sending the header.
	CallIDKey = attribute.Key("litellm.call_id")

	// ModelIDKey is the id of the deployment that answered, x-litellm-model-id. A
	// string.
	ModelIDKey = attribute.Key("litellm.model_id")

	// ModelGroupKey is the name of the group of deployments from which the proxy
	// chose, x-litellm-model-group. A string.
	ModelGroupKey = attribute.Key("litellm.model_group")

	// APIBaseKey is the upstream that answered, x-litellm-model-api-base, without
	// user information and query. A string. The proxy itself is server.address.
	APIBaseKey = attribute.Key("litellm.api_base")

	// RegionKey is the region of the deployment, x-litellm-model-region. A string.
	RegionKey = attribute.Key("litellm.region")

	// VersionKey is the version of the proxy, x-litellm-version. A string.
	VersionKey = attribute.Key("litellm.version")

	// CacheKeyKey is the key of the answer in the proxy's cache,
	// x-litellm-cache-key. A string. It says that a cache is in play, not that the
	// answer came from it.
	CacheKeyKey = attribute.Key("litellm.cache_key")

	// RequestTagsKey is the tags of the request, x-litellm-tags of the request. A
	// list of strings.
	RequestTagsKey = attribute.Key("litellm.request.tags")
)

// What the call cost, in US dollars. Doubles. A streamed response begins before
// its cost is known; these headers are then absent or zero, and a zero of a stream
// is not recorded.
const (
	// CostTotalKey is the cost of the call, x-litellm-response-cost.
	CostTotalKey = attribute.Key("litellm.cost.total")

	// CostOriginalKey is the cost before discount and margin,
	// x-litellm-response-cost-original.
	CostOriginalKey = attribute.Key("litellm.cost.original")

	// CostDiscountAmountKey is x-litellm-response-cost-discount-amount.
	CostDiscountAmountKey = attribute.Key("litellm.cost.discount_amount")

	// CostMarginAmountKey is x-litellm-response-cost-margin-amount.
	CostMarginAmountKey = attribute.Key("litellm.cost.margin_amount")

	// CostMarginPercentKey is x-litellm-response-cost-margin-percent. A percentage,
	// not dollars.
	CostMarginPercentKey = attribute.Key("litellm.cost.margin_percent")

	// CostInputKey is x-litellm-response-cost-input.
	CostInputKey = attribute.Key("litellm.cost.input")

	// CostOutputKey is x-litellm-response-cost-output.
	CostOutputKey = attribute.Key("litellm.cost.output")

	// CostCacheReadKey is x-litellm-response-cost-cache-read.
	CostCacheReadKey = attribute.Key("litellm.cost.cache_read")

	// CostCacheCreationKey is x-litellm-response-cost-cache-creation.
	CostCacheCreationKey = attribute.Key("litellm.cost.cache_creation")

	// CostReasoningKey is x-litellm-response-cost-reasoning.
	CostReasoningKey = attribute.Key("litellm.cost.reasoning")

	// CostToolUsageKey is x-litellm-response-cost-tool-usage.
	CostToolUsageKey = attribute.Key("litellm.cost.tool_usage")
)

// How long the proxy took, in milliseconds. Doubles.
const (
	// DurationResponseKey is the time to the provider's response,
	// x-litellm-response-duration-ms.
	DurationResponseKey = attribute.Key("litellm.duration.response")

	// DurationOverheadKey is the time that the proxy itself took,
	// x-litellm-overhead-duration-ms.
	DurationOverheadKey = attribute.Key("litellm.duration.overhead")

	// DurationCallbackKey is the time of its callbacks,
	// x-litellm-callback-duration-ms.
	DurationCallbackKey = attribute.Key("litellm.duration.callback")

	// DurationPreProcessingKey is x-litellm-timing-pre-processing-ms. It and the
	// following are sent where the proxy runs with LITELLM_DETAILED_TIMING.
	DurationPreProcessingKey = attribute.Key("litellm.duration.pre_processing")

	// DurationLLMAPIKey is x-litellm-timing-llm-api-ms.
	DurationLLMAPIKey = attribute.Key("litellm.duration.llm_api")

	// DurationPostProcessingKey is x-litellm-timing-post-processing-ms.
	DurationPostProcessingKey = attribute.Key("litellm.duration.post_processing")

	// DurationMessageCopyKey is x-litellm-timing-message-copy-ms.
	DurationMessageCopyKey = attribute.Key("litellm.duration.message_copy")
)

// What the proxy tried. It counts for the group of models that answered, and says
// so on successes only. The attempts of the client are http.request.resend_count.
const (
	// RetriesAttemptedKey is x-litellm-attempted-retries. An int.
	RetriesAttemptedKey = attribute.Key("litellm.retries.attempted")

	// RetriesMaxKey is x-litellm-max-retries. An int.
	RetriesMaxKey = attribute.Key("litellm.retries.max")

	// FallbacksAttemptedKey is x-litellm-attempted-fallbacks. An int.
	FallbacksAttemptedKey = attribute.Key("litellm.fallbacks.attempted")

	// FallbacksMaxKey is x-litellm-max-fallbacks. An int.
	FallbacksMaxKey = attribute.Key("litellm.fallbacks.max")

	// FallbackKey says that another model answered than the one asked for. A bool,
	// only ever true. It is concluded from x-litellm-attempted-fallbacks, or from a
	// model in the response that is not the one of the request: the proxy writes the
	// requested name over the real one unless it fell back. A router of models at the
	// provider looks the same.
	FallbackKey = attribute.Key("litellm.fallback")

	// TimeoutKey is the time limit that held, in seconds, x-litellm-timeout. A double.
	TimeoutKey = attribute.Key("litellm.timeout")

	// FastestResponseKey says that the fastest of several deployments won,
	// x-litellm-fastest_response_batch_completion. A bool.
	FastestResponseKey = attribute.Key("litellm.fastest_response")
)

// What the provider behind the proxy said, as far as it helps to find the call
// there.
const (
	// ProviderRequestIDKey is the provider's id of the request,
	// llm_provider-x-request-id. A string.
	ProviderRequestIDKey = attribute.Key("litellm.provider.request_id")

	// ProviderProcessingKey is the time that OpenAI took, in milliseconds,
	// llm_provider-openai-processing-ms. A double.
	ProviderProcessingKey = attribute.Key("litellm.provider.processing")
)
