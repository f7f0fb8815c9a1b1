package otelgenai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/redact"
)

func TestANilSpanDoesNothing(t *testing.T) {
	var span *otelgenai.Span
	ctx, started := otelgenai.Start(t.Context(), "nobody listens")
	assert.Nil(t, started)
	assert.Nil(t, otelgenai.SpanFromContext(ctx))
	assert.NotPanics(t, func() {
		span.SetInput(1)
		span.SetOutput(1)
		span.SetAttributes(attribute.Bool("a", true))
		span.SetResponse(record.Response{})
		span.SetUsage(record.Usage{})
		span.Chunk("text")
		span.Fail(errors.New("failed"))
		span.End()
	})
	assert.False(t, span.IsRecording())
	assert.False(t, span.WantsContent())
}

func TestASpanEndsOnceAndIsNotChangedAfterwards(t *testing.T) {
	b := newWorkbench(t)
	_, span := otelgenai.Start(t.Context(), "f", b.on)
	assert.True(t, span.IsRecording())
	assert.True(t, span.WantsContent())
	span.SetOutput("first")
	span.End()
	assert.False(t, span.IsRecording())
	span.SetInput("late")
	span.SetOutput("late")
	span.Fail(errors.New("late"))
	span.SetAttributes(attribute.Bool("late", true))
	span.End()
	assert.Equal(t, "first", b.call(t).Step.Output)
	assert.Empty(t, b.call(t).Step.Input)
	assert.Nil(t, attr(b.ended(t), "late"))
	assert.Nil(t, attr(b.ended(t), "error.type"))
}

// dropASpan is a function of its own, so that nothing of the span is left on the stack.
//
//go:noinline
func dropASpan(ctx context.Context, on otelgenai.SpanOption) {
	_, span := otelgenai.Start(ctx, "forgotten", on)
	span.SetInput("why")
}

func TestASpanThatIsNeverEndedIsEndedByTheGarbageCollector(t *testing.T) {
	b := newWorkbench(t)
	dropASpan(t.Context(), b.on)
	require.Eventually(t, func() bool {
		runtime.GC()
		return len(b.spans.Ended()) == 1
	}, 20*time.Second, time.Millisecond)
	assert.Equal(t, true, attr(b.ended(t), "genotel.response.incomplete"))
	assert.Equal(t, "why", b.call(t).Step.Input)
}

func TestASpanIsNotEndedWhileItsContextIsInUse(t *testing.T) {
	b := newWorkbench(t)
	ctx, _ := otelgenai.Start(t.Context(), "f", b.on)
	for range 3 {
		runtime.GC()
	}
	assert.Empty(t, b.spans.Ended())
	otelgenai.SpanFromContext(ctx).End()
	b.ended(t)
}

func TestASpanIsFoundInTheContextOfTheWorkBelow(t *testing.T) {
	b := newWorkbench(t)
	_, err := otelgenai.Run(t.Context(), "f", func(ctx context.Context) (string, error) {
		span := otelgenai.SpanFromContext(ctx)
		span.SetInput("told inside")
		span.SetOutput("told inside, too")
		span.SetAttributes(attribute.Int("tries", 2))
		return "result", nil
	}, b.on, otelgenai.WithAttributes(attribute.String("app.tenant", "north")))
	require.NoError(t, err)
	assert.Equal(t, "told inside", b.call(t).Step.Input)
	assert.Equal(t, "told inside, too", b.call(t).Step.Output, "the function knows better than its result")
	assert.Equal(t, int64(2), attr(b.ended(t), "tries"))
	assert.Equal(t, "north", attr(b.ended(t), "app.tenant"))
}

func TestASpan_ConcurrentSafe(t *testing.T) {
	b := newWorkbench(t)
	_, span := otelgenai.StartLLM(t.Context(), "m", b.on)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			span.SetInput("a")
			span.Chunk("b")
			span.SetUsage(record.Usage{})
			span.SetResponse(record.Response{ID: "r"})
			span.SetOutput("c")
			span.Fail(errors.New("d"))
			span.SetAttributes(attribute.Bool("e", true))
			span.IsRecording()
			span.End()
		})
	}
	wait.Wait()
	b.ended(t)
}

