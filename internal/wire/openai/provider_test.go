package openai_test

import (
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

const chatPath = "/v1/chat/completions"

func TestTheHostNamesTheProvider(t *testing.T) {
	for host, want := range map[string]string{
		"api.openai.com":                          "openai",
		"API.OpenAI.com":                          "openai",
		"eu.api.openai.com":                       "openai",
		"mtls.api.openai.com":                     "openai",
		"api.anthropic.com":                       "anthropic",
		"generativelanguage.googleapis.com":       "gcp.gemini",
		"aiplatform.googleapis.com":               "gcp.vertex_ai",
		"us-central1-aiplatform.googleapis.com":   "gcp.vertex_ai",
		"api.x.ai":                                "x_ai",
		"api.deepseek.com":                        "deepseek",
		"api.groq.com":                            "groq",
		"api.mistral.ai":                          "mistral_ai",
		"api.perplexity.ai":                       "perplexity",
		"api.moonshot.ai":                         "moonshot_ai",
		"api.moonshot.cn":                         "moonshot_ai",
		"api.cohere.com":                          "cohere",
		"api.cohere.ai":                           "cohere",
		"bedrock-runtime.us-east-1.amazonaws.com": "aws.bedrock",
		"bedrock-mantle.eu-west-1.api.aws":        "aws.bedrock",
		"mine.openai.azure.com":                   "azure.ai.openai",
		"mine.openai.azure.us":                    "azure.ai.openai",
		"mine.openai.azure.cn":                    "azure.ai.openai",
		"m.eastus.inference.ai.azure.com":         "azure.ai.inference",
		"models.inference.ai.azure.com":           "azure.ai.inference",
		"us-south.ml.cloud.ibm.com":               "ibm.watsonx.ai",
		"api.together.xyz":                        "together",
		"api.together.ai":                         "together",
		"api.fireworks.ai":                        "fireworks",
		"openrouter.ai":                           "openrouter",
		"api.cerebras.ai":                         "cerebras",
		"dashscope.aliyuncs.com":                  "alibaba",
		"dashscope-intl.aliyuncs.com":             "alibaba",
		"dashscope-us.aliyuncs.com":               "alibaba",
		"ws-1.ap-southeast-1.maas.aliyuncs.com":   "alibaba",
		"api.z.ai":                                "z_ai",
		"router.huggingface.co":                   "huggingface",
		"account.snowflakecomputing.com":          "snowflake",
		"ollama.com":                              "ollama",
	} {
		name, assumed := openai.Provider(record.Server{Address: host, Port: 443}, chatPath)
		assert.Equal(t, want, name, host)
		assert.False(t, assumed, host)
	}
}

func TestAHostThatSaysNothingKeepsTheFlavorOfTheProtocol(t *testing.T) {
	for _, host := range []string{
		"", "localhost", "127.0.0.1", "::1", "vllm", "gateway.example.com",
		"api.groq.com.example.com", "notapi.groq.com", "openai.azure.com", "evilaiplatform.googleapis.com",
		"api.openai.com.openai.azure.com.attacker.test", "evilopenrouter.ai", "snowflakecomputing.com",
	} {
		for _, port := range []int{0, 80, 443, 1234, 8000, 8080, 30000} {
			name, assumed := openai.Provider(record.Server{Address: host, Port: port}, chatPath)
			assert.Equal(t, "openai", name, "%s:%d", host, port)
			assert.True(t, assumed, "%s:%d", host, port)
		}
	}
}

func TestOllamaIsKnownByItsPortOnThisMachineOrBesideIt(t *testing.T) {
	for host, want := range map[string]string{
		"localhost": "ollama", "LOCALHOST": "ollama", "127.0.0.1": "ollama", "127.1.2.3": "ollama", "::1": "ollama",
		"0.0.0.0": "ollama", "192.168.1.7": "ollama", "10.0.0.1": "ollama", "172.16.0.1": "ollama", "fd00::1": "ollama",
		"ollama": "ollama", "gpu-box": "ollama", "gpu-box.local": "ollama", "host.docker.internal": "ollama",
		"": "openai", "8.8.8.8": "openai", "172.32.0.1": "openai", "2001:db8::1": "openai", "example.com": "openai",
	} {
		name, assumed := openai.Provider(record.Server{Address: host, Port: 11434}, chatPath)
		assert.Equal(t, want, name, host)
		assert.True(t, assumed, host)
	}
	name, assumed := openai.Provider(record.Server{Address: "api.openai.com", Port: 11434}, chatPath)
	assert.Equal(t, "openai", name)
	assert.False(t, assumed)
}

func TestThePathTellsApartTheAzureProductsThatShareAHost(t *testing.T) {
	for _, host := range []string{"mine.services.ai.azure.com", "mine.cognitiveservices.azure.com"} {
		for path, want := range map[string]string{
			"/models/chat/completions":                    "azure.ai.inference",
			"/openai/deployments/models/chat/completions": "azure.ai.openai",
			"/openai/v1/chat/completions":                 "azure.ai.openai",
		} {
			name, assumed := openai.Provider(record.Server{Address: host, Port: 443}, path)
			assert.Equal(t, want, name, host+path)
			assert.False(t, assumed, host+path)
		}
	}
}

func TestADeploymentInThePathIsAzuresBehindAnyHost(t *testing.T) {
	const path = "/proxy/openai/deployments/gpt-4o/chat/completions"
	for host, want := range map[string]string{
		"apim.example.com": "azure.ai.openai", "localhost": "azure.ai.openai", "openrouter.ai": "openrouter",
	} {
		name, assumed := openai.Provider(record.Server{Address: host, Port: 443}, path)
		assert.Equal(t, want, name, host)
		assert.Equal(t, want == "azure.ai.openai", assumed, host)
	}
}

func TestThePathOfCloudflaresGatewayNamesTheProvider(t *testing.T) {
	for path, want := range map[string]string{
		"/v1/account/gateway/openai/chat/completions":           "openai",
		"/v1/account/gateway/azure-openai/r/d/chat/completions": "azure.ai.openai",
		"/v1/account/gateway/groq/chat/completions":             "groq",
		"/v1/account/gateway/grok/v1/chat/completions":          "x_ai",
		"/v1/account/gateway/compat/chat/completions":           "cloudflare",
		"/v1/account/gateway/workers-ai/v1/chat/completions":    "cloudflare",
		"/v1/account/gateway/openrouter":                        "openrouter",
		"/v1/openai/chat/completions":                           "cloudflare",
		"/v1/openai/openai/compat/openai/chat/completions":      "cloudflare",
		"/chat/completions":                                     "cloudflare",
		"":                                                      "cloudflare",
	} {
		name, assumed := openai.Provider(record.Server{Address: "gateway.ai.cloudflare.com", Port: 443}, path)
		assert.Equal(t, want, name, path)
		assert.False(t, assumed, path)
	}
}

// TestThePageOfProvidersIsComplete holds the page for users against the tables,
// both ways.
func TestThePageOfProvidersIsComplete(t *testing.T) {
	page, err := os.ReadFile("../../../docs/providers.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.*?) \\|")
	place := regexp.MustCompile("`([^`]+)`")
	documented := map[string]string{}
	for _, match := range row.FindAllStringSubmatch(string(page), -1) {
		for _, host := range place.FindAllStringSubmatch(match[2], -1) {
			assert.NotContains(t, documented, host[1], "listed twice")
			documented[host[1]] = match[1]
		}
	}
	inCode := maps.Clone(openai.Hosts)
	for suffix, name := range openai.HostSuffixes() {
		inCode["*"+suffix] = name
	}
	for route, name := range openai.Routes {
		inCode["gateway.ai.cloudflare.com/.../"+route] = name
	}
	for pattern, name := range map[string]string{ // what the code knows by other means
		"bedrock-runtime*": "aws.bedrock", "bedrock-mantle*": "aws.bedrock",
		"*.services.ai.azure.com/models": "azure.ai.inference", "*.services.ai.azure.com": "azure.ai.openai",
		"*.cognitiveservices.azure.com/models": "azure.ai.inference", "*.cognitiveservices.azure.com": "azure.ai.openai",
		"gateway.ai.cloudflare.com": "cloudflare",
	} {
		inCode[pattern] = name
		host, path, _ := strings.Cut(strings.ReplaceAll(pattern, "*", "x"), "/")
		if path = "/" + path; path == "/" {
			path = chatPath
		}
		got, assumed := openai.Provider(record.Server{Address: strings.Replace(host, "bedrockx", "bedrock", 1)}, path)
		assert.Equal(t, name, got, pattern)
		assert.False(t, assumed, pattern)
	}
	assert.Equal(t, inCode, documented)
}
