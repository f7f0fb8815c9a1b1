package langtrace

import (
	"fmt"
	"net/http"

	"github.com/genotel/genotel/internal/oracle"
)

// Options say what the request is expected to be.
type Options struct {
	KnownKeys        []string // the API keys of the projects; none means that every key is known
	RequireLLM       bool     // at least one LLM span is a must
	ContentOff       bool     // content capture is off: both content events must be absent
	AllowTokenCounts bool     // the llm.token.counts switch is on
}

// Verdict is what Langtrace makes of a request. Every finding and warning begins with its rule.
type Verdict struct {
	Accepted      bool      `json:"accepted"`
	Status        int       `json:"status"`
	Reason        string    `json:"reason,omitzero"` // of a refusal
	LostSpans     int       `json:"lost_spans,omitzero"`
	Spans         []Span    `json:"spans,omitzero"`
	Dropped       []Dropped `json:"dropped,omitzero"`
	ContractHolds bool      `json:"contract_holds"` // the documented contract, on every chat span there is
	Findings      []string  `json:"findings,omitzero"`
	Warnings      []string  `json:"warnings,omitzero"`
}

// OK reports that the request is taken, nothing of it is lost and the pages show it as they should.
func (v *Verdict) OK() bool {
	return v.Accepted && v.LostSpans == 0 && len(v.Findings) == 0
}

// Span is a span in its stored form.
type Span struct {
	TraceID    string         `json:"trace_id"`
	SpanID     string         `json:"span_id"`
	ParentID   string         `json:"parent_id,omitzero"`
	Name       string         `json:"name"`
	Kind       any            `json:"kind"` // a number if sent as JSON, null if sent as protobuf
	StartTime  string         `json:"start_time"`
	EndTime    string         `json:"end_time"`
	DurationMS int64          `json:"duration_ms"`
	StatusCode string         `json:"status_code"`
	Attributes map[string]any `json:"attributes"`
	Events     []Event        `json:"events,omitzero"`
	UI         *View          `json:"ui,omitzero"` // LLM spans only

	sentKind string            // as sent: a name or a number
	types    map[string]string // type of each kept attribute: string or int
}

// Event is a span event in its stored form.
type Event struct {
	Name       string         `json:"name"`
	Time       string         `json:"time"`
	Attributes map[string]any `json:"attributes"`
}

// Dropped is an attribute that is not stored because of its type.
type Dropped struct {
	Span  string `json:"span"`
	Event string `json:"event,omitzero"` // "" for an attribute of the span itself
	Key   string `json:"key"`
	Type  string `json:"type"`
}

// View is what the pages show of an LLM span.
type View struct {
	Vendor       string    `json:"vendor"`
	Model        string    `json:"model"`
	InputTokens  *int64    `json:"input_tokens,omitzero"`
	OutputTokens *int64    `json:"output_tokens,omitzero"`
	TotalTokens  *int64    `json:"total_tokens,omitzero"`
	Cost         *float64  `json:"cost,omitzero"` // nil: without tokens, or a price that this oracle does not know
	Inputs       []Message `json:"inputs,omitzero"`
	Outputs      []Message `json:"outputs,omitzero"`
	Error        string    `json:"error,omitzero"`
}

// Message is one entry of the conversation view.
type Message struct {
	Role string `json:"role"`
	Text string `json:"text"`
}

// Check applies all rules to the request.
func Check(capture oracle.Capture, opts Options) Verdict {
	document, refused := accept(capture, opts)
	if refused != nil {
		return Verdict{Status: refused.status, Reason: refused.reason}
	}
	v := Verdict{Accepted: true, Status: http.StatusOK}
	v.Spans, v.Dropped = normalise(document)
	v.countLostSpans(document)
	v.checkKept()
	v.checkVisible(opts)
	v.checkTree()
	v.checkContract()
	return v
}

func (v *Verdict) findingf(rule, format string, args ...any) {
	v.Findings = append(v.Findings, rule+": "+fmt.Sprintf(format, args...))
}

func (v *Verdict) warningf(rule, format string, args ...any) {
	v.Warnings = append(v.Warnings, rule+": "+fmt.Sprintf(format, args...))
}

// countLostSpans is rule A7: only the first resource is read.
func (v *Verdict) countLostSpans(document map[string]any) {
	resources := list(document["resourceSpans"])
	for _, resource := range resources[min(1, len(resources)):] {
		v.LostSpans += len(spansOf(resource))
	}
	if len(resources) > 1 {
		v.warningf("A7", "%d resourceSpans, only the first is read: %d spans are lost", len(resources), v.LostSpans)
	}
}

// checkKept is rule B: nothing may be dropped, and there must be something to keep.
func (v *Verdict) checkKept() {
	if len(v.Spans) == 0 {
		v.findingf("B", "the request is accepted, but nothing of it is stored")
	}
	for _, d := range v.Dropped {
		place := ""
		if d.Event != "" {
			place = fmt.Sprintf(" event %q", d.Event)
		}
		v.findingf("B", "span %q%s: %s of type %s is dropped", d.Span, place, d.Key, d.Type)
	}
}
