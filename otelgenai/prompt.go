package otelgenai

import (
	"slices"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// Bounds of the variables of a prompt, which are content and on model calls only.
const (
	maxVariables    = 64
	maxVariableText = 16 << 10 // bytes
)

// prompt is the template that a context names.
type prompt struct {
	name, version string
	variables     []record.Variable
}

func variableText(value any) string {
	text, ok := value.(string)
	if !ok {
		text = jsonText(value)
	}
	return bounded(text, maxVariableText)
}

// takesPrompt reports whether calls of an operation are made from a prompt.
func takesPrompt(operation string) bool {
	switch operation {
	case semconv.GenAIOperationNameChat, semconv.GenAIOperationNameTextCompletion,
		semconv.GenAIOperationNameGenerateContent, semconv.GenAIOperationNameInvokeAgent:
		return true
	default:
		return false
	}
}

// identify names the template in a call that names none.
func (p *prompt) identify(c *record.Call) {
	if p.name != "" && c.Request.PromptName == "" && takesPrompt(c.Operation) {
		c.Request.PromptName, c.Request.PromptVersion = p.name, p.version
	}
}

// fill adds the variables to a call that has the name of the template. They are copied:
// redaction writes to them.
func (p *prompt) fill(c *record.Call) {
	if p.name != "" && c.Request.PromptName == p.name && c.Request.PromptVariables == nil && c.Content.Withheld == "" {
		c.Request.PromptVariables = slices.Clone(p.variables)
	}
}
