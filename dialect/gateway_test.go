package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// gathered are attributes by key; a key that comes twice is noted.
func gathered(attributes []attribute.KeyValue) map[string]any {
	all := map[string]any{}
	for _, kv := range attributes {
		if _, twice := all[string(kv.Key)]; twice {
			all["twice"] = string(kv.Key)
		}
		all[string(kv.Key)] = kv.Value.AsInterface()
	}
	return all
}

// through is a call through a LiteLLM proxy.
func through(asked, answered string) *record.Call {
	return &record.Call{
		Operation: "chat", Provider: "openai",
		Request:  record.Request{Model: asked},
		Response: record.Response{Model: answered},
		Gateway:  &record.Gateway{Name: "litellm"},
	}
}

func TestFactsOfAGatewayKeepTheirTypes(t *testing.T) {
	c := through("m", "m")
	c.Gateway.Facts = []record.Fact{
		{Name: "litellm.call_id", Value: "c"},
		{Name: "litellm.retries.max", Value: int64(2)},
		{Name: "litellm.cost.total", Value: 0.5},
		{Name: "litellm.fastest_response", Value: false},
		{Name: "litellm.request.tags", Value: []string{"a", "b"}},
		{Name: "litellm.unknown", Value: struct{}{}},
	}
	assert.Equal(t, map[string]any{
		"litellm.call_id": "c", "litellm.retries.max": int64(2), "litellm.cost.total": 0.5,
		"litellm.fastest_response": false, "litellm.request.tags": []string{"a", "b"},
	}, gathered(dialect.AppendGateway(nil, c)))
	assert.Empty(t, dialect.AppendGateway(nil, &record.Call{}))
}

func TestAFallbackIsAnotherModelOrCounted(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*record.Call)
		want   any
	}{
		"the same model":        {func(*record.Call) {}, nil},
		"another":               {func(c *record.Call) { c.Response.Model = "n" }, true},
		"a dated one":           {func(c *record.Call) { c.Response.Model = "m-2024-07-18" }, true},
		"none in the answer":    {func(c *record.Call) { c.Response.Model = "" }, nil},
		"none in the request":   {func(c *record.Call) { c.Request.Model = "" }, nil},
		"counted":               {func(c *record.Call) { c.Gateway.Fallbacks = record.Some(int64(1)) }, true},
		"counted as zero":       {func(c *record.Call) { c.Gateway.Fallbacks = record.Some(int64(0)) }, nil},
		"of another gateway":    {func(c *record.Call) { c.Response.Model, c.Gateway.Name = "n", "other" }, nil},
		"counted, and another":  {func(c *record.Call) { c.Response.Model, c.Gateway.Fallbacks = "n", record.Some(int64(2)) }, true},
		"another, and not once": {func(c *record.Call) { c.Response.Model, c.Gateway.Fallbacks = "n", record.Some(int64(0)) }, true},
	} {
		c := through("m", "m")
		test.change(c)
		assert.Equal(t, test.want, gathered(dialect.AppendGateway(nil, c))["litellm.fallback"], name)
	}
}

func TestPricesAreFoundByWhoAnsweredBehindTheGateway(t *testing.T) {
	for _, test := range []struct {
		model, provider, wantProvider, wantModel string
	}{
		{"gpt-4o", "", "litellm", "gpt-4o"},
		{"gpt-4o", "openai", "openai", "gpt-4o"},
		{"gpt-4o", "azure.ai.openai", "azure", "gpt-4o"},
		{"azure/gpt-4o", "openai", "azure", "gpt-4o"},
		{"bedrock/converse/anthropic.claude", "", "bedrock", "converse/anthropic.claude"},
		{"meta-llama/Llama-3", "groq", "groq", "meta-llama/Llama-3"},
		{"openai/", "", "litellm", "openai/"},
		{"/gpt-4o", "", "litellm", "/gpt-4o"},
	} {
		c := through(test.model, test.model)
		c.Gateway.Provider = test.provider
		all := gathered(dialect.AppendLangSmith(nil, c))
		assert.Equal(t, test.wantProvider, all["langsmith.metadata.ls_provider"], test.model)
		assert.Equal(t, test.wantModel, all["langsmith.metadata.ls_model_name"], test.model)
	}
	c := through("openai/gpt-4o", "claude-sonnet-5")
	c.Gateway.Provider = "anthropic"
	assert.Equal(t, "anthropic", gathered(dialect.AppendLangSmith(nil, c))["langsmith.metadata.ls_provider"],
		"after a fallback the requested provider did not answer")
}

func TestTheConventionsAttributesAreTheSameBehindAGateway(t *testing.T) {
	c := through("openai/gpt-4o", "openai/gpt-4o")
	c.Gateway.Provider, c.Gateway.Traces = "azure", true
	behind := append(dialect.AppendGenAIStart(nil, c), dialect.AppendGenAI(nil, c)...)
	c.Gateway = nil
	assert.Equal(t, append(dialect.AppendGenAIStart(nil, c), dialect.AppendGenAI(nil, c)...), behind)
}

func TestViewsKeepWhatAGatewaySaid(t *testing.T) {
	c := through("m", "m")
	c.Gateway.CallID = "c1"
	c.Gateway.Facts = []record.Fact{{Name: "litellm.call_id", Value: "c1"}, {Name: "litellm.cost.total", Value: 0.5}}
	c.Usage = record.Usage{Input: record.Some(int64(9)), Cost: record.Some(0.5)}
	span := tracetest.SpanStub{Name: "chat m", Attributes: dialect.AppendGateway(dialect.AppendLangSmith(nil, c), c)}.Snapshot()
	for name, view := range map[string]dialect.View{
		"langsmith": dialect.LangSmithView(dialect.Content{}),
		"langtrace": dialect.LangtraceView(dialect.Content{}),
		"gen_ai":    dialect.GenAIView(dialect.Content{}),
	} {
		all := gathered(view(span, c).Attributes())
		assert.NotContains(t, all, "twice", name)
		assert.Equal(t, "c1", all["litellm.call_id"], name)
		if name != "langtrace" {
			assert.Equal(t, "c1", all["langsmith.metadata.litellm_call_id"], name)
			assert.JSONEq(t, `{"input_tokens":9,"total_tokens":9,"total_cost":0.5}`, all["langsmith.usage_metadata"].(string), name)
		}
	}
}
