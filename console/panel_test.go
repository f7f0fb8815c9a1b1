package console_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/console"
	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/internal/golden"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// compare holds the only panel against a golden file.
func compare(t *testing.T, b *bench, name string) {
	t.Helper()
	panels := b.printed()
	require.Len(t, panels, 1, "one Write for each trace")
	golden.Equal(t, []byte(panels[0]), "testdata/"+name+".golden.txt")
}

func TestACallWithoutASpanAroundItIsATraceWithOneStep(t *testing.T) {
	b := newBench(t)
	b.run(t.Context(), call(question, 0, 1240))
	compare(t, b, "success")
}

func TestAFailedCallSaysWhy(t *testing.T) {
	b := newBench(t)
	c := call(question, 0, 310)
	c.Usage, c.Response = record.Usage{}, record.Response{}
	c.Outcome = record.Failed
	c.Error = &record.Error{Type: "insufficient_quota", Status: 429, Message: "SECRET text of the provider"}
	b.run(t.Context(), c)
	compare(t, b, "failure")
}

func TestAStreamWithoutUsageIsEstimatedAndMarked(t *testing.T) {
	b := newBench(t)
	c := call(question, 0, 980)
	c.Request.Stream = true
	c.Usage = record.Usage{}
	c.Stream = record.Stream{Chunks: 42, ContentChunks: 40}
	c.Outcome = record.Incomplete
	b.run(t.Context(), c)
	compare(t, b, "stream")
}

func TestTheAttemptsOfARetriedCallAreStepsAndCountOnce(t *testing.T) {
	b := newBench(t)
	b.span(t.Context(), "question", 0, 2540, func(ctx context.Context) {
		c := call(question, 0, 2540)
		c.Request.Stream = true
		c.Stream = record.Stream{Chunks: 42, ContentChunks: 40}
		c.Attempts = 3
		b.run(ctx, c, func(ctx context.Context, op *otelgenai.Operation) {
			for _, a := range []otelgenai.Attempt{
				{Number: 0, Status: 429, ErrorType: "429", Start: at(0), End: at(310)},
				{Number: 1, ErrorType: "connection_error", Start: at(800), End: at(804)},
				{Number: 2, Status: 200, Start: at(1300), End: at(1400)},
			} {
				a.Method = "POST"
				op.Attempt(ctx, a)
			}
		})
	})
	compare(t, b, "retry")
}

func TestWideCharactersKeepTheBordersInPlace(t *testing.T) {
	b := newBench(t, console.WithProject("客户支持"))
	c := call("フランスの\n首都はどこですか？ 👩🏽\u200d💻 cafe\u0301한국어도 됩니다", 0, 1240)
	c.Response.Model = "模型-一"
	b.run(t.Context(), c)
	compare(t, b, "wide")
}

func TestWithoutUnicodeThePanelIsDrawnInASCII(t *testing.T) {
	b := newBench(t, console.WithASCII(true))
	b.run(t.Context(), call("Wie heißt die Hauptstadt von Frankreich, bitte?", 0, 1240))
	compare(t, b, "ascii")
}

func TestAHiddenPromptIsNotShown(t *testing.T) {
	b := newBench(t, console.WithContent(dialect.Content{Output: true}))
	b.run(t.Context(), call(question, 0, 1240))
	compare(t, b, "hidden")
}

func TestToolsAreStepsAndAgentsAreNot(t *testing.T) {
	b := newBench(t)
	operation := func(name string) attribute.KeyValue { return attribute.String("gen_ai.operation.name", name) }
	b.span(t.Context(), "weather agent", 0, 3000, func(ctx context.Context) {
		first := call("Do I need an umbrella in Bergen today?", 0, 1000)
		b.run(ctx, first)
		b.span(ctx, "execute_tool get_weather", 1000, 1020, nil, operation("execute_tool"),
			attribute.String("gen_ai.tool.name", "get_weather"), attribute.String("error.type", "timeout"))
		b.span(ctx, "execute_tool search_notes", 1030, 1090, func(ctx context.Context) {
			embeddings := call("umbrella", 1035, 1085)
			embeddings.Operation = "embeddings"
			embeddings.Request.Model, embeddings.Response.Model = "text-embedding-3-small", "text-embedding-3-small"
			embeddings.Usage = record.Usage{Input: record.Some[int64](5)}
			b.run(ctx, embeddings)
		}, operation("execute_tool"), attribute.String("gen_ai.tool.name", "search_notes"))
		b.span(ctx, "HTTP", 1100, 1110, nil)
		b.run(ctx, call("Rain, 11 degrees.", 1200, 2440))
	}, operation("invoke_agent"), attribute.Int("gen_ai.usage.input_tokens", 165), attribute.Int("gen_ai.usage.output_tokens", 14))
	compare(t, b, "tools")
	stats := b.processor.Stats()
	assert.Equal(t, uint64(7), stats.Delivered)
	assert.Zero(t, stats.LeftOut)
}
