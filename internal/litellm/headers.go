package litellm

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/internal/runes"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv/litellm"
)

// Name is the name of the gateway in a record.
const Name = "litellm"

// maxText bounds a text taken from a header, in bytes.
const maxText = 256

// maxTags bounds the number of tags of a request.
const maxTags = 64

// prefix begins the headers of the proxy's own, as net/http spells them.
const prefix = "X-Litellm-"

// requestTags is the request header with tags.
const requestTags = prefix + "Tags"

// field is a response header and the attribute that it becomes.
type field struct {
	header string // in net/http's spelling
	key    attribute.Key
	read   func(string) (any, bool)
}

// fields are in the order of their worth. Headers about a key's budget and limits
// are left out on purpose.
var fields = []field{
	{prefix + "Call-Id", litellm.CallIDKey, text},
	{prefix + "Model-Id", litellm.ModelIDKey, text},
	{prefix + "Model-Group", litellm.ModelGroupKey, text},
	{prefix + "Response-Cost", litellm.CostTotalKey, number},
	{prefix + "Attempted-Retries", litellm.RetriesAttemptedKey, count},
	{prefix + "Attempted-Fallbacks", litellm.FallbacksAttemptedKey, count},
	{prefix + "Model-Api-Base", litellm.APIBaseKey, plainURL},
	{prefix + "Model-Region", litellm.RegionKey, text},
	{prefix + "Version", litellm.VersionKey, text},
	{prefix + "Cache-Key", litellm.CacheKeyKey, text},
	{prefix + "Response-Cost-Original", litellm.CostOriginalKey, number},
	{prefix + "Response-Cost-Discount-Amount", litellm.CostDiscountAmountKey, number},
	{prefix + "Response-Cost-Margin-Amount", litellm.CostMarginAmountKey, number},
	{prefix + "Response-Cost-Margin-Percent", litellm.CostMarginPercentKey, number},
	{prefix + "Response-Cost-Input", litellm.CostInputKey, number},
	{prefix + "Response-Cost-Output", litellm.CostOutputKey, number},
	{prefix + "Response-Cost-Cache-Read", litellm.CostCacheReadKey, number},
	{prefix + "Response-Cost-Cache-Creation", litellm.CostCacheCreationKey, number},
	{prefix + "Response-Cost-Reasoning", litellm.CostReasoningKey, number},
	{prefix + "Response-Cost-Tool-Usage", litellm.CostToolUsageKey, number},
	{prefix + "Response-Duration-Ms", litellm.DurationResponseKey, number},
	{prefix + "Overhead-Duration-Ms", litellm.DurationOverheadKey, number},
	{prefix + "Callback-Duration-Ms", litellm.DurationCallbackKey, number},
	{prefix + "Timing-Pre-Processing-Ms", litellm.DurationPreProcessingKey, number},
	{prefix + "Timing-Llm-Api-Ms", litellm.DurationLLMAPIKey, number},
	{prefix + "Timing-Post-Processing-Ms", litellm.DurationPostProcessingKey, number},
	{prefix + "Timing-Message-Copy-Ms", litellm.DurationMessageCopyKey, number},
	{prefix + "Max-Retries", litellm.RetriesMaxKey, count},
	{prefix + "Max-Fallbacks", litellm.FallbacksMaxKey, count},
	{prefix + "Timeout", litellm.TimeoutKey, number},
	{prefix + "Fastest_response_batch_completion", litellm.FastestResponseKey, truth},
	{"Llm_provider-X-Request-Id", litellm.ProviderRequestIDKey, text},
	{"Llm_provider-Openai-Processing-Ms", litellm.ProviderProcessingKey, number},
}

