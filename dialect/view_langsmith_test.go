package dialect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

func langsmithSees(c *record.Call, content dialect.Content) []attribute.KeyValue {
	return dialect.LangSmithView(content)(stub(c).Snapshot(), c).Attributes()
}

func TestLangSmithGetsTheConversationAsObjects(t *testing.T) {
	got := langsmithSees(chat(), all)
	assert.JSONEq(t, `{"messages":[
		{"role":"system","content":"You count brackets."},
		{"role":"user","name":"ann","content":"How many are left?"},
		{"role":"assistant","content":null,"tool_calls":[
			{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]},
		{"role":"tool","tool_call_id":"call_1","content":"{\"on_hand\":42}"}
	]}`, text(t, got, "gen_ai.prompt"))
	assert.JSONEq(t, `{"choices":[
		{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"42 are left."}},
		{"index":1,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[
			{"id":"call_2","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-18\"}"}}]}}
	]}`, text(t, got, "gen_ai.completion"))
	assert.NotNil(t, value(t, got, "tools"))
}

func TestLangSmithShowsAChoiceThatNeverFinishedWithNull(t *testing.T) {
	c := chat()
	c.Response.Choices = []record.Choice{{Index: 0, Message: record.Message{Role: "assistant"}}}
	assert.JSONEq(t, `{"choices":[{"index":0,"finish_reason":null,"message":{"role":"assistant","content":null}}]}`,
		text(t, langsmithSees(c, all), "gen_ai.completion"))
	c.Response.Choices = nil
	assert.JSONEq(t, `{}`, text(t, langsmithSees(c, all), "gen_ai.completion"))
}

func TestLangSmithGetsEmptyObjectsForHiddenSidesAndTheUsageAllTheSame(t *testing.T) {
	for side, content := range contents {
		t.Run(side, func(t *testing.T) {
			got := langsmithSees(chat(), content)
			assert.Equal(t, !content.Input, text(t, got, "gen_ai.prompt") == "{}")
			assert.Equal(t, !content.Output, text(t, got, "gen_ai.completion") == "{}")
			assert.Equal(t, content.Input, value(t, got, "tools") != nil)
			assert.Equal(t, int64(100), value(t, got, "gen_ai.usage.input_tokens"))
			assert.Equal(t, int64(120), value(t, got, "gen_ai.usage.total_tokens"))
			assert.NotNil(t, value(t, got, "langsmith.usage_metadata"))
			everything, err := json.Marshal(got)
			require.NoError(t, err)
			for marker, shown := range map[string]bool{
				"brackets": content.Input, "How many": content.Input, "on_hand": content.Input,
				"Counts the shelf": content.Input, "42 are left": content.Output, "A-18": content.Output,
			} {
				if shown {
					assert.Contains(t, string(everything), marker)
				} else {
					assert.NotContains(t, string(everything), marker)
				}
			}
		})
	}
}

func TestLangSmithGetsWhatPricesTheRun(t *testing.T) {
	got := langsmithSees(chat(), nothing)
	for key, want := range map[string]any{
		"langsmith.span.kind":               "llm",
		"langsmith.metadata.ls_provider":    "openai",
		"langsmith.metadata.ls_model_name":  "gpt-4o-mini-2024-07-18",
		"langsmith.metadata.ls_model_type":  "chat",
		"langsmith.metadata.ls_temperature": 0.25,
		"langsmith.metadata.ls_max_tokens":  int64(150),
		"langsmith.metadata.ls_stop":        `["END","STOP"]`,
		"gen_ai.system":                     "openai",
	} {
		assert.Equal(t, want, value(t, got, key), key)
	}
	assert.JSONEq(t, `{"input_tokens":100,"output_tokens":20,"total_tokens":120,
		"input_token_details":{"cache_read":31,"cache_creation":32,"text":34,"audio":35,"image":36},
		"output_token_details":{"reasoning":33,"text":37,"audio":38,"image":39}}`, text(t, got, "langsmith.usage_metadata"))
	assert.JSONEq(t, `{"model":"gpt-4o-mini","max_tokens":150,"temperature":0.25,"top_p":0.5,"top_k":40,
		"frequency_penalty":0.125,"presence_penalty":-0.5,"seed":7,"n":2,"stop":["END","STOP"],
		"reasoning_effort":"low","service_tier":"default","stream":true}`,
		text(t, got, "langsmith.metadata.ls_invocation_params"))
}

