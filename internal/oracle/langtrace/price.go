package langtrace

import "strings"

// price is in dollars per million tokens; the zero price is that of a model the price list does not have.
type price struct{ input, output float64 }

func (p price) cost(inputTokens, outputTokens int64) float64 {
	return (p.input*float64(inputTokens) + p.output*float64(outputTokens)) / 1e6
}

// priceOf looks up the model. known is false where the price list may have a number that this oracle has not: it only
// carries the family of the check value.
func priceOf(vendor, model string) (p price, known bool) {
	switch {
	case !isPriced(vendor):
		return price{}, true
	case vendor != "openai" && vendor != "azure":
		return price{}, false
	case strings.Contains(model, "gpt-4o-mini"):
		return price{input: 0.15, output: 0.60}, true
	case strings.HasPrefix(model, "gpt-5"), strings.HasPrefix(model, "o3"), strings.HasPrefix(model, "o4"):
		return price{}, true
	default:
		return price{}, false
	}
}

func isPriced(vendor string) bool {
	switch vendor {
	case "openai", "azure", "anthropic", "cohere", "groq", "perplexity", "gemini", "xai", "mistral", "deepseek",
		"litellm", "ai":
		return true
	default:
		return strings.Contains(vendor, "bedrock")
	}
}
