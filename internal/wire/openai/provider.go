package openai

import "strings"

// hosts maps hosts to the gen_ai.provider.name of who answers there.
var hosts = map[string]string{
	"api.openai.com":                    "openai",
	"api.anthropic.com":                 "anthropic",
	"generativelanguage.googleapis.com": "gcp.gemini",
	"aiplatform.googleapis.com":         "gcp.vertex_ai",
	"api.x.ai":                          "x_ai",
	"api.deepseek.com":                  "deepseek",
	"api.groq.com":                      "groq",
	"api.mistral.ai":                    "mistral_ai",
	"api.perplexity.ai":                 "perplexity",
	"api.moonshot.ai":                   "moonshot_ai",
	"api.moonshot.cn":                   "moonshot_ai",
	"api.cohere.com":                    "cohere",
	"api.cohere.ai":                     "cohere",
}

// hostSuffixes does the same for hosts that come in many names.
var hostSuffixes = []struct{ suffix, provider string }{
	{".openai.azure.com", "azure.ai.openai"},
	{".openai.azure.us", "azure.ai.openai"},
	{".openai.azure.cn", "azure.ai.openai"},
	{".inference.ai.azure.com", "azure.ai.inference"},
	{"-aiplatform.googleapis.com", "gcp.vertex_ai"},
	{".ml.cloud.ibm.com", "ibm.watsonx.ai"},
}

// Provider names the provider behind a host. Gateways, proxies and local servers
// keep the flavor of the protocol, openai.
func Provider(host, path string) string {
	host = strings.ToLower(host)
	if provider, ok := hosts[host]; ok {
		return provider
	}
	if strings.HasPrefix(host, "bedrock-runtime") || strings.HasPrefix(host, "bedrock-mantle") {
		return "aws.bedrock" // the suffix differs between partitions
	}
	for _, known := range hostSuffixes {
		if strings.HasSuffix(host, known.suffix) {
			return known.provider
		}
	}
	if strings.HasSuffix(host, ".cognitiveservices.azure.com") || strings.HasSuffix(host, ".services.ai.azure.com") {
		return azureProvider(path)
	}
	return "openai"
}

// azureProvider tells the two Azure products apart that share their hosts.
func azureProvider(path string) string {
	if strings.HasPrefix(path, "/models") {
		return "azure.ai.inference"
	}
	return "azure.ai.openai"
}
