package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// asMap returns the values of attributes by their keys, of which none may be there twice.
func asMap(t *testing.T, attributes []attribute.KeyValue) map[string]any {
	t.Helper()
	unique(t, attributes)
	values := map[string]any{}
	for _, kv := range attributes {
		values[string(kv.Key)] = kv.Value.AsInterface()
	}
	return values
}

func TestOpenInferenceTellsOfEachOperationWhatItIsAndWhatItCounted(t *testing.T) {
	ranByName := ran()
	ranByName.Agent.Name = "City bot"
	below := chat()
	below.Gateway = &record.Gateway{Name: "litellm", Traces: true}
	priced := verdicts()
	priced.Usage.Cost = record.Some(0.25)
	const parameters = `{"model":"gpt-4o-mini","max_tokens":150,"temperature":0.25,"top_p":0.5,"top_k":40,"frequency_penalty":0.125,` +
		`"presence_penalty":-0.5,"seed":7,"n":2,"stop":["END","STOP"],"reasoning_effort":"low","service_tier":"default","stream":true}`
	for name, test := range map[string]struct {
		call *record.Call
		want map[string]any
	}{
		"chat": {chat(), map[string]any{
			"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o-mini-2024-07-18", "llm.provider": "openai", "llm.system": "openai",
			"llm.invocation_parameters": parameters, "llm.finish_reason": "stop",
			"llm.token_count.prompt": int64(100), "llm.token_count.completion": int64(20), "llm.token_count.total": int64(120),
			"llm.token_count.prompt_details.cache_read": int64(31), "llm.token_count.prompt_details.cache_write": int64(32),
			"llm.token_count.prompt_details.audio":         int64(35),
			"llm.token_count.completion_details.reasoning": int64(33), "llm.token_count.completion_details.audio": int64(38),
		}},
		"embeddings": {embeddings(), map[string]any{
			"openinference.span.kind": "EMBEDDING", "embedding.model_name": "text-embedding-3-small",
			"embedding.invocation_parameters": `{"model":"text-embedding-3-small","dimensions":512,"encoding_format":"float"}`,
			"llm.token_count.prompt":          int64(8), "llm.token_count.total": int64(8),
		}},
		"images": {pictures(), map[string]any{
			"openinference.span.kind": "LLM", "llm.model_name": "gpt-image-1", "llm.provider": "openai", "llm.system": "openai",
			"llm.invocation_parameters": `{"model":"gpt-image-1","n":2,"size":"1024x1024","output_compression":80}`, "llm.finish_reason": "stop",
			"llm.token_count.prompt": int64(50), "llm.token_count.completion": int64(60), "llm.token_count.total": int64(110),
		}},
		"a moderation": {priced, map[string]any{
			"openinference.span.kind": "GUARDRAIL", "llm.model_name": "omni-1", "llm.provider": "openai", "llm.system": "openai",
			"llm.invocation_parameters": `{"model":"omni"}`, "llm.cost.total": 0.25,
		}},
		"an agent": {ranByName, map[string]any{
			"openinference.span.kind": "AGENT", "agent.name": "City bot", "llm.model_name": "gpt-4o-mini",
			"llm.provider": "openai", "llm.system": "openai", "llm.finish_reason": "tool_calls",
			"llm.invocation_parameters": `{"model":"gpt-4o-mini","max_tokens":150,"temperature":0.25,"top_p":0.5,"frequency_penalty":0.125,` +
				`"presence_penalty":-0.5,"seed":7,"n":2,"stop":["END","STOP"]}`,
			"llm.token_count.prompt": int64(100), "llm.token_count.completion": int64(20), "llm.token_count.total": int64(120),
			"llm.token_count.prompt_details.cache_read": int64(31), "llm.token_count.prompt_details.cache_write": int64(32),
			"llm.token_count.prompt_details.audio": int64(35), "llm.token_count.completion_details.audio": int64(38),
		}},
		"an agent that is made": {made(), map[string]any{
			"openinference.span.kind": "CHAIN", "llm.model_name": "gpt-4o", "llm.provider": "openai", "llm.system": "openai",
			"llm.invocation_parameters": `{"model":"gpt-4o"}`,
		}},
		"a search": {searched(), map[string]any{"openinference.span.kind": "RETRIEVER"}},
		"an answer that is fetched again": {fetched(), map[string]any{
			"openinference.span.kind": "CHAIN", "llm.model_name": "gpt-4o-mini-2024-07-18", "llm.provider": "openai", "llm.system": "openai",
			"llm.invocation_parameters": `{"stream":true}`, "llm.finish_reason": "stop",
		}},
		"a step around a gateway that traces": {below, map[string]any{
			"openinference.span.kind": "CHAIN", "llm.model_name": "gpt-4o-mini-2024-07-18", "llm.provider": "litellm", "llm.system": "litellm",
			"llm.invocation_parameters": parameters, "llm.finish_reason": "stop",
		}},
		"a refusal": {failedChat(), map[string]any{
			"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o-mini", "llm.provider": "openai", "llm.system": "openai",
			"llm.invocation_parameters": parameters,
		}},
		"a tool":            {&record.Call{Operation: "execute_tool"}, map[string]any{"openinference.span.kind": "TOOL"}},
		"a memory":          {&record.Call{Operation: "search_memory"}, map[string]any{"openinference.span.kind": "RETRIEVER"}},
		"a text completion": {&record.Call{Operation: "text_completion"}, map[string]any{"openinference.span.kind": "LLM"}},
		"a workflow":        {&record.Call{Operation: "invoke_workflow"}, map[string]any{"openinference.span.kind": "CHAIN"}},
		"tokens counted":    {&record.Call{Operation: "count_tokens"}, map[string]any{"openinference.span.kind": "CHAIN"}},
		"of tomorrow":       {&record.Call{Operation: "dream"}, map[string]any{"openinference.span.kind": "CHAIN"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, asMap(t, dialect.AppendOpenInference(nil, test.call)))
		})
	}
}

