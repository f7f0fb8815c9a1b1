package genotel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

type stockQuery struct {
	SKU  string `json:"sku"`
	Site int    `json:"site"`
}

// clerk runs an agent that searches, uses a tool, asks a model and fails to write down
// what it did.
func clerk(t *testing.T, telemetry *genotel.Telemetry) {
	t.Helper()
	client := newOpenAI(t, telemetry, exchange{file: "answer.json"})
	search := otelgenai.Wrap("shelves", func(context.Context, string) ([]record.Document, error) {
		return []record.Document{{ID: "7", Content: "Bracket A-17 MARKER", Score: record.Some(0.5)}}, nil
	}, otelgenai.WithKind(otelgenai.KindRetrieval))
	stock := otelgenai.Wrap("stock_level", func(context.Context, stockQuery) (string, error) {
		return "21 MARKER", nil
	}, otelgenai.WithKind(otelgenai.KindTool))

	result, err := otelgenai.Run(t.Context(), "clerk", func(ctx context.Context) (string, error) {
		_, err := search(ctx, "brackets MARKER")
		require.NoError(t, err)
		_, err = stock(ctx, stockQuery{SKU: "A-17 MARKER", Site: 2})
		require.NoError(t, err)
		_, err = client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{
			Model: "gpt-4o-mini", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("How many MARKER?")},
		})
		require.NoError(t, err)
		_, err = otelgenai.Run(ctx, "log", func(context.Context) (int, error) { return 0, errors.New("disk MARKER full") })
		require.Error(t, err)
		return "There are 21 MARKER.", nil
	}, otelgenai.WithTracerProvider(telemetry.TracerProvider()), otelgenai.WithKind(otelgenai.KindAgent),
		otelgenai.WithInput(map[string]any{"question": "How many MARKER?"}))
	require.NoError(t, err)
	assert.Equal(t, "There are 21 MARKER.", result)
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// clerkRuns are the runs that LangSmith makes of the clerk's work, by name.
func clerkRuns(t *testing.T, opts ...genotel.Option) (runs map[string]langsmithoracle.Run, sent string) {
	t.Helper()
	server := oracle.NewServer(t)
	t.Setenv("LANGSMITH_API_KEY", "lsv2_pt_secret")
	t.Setenv("LANGSMITH_ENDPOINT", server.URL)
	telemetry, err := genotel.Configure(t.Context(), append([]genotel.Option{genotel.WithGlobal(false)}, opts...)...)
	require.NoError(t, err)
	clerk(t, telemetry)
	result, err := langsmithoracle.FromCaptures(server.Captures(), langsmithoracle.Options{})
	require.NoError(t, err)
	assert.Empty(t, result.Warnings)
	assert.Empty(t, result.Rejected)
	runs = map[string]langsmithoracle.Run{}
	var all strings.Builder
	for _, run := range result.Runs {
		runs[run.Name] = run
		all.WriteString(run.Error)
		for _, values := range []map[string]any{run.Inputs, run.Outputs, run.Extra} {
			all.WriteString(jsonText(t, values))
		}
	}
	require.Len(t, runs, 5)
	return runs, all.String()
}

func TestLangSmithShowsAnAgentWithItsToolsSearchesAndModelCalls(t *testing.T) {
	runs, _ := clerkRuns(t)
	agent := runs["invoke_agent clerk"]
	assert.Equal(t, "chain", agent.RunType)
	assert.Empty(t, agent.ParentRunID)
	assert.Equal(t, map[string]any{"question": "How many MARKER?"}, agent.Inputs)
	assert.Equal(t, map[string]any{"output": "There are 21 MARKER."}, agent.Outputs)
	assert.Equal(t, "success", agent.Status)

	for name, want := range map[string]string{
		"retrieval shelves": "retriever", "execute_tool stock_level": "tool", "chat gpt-4o-mini": "llm", "log": "chain",
	} {
		assert.Equal(t, want, runs[name].RunType, name)
		assert.Equal(t, agent.ID, runs[name].ParentRunID, name)
		assert.Equal(t, agent.TraceID, runs[name].TraceID, name)
	}
	tool := runs["execute_tool stock_level"]
	assert.Equal(t, map[string]any{"sku": "A-17 MARKER", "site": float64(2)}, tool.Inputs)
	assert.Equal(t, map[string]any{"output": "21 MARKER"}, tool.Outputs)
	retrieval := runs["retrieval shelves"]
	assert.Equal(t, map[string]any{"query": "brackets MARKER"}, retrieval.Inputs)
	assert.Contains(t, jsonText(t, retrieval.Outputs), `"page_content":"Bracket A-17 MARKER"`)
	assert.Contains(t, jsonText(t, runs["chat gpt-4o-mini"].Inputs), "How many MARKER?")
	assert.Equal(t, "error", runs["log"].Status)
	assert.Equal(t, "_OTHER: disk MARKER full", runs["log"].Error)
	assert.NotContains(t, jsonText(t, agent.Outputs), "usage", "the tokens are those of the call below")
}

