package main

import (
	"bytes"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// semconvDir is the package the generator writes.
var semconvDir = filepath.Join("..", "..", "semconv")

func readRegistry(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(semconvDir, "registry.json"))
	require.NoError(t, err)
	return data
}

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	files, err := Generate(readRegistry(t))
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(semconvDir, name))
		require.NoError(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("semconv/%s is stale: run go generate ./semconv", name)
		}
	}
}

func TestSameRegistryGivesSameBytes(t *testing.T) {
	registry := readRegistry(t)
	first, err := Generate(registry)
	require.NoError(t, err)
	for range 10 {
		again, err := Generate(registry)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestCommentsFitInEightyColumns(t *testing.T) {
	files, err := Generate(readRegistry(t))
	require.NoError(t, err)
	for name, source := range files {
		for line := range strings.Lines(string(source)) {
			if comment := strings.TrimSpace(line); strings.HasPrefix(comment, "//") {
				assert.LessOrEqual(t, len(comment), 80, "%s: %s", name, comment)
			}
		}
	}
}

func TestGenerateRefusesABrokenRegistry(t *testing.T) {
	const (
		profiles = `"profiles":{"latest":{"schema_url":"l"},"v1.41":{"schema_url":"v"}}`
		legacy   = `{"key":"gen_ai.token.type","type":"string","in":["v1.41"],"deprecated":{}},` +
			`{"key":"gen_ai.usage.cache_creation.input_tokens","type":"int","in":["v1.41"],"deprecated":{}}`
	)
	attributes := func(more string) string {
		return `{` + profiles + `,"attributes":[` + legacy + more + `]}`
	}
	_, err := Generate([]byte(attributes("")))
	require.NoError(t, err, "the registry the cases start from")

	for _, tt := range []struct{ name, registry, want string }{
		{
			name:     "no JSON",
			registry: `{`,
			want:     "read the registry",
		},
		{
			name:     "no profiles",
			registry: `{"attributes":[` + legacy + `]}`,
			want:     "profile latest is missing",
		},
		{
			name:     "a legacy key is gone",
			registry: `{` + profiles + `}`,
			want:     "gen_ai.token.type is needed",
		},
		{
			name:     "an unknown type",
			registry: attributes(`,{"key":"a.b","type":"map"}`),
			want:     `a.b has the unknown type "map"`,
		},
		{
			name:     "a key twice",
			registry: attributes(`,{"key":"a.b","type":"int"},{"key":"a.b","type":"int"}`),
			want:     "a.b is defined twice",
		},
		{
			name:     "two keys of one name",
			registry: attributes(`,{"key":"a.b_c","type":"int"},{"key":"a.b.c","type":"int"}`),
			want:     "both named ABCKey",
		},
		{
			name:     "a value named like a key",
			registry: attributes(`,{"key":"a","type":"string","enum":["b.key"]},{"key":"a.b","type":"int"}`),
			want:     "both named ABKey",
		},
		{
			name:     "a key without a name",
			registry: attributes(`,{"key":"a.b c","type":"int"}`),
			want:     `"a.b c" has no Go name`,
		},
		{
			name:     "a value without a name",
			registry: attributes(`,{"key":"a.b","type":"string","enum":["+"]}`),
			want:     `a.b: "+" has no Go name`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files, err := Generate([]byte(tt.registry))
			require.ErrorContains(t, err, tt.want)
			assert.Nil(t, files)
		})
	}
}

func TestDeprecatedKeysAreLeftOutUnlessTheLegacyMetricsNeedThem(t *testing.T) {
	files, err := Generate(readRegistry(t))
	require.NoError(t, err)
	keys := string(files["keys.go"])
	for _, key := range []string{"gen_ai.system", "gen_ai.prompt", "gen_ai.usage.prompt_tokens"} {
		assert.NotContains(t, keys, `attribute.Key("`+key+`")`)
	}
	for _, key := range legacyKeys {
		before, _, found := strings.Cut(keys, `attribute.Key("`+key+`")`)
		require.True(t, found, key)
		_, comment, _ := cutLast(before, "\n\n")
		assert.Contains(t, comment, "Profile v1.41 only")
	}
}

func TestNamesFollowOpenTelemetry(t *testing.T) {
	for in, want := range map[string]string{
		"gen_ai.request.top_p":             "GenAIRequestTopP",
		"gen_ai.skill.source.uri":          "GenAISkillSourceURI",
		"openai.api.type":                  "OpenAIAPIType",
		"mcp.session.id":                   "MCPSessionID",
		"jsonrpc.request.id":               "JSONRPCRequestID",
		"rpc.response.status_code":         "RPCResponseStatusCode",
		"aws.bedrock.guardrail.id":         "AWSBedrockGuardrailID",
		"azure.ai.openai":                  "AzureAIOpenAI",
		"ibm.watsonx.ai":                   "IBMWatsonxAI",
		"gcp.gen_ai":                       "GCPGenAI",
		"x_ai":                             "XAI",
		"_OTHER":                           "Other",
		"logging/setLevel":                 "LoggingSetLevel",
		"notifications/tools/list_changed": "NotificationsToolsListChanged",
	} {
		got, err := goName(in)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.True(t, token.IsExported(got))
	}
}

// cutLast is strings.Cut around the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