func TestOpenInferenceNamesProvidersItsOwnWay(t *testing.T) {
	gateway := func(provider string) *record.Gateway { return &record.Gateway{Name: "litellm", Provider: provider} }
	for _, test := range []struct {
		call                    record.Call
		provider, system, model string
	}{
		{call: record.Call{Provider: "anthropic"}, provider: "anthropic", system: "anthropic"},
		{call: record.Call{Provider: "azure.ai.openai"}, provider: "azure", system: "openai"},
		{call: record.Call{Provider: "azure.ai.inference"}, provider: "azure", system: "azure"},
		{call: record.Call{Provider: "gcp.gemini"}, provider: "google", system: "vertexai"},
		{call: record.Call{Provider: "gcp.vertex_ai"}, provider: "google", system: "vertexai"},
		{call: record.Call{Provider: "gcp.gen_ai"}, provider: "google", system: "vertexai"},
		{call: record.Call{Provider: "aws.bedrock"}, provider: "aws", system: "aws"},
		{call: record.Call{Provider: "mistral_ai"}, provider: "mistralai", system: "mistralai"},
		{call: record.Call{Provider: "x_ai"}, provider: "xai", system: "xai"},
		{call: record.Call{Provider: "moonshot_ai"}, provider: "moonshot", system: "moonshot"},
		{call: record.Call{Provider: "deepseek"}, provider: "deepseek", system: "deepseek"},
		{call: record.Call{Provider: "mine"}, provider: "mine", system: "mine"},
		{
			call:     record.Call{Provider: "openai", Gateway: gateway(""), Request: record.Request{Model: "vertex_ai/gemini-3"}},
			provider: "google", system: "vertexai", model: "gemini-3",
		},
		{
			call:     record.Call{Provider: "openai", Gateway: gateway(""), Request: record.Request{Model: "meta-llama/llama-4"}},
			provider: "litellm", system: "litellm", model: "meta-llama/llama-4",
		},
		{
			call:     record.Call{Provider: "openai", Request: record.Request{Model: "bedrock/nova"}}, // no gateway, a name
			provider: "openai", system: "openai", model: "bedrock/nova",
		},
		{call: record.Call{Gateway: gateway("bedrock")}, provider: "aws", system: "aws"},
		{call: record.Call{Gateway: gateway("sagemaker")}, provider: "aws", system: "aws"},
		{call: record.Call{Gateway: gateway("azure")}, provider: "azure", system: "openai"},
		{call: record.Call{Gateway: gateway("azure_ai")}, provider: "azure", system: "azure"},
		{call: record.Call{Gateway: gateway("gemini")}, provider: "google", system: "vertexai"},
		{call: record.Call{Gateway: gateway("mistral")}, provider: "mistralai", system: "mistralai"},
		{call: record.Call{Gateway: gateway("cohere_chat")}, provider: "cohere", system: "cohere"},
		{call: record.Call{Gateway: gateway("fireworks_ai")}, provider: "fireworks", system: "fireworks"},
		{call: record.Call{Gateway: gateway("together_ai")}, provider: "together", system: "together"},
		{call: record.Call{Gateway: gateway("text-completion-openai")}, provider: "openai", system: "openai"},
	} {
		test.call.Operation = "chat"
		got := dialect.AppendOpenInference(nil, &test.call)
		assert.Equal(t, test.provider, value(t, got, "llm.provider"), "%+v", test)
		assert.Equal(t, test.system, value(t, got, "llm.system"), "%+v", test)
		if test.model != "" {
			assert.Equal(t, test.model, value(t, got, "llm.model_name"), "%+v", test)
		}
	}
}

func TestWhatIsOnTheSpanForPhoenixReachesNeitherLangSmithNorLangtrace(t *testing.T) {
	for _, build := range []func() *record.Call{chat, embeddings, searched, ran} {
		c := build()
		own := asMap(t, dialect.AppendOpenInference(nil, c))
		for backend, view := range map[string]dialect.View{"LangSmith": dialect.LangSmithView(all), "Langtrace": dialect.LangtraceView(all)} {
			for _, kv := range view(stub(c).Snapshot(), c).Attributes() {
				assert.NotContains(t, own, string(kv.Key), "%s/%s", backend, c.Operation)
			}
		}
	}
}
