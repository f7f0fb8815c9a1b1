package otelgenai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestContentTravelsBesideTheSpan(t *testing.T) {
	s, l := newStand(t), &listener{}
	s.provider.RegisterSpanProcessor(l)
	_, op := s.Begin(t.Context(), chat())
	assert.True(t, op.WantsContent())
	answered(op.Call())
	decoded := 0
	op.End(1000, func(c *record.Call) {
		decoded++
		say("MARKER")(c)
	})

	require.Len(t, l.slips, 1)
	assert.Zero(t, decoded, "nobody has asked yet")
	assert.Equal(t, 1000, l.slips[0].Size())
	for _, kv := range s.spans.Ended()[0].Attributes() {
		assert.NotContains(t, kv.Value.String(), "MARKER", kv.Key)
	}
	call := l.slips[0].Call()
	assert.Equal(t, record.Text{Content: "ask MARKER"}, call.Request.Messages[0].Parts[0])
	assert.Equal(t, "chatcmpl-1", call.Response.ID)
	assert.Same(t, call, l.slips[0].Call())
	assert.Equal(t, 1, decoded)
}

func TestSeveralListenersShareOneDecoding(t *testing.T) {
	s, a, b := newStand(t), &listener{}, &listener{}
	s.provider.RegisterSpanProcessor(a)
	s.provider.RegisterSpanProcessor(b)
	_, op := s.Begin(t.Context(), chat())
	answered(op.Call())
	decoded := 0
	op.End(0, func(*record.Call) { decoded++ })
	require.NotNil(t, a.slips[0])
	require.NotNil(t, b.slips[0])
	assert.Same(t, a.slips[0].Call(), b.slips[0].Call())
	assert.Equal(t, 1, decoded)
}

func TestNothingIsDecodedWhenNobodyListens(t *testing.T) {
	s := newStand(t)
	_, op := s.Begin(t.Context(), chat())
	assert.True(t, op.Recording())
	assert.False(t, op.WantsContent())
	answered(op.Call())
	op.End(0, func(*record.Call) { t.Error("decoded") })
	assert.Len(t, s.spans.Ended(), 1)
}

func TestContentOnTheSpanIsDecodedOnceForAll(t *testing.T) {
	s, l := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan)), &listener{}
	s.provider.RegisterSpanProcessor(l)
	decoded := 0
	span := s.call(t, func(c *record.Call) {
		decoded++
		say("it")(c)
	})
	assert.Contains(t, attr(span, "gen_ai.input.messages"), "ask it")
	assert.Len(t, l.slips[0].Call().Request.Messages, 1)
	assert.Zero(t, l.slips[0].Size(), "nothing is kept alive for decoding any more")
	assert.Equal(t, 1, decoded)
}

func TestWithoutADecoderTheRecordIsHandedOverAsItIs(t *testing.T) {
	s, l := newStand(t), &listener{}
	s.provider.RegisterSpanProcessor(l)
	s.call(t, nil)
	assert.Equal(t, "chatcmpl-1", l.slips[0].Call().Response.ID)
}

func TestARecordIsThereOnlyAfterEnd(t *testing.T) {
	s, l := newStand(t), &listener{}
	s.provider.RegisterSpanProcessor(l)
	_, op := s.Begin(t.Context(), chat())
	assert.Nil(t, l.slips[0].Call())
	assert.Zero(t, l.slips[0].Size())
	op.End(0, nil)
	assert.NotNil(t, l.slips[0].Call())
}

func TestSpansBelowTheCallGetNoRecord(t *testing.T) {
	s, l := newStand(t), &listener{}
	s.provider.RegisterSpanProcessor(l)
	ctx, op := s.Begin(t.Context(), chat())
	_, child := s.provider.Tracer("http").Start(ctx, "POST")
	op.Attempt(ctx, otelgenai.Attempt{Method: "POST"})
	child.End()
	op.End(0, nil)
	require.Len(t, l.slips, 3)
	assert.NotNil(t, l.slips[0])
	assert.Nil(t, l.slips[1], "the child of another instrumentation")
	assert.Nil(t, l.slips[2], "the attempt")
}

func TestACallBelowACallGetsItsOwnRecord(t *testing.T) {
	s, l := newStand(t), &listener{}
	s.provider.RegisterSpanProcessor(l)
	ctx, outer := s.Begin(t.Context(), chat())
	_, inner := s.Begin(ctx, chat())
	outer.Call().Response.ID, inner.Call().Response.ID = "outer", "inner"
	inner.End(0, nil)
	outer.End(0, nil)
	assert.Equal(t, "outer", l.slips[0].Call().Response.ID)
	assert.Equal(t, "inner", l.slips[1].Call().Response.ID)
}

func TestASpanOfAnotherProviderBelowTheCallGetsNoRecord(t *testing.T) {
	// The application traces model calls on one provider and HTTP on another, and
	// only the other has a destination.
	s, l := newStand(t), &listener{}
	other := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(l))
	ctx, op := s.Begin(t.Context(), chat())
	_, child := other.Tracer("http").Start(ctx, "POST")
	assert.False(t, op.WantsContent())
	child.End()
	op.End(0, func(*record.Call) { t.Error("decoded") })
	require.Len(t, l.slips, 1)
	assert.Nil(t, l.slips[0])
}

func TestTheRedactorRunsOnWhatTravelsBesideTheSpan(t *testing.T) {
	redact := otelgenai.WithRedactor(func(text string) (string, error) {
		return strings.ReplaceAll(text, "MARKER", "[removed]"), nil
	})
	s, l := newStand(t, redact), &listener{}
	s.provider.RegisterSpanProcessor(l)
	s.call(t, say("MARKER"))
	call := l.slips[0].Call()
	assert.Equal(t, record.Text{Content: "ask [removed]"}, call.Request.Messages[0].Parts[0])
	assert.Equal(t, record.Text{Content: "say [removed]"}, call.Response.Choices[0].Message.Parts[0])
}

func TestAPanickingDecoderWithholdsWhatTravelsBesideTheSpan(t *testing.T) {
	errs := reported(t)
	s, l := newStand(t), &listener{}
	s.provider.RegisterSpanProcessor(l)
	s.call(t, func(c *record.Call) {
		say("MARKER")(c)
		panic("half way")
	})
	call := l.slips[0].Call()
	assert.Empty(t, call.Request.Messages)
	assert.Empty(t, call.Response.Choices[0].Message.Parts)
	assert.Equal(t, "stop", call.Response.Choices[0].FinishReason)
	assert.NotEmpty(t, call.Content.Withheld)
	assert.Len(t, errs(), 1)
}
