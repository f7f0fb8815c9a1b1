package genotel_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
	"github.com/genotel/genotel/otelgenai"
)

const besideUsage = `"usage":{"input_tokens":20,"output_tokens":9,"total_tokens":29,"prompt_tokens":20,"completion_tokens":9}`

// beside are calls beside generation, their answers, and what LangSmith is to make
// of them: the type of the run, and the tokens it may add up.
var beside = []struct {
	method, path, request, answer string
	runType                       string
	tokens                        any
}{
	{"GET", "responses/resp_1", ``, `{"id":"resp_1","status":"completed","model":"gpt-4o-mini","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Forty."}]}],` + besideUsage + `}`, "chain", nil},
	{"POST", "responses/resp_1/cancel", ``, `{"id":"resp_1","status":"cancelled","model":"gpt-4o-mini","output":[],` + besideUsage + `}`, "chain", nil}, //nolint:misspell // as the protocol spells it
	{"POST", "responses/compact", `{"model":"gpt-4o-mini","input":"brackets?"}`, `{"id":"resp_2","output":[{"type":"message","role":"user","content":[{"type":"input_text","text":"brackets?"}]},{"type":"compaction"}],` + besideUsage + `}`, "llm", 29.0},
	{"POST", "responses/input_tokens", `{"model":"gpt-4o-mini","input":"brackets?"}`, `{"input_tokens":20}`, "chain", nil},
	{"POST", "threads/thread_1/runs", `{"assistant_id":"asst_1"}`, `{"id":"run_1","object":"thread.run","status":"queued","model":"gpt-4o-mini"}`, "chain", nil},
	{"POST", "threads/thread_1/runs", `{"assistant_id":"asst_1","stream":true,"additional_messages":[{"role":"user","content":"brackets?"}]}`, "event: thread.message.delta\ndata: " +
		`{"id":"m","object":"thread.message.delta","delta":{"content":[{"text":{"value":"Forty."}}]}}` + "\n\nevent: thread.run.completed\ndata: " +
		`{"id":"run_1","object":"thread.run","status":"completed","model":"gpt-4o-mini",` + besideUsage + `}` + "\n\n", "chain", 29.0},
	{"POST", "assistants", `{"model":"gpt-4o-mini","name":"Clerk","instructions":"Count brackets."}`, `{"id":"asst_1"}`, "chain", nil},
	{"POST", "decisions", `{"model":"gpt-4o-mini","input":"brackets?","questions":[{"type":"predicate"}]}`, `{"model":"gpt-4o-mini","answers":[{"type":"predicate","probability":1}],` + besideUsage + `}`, "llm", 29.0},
	{"POST", "vector_stores/vs_1/search", `{"query":"brackets?"}`, `{"data":[{"file_id":"file-1","score":0.5,"content":[{"type":"text","text":"Forty."}]}]}`, "retriever", nil},
	{"POST", "batches", `{"input_file_id":"file-1"}`, `{"id":"batch_1"}`, "chain", nil},
}

func TestCallsBesideGenerationReachEachBackendInItsForm(t *testing.T) {
	for _, call := range beside {
		t.Run(call.method+" "+call.path, func(t *testing.T) {
			langsmith, langtrace, collector := oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)
			telemetry, err := genotel.Configure(t.Context(), genotel.WithGlobal(false), genotel.WithServiceName("warehouse"),
				genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: langsmith.URL}),
				genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: langtrace.URL}),
				genotel.WithOTLP(genotel.OTLP{Endpoint: collector.URL}))
			require.NoError(t, err)
			provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if strings.HasPrefix(call.answer, "event:") {
					w.Header().Set("Content-Type", "text/event-stream")
				}
				_, _ = io.WriteString(w, call.answer)
			}))
			defer provider.Close()
			client := openai.NewClient(otelopenai.WithTracing(otelgenai.WithTracerProvider(telemetry.TracerProvider())),
				option.WithBaseURL(provider.URL+"/v1"), option.WithAPIKey("sk-provider-secret"), option.WithHTTPClient(provider.Client()))
			var opts []option.RequestOption
			if call.request != "" {
				opts = append(opts, option.WithRequestBody("application/json", []byte(call.request)))
			}
			var received []byte
			require.NoError(t, client.Execute(t.Context(), call.method, call.path, nil, &received, opts...))
			assert.Equal(t, call.answer, string(received))
			require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))

			result, err := langsmithoracle.FromCaptures(langsmith.Captures(), langsmithoracle.Options{})
			require.NoError(t, err)
			assert.Empty(t, result.Warnings)
			require.Len(t, result.Runs, 1)
			run := result.Runs[0]
			assert.Equal(t, call.runType, run.RunType)
			usage, _ := run.Outputs["usage_metadata"].(map[string]any)
			assert.Equal(t, call.tokens, usage["total_tokens"], "%v", run.Outputs)
			if strings.Contains(call.answer, "Forty.") {
				assert.Contains(t, encode(t, run.Outputs), "Forty.")
			}
			if strings.Contains(call.request, "brackets?") && call.path != "responses/input_tokens" {
				assert.Contains(t, encode(t, run.Inputs), "brackets?")
			}

			for _, capture := range langtrace.Captures() {
				verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}})
				assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
				assert.Empty(t, verdict.Dropped)
			}
			require.NotEmpty(t, collector.Captures())
			for _, capture := range collector.Captures() {
				for _, content := range []string{"brackets", "Forty", "sk-provider"} {
					assert.NotContains(t, string(capture.Body), content)
				}
			}
		})
	}
}

// encode writes a value as JSON, to search it.
func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
