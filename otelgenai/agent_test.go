package otelgenai_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/redact"
)

func agent(name string) *record.Call {
	c := chat()
	c.Operation, c.Agent.Name = "create_agent", name
	return c
}

func TestTheNameOfAnAgentIsRedactedBeforeTheSpanStarts(t *testing.T) {
	s := newStand(t, otelgenai.WithRedactor(redact.New(redact.All()...)))
	_, op := s.Begin(t.Context(), agent("Coach of ann@example.com"))
	op.End(0, nil)
	span := s.spans.Started()[0]
	assert.Equal(t, "create_agent Coach of [email]", span.Name())
	assert.Equal(t, "Coach of [email]", attr(s.spans.Ended()[0], "gen_ai.agent.name"))
}

func TestTheNameOfAnAgentThatIsKnownLateIsRedacted(t *testing.T) {
	s := newStand(t, otelgenai.WithRedactor(redact.New(redact.All()...)))
	_, op := s.Begin(t.Context(), agent(""))
	op.Call().Agent.Name = "Coach of ann@example.com"
	op.SetModel("gpt-4o")
	op.End(0, nil)
	assert.Equal(t, "create_agent Coach of [email]", s.spans.Ended()[0].Name())
	assert.Equal(t, "Coach of [email]", op.Call().Agent.Name)
}

func TestTheNameOfAnAgentIsRedactedOnce(t *testing.T) {
	calls := 0
	s := newStand(t, otelgenai.WithRedactor(func(text string) (string, error) {
		calls++
		return text + "!", nil
	}))
	_, op := s.Begin(t.Context(), agent("Coach"))
	op.SetModel("gpt-4o")
	op.End(0, nil)
	assert.Equal(t, "create_agent Coach!", s.spans.Ended()[0].Name())
	assert.Equal(t, 1, calls)
}

func TestOfTheNameOfAnAgentThatCannotBeRedactedNothingIsLeft(t *testing.T) {
	errs := reported(t)
	s := newStand(t, otelgenai.WithRedactor(func(string) (string, error) { return "", errors.New("cannot judge") }))
	_, op := s.Begin(t.Context(), agent("Coach"))
	op.End(0, nil)
	assert.Equal(t, "create_agent", s.spans.Ended()[0].Name())
	assert.Nil(t, attr(s.spans.Ended()[0], "gen_ai.agent.name"))
	require.NotEmpty(t, errs())
}

func TestTheNameOfAnAgentIsBounded(t *testing.T) {
	s := newStand(t)
	_, op := s.Begin(t.Context(), agent(strings.Repeat("ü", 1000)))
	op.End(0, nil)
	assert.Equal(t, "create_agent "+strings.Repeat("ü", 254)+"…", s.spans.Ended()[0].Name())
}

func TestTheDescriptionOfAnAgentIsContent(t *testing.T) {
	for where, opts := range map[string][]otelgenai.Option{
		"": nil, "Knows cities.": {otelgenai.WithContent(otelgenai.ContentOnSpan)},
	} {
		s := newStand(t, opts...)
		_, op := s.Begin(t.Context(), agent("Coach"))
		op.Call().Agent.Description = "Knows cities."
		op.End(0, nil)
		got, _ := attr(s.spans.Ended()[0], "gen_ai.agent.description").(string)
		assert.Equal(t, where, got)
	}
}
