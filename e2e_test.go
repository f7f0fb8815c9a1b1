package genotel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/golden"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
	"github.com/genotel/genotel/otelgenai"
)

func TestMain(m *testing.M) {
	for _, entry := range os.Environ() { // settings of the developer's own must not decide
		name, _, _ := strings.Cut(entry, "=")
		for _, prefix := range []string{"LANGSMITH_", "LANGCHAIN_", "LANGTRACE_", "OTEL_", "GENOTEL_", "TRACE_"} {
			if strings.HasPrefix(name, prefix) && name != "GENOTEL_UPDATE_GOLDEN" {
				_ = os.Unsetenv(name)
			}
		}
	}
	goleak.VerifyTestMain(m)
}

// exchange is one recorded-style answer of the provider.
type exchange struct {
	file   string
	status int
}

// newOpenAI serves exchanges in turn and returns a client of it.
func newOpenAI(t *testing.T, telemetry *genotel.Telemetry, exchanges ...exchange) openai.Client {
	t.Helper()
	turn := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		e := exchanges[min(turn, len(exchanges)-1)]
		turn++
		body, err := os.ReadFile(filepath.Join("testdata", "exchanges", e.file))
		if !assert.NoError(t, err) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(e.file, ".sse") {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		w.WriteHeader(max(e.status, http.StatusOK))
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	return openai.NewClient(
		otelopenai.WithTracing(otelgenai.WithTracerProvider(telemetry.TracerProvider())),
		option.WithBaseURL(server.URL+"/v1"), option.WithAPIKey("sk-provider-secret"), option.WithMaxRetries(0),
		option.WithHTTPClient(server.Client()))
}

// converse runs the scenario that all backends are judged by: a call that asks for
// tools, one that concludes from their results, a streamed one, and a failure.
func converse(t *testing.T, client openai.Client) {
	t.Helper()
	ctx := t.Context()
	p := openai.ChatCompletionNewParams{
		Model:       "gpt-4o-mini",
		Temperature: openai.Float(0.2),
		MaxTokens:   openai.Int(150),
		Messages: []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage("You answer questions about the warehouse."),
			openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
				openai.TextContentPart("How many of these brackets are left at both sites?"),
				openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{
					URL: "data:image/png;base64,iVBORw0KGgo=",
				}),
			}),
		},
		Tools: []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
			Name:        "stock_level",
			Description: openai.String("Counts what is on the shelf."),
			Parameters: openai.FunctionParameters{
				"type":       "object",
				"properties": map[string]any{"sku": map[string]any{"type": "string"}, "site": map[string]any{"type": "integer"}},
			},
		})},
	}
	asked, err := client.Chat.Completions.New(ctx, p)
	require.NoError(t, err)
	require.Len(t, asked.Choices[0].Message.ToolCalls, 2)
	p.Messages = append(p.Messages, asked.Choices[0].Message.ToParam())
	for _, call := range asked.Choices[0].Message.ToolCalls {
		p.Messages = append(p.Messages, openai.ToolMessage(`{"on_hand": 21}`, call.ID))
	}
	_, err = client.Chat.Completions.New(ctx, p)
	require.NoError(t, err)

	p.Messages = append(p.Messages, openai.UserMessage("Say it in one word."))
	p.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	stream := client.Chat.Completions.NewStreaming(ctx, p)
	for stream.Next() {
	}
	require.NoError(t, stream.Err())
	require.NoError(t, stream.Close())

	_, err = client.Chat.Completions.New(ctx, p)
	require.Error(t, err)
}

func conversation() []exchange {
	return []exchange{
		{file: "tool_calls.json"}, {file: "answer.json"}, {file: "answer.sse"}, {file: "quota.json", status: http.StatusTooManyRequests},
	}
}

// backend configures genotel from the environment, runs the scenario and returns
// what the backend received.
func backend(t *testing.T, server *oracle.Server, opts ...genotel.Option) []oracle.Capture {
	t.Helper()
	telemetry, err := genotel.Configure(t.Context(), append([]genotel.Option{
		genotel.WithGlobal(false), genotel.WithServiceName("warehouse"),
	}, opts...)...)
	require.NoError(t, err)
	converse(t, newOpenAI(t, telemetry, conversation()...))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
	for _, stats := range telemetry.Stats() {
		assert.Equal(t, uint64(4), stats.Delivered, stats.Destination)
		assert.Empty(t, stats.Dropped, stats.Destination)
	}
	return server.Captures()
}

