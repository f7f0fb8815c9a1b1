package genotel_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
)

const (
	foreignAsked    = `[{"role":"user","parts":[{"type":"text","content":"How many brackets?"}]}]`
	foreignAnswered = `[{"role":"assistant","finish_reason":"stop","parts":[{"type":"text","content":"Forty."}]}]`
)

// foreignCall is a span as another instrumentation makes it.
type foreignCall struct {
	name       string
	kind       trace.SpanKind
	attributes []attribute.KeyValue
	events     func(trace.Span)
	failed     bool
}

func chatFacts(more ...attribute.KeyValue) []attribute.KeyValue {
	return append([]attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.request.model", "gpt-4o-mini"),
		attribute.String("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
		attribute.Int("gen_ai.usage.input_tokens", 1000), attribute.Int("gen_ai.usage.output_tokens", 500),
		attribute.StringSlice("gen_ai.response.finish_reasons", []string{"stop"}),
		attribute.String("url.path", "/v1/chat/completions"),
	}, more...)
}

// conversations are a chat in the forms of the conventions, old and new, and of
// OpenLLMetry.
var conversations = []foreignCall{
	{
		name: "messages", kind: trace.SpanKindClient,
		attributes: chatFacts(attribute.String("gen_ai.provider.name", "openai"),
			attribute.String("gen_ai.input.messages", foreignAsked), attribute.String("gen_ai.output.messages", foreignAnswered)),
	},
	{
		name: "streamed", kind: trace.SpanKindClient,
		attributes: chatFacts(attribute.String("gen_ai.provider.name", "openai"), attribute.Bool("gen_ai.request.stream", true),
			attribute.String("gen_ai.input.messages", foreignAsked), attribute.String("gen_ai.output.messages", foreignAnswered),
			attribute.Float64("gen_ai.response.time_to_first_chunk", 0.5)),
	},
	{
		name: "events", kind: trace.SpanKindClient, attributes: chatFacts(attribute.String("gen_ai.system", "openai")),
		events: func(span trace.Span) {
			span.AddEvent("gen_ai.user.message", trace.WithAttributes(attribute.String("content", "How many brackets?")))
			span.AddEvent("gen_ai.choice", trace.WithAttributes(attribute.Int("index", 0), attribute.String("finish_reason", "stop"),
				attribute.String("message", `{"role":"assistant","content":"Forty."}`)))
		},
	},
	{
		name: "indexed", kind: trace.SpanKindClient,
		attributes: []attribute.KeyValue{
			attribute.String("gen_ai.system", "OpenAI"), attribute.String("llm.request.type", "chat"),
			attribute.String("gen_ai.request.model", "gpt-4o-mini"), attribute.String("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
			attribute.Int("gen_ai.usage.prompt_tokens", 1000), attribute.Int("gen_ai.usage.completion_tokens", 500),
			attribute.String("gen_ai.prompt.0.role", "user"), attribute.String("gen_ai.prompt.0.content", "How many brackets?"),
			attribute.String("gen_ai.completion.0.role", "assistant"), attribute.String("gen_ai.completion.0.content", "Forty."),
			attribute.String("gen_ai.completion.0.finish_reason", "stop"), attribute.String("url.path", "/v1/chat/completions"),
		},
	},
}

// exportForeign makes the spans with the provider of Configure, as children of one root,
// and returns what LangSmith and Langtrace received. Each span takes a second.
func exportForeign(t *testing.T, content genotel.Content, calls ...foreignCall) (langsmith, langtrace []oracle.Capture) {
	t.Helper()
	first, second := oracle.NewServer(t), oracle.NewServer(t)
	telemetry, err := genotel.Configure(t.Context(), genotel.WithGlobal(false), genotel.WithServiceName("warehouse"),
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: first.URL, Content: content}),
		genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: second.URL, Content: content}))
	require.NoError(t, err)
	tracer := telemetry.TracerProvider().Tracer("example.com/theirs", trace.WithInstrumentationVersion("0.9"))
	start := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	ctx, root := tracer.Start(t.Context(), "answer", trace.WithTimestamp(start))
	for _, call := range calls {
		_, span := tracer.Start(ctx, call.name, trace.WithTimestamp(start), trace.WithSpanKind(call.kind), trace.WithAttributes(call.attributes...))
		if call.events != nil {
			call.events(span)
		}
		if call.failed {
			span.SetStatus(codes.Error, "your prompt was: brackets")
		}
		span.End(trace.WithTimestamp(start.Add(time.Second)))
	}
	root.End(trace.WithTimestamp(start.Add(time.Second)))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
	return first.Captures(), second.Captures()
}

