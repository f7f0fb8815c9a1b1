package otelgenai

import (
	"fmt"
	"strings"
)

// Content says where message content (prompts, answers, tool definitions, tool
// arguments and results, error texts) may be recorded.
type Content uint8

const (
	// NoContent records none. It is the default.
	NoContent Content = iota
	// ContentOnSpan records it as span attributes, for every exporter of the
	// application's TracerProvider to see.
	ContentOnSpan
	// ContentOnEvent keeps it off spans. It is the conventions' EVENT_ONLY mode;
	// genotel emits no log events, so nothing is recorded by it.
	ContentOnEvent
	// ContentOnSpanAndEvent is the conventions' SPAN_AND_EVENT mode: for genotel
	// the same as [ContentOnSpan].
	ContentOnSpanAndEvent
)

func (c Content) onSpan() bool { return c == ContentOnSpan || c == ContentOnSpanAndEvent }

// parseContent reads the values of captureVariable, and the booleans that older
// guides tell people to set.
func parseContent(value string) (Content, error) {
	switch strings.ToUpper(strings.TrimSpace(value)) {
	case "NO_CONTENT", "FALSE":
		return NoContent, nil
	case "SPAN_ONLY", "TRUE":
		return ContentOnSpan, nil
	case "EVENT_ONLY":
		return ContentOnEvent, nil
	case "SPAN_AND_EVENT":
		return ContentOnSpanAndEvent, nil
	default:
		return NoContent, fmt.Errorf("%s: unknown value; "+
			"known are NO_CONTENT, SPAN_ONLY, EVENT_ONLY and SPAN_AND_EVENT", captureVariable)
	}
}
