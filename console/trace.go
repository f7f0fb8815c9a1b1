package console

import (
	"container/list"

	oteltrace "go.opentelemetry.io/otel/trace"
)

const (
	// maxTraceSpans bounds what is kept of one trace. More steps than that are in no
	// panel.
	maxTraceSpans = 2048
	// noteBytes and spanBytes are about what the memory of an ended and of a started
	// span costs.
	noteBytes = 384
	spanBytes = 24
)

// trace follows the spans below one local root, until the last of them has ended. Its
// owner serializes access.
type trace struct {
	id oteltrace.TraceID
	// spans are those that were started; true means that they have not ended.
	spans map[oteltrace.SpanID]bool
	open  int // the number of those that have not ended

	report  *report       // nil once the root has ended
	element *list.Element // in the order of the last activity
}

func newTrace(id oteltrace.TraceID) *trace {
	return &trace{id: id, spans: map[oteltrace.SpanID]bool{}, report: &report{id: id}}
}

// size is about the memory that the trace keeps alive.
func (t *trace) size() int {
	size := noteBytes + spanBytes*len(t.spans)
	if t.report != nil {
		size += t.report.size()
	}
	return size
}

// has reports whether a span belongs to the trace.
func (t *trace) has(span oteltrace.SpanID) bool {
	_, ok := t.spans[span]
	return ok
}

func (t *trace) start(span oteltrace.SpanID) {
	if len(t.spans) < maxTraceSpans {
		t.spans[span] = true
		t.open++
	}
}

func (t *trace) end(span oteltrace.SpanID) {
	if t.spans[span] {
		t.spans[span] = false
		t.open--
	}
}

// ended is what OnEnd hands over.
type ended struct {
	note   note
	prompt prompt // zero where it has none that is shown
	root   bool
}

// report is what there is to print of a trace.
type report struct {
	id      oteltrace.TraceID
	root    note
	notes   []note
	prompt  prompt
	genAI   bool
	spans   uint64 // those that have ended, below the root and with it
	omitted int    // of them, those beyond maxTraceSpans
	running int    // the spans that had not ended when the root did

	project, environment string
}

func (r *report) size() int { return noteBytes*len(r.notes) + r.prompt.bytes }

func (r *report) add(e *ended) {
	r.spans++
	n := e.note
	if e.root {
		r.root = n
	}
	r.genAI = r.genAI || n.kind == container || n.kind == model || n.kind == aside
	if !e.prompt.start.IsZero() && e.prompt.before(&r.prompt) {
		r.prompt = e.prompt
	}
	if len(r.notes) >= maxTraceSpans && !e.root {
		r.omitted++
		return
	}
	r.notes = append(r.notes, n)
}

// hidden stands for a prompt that the policy hides.
const hidden = "(hidden)"

// text decodes and draws the report.
func (r *report) text(c *config) string {
	shown := hidden
	if c.content.Input {
		shown = r.prompt.guardedText(c.redact)
	}
	d := digestOf(r)
	return paint(d.rows(r, shown), d.status(), d.steps, c.ascii)
}
