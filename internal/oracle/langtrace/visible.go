package langtrace

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// checkVisible is rule C for every span, and builds the view of the LLM spans.
func (v *Verdict) checkVisible(opts Options) {
	count := 0
	for i := range v.Spans {
		span := &v.Spans[i]
		v.checkForbidden(span, opts)
		if span.Attributes["langtrace.service.type"] != "llm" {
			continue
		}
		count++
		span.UI = &View{}
		v.checkVendorAndModel(span)
		v.checkTokens(span)
		v.checkCost(span)
		v.checkConversation(span, opts)
		v.checkError(span)
	}
	if opts.RequireLLM && count == 0 {
		v.findingf("C", "no span has langtrace.service.type = llm")
	}
}

// checkVendorAndModel is the first half of rule C1, and rule C2.
func (v *Verdict) checkVendorAndModel(span *Span) {
	span.UI.Vendor = strings.ToLower(span.text("langtrace.service.name"))
	if span.UI.Vendor == "" {
		v.findingf("C1", "span %q: langtrace.service.name is not set", span.Name)
	}
	span.UI.Model = span.text("gen_ai.response.model", "llm.model", "gen_ai.request.model")
	if span.UI.Model == "" {
		v.findingf("C2", "span %q: no model", span.Name)
	}
}

// checkTokens is rule C3. A failed call may be without tokens.
func (v *Verdict) checkTokens(span *Span) {
	input := v.tokens(span, "gen_ai.usage.input_tokens")
	output := v.tokens(span, "gen_ai.usage.output_tokens")
	total := v.tokens(span, "gen_ai.usage.total_tokens")
	span.UI.InputTokens, span.UI.OutputTokens, span.UI.TotalTokens = input, output, total

	sum := number(input) + number(output)
	switch {
	case sum == 0 && !span.failed():
		v.findingf("C3", "span %q: neither input nor output tokens", span.Name)
	case sum > 0 && total == nil:
		v.findingf("C3", "span %q: gen_ai.usage.total_tokens is missing", span.Name)
	case total != nil && *total != sum:
		v.findingf("C3", "span %q: total of %d tokens, the sum is %d", span.Name, *total, sum)
	}
	for _, key := range []string{"gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens"} {
		if _, present := span.Attributes[key]; present {
			v.findingf("C3", "span %q: %s is added to the tokens once more", span.Name, key)
		}
	}
	if _, present := span.Attributes["gen_ai.usage.cached_tokens"]; present {
		v.warningf("C3", "span %q: gen_ai.usage.cached_tokens is added to total and cost", span.Name)
	}
}

// tokens reads a count in its stored form, a number or a numeric string.
func (v *Verdict) tokens(span *Span, key string) *int64 {
	stored, present := span.Attributes[key]
	if !present {
		return nil
	}
	count, err := strconv.ParseInt(fmt.Sprint(stored), 10, 64)
	if err != nil {
		v.findingf("C3", "span %q: %s is %v, not a number", span.Name, key, stored)
		return nil
	}
	return &count
}

func number(count *int64) int64 {
	if count == nil {
		return 0
	}
	return *count
}

// checkCost is the second half of rule C1.
func (v *Verdict) checkCost(span *Span) {
	price, known := priceOf(span.UI.Vendor, span.UI.Model)
	if !known {
		return
	}
	if price.input == 0 {
		v.warningf("C1", "span %q: no cost, there is no price for %q of %q", span.Name, span.UI.Model, span.UI.Vendor)
	}
	if span.UI.InputTokens != nil || span.UI.OutputTokens != nil {
		cost := price.cost(number(span.UI.InputTokens), number(span.UI.OutputTokens))
		span.UI.Cost = &cost
	}
}

// checkError is rule C6: the error status and an exception event with type and message come together.
func (v *Verdict) checkError(span *Span) {
	exceptions := span.eventsNamed("exception")
	if len(exceptions) == 0 {
		if span.failed() {
			v.findingf("C6", "span %q: status ERROR without an exception event", span.Name)
		}
		return
	}
	if !span.failed() {
		v.findingf("C6", "span %q: an exception event, but the status is %s", span.Name, span.StatusCode)
	}
	span.UI.Error = text(exceptions[0].Attributes["exception.message"])
	for _, key := range []string{"exception.type", "exception.message"} {
		if text(exceptions[0].Attributes[key]) == "" {
			v.findingf("C6", "span %q: the exception event has no %s", span.Name, key)
		}
	}
}

// checkForbidden is rule C8.
func (v *Verdict) checkForbidden(span *Span, opts Options) {
	for _, key := range []string{"llm.prompts", "llm.responses"} {
		if _, present := span.Attributes[key]; present {
			v.findingf("C8", "span %q: %s hides the conversation", span.Name, key)
		}
	}
	counts, present := span.Attributes["llm.token.counts"]
	switch {
	case !present:
	case !opts.AllowTokenCounts:
		v.findingf("C8", "span %q: llm.token.counts without the switch", span.Name)
	case !json.Valid([]byte(text(counts))):
		v.findingf("C8", "span %q: llm.token.counts is not JSON", span.Name)
	}
}

// checkTree is rule C7: ids are there and unique in their trace; a parent outside the request is flagged.
func (v *Verdict) checkTree() {
	type place struct{ trace, span string }
	seen := map[place]bool{}
	for _, span := range v.Spans {
		if span.TraceID == "" || span.SpanID == "" {
			v.findingf("C7", "span %q: an id is empty", span.Name)
		}
		if seen[place{span.TraceID, span.SpanID}] {
			v.findingf("C7", "span %q: span id %s occurs twice", span.Name, span.SpanID)
		}
		seen[place{span.TraceID, span.SpanID}] = true
	}
	for _, span := range v.Spans {
		if span.ParentID != "" && !seen[place{span.TraceID, span.ParentID}] {
			v.warningf("C7", "span %q: the parent %s is not in the request", span.Name, span.ParentID)
		}
	}
}

// text returns the first of the attributes that is a non-empty string.
func (s *Span) text(keys ...string) string {
	for _, key := range keys {
		if s.types[key] == "string" && text(s.Attributes[key]) != "" {
			return text(s.Attributes[key])
		}
	}
	return ""
}

func (s *Span) failed() bool {
	return s.StatusCode == "ERROR" || s.StatusCode == "STATUS_CODE_ERROR"
}

func (s *Span) eventsNamed(name string) []Event {
	var events []Event
	for _, event := range s.Events {
		if event.Name == name {
			events = append(events, event)
		}
	}
	return events
}
