package langtrace

import (
	"math"
	"reflect"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel/internal/oracle"
)

func TestCheck_FixturesWithoutAFlaw(t *testing.T) {
	toolCall := chat()
	toolCall.Events[1].Attributes = keyValues([]any{
		"gen_ai.completion",
		`[{"role":"assistant","content":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]`,
	})
	set(toolCall, "llm.tools", `[{"type":"function"}]`)

	stream := chat()
	addEvent(stream, "new_token", "index", 0)

	failed := chat()
	failed.Events = failed.Events[:1]
	fail(failed)
	for _, key := range []string{
		"gen_ai.response.model", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
		"gen_ai.usage.total_tokens", "llm.usage.prompt_tokens", "llm.usage.completion_tokens", "llm.usage.total_tokens",
	} {
		unset(failed, key)
	}

	embedding := spanOf("openai.embeddings.create", "abcdefgh", "langtrace.service.type", "llm",
		"langtrace.service.name", "OpenAI", "gen_ai.operation.name", "embeddings",
		"gen_ai.request.model", "text-embedding-3-small",
		"gen_ai.usage.input_tokens", 8, "gen_ai.usage.output_tokens", 0, "gen_ai.usage.total_tokens", 8)
	addEvent(embedding, "gen_ai.content.prompt", "gen_ai.prompt", `[{"role":"user","content":"text"}]`)

	first, second := chat(), chat()
	second.SpanId = []byte("ijklmnop")
	first.ParentSpanId, second.ParentSpanId = []byte("rootroot"), []byte("rootroot")

	tests := map[string]*tracepb.TracesData{
		"chat":                    requestOf(chat()),
		"stream":                  requestOf(stream),
		"tool call":               requestOf(toolCall),
		"embeddings":              requestOf(embedding),
		"error":                   requestOf(failed),
		"root with two LLM spans": requestOf(first, second, spanOf("root", "rootroot")),
	}
	for name, req := range tests {
		for encoding, capture := range map[string]oracle.Capture{
			"protobuf": captured(t, req), "JSON": capturedJSON(t, req),
		} {
			t.Run(name+" as "+encoding, func(t *testing.T) {
				got := Check(capture, Options{RequireLLM: true})
				if !got.OK() || !got.ContractHolds || len(got.Warnings) != 0 {
					t.Errorf("findings %q, warnings %q", got.Findings, got.Warnings)
				}
			})
		}
	}
}