func TestLangSmithIsToldNoUsageThatNobodyReported(t *testing.T) {
	c := chat()
	c.Usage = record.Usage{}
	got := langsmithSees(c, all)
	assert.Nil(t, value(t, got, "langsmith.usage_metadata"))
	assert.Nil(t, value(t, got, "gen_ai.usage.total_tokens"))

	c.Usage = record.Usage{Input: record.Some(int64(3)), Output: record.Some(int64(4)), CacheRead: record.Some(int64(0))}
	assert.JSONEq(t, `{"input_tokens":3,"output_tokens":4,"total_tokens":7}`,
		text(t, langsmithSees(c, all), "langsmith.usage_metadata"), "the total is the sum, and details of zero are none")

	c.Usage = record.Usage{Cost: record.Some(0.5)}
	assert.JSONEq(t, `{"total_cost":0.5}`, text(t, langsmithSees(c, all), "langsmith.usage_metadata"))
}

func TestLangSmithKnowsTheRunTypeOfEveryOperation(t *testing.T) {
	for operation, want := range map[string]string{
		"chat": "llm", "generate_content": "llm", "text_completion": "llm", "embeddings": "embedding",
		"execute_tool": "tool", "retrieval": "retriever", "invoke_agent": "chain", "plan": "chain", "": "chain",
	} {
		c := chat()
		c.Operation = operation
		assert.Equal(t, want, value(t, langsmithSees(c, all), "langsmith.span.kind"), operation)
	}
	c := chat()
	c.Operation = "text_completion"
	assert.Equal(t, "llm", value(t, langsmithSees(c, all), "langsmith.metadata.ls_model_type"))
}

func TestLangSmithKnowsAzureByItsOwnName(t *testing.T) {
	c := chat()
	c.Provider = "azure.ai.openai"
	got := langsmithSees(c, all)
	assert.Equal(t, "azure", value(t, got, "langsmith.metadata.ls_provider"))
	assert.Equal(t, "azure.ai.openai", value(t, got, "gen_ai.provider.name"))
}

func TestLangSmithKnowsProvidersByLangChainsNames(t *testing.T) {
	for provider, want := range map[string]string{
		"openai": "openai", "azure.ai.openai": "azure", "gcp.gemini": "google_genai", "gcp.vertex_ai": "google_vertexai",
		"mistral_ai": "mistral", "x_ai": "xai", "aws.bedrock": "amazon_bedrock",
		"anthropic": "anthropic", "cohere": "cohere", "deepseek": "deepseek", "groq": "groq", "perplexity": "perplexity",
		"together": "together", "fireworks": "fireworks", "openrouter": "openrouter", "cerebras": "cerebras",
		"ollama": "ollama", "vllm": "vllm", "my_gateway": "my_gateway",
		"cloudflare": "openai", "portkey": "openai", "requesty": "openai", "vercel": "openai",
	} {
		c := chat()
		c.Provider = provider
		got := langsmithSees(c, all)
		assert.Equal(t, want, value(t, got, "langsmith.metadata.ls_provider"), provider)
		assert.Equal(t, provider, value(t, got, "gen_ai.provider.name"))
		assert.Equal(t, provider, value(t, got, "gen_ai.system"))
	}
}

func TestOnlyOpenAIsOwnAnswersHaveOpenAIsKeys(t *testing.T) {
	for provider, want := range map[string]bool{
		"openai": true, "azure.ai.openai": true,
		"azure.ai.inference": false, "deepseek": false, "openrouter": false, "ollama": false, "vllm": false, "portkey": false, "": false,
	} {
		c := chat()
		c.Provider, c.API, c.Response.ServiceTier, c.Response.SystemFingerprint = provider, "chat_completions", "default", "fp"
		found := false
		for _, kv := range dialect.AppendGenAI(nil, c) {
			found = found || strings.HasPrefix(string(kv.Key), "openai.")
		}
		assert.Equal(t, want, found, provider)
	}
}

func TestTheCostReachesEveryView(t *testing.T) {
	c := chat()
	c.Usage.Cost = record.Some(0.25)
	assert.Contains(t, value(t, langsmithSees(c, all), "langsmith.usage_metadata"), `"total_cost":0.25`)
	assert.Contains(t, dialect.AppendDelivery(nil, c), attribute.Float64("genotel.usage.cost", 0.25))
	c.Usage.Cost = record.Opt[float64]{}
	assert.NotContains(t, value(t, langsmithSees(c, all), "langsmith.usage_metadata"), "total_cost")
	for _, kv := range dialect.AppendDelivery(nil, c) {
		assert.NotEqual(t, attribute.Key("genotel.usage.cost"), kv.Key)
	}
}