// masked replaces what differs from run to run: ids, times, ports and durations.
func masked(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	for pattern, mask := range map[string]string{
		`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`: "ID",
		`\b[0-9a-f]{32}\b`:                    "TRACE",
		`\b[0-9a-f]{16}\b`:                    "SPAN",
		`"20\d\d-[01]\d-[0-3]\d[T ][^"]*"`:    `"TIME"`,
		`"(server.port|duration_ms)":"?\d+"?`: `"$1":"N"`,
		`"(gen_ai.response.time_to_first_chunk|genotel.stream.time_to_first_content)":("[^"]*"|[^,}]*)`: `"$1":"SECONDS"`,
		`"(trace_id|span_id|parent_id)":"[^"]*"`:                                                        `"$1":"ID"`,
	} {
		text = regexp.MustCompile(pattern).ReplaceAll(text, []byte(mask))
	}
	var clean any
	require.NoError(t, json.Unmarshal(text, &clean))
	return clean
}

func TestLangSmithShowsTheWholeConversation(t *testing.T) {
	server := oracle.NewServer(t)
	t.Setenv("LANGSMITH_API_KEY", `"lsv2_pt_secret"`)
	t.Setenv("LANGSMITH_ENDPOINT", server.URL+"/")
	t.Setenv("LANGSMITH_PROJECT", "warehouse-bot")
	captures := backend(t, server)

	result, err := langsmithoracle.FromCaptures(captures, langsmithoracle.Options{Hosted: true})
	require.NoError(t, err)
	assert.Empty(t, result.Warnings)
	assert.Empty(t, result.Rejected)
	require.Len(t, result.Runs, 4)
	slices.SortFunc(result.Runs, func(a, b langsmithoracle.Run) int { return strings.Compare(a.StartTime, b.StartTime) })
	for _, run := range result.Runs {
		assert.Equal(t, "llm", run.RunType)
		assert.Equal(t, "warehouse-bot", run.SessionName)
	}
	assert.NotEmpty(t, result.Runs[2].FirstTokenTime)
	assert.Equal(t, "error", result.Runs[3].Status)
	golden.JSON(t, masked(t, result.Runs), "testdata/langsmith.golden.json")

	public, err := langsmithoracle.FromCaptures(captures, langsmithoracle.Options{})
	require.NoError(t, err)
	for _, run := range public.Runs {
		assert.NotEmpty(t, run.Inputs["messages"], "the public converter shows the inputs as well")
	}
}

func TestLangtraceTakesTheBatchAndShowsTheConversation(t *testing.T) {
	server := oracle.NewServer(t)
	t.Setenv("LANGTRACE_API_KEY", "langtrace-secret")
	t.Setenv("LANGTRACE_API_HOST", server.URL)
	var spans []langtraceoracle.Span
	for _, capture := range backend(t, server) {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{
			KnownKeys: []string{"langtrace-secret"}, RequireLLM: true,
		})
		assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
		assert.True(t, verdict.ContractHolds)
		assert.Empty(t, verdict.Dropped)
		spans = append(spans, verdict.Spans...)
	}
	slices.SortFunc(spans, func(a, b langtraceoracle.Span) int { return strings.Compare(a.StartTime, b.StartTime) })
	require.Len(t, spans, 4)
	assert.InDelta(t, 0.00045, *spans[0].UI.Cost, 1e-9, "1000 tokens in and 500 out")
	golden.JSON(t, masked(t, spans), "testdata/langtrace.golden.json")
}

// other runs the endpoints beside chat.
func other(t *testing.T, client openai.Client) {
	t.Helper()
	_, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "text-embedding-3-small",
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a bracket", "a shelf"}},
	})
	require.NoError(t, err)
	_, err = client.Responses.New(t.Context(), responses.ResponseNewParams{
		Model:        "gpt-4o-mini",
		Instructions: openai.String("Answer in one word."),
		Input:        responses.ResponseNewParamsInputUnion{OfString: openai.String("How many brackets are left?")},
	})
	require.NoError(t, err)
}

func TestEmbeddingsAndResponsesReachEachBackendInItsForm(t *testing.T) {
	langsmith, langtrace, collector := oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)
	telemetry, err := genotel.Configure(t.Context(), genotel.WithGlobal(false), genotel.WithServiceName("warehouse"),
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: langsmith.URL}),
		genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: langtrace.URL}),
		genotel.WithOTLP(genotel.OTLP{Endpoint: collector.URL}))
	require.NoError(t, err)
	other(t, newOpenAI(t, telemetry, exchange{file: "embeddings.json"}, exchange{file: "response.json"}))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))

	result, err := langsmithoracle.FromCaptures(langsmith.Captures(), langsmithoracle.Options{})
	require.NoError(t, err)
	assert.Empty(t, result.Warnings)
	require.Len(t, result.Runs, 2)
	slices.SortFunc(result.Runs, func(a, b langsmithoracle.Run) int { return strings.Compare(a.StartTime, b.StartTime) })
	assert.Equal(t, "embedding", result.Runs[0].RunType)
	assert.Equal(t, "llm", result.Runs[1].RunType)
	golden.JSON(t, masked(t, result.Runs), "testdata/langsmith_other.golden.json")

	for _, capture := range langtrace.Captures() {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}, RequireLLM: true})
		assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
	}
	for _, capture := range collector.Captures() {
		for _, content := range []string{"bracket", "Forty", "one word", "0.0789", "sites"} {
			assert.NotContains(t, string(capture.Body), content)
		}
	}
	golden.JSON(t, masked(t, otlpSpans(t, collector.Captures())), "testdata/otlp_other.golden.json")
}