func TestALargeInputIsKeptUpToABoundAndMarked(t *testing.T) {
	b := newWorkbench(t)
	_, span := otelgenai.Start(t.Context(), "f", b.on, otelgenai.WithInput(strings.Repeat("ü", 1<<20)))
	span.End()
	call := b.call(t)
	assert.LessOrEqual(t, len(call.Step.Input), 64<<10)
	assert.True(t, strings.HasSuffix(call.Step.Input, "ü…"))
	assert.True(t, call.Content.Truncated)
	assert.LessOrEqual(t, b.listener.slips[0].Size(), 64<<10)
}

func TestTheRedactorSeesWhatFunctionsAreGivenAndReturn(t *testing.T) {
	b := newWorkbench(t)
	_, err := otelgenai.Wrap("mail", func(context.Context, question) (string, error) {
		return "sent to ann@example.com", nil
	}, b.on, otelgenai.WithRedactor(redact.New(redact.All()...)))(t.Context(), question{"write to bob@example.com"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"text":"write to [email]"}`, b.call(t).Step.Input)
	assert.Equal(t, "sent to [email]", b.call(t).Step.Output)
}

// byKind makes a span of each kind with the same content.
var byKind = []struct {
	name          string
	start         func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span
	input, output any
	span          string
	kind          trace.SpanKind
	want          map[string]any // attributes, with content on the span
}{
	{
		name: "tool",
		start: func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span {
			_, span := otelgenai.StartTool(ctx, "stock_level", on,
				otelgenai.WithTool(record.ToolRun{Type: "function", CallID: "call_1", Description: "Counts."}))
			return span
		},
		input: map[string]string{"sku": "A-17"}, output: "21 left",
		span: "execute_tool stock_level", kind: trace.SpanKindInternal,
		want: map[string]any{
			"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "stock_level", "gen_ai.tool.type": "function",
			"gen_ai.tool.call.id": "call_1", "gen_ai.tool.description": "Counts.",
			"gen_ai.tool.call.arguments": `{"sku":"A-17"}`, "gen_ai.tool.call.result": `"21 left"`,
			"langsmith.span.kind": "tool",
		},
	},
	{
		name: "agent",
		start: func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span {
			_, span := otelgenai.StartAgent(ctx, "clerk", on, otelgenai.WithAgent(record.Agent{ID: "a-1", Description: "Knows."}))
			return span
		},
		input: "How many?", output: "21.",
		span: "invoke_agent clerk", kind: trace.SpanKindInternal,
		want: map[string]any{
			"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk", "gen_ai.agent.id": "a-1",
			"gen_ai.agent.description": "Knows.", "langsmith.span.kind": "chain",
			"gen_ai.input.messages":  `[{"role":"user","parts":[{"type":"text","content":"How many?"}]}]`,
			"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"21."}],"finish_reason":"stop"}]`,
		},
	},
	{
		name: "workflow",
		start: func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span {
			_, span := otelgenai.StartWorkflow(ctx, "restock", on)
			return span
		},
		input: "How many?", output: "21.",
		span: "invoke_workflow restock", kind: trace.SpanKindInternal,
		want: map[string]any{
			"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "restock", "langsmith.span.kind": "chain",
			"gen_ai.input.messages":  `[{"role":"user","parts":[{"type":"text","content":"How many?"}]}]`,
			"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"21."}],"finish_reason":"stop"}]`,
		},
	},
	{
		name: "plan",
		start: func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span {
			_, span := otelgenai.StartPlan(ctx, on, otelgenai.WithAgent(record.Agent{Name: "clerk"}))
			return span
		},
		input: "goal", output: []string{"count", "order"},
		span: "plan clerk", kind: trace.SpanKindInternal,
		want: map[string]any{
			"gen_ai.operation.name": "plan", "gen_ai.agent.name": "clerk", "langsmith.span.kind": "chain",
			"input.value": "goal", "input.mime_type": "text/plain",
			"output.value": `["count","order"]`, "output.mime_type": "application/json",
		},
	},
	{
		name: "retrieval",
		start: func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span {
			_, span := otelgenai.StartRetrieval(ctx, "shelves", on, otelgenai.WithTopK(5), otelgenai.WithServer("db.example", 6333))
			return span
		},
		input: "brackets", output: []record.Document{{ID: "7", Content: "Bracket A-17", Score: record.Some(0.5)}},
		span: "retrieval shelves", kind: trace.SpanKindClient,
		want: map[string]any{
			"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "shelves", "gen_ai.retrieval.top_k": int64(5),
			"server.address": "db.example", "server.port": int64(6333), "gen_ai.retrieval.query.text": "brackets",
			"gen_ai.retrieval.documents":       `[{"id":"7","score":0.5,"content":"Bracket A-17"}]`,
			"genotel.retrieval.document_count": int64(1),
			"langsmith.span.kind":              "retriever", "langsmith.metadata.ls_invocation_params": "{}",
		},
	},
	{
		name: "search of memory",
		start: func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span {
			_, span := otelgenai.StartMemory(ctx, otelgenai.SearchMemory, on, otelgenai.WithMemory(record.Memory{StoreID: "ann"}))
			return span
		},
		input: "color", output: []string{"likes green"},
		span: "search_memory", kind: trace.SpanKindClient,
		want: map[string]any{
			"gen_ai.operation.name": "search_memory", "gen_ai.memory.store.id": "ann",
			"gen_ai.memory.record.count": int64(1), "gen_ai.memory.query.text": "color",
			"gen_ai.memory.records": `[{"content":"likes green"}]`, "langsmith.span.kind": "chain",
		},
	},
	{
		name: "new memory",
		start: func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span {
			_, span := otelgenai.StartMemory(ctx, otelgenai.CreateMemory, on,
				otelgenai.WithMemory(record.Memory{StoreID: "ann", RecordID: "m-1"}))
			return span
		},
		input: "likes green", output: nil,
		span: "create_memory", kind: trace.SpanKindClient,
		want: map[string]any{
			"gen_ai.operation.name": "create_memory", "gen_ai.memory.store.id": "ann", "gen_ai.memory.record.id": "m-1",
			"gen_ai.memory.records": `[{"content":"likes green"}]`, "langsmith.span.kind": "chain",
		},
	},
	{
		name: "embedding",
		start: func(ctx context.Context, on otelgenai.SpanOption) *otelgenai.Span {
			_, span := otelgenai.StartEmbedding(ctx, "e-1", on, otelgenai.WithProvider("mistral_ai"))
			span.SetUsage(record.Usage{Input: record.Some(int64(4))})
			span.SetResponse(record.Response{Dimensions: record.Some(int64(256))})
			return span
		},
		input: []string{"one", "two"}, output: [][]float64{{1, 2}},
		span: "embeddings e-1", kind: trace.SpanKindClient,
		want: map[string]any{
			"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e-1", "gen_ai.provider.name": "mistral_ai",
			"gen_ai.usage.input_tokens": int64(4), "gen_ai.embeddings.dimension.count": int64(256),
			"langsmith.span.kind": "embedding", "langsmith.metadata.ls_invocation_params": `{"model":"e-1"}`,
			"langsmith.metadata.ls_provider": "mistral", "langsmith.metadata.ls_model_name": "e-1",
			"langsmith.usage_metadata": `{"input_tokens":4,"total_tokens":4}`, "llm.vendor": "mistral_ai",
			"llm.request.model": "e-1", "llm.usage.prompt_tokens": int64(4), "llm.usage.total_tokens": int64(4),
		},
	},
}