// foreignRuns are LangSmith's runs by name.
func foreignRuns(t *testing.T, captures []oracle.Capture) map[string]langsmithoracle.Run {
	t.Helper()
	result, err := langsmithoracle.FromCaptures(captures, langsmithoracle.Options{})
	require.NoError(t, err)
	assert.Empty(t, result.Rejected)
	assert.Empty(t, result.Warnings)
	runs := map[string]langsmithoracle.Run{}
	for _, run := range result.Runs {
		runs[run.Name] = run
	}
	return runs
}

func TestLangSmithMakesModelRunsOfOtherInstrumentationsSpans(t *testing.T) {
	captures, _ := exportForeign(t, genotel.ContentDefault, conversations...)
	runs := foreignRuns(t, captures)
	require.Len(t, runs, len(conversations)+1)
	assert.Equal(t, "chain", runs["answer"].RunType)
	assert.Nil(t, runs["answer"].Outputs, "the application's own span is left as it is")
	for _, call := range conversations {
		run := runs[call.name]
		assert.Equal(t, "llm", run.RunType, call.name)
		assert.JSONEq(t, `{"messages":[{"role":"user","content":"How many brackets?"}]}`, encode(t, run.Inputs), call.name)
		assert.JSONEq(t, `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Forty."}}],
			"usage_metadata":{"input_tokens":1000,"output_tokens":500,"total_tokens":1500}}`, encode(t, run.Outputs), call.name)
		metadata, _ := run.Extra["metadata"].(map[string]any)
		assert.Equal(t, "openai", metadata["ls_provider"], call.name)
		assert.Equal(t, "gpt-4o-mini-2024-07-18", metadata["ls_model_name"], call.name)
		assert.Equal(t, "success", run.Status)
	}

	result, err := langsmithoracle.FromCaptures(captures, langsmithoracle.Options{Hosted: true})
	require.NoError(t, err)
	for _, run := range result.Runs {
		assert.Equal(t, run.Name == "streamed", run.FirstTokenTime == "2026-05-04T03:02:01.5Z", run.Name)
	}
}

func TestLangtraceShowsTheConversationsOfOtherInstrumentations(t *testing.T) {
	_, captures := exportForeign(t, genotel.ContentDefault, conversations...)
	shown := 0
	for _, capture := range captures {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}})
		assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
		assert.True(t, verdict.ContractHolds)
		for _, span := range verdict.Spans {
			if span.UI == nil {
				assert.Equal(t, "answer", span.Name)
				continue
			}
			shown++
			assert.Equal(t, []langtraceoracle.Message{{Role: "user", Text: "How many brackets?"}}, span.UI.Inputs, span.Name)
			assert.Equal(t, []langtraceoracle.Message{{Role: "assistant", Text: "Forty."}}, span.UI.Outputs, span.Name)
			require.NotNil(t, span.UI.Cost, span.Name)
			assert.InDelta(t, 0.00045, *span.UI.Cost, 1e-9, span.Name)
		}
	}
	assert.Equal(t, len(conversations), shown)
}

