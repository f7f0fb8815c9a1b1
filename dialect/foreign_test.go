package dialect_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
)

// theirs is a span of another instrumentation.
func theirs(attributes []attribute.KeyValue, events ...sdktrace.Event) tracetest.SpanStub {
	return tracetest.SpanStub{
		Name: "chat gpt-4o-mini", SpanKind: trace.SpanKindClient, StartTime: began, EndTime: began.Add(3 * time.Second),
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{4}}),
		Attributes:  attributes, Events: events,
		InstrumentationScope: instrumentation.Scope{Name: "example.com/theirs", Version: "0.9"},
	}
}

func spanEvent(name string, attributes ...attribute.KeyValue) sdktrace.Event {
	return sdktrace.Event{Name: name, Time: began, Attributes: attributes}
}

// facts are the attributes of a chat that all forms below share.
func facts(more ...attribute.KeyValue) []attribute.KeyValue {
	return append([]attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.provider.name", "openai"),
		attribute.String("gen_ai.request.model", "gpt-4o-mini"),
		attribute.String("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
		attribute.Float64("gen_ai.request.temperature", 0.25),
		attribute.Int("gen_ai.usage.input_tokens", 100),
		attribute.Int("gen_ai.usage.output_tokens", 20),
		attribute.StringSlice("gen_ai.response.finish_reasons", []string{"tool_calls"}),
	}, more...)
}

// The conversation that every form below tells: a question, a call of a tool, its
// result, and another call as the answer.
const (
	wantAsked = `[
		{"role":"system","content":"You count brackets."},
		{"role":"user","content":"How many are left?"},
		{"role":"assistant","content":null,"tool_calls":[
			{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]},
		{"role":"tool","tool_call_id":"call_1","content":"{\"on_hand\":42}"}]`
	wantAnswer = `{"choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":"Next shelf.",
		"tool_calls":[{"id":"call_2","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-18\"}"}}]}}]}`
	wantShownAsked = `[
		{"role":"system","content":"You count brackets."},
		{"role":"user","content":"How many are left?"},
		{"role":"assistant","content":[
			{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]},
		{"role":"tool","tool_call_id":"call_1","content":"{\"on_hand\":42}"}]`
	wantShownAnswer = `[{"role":"assistant","content":[{"type":"text","text":"Next shelf."},
		{"id":"call_2","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-18\"}"}}]}]`
)

const (
	conventionsInput = `[{"role":"user","parts":[{"type":"text","content":"How many are left?"}]},
		{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"stock_level","arguments":{"sku":"A-17"}}]},
		{"role":"tool","parts":[{"type":"tool_call_response","id":"call_1","response":{"on_hand":42}}]}]`
	conventionsOutput = `[{"role":"assistant","finish_reason":"tool_call","parts":[{"type":"text","content":"Next shelf."},
		{"type":"tool_call","id":"call_2","name":"stock_level","arguments":{"sku":"A-18"}}]}]`
	conventionsSystem = `[{"type":"text","content":"You count brackets."}]`
)

// structured is JSON as an attribute of maps and lists.
func structured(t *testing.T, text string) attribute.Value {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	return structuredValue(v)
}

func structuredValue(v any) attribute.Value {
	switch v := v.(type) {
	case map[string]any:
		var members []attribute.KeyValue
		for name, member := range v {
			members = append(members, attribute.KeyValue{Key: attribute.Key(name), Value: structuredValue(member)})
		}
		return attribute.MapValue(members...)
	case []any:
		var elements []attribute.Value
		for _, element := range v {
			elements = append(elements, structuredValue(element))
		}
		return attribute.SliceValue(elements...)
	case float64:
		return attribute.Int64Value(int64(v))
	default:
		return attribute.StringValue(v.(string))
	}
}

// forms are the shapes in which instrumentations tell the same conversation.
func forms(t *testing.T) map[string]tracetest.SpanStub {
	t.Helper()
	content := []attribute.KeyValue{
		attribute.String("gen_ai.input.messages", conventionsInput),
		attribute.String("gen_ai.output.messages", conventionsOutput),
		attribute.String("gen_ai.system_instructions", conventionsSystem),
	}
	maps := []attribute.KeyValue{
		{Key: "gen_ai.input.messages", Value: structured(t, conventionsInput)},
		{Key: "gen_ai.output.messages", Value: structured(t, conventionsOutput)},
		{Key: "gen_ai.system_instructions", Value: structured(t, conventionsSystem)},
	}
	return map[string]tracetest.SpanStub{
		"messages as JSON":         theirs(facts(content...)),
		"messages as maps":         theirs(facts(maps...)),
		"the details event":        theirs(facts(), spanEvent("gen_ai.client.inference.operation.details", maps...)),
		"message events":           theirs(facts(), messageEvents()...),
		"message events in JSON":   theirs(facts(), jsonEvents()...),
		"OpenLLMetry's attributes": theirs(openLLMetry()),
		"OpenInference's":          theirs(openInference()),
	}
}

// messageEvents are those of the conventions 1.28, with a member per attribute.
func messageEvents() []sdktrace.Event {
	return []sdktrace.Event{
		spanEvent("gen_ai.system.message", attribute.String("gen_ai.system", "openai"), attribute.String("content", "You count brackets.")),
		spanEvent("gen_ai.user.message", attribute.String("content", "How many are left?"), attribute.String("role", "user")),
		spanEvent("gen_ai.assistant.message", attribute.String("tool_calls",
			`[{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]`)),
		spanEvent("gen_ai.tool.message", attribute.String("id", "call_1"), attribute.String("content", `{"on_hand":42}`)),
		spanEvent("gen_ai.choice", attribute.Int("index", 0), attribute.String("finish_reason", "tool_calls"),
			attribute.String("message.role", "assistant"), attribute.String("message.content", "Next shelf."),
			attribute.String("tool_calls.0.id", "call_2"), attribute.String("tool_calls.0.type", "function"),
			attribute.String("tool_calls.0.function.name", "stock_level"),
			attribute.String("tool_calls.0.function.arguments", `{"sku":"A-18"}`)),
	}
}

