package dialect_test

import (
	"encoding/json"
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
	"github.com/genotel/genotel/otelgenai/record"
)

var began = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// chat is a complete, streamed chat record with tools: every member that a
// provider can fill is filled, and no two of them alike.
func chat() *record.Call {
	return &record.Call{
		Operation: "chat",
		Provider:  "openai",
		API:       "chat_completions",
		Path:      "/v1/chat/completions",
		Server:    record.Server{Address: "api.openai.com", Port: 443},
		Request: record.Request{
			Model:            "gpt-4o-mini",
			Stream:           true,
			Temperature:      record.Some(0.25),
			TopP:             record.Some(0.5),
			TopK:             record.Some(int64(40)),
			MaxTokens:        record.Some(int64(150)),
			FrequencyPenalty: record.Some(0.125),
			PresencePenalty:  record.Some(-0.5),
			Seed:             record.Some(int64(7)),
			ChoiceCount:      record.Some(int64(2)),
			StopSequences:    []string{"END", "STOP"},
			ReasoningLevel:   "low",
			OutputType:       "json",
			ServiceTier:      "default",
			System:           []record.Part{record.Text{Content: "You count brackets."}},
			Messages: []record.Message{
				{Role: "user", Name: "ann", Parts: []record.Part{record.Text{Content: "How many are left?"}}},
				{Role: "assistant", Parts: []record.Part{
					record.ToolCall{ID: "call_1", Name: "stock_level", Type: "function", Arguments: `{"sku":"A-17"}`},
				}},
				{Role: "tool", Parts: []record.Part{record.ToolResult{ID: "call_1", Content: `{"on_hand":42}`}}},
			},
			Tools: []record.Tool{{
				Type: "function", Name: "stock_level", Description: "Counts the shelf.",
				Parameters: `{"type":"object","properties":{"sku":{"type":"string"}}}`,
			}},
		},
		Response: record.Response{
			ID:                "chatcmpl-1",
			Model:             "gpt-4o-mini-2024-07-18",
			ServiceTier:       "scale",
			SystemFingerprint: "fp_1",
			Choices: []record.Choice{
				{Index: 0, FinishReason: "stop", Message: record.Message{
					Role: "assistant", Parts: []record.Part{record.Text{Content: "42 are left."}},
				}},
				{Index: 1, FinishReason: "tool_calls", Message: record.Message{Role: "assistant", Parts: []record.Part{
					record.ToolCall{ID: "call_2", Name: "stock_level", Type: "function", Arguments: `{"sku":"A-18"}`},
				}}},
			},
		},
		Usage: record.Usage{
			Input: record.Some(int64(100)), Output: record.Some(int64(20)), Total: record.Some(int64(120)),
			CacheRead: record.Some(int64(31)), CacheWrite: record.Some(int64(32)), Reasoning: record.Some(int64(33)),
			TextInput: record.Some(int64(34)), AudioInput: record.Some(int64(35)), ImageInput: record.Some(int64(36)),
			TextOutput: record.Some(int64(37)), AudioOutput: record.Some(int64(38)), ImageOutput: record.Some(int64(39)),
		},
		Timing: record.Timing{
			Start: began, FirstChunk: began.Add(500 * time.Millisecond),
			FirstContent: began.Add(1500 * time.Millisecond), End: began.Add(3 * time.Second),
		},
		Stream:   record.Stream{Chunks: 12, ContentChunks: 9},
		Attempts: 1,
	}
}

// failedChat is a call that the provider refused, quoting the prompt.
func failedChat() *record.Call {
	c := chat()
	c.Response, c.Usage, c.Stream = record.Response{}, record.Usage{}, record.Stream{}
	c.Timing.FirstChunk, c.Timing.FirstContent = time.Time{}, time.Time{}
	c.Outcome = record.Failed
	c.Error = &record.Error{
		Type: "rate_limit_exceeded", Code: "rate_limit_exceeded", ProviderType: "requests", Status: 429,
		Message: "MARKER is too much",
	}
	return c
}

// everything is what an instrumentation puts on the span of c, in all
// vocabularies.
func everything(c *record.Call) []attribute.KeyValue {
	attributes := dialect.AppendGenAIStart(nil, c)
	if c.Error != nil {
		attributes = dialect.AppendError(attributes, c)
	}
	attributes = dialect.AppendGenAI(attributes, c)
	attributes = dialect.AppendLangSmith(attributes, c)
	attributes = dialect.AppendLLM(attributes, c)
	attributes = dialect.AppendOpenInference(attributes, c)
	attributes = dialect.AppendMedia(attributes, c)
	attributes = dialect.AppendDelivery(attributes, c)
	return dialect.AppendGenAIContent(attributes, c)
}

