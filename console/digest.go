package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"
)

// digest is what a panel says of a trace.
type digest struct {
	failed  bool
	latency time.Duration
	models  []string
	tokens  string
	retries int64
	steps   []step
}

// step is a line of the table.
type step struct {
	name     string
	duration time.Duration
	failed   bool
	detail   string
}

// digestOf reads the notes of a report, among them that of its root.
func digestOf(r *report) digest {
	root, notes := &r.root, slices.Clone(r.notes)
	d := digest{latency: root.end.Sub(root.start)}
	slices.SortStableFunc(notes, func(a, b note) int { return cmp.Or(a.start.Compare(b.start), a.end.Compare(b.end)) })
	t := tree{notes: notes, index: make(map[oteltrace.SpanID]int, len(notes))}
	for i, n := range notes {
		t.index[n.id] = i
	}
	t.mark()

	var c count
	var last *note
	for i := range notes {
		n := &notes[i]
		c.add(n, t.countedBelow[i])
		if n.kind != aside && (n.kind != model || t.modelBelow[i]) {
			continue
		}
		d.retries += n.resends
		if n.model != "" && !slices.Contains(d.models, n.model) {
			d.models = append(d.models, n.model)
		}
		if n.countable && !n.counted && !n.estimated && !n.failed {
			c.unknown++
		}
		d.steps = append(d.steps, t.steps(n)...)
		if last == nil || !n.end.Before(last.end) {
			last = n
		}
	}
	d.tokens = c.String()
	d.failed = root.failed || !root.succeeded && last != nil && last.failed
	return d
}

// tree knows what is below what.
type tree struct {
	notes []note
	index map[oteltrace.SpanID]int

	modelBelow   []bool // a model is called below
	countedBelow []bool // tokens are counted below
}

func (t *tree) mark() {
	t.modelBelow, t.countedBelow = make([]bool, len(t.notes)), make([]bool, len(t.notes))
	for _, n := range t.notes {
		if n.kind == model {
			t.markAbove(n, t.modelBelow)
		}
		if n.counted || n.estimated {
			t.markAbove(n, t.countedBelow)
		}
	}
}

// markAbove marks all ancestors of n. What is marked has marked ancestors.
func (t *tree) markAbove(n note, marks []bool) {
	for {
		i, ok := t.index[n.parent]
		if !ok || marks[i] {
			return
		}
		marks[i] = true
		n = t.notes[i]
	}
}

// steps are n, or its attempts where all of them are known.
func (t *tree) steps(n *note) []step {
	whole := []step{{name: n.name, duration: n.end.Sub(n.start), failed: n.failed, detail: n.detail()}}
	if n.resends == 0 {
		return whole
	}
	var attempts []note
	for _, a := range t.notes {
		if a.kind == attempt && a.parent == n.id && a.scope == n.scope {
			attempts = append(attempts, a)
		}
	}
	if int64(len(attempts)) != n.resends+1 {
		return whole
	}
	steps := make([]step, len(attempts))
	for i, a := range attempts {
		steps[i] = step{name: n.name, duration: a.end.Sub(a.start), failed: a.failed, detail: a.detail()}
	}
	// The call ended as its last attempt did, and knows more of it.
	last := &steps[len(steps)-1]
	last.duration = n.end.Sub(attempts[len(attempts)-1].start)
	last.failed, last.detail = n.failed, n.detail()
	return steps
}

// detail is the error, or the chunks of a stream.
func (n *note) detail() string {
	var parts []string
	if n.failed {
		parts = append(parts, n.problem)
	} else if n.chunks > 0 {
		parts = append(parts, plural(n.chunks, "chunk"))
	}
	if n.incomplete && !n.failed {
		parts = append(parts, "incomplete")
	}
	return strings.Join(parts, ", ")
}

// count adds up tokens.
type count struct {
	tokens             int64
	counted, estimated bool
	unknown            int64 // calls without a count
}

// add counts n unless it repeats what is counted below.
func (c *count) add(n *note, below bool) {
	if below || !n.counted && !n.estimated {
		return
	}
	c.tokens += n.tokens
	c.counted = true
	c.estimated = c.estimated || n.estimated
}

// String is for instance "87" or "~42 (estimated)".
func (c *count) String() string {
	switch {
	case !c.counted && c.unknown > 0:
		return ""
	case c.estimated:
		return fmt.Sprintf("~%d (estimated)", c.tokens)
	case c.unknown > 0:
		return fmt.Sprintf("%d (%s without a count)", c.tokens, plural(c.unknown, "call"))
	default:
		return strconv.FormatInt(c.tokens, 10)
	}
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// stepCount says also what the table cannot show.
func (d *digest) stepCount(of *report) string {
	text := strconv.Itoa(len(d.steps))
	var missing []string
	if of.running > 0 {
		missing = append(missing, plural(int64(of.running), "span")+" still open")
	}
	if of.omitted > 0 {
		missing = append(missing, plural(int64(of.omitted), "span")+" left out")
	}
	if len(missing) > 0 {
		text += " (" + strings.Join(missing, ", ") + ")"
	}
	return text
}
