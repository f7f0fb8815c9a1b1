package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/redaction"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// prompt is where the text of the row Prompt comes from: the first model call of a
// trace, and another operation only where there is none. The zero prompt is none.
type prompt struct {
	slip      *handoff.Slip // nil where there is no record
	messages  string        // gen_ai.input.messages otherwise
	start     time.Time
	generates bool
	bytes     int // that it keeps alive
}

// promptOf returns the zero prompt when span has none, or one that is too large.
func promptOf(span sdktrace.ReadOnlySpan, slip *handoff.Slip, generates bool) prompt {
	p := prompt{slip: slip, start: span.StartTime(), generates: generates}
	if slip == nil {
		messages, _ := attributes(span.Attributes()).find(semconv.GenAIInputMessagesKey)
		p.messages = messagesText(messages)
	}
	if p.bytes = len(p.messages); p.slip != nil {
		p.bytes = p.slip.Size()
	}
	if p.slip == nil && p.messages == "" || p.bytes > maxPromptBytes {
		return prompt{}
	}
	return p
}

// messagesText is the JSON text of messages, also where they are a structured value.
func messagesText(value attribute.Value) string {
	if value.Type() == attribute.STRING {
		return value.AsString()
	}
	return value.String()
}

// before reports whether p rather than q is the trace's prompt.
func (p *prompt) before(q *prompt) bool {
	switch {
	case q.start.IsZero():
		return true
	case p.generates != q.generates:
		return p.generates
	default:
		return p.start.Before(q.start)
	}
}

// withheld stands for a prompt that the redactor's failure has taken away, or the
// decoder's.
const withheld = "(withheld)"

// guardedText is text, and "(withheld)" when that panics.
func (p *prompt) guardedText(redact redaction.Func) string {
	text := withheld
	guard.Do("decoding a prompt", func() { text = p.text(redact) })
	return text
}

// text decodes the prompt, which may be costly and may run a redactor beside redact, which
// is nil for none.
func (p *prompt) text(redact redaction.Func) string {
	if p.slip == nil {
		return p.messagesText(redact)
	}
	call := p.slip.Call()
	if call != nil && redact != nil {
		call = redaction.Call(call, redact)
	}
	switch {
	case call == nil:
		return ""
	case call.Content.Withheld != "":
		return withheld
	default:
		return cmp.Or(asked(call.Request.Messages), strings.Join(call.Retrieval.Queries, " "))
	}
}

// messagesText is the prompt of a span without a record.
func (p *prompt) messagesText(redact redaction.Func) string {
	if redact == nil {
		return userText(p.messages)
	}
	pass := redaction.NewPass(redact)
	messages := pass.Text(p.messages)
	if err := pass.Err(); err != nil {
		redaction.Report(err)
		return withheld
	}
	return userText(messages)
}

// asked is the text of the last message of the user, or else of the last one at all.
func asked(messages []record.Message) string {
	for _, m := range slices.Backward(messages) {
		if m.Role == "user" {
			if text := partsText(m.Parts); text != "" {
				return text
			}
		}
	}
	if len(messages) > 0 {
		return partsText(messages[len(messages)-1].Parts)
	}
	return ""
}

// partsText joins the parts of a message; what is no text is named in brackets.
func partsText(parts []record.Part) string {
	var texts []string
	for _, part := range parts {
		switch p := part.(type) {
		case record.Text:
			texts = append(texts, p.Content)
		case record.ToolResult:
			texts = append(texts, p.Content)
		case record.Image:
			texts = append(texts, "[image]")
		case record.Audio:
			texts = append(texts, "[audio]")
		case record.File:
			texts = append(texts, "[file]")
		}
	}
	return strings.Join(texts, " ")
}

// userText is what asked is, from the JSON text of gen_ai.input.messages. It returns ""
// for anything else.
func userText(messages string) string {
	var last, user string
	s := jsonscan.NewString(messages)
	for ok := s.Array(); ok && s.Element(); {
		role, text := scanMessage(&s)
		last = text
		if role == "user" && text != "" {
			user = text
		}
	}
	if !s.End() {
		return ""
	}
	if user != "" {
		return user
	}
	return last
}

// scanMessage reads the form of the conventions, and content as plain text, which is
// older.
func scanMessage(s *jsonscan.Scanner) (role, text string) {
	if !s.Object() {
		return "", ""
	}
	var texts []string
	for key, ok := s.Field(); ok; key, ok = s.Field() {
		switch string(key) {
		case "role":
			role, _ = s.Text()
		case "content":
			if content, ok := s.Text(); ok {
				texts = append(texts, content)
			}
		case "parts":
			texts = append(texts, scanParts(s)...)
		default:
			s.Skip()
		}
	}
	return role, strings.Join(texts, " ")
}

func scanParts(s *jsonscan.Scanner) (texts []string) {
	for ok := s.Array(); ok && s.Element(); {
		if text := scanPart(s); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// scanPart returns the text of a part, "" for parts that are none.
func scanPart(s *jsonscan.Scanner) string {
	if !s.Object() {
		return ""
	}
	var kind, content string
	for key, ok := s.Field(); ok; key, ok = s.Field() {
		switch string(key) {
		case "type":
			kind, _ = s.Text()
		case "content":
			content, _ = s.Text()
		default:
			s.Skip()
		}
	}
	if kind != "text" {
		return ""
	}
	return content
}
