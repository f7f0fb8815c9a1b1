package openaicall_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/openaicall"
)

// ids are ids as the API makes them, for the places in paths that hold one.
var ids = strings.NewReplacer(
	"{response_id}", "resp_0a1b2c3d", "{thread_id}", "thread_7W4a2FW5", "{run_id}", "run_Z41LV5j3", "{vector_store_id}", "vs_abc123",
	"{assistant_id}", "asst_abc123", "{completion_id}", "chatcmpl-abc123", "{batch_id}", "batch_abc123", "{file_id}", "file-abc123",
	"{session_id}", "sess_abc123", "{message_id}", "msg_abc123", "{model}", "gpt-4o-mini",
)

// path fills in the ids of a path; those of which nothing hangs become any id.
func path(pattern string) string {
	segments := strings.Split(ids.Replace(pattern), "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = "id_abc123"
		}
	}
	return strings.Join(segments, "/")
}

// operation is what a request is traced as, "-" when it is not.
func operation(method, path string) string {
	endpoint := openaicall.NewClient("test").Endpoint(method, path)
	if endpoint == nil {
		return "-"
	}
	return endpoint.Operation
}

// The list has every endpoint of openai-go, and what it is traced as. What is not traced generates nothing
// (files, settings), says again what is told elsewhere (stored chat completions,
// runs and videos that are polled), is a job whose results come by another way
// (videos), holds secrets (realtime and live sessions, administration), or leaves
// HTTP (the sockets behind GET /responses, /realtime and /live).
func TestEveryEndpointIsTracedAsTheListSaysWhateverItsPrefix(t *testing.T) {
	list, err := os.ReadFile("testdata/endpoints.txt")
	require.NoError(t, err)
	const endpoints, traced = 361, 22
	counted := map[bool]int{}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		require.Len(t, fields, 3, line)
		method, pattern, want := fields[0], fields[1], fields[2]
		counted[want != "-"]++
		for _, prefix := range []string{
			"", "/v1", "/openai", "/openai/v1", "//openai", "/groq/openai/v1", "/gateway/team-7/v1", "/api/v1beta", "/openai/deployments/gpt-4o",
		} {
			assert.Equal(t, want, operation(method, prefix+path(pattern)), "%s %s", method, prefix+path(pattern))
		}
	}
	assert.Equal(t, map[bool]int{true: traced, false: endpoints - traced}, counted)
}

func TestWhatIsNobodysEndpointIsNotTraced(t *testing.T) {
	for _, request := range []string{
		"GET /my/responses/view", "GET /v1/responses/view", "GET /v1/responses/", "GET /v1/responses", "GET /v1/surveys/12/responses/a1b2",
		"GET /v1/responses/12345", "GET /forms/f1/responses/r1", "HEAD /v1/responses/resp_1", "DELETE /v1/responses/resp_1",
		"POST /v1/responses/resp_1", "GET /v1/responses/resp_1//", "GET /v1/responses/resp_1/input_items", "GET /v1/responses/resp_1/cancel",
		"POST /my/responses/view/cancel", "POST /v1/responses//cancel", "POST /v1/responses/cancel",
		"POST /my/assistants", "POST /v1/assistants/asst_1", "GET /v1/assistants", "POST /v1/assistants//",
		"POST /threads/0f0f-11/runs", "POST /v1/threads/7/runs", "GET /v1/threads/thread_1/runs", "POST /v1/thread_1/runs",
		"POST /v1/threads/thread_1/runs/run_1", "POST /v1/threads/thread_1/runs/run_1/cancel", "POST /my/threads/runs",
		"POST /v1/threads/thread_1/messages", "POST /v1/threads/thread_1/submit_tool_outputs", "POST /submit_tool_outputs", "POST /runs",
		"POST /courts/decisions", "POST /v1/messages/batches", "POST /ml/batches", "GET /v1/batches",
		"POST /v1/vector_stores/search", "POST /v1/vector_stores//search", "GET /v1/vector_stores/vs_1/search", "POST /v1/search",
		"POST /api/forms/77/responses", "POST /responses/responses", "POST /api/responses", "POST /surveys/responses",
		"POST /courses/12/completions", "POST /prompts/pp/x/completions", "POST /editor/fim/completions", "POST /my/prompts/pp/completions",
		"POST /documents/7/embeddings", "POST /forum/moderations", "POST /forum/chat/moderations", "POST /v1/responses//",
		"POST search", "POST ", "GET ", "POST /", "GET resp_1", "POST cancel", "POST /cancel",
	} {
		method, path, _ := strings.Cut(request, " ")
		assert.Equal(t, "-", operation(method, path), request)
	}
}

