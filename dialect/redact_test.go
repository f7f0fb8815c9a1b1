package dialect_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
)

// written are attributes beside those of content that hold what people wrote.
var written = []string{
	"exception.message", "exception.stacktrace", "error.message", "url.full", "url.path", "url.query", "http.url", "http.target",
	"gen_ai.agent.name", "gen_ai.main_agent.name", "gen_ai.request.stop_sequences", "gen_ai.tool.description",
	"gen_ai.evaluation.explanation", "session.id", "user.id", "user_id", "llm.path", "llm.invocation_parameters",
	"langsmith.trace.name", "langsmith.span.tags", "langsmith.metadata.customer", "langsmith.metadata.session_id",
	"langsmith.metadata.ls_stop", "langsmith.metadata.ls_invocation_params", "traceloop.entity.name",
	"traceloop.association.properties.customer", "metadata", "tag.tags", "tool.description", "litellm.request.tags",
}

// names are what no redactor gets.
var names = []string{
	"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model", "gen_ai.response.id",
	"gen_ai.response.finish_reasons", "gen_ai.tool.name", "gen_ai.tool.call.id", "error.type", "exception.type", "server.address",
	"langsmith.span.kind", "langsmith.metadata.ls_provider", "langsmith.metadata.ls_model_name", "langsmith.metadata.ls_model_type",
	"langsmith.usage_metadata", "llm.vendor", "llm.model_name", "openinference.span.kind", "http.route",
}

func remove(text string) (string, error) { return strings.ReplaceAll(text, "MARKER", "[removed]"), nil }

// with returns one attribute for each key.
func with(value string, keys ...[]string) (attributes []attribute.KeyValue) {
	for _, key := range slices.Concat(keys...) {
		attributes = append(attributes, attribute.String(key, value))
	}
	return attributes
}

func TestOfASpanTextsAreRedactedAndIdentifiersAreNot(t *testing.T) {
	span := tracetest.SpanStub{Name: "theirs", Attributes: with("a MARKER here", inputs, outputs, conversations, written, names)}.Snapshot()
	seen := dialect.Redacted(span, remove).Attributes()
	want := slices.Concat(with("a [removed] here", inputs, outputs, conversations, written), with("a MARKER here", names))
	assert.Equal(t, want, seen)
}

func TestAttributesOfEventsAndLinksNamesAndTheStatusAreRedacted(t *testing.T) {
	marked := func(key string) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String(key, "a MARKER here")}
	}
	clean := func(key string) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String(key, "a [removed] here")}
	}
	span := tracetest.SpanStub{
		Name:   "GET /MARKER",
		Status: sdktrace.Status{Code: codes.Error, Description: "a MARKER here"},
		Events: []sdktrace.Event{
			{Name: "gen_ai.user.message", Attributes: marked("content")},
			{Name: "gen_ai.choice", Attributes: marked("message.content")},
			{Name: "exception", Attributes: marked("exception.message")},
			{Name: "gen_ai.client.inference.operation.details", Attributes: marked("gen_ai.input.messages")},
			{Name: "retried", Attributes: marked("content")},
		},
		Links: []sdktrace.Link{{Attributes: marked("url.full")}},
	}.Snapshot()
	seen := dialect.Redacted(span, remove)
	assert.Equal(t, "GET /[removed]", seen.Name())
	assert.Equal(t, sdktrace.Status{Code: codes.Error, Description: "a [removed] here"}, seen.Status())
	assert.Equal(t, []sdktrace.Event{
		{Name: "gen_ai.user.message", Attributes: clean("content")},
		{Name: "gen_ai.choice", Attributes: clean("message.content")},
		{Name: "exception", Attributes: clean("exception.message")},
		{Name: "gen_ai.client.inference.operation.details", Attributes: clean("gen_ai.input.messages")},
		{Name: "retried", Attributes: marked("content")},
	}, seen.Events())
	assert.Equal(t, []sdktrace.Link{{Attributes: clean("url.full")}}, seen.Links())
}