func TestAPlainEndpointGetsTheConventionsAndNoContent(t *testing.T) {
	server := oracle.NewServer(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=collector%20secret")
	captures := backend(t, server)

	spans := otlpSpans(t, captures)
	require.Len(t, spans, 4)
	for _, capture := range captures {
		assert.Equal(t, "/v1/traces", capture.Path)
		assert.Equal(t, "collector secret", capture.Header.Get("Api-Key"))
		for _, secret := range []string{"warehouse.", "on_hand", "brackets", "Forty", "sk-provider", "limit of your plan"} {
			assert.NotContains(t, string(capture.Body), secret)
		}
	}
	golden.JSON(t, masked(t, spans), "testdata/otlp.golden.json")
}

func TestAPlainEndpointGetsContentWhenToldTo(t *testing.T) {
	server := oracle.NewServer(t)
	captures := backend(t, server, genotel.WithOTLP(genotel.OTLP{Endpoint: server.URL, Content: genotel.ContentInclude}))
	content := map[string]any{}
	for key, value := range otlpSpans(t, captures)[1]["attributes"].(map[string]any) {
		if strings.HasSuffix(key, "messages") || strings.HasSuffix(key, "definitions") {
			content[key] = value
		}
	}
	golden.JSON(t, content, "testdata/otlp_content.golden.json")
}

func TestEachDestinationGetsItsOwnFormOfTheSameSpans(t *testing.T) {
	langsmith, langtrace, collector := oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)
	telemetry, err := genotel.Configure(t.Context(),
		genotel.WithGlobal(false),
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: langsmith.URL}),
		genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: langtrace.URL}),
		genotel.WithOTLP(genotel.OTLP{Endpoint: collector.URL, Headers: map[string]string{"api-key": "key-3"}}))
	require.NoError(t, err)
	converse(t, newOpenAI(t, telemetry, conversation()...))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))

	for key, server := range map[string]*oracle.Server{"key-1": langsmith, "key-2": langtrace, "key-3": collector} {
		require.NotEmpty(t, server.Captures())
		for _, capture := range server.Captures() {
			for _, other := range []string{"key-1", "key-2", "key-3"} {
				if other != key {
					assert.NotContains(t, capture.Header, other)
					assert.NotContains(t, strings.Join(slices.Concat(slices.Collect(values(capture.Header))...), " "), other)
				}
			}
		}
	}
	for _, capture := range collector.Captures() {
		assert.NotContains(t, string(capture.Body), "on_hand")
	}
}

func values(h http.Header) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for _, v := range h {
			if !yield(v) {
				return
			}
		}
	}
}

// otlpSpans renders spans in the order of their start.
func otlpSpans(t *testing.T, captures []oracle.Capture) []map[string]any {
	t.Helper()
	var spans []*tracepb.Span
	for _, capture := range captures {
		data, err := oracle.DecodeProtobuf(capture.Body)
		require.NoError(t, err)
		for _, resource := range data.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				assert.Equal(t, "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev", scope.GetSchemaUrl())
				spans = append(spans, scope.GetSpans()...)
			}
		}
	}
	slices.SortFunc(spans, func(a, b *tracepb.Span) int { return int(a.GetStartTimeUnixNano()) - int(b.GetStartTimeUnixNano()) })
	rendered := make([]map[string]any, 0, len(spans))
	for _, span := range spans {
		attributes := map[string]any{}
		for _, kv := range span.GetAttributes() {
			attributes[kv.GetKey()] = otlpValue(kv)
		}
		rendered = append(rendered, map[string]any{
			"name": span.GetName(), "kind": span.GetKind().String(), "status": span.GetStatus(),
			"events": len(span.GetEvents()), "attributes": attributes,
		})
	}
	return rendered
}

// otlpValue renders a value with its type, and masks what differs from run to run.
func otlpValue(kv *commonpb.KeyValue) any {
	switch kv.GetKey() {
	case "server.port", "gen_ai.response.time_to_first_chunk", "genotel.stream.time_to_first_content":
		return fmt.Sprintf("%T", kv.GetValue().GetValue())
	}
	switch v := kv.GetValue().GetValue().(type) {
	case *commonpb.AnyValue_IntValue:
		return map[string]any{"int": v.IntValue}
	case *commonpb.AnyValue_DoubleValue:
		return map[string]any{"double": v.DoubleValue}
	case *commonpb.AnyValue_BoolValue:
		return v.BoolValue
	case *commonpb.AnyValue_ArrayValue:
		var list []any
		for _, element := range v.ArrayValue.GetValues() {
			list = append(list, element.GetStringValue())
		}
		return list
	default:
		return kv.GetValue().GetStringValue()
	}
}
