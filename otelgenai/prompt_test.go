package otelgenai_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// prompted makes a call in ctx, of which decode adds the content.
func (s *stand) prompted(ctx context.Context, call *record.Call, decode func(*record.Call)) sdktrace.ReadOnlySpan {
	_, op := s.Begin(ctx, call)
	answered(op.Call())
	op.End(0, decode)
	ended := s.spans.Ended()
	return ended[len(ended)-1]
}

func TestACallNamesThePromptTemplateOfItsContext(t *testing.T) {
	ctx := otelgenai.WithPromptTemplate(t.Context(), "greeting", "3", map[string]any{"name": "Ada", "items": []int{1, 2}})
	s := newStand(t)
	span := s.prompted(ctx, chat(), say("it"))
	assert.Equal(t, "greeting", attr(span, "gen_ai.prompt.name"))
	assert.Equal(t, "3", attr(span, "gen_ai.prompt.version"))
	assert.Empty(t, keys(span, "gen_ai.prompt.variable."), "they are content")

	embeddings := chat()
	embeddings.Operation = "embeddings"
	assert.Empty(t, keys(s.prompted(ctx, embeddings, say("it")), "gen_ai.prompt."), "they have none")
	assert.Empty(t, keys(s.prompted(otelgenai.WithPromptTemplate(ctx, "", "", nil), chat(), say("it")), "gen_ai.prompt."))

	span = newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan)).prompted(ctx, chat(), say("it"))
	assert.Equal(t, "Ada", attr(span, "gen_ai.prompt.variable.name"))
	assert.Equal(t, "[1,2]", attr(span, "gen_ai.prompt.variable.items"))
}

func TestACallThatNamesAPromptKeepsIt(t *testing.T) {
	ctx := otelgenai.WithPromptTemplate(t.Context(), "greeting", "3", map[string]any{"name": "Ada"})
	s := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, op := s.Begin(ctx, chat())
	answered(op.Call())
	op.Call().Request.PromptName = "pmpt_1"
	op.End(0, say("it"))
	span := s.spans.Ended()[0]
	assert.Equal(t, []string{"gen_ai.prompt.name"}, keys(span, "gen_ai.prompt."))
	assert.Equal(t, "pmpt_1", attr(span, "gen_ai.prompt.name"))
}

func TestVariablesOfAPromptAreRedactedForEachCall(t *testing.T) {
	ctx := otelgenai.WithPromptTemplate(t.Context(), "greeting", "", map[string]any{"name": "Ada"})
	redacted := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithRedactor(func(text string) (string, error) {
		return strings.ReplaceAll(text, "Ada", "[name]"), nil
	}))
	assert.Equal(t, "[name]", attr(redacted.prompted(ctx, chat(), say("it")), "gen_ai.prompt.variable.name"))
	plain := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan))
	assert.Equal(t, "Ada", attr(plain.prompted(ctx, chat(), say("it")), "gen_ai.prompt.variable.name"), "the context stays as it is")

	failing := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithRedactor(func(string) (string, error) {
		return "", errors.New("out of order")
	}))
	reported(t)
	assert.Empty(t, keys(failing.prompted(ctx, chat(), say("it")), "gen_ai.prompt.variable."))
}

func TestVariablesOfAPromptAreBounded(t *testing.T) {
	variables := map[string]any{"long": strings.Repeat("x", 1<<20)}
	for i := range 100 {
		variables["v"+strconv.Itoa(i)] = i
	}
	ctx := otelgenai.WithPromptTemplate(t.Context(), strings.Repeat("n", 1000), strings.Repeat("v", 1000), variables)
	span := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan)).prompted(ctx, chat(), say("it"))
	assert.Len(t, keys(span, "gen_ai.prompt.variable."), 64)
	assert.Equal(t, strings.Repeat("x", 16<<10), attr(span, "gen_ai.prompt.variable.long"))
	assert.Equal(t, strings.Repeat("n", 512), attr(span, "gen_ai.prompt.name"))
	assert.Equal(t, strings.Repeat("v", 512), attr(span, "gen_ai.prompt.version"))
}
