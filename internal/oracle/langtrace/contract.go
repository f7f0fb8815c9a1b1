package langtrace

import (
	"fmt"

	"github.com/genotel/genotel/internal/oracle"
)

// checkContract is rule D, for chat spans. Nothing in the server reads this contract; it is documented, so it holds.
func (v *Verdict) checkContract() {
	before := len(v.Findings)
	for i := range v.Spans {
		if span := &v.Spans[i]; span.isChat() {
			v.checkRequired(span)
			v.checkArrays(span)
			v.checkTypes(span)
			v.checkUsage(span)
			if span.sentKind != "3" && span.sentKind != "SPAN_KIND_CLIENT" {
				v.findingf("D", "span %q: the kind is %s, not 3 (CLIENT)", span.Name, span.sentKind)
			}
		}
	}
	v.ContractHolds = len(v.Findings) == before
}

// isChat takes a span of either set of attributes that does not claim another operation.
func (s *Span) isChat() bool {
	if s.text("langtrace.service.type") != "llm" && s.text("llm.vendor") == "" {
		return false
	}
	operation := s.text("gen_ai.operation.name")
	return operation == "" || operation == "chat"
}

func (v *Verdict) checkRequired(span *Span) {
	for _, key := range []string{"llm.vendor", "llm.request.model", "llm.request.messages", "llm.path"} {
		if span.text(key) == "" {
			v.findingf("D", "span %q: %s is not a non-empty string", span.Name, key)
		}
	}
}

// checkArrays leaves absence to checkRequired; llm.tools is optional.
func (v *Verdict) checkArrays(span *Span) {
	for _, key := range []string{"llm.request.messages", "llm.tools"} {
		value, present := span.Attributes[key]
		if !present {
			continue
		}
		if parsed, err := oracle.ParseJSON([]byte(text(value))); err != nil || !isList(parsed) {
			v.findingf("D", "span %q: %s is not a JSON array", span.Name, key)
		}
	}
}

// checkTypes holds the optional request parameters to their types: a fraction must come as a string.
func (v *Verdict) checkTypes(span *Span) {
	for _, rule := range [][2]string{{"llm.request.temperature", "string"}, {"llm.request.max_tokens", "int"}} {
		key, want := rule[0], rule[1]
		if got, present := span.types[key]; present && got != want {
			v.findingf("D", "span %q: %s is of type %s, want %s", span.Name, key, got, want)
		}
	}
}

// checkUsage demands the documented counts wherever the live ones are known, and that they say the same.
func (v *Verdict) checkUsage(span *Span) {
	for _, pair := range [][2]string{
		{"llm.usage.prompt_tokens", "gen_ai.usage.input_tokens"},
		{"llm.usage.completion_tokens", "gen_ai.usage.output_tokens"},
		{"llm.usage.total_tokens", "gen_ai.usage.total_tokens"},
	} {
		documented, live := pair[0], pair[1]
		if kind, present := span.types[documented]; present && kind != "int" {
			v.findingf("D", "span %q: %s is of type %s, want int", span.Name, documented, kind)
		}
		want, known := span.Attributes[live]
		got, present := span.Attributes[documented]
		switch {
		case !known:
		case !present:
			v.findingf("D", "span %q: %s is missing beside %s", span.Name, documented, live)
		case fmt.Sprint(got) != fmt.Sprint(want):
			v.findingf("D", "span %q: %s is %v, but %s is %v", span.Name, documented, got, live, want)
		}
	}
}
