package openai

import (
	"net/netip"
	"strings"

	"github.com/genotel/genotel/otelgenai/record"
)

// flavor is the provider as long as nobody is known to answer in particular: that
// of the protocol.
const flavor = "openai"

// hosts maps hosts to the gen_ai.provider.name of who answers there. Names that the
// conventions do not have are the providers' own, in lower case.
var hosts = map[string]string{
	"ai-gateway.vercel.sh":              "vercel",
	"ai.api.nvidia.com":                 "nvidia",
	"aiplatform.googleapis.com":         "gcp.vertex_ai",
	"api-inference.modelscope.cn":       "modelscope",
	"api.anthropic.com":                 "anthropic",
	"api.cerebras.ai":                   "cerebras",
	"api.cloudflare.com":                "cloudflare",
	"api.cohere.ai":                     "cohere",
	"api.cohere.com":                    "cohere",
	"api.deepinfra.com":                 "deepinfra",
	"api.deepseek.com":                  "deepseek",
	"api.fireworks.ai":                  "fireworks",
	"api.groq.com":                      "groq",
	"api.hunyuan.cloud.tencent.com":     "tencent",
	"api.hyperbolic.xyz":                "hyperbolic",
	"api.inference.crusoecloud.com":     "crusoe",
	"api.minimax.io":                    "minimax",
	"api.minimaxi.com":                  "minimax",
	"api.mistral.ai":                    "mistral_ai",
	"api.moonshot.ai":                   "moonshot_ai",
	"api.moonshot.cn":                   "moonshot_ai",
	"api.novita.ai":                     "novita",
	"api.openai.com":                    "openai",
	"api.perplexity.ai":                 "perplexity",
	"api.portkey.ai":                    "portkey",
	"api.sambanova.ai":                  "sambanova",
	"api.siliconflow.cn":                "siliconflow",
	"api.siliconflow.com":               "siliconflow",
	"api.studio.nebius.ai":              "nebius",
	"api.studio.nebius.com":             "nebius",
	"api.together.ai":                   "together",
	"api.together.xyz":                  "together",
	"api.tokenfactory.nebius.com":       "nebius",
	"api.writer.com":                    "writer",
	"api.x.ai":                          "x_ai",
	"api.z.ai":                          "z_ai",
	"ark.cn-beijing.volces.com":         "volcengine",
	"codestral.mistral.ai":              "mistral_ai",
	"dashscope-intl.aliyuncs.com":       "alibaba",
	"dashscope-us.aliyuncs.com":         "alibaba",
	"dashscope.aliyuncs.com":            "alibaba",
	"eu.inference.heroku.com":           "heroku",
	"generativelanguage.googleapis.com": "gcp.gemini",
	"inference.baseten.co":              "baseten",
	"integrate.api.nvidia.com":          "nvidia",
	"models.github.ai":                  "github",
	"models.inference.ai.azure.com":     "azure.ai.inference",
	"ollama.com":                        "ollama",
	"open.bigmodel.cn":                  "z_ai",
	"openrouter.ai":                     "openrouter",
	"qianfan.baidubce.com":              "baidu",
	"router.huggingface.co":             "huggingface",
	"router.requesty.ai":                "requesty",
	"us.inference.heroku.com":           "heroku",
}

// hostSuffixes does the same for hosts that come in many names.
var hostSuffixes = []struct{ suffix, provider string }{
	{".api.openai.com", "openai"},
	{".openai.azure.com", "azure.ai.openai"},
	{".openai.azure.us", "azure.ai.openai"},
	{".openai.azure.cn", "azure.ai.openai"},
	{".inference.ai.azure.com", "azure.ai.inference"},
	{"-aiplatform.googleapis.com", "gcp.vertex_ai"},
	{".ml.cloud.ibm.com", "ibm.watsonx.ai"},
	{".maas.aliyuncs.com", "alibaba"},
	{".snowflakecomputing.com", "snowflake"},
	{".cloud.databricks.com", "databricks"},
	{".azuredatabricks.net", "databricks"},
}

// routes maps what stands for the provider in the paths of Cloudflare's gateway,
// /v1/{account}/{gateway}/{route}/..., to its name.
var routes = map[string]string{
	"anthropic":        "anthropic",
	"azure-openai":     "azure.ai.openai",
	"cerebras":         "cerebras",
	"deepseek":         "deepseek",
	"google-ai-studio": "gcp.gemini",
	"google-vertex-ai": "gcp.vertex_ai",
	"grok":             "x_ai",
	"groq":             "groq",
	"mistral":          "mistral_ai",
	"openai":           "openai",
	"openrouter":       "openrouter",
	"perplexity-ai":    "perplexity",
}

// Provider names the provider behind a server. assumed is set when nothing tells
// who answers: gateways, proxies and local servers keep the flavor of the protocol
// until an answer tells more.
func Provider(server record.Server, path string) (name string, assumed bool) {
	host := strings.ToLower(server.Address)
	if name := providerOfHost(host, path); name != "" {
		return name, false
	}
	switch {
	case strings.Contains(path, "/openai/deployments/"):
		return "azure.ai.openai", true
	case server.Port == ollamaPort && isLocal(host):
		return "ollama", true
	}
	return flavor, true
}

func providerOfHost(host, path string) string {
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
	switch {
	case strings.HasSuffix(host, ".cognitiveservices.azure.com"), strings.HasSuffix(host, ".services.ai.azure.com"):
		return azureProvider(path)
	case host == "gateway.ai.cloudflare.com":
		return routedProvider(path)
	}
	return ""
}

// azureProvider tells the two Azure products apart that share their hosts.
func azureProvider(path string) string {
	if strings.HasPrefix(path, "/models") {
		return "azure.ai.inference"
	}
	return "azure.ai.openai"
}

// routedProvider reads the path of Cloudflare's gateway.
func routedProvider(path string) string {
	const route = 4 // behind the empty one, the version, the account and the gateway
	if segments := strings.SplitN(path, "/", route+2); len(segments) > route {
		if provider, ok := routes[segments[route]]; ok {
			return provider
		}
	}
	return "cloudflare"
}

// ollamaPort is the one that Ollama listens on unless told otherwise. It is no
// other program's; the default ports of other local servers (8000, 8080, 1234) are
// everybody's, and name nobody.
const ollamaPort = 11434

// isLocal reports whether a host is this machine or one beside it: a container or
// a machine of a private network.
func isLocal(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback() || address.IsPrivate() || address.IsUnspecified() || address.IsLinkLocalUnicast()
	}
	return host != "" && !strings.Contains(host, ".") || host == "host.docker.internal" || strings.HasSuffix(host, ".local")
}