func TestLangSmithGetsNoLists(t *testing.T) {
	for _, kv := range langsmithSees(chat(), all) {
		if kv.Value.Type() == attribute.STRINGSLICE {
			assert.Regexp(t, `^gen_ai\.(request\.stop_sequences|response\.finish_reasons)$`, kv.Key,
				"under langsmith.* a list is stored as a raw protobuf object")
		}
	}
}

func TestLangSmithGetsTheFirstTokenOfStreamsOnly(t *testing.T) {
	token := event(t, dialect.LangSmithView(nothing)(stub(chat()).Snapshot(), chat()), "new_token")
	require.NotNil(t, token)
	assert.Equal(t, chat().Timing.FirstContent, token.Time)
	assert.NotEmpty(t, token.Attributes, "some receivers refuse bare events")

	whole := chat()
	whole.Request.Stream = false
	assert.Nil(t, event(t, dialect.LangSmithView(all)(stub(whole).Snapshot(), whole), "new_token"))
	failed := failedChat()
	assert.Nil(t, event(t, dialect.LangSmithView(all)(stub(failed).Snapshot(), failed), "new_token"), "nothing came")
}

func TestLangSmithGetsNothingTwice(t *testing.T) {
	got := langsmithSees(chat(), all)
	for _, kv := range got {
		assert.NotRegexp(t, `^llm\.`, kv.Key)
		assert.NotRegexp(t, `^gen_ai\.(input|output)\.messages$|^gen_ai\.system_instructions$|^gen_ai\.tool\.`, kv.Key)
	}
	for _, e := range dialect.LangSmithView(all)(stub(chat()).Snapshot(), chat()).Events() {
		assert.NotRegexp(t, `^gen_ai\.content\.`, e.Name, "content events beat attributes there")
	}
}

func TestLangSmithIsServedEvenWhenItsDialectIsOff(t *testing.T) {
	s := stub(chat())
	s.Attributes = dialect.AppendGenAI(dialect.AppendGenAIStart(nil, chat()), chat())
	assert.ElementsMatch(t, withoutDelivery(langsmithSees(chat(), all)),
		dialect.LangSmithView(all)(s.Snapshot(), chat()).Attributes())
}

// withoutDelivery leaves out what belongs to no vocabulary.
func withoutDelivery(attributes []attribute.KeyValue) []attribute.KeyValue {
	var rest []attribute.KeyValue
	for _, kv := range attributes {
		if !strings.HasPrefix(string(kv.Key), "genotel.stream.") {
			rest = append(rest, kv)
		}
	}
	return rest
}

func TestLangSmithKeepsTheApplicationsMetadata(t *testing.T) {
	s := stub(chat())
	s.Attributes = append(s.Attributes, attribute.String("langsmith.metadata.thread_id", "t1"),
		attribute.String("langsmith.span.tags", "a,b"), attribute.Bool("mine", true))
	got := dialect.LangSmithView(nothing)(s.Snapshot(), chat()).Attributes()
	assert.Equal(t, "t1", value(t, got, "langsmith.metadata.thread_id"))
	assert.Equal(t, "a,b", value(t, got, "langsmith.span.tags"))
	assert.Equal(t, true, value(t, got, "mine"))
}

func TestLangSmithGetsForeignSpansUntouched(t *testing.T) {
	span := foreign().Snapshot()
	seen := dialect.LangSmithView(all)(span, nil)
	assert.Equal(t, tracetest.SpanStubFromReadOnlySpan(span), tracetest.SpanStubFromReadOnlySpan(seen))
}

func TestLangSmithGetsNoHiddenContentOfForeignSpans(t *testing.T) {
	for side, content := range contents {
		got := dialect.LangSmithView(content)(foreign().Snapshot(), nil).Attributes()
		assert.Equal(t, content.Input, value(t, got, "gen_ai.input.messages") != nil, side)
		assert.Equal(t, content.Output, value(t, got, "gen_ai.output.messages") != nil, side)
		assert.Equal(t, "y", value(t, got, "langsmith.metadata.x"), side)
	}
}