func TestANameMadeOfIdentifiersIsNotRedacted(t *testing.T) {
	attributes := []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.request.model", "m"), attribute.String("gen_ai.tool.name", "f"),
	}
	for name, want := range map[string]string{"chat": "chat", "chat m": "chat m", "chat f": "chat f", "chat Bob": "X", "GET /": "X", "": ""} {
		span := tracetest.SpanStub{Name: name, Attributes: attributes}.Snapshot()
		seen := dialect.Redacted(span, func(string) (string, error) { return "X", nil })
		assert.Equal(t, want, seen.Name(), name)
	}
	seen := dialect.Redacted(tracetest.SpanStub{Name: "chat"}.Snapshot(), func(string) (string, error) { return "X", nil })
	assert.Equal(t, "X", seen.Name(), "a span that tells no operation")
}

func TestJSONInAnAttributeIsRedactedStringByString(t *testing.T) {
	const messages = `[{"role":"user","parts":[{"type":"text","content":"my MARKER \"x\""},` +
		`{"type":"tool_call","arguments":{"MARKER":1.50,"to":"MA\u0052KER","nested":"{\"to\":\"MARKER\"}"}}]}]`
	var given []string
	span := tracetest.SpanStub{Attributes: []attribute.KeyValue{attribute.String("gen_ai.input.messages", messages)}}.Snapshot()
	seen := dialect.Redacted(span, func(text string) (string, error) {
		given = append(given, text)
		return strings.ReplaceAll(text, "MARKER", `"removed"`), nil
	})
	assert.Equal(t, []string{"user", "text", `my MARKER "x"`, "tool_call", "MARKER", "MARKER"}, given)
	var parsed any
	require.NoError(t, json.Unmarshal([]byte(seen.Attributes()[0].Value.AsString()), &parsed))
	assert.Equal(t, []any{map[string]any{"role": "user", "parts": []any{
		map[string]any{"type": "text", "content": `my "removed" "x"`},
		map[string]any{"type": "tool_call", "arguments": map[string]any{
			"MARKER": 1.5, "to": `"removed"`, "nested": `{"to":"\"removed\""}`,
		}},
	}}}, parsed)
}

func TestTextsInValuesOfAnyTypeAreRedacted(t *testing.T) {
	text := attribute.StringValue("MARKER")
	number := attribute.Int64Value(5)
	for name, values := range map[string][2]attribute.Value{
		"bytes":    {attribute.ByteSliceValue([]byte("a MARKER")), attribute.ByteSliceValue([]byte("a [removed]"))},
		"list":     {attribute.StringSliceValue([]string{"a", "MARKER"}), attribute.StringSliceValue([]string{"a", "[removed]"})},
		"elements": {attribute.SliceValue(number, text), attribute.SliceValue(number, attribute.StringValue("[removed]"))},
		"map": {
			attribute.MapValue(attribute.KeyValue{Key: "MARKER", Value: attribute.SliceValue(text)}),
			attribute.MapValue(attribute.KeyValue{Key: "MARKER", Value: attribute.SliceValue(attribute.StringValue("[removed]"))}),
		},
		"number":  {number, number},
		"numbers": {attribute.Int64SliceValue([]int64{1}), attribute.Int64SliceValue([]int64{1})},
	} {
		t.Run(name, func(t *testing.T) {
			span := tracetest.SpanStub{Attributes: []attribute.KeyValue{{Key: "input.value", Value: values[0]}}}.Snapshot()
			before := values[0].String()
			assert.Equal(t, values[1].String(), dialect.Redacted(span, remove).Attributes()[0].Value.String())
			assert.Equal(t, before, span.Attributes()[0].Value.String(), "in place")
		})
	}
}

