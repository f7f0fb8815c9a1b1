package langtrace

import (
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel/internal/oracle"
)

func TestCheck_HoldsChatSpansToTheDocumentedContract(t *testing.T) {
	tests := []struct {
		name   string
		change func(*tracepb.Span)
		want   []string
	}{
		{"complete", func(*tracepb.Span) {}, nil},
		{"content off", func(s *tracepb.Span) { set(s, "llm.request.messages", "[]") }, nil},
		{"embeddings are no chat", func(s *tracepb.Span) {
			set(s, "gen_ai.operation.name", "embeddings")
			unset(s, "llm.path")
		}, nil},
		{"no vendor", func(s *tracepb.Span) { unset(s, "llm.vendor") }, []string{"D: llm.vendor"}},
		{"an empty model", func(s *tracepb.Span) { set(s, "llm.request.model", "") }, []string{"D: llm.request.model"}},
		{"no messages", func(s *tracepb.Span) { unset(s, "llm.request.messages") }, []string{"D: llm.request.messages"}},
		{"a path that is an int", func(s *tracepb.Span) { set(s, "llm.path", 1) }, []string{"D: llm.path"}},
		{
			"messages as one object", func(s *tracepb.Span) { set(s, "llm.request.messages", "{}") },
			[]string{"D: llm.request.messages is not a JSON array"},
		},
		{
			"tools in plain text", func(s *tracepb.Span) { set(s, "llm.tools", "get_weather") },
			[]string{"D: llm.tools is not a JSON array"},
		},
		{
			"a temperature of type int", func(s *tracepb.Span) { set(s, "llm.request.temperature", 1) },
			[]string{"D: llm.request.temperature is of type int, want string"},
		},
		{
			"max_tokens as a string", func(s *tracepb.Span) { set(s, "llm.request.max_tokens", "150") },
			[]string{"D: llm.request.max_tokens is of type string, want int"},
		},
		{
			"usage as a string", func(s *tracepb.Span) { set(s, "llm.usage.prompt_tokens", "1000") },
			[]string{"D: llm.usage.prompt_tokens is of type string, want int"},
		},
		{
			"usage that differs", func(s *tracepb.Span) { set(s, "llm.usage.completion_tokens", 501) },
			[]string{"D: llm.usage.completion_tokens is 501, but gen_ai.usage.output_tokens is 500"},
		},
		{
			"usage in the live set only", func(s *tracepb.Span) { unset(s, "llm.usage.total_tokens") },
			[]string{"D: llm.usage.total_tokens is missing beside gen_ai.usage.total_tokens"},
		},
		{"kind SERVER", func(s *tracepb.Span) { s.Kind = tracepb.Span_SPAN_KIND_SERVER }, []string{"D: the kind is"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			span := chat()
			test.change(span)
			for encoding, capture := range map[string]oracle.Capture{
				"protobuf": captured(t, requestOf(span)), "JSON": capturedJSON(t, requestOf(span)),
			} {
				got := Check(capture, Options{})
				wantLines(t, encoding, test.want, got.Findings)
				if got.ContractHolds != (len(test.want) == 0) {
					t.Errorf("%s: ContractHolds is %v", encoding, got.ContractHolds)
				}
			}
		})
	}
}

func TestCheck_TakesASpanOfTheDocumentedSetAloneAndShowsNothing(t *testing.T) {
	span := chat()
	for _, key := range []string{
		"langtrace.service.type", "langtrace.service.name", "gen_ai.operation.name",
		"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.total_tokens",
	} {
		unset(span, key)
	}
	span.Events = nil
	got := Check(captured(t, requestOf(span)), Options{})
	if !got.OK() || !got.ContractHolds || got.Spans[0].UI != nil {
		t.Errorf("got %+v", got)
	}
}
