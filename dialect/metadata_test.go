package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
)

func TestWithoutMetadataLangSmithStillFindsModelAndPrice(t *testing.T) {
	s := stub(chat())
	s.Resource = resource.NewSchemaless(attribute.String("service.name", "warehouse"))
	hidden := []string{
		"langsmith.metadata.session_id", "langsmith.metadata.customer", "traceloop.association.properties.customer",
		"metadata", "session.id", "user.id", "user_id",
	}
	s.Attributes = append(s.Attributes, with("MARKER-m", hidden)...)
	view := dialect.LangSmithView(all)
	plain, bare := view(s.Snapshot(), chat()), dialect.WithoutMetadata(view)(s.Snapshot(), chat())

	kept := map[attribute.Key]bool{
		"langsmith.metadata.ls_provider": true, "langsmith.metadata.ls_model_name": true, "langsmith.metadata.ls_model_type": true,
	}
	gone := map[attribute.Key]bool{
		"langsmith.metadata.ls_temperature": true, "langsmith.metadata.ls_max_tokens": true, "langsmith.metadata.ls_stop": true,
		"langsmith.metadata.ls_invocation_params": true,
	}
	for _, key := range hidden {
		gone[attribute.Key(key)] = true
	}
	var want []attribute.KeyValue
	for _, kv := range plain.Attributes() {
		if !gone[kv.Key] {
			want = append(want, kv)
			delete(kept, kv.Key)
		}
		delete(gone, kv.Key)
	}
	assert.Empty(t, kept, "the call has them all")
	assert.Empty(t, gone, "and the others, too")
	assert.Equal(t, want, bare.Attributes())
	assert.Zero(t, bare.Resource().Len())
	assert.Equal(t, plain.Events(), bare.Events())
	assert.Equal(t, plain.Name(), bare.Name())
}

func TestWithoutMetadataASpanOfOthersKeepsItsContent(t *testing.T) {
	s := tracetest.SpanStub{Name: "theirs", Attributes: with("x", []string{"input.value", "metadata", "llm.model_name"})}
	seen := dialect.WithoutMetadata(dialect.LangSmithView(all))(s.Snapshot(), nil)
	assert.Equal(t, with("x", []string{"input.value", "llm.model_name"}), seen.Attributes())
}