func TestHiddenContentOfFunctionsStaysInTheProgram(t *testing.T) {
	runs, sent := clerkRuns(t, genotel.WithContent(genotel.ContentExclude))
	assert.NotContains(t, sent, "MARKER")
	assert.Empty(t, runs["invoke_agent clerk"].Inputs)
	assert.Empty(t, runs["execute_tool stock_level"].Outputs)
	assert.Equal(t, "_OTHER", runs["log"].Error)
}

func TestTheRedactorOfConfigureSeesWhatFunctionsDo(t *testing.T) {
	runs, sent := clerkRuns(t, genotel.WithRedactor(func(text string) (string, error) {
		return strings.ReplaceAll(text, "MARKER", "[removed]"), nil
	}))
	assert.NotContains(t, sent, "MARKER")
	assert.Equal(t, map[string]any{"sku": "A-17 [removed]", "site": float64(2)}, runs["execute_tool stock_level"].Inputs)
	assert.Equal(t, "_OTHER: disk [removed] full", runs["log"].Error)
}

func TestLangtraceAndTheConsoleShowAnAgent(t *testing.T) {
	server := oracle.NewServer(t)
	t.Setenv("LANGTRACE_API_KEY", "secret")
	t.Setenv("LANGTRACE_API_HOST", server.URL)
	var console bytes.Buffer
	telemetry, err := genotel.Configure(t.Context(), genotel.WithGlobal(false), genotel.WithConsole(&console))
	require.NoError(t, err)
	clerk(t, telemetry)
	var shown string
	for _, capture := range server.Captures() {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"secret"}})
		assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
		shown += strings.ReplaceAll(jsonText(t, verdict.Spans), `\\`, "")
	}
	for _, text := range []string{
		`How many MARKER?`, "There are 21 MARKER.", "21 MARKER", "Bracket A-17 MARKER", "brackets MARKER",
	} {
		assert.Contains(t, shown, text)
	}
	assert.Contains(t, console.String(), "stock_level")
}

func TestEveryAttributeOfAStepIsDocumented(t *testing.T) {
	page := documents(t)["docs/attributes.md"]
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	ctx, outer := otelgenai.Start(t.Context(), "f", otelgenai.WithTracerProvider(provider),
		otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithDialects(dialect.LangSmith, dialect.LLM, dialect.OpenInference))
	for kind := otelgenai.KindChain; kind <= otelgenai.KindPlan; kind++ {
		name := "name"
		if kind == otelgenai.KindMemory {
			name = string(otelgenai.SearchMemory)
		}
		_, span := otelgenai.Start(ctx, name, otelgenai.WithKind(kind), otelgenai.WithServer("host", 1), otelgenai.WithTopK(1),
			otelgenai.WithTool(record.ToolRun{Type: "function", CallID: "c", Description: "d"}),
			otelgenai.WithAgent(record.Agent{Name: "a", ID: "a-1", Description: "d"}),
			otelgenai.WithMemory(record.Memory{StoreID: "s", RecordID: "r"}), otelgenai.WithInput("question"))
		span.Chunk("answer")
		span.SetOutput([]string{"answer"})
		span.Fail(errors.New("failed"))
		span.End()
	}
	outer.End()
	require.Len(t, spans.GetSpans(), 10)
	for _, span := range spans.GetSpans() {
		for _, kv := range span.Attributes {
			assert.Contains(t, page, "`"+string(kv.Key)+"`")
		}
	}
}

func TestEveryOptionOfAStepIsDocumented(t *testing.T) {
	source, err := os.ReadFile("otelgenai/spanoptions.go")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^func (With\w+)\(`).FindAllSubmatch(source, -1)
	require.NotEmpty(t, found)
	for _, match := range found {
		assert.Contains(t, documents(t)["docs/functions.md"], "`"+string(match[1])+"(")
	}
}
