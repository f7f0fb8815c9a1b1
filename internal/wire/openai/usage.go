package openai

import (
	"math"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// usageNames are the members by which an API counts tokens.
type usageNames struct {
	input, output               string
	inputDetails, outputDetails string
	// otherInputDetails is another word for inputDetails.
	otherInputDetails string
}

var (
	chatUsage = usageNames{
		input: "prompt_tokens", output: "completion_tokens",
		inputDetails: "prompt_tokens_details", outputDetails: "completion_tokens_details",
		otherInputDetails: "prompt_token_details", // by Mistral, and in runs of assistants
	}
	responsesUsage = usageNames{
		input: "input_tokens", output: "output_tokens",
		inputDetails: "input_tokens_details", outputDetails: "output_tokens_details",
		otherInputDetails: "input_tokens_details",
	}
)

// readUsage consumes a usage object. Streams that report more than once report
// running totals, so the last one counts; null and an empty one leave an earlier one in place.
func readUsage(s *jsonscan.Scanner, into *record.Usage) { readUsageAs(s, into, &chatUsage) }

// readResponsesUsage consumes one in the words of the Responses API.
func readResponsesUsage(s *jsonscan.Scanner, into *record.Usage) {
	readUsageAs(s, into, &responsesUsage)
}

func readUsageAs(s *jsonscan.Scanner, into *record.Usage, names *usageNames) {
	if s.Kind() != jsonscan.Object {
		s.Skip()
		return
	}
	var u record.Usage
	var more usageExtras
	members(s, func(key []byte) bool {
		switch string(key) {
		case names.input:
			count(s, &u.Input)
		case names.output:
			count(s, &u.Output)
		case "total_tokens":
			count(s, &u.Total)
		case names.inputDetails, names.otherInputDetails:
			readInputDetails(s, &u)
		case names.outputDetails:
			readOutputDetails(s, &u)
		default:
			return more.read(s, string(key))
		}
		return true
	})
	more.complete(&u)
	includeReasoning(&u)
	includeCached(&u)
	replaceUsage(into, u)
}

// replaceUsage puts a count in the place of an earlier one, unless it is empty. A
// price that was stated with the earlier one, or in a header, is not lost.
func replaceUsage(into *record.Usage, u record.Usage) {
	if u == (record.Usage{}) {
		return
	}
	if !u.Cost.IsSet() {
		u.Cost = into.Cost
	}
	*into = u
}

// includeReasoning makes Output what it is to be: all tokens that were generated.
// xAI leaves reasoning out of it and counts it in the total.
func includeReasoning(u *record.Usage) {
	reasoning, output := u.Reasoning.Or(0), u.Output.Or(0)
	switch {
	case reasoning > 0 && u.Total == record.Some(sum(u.Input.Or(0), output, reasoning)):
		u.Output = record.Some(sum(output, reasoning))
	case u.Output.IsSet() && reasoning > output: // OpenRouter's upstreams, now and then
		u.Reasoning = u.Output
	}
}

// includeCached makes Input what it is to be: all tokens of the input. What was read
// from the cache or written to it is not in one to which the total adds it. Nor can one
// that is smaller than what was read include that.
func includeCached(u *record.Usage) {
	input, known := u.Input.Get()
	if !known {
		return
	}
	read, write, told := u.CacheRead.Or(0), u.CacheWrite.Or(0), sum(input, u.Output.Or(0))
	switch {
	case sum(read, write) > 0 && u.Total == record.Some(sum(told, read, write)):
		u.Input = record.Some(sum(input, read, write))
	case read > 0 && u.Total == record.Some(sum(told, read)), read > input:
		u.Input = record.Some(sum(input, read))
	}
}

// sum adds counts, none of which is negative. It is the largest number rather than one
// that has run over.
func sum(counts ...int64) (total int64) {
	for _, n := range counts {
		if n > math.MaxInt64-total {
			return math.MaxInt64
		}
		total += n
	}
	return total
}

// includeThoughts adds what Gemini generates and does not tell: through its
// compatible endpoint, thoughts are only in the total.
func includeThoughts(call *record.Call) {
	u := &call.Usage
	total, known := u.Total.Get()
	switch call.Provider {
	case "gcp.gemini", "gcp.vertex_ai":
		if known && u.Input.IsSet() && !u.Reasoning.IsSet() && total > sum(u.Input.Or(0), u.Output.Or(0)) {
			u.Output = record.Some(total - u.Input.Or(0))
		}
	}
}

func readInputDetails(s *jsonscan.Scanner, u *record.Usage) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "cached_tokens":
			count(s, &u.CacheRead)
		case "cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens": // the latter are LiteLLM's and DashScope's
			count(s, &u.CacheWrite)
		case "text_tokens":
			count(s, &u.TextInput)
		case "audio_tokens":
			count(s, &u.AudioInput)
		case "image_tokens":
			count(s, &u.ImageInput)
		default:
			return false
		}
		return true
	})
}

