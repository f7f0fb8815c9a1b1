package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
		"tools", "gen_ai.request.tools", "prompt", "gen_ai.agent.description", "gen_ai.main_agent.description",
		"llm.prompts.0.prompt.text", "llm.tools.0.tool.json_schema", "input.images.0.image.url", "input.documents.0.document.url",
		"reranker.query", "reranker.input_documents.0.document.content", "embedding.embeddings.0.embedding.text",
	}
	outputs = []string{
		"gen_ai.output.messages", "gen_ai.tool.call.result", "gen_ai.completion", "gen_ai.completion.0.content",
		"traceloop.entity.output", "output.value", "llm.output_messages.0.message.content",
		"retrieval.documents.0.document.content", "llm.choices.0.completion.text", "llm.function_call",
		"reranker.output_documents.0.document.content",
	}
	conversations = []string{"all_messages_events", "events", "gen_ai.event.content", "image.url", "audio.url", "audio.transcript"}
	harmless      = []string{
		"gen_ai.request.model", "gen_ai.prompt.name", "gen_ai.prompt.version", "gen_ai.usage.input_tokens",
		"llm.request.model", "http.route", "prompt_id",
		"llm.model_name", "llm.invocation_parameters", "llm.token_count.prompt", "input.mime_type", "agent.name",
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
		"openinference": dialect.OpenInferenceView,
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

func TestHiddenSidesOfTheDetailsEventStayHidden(t *testing.T) {
	attributes := []attribute.KeyValue{
		attribute.String("gen_ai.request.model", "m"), attribute.String("gen_ai.input.messages", "x"),
		attribute.String("gen_ai.output.messages", "y"),
	}
	span := tracetest.SpanStub{
		Name: "theirs", Events: []trace.Event{{Name: "gen_ai.client.inference.operation.details", Attributes: attributes}},
	}.Snapshot()
	for side, content := range contents {
		for backend, view := range views(content) {
			details := event(t, view(span, nil), "gen_ai.client.inference.operation.details")
			require.NotNil(t, details, "%s/%s", backend, side)
			assert.Equal(t, "m", value(t, details.Attributes, "gen_ai.request.model"), "%s/%s", backend, side)
			assert.Equal(t, content.Input, value(t, details.Attributes, "gen_ai.input.messages") != nil, "%s/%s", backend, side)
			assert.Equal(t, content.Output, value(t, details.Attributes, "gen_ai.output.messages") != nil, "%s/%s", backend, side)
		}
	}
	assert.Len(t, span.Events()[0].Attributes, 3, "the span itself is left alone")
}

func TestTheErrorTextOfAModelCallIsHiddenWithoutARecordToo(t *testing.T) {
	// What others do on an error: RecordError(err) and SetStatus(codes.Error, err.Error()).
	const text = "400: your prompt was: MARKER"
	failed := func(attributes ...attribute.KeyValue) trace.ReadOnlySpan {
		exception := trace.Event{Name: "exception", Attributes: []attribute.KeyValue{
			attribute.String("exception.type", "bad"), attribute.String("exception.message", text),
			attribute.String("exception.stacktrace", text+"\n  at main"), attribute.Bool("exception.escaped", true),
		}}
		return tracetest.SpanStub{
			Name: "s", Attributes: attributes, Status: trace.Status{Code: codes.Error, Description: text},
			Events: []trace.Event{exception, exception},
		}.Snapshot()
	}
	own := failed(attribute.String("mine", "x"))
	for _, key := range []string{
		"gen_ai.operation.name", "gen_ai.system", "openinference.span.kind", "traceloop.span.kind", "langtrace.service.type",
	} {
		model := failed(attribute.String(key, "chat"))
		for name, view := range map[string]func(dialect.Content) dialect.View{
			"gen_ai": dialect.GenAIView, "langsmith": dialect.LangSmithView, "langtrace": dialect.LangtraceView,
			"openinference": dialect.OpenInferenceView,
		} {
			for _, content := range []dialect.Content{{}, {Input: true}, {Output: true}} {
				got := view(content)(model, nil)
				assert.Equal(t, trace.Status{Code: codes.Error, Description: "bad"}, got.Status(), name)
				require.Len(t, got.Events(), 2)
				for _, event := range got.Events() {
					assert.Equal(t, "bad", value(t, event.Attributes, "exception.type"), name)
					assert.Equal(t, "bad", value(t, event.Attributes, "exception.message"), name)
					assert.Nil(t, value(t, event.Attributes, "exception.stacktrace"), name)
					assert.NotNil(t, value(t, event.Attributes, "exception.escaped"), name)
				}
				assert.Equal(t, text, view(content)(own, nil).Status().Description, "%s: the application's own", name)
				assert.Equal(t, text, value(t, view(content)(own, nil).Events()[0].Attributes, "exception.message"), name)
			}
			shown := view(dialect.Content{Input: true, Output: true})(model, nil)
			assert.Equal(t, text, shown.Status().Description, name)
			assert.Equal(t, text, value(t, shown.Events()[1].Attributes, "exception.message"), name)
		}
		assert.Equal(t, text, value(t, model.Events()[0].Attributes, "exception.message"), "the span itself is left alone")
	}
}

func TestOfAnErrorWithoutATypeNothingIsLeft(t *testing.T) {
	span := tracetest.SpanStub{
		Name: "s", Attributes: []attribute.KeyValue{attribute.String("gen_ai.operation.name", "chat")},
		Status: trace.Status{Code: codes.Error, Description: "MARKER"},
		Events: []trace.Event{{Name: "exception", Attributes: []attribute.KeyValue{attribute.String("exception.message", "MARKER")}}},
	}
	got := dialect.GenAIView(dialect.Content{})(span.Snapshot(), nil)
	assert.Equal(t, trace.Status{Code: codes.Error}, got.Status())
	assert.Empty(t, value(t, got.Events()[0].Attributes, "exception.message"))
	span.Attributes = append(span.Attributes, attribute.String("error.type", "timeout"))
	assert.Equal(t, "timeout", dialect.GenAIView(dialect.Content{})(span.Snapshot(), nil).Status().Description)
}

func TestTheStatusOfARecordedCallIsKept(t *testing.T) {
	for backend, view := range views(nothing) {
		status := view(stub(failedChat()).Snapshot(), failedChat()).Status()
		assert.Equal(t, "429 rate_limit_exceeded (requests)", status.Description, backend)
	}
}

func TestEveryViewShowsTheDescriptionOfAnAgentWithTheInputOnly(t *testing.T) {
	c := made()
	for side, content := range contents {
		for backend, view := range views(content) {
			for _, span := range []trace.ReadOnlySpan{stub(c).Snapshot(), tracetest.SpanStub{Name: "bare"}.Snapshot()} {
				var want any
				if content.Input {
					want = c.Agent.Description
				}
				assert.Equal(t, want, value(t, view(span, c).Attributes(), "gen_ai.agent.description"), "%s/%s", backend, side)
			}
		}
	}
}
