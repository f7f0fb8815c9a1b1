package genotel_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
)

// labeled makes a call to a model, and a span of another instrumentation with metadata in
// all vocabularies that LangSmith reads.
func labeled(t *testing.T, telemetry *genotel.Telemetry) {
	t.Helper()
	require.NoError(t, ask(t, telemetry, answered))
	_, span := telemetry.TracerProvider().Tracer("theirs").Start(t.Context(), "theirs", trace.WithAttributes(
		attribute.String("input.value", "How many are left?"), attribute.String("output.value", "Forty-two."),
		attribute.String("llm.system", "openai"), attribute.String("llm.model_name", "gpt-4o"),
		attribute.String("langsmith.metadata.session_id", "LABEL"), attribute.String("langsmith.metadata.customer", "LABEL"),
		attribute.String("traceloop.association.properties.tenant", "LABEL"), attribute.String("metadata", `{"plan":"LABEL"}`)))
	span.End()
}

func TestLangSmithGetsNoMetadataThatAVariableHides(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		content   genotel.Content
		hidden    bool
	}{
		"default":                   {},
		"hidden":                    {variables: map[string]string{"LANGSMITH_HIDE_METADATA": "true"}, hidden: true},
		"hidden by 1":               {variables: map[string]string{"LANGSMITH_HIDE_METADATA": "1"}, hidden: true},
		"hidden by the alias":       {variables: map[string]string{"LANGCHAIN_HIDE_METADATA": "True"}, hidden: true},
		"not hidden":                {variables: map[string]string{"LANGSMITH_HIDE_METADATA": "false"}},
		"the alias is not the last": {variables: map[string]string{"LANGSMITH_HIDE_METADATA": "false", "LANGCHAIN_HIDE_METADATA": "true"}},
		"hidden, content included": {
			variables: map[string]string{"LANGSMITH_HIDE_METADATA": "true"}, content: genotel.ContentInclude, hidden: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range test.variables {
				t.Setenv(variable, value)
			}
			langsmith, collector := oracle.NewServer(t), oracle.NewServer(t)
			logger, logs := logged()
			telemetry := configure(t, genotel.WithGlobal(false), genotel.WithServiceName("LABEL"), genotel.WithLogger(logger), to(collector),
				genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: langsmith.URL, Content: test.content}))
			labeled(t, telemetry)
			shutdown(t, telemetry)

			result, err := langsmithoracle.FromCaptures(langsmith.Captures(), langsmithoracle.Options{Hosted: true})
			require.NoError(t, err)
			require.Len(t, result.Runs, 2)
			for _, run := range result.Runs {
				metadata, _ := run.Extra["metadata"].(map[string]any)
				assert.Equal(t, "openai", metadata["ls_provider"])
				assert.Contains(t, metadata["ls_model_name"], "gpt-4o")
				assert.NotEmpty(t, run.Inputs, "no metadata")
				assert.NotEmpty(t, run.Outputs, "no metadata")
				if test.hidden {
					for _, known := range []string{"OTEL_TRACE_ID", "OTEL_SPAN_ID", "ls_provider", "ls_model_name", "ls_model_type"} {
						delete(metadata, known)
					}
					assert.Empty(t, metadata)
				} else {
					assert.Equal(t, "LABEL", metadata["service.name"])
				}
			}
			var sent, elsewhere string
			for _, capture := range langsmith.Captures() {
				sent += string(decompressed(t, capture))
			}
			for _, capture := range collector.Captures() {
				elsewhere += string(capture.Body)
			}
			for _, text := range []string{"LABEL", "ls_invocation_params"} {
				if test.hidden {
					assert.NotContains(t, sent, text)
				} else {
					assert.Contains(t, sent, text)
				}
				assert.Contains(t, elsewhere, text, "it is LangSmith's variable")
			}
			assert.Contains(t, encode(t, result.Runs), `"total_tokens":1089`, "it is no metadata")
			if test.hidden {
				assert.Contains(t, logs.String(), "with content, without metadata")
			} else {
				assert.NotContains(t, logs.String(), "without metadata")
			}
		})
	}
}
