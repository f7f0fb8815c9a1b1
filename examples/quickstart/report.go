package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/semconv"
)

// recorder is a SpanProcessor that keeps the ended spans, as an application might
// have one of its own.
type recorder struct {
	mu    sync.Mutex // guards spans
	spans []sdktrace.ReadOnlySpan
}

// OnStart implements [sdktrace.SpanProcessor].
func (*recorder) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements [sdktrace.SpanProcessor].
func (r *recorder) OnEnd(span sdktrace.ReadOnlySpan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, span)
}

// ForceFlush implements [sdktrace.SpanProcessor].
func (*recorder) ForceFlush(context.Context) error { return nil }

// Shutdown implements [sdktrace.SpanProcessor].
func (*recorder) Shutdown(context.Context) error { return nil }

func (r *recorder) ended() []sdktrace.ReadOnlySpan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

func printIntroduction(out io.Writer, api api, destinations []export.Stats) {
	to := "Spans stay here. Set LANGSMITH_API_KEY, LANGTRACE_API_KEY or OTEL_EXPORTER_OTLP_ENDPOINT to send them."
	if len(destinations) > 0 {
		names := make([]string, len(destinations))
		for i, d := range destinations {
			names[i] = d.Destination
		}
		to = "Spans are sent to " + strings.Join(names, " and ") + "."
	}
	_, _ = fmt.Fprintf(out, "%s\n%s\n\n", api.description, to)
}

func printDelivery(out io.Writer, destinations []export.Stats) {
	for _, d := range destinations {
		_, _ = fmt.Fprintf(out, "%s: %d of %d spans delivered", d.Destination, d.Delivered, d.Ended)
		for _, reason := range slices.Sorted(maps.Keys(d.Dropped)) {
			_, _ = fmt.Fprintf(out, ", %d lost (%s)", d.Dropped[reason], reason)
		}
		_, _ = fmt.Fprintln(out)
	}
}

// printSpans prints the ended spans as trees.
func printSpans(out io.Writer, spans []sdktrace.ReadOnlySpan) {
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	present := map[trace.SpanID]bool{}
	for _, span := range spans {
		present[span.SpanContext().SpanID()] = true
	}
	children := map[trace.SpanID][]sdktrace.ReadOnlySpan{}
	for _, span := range spans {
		parent := span.Parent().SpanID()
		if !present[parent] {
			parent = trace.SpanID{}
		}
		children[parent] = append(children[parent], span)
	}
	t := tree{out: out, children: children}
	for _, root := range children[trace.SpanID{}] {
		_, _ = fmt.Fprintf(out, "\ntrace %s, %d spans\n\n", root.SpanContext().TraceID(), t.count(root))
		t.print(root, "", "")
	}
	_, _ = fmt.Fprintln(out)
}

type tree struct {
	out      io.Writer
	children map[trace.SpanID][]sdktrace.ReadOnlySpan
}

func (t tree) count(span sdktrace.ReadOnlySpan) int {
	n := 1
	for _, child := range t.children[span.SpanContext().SpanID()] {
		n += t.count(child)
	}
	return n
}

// durationColumn is where the durations end.
const durationColumn = 60

// print prints a span and those below it. branch leads to its name, trunk stands
// before all further lines.
func (t tree) print(span sdktrace.ReadOnlySpan, branch, trunk string) {
	head := branch + span.Name()
	room := max(1, durationColumn-utf8.RuneCountInString(head))
	_, _ = fmt.Fprintf(t.out, "%s%*s\n", head, room, duration(span.EndTime().Sub(span.StartTime())))
	below := t.children[span.SpanContext().SpanID()]
	indent := trunk + "   "
	if len(below) > 0 {
		indent = trunk + "│  "
	}
	for _, fact := range facts(span) {
		_, _ = fmt.Fprintf(t.out, "%s%-13s%s\n", indent, fact.name, fact.value)
	}
	for i, child := range below {
		if i < len(below)-1 {
			t.print(child, trunk+"├─ ", trunk+"│  ")
		} else {
			t.print(child, trunk+"└─ ", trunk+"   ")
		}
	}
}