// spare makes room behind a list, into which a careless append would write.
const spare = 64

// stub is the ended span of c, with content.
func stub(c *record.Call) tracetest.SpanStub {
	s := tracetest.SpanStub{
		Name:     dialect.SpanName(c),
		SpanKind: trace.SpanKindClient,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
		}),
		StartTime:            c.Timing.Start,
		EndTime:              c.Timing.End,
		Attributes:           append(make([]attribute.KeyValue, 0, spare+64), everything(c)...),
		InstrumentationScope: instrumentation.Scope{Name: "test", Version: "1.2.3"},
	}
	if c.Error != nil {
		s.Status = sdktrace.Status{Code: codes.Error, Description: dialect.ErrorSummary(c.Error)}
		s.Events = append(make([]sdktrace.Event, 0, spare), sdktrace.Event{
			Name: "noted", Time: c.Timing.Start, Attributes: []attribute.KeyValue{attribute.String("exception.message", "noted")},
		}, sdktrace.Event{
			Name: "exception", Time: c.Timing.End,
			Attributes: append(make([]attribute.KeyValue, 0, spare),
				attribute.String("exception.type", c.Error.Type),
				attribute.String("exception.message", dialect.ErrorSummary(c.Error))),
		})
	}
	return s
}

// foreign is a span of another instrumentation, with everything that a backend
// may choke on.
func foreign() tracetest.SpanStub {
	return tracetest.SpanStub{
		Name:        "GET /",
		SpanKind:    trace.SpanKindServer,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{3}}),
		StartTime:   began,
		EndTime:     began.Add(time.Second),
		Attributes: []attribute.KeyValue{
			attribute.String("text", "t"),
			attribute.Int("number", 5),
			attribute.Float64("fraction", 0.5),
			attribute.Bool("switch", true),
			attribute.StringSlice("list", []string{"a", "b"}),
			attribute.Int64Slice("numbers", []int64{1, 2}),
			attribute.String("langsmith.metadata.x", "y"),
			attribute.String("gen_ai.input.messages", `[{"role":"user","parts":[]}]`),
			attribute.String("gen_ai.output.messages", `[{"role":"assistant","parts":[]}]`),
		},
		Events: []sdktrace.Event{
			{Name: "bare", Time: began},
			{Name: "described", Time: began, Attributes: []attribute.KeyValue{attribute.Bool("retry", true)}},
		},
	}
}

// value returns the value of an attribute, nil when there is none. A key that is
// there twice is an error: a backend takes the one or the other.
func value(t *testing.T, attributes []attribute.KeyValue, key string) any {
	t.Helper()
	var found []any
	for _, kv := range attributes {
		if string(kv.Key) == key {
			found = append(found, kv.Value.AsInterface())
		}
	}
	if len(found) == 0 {
		return nil
	}
	require.Len(t, found, 1, "%s is there more than once", key)
	return found[0]
}

// text returns a string attribute, which must be there.
func text(t *testing.T, attributes []attribute.KeyValue, key string) string {
	t.Helper()
	v, ok := value(t, attributes, key).(string)
	require.True(t, ok, "%s is no string", key)
	return v
}

// tree decodes the JSON text of an attribute.
func tree(t *testing.T, attributes []attribute.KeyValue, key string) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(text(t, attributes, key)), &v), key)
	return v
}

// unique checks that no key is there twice.
func unique(t *testing.T, attributes []attribute.KeyValue) {
	t.Helper()
	seen := map[attribute.Key]int{}
	for _, kv := range attributes {
		seen[kv.Key]++
		assert.Equal(t, 1, seen[kv.Key], kv.Key)
	}
}

// event returns the one event with a name, nil when there is none.
func event(t *testing.T, span sdktrace.ReadOnlySpan, name string) *sdktrace.Event {
	t.Helper()
	var found []sdktrace.Event
	for _, e := range span.Events() {
		if e.Name == name {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return nil
	}
	require.Len(t, found, 1, name)
	return &found[0]
}

var (
	all     = dialect.Content{Input: true, Output: true}
	input   = dialect.Content{Input: true}
	output  = dialect.Content{Output: true}
	nothing = dialect.Content{}
)

// views are the views of all backends.
func views(content dialect.Content) map[string]dialect.View {
	return map[string]dialect.View{
		"GenAI":         dialect.GenAIView(content),
		"LangSmith":     dialect.LangSmithView(content),
		"Langtrace":     dialect.LangtraceView(content),
		"OpenInference": dialect.OpenInferenceView(content),
	}
}