func TestNeitherBackendSeesContentOfOtherInstrumentationsThatIsHidden(t *testing.T) {
	langsmith, langtrace := exportForeign(t, genotel.ContentExclude, conversations...)
	for name, run := range foreignRuns(t, langsmith) {
		assert.Nil(t, run.Inputs, name)
		if name != "answer" {
			assert.JSONEq(t, `{"usage_metadata":{"input_tokens":1000,"output_tokens":500,"total_tokens":1500}}`, encode(t, run.Outputs), name)
		}
	}
	for _, capture := range langtrace {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}, ContentOff: true, RequireLLM: true})
		assert.True(t, verdict.OK(), "%v", verdict.Findings)
		assert.NotContains(t, string(capture.Body), "brackets")
		assert.NotContains(t, string(capture.Body), "Forty")
	}
}

func TestSpansOfAgentsAndToolsAndEmbeddingsReachBothBackends(t *testing.T) {
	langsmith, langtrace := exportForeign(t, genotel.ContentDefault,
		foreignCall{name: "execute_tool stock_level", kind: trace.SpanKindInternal, attributes: []attribute.KeyValue{
			attribute.String("gen_ai.operation.name", "execute_tool"), attribute.String("gen_ai.tool.name", "stock_level"),
			attribute.String("gen_ai.tool.call.id", "call_1"), attribute.String("gen_ai.tool.type", "function"),
			attribute.String("gen_ai.tool.call.arguments", `{"sku":"A-17"}`), attribute.String("gen_ai.tool.call.result", `{"on_hand":42}`),
		}},
		foreignCall{name: "invoke_agent Clerk", kind: trace.SpanKindInternal, attributes: []attribute.KeyValue{
			attribute.String("gen_ai.operation.name", "invoke_agent"), attribute.String("gen_ai.agent.name", "Clerk"),
			attribute.String("gen_ai.input.messages", foreignAsked), attribute.String("gen_ai.output.messages", foreignAnswered),
		}},
		foreignCall{name: "embeddings", kind: trace.SpanKindClient, attributes: []attribute.KeyValue{
			attribute.String("gen_ai.operation.name", "embeddings"), attribute.String("gen_ai.provider.name", "openai"),
			attribute.String("gen_ai.request.model", "text-embedding-3-small"), attribute.Int("gen_ai.usage.input_tokens", 8),
			attribute.String("gen_ai.input.messages", foreignAsked),
		}},
		foreignCall{name: "failed", kind: trace.SpanKindClient, failed: true, attributes: []attribute.KeyValue{
			attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.provider.name", "openai"),
			attribute.String("gen_ai.request.model", "gpt-4o-mini"), attribute.String("error.type", "rate_limit_exceeded"),
			attribute.String("gen_ai.input.messages", foreignAsked), attribute.String("url.path", "/v1/chat/completions"),
		}})
	runs := foreignRuns(t, langsmith)
	for name, want := range map[string]struct{ runType, status, inputs, outputs string }{
		"execute_tool stock_level": {"tool", "success", `{"sku":"A-17"}`, `{"on_hand":42}`},
		"invoke_agent Clerk": {
			"chain", "success", `{"messages":[{"role":"user","content":"How many brackets?"}]}`,
			`{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Forty."}}]}`,
		},
		"embeddings": {
			"embedding", "success", `{"messages":[{"role":"user","content":"How many brackets?"}]}`,
			`{"usage_metadata":{"input_tokens":8,"total_tokens":8}}`,
		},
		"failed": {"llm", "error", `{"messages":[{"role":"user","content":"How many brackets?"}]}`, `{}`},
	} {
		run := runs[name]
		assert.Equal(t, want.runType, run.RunType, name)
		assert.Equal(t, want.status, run.Status, name)
		assert.JSONEq(t, want.inputs, encode(t, run.Inputs), name)
		assert.JSONEq(t, want.outputs, encode(t, run.Outputs), name)
	}
	assert.Equal(t, "your prompt was: brackets", runs["failed"].Error)
	for _, capture := range langtrace {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}, RequireLLM: true})
		assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
	}
}