// jsonEvents are the same with the body in one attribute.
func jsonEvents() []sdktrace.Event {
	body := func(name, text string) sdktrace.Event {
		return spanEvent(name, attribute.String("gen_ai.system", "openai"), attribute.String("gen_ai.event.content", text))
	}
	return []sdktrace.Event{
		body("gen_ai.system.message", `{"role":"system","content":"You count brackets."}`),
		body("gen_ai.user.message", `{"content":"How many are left?"}`),
		body("gen_ai.assistant.message", `{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]}`),
		body("gen_ai.tool.message", `{"role":"tool","id":"call_1","content":"{\"on_hand\":42}"}`),
		body("gen_ai.choice", `{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":"Next shelf."},"tool_calls":[{"id":"call_2","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-18\"}"}}]}`),
	}
}

// openLLMetry is a span without the name of the operation, as it was for long.
func openLLMetry() []attribute.KeyValue {
	pairs := [][2]string{
		{"gen_ai.system", "OpenAI"},
		{"llm.request.type", "chat"},
		{"gen_ai.request.model", "gpt-4o-mini"},
		{"gen_ai.response.model", "gpt-4o-mini-2024-07-18"},
		{"gen_ai.prompt.0.role", "system"},
		{"gen_ai.prompt.0.content", "You count brackets."},
		{"gen_ai.prompt.1.role", "user"},
		{"gen_ai.prompt.1.content", `[{"type":"text","text":"How many are left?"}]`},
		{"gen_ai.prompt.2.role", "assistant"},
		{"gen_ai.prompt.2.tool_calls.0.id", "call_1"},
		{"gen_ai.prompt.2.tool_calls.0.name", "stock_level"},
		{"gen_ai.prompt.2.tool_calls.0.arguments", `{"sku":"A-17"}`},
		{"gen_ai.prompt.3.role", "tool"},
		{"gen_ai.prompt.3.tool_call_id", "call_1"},
		{"gen_ai.prompt.3.content", `{"on_hand":42}`},
		{"gen_ai.completion.0.role", "assistant"},
		{"gen_ai.completion.0.content", "Next shelf."},
		{"gen_ai.completion.0.finish_reason", "tool_calls"},
		{"gen_ai.completion.0.tool_calls.0.id", "call_2"},
		{"gen_ai.completion.0.tool_calls.0.name", "stock_level"},
		{"gen_ai.completion.0.tool_calls.0.arguments", `{"sku":"A-18"}`},
	}
	attributes := []attribute.KeyValue{
		attribute.Int("gen_ai.usage.prompt_tokens", 100), attribute.Int("gen_ai.usage.completion_tokens", 20),
		attribute.Int("llm.usage.total_tokens", 120), attribute.Float64("gen_ai.request.temperature", 0.25),
	}
	return append(attributes, texts(pairs)...)
}