func TestCheck_ShowsTheLLMSpan(t *testing.T) {
	input, output, total, cost := int64(1000), int64(500), int64(1500), 0.00045
	want := &View{
		Vendor: "openai", Model: "gpt-4o-mini-2024-07-18",
		InputTokens: &input, OutputTokens: &output, TotalTokens: &total, Cost: &cost,
		Inputs: []Message{{"user", "Hello"}}, Outputs: []Message{{"assistant", "Hi"}}, Error: "boom",
	}
	span := chat()
	fail(span)
	if got := Check(captured(t, requestOf(span)), Options{}).Spans[0].UI; !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestCheck_ShowsNoViewOfOtherSpans(t *testing.T) {
	got := Check(captured(t, requestOf(spanOf("root", "abcdefgh"))), Options{RequireLLM: true})
	if got.Spans[0].UI != nil {
		t.Errorf("got %+v", got.Spans[0].UI)
	}
	wantLines(t, "findings", []string{"C: no span has langtrace.service.type = llm"}, got.Findings)
}

func TestCheck_TakesTheModelInOrder(t *testing.T) {
	span := chat()
	set(span, "gen_ai.response.model", "first", "llm.model", "second", "gen_ai.request.model", "third")
	model := func() string { return Check(captured(t, requestOf(span)), Options{}).Spans[0].UI.Model }
	for _, step := range []struct{ want, remove string }{
		{"first", "gen_ai.response.model"}, {"second", "llm.model"}, {"third", "gen_ai.request.model"}, {"", ""},
	} {
		if got := model(); got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
		unset(span, step.remove)
	}
}

func TestCheck_FindsWhatThePagesWouldNotShow(t *testing.T) {
	tests := []struct {
		name         string
		change       func(*tracepb.Span)
		opts         Options
		want         []string
		wantWarnings []string
	}{
		{
			name: "no service name", change: func(s *tracepb.Span) { unset(s, "langtrace.service.name") },
			want: []string{"C1: langtrace.service.name is not set"}, wantWarnings: []string{"C1: no cost"},
		},
		{
			name: "a vendor without prices", change: func(s *tracepb.Span) { set(s, "langtrace.service.name", "Ollama") },
			wantWarnings: []string{`C1: no cost, there is no price for "gpt-4o-mini-2024-07-18" of "ollama"`},
		},
		{
			name: "a model without a price", change: func(s *tracepb.Span) { set(s, "gen_ai.response.model", "gpt-5-mini") },
			wantWarnings: []string{"C1: no cost"},
		},
		{name: "no model", change: func(s *tracepb.Span) {
			unset(s, "gen_ai.response.model")
			unset(s, "gen_ai.request.model")
		}, want: []string{"C2: no model"}},
		{name: "no tokens", change: func(s *tracepb.Span) {
			set(s, "gen_ai.usage.input_tokens", 0, "gen_ai.usage.output_tokens", 0, "gen_ai.usage.total_tokens", 0,
				"llm.usage.prompt_tokens", 0, "llm.usage.completion_tokens", 0, "llm.usage.total_tokens", 0)
		}, want: []string{"C3: neither input nor output tokens"}},
		{name: "tokens that are no number", change: func(s *tracepb.Span) {
			set(s, "gen_ai.usage.total_tokens", "many", "llm.usage.total_tokens", 1500)
		}, want: []string{"C3: gen_ai.usage.total_tokens is many, not a number", "C3: is missing", "D: is 1500"}},
		{
			name: "no total", change: func(s *tracepb.Span) { unset(s, "gen_ai.usage.total_tokens") },
			want: []string{"C3: gen_ai.usage.total_tokens is missing"},
		},
		{name: "a wrong total", change: func(s *tracepb.Span) {
			set(s, "gen_ai.usage.total_tokens", 1501, "llm.usage.total_tokens", 1501)
		}, want: []string{"C3: total of 1501 tokens, the sum is 1500"}},
		{
			name: "the deprecated names", change: func(s *tracepb.Span) { set(s, "gen_ai.usage.prompt_tokens", 1) },
			want: []string{"C3: gen_ai.usage.prompt_tokens"},
		},
		{
			name: "cached tokens", change: func(s *tracepb.Span) { set(s, "gen_ai.usage.cached_tokens", 1) },
			wantWarnings: []string{"C3: gen_ai.usage.cached_tokens"},
		},
		{
			name: "no prompt event", change: func(s *tracepb.Span) { s.Events = s.Events[1:] },
			want: []string{"C4: 0 gen_ai.content.prompt events"},
		},
		{
			name: "two completion events", change: func(s *tracepb.Span) { s.Events = append(s.Events, s.Events[1]) },
			want: []string{"C4: 2 gen_ai.content.completion events"},
		},
		{
			name: "no completion event", change: func(s *tracepb.Span) { s.Events = s.Events[:1] },
			want: []string{"C4: 0 gen_ai.content.completion events"},
		},
		{name: "a completion in plain text", change: func(s *tracepb.Span) {
			s.Events[1].Attributes = keyValues([]any{"gen_ai.completion", "Hi"})
		}, want: []string{"C4: gen_ai.completion: the trace list breaks"}},
		{
			name: "content although it is off", change: func(*tracepb.Span) {}, opts: Options{ContentOff: true},
			want: []string{"C4: content is off"},
		},
		{name: "no content and it is off", change: func(s *tracepb.Span) { s.Events = nil }, opts: Options{ContentOff: true}},
		{name: "an error without an exception", change: func(s *tracepb.Span) {
			fail(s)
			s.Events = s.Events[:2]
		}, want: []string{"C6: status ERROR without an exception event"}},
		{name: "an exception without an error", change: func(s *tracepb.Span) {
			fail(s)
			s.Status = nil
		}, want: []string{"C6: the status is UNSET"}},
		{name: "an exception without type and message", change: func(s *tracepb.Span) {
			fail(s)
			s.Events[2].Attributes = keyValues([]any{"exception.stacktrace", "st"})
		}, want: []string{"C6: no exception.type", "C6: no exception.message"}},
		{name: "an empty id", change: func(s *tracepb.Span) { s.SpanId = nil }, want: []string{"C7: an id is empty"}},
		{
			name: "a parent outside the request", change: func(s *tracepb.Span) { s.ParentSpanId = []byte("ijklmnop") },
			wantWarnings: []string{"C7: the parent aWprbG1ub3A= is not in the request"},
		},
		{name: "prompts and responses of old", change: func(s *tracepb.Span) {
			set(s, "llm.prompts", "[]", "llm.responses", "[]")
		}, want: []string{"C8: llm.prompts", "C8: llm.responses"}},
		{
			name: "token counts without the switch", change: func(s *tracepb.Span) { set(s, "llm.token.counts", "{}") },
			want: []string{"C8: llm.token.counts without the switch"},
		},
		{
			name: "token counts with the switch", change: func(s *tracepb.Span) { set(s, "llm.token.counts", "{}") },
			opts: Options{AllowTokenCounts: true},
		},
		{
			name: "token counts that are no JSON", change: func(s *tracepb.Span) { set(s, "llm.token.counts", "x") },
			opts: Options{AllowTokenCounts: true}, want: []string{"C8: llm.token.counts is not JSON"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			span := chat()
			test.change(span)
			got := Check(captured(t, requestOf(span)), test.opts)
			wantLines(t, "findings", test.want, got.Findings)
			wantLines(t, "warnings", test.wantWarnings, got.Warnings)
			if got.OK() != (len(test.want) == 0) {
				t.Errorf("OK is %v", got.OK())
			}
		})
	}
}

func TestCheck_FindsASpanThatOccursTwice(t *testing.T) {
	got := Check(captured(t, requestOf(chat(), chat())), Options{})
	wantLines(t, "findings", []string{"C7: span id YWJjZGVmZ2g= occurs twice"}, got.Findings)
}

func TestPrice_OfTheCheckValueAndItsNeighbours(t *testing.T) {
	tests := []struct {
		vendor, model string
		want          float64
		known         bool
	}{
		{"openai", "gpt-4o-mini-2024-07-18", 0.00045, true},
		{"azure", "gpt-4o-mini", 0.00045, true},
		{"openai", "gpt-5-mini", 0, true},
		{"openai", "o3-mini", 0, true},
		{"openai", "gpt-4o", 0, false},
		{"anthropic", "claude-3-opus", 0, false},
		{"aws bedrock", "claude-3-opus", 0, false},
		{"ollama", "llama3", 0, true},
	}
	for _, test := range tests {
		price, known := priceOf(test.vendor, test.model)
		if got := price.cost(1000, 500); known != test.known || math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%s %s: got %v %v, want %v %v", test.vendor, test.model, got, known, test.want, test.known)
		}
	}
}
