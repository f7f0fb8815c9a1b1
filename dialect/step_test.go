package dialect_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// stepOf is the span of a step without content, and its record.
func stepOf(c *record.Call) (sdktrace.ReadOnlySpan, *record.Call) {
	c.Step.InProcess = true
	stub := tracetest.SpanStub{Name: dialect.SpanName(c)}
	stub.Attributes = dialect.AppendGenAI(dialect.AppendGenAIStart(nil, c), c)
	return stub.Snapshot(), c
}

func shownOf(span sdktrace.ReadOnlySpan) map[attribute.Key]string {
	all := map[attribute.Key]string{}
	for _, kv := range span.Attributes() {
		all[kv.Key] = kv.Value.String()
	}
	return all
}

func toolRun() *record.Call {
	return &record.Call{Operation: "execute_tool", Step: record.Step{
		Tool: record.ToolRun{Name: "stock_level", CallID: "call_1"}, Input: `{"sku":"A-17"}`, Output: "21 left",
	}}
}

func TestPhoenixShowsWhatAToolWasGivenAndReturned(t *testing.T) {
	span, call := stepOf(toolRun())
	got := shownOf(dialect.OpenInferenceView(dialect.Content{Input: true, Output: true})(span, call))
	assert.Equal(t, "TOOL", got["openinference.span.kind"])
	assert.Equal(t, "stock_level", got["tool.name"])
	assert.Equal(t, `{"sku":"A-17"}`, got["input.value"])
	assert.Equal(t, "application/json", got["input.mime_type"])
	assert.Equal(t, "21 left", got["output.value"])
}

func TestPhoenixShowsAFunctionAsAChain(t *testing.T) {
	span, call := stepOf(&record.Call{Step: record.Step{Function: "answer", Input: "why", Output: "because"}})
	assert.Equal(t, "answer", span.Name())
	assert.Equal(t, map[attribute.Key]string{
		"openinference.span.kind": "CHAIN", "input.value": "why", "input.mime_type": "text/plain",
		"output.value": "because", "output.mime_type": "text/plain",
	}, shownOf(dialect.OpenInferenceView(dialect.Content{Input: true, Output: true})(span, call)))
}

func TestAHiddenSideOfAStepIsInNoView(t *testing.T) {
	for name, view := range map[string]func(dialect.Content) dialect.View{
		"gen_ai": dialect.GenAIView, "langsmith": dialect.LangSmithView,
		"langtrace": dialect.LangtraceView, "openinference": dialect.OpenInferenceView,
	} {
		for _, content := range []dialect.Content{{}, {Input: true}, {Output: true}} {
			span, call := stepOf(toolRun())
			seen := view(content)(span, call)
			text := ""
			for _, kv := range seen.Attributes() {
				text += kv.Value.String() + "\n"
			}
			for _, event := range seen.Events() {
				for _, kv := range event.Attributes {
					text += kv.Value.String() + "\n"
				}
			}
			assert.Equal(t, content.Input, strings.Contains(text, "A-17"), "%s %v", name, content)
			assert.Equal(t, content.Output, strings.Contains(text, "21 left"), "%s %v", name, content)
		}
	}
}