func TestEachKindOfSpanFollowsTheConventions(t *testing.T) {
	for _, test := range byKind {
		t.Run(test.name, func(t *testing.T) {
			for _, content := range []bool{true, false} {
				b := newWorkbench(t)
				ctx, around := t.Context(), (*otelgenai.Span)(nil)
				if content {
					ctx, around = otelgenai.Start(ctx, "around", b.on, otelgenai.WithContent(otelgenai.ContentOnSpan))
				}
				span := test.start(ctx, b.on)
				span.SetInput(test.input)
				span.SetOutput(test.output)
				span.End()
				ended := b.ended(t)
				assert.Equal(t, test.span, ended.Name())
				assert.Equal(t, test.kind, ended.SpanKind())
				want := map[string]any{}
				for key, value := range test.want {
					if content || !isContent(key) {
						want[key] = value
					}
				}
				assert.Equal(t, want, attributes(ended))
				around.End()
			}
		})
	}
}

// isContent names the keys of content in byKind.
func isContent(key string) bool {
	for _, prefix := range []string{
		"gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.agent.description", "gen_ai.input.", "gen_ai.output.",
		"input.", "output.", "gen_ai.retrieval.query", "gen_ai.retrieval.documents", "gen_ai.memory.query", "gen_ai.memory.records",
	} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func attributes(span sdktrace.ReadOnlySpan) map[string]any {
	all := map[string]any{}
	for _, kv := range span.Attributes() {
		all[string(kv.Key)] = kv.Value.AsInterface()
	}
	return all
}

func TestToolsAndPlansTellTheAgentThatTheyWorkFor(t *testing.T) {
	b := newWorkbench(t)
	ctx, agent := otelgenai.StartAgent(t.Context(), "clerk of ann@example.com", b.on,
		otelgenai.WithRedactor(func(text string) (string, error) {
			return strings.ReplaceAll(text, "ann@example.com", "[email]") + "!", nil
		}))
	ctx, plan := otelgenai.StartPlan(ctx)
	_, tool := otelgenai.StartTool(ctx, "stock_level")
	tool.End()
	plan.End()
	agent.End()
	require.Len(t, b.spans.Ended(), 3)
	assert.Equal(t, "clerk of [email]!", attr(b.spans.Ended()[0], "gen_ai.agent.name"), "redacted once")
	assert.Equal(t, "plan clerk of [email]!", b.spans.Ended()[1].Name())
}

func TestAnAgentWithinTheProgramTellsNoTokens(t *testing.T) {
	b := newWorkbench(t)
	_, span := otelgenai.StartAgent(t.Context(), "clerk", b.on, otelgenai.WithProvider("openai"))
	span.SetUsage(record.Usage{Input: record.Some(int64(4))})
	span.SetResponse(record.Response{ID: "r"})
	span.Chunk("x")
	span.End()
	assert.Equal(t, map[string]any{
		"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk", "langsmith.span.kind": "chain",
	}, attributes(b.ended(t)))
}

func TestACallOfAModelTellsWhatTheApplicationKnows(t *testing.T) {
	b := newWorkbench(t)
	messages := []record.Message{
		{Role: "user", Parts: []record.Part{
			record.Text{Content: "How many?"},
			record.Image{Media: record.Media{MIMEType: "image/png", URI: "data:image/png;base64,iVBORw0KGgo="}},
		}},
	}
	_, span := otelgenai.StartLLM(t.Context(), "m-large", b.on, otelgenai.WithProvider("mistral_ai"),
		otelgenai.WithServer("api.example", 443),
		otelgenai.WithRequest(record.Request{
			Temperature: record.Some(0.2), Messages: messages,
			System: []record.Part{record.Text{Content: "Count."}}, Tools: []record.Tool{{Type: "function", Name: "stock_level"}},
		}))
	messages[0].Parts[0] = record.Text{Content: "changed"}
	answer := []record.Choice{{FinishReason: "stop", Message: record.Message{
		Role: "assistant", Parts: []record.Part{record.Text{Content: "21."}},
	}}}
	span.SetResponse(record.Response{ID: "r-1", Model: "m-large-1", Choices: answer})
	answer[0].Message.Parts[0] = record.Text{Content: "changed"}
	span.SetUsage(record.Usage{Input: record.Some(int64(9)), Output: record.Some(int64(3)), Cost: record.Some(0.25)})
	span.End()

	ended := b.ended(t)
	assert.Equal(t, "chat m-large", ended.Name())
	assert.Equal(t, trace.SpanKindClient, ended.SpanKind())
	got := attributes(ended)
	for key, want := range map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "mistral_ai", "gen_ai.request.model": "m-large",
		"gen_ai.request.temperature": 0.2, "gen_ai.response.id": "r-1", "gen_ai.response.model": "m-large-1",
		"gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3), "genotel.usage.cost": 0.25,
		"server.address": "api.example", "server.port": int64(443), "langsmith.span.kind": "llm",
	} {
		assert.Equal(t, want, got[key], key)
	}
	assert.Equal(t, []string{"stop"}, got["gen_ai.response.finish_reasons"])
	assert.NotContains(t, got, "gen_ai.input.messages")
	call := b.call(t)
	assert.Equal(t, record.Text{Content: "How many?"}, call.Request.Messages[0].Parts[0])
	assert.Equal(t, record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 8}}}, call.Request.Messages[0].Parts[1])
	assert.Equal(t, []record.Part{record.Text{Content: "Count."}}, call.Request.System)
	assert.Len(t, call.Request.Tools, 1)
	assert.Equal(t, record.Text{Content: "21."}, call.Response.Choices[0].Message.Parts[0])
}

