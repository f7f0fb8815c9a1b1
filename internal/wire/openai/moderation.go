package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Bounds of what is kept of a moderation whether or not anybody wants content: the
// verdicts, and the categories of one.
const (
	maxVerdicts   = 1 << 12
	maxCategories = 64
)

// Moderation decodes one call of the moderations endpoint. The conventions have no
// operation for it; see semconv.OperationNameModeration.
type Moderation struct {
	call   *record.Call
	wanted bool
	inputs inputs
	budget *budget
	sound  bool
}

var _ wire.Exchange = (*Moderation)(nil)

// NewModeration returns a decoder that fills call.
func NewModeration(call *record.Call) *Moderation {
	return &Moderation{call: call, budget: newBudget()}
}

// Request implements [wire.Exchange].
func (m *Moderation) Request(body []byte, content bool) {
	m.wanted = content
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "model":
			text(&s, &m.call.Request.Model)
		case "input":
			if !content {
				return false
			}
			m.inputs.keep(s.Raw())
		default:
			return false
		}
		return true
	})
}

// Event implements [wire.Exchange]. The endpoint has no streams.
func (m *Moderation) Event([]byte) wire.Progress { return 0 }

// Response implements [wire.Exchange].
func (m *Moderation) Response(body []byte) {
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "id":
			text(&s, &m.call.Response.ID)
		case "model":
			text(&s, &m.call.Response.Model)
		case "usage": // OpenAI has none, others do
			readUsage(&s, &m.call.Usage)
		case "error":
			readInlineError(&s, m.call)
		case "results":
			for ok := s.Array(); ok && s.Element(); {
				m.readVerdict(&s)
			}
		default:
			return false
		}
		return true
	})
	m.sound = s.End()
	if !m.sound && m.call.Error == nil {
		m.call.Error = &record.Error{Type: wire.DecodeError}
	}
}

// readVerdict consumes the verdict on one input.
func (m *Moderation) readVerdict(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object || len(m.call.Response.Moderations) == maxVerdicts {
		s.Skip()
		return
	}
	raw := s.Raw()
	if raw == nil { // it is cut
		return
	}
	var verdict record.Moderation
	said, named := false, 0
	v := jsonscan.New(raw)
	members(&v, func(key []byte) bool {
		switch string(key) {
		case "flagged":
			if flagged, ok := v.Bool(); ok {
				verdict.Flagged, said = flagged, true
			}
		case "categories":
			members(&v, func(key []byte) bool {
				category := string(key)
				flagged, _ := v.Bool()
				if flagged && named < maxCategories && isCategory(category) {
					verdict.Categories = append(verdict.Categories, category)
					named++
				}
				return true
			})
		default:
			return false
		}
		return true
	})
	if !said { // Mistral names categories only
		verdict.Flagged = len(verdict.Categories) > 0
	}
	if m.wanted {
		whole := jsonscan.New(raw)
		verdict.JSON = plainJSON(&whole, m.budget)
	}
	m.call.Response.Moderations = append(m.call.Response.Moderations, verdict)
}

// isCategory reports whether name may stand in a field of low cardinality, as in
// self-harm/intent.
func isCategory(name string) bool {
	if name == "" || len(name) > maxIdentifier {
		return false
	}
	for _, c := range []byte(name) {
		if c != '/' && !isIdentifier(string(rune(c))) {
			return false
		}
	}
	return true
}

// Failure implements [wire.Exchange].
func (m *Moderation) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (m *Moderation) Finish() bool { return m.sound && len(m.call.Response.Moderations) > 0 }

// Retained implements [wire.Exchange].
func (m *Moderation) Retained() int { return m.inputs.retained() + m.budget.spent() }

// Content implements [wire.Exchange].
func (m *Moderation) Content(call *record.Call) {
	m.inputs.content(call)
	call.Content.Truncated = call.Content.Truncated || m.budget.cut
}