func TestTheEndpointsOfProvidersAreTracedWhereTheirAPIBegins(t *testing.T) {
	for _, base := range []string{
		"/v1", "/v2", "/v3", "/beta", "/api/v1", "/api/v3", "/api/paas/v4", "/api/v2/cortex/v1", "/openai/v1", "/compatible-mode/v1",
		"/compatibility/v1", "/inference", "/inference/v1", "/v1beta/openai", "/v1/openai", "/serving-endpoints", "/models",
		"/client/v4/accounts/x/ai/v1", "/v1/account/gateway/openai", "/v1/account/gateway/groq", "/v1/account/gateway/compat",
		"/v1/account/gateway/grok/v1", "/v1/account/gateway/azure-openai/resource/deployment",
		"/v1/account/gateway/google-ai-studio/v1beta/openai", "/together/v1", "/ml/gateway/v1", "/rest/api/v2",
		"/v1/projects/p/locations/l/endpoints/openapi", "/api/projects/p/openai", "/api/projects/p/openai/v1",
		"/api/projects/p/applications/a/protocols/openai", "/openai/deployments/gpt-4o", "/engines/davinci", "/engines/llama.cpp/v1",
		"/backend-api/codex", "",
	} {
		for path, want := range map[string]string{
			"/chat/completions": "chat", "/responses": "chat", "/completions": "text_completion",
			"/embeddings": "embeddings", "/moderations": "moderation",
			"/responses/": "chat", "/chat/completions/": "chat", "/images/generations/": "generate_content",
		} {
			assert.Equal(t, want, operation("POST", base+path), base+path)
			assert.Equal(t, "-", operation("GET", base+path), base+path)
		}
	}
}

func TestAnIDOfOpenAINeedsNoKnownPrefix(t *testing.T) {
	for request, want := range map[string]string{
		"GET /llm/proxy/responses/resp_1":                             "fetch_response",
		"POST /llm/proxy/responses/resp_1/cancel":                     "fetch_response",
		"GET /v1/responses/9d2bf0a1-7c3e-4f7e-8f37-0d2c4a1b5e6f":      "fetch_response", // as of x.ai
		"POST /llm/proxy/threads/thread_1/runs":                       "invoke_agent",
		"POST /llm/proxy/threads/thread_1/runs/r/submit_tool_outputs": "invoke_agent",
		"POST /llm/proxy/vector_stores/any/search":                    "retrieval",
		"POST /llm/proxy/responses/compact":                           "chat",
		"POST /llm/proxy/chat/completions":                            "chat",
		"GET /v1/responses/resp_1/":                                   "fetch_response",
		"POST /v1/assistants/":                                        "create_agent",
		"POST /v1/fim/completions":                                    "text_completion", // Mistral's, as the next two
		"POST /v1/agents/completions":                                 "text_completion",
		"POST /v1/chat/moderations":                                   "moderation",
		"POST /v1/prompts/pp-weather/completions":                     "text_completion", // Portkey's
		"POST /api/embeddings":                                        "embeddings",      // Ollama's
	} {
		method, path, _ := strings.Cut(request, " ")
		assert.Equal(t, want, operation(method, path), request)
	}
}

func TestToTellThatARequestIsNotTracedAllocatesNothing(t *testing.T) {
	client := openaicall.NewClient("test")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		_ = client.Endpoint(http.MethodPost, "/v1/threads/thread_1/messages")
		_ = client.Endpoint(http.MethodGet, "/v1/responses/resp_1")
	}))
}