func TestAStreamedAnswerIsPutTogetherAndTimed(t *testing.T) {
	b := newWorkbench(t)
	_, span := otelgenai.StartLLM(t.Context(), "m", b.on, otelgenai.WithInput("Tell."))
	for _, chunk := range []string{"", "Once ", "upon"} {
		span.Chunk(chunk)
	}
	span.End()
	got := attributes(b.ended(t))
	assert.Equal(t, true, got["gen_ai.request.stream"])
	assert.Equal(t, int64(3), got["genotel.stream.chunks"])
	assert.Equal(t, int64(2), got["genotel.stream.content_chunks"])
	assert.Contains(t, got, "gen_ai.response.time_to_first_chunk")
	assert.Contains(t, got, "genotel.stream.time_to_first_content")
	assert.Equal(t, []string{"stop"}, got["gen_ai.response.finish_reasons"])
	call := b.call(t)
	assert.Equal(t, []record.Part{record.Text{Content: "Tell."}}, call.Request.Messages[0].Parts)
	assert.Equal(t, []record.Part{record.Text{Content: "Once upon"}}, call.Response.Choices[0].Message.Parts)
}

func TestASequenceOfTextsIsTheStreamOfAModel(t *testing.T) {
	b := newWorkbench(t)
	drain(otelgenai.Seq(t.Context(), "m", func(yield func(string, error) bool) {
		_ = yield("Once ", nil) && yield("upon", nil)
	}, b.on, otelgenai.WithKind(otelgenai.KindLLM)))
	assert.Equal(t, "chat m", b.ended(t).Name())
	assert.Equal(t, []record.Part{record.Text{Content: "Once upon"}}, b.call(t).Response.Choices[0].Message.Parts)
}