// families are headers by which a provider is known, behind the prefix that the
// proxy gives to what a provider sent. Azure sends those of OpenAI, too.
var families = []struct{ header, provider string }{
	{"Llm_provider-Apim-Request-Id", "azure"},
	{"Llm_provider-Azureml-Model-Session", "azure"},
	{"Llm_provider-Openai-Processing-Ms", "openai"},
	{"Llm_provider-Openai-Version", "openai"},
	{"Llm_provider-Openai-Organization", "openai"},
	{"Llm_provider-Anthropic-Organization-Id", "anthropic"},
	{"Llm_provider-Anthropic-Ratelimit-Requests-Limit", "anthropic"},
	{"Llm_provider-X-Amzn-Requestid", "bedrock"},
	{"Llm_provider-X-Groq-Region", "groq"},
}

// Recognizes reports whether a response came through a LiteLLM proxy: any header of
// its own tells. Most responses of a proxy carry one of those that are looked up
// first, in 40 ns; to find none among 28 headers takes 0.65 µs.
func Recognizes(response http.Header) bool {
	if response[prefix+"Call-Id"] != nil || response[prefix+"Version"] != nil || response[prefix+"Model-Id"] != nil {
		return true
	}
	for name := range response {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// usualFacts is room for what an ordinary response says.
const usualFacts = 16

// Read returns what the headers of a request and of its response say. The response
// is nil before there is one. streamed says that the answer is a stream, whose cost
// the headers cannot know.
func Read(request, response http.Header, streamed bool) *record.Gateway {
	g := &record.Gateway{Name: Name, Provider: provider(response)}
	if response != nil {
		g.Facts = make([]record.Fact, 0, usualFacts)
	}
	for _, f := range fields {
		value, ok := f.read(stated(response, f.header))
		if !ok || streamed && value == any(0.0) && strings.HasPrefix(string(f.key), "litellm.cost.") {
			continue
		}
		g.Facts = append(g.Facts, record.Fact{Name: string(f.key), Value: value})
		note(g, f.key, value)
	}
	if list := tags(stated(request, requestTags)); len(list) > 0 {
		g.Facts = append(g.Facts, record.Fact{Name: string(litellm.RequestTagsKey), Value: list})
	}
	if g.Cost.Or(0) <= 0 { // a zero does not tell a free call from a model without a price
		g.Cost = record.Opt[float64]{}
	}
	return g
}

// note keeps the facts that mean something to everybody. Some responses state the
// original cost only; where a total is stated it counts.
func note(g *record.Gateway, key attribute.Key, value any) {
	switch v := value.(type) {
	case string:
		if key == litellm.CallIDKey {
			g.CallID = v
		}
	case int64:
		if key == litellm.FallbacksAttemptedKey {
			g.Fallbacks = record.Some(v)
		}
	case float64:
		if key == litellm.CostTotalKey || key == litellm.CostOriginalKey && !g.Cost.IsSet() {
			g.Cost = record.Some(v)
		}
	}
}

func provider(response http.Header) string {
	for _, f := range families {
		if response[f.header] != nil {
			return f.provider
		}
	}
	return ""
}

// stated is the value of a header, "" for the ways in which the proxy says nothing.
func stated(h http.Header, name string) string {
	values := h[name]
	if len(values) == 0 {
		return ""
	}
	value := strings.TrimSpace(values[0])
	if value == "None" {
		return ""
	}
	return value
}

func text(s string) (any, bool) {
	s = bounded(s)
	return s, s != ""
}

// bounded is valid UTF-8 of at most maxText bytes.
func bounded(s string) string {
	return strings.ToValidUTF8(s[:runes.Fit(s, maxText)], "\uFFFD")
}

func number(s string) (any, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, false
	}
	return v, true
}

func count(s string) (any, bool) {
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil && v >= 0
}

// truth reads Python's spelling and that of everybody else.
func truth(s string) (any, bool) {
	v, err := strconv.ParseBool(s)
	return v, err == nil
}

// plainURL drops what may hold a secret.
func plainURL(s string) (any, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return nil, false
	}
	return text((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
}

func tags(list string) (tags []string) {
	for tag := range strings.SplitSeq(list, ",") {
		if tag = bounded(strings.TrimSpace(tag)); tag == "" {
			continue
		}
		if tags = append(tags, tag); len(tags) == maxTags {
			break
		}
	}
	return tags
}
