package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

var contents = map[string]dialect.Content{"both sides": all, "input": input, "output": output, "nothing": nothing}

func TestNoViewChangesTheSpanOrTheRecord(t *testing.T) {
	for side, content := range contents {
		for backend, view := range views(content) {
			for name, build := range map[string]func() *record.Call{"answered": chat, "failed": failedChat} {
				t.Run(backend+"/"+side+"/"+name, func(t *testing.T) {
					call, s := build(), stub(build())
					span := s.Snapshot()
					seen := view(span, call)
					require.NotNil(t, seen)
					_, _ = seen.Attributes(), seen.Events()

					assert.Equal(t, build(), call, "the record")
					assert.Equal(t, tracetest.SpanStubFromReadOnlySpan(stub(build()).Snapshot()),
						tracetest.SpanStubFromReadOnlySpan(span), "the span")
					behind := s.Attributes[len(s.Attributes):cap(s.Attributes)]
					assert.Equal(t, make([]attribute.KeyValue, len(behind)), behind, "the room behind the attributes")
					for _, e := range s.Events {
						behind := e.Attributes[len(e.Attributes):cap(e.Attributes)]
						assert.Equal(t, make([]attribute.KeyValue, len(behind)), behind, "the room behind an event's")
					}
				})
			}
			t.Run(backend+"/"+side+"/foreign", func(t *testing.T) {
				span := foreign().Snapshot()
				view(span, nil)
				assert.Equal(t, tracetest.SpanStubFromReadOnlySpan(foreign().Snapshot()), tracetest.SpanStubFromReadOnlySpan(span))
			})
		}
	}
}

func TestAViewKeepsWhatItDoesNotRewrite(t *testing.T) {
	c := chat()
	span := stub(c).Snapshot()
	for backend, view := range views(all) {
		seen := view(span, c)
		assert.Equal(t, span.Name(), seen.Name(), backend)
		assert.Equal(t, span.SpanContext(), seen.SpanContext(), backend)
		assert.Equal(t, span.StartTime(), seen.StartTime(), backend)
		assert.Equal(t, span.EndTime(), seen.EndTime(), backend)
		assert.Equal(t, span.Status(), seen.Status(), backend)
		assert.Equal(t, span.SpanKind(), seen.SpanKind(), backend)
	}
}

func TestNoViewWritesAKeyTwice(t *testing.T) {
	cut := func() *record.Call {
		c := chat()
		c.Content = record.ContentState{Truncated: true, Withheld: "redactor_error"}
		return c
	}
	for side, content := range contents {
		for backend, view := range views(content) {
			for _, build := range []func() *record.Call{chat, failedChat, cut} {
				t.Run(backend+"/"+side, func(t *testing.T) {
					unique(t, view(stub(build()).Snapshot(), build()).Attributes())
				})
			}
		}
	}
}

func TestEveryViewTellsWhyContentIsMissing(t *testing.T) {
	// The content of the record was decoded after the span had ended.
	span := stub(chat()).Snapshot()
	c := chat()
	c.Content = record.ContentState{Truncated: true, Withheld: "redactor_error"}
	for side, content := range contents {
		for backend, view := range views(content) {
			got := view(span, c).Attributes()
			truncated, withheld := value(t, got, "genotel.content.truncated"), value(t, got, "genotel.content.withheld")
			if content == nothing {
				assert.Nil(t, truncated, "%s/%s", backend, side)
				assert.Nil(t, withheld, "%s/%s", backend, side)
				continue
			}
			assert.NotNil(t, truncated, "%s/%s", backend, side)
			assert.Equal(t, "redactor_error", withheld, "%s/%s", backend, side)
		}
	}
}

func TestAnErrorIsQuotedOnlyWhereTheWholeConversationIsSeen(t *testing.T) {
	// With content on the span, the exception event quotes the provider.
	s := stub(failedChat())
	s.Events[1].Attributes = []attribute.KeyValue{
		attribute.String("exception.type", "rate_limit_exceeded"), attribute.String("exception.message", "MARKER is too much"),
	}
	for name, span := range map[string]sdktrace.ReadOnlySpan{
		"quoted on the span": s.Snapshot(), "not quoted on the span": stub(failedChat()).Snapshot(),
	} {
		for side, content := range contents {
			for backend, view := range views(content) {
				t.Run(backend+"/"+side+"/"+name, func(t *testing.T) {
					exception := event(t, view(span, failedChat()), "exception")
					require.NotNil(t, exception)
					assert.Equal(t, "rate_limit_exceeded", value(t, exception.Attributes, "exception.type"))
					want := "429 rate_limit_exceeded (requests)"
					if content == all {
						want += ": MARKER is too much"
					}
					assert.Equal(t, want, value(t, exception.Attributes, "exception.message"))
					noted := event(t, view(span, failedChat()), "noted")
					require.NotNil(t, noted, "other events stay as they are")
					assert.Equal(t, "noted", value(t, noted.Attributes, "exception.message"))
				})
			}
		}
	}
}

func TestAViewAddsNoExceptionOfItsOwn(t *testing.T) {
	for backend, view := range views(all) {
		assert.Nil(t, event(t, view(stub(chat()).Snapshot(), chat()), "exception"), backend)
	}
}

func TestGenAIViewShowsEachSideAsAllowed(t *testing.T) {
	inputs := []string{"gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.tool.definitions"}
	bare := stub(chat())
	bare.Attributes = dialect.AppendGenAI(dialect.AppendGenAIStart(nil, chat()), chat())
	want := dialect.AppendGenAIContent(nil, chat())
	for name, span := range map[string]sdktrace.ReadOnlySpan{"on the span": stub(chat()).Snapshot(), "beside it": bare.Snapshot()} {
		for side, content := range contents {
			t.Run(name+"/"+side, func(t *testing.T) {
				got := dialect.GenAIView(content)(span, chat()).Attributes()
				for _, key := range inputs {
					if content.Input {
						assert.Equal(t, value(t, want, key), value(t, got, key), key)
					} else {
						assert.Nil(t, value(t, got, key), key)
					}
				}
				if content.Output {
					assert.Equal(t, value(t, want, "gen_ai.output.messages"), value(t, got, "gen_ai.output.messages"))
				} else {
					assert.Nil(t, value(t, got, "gen_ai.output.messages"))
				}
			})
		}
	}
}

func TestGenAIViewLeavesOtherAttributesAlone(t *testing.T) {
	span := stub(chat()).Snapshot()
	got := dialect.GenAIView(nothing)(span, chat()).Attributes()
	var want []attribute.KeyValue
	for _, kv := range span.Attributes() {
		switch kv.Key {
		case "gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.tool.definitions", "gen_ai.output.messages":
		default:
			want = append(want, kv)
		}
	}
	assert.Equal(t, want, got)
}

func TestGenAIViewFiltersForeignSpansToo(t *testing.T) {
	for side, content := range contents {
		got := dialect.GenAIView(content)(foreign().Snapshot(), nil).Attributes()
		assert.Equal(t, content.Input, value(t, got, "gen_ai.input.messages") != nil, side)
		assert.Equal(t, content.Output, value(t, got, "gen_ai.output.messages") != nil, side)
		assert.Equal(t, []string{"a", "b"}, value(t, got, "list"), side)
	}
}
