package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
)

// inputs and outputs are where the instrumentations of others put content.
var (
	inputs = []string{
		"gen_ai.input.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions", "gen_ai.tool.call.arguments",
		"gen_ai.prompt", "gen_ai.prompt.0.content", "gen_ai.prompt.12.role", "gen_ai.prompt.variable.name",
		"traceloop.entity.input", "input.value", "llm.input_messages.0.message.content", "llm.request.messages", "llm.tools",
		"tools", "prompt",
	}
	outputs = []string{
		"gen_ai.output.messages", "gen_ai.tool.call.result", "gen_ai.completion", "gen_ai.completion.0.content",
		"traceloop.entity.output", "output.value", "llm.output_messages.0.message.content",
		"retrieval.documents.0.document.content",
	}
	conversations = []string{"all_messages_events", "events"}
	harmless      = []string{
		"gen_ai.request.model", "gen_ai.prompt.name", "gen_ai.prompt.version", "gen_ai.usage.input_tokens",
		"llm.request.model", "http.route", "prompt_id",
	}
)

func TestHiddenSidesOfForeignSpansStayHidden(t *testing.T) {
	var attributes []attribute.KeyValue
	for _, keys := range [][]string{inputs, outputs, conversations, harmless} {
		for _, key := range keys {
			attributes = append(attributes, attribute.String(key, "x"))
		}
	}
	one := []attribute.KeyValue{attribute.String("content", "x")}
	span := tracetest.SpanStub{Name: "theirs", Attributes: attributes, Events: []trace.Event{
		{Name: "gen_ai.user.message", Attributes: one},
		{Name: "gen_ai.choice", Attributes: one},
		{Name: "gen_ai.content.prompt", Attributes: one},
		{Name: "gen_ai.content.completion", Attributes: one},
		{Name: "exception", Attributes: one},
	}}.Snapshot()

	for name, view := range map[string]func(dialect.Content) dialect.View{
		"gen_ai": dialect.GenAIView, "langsmith": dialect.LangSmithView, "langtrace": dialect.LangtraceView,
	} {
		for _, content := range []dialect.Content{{}, {Input: true}, {Output: true}, {Input: true, Output: true}} {
			seen := map[string]bool{}
			rewritten := view(content)(span, nil)
			for _, kv := range rewritten.Attributes() {
				seen[string(kv.Key)] = true
			}
			for _, key := range inputs {
				assert.Equal(t, content.Input, seen[key], "%s %+v %s", name, content, key)
			}
			for _, key := range outputs {
				assert.Equal(t, content.Output, seen[key], "%s %+v %s", name, content, key)
			}
			for _, key := range conversations {
				assert.Equal(t, content.Input && content.Output, seen[key], "%s %+v %s", name, content, key)
			}
			for _, key := range harmless {
				assert.True(t, seen[key], "%s %+v %s", name, content, key)
			}
			events := map[string]bool{}
			for _, e := range rewritten.Events() {
				events[e.Name] = true
			}
			assert.Equal(t, content.Input, events["gen_ai.user.message"], name)
			assert.Equal(t, content.Input, events["gen_ai.content.prompt"], name)
			assert.Equal(t, content.Output, events["gen_ai.choice"], name)
			assert.Equal(t, content.Output, events["gen_ai.content.completion"], name)
			assert.True(t, events["exception"], name)
		}
	}
}

func TestTheErrorTextOfAModelCallIsHiddenWithoutARecordToo(t *testing.T) {
	failed := func(attributes ...attribute.KeyValue) trace.ReadOnlySpan {
		return tracetest.SpanStub{
			Name: "s", Attributes: attributes, Status: trace.Status{Code: codes.Error, Description: "400 bad"},
			Events: []trace.Event{{Name: "exception", Attributes: []attribute.KeyValue{
				attribute.String("exception.type", "bad"), attribute.String("exception.message", "your prompt was: MARKER"),
			}}},
		}.Snapshot()
	}
	model, own := failed(attribute.String("gen_ai.operation.name", "chat")), failed(attribute.String("mine", "x"))
	for name, view := range map[string]func(dialect.Content) dialect.View{
		"gen_ai": dialect.GenAIView, "langsmith": dialect.LangSmithView, "langtrace": dialect.LangtraceView,
	} {
		message := func(span trace.ReadOnlySpan, content dialect.Content) string {
			return view(content)(span, nil).Events()[0].Attributes[1].Value.AsString()
		}
		assert.Equal(t, "400 bad", message(model, dialect.Content{}), name)
		assert.Equal(t, "400 bad", message(model, dialect.Content{Output: true}), name)
		assert.Contains(t, message(model, dialect.Content{Input: true, Output: true}), "MARKER", name)
		assert.Contains(t, message(own, dialect.Content{}), "MARKER", "%s: the application's own", name)
	}
	assert.Contains(t, model.Events()[0].Attributes[1].Value.AsString(), "MARKER", "the span itself is left alone")
}