func TestTheTextsOfAListAreTheInputsOfAnEmbedding(t *testing.T) {
	b := newWorkbench(t)
	_, span := otelgenai.StartEmbedding(t.Context(), "e", b.on)
	span.SetInput([]string{"one", `"two"`})
	span.SetOutput([][]float64{{1}})
	span.End()
	texts := []string{}
	for _, m := range b.call(t).Request.Messages {
		text, _ := m.Parts[0].(record.Text)
		texts = append(texts, text.Content)
	}
	assert.Equal(t, []string{"one", `"two"`}, texts)
	assert.Empty(t, b.call(t).Response.Choices)
}

func TestWhatASearchFindsIsDocumentsWhateverItsType(t *testing.T) {
	for name, output := range map[string]any{"texts": []string{"a", "b"}, "structs": []question{{"a"}, {"b"}}, "one": "a"} {
		b := newWorkbench(t)
		_, span := otelgenai.StartRetrieval(t.Context(), "", b.on)
		span.SetOutput(output)
		span.End()
		want := map[string][]record.Document{
			"texts": {{Content: "a"}, {Content: "b"}}, "structs": {{Content: `{"text":"a"}`}, {Content: `{"text":"b"}`}}, "one": {{Content: "a"}},
		}[name]
		assert.Equal(t, want, b.call(t).Retrieval.Documents, name)
		assert.Equal(t, "retrieval", b.ended(t).Name())
	}
}

func TestAnOperationOnMemoryThatIsUnknownIsAFunction(t *testing.T) {
	b := newWorkbench(t)
	_, span := otelgenai.StartMemory(t.Context(), "polish_memory", b.on)
	span.End()
	assert.Equal(t, "polish_memory", b.ended(t).Name())
	assert.Equal(t, map[string]any{"langsmith.span.kind": "chain"}, attributes(b.ended(t)))
}

func TestNoValueOfAnyTypeMakesASpanPanic(t *testing.T) {
	reported(t)
	for _, value := range []any{
		nil, make(chan int), func() {}, &bytes.Buffer{}, json.RawMessage("{"),
		[]record.Message{{}},
		[]record.Document{{}},
		[]record.Message(nil), (*question)(nil),
		panickingError{},
		map[any]any{1: func() {}},
		t.Context(),
		[3]int{},
	} {
		for _, test := range byKind {
			b := newWorkbench(t)
			span := test.start(t.Context(), b.on)
			assert.NotPanics(t, func() {
				span.SetInput(value)
				span.SetOutput(value)
				span.End()
			}, "%T", value)
			b.call(t)
		}
	}
}