// fact is one line about a span.
type fact struct{ name, value string }

// facts reads a span's attributes, the ones that any backend sees.
func facts(span sdktrace.ReadOnlySpan) []fact {
	a := attributes{}
	for _, kv := range span.Attributes() {
		a[kv.Key] = kv.Value
	}
	all := []fact{
		{"model", a.model()},
		{"tokens", a.tokens()},
		{"finish", strings.Join(a[semconv.GenAIResponseFinishReasonsKey].AsStringSlice(), ", ")},
		{"first token", a.firstToken()},
		{"stream", a.stream()},
		{"attempts", a.attempts()},
		{"tool call", a.text(semconv.GenAIToolCallIDKey)},
		{"status", a.status()},
	}
	if failed := a.failure(span); failed != a.status() {
		all = append(all, fact{"error", failed})
	}
	return slices.DeleteFunc(all, func(f fact) bool { return f.value == "" })
}

// attributes are a span's. A missing one reads as the zero value of its type.
type attributes map[attribute.Key]attribute.Value

func (a attributes) text(key attribute.Key) string  { return a[key].AsString() }
func (a attributes) number(key attribute.Key) int64 { return a[key].AsInt64() }

func (a attributes) has(key attribute.Key) bool {
	_, ok := a[key]
	return ok
}

func (a attributes) model() string {
	asked, answered := a.text(semconv.GenAIRequestModelKey), a.text(semconv.GenAIResponseModelKey)
	if answered == "" || answered == asked {
		return asked
	}
	return asked + ", answered by " + answered
}

func (a attributes) tokens() string {
	if !a.has(semconv.GenAIUsageInputTokensKey) {
		return ""
	}
	text := fmt.Sprintf("%d in", a.number(semconv.GenAIUsageInputTokensKey))
	if cached := a.number(semconv.GenAIUsageCacheReadInputTokensKey); cached > 0 {
		text += fmt.Sprintf(" (%d cached)", cached)
	}
	text += fmt.Sprintf(", %d out", a.number(semconv.GenAIUsageOutputTokensKey))
	if reasoning := a.number(semconv.GenAIUsageReasoningOutputTokensKey); reasoning > 0 {
		text += fmt.Sprintf(" (%d reasoning)", reasoning)
	}
	return text
}

func (a attributes) firstToken() string {
	seconds, ok := a[semconv.StreamTimeToFirstContentKey]
	if !ok {
		return ""
	}
	return duration(time.Duration(seconds.AsFloat64() * float64(time.Second)))
}

func (a attributes) stream() string {
	if !a.has(semconv.StreamChunksKey) {
		return ""
	}
	return fmt.Sprintf("%d chunks, %d with text",
		a.number(semconv.StreamChunksKey), a.number(semconv.StreamContentChunksKey))
}

// attempts is of a model call that was retried. The attempts themselves carry the
// same attribute, but no model.
func (a attributes) attempts() string {
	if !a.has(semconv.HTTPRequestResendCountKey) || !a.has(semconv.GenAIOperationNameKey) {
		return ""
	}
	return strconv.FormatInt(a.number(semconv.HTTPRequestResendCountKey)+1, 10)
}

// status is of an attempt, and of a failed call.
func (a attributes) status() string {
	if !a.has(semconv.HTTPResponseStatusCodeKey) {
		return ""
	}
	return strconv.FormatInt(a.number(semconv.HTTPResponseStatusCodeKey), 10)
}

func (a attributes) failure(span sdktrace.ReadOnlySpan) string {
	if span.Status().Code != codes.Error {
		return ""
	}
	return cmp.Or(a.text(semconv.ErrorTypeKey), span.Status().Description)
}

func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
}