func readOutputDetails(s *jsonscan.Scanner, u *record.Usage) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "reasoning_tokens":
			count(s, &u.Reasoning)
		case "text_tokens":
			count(s, &u.TextOutput)
		case "audio_tokens":
			count(s, &u.AudioOutput)
		case "image_tokens":
			count(s, &u.ImageOutput)
		default:
			return false
		}
		return true
	})
}

// usageExtras are the members of a usage object that only some providers have.
type usageExtras struct {
	cacheRead, cacheWrite, reasoning record.Opt[int64]
	cost, upstream                   record.Opt[float64]
	ownKey, research                 bool
}

// read consumes one member, if it is one of them.
func (x *usageExtras) read(s *jsonscan.Scanner, key string) bool {
	switch key {
	case "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens":
		if x.cacheRead.IsSet() {
			return false
		}
		count(s, &x.cacheRead) // DeepSeek; Moonshot, Together and SGLang; Mistral; LiteLLM
	case "cache_creation_input_tokens":
		count(s, &x.cacheWrite)
	case "reasoning_tokens":
		count(s, &x.reasoning)
	case "citation_tokens", "num_search_queries":
		x.research = true
		return false
	case "cost":
		readCost(s, &x.cost)
	case "cost_in_usd_ticks":
		readTicks(s, &x.cost)
	case "cost_details":
		members(s, func(key []byte) bool {
			if string(key) != "upstream_inference_cost" {
				return false
			}
			dollars(s, &x.upstream)
			return true
		})
	case "is_byok":
		x.ownKey, _ = s.Bool()
	default:
		return false
	}
	return true
}

// complete adds them to what the usual members say, which counts first.
func (x *usageExtras) complete(u *record.Usage) {
	if !u.CacheRead.IsSet() {
		u.CacheRead = x.cacheRead
	}
	if !u.CacheWrite.IsSet() {
		u.CacheWrite = x.cacheWrite
	}
	if !u.Reasoning.IsSet() && x.reasoning.IsSet() {
		u.Reasoning = x.reasoning
		// Perplexity counts its research apart from the answer, and not in the total.
		if more := x.reasoning.Or(0); x.research && u.Output.IsSet() && more > u.Output.Or(0) {
			u.Output = record.Some(sum(u.Output.Or(0), more))
		}
	}
	u.Cost = x.cost
	if x.ownKey && x.upstream.IsSet() {
		// With a key of the caller's own, OpenRouter's cost is its fee, and the model's
		// provider sends a bill of its own.
		u.Cost = record.Some(min(x.cost.Or(0)+x.upstream.Or(0), math.MaxFloat64))
	}
}

// readCost consumes a price in US dollars, or Perplexity's object of prices.
func readCost(s *jsonscan.Scanner, into *record.Opt[float64]) {
	if s.Kind() != jsonscan.Object {
		dollars(s, into)
		return
	}
	members(s, func(key []byte) bool {
		if string(key) != "total_cost" {
			return false
		}
		dollars(s, into)
		return true
	})
}

// readTicks consumes xAI's price, of which a US dollar has 10^10.
func readTicks(s *jsonscan.Scanner, into *record.Opt[float64]) {
	const dollar = 1e10
	if ticks, ok := s.Int(); ok && ticks >= 0 {
		*into = record.Some(float64(ticks) / dollar)
	}
}

// dollars reads a price; a negative one is nonsense.
func dollars(s *jsonscan.Scanner, into *record.Opt[float64]) {
	if v, ok := s.Float(); ok && v >= 0 {
		*into = record.Some(v)
	}
}
