package dialect

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv/langtrace"
)

// AppendLLM appends the scalar part of the llm.* contract that Langtrace
// documents for chat completions. Its fractions are text, because the contract
// knows strings and integers only.
func AppendLLM(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	dst = appendText(dst, langtrace.LLMVendorKey, c.Provider)
	dst = appendText(dst, langtrace.LLMRequestModelKey, c.Request.Model)
	dst = appendText(dst, langtrace.LLMPathKey, c.Path)
	dst = appendFloatText(dst, langtrace.LLMRequestTemperatureKey, c.Request.Temperature)
	dst = appendInt(dst, langtrace.LLMRequestMaxTokensKey, c.Request.MaxTokens)
	u := usage(c)
	dst = appendInt(dst, langtrace.LLMUsagePromptTokensKey, u.Input)
	dst = appendInt(dst, langtrace.LLMUsageCompletionTokensKey, u.Output)
	return appendInt(dst, langtrace.LLMUsageTotalTokensKey, total(u))
}
