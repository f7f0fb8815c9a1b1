package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestWhatAResponseContinuesIsOnTheSpan(t *testing.T) {
	c := &record.Call{Request: record.Request{
		PreviousResponseID: "resp_0", ConversationID: "conv_1", PromptName: "pmpt_1", PromptVersion: "2",
		PromptVariables: []record.Variable{{Name: "city", Value: "Rome"}},
	}, Response: record.Response{Compacted: true, Status: "completed"}}
	assert.Equal(t, []attribute.KeyValue{
		attribute.Bool("gen_ai.conversation.compacted", true),
		attribute.String("gen_ai.conversation.id", "conv_1"),
		attribute.String("gen_ai.request.previous_response.id", "resp_0"),
		attribute.String("gen_ai.prompt.name", "pmpt_1"),
		attribute.String("gen_ai.prompt.version", "2"),
	}, dialect.AppendGenAI(nil, c))
	assert.Equal(t, []attribute.KeyValue{attribute.String("gen_ai.prompt.variable.city", "Rome")}, dialect.AppendGenAIContent(nil, c))
}

func TestTheStatusIsOnTheSpanWhenTheAnswerIsStillToCome(t *testing.T) {
	for status, want := range map[string][]attribute.KeyValue{
		"queued":      {attribute.String("gen_ai.response.status", "queued")},
		"in_progress": {attribute.String("gen_ai.response.status", "in_progress")},
		"completed":   nil,
	} {
		assert.Equal(t, want, dialect.AppendGenAI(nil, &record.Call{Response: record.Response{Status: status}}))
	}
}
