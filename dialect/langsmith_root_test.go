package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
)

func TestARootForLangSmithSaysSoAsABool(t *testing.T) {
	own := []attribute.KeyValue{attribute.String("k", "v")}
	span := tracetest.SpanStub{Name: "root", Attributes: own}.Snapshot()
	got := dialect.LangSmithRoot(span)
	assert.Equal(t, "root", got.Name())
	assert.Equal(t, []attribute.KeyValue{attribute.String("k", "v"), attribute.Bool("langsmith.is_root", true)}, got.Attributes())
	assert.Equal(t, own, span.Attributes(), "other destinations read the span")

	c := chat()
	seen := dialect.LangSmithView(all)(stub(c).Snapshot(), c)
	kept := append([]attribute.KeyValue(nil), seen.Attributes()...)
	assert.Equal(t, append(kept, attribute.Bool("langsmith.is_root", true)), dialect.LangSmithRoot(seen).Attributes())
}

func TestWhatASpanSaysOfItsPlaceInLangSmithStands(t *testing.T) {
	for _, said := range []attribute.KeyValue{
		attribute.Bool("langsmith.is_root", false),
		attribute.String("langsmith.span.parent_id", "00000000-0000-0000-0000-000000000001"),
	} {
		span := tracetest.SpanStub{Attributes: []attribute.KeyValue{said}}.Snapshot()
		assert.Equal(t, []attribute.KeyValue{said}, dialect.LangSmithRoot(span).Attributes())
	}
}
