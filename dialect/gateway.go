package dialect

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv/litellm"
)

// AppendGateway appends what a gateway said of the call, in the gateway's own
// vocabulary.
func AppendGateway(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	g := c.Gateway
	if g == nil {
		return dst
	}
	if fellBack(c) {
		dst = append(dst, litellm.FallbackKey.Bool(true))
	}
	for _, fact := range g.Facts {
		dst = appendFact(dst, fact)
	}
	return dst
}

func appendFact(dst []attribute.KeyValue, fact record.Fact) []attribute.KeyValue {
	key := attribute.Key(fact.Name)
	switch v := fact.Value.(type) {
	case string:
		return append(dst, key.String(v))
	case int64:
		return append(dst, key.Int64(v))
	case float64:
		return append(dst, key.Float64(v))
	case bool:
		return append(dst, key.Bool(v))
	case []string:
		return append(dst, key.StringSlice(v))
	default:
		return dst
	}
}

// tracedBelow reports whether the gateway traces the model call itself.
func tracedBelow(c *record.Call) bool { return c.Gateway != nil && c.Gateway.Traces }

// fellBack reports whether another model answered than the one asked for. A LiteLLM
// proxy writes the name that was asked for over the one that answered, unless it
// fell back; so any other name tells, also one that differs by a date only.
func fellBack(c *record.Call) bool {
	if c.Gateway.Name != litellmGateway {
		return false
	}
	return c.Gateway.Fallbacks.Or(0) > 0 ||
		c.Request.Model != "" && c.Response.Model != "" && c.Request.Model != c.Response.Model
}

// litellmGateway is the name of LiteLLM among gateways.
const litellmGateway = "litellm"

// pricedAs is the provider and the model by which LangSmith finds a price.
func pricedAs(c *record.Call) (provider, name string) {
	if prefix, rest, ok := routedTo(c); ok {
		return prefix, rest
	}
	provider, name = answeredBy(c)
	return langsmithProvider(provider), name
}

// answeredBy is the provider and the model that answered. Behind a gateway the provider
// that the host tells is only the flavor of the protocol. A model name may say who it is
// of, as in "anthropic/claude-sonnet-5"; else what the gateway says counts, and its own
// name when nothing tells.
func answeredBy(c *record.Call) (provider, name string) {
	if prefix, rest, ok := routedTo(c); ok {
		return prefix, rest
	}
	switch g := c.Gateway; {
	case g == nil:
		return c.Provider, model(c)
	case g.Provider != "":
		return g.Provider, model(c)
	default:
		return g.Name, model(c)
	}
}

// routedTo reads the provider off the name of a model behind a gateway.
func routedTo(c *record.Call) (provider, name string, ok bool) {
	provider, name, ok = strings.Cut(model(c), "/")
	return provider, name, ok && c.Gateway != nil && name != "" && routed[provider]
}

// routed are the providers that LiteLLM knows by the prefix of a model name, in its
// spelling. Other prefixes, such as the organizations of open models, are a part of
// the name.
var routed = map[string]bool{
	"ai21": true, "anthropic": true, "azure": true, "azure_ai": true, "bedrock": true, "cerebras": true,
	"cloudflare": true, "cohere": true, "cohere_chat": true, "databricks": true, "deepinfra": true, "deepseek": true,
	"fireworks_ai": true, "gemini": true, "github": true, "groq": true, "hosted_vllm": true, "huggingface": true,
	"mistral": true, "moonshot": true, "nvidia_nim": true, "ollama": true, "ollama_chat": true, "openai": true,
	"openrouter": true, "perplexity": true, "replicate": true, "sagemaker": true, "sambanova": true,
	"text-completion-openai": true, "together_ai": true, "vertex_ai": true, "voyage": true, "watsonx": true, "xai": true,
}