func openInference() []attribute.KeyValue {
	pairs := [][2]string{
		{"openinference.span.kind", "LLM"},
		{"llm.system", "openai"},
		{"llm.model_name", "gpt-4o-mini"},
		{"gen_ai.response.model", "gpt-4o-mini-2024-07-18"},
		{"llm.input_messages.0.message.role", "system"},
		{"llm.input_messages.0.message.content", "You count brackets."},
		{"llm.input_messages.1.message.role", "user"},
		{"llm.input_messages.1.message.contents.0.message_content.type", "text"},
		{"llm.input_messages.1.message.contents.0.message_content.text", "How many are left?"},
		{"llm.input_messages.2.message.role", "assistant"},
		{"llm.input_messages.2.message.tool_calls.0.tool_call.id", "call_1"},
		{"llm.input_messages.2.message.tool_calls.0.tool_call.function.name", "stock_level"},
		{"llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments", `{"sku":"A-17"}`},
		{"llm.input_messages.3.message.role", "tool"},
		{"llm.input_messages.3.message.tool_call_id", "call_1"},
		{"llm.input_messages.3.message.content", `{"on_hand":42}`},
		{"llm.output_messages.0.message.role", "assistant"},
		{"llm.output_messages.0.message.content", "Next shelf."},
		{"llm.output_messages.0.message.tool_calls.0.tool_call.id", "call_2"},
		{"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "stock_level"},
		{"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", `{"sku":"A-18"}`},
	}
	return append(texts(pairs), attribute.Int("llm.token_count.prompt", 100), attribute.Int("llm.token_count.completion", 20),
		attribute.Float64("gen_ai.request.temperature", 0.25),
		attribute.StringSlice("gen_ai.response.finish_reasons", []string{"tool_calls"}))
}

// texts are attributes with a text each: key and value in turn.
func texts(pairs [][2]string) []attribute.KeyValue {
	var attributes []attribute.KeyValue
	for _, text := range pairs {
		attributes = append(attributes, attribute.String(text[0], text[1]))
	}
	return attributes
}

func TestLangSmithGetsTheConversationOfOtherInstrumentations(t *testing.T) {
	for form, span := range forms(t) {
		t.Run(form, func(t *testing.T) {
			seen := dialect.LangSmithView(all)(span.Snapshot(), nil)
			got := seen.Attributes()
			unique(t, got)
			assert.JSONEq(t, `{"messages":`+wantAsked+`}`, text(t, got, "gen_ai.prompt"))
			assert.JSONEq(t, wantAnswer, text(t, got, "gen_ai.completion"))
			assert.Equal(t, "llm", value(t, got, "langsmith.span.kind"))
			assert.Equal(t, "openai", value(t, got, "langsmith.metadata.ls_provider"))
			assert.Equal(t, "gpt-4o-mini-2024-07-18", value(t, got, "langsmith.metadata.ls_model_name"))
			assert.InDelta(t, 0.25, value(t, got, "langsmith.metadata.ls_temperature"), 0)
			assert.JSONEq(t, `{"input_tokens":100,"output_tokens":20,"total_tokens":120}`, text(t, got, "langsmith.usage_metadata"))
			for _, kv := range got {
				assert.NotRegexp(t, `^gen_ai\.(prompt|completion)\.|^gen_ai\.(input|output)\.messages|^gen_ai\.system_instructions|^llm\.(in|out)put_messages`,
					kv.Key, "it would be read first, or stored twice")
			}
			for _, e := range seen.Events() {
				assert.NotRegexp(t, `message$|choice$`, e.Name, "events beat attributes there")
				for _, kv := range e.Attributes {
					assert.NotRegexp(t, `messages$`, kv.Key)
				}
			}
		})
	}
}

func TestLangtraceGetsTheConversationOfOtherInstrumentations(t *testing.T) {
	for form, span := range forms(t) {
		t.Run(form, func(t *testing.T) {
			seen := dialect.LangtraceView(all)(span.Snapshot(), nil)
			got := seen.Attributes()
			unique(t, got)
			for key, want := range map[string]any{
				"langtrace.service.type": "llm", "langtrace.service.name": "OpenAI", "langtrace.sdk.name": "example.com/theirs",
				"langtrace.version": "0.9", "llm.vendor": "openai", "llm.request.model": "gpt-4o-mini",
				"llm.request.temperature": "0.25", "gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(20),
				"gen_ai.usage.total_tokens": int64(120), "llm.usage.total_tokens": int64(120),
				"gen_ai.usage.prompt_tokens": nil, "gen_ai.usage.completion_tokens": nil,
			} {
				assert.Equal(t, want, value(t, got, key), key)
			}
			assert.JSONEq(t, wantAsked, text(t, got, "llm.request.messages"))
			for name, want := range map[string]string{"prompt": wantShownAsked, "completion": wantShownAnswer} {
				shown := event(t, seen, "gen_ai.content."+name)
				require.NotNil(t, shown)
				assert.JSONEq(t, want, text(t, shown.Attributes, "gen_ai."+name))
			}
		})
	}
}

// everythingSeen is all that a backend gets of a span, to be searched.
func everythingSeen(t *testing.T, span sdktrace.ReadOnlySpan) string {
	t.Helper()
	var all strings.Builder
	write := func(attributes []attribute.KeyValue) {
		for _, kv := range attributes {
			all.WriteString(string(kv.Key) + "=" + kv.Value.String() + "\n")
		}
	}
	write(span.Attributes())
	for _, e := range span.Events() {
		all.WriteString(e.Name + "\n")
		write(e.Attributes)
	}
	return all.String() + span.Status().Description
}

func TestPhoenixGetsTheConversationOfOtherInstrumentations(t *testing.T) {
	for form, span := range forms(t) {
		t.Run(form, func(t *testing.T) {
			before := span.Snapshot()
			got := dialect.OpenInferenceView(all)(before, nil).Attributes()
			unique(t, got)
			assert.Equal(t, "LLM", value(t, got, "openinference.span.kind"))
			if form == "OpenInference's" {
				assert.Equal(t, before.Attributes(), got, "it is in these words already")
				return
			}
			assert.Equal(t, "gpt-4o-mini-2024-07-18", value(t, got, "llm.model_name"))
			assert.EqualValues(t, 100, value(t, got, "llm.token_count.prompt"))
			assert.EqualValues(t, 20, value(t, got, "llm.token_count.completion"))
			assert.Equal(t, "user", value(t, got, "llm.input_messages.1.message.role"))
			assert.Contains(t, text(t, got, "llm.input_messages.1.message.content"), "How many")
			assert.Contains(t, text(t, got, "input.value"), "How many")
			assert.Contains(t, text(t, got, "output.value"), "Next shelf")
		})
	}
}

func TestHiddenContentOfOtherInstrumentationsDoesNotComeBack(t *testing.T) {
	for form, span := range forms(t) {
		for side, content := range contents {
			for backend, view := range views(content) {
				t.Run(form+"/"+side+"/"+backend, func(t *testing.T) {
					seen := view(span.Snapshot(), nil)
					for marker, shown := range map[string]bool{
						"How many": content.Input, "You count": content.Input, "Next shelf": content.Output, "A-18": content.Output,
					} {
						assert.Equal(t, shown, strings.Contains(everythingSeen(t, seen), marker), marker)
					}
				})
			}
			if !content.Output {
				got := dialect.LangSmithView(content)(span.Snapshot(), nil).Attributes()
				assert.Equal(t, "{}", text(t, got, "gen_ai.completion"), "without outputs LangSmith drops the usage")
				assert.NotNil(t, value(t, got, "langsmith.usage_metadata"))
			}
		}
	}
}

func TestAViewDoesNotChangeASpanOfAnotherInstrumentation(t *testing.T) {
	for form, span := range forms(t) {
		span.Attributes = append(make([]attribute.KeyValue, 0, 2*len(span.Attributes)+spare), span.Attributes...)
		span.Events = append(make([]sdktrace.Event, 0, len(span.Events)+spare), span.Events...)
		before := everythingSeen(t, span.Snapshot())
		for side, content := range contents {
			for backend, view := range views(content) {
				view(span.Snapshot(), nil)
				assert.Equal(t, before, everythingSeen(t, span.Snapshot()), "%s/%s/%s", form, side, backend)
				behind := span.Attributes[len(span.Attributes):cap(span.Attributes)]
				assert.Equal(t, make([]attribute.KeyValue, len(behind)), behind, "the room behind the attributes")
			}
		}
	}
}

func TestWhatASpanSaysInTheBackendsWordsStays(t *testing.T) {
	own := texts([][2]string{
		{"langsmith.span.kind", "chain"},
		{"langsmith.metadata.ls_provider", "mine"},
		{"langsmith.metadata.ls_model_name", "my-model"},
		{"langsmith.usage_metadata", `{"input_tokens":1}`},
		{"gen_ai.system", "of_mine"},
		{"tools", `[]`},
		{"gen_ai.prompt", `{"mine":1}`},
		{"gen_ai.completion", `{"mine":2}`},
	})
	span := theirs(facts(append(own, attribute.String("gen_ai.input.messages", conventionsInput),
		attribute.String("gen_ai.output.messages", conventionsOutput))...))
	got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
	unique(t, got)
	for _, kv := range own {
		assert.Equal(t, kv.Value.AsString(), value(t, got, string(kv.Key)), kv.Key)
	}
	assert.Equal(t, conventionsInput, value(t, got, "gen_ai.input.messages"), "nothing was made of it")

	for _, pair := range [][2]string{
		{"input.value", "output.value"}, {"traceloop.entity.input", "traceloop.entity.output"}, {"prompt", "all_messages_events"},
	} {
		span := theirs(facts(attribute.String(pair[0], "x"), attribute.String(pair[1], "y"),
			attribute.String("gen_ai.input.messages", conventionsInput), attribute.String("gen_ai.output.messages", conventionsOutput)))
		got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
		assert.Nil(t, value(t, got, "gen_ai.prompt"), pair[0])
		assert.Nil(t, value(t, got, "gen_ai.completion"), pair[1])
	}

	events := []sdktrace.Event{
		spanEvent("gen_ai.content.prompt", attribute.String("gen_ai.prompt", `[{"role":"user","content":"mine"}]`)),
		spanEvent("gen_ai.content.completion", attribute.String("gen_ai.completion", `[{"role":"assistant","content":"too"}]`)),
	}
	span = theirs(facts(attribute.String("langtrace.service.name", "Mine"), attribute.String("llm.vendor", "mine"),
		attribute.String("gen_ai.input.messages", conventionsInput)), events...)
	for backend, view := range views(all) {
		seen := view(span.Snapshot(), nil)
		assert.Equal(t, events, seen.Events(), backend)
		assert.Nil(t, value(t, seen.Attributes(), "gen_ai.completion"), backend)
		assert.Equal(t, "Mine", value(t, seen.Attributes(), "langtrace.service.name"), backend)
		assert.Equal(t, "mine", value(t, seen.Attributes(), "llm.vendor"), backend)
	}
}

func TestAnAttributeThatLangSmithCannotReadIsReplaced(t *testing.T) {
	span := theirs(facts(attribute.String("gen_ai.input.messages", conventionsInput),
		attribute.StringSlice("gen_ai.prompt", []string{"a"}), attribute.String("gen_ai.completion", "null")))
	got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
	assert.Contains(t, text(t, got, "gen_ai.prompt"), "How many are left?")
	assert.Equal(t, "{}", text(t, got, "gen_ai.completion"))
}

func TestWhatCannotBeReadIsLeftAsItIs(t *testing.T) {
	for name, broken := range map[string]string{
		"cut": conventionsInput[:60], "cut in a string": conventionsInput[:75], "not JSON": `[{role:user}]`, "too deep": strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
		"two values": `[] []`, "a list in an object": `{"messages":{}}`,
	} {
		span := theirs(facts(attribute.String("gen_ai.input.messages", broken), attribute.String("gen_ai.system_instructions", conventionsSystem),
			attribute.String("gen_ai.output.messages", conventionsOutput)))
		got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
		assert.Equal(t, broken, value(t, got, "gen_ai.input.messages"), name)
		assert.Equal(t, conventionsSystem, value(t, got, "gen_ai.system_instructions"), "%s: half a side is none", name)
		assert.Nil(t, value(t, got, "gen_ai.prompt"), name)
		assert.JSONEq(t, wantAnswer, text(t, got, "gen_ai.completion"), "%s: the other side can be read", name)
		assert.Equal(t, "llm", value(t, got, "langsmith.span.kind"), name)

		seen := dialect.LangtraceView(all)(span.Snapshot(), nil)
		assert.Equal(t, broken, value(t, seen.Attributes(), "gen_ai.input.messages"), name)
		assert.Nil(t, event(t, seen, "gen_ai.content.prompt"), name)

		span = theirs(facts(attribute.String("gen_ai.output.messages", broken), attribute.String("gen_ai.completion.0.content", "also")))
		got = dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
		assert.Equal(t, broken, value(t, got, "gen_ai.output.messages"), name)
		assert.Equal(t, "{}", value(t, got, "gen_ai.completion"), "%s: or the usage is lost", name)
	}
}

func TestMessagesAreReadInEveryForm(t *testing.T) {
	for name, test := range map[string]struct{ sent, want string }{
		"plain text":        {`How many?`, `{"role":"user","content":"How many?"}`},
		"a list of texts":   {`["How many?"]`, `{"role":"user","content":"How many?"}`},
		"messages as texts": {`["{\"role\":\"system\",\"content\":\"Count.\"}"]`, `{"role":"system","content":"Count."}`},
		"one message":       {`{"role":"user","content":"How many?"}`, `{"role":"user","content":"How many?"}`},
		"in an object":      {`{"messages":[{"role":"user","content":"How many?"}]}`, `{"role":"user","content":"How many?"}`},
		"no role":           {`[{"content":"How many?"}]`, `{"role":"user","content":"How many?"}`},
		"no message":        {`[{"x":1}]`, `{"role":"user","content":"{\"x\":1}"}`},
		"a number":          {`[17]`, `{"role":"user","content":"17"}`},
		"a role of another type": {
			`[{"role":5,"content":"How many?"}]`, `{"role":"user","content":"How many?"}`,
		},
		"a name":             {`[{"role":"user","name":"ann","parts":[{"type":"text","content":"Hi."}]}]`, `{"role":"user","name":"ann","content":"Hi."}`},
		"reasoning":          {`[{"role":"assistant","parts":[{"type":"reasoning","content":"Hm."}]}]`, `{"role":"assistant","content":null,"reasoning_content":"Hm."}`},
		"DeepSeek's thought": {`[{"role":"assistant","reasoning_content":"Hm.","content":"Yes."}]`, `{"role":"assistant","content":"Yes.","reasoning_content":"Hm."}`},
		"a refusal":          {`[{"role":"assistant","content":null,"refusal":"No."}]`, `{"role":"assistant","content":null,"refusal":"No."}`},
		"the old function call": {
			`[{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}]`,
			`{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}`,
		},
		"a custom tool": {
			`[{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"name":"run","input":"1+1"}}]}]`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"custom","custom":{"name":"run","input":"1+1"}}]}`,
		},
		"Anthropic's call": {
			`[{"role":"assistant","content":[{"type":"thinking","thinking":"Hm."},{"type":"tool_use","id":"t","name":"f","input":{"a":1.0}}]}]`,
			`{"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":1.0}"}}]}`,
		},
		"Anthropic's result": {
			`[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"42"}]}]`,
			`{"role":"tool","tool_call_id":"t","content":"42"}`,
		},
		"OpenAI's result": {
			`[{"role":"tool","tool_call_id":"t","content":"42"}]`, `{"role":"tool","tool_call_id":"t","content":"42"}`,
		},
		"an image": {
			`[{"role":"user","parts":[{"type":"uri","modality":"image","uri":"https://h/a.png"}]}]`,
			`{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png"}}]}`,
		},
		"OpenAI's image": {
			`[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png","detail":"low"}}]}]`,
			`{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png","detail":"low"}}]}`,
		},
		"inline bytes": { // the digest of the bytes "hello"
			`[{"role":"user","parts":[{"type":"blob","modality":"audio","mime_type":"audio/wav","content":"aGVsbG8="}]}]`,
			`{"role":"user","content":[{"type":"text","text":"[audio, audio/wav, 5 bytes, sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824]"}]}`,
		},
		"bytes in a URL": {
			`[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,aGVsbG8="}}]}]`,
			`{"role":"user","content":[{"type":"text","text":"[image, image/png, 5 bytes, sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824]"}]}`,
		},
		"bytes that are none": {
			`[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"*****"}}]}]`,
			`{"role":"user","content":[{"type":"text","text":"[image, image/png, 3 bytes]"}]}`,
		},
		"an upload": {
			`[{"role":"user","parts":[{"type":"file","modality":"document","file_id":"f1"}]}]`,
			`{"role":"user","content":[{"type":"text","text":"[file, f1]"}]}`,
		},
		"a tool of the provider": {
			`[{"role":"assistant","parts":[{"type":"server_tool_call","id":"w","name":"web_search","server_tool_call":{"type":"web_search_call","query":"q"}}]}]`,
			`{"role":"assistant","content":[{"type":"text","text":"[web_search_call] {\"type\":\"web_search_call\",\"query\":\"q\"}"}]}`,
		},
		"a part of tomorrow": {
			`[{"role":"user","parts":[{"type":"hologram","x":[1,2]}]}]`,
			`{"role":"user","content":[{"type":"hologram","x":[1,2]}]}`,
		},
		"large numbers": {
			`[{"role":"tool","parts":[{"type":"tool_call_response","id":"c","response":{"n":12345678901234567890}}]}]`,
			`{"role":"tool","tool_call_id":"c","content":"{\"n\":12345678901234567890}"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			span := theirs(facts(attribute.String("gen_ai.input.messages", test.sent)))
			got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
			assert.JSONEq(t, `{"messages":[`+test.want+`]}`, text(t, got, "gen_ai.prompt"))
		})
	}
}

func TestEveryChoiceOfOtherInstrumentationsIsKept(t *testing.T) {
	choice := func(i int, text, reason string) sdktrace.Event {
		return spanEvent("gen_ai.choice", attribute.Int("index", i), attribute.String("finish_reason", reason),
			attribute.String("message", `{"role":"assistant","content":"`+text+`"}`))
	}
	span := theirs(facts(), choice(0, "One.", "stop"), choice(1, "Two.", "length"))
	got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
	assert.JSONEq(t, `{"choices":[
		{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"One."}},
		{"index":1,"finish_reason":"length","message":{"role":"assistant","content":"Two."}}]}`, text(t, got, "gen_ai.completion"))
}

func TestAnAgentThatAnswersWithAllItDidHasMessages(t *testing.T) {
	span := theirs(facts(attribute.String("gen_ai.output.messages", conventionsInput)))
	got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
	assert.JSONEq(t, `{"messages":[{"role":"user","content":"How many are left?"},
		{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]},
		{"role":"tool","tool_call_id":"call_1","content":"{\"on_hand\":42}"}]}`, text(t, got, "gen_ai.completion"))
}

func TestToolsOfOtherInstrumentationsAreOffered(t *testing.T) {
	want := `[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}]`
	for name, definitions := range map[string][]attribute.KeyValue{
		"the conventions'": {attribute.String("gen_ai.tool.definitions", `[{"type":"function","name":"f","description":"d","parameters":{"type":"object"}}]`)},
		"OpenAI's":         {attribute.String("gen_ai.tool.definitions", want)},
		"Anthropic's":      {attribute.String("gen_ai.tool.definitions", `[{"name":"f","description":"d","input_schema":{"type":"object"}}]`)},
		"OpenLLMetry's": {
			attribute.String("llm.request.functions.0.name", "f"), attribute.String("llm.request.functions.0.description", "d"),
			attribute.String("llm.request.functions.0.parameters", `{"type":"object"}`),
		},
		"OpenInference's": {attribute.String("llm.tools.0.tool.json_schema", `{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}`)},
	} {
		span := theirs(facts(append(definitions, attribute.String("gen_ai.input.messages", conventionsInput))...))
		assert.JSONEq(t, want, text(t, dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes(), "tools"), name)
		assert.JSONEq(t, want, text(t, dialect.LangtraceView(all)(span.Snapshot(), nil).Attributes(), "llm.tools"), name)
		assert.Nil(t, value(t, dialect.LangSmithView(output)(span.Snapshot(), nil).Attributes(), "tools"), name)
	}
}

func TestUsageOfOtherInstrumentationsIsReadInItsDetails(t *testing.T) {
	want := `{"input_tokens":100,"output_tokens":20,"total_tokens":120,"input_token_details":{"cache_read":7,"cache_creation":8},"output_token_details":{"reasoning":9}}`
	for name, keys := range map[string][3]string{
		"newest":        {"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.reasoning.output_tokens"},
		"older":         {"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.reasoning_tokens"},
		"OpenLLMetry":   {"gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.details.reasoning_tokens"},
		"OpenInference": {"llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_write", "llm.token_count.completion_details.reasoning"},
	} {
		span := theirs(facts(attribute.Int(keys[0], 7), attribute.Float64(keys[1], 8), attribute.Int(keys[2], 9)))
		got := dialect.LangSmithView(nothing)(span.Snapshot(), nil).Attributes()
		assert.JSONEq(t, want, text(t, got, "langsmith.usage_metadata"), name)
	}
}

func TestAToolOfAnotherInstrumentationIsATool(t *testing.T) {
	span := theirs([]attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "execute_tool"), attribute.String("gen_ai.tool.name", "stock_level"),
		attribute.String("gen_ai.tool.call.id", "call_1"), attribute.String("gen_ai.tool.type", "function"),
		attribute.String("gen_ai.tool.call.arguments", `{"sku":"A-17"}`), attribute.String("gen_ai.tool.call.result", "42 pieces"),
	})
	span.SpanKind = trace.SpanKindInternal
	got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
	assert.ElementsMatch(t, []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "execute_tool"), attribute.String("gen_ai.tool.name", "stock_level"),
		attribute.String("gen_ai.tool.call.id", "call_1"), attribute.String("gen_ai.tool.type", "function"),
		attribute.String("langsmith.span.kind", "tool"),
		attribute.String("gen_ai.prompt", `{"sku":"A-17"}`), attribute.String("gen_ai.completion", `{"output":"42 pieces"}`),
	}, got)

	seen := dialect.LangtraceView(all)(span.Snapshot(), nil)
	assert.Equal(t, "framework", value(t, seen.Attributes(), "langtrace.service.type"))
	assert.JSONEq(t, `[{"role":"assistant","content":[{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]}]`,
		text(t, event(t, seen, "gen_ai.content.prompt").Attributes, "gen_ai.prompt"))
	assert.JSONEq(t, `[{"role":"tool","tool_call_id":"call_1","name":"stock_level","content":"42 pieces"}]`,
		text(t, event(t, seen, "gen_ai.content.completion").Attributes, "gen_ai.completion"))
	for side, content := range contents {
		for backend, view := range views(content) {
			got := everythingSeen(t, view(span.Snapshot(), nil))
			assert.Equal(t, content.Input, strings.Contains(got, "A-17"), "%s/%s", backend, side)
			assert.Equal(t, content.Output, strings.Contains(got, "42 pieces"), "%s/%s", backend, side)
		}
	}
}

func TestTheTokensOfAnAgentWithinTheProgramAreNotPricedAgain(t *testing.T) {
	attributes := facts(attribute.String("gen_ai.agent.name", "Clerk"), attribute.String("gen_ai.input.messages", conventionsInput))
	attributes[0] = attribute.String("gen_ai.operation.name", "invoke_agent")
	for kind, counts := range map[trace.SpanKind]bool{trace.SpanKindInternal: false, trace.SpanKindClient: true} {
		span := theirs(attributes)
		span.SpanKind = kind
		got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
		assert.Equal(t, "chain", value(t, got, "langsmith.span.kind"))
		assert.Contains(t, text(t, got, "gen_ai.prompt"), "How many are left?")
		for _, key := range []string{"langsmith.usage_metadata", "gen_ai.usage.total_tokens", "gen_ai.system", "langsmith.metadata.ls_provider"} {
			assert.Equal(t, counts, value(t, got, key) != nil, "%s %s", kind, key)
		}
		seen := dialect.LangtraceView(all)(span.Snapshot(), nil)
		want := map[bool]string{false: "framework", true: "llm"}[counts]
		assert.Equal(t, want, value(t, seen.Attributes(), "langtrace.service.type"))
		for _, key := range []string{"gen_ai.usage.total_tokens", "langtrace.service.name", "llm.vendor"} {
			assert.Equal(t, counts, value(t, seen.Attributes(), key) != nil, "%s %s", kind, key)
		}
	}
}

func TestLangtraceDoesNotShowACallThatNamesNoModelAsOne(t *testing.T) {
	span := theirs([]attribute.KeyValue{attribute.String("gen_ai.operation.name", "chat"), attribute.Int("gen_ai.usage.input_tokens", 9)})
	got := dialect.LangtraceView(all)(span.Snapshot(), nil).Attributes()
	assert.Nil(t, value(t, got, "langtrace.service.type"))
	assert.Equal(t, int64(9), value(t, got, "gen_ai.usage.total_tokens"))
}

func TestEmbeddingsOfAnotherInstrumentationKeepTheirUsage(t *testing.T) {
	span := theirs([]attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "embeddings"), attribute.String("gen_ai.provider.name", "openai"),
		attribute.String("gen_ai.request.model", "text-embedding-3-small"), attribute.Int("gen_ai.usage.input_tokens", 8),
		attribute.StringSlice("gen_ai.request.encoding_formats", []string{"float"}),
	})
	got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
	assert.Equal(t, "embedding", value(t, got, "langsmith.span.kind"))
	assert.Equal(t, "{}", value(t, got, "gen_ai.completion"))
	assert.JSONEq(t, `{"input_tokens":8,"total_tokens":8}`, text(t, got, "langsmith.usage_metadata"))
	assert.Nil(t, value(t, got, "gen_ai.prompt"))
}

func TestASearchOfAnotherInstrumentationIsARetriever(t *testing.T) {
	span := theirs([]attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "retrieval"), attribute.String("gen_ai.retrieval.query.text", "brackets?"),
		attribute.String("gen_ai.retrieval.documents", `[{"id":"d1","score":0.5,"content":"Forty."},"Fifty."]`),
	})
	got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
	assert.Equal(t, "retriever", value(t, got, "langsmith.span.kind"))
	assert.Equal(t, "brackets?", value(t, got, "input.value"))
	assert.Equal(t, "Forty.", value(t, got, "retrieval.documents.0.document.content"))
	assert.Equal(t, "Fifty.", value(t, got, "retrieval.documents.1.document.content"))
	assert.JSONEq(t, `{"file_id":"d1","score":0.5}`, text(t, got, "retrieval.documents.0.document.metadata"))

	span.Attributes = append(span.Attributes, attribute.String("input.value", "mine"), attribute.String("retrieval.documents.0.document.content", "My own."))
	got = dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
	assert.Equal(t, "mine", value(t, got, "input.value"))
	assert.Equal(t, "My own.", value(t, got, "retrieval.documents.0.document.content"))
	assert.Nil(t, value(t, got, "retrieval.documents.1.document.content"))
	assert.Nil(t, value(t, got, "gen_ai.prompt"))
}

func TestAFailureWithoutAnExceptionIsToldToBothBackends(t *testing.T) {
	span := theirs(facts(attribute.String("error.type", "rate_limit_exceeded")))
	span.Status = sdktrace.Status{Code: codes.Error, Description: "your prompt was: MARKER"}
	for _, backend := range []string{"LangSmith", "Langtrace"} {
		for side, content := range contents {
			exception := event(t, views(content)[backend](span.Snapshot(), nil), "exception")
			require.NotNil(t, exception, side)
			assert.Equal(t, "rate_limit_exceeded", value(t, exception.Attributes, "exception.type"))
			want := "rate_limit_exceeded"
			if content == all {
				want = "your prompt was: MARKER"
			}
			assert.Equal(t, want, value(t, exception.Attributes, "exception.message"), side)
		}
		span := theirs(facts())
		span.Status.Code = codes.Error
		exception := event(t, views(all)[backend](span.Snapshot(), nil), "exception")
		assert.Equal(t, "_OTHER", value(t, exception.Attributes, "exception.type"))
		span.Status.Code = codes.Unset
		assert.Nil(t, event(t, views(all)[backend](span.Snapshot(), nil), "exception"))
	}
}

func TestTheFirstChunkOfAnotherInstrumentationIsTheFirstToken(t *testing.T) {
	span := theirs(facts(attribute.Bool("gen_ai.request.stream", true), attribute.Float64("gen_ai.response.time_to_first_chunk", 0.5)))
	token := event(t, dialect.LangSmithView(nothing)(span.Snapshot(), nil), "new_token")
	require.NotNil(t, token)
	assert.Equal(t, began.Add(500*time.Millisecond), token.Time)

	span.Events = []sdktrace.Event{spanEvent("new_token", attribute.String("mine", "x"))}
	token = event(t, dialect.LangSmithView(nothing)(span.Snapshot(), nil), "new_token")
	assert.Equal(t, span.Events[0], *token)

	for _, wait := range []float64{-1, 5} { // before the start, after the end
		span := theirs(facts(attribute.Float64("gen_ai.response.time_to_first_chunk", wait)))
		assert.Nil(t, event(t, dialect.LangSmithView(nothing)(span.Snapshot(), nil), "new_token"))
	}
}

func TestProvidersAreKnownByTheirOlderNames(t *testing.T) {
	for sent, want := range map[string]string{
		"OpenAI": "openai", "Azure": "azure", "az.ai.openai": "azure", "vertex_ai": "google_vertexai", "Gemini": "google_genai",
		"AWS": "amazon_bedrock", "MistralAI": "mistral", "xai": "xai", "My_Own": "my_own",
	} {
		span := theirs([]attribute.KeyValue{attribute.String("gen_ai.system", sent), attribute.String("gen_ai.request.model", "m")})
		got := dialect.LangSmithView(all)(span.Snapshot(), nil).Attributes()
		assert.Equal(t, want, value(t, got, "langsmith.metadata.ls_provider"), sent)
		assert.Equal(t, sent, value(t, got, "gen_ai.system"), "what the span says stays")
	}
}

func TestSpansThatAreNoOperationAreLeftAlone(t *testing.T) {
	for name, attributes := range map[string][]attribute.KeyValue{
		"HTTP":                  {attribute.String("http.request.method", "POST"), attribute.String("gen_ai.request.model", "m")},
		"a workflow":            {attribute.String("traceloop.span.kind", "workflow"), attribute.String("traceloop.entity.input", "x")},
		"a chain":               {attribute.String("openinference.span.kind", "CHAIN"), attribute.String("input.value", "x")},
		"a provider alone":      {attribute.String("gen_ai.system", "openai")},
		"operation of no text":  {attribute.Int("gen_ai.operation.name", 5)},
		"an operation of blank": {attribute.String("gen_ai.operation.name", "")},
	} {
		for _, backend := range []string{"LangSmith", "Langtrace"} {
			span := theirs(attributes).Snapshot()
			assert.Len(t, views(all)[backend](span, nil).Attributes(), len(attributes), "%s/%s", backend, name)
		}
	}
}

func TestMegabytesOfMessagesAreReadInOnePass(t *testing.T) {
	// With work that grows with the square of the size this would not end.
	var messages strings.Builder
	messages.WriteString(`[`)
	for range 20_000 {
		messages.WriteString(`{"role":"user","parts":[{"type":"text","content":"How many?"}]},`)
	}
	messages.WriteString(`"end"]`)
	attributes := facts(attribute.String("gen_ai.input.messages", messages.String()))
	for i := range 2_000 {
		attributes = append(attributes, attribute.String("gen_ai.completion."+json.Number(strings.Repeat("9", 1+i%9)).String()+".content", "x"))
	}
	nested := strings.Repeat(`{"message":`, 500) + `"x"` + strings.Repeat(`}`, 500)
	attributes = append(attributes, attribute.String("gen_ai.output.messages", `[`+nested+`]`))
	for backend, view := range views(all) {
		seen := view(theirs(attributes).Snapshot(), nil)
		assert.NotEmpty(t, seen.Attributes(), backend)
	}
}

// FuzzForeignMessages puts the same text wherever messages may be. which chooses the
// operation, the form and what is hidden.
func FuzzForeignMessages(f *testing.F) {
	for which := range byte(27) {
		for _, seed := range []string{
			conventionsInput, conventionsOutput, conventionsSystem, wantAsked, wantAnswer, `{"messages":[1,null,"x"]}`,
			`[[]]`, `[{"message":{"message":{}}}]`, `"\ud800"`, `[{"type":"function"}]`,
			`[{"role":"tool","parts":[{"type":"blob","content":"aGVs"},{"type":"server_tool_call"},{"type":"tool_call_response"}]}]`,
		} {
			f.Add(seed, "0.content", which)
		}
	}
	f.Add(`x`, "0.tool_calls.0.function.arguments", byte(3))
	f.Add(`x`, "999999999999999999999.message.content", byte(3))
	f.Fuzz(func(t *testing.T, text, member string, which byte) {
		operation := []string{"chat", "execute_tool", "retrieval"}[which%3]
		content := []dialect.Content{all, input, nothing}[which/9%3]
		span := spanFull(operation, which/3%3, text, member).Snapshot()
		for backend, view := range views(content) {
			seen := view(span, nil)
			for _, kv := range seen.Attributes() {
				switch {
				case backend == "LangSmith" && (kv.Key == "gen_ai.prompt" || kv.Key == "gen_ai.completion"):
					var object map[string]any
					require.NoError(t, json.Unmarshal([]byte(kv.Value.AsString()), &object))
				case backend == "Langtrace" && kv.Key == "llm.request.messages":
					var list []map[string]any
					require.NoError(t, json.Unmarshal([]byte(kv.Value.AsString()), &list))
				}
			}
			if content == nothing && len(text) > 60 && strings.HasPrefix(member, "0.") { // or it may be no key of theirs
				require.NotContains(t, everythingSeen(t, seen), text)
			}
		}
	})
}

// spanFull is a span with text in every place of a form.
func spanFull(operation string, form byte, text, member string) tracetest.SpanStub {
	span := theirs([]attribute.KeyValue{attribute.String("gen_ai.operation.name", operation)})
	var keys []string
	switch form {
	case 0:
		keys = []string{
			"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
			"gen_ai.retrieval.documents", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.retrieval.query.text",
		}
	case 1:
		keys = []string{
			"gen_ai.prompt." + member, "gen_ai.completion." + member, "llm.input_messages." + member,
			"llm.output_messages." + member, "llm.request.functions." + member, "llm.tools." + member,
		}
	default:
		span.Events = []sdktrace.Event{
			spanEvent("gen_ai.user.message", attribute.String("gen_ai.event.content", text), attribute.String(member, text)),
			spanEvent("gen_ai.choice", attribute.String("message", text), attribute.String(member, text)),
			spanEvent("gen_ai.client.inference.operation.details", attribute.String("gen_ai.output.messages", text)),
			spanEvent("gen_ai.content.prompt", attribute.String("gen_ai.prompt", text)),
		}
	}
	for _, key := range keys {
		span.Attributes = append(span.Attributes, attribute.String(key, text))
	}
	return span
}