func TestASpanOfWhichARedactorFailsKeepsWhatIsNoText(t *testing.T) {
	span := func(name string, attributes []attribute.KeyValue) sdktrace.ReadOnlySpan {
		return tracetest.SpanStub{
			Name:       name,
			Status:     sdktrace.Status{Code: codes.Error, Description: "a MARKER here"},
			Attributes: attributes,
			Events: []sdktrace.Event{
				{Name: "gen_ai.user.message", Attributes: with("a MARKER here", []string{"content"})},
				{Name: "exception", Attributes: with("a MARKER here", []string{"exception.message", "exception.stacktrace", "url.full"})},
				{Name: "retried", Attributes: append(with("a MARKER here", []string{"error.message"}), attribute.Int("n", 1))},
			},
			Links: []sdktrace.Link{{Attributes: with("a MARKER here", []string{"url.full"})}},
		}.Snapshot()
	}
	for failure, redact := range map[string]func(string) (string, error){
		"error": func(text string) (string, error) { return text, errors.New("cannot judge MARKER") },
		"panic": func(string) (string, error) { panic("cannot judge MARKER") },
	} {
		t.Run(failure, func(t *testing.T) {
			told := handled(t)
			plain := with("kept", names)
			seen := dialect.Redacted(span("GET /MARKER", append(plain, with("a MARKER here", inputs, outputs, conversations, written)...)), redact)
			assert.Equal(t, "kept", seen.Name(), "the operation")
			assert.Equal(t, append(plain, attribute.String("genotel.content.withheld", "redactor_error")), seen.Attributes())
			assert.Equal(t, sdktrace.Status{Code: codes.Error, Description: "kept"}, seen.Status(), "the type of the error")
			assert.Equal(t, []sdktrace.Event{
				{Name: "exception", Attributes: []attribute.KeyValue{attribute.String("exception.message", "kept")}},
				{Name: "retried", Attributes: []attribute.KeyValue{attribute.Int("n", 1)}},
			}, seen.Events())
			assert.Equal(t, []sdktrace.Link{{}}, seen.Links())
			require.Len(t, *told, 1)
			assert.NotContains(t, (*told)[0], "MARKER")

			assert.Equal(t, "(withheld)", dialect.Redacted(span("GET /MARKER", nil), redact).Name())
		})
	}
}

func TestRedactingChangesNoSpanInPlace(t *testing.T) {
	handled(t)
	for name, redact := range map[string]func(string) (string, error){
		"redacted": func(string) (string, error) { return "X", nil },
		"withheld": func(string) (string, error) { return "", errors.New("cannot judge") },
	} {
		t.Run(name, func(t *testing.T) {
			s := stub(failedChat())
			span := s.Snapshot()
			dialect.Redacted(span, redact)
			assert.Equal(t, tracetest.SpanStubFromReadOnlySpan(stub(failedChat()).Snapshot()), tracetest.SpanStubFromReadOnlySpan(span))
			behind := s.Attributes[len(s.Attributes):cap(s.Attributes)]
			assert.Equal(t, make([]attribute.KeyValue, len(behind)), behind, "the room behind the attributes")
		})
	}
}

func TestAViewOfARedactedSpanKeepsItsNameAndLinks(t *testing.T) {
	span := tracetest.SpanStub{Name: "GET /MARKER", Links: []sdktrace.Link{{Attributes: with("MARKER", []string{"url.full"})}}}.Snapshot()
	for backend, view := range views(nothing) {
		seen := view(dialect.Redacted(span, remove), nil)
		assert.Equal(t, "GET /[removed]", seen.Name(), backend)
		assert.Equal(t, "[removed]", seen.Links()[0].Attributes[0].Value.AsString(), backend)
	}
}

// handled collects what OpenTelemetry's error handler is told.
func handled(t *testing.T) *[]string {
	t.Helper()
	var all []string
	before := otel.GetErrorHandler()
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { all = append(all, err.Error()) }))
	return &all
}
