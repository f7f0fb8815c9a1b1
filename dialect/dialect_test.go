package dialect_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestParseReadsListsAsPeopleWriteThem(t *testing.T) {
	for list, want := range map[string][]dialect.Dialect{
		"gen_ai":                   {dialect.GenAI},
		"gen_ai,langsmith,llm":     {dialect.GenAI, dialect.LangSmith, dialect.LLM},
		" LangSmith , gen_ai ":     {dialect.LangSmith, dialect.GenAI},
		"llm,":                     {dialect.LLM},
		"openinference":            {dialect.OpenInference},
		",,\tllm\n,":               {dialect.LLM},
		"gen_ai,langsmith,gen_ai,": {dialect.GenAI, dialect.LangSmith, dialect.GenAI},
	} {
		got, err := dialect.Parse(list)
		require.NoError(t, err, list)
		assert.Equal(t, want, got, list)
	}
}

func TestParseNamesTheKnownDialectsAndNotWhatItWasGiven(t *testing.T) {
	for _, list := range []string{"SECRET", "gen_ai,SECRET", "gen_ai;SECRET", "openinferenceSECRET"} {
		got, err := dialect.Parse(list)
		require.Error(t, err, list)
		assert.Nil(t, got)
		assert.NotContains(t, err.Error(), "SECRET")
		for _, known := range append(dialect.Default(), dialect.OpenInference) {
			assert.ErrorContains(t, err, string(known))
		}
	}
	for _, list := range []string{"", " ", ",", " , "} {
		_, err := dialect.Parse(list)
		assert.Error(t, err, "%q names nothing", list)
	}
}

func TestOpenInferenceIsWrittenWhenAskedForOnly(t *testing.T) {
	assert.Equal(t, []dialect.Dialect{"gen_ai", "langsmith", "llm"}, dialect.Default())
}

func TestAnEncoderAppendsAndChangesNothingBeforeIt(t *testing.T) {
	encoders := map[string]func([]attribute.KeyValue, *record.Call) []attribute.KeyValue{
		"gen_ai":        dialect.AppendGenAI,
		"content":       dialect.AppendGenAIContent,
		"langsmith":     dialect.AppendLangSmith,
		"llm":           dialect.AppendLLM,
		"openinference": dialect.AppendOpenInference,
		"media":         dialect.AppendMedia,
		"delivery":      dialect.AppendDelivery,
		"error":         dialect.AppendError,
	}
	for name, encode := range encoders {
		for _, build := range []func() *record.Call{chat, failedChat} {
			c := build()
			if name == "error" && c.Error == nil {
				continue
			}
			before := dialect.AppendGenAIStart(nil, c)
			got := encode(slices.Clip(before), c)
			assert.Equal(t, before, got[:len(before)], name)
			assert.Equal(t, encode(nil, c), append([]attribute.KeyValue(nil), got[len(before):]...), name)
			assert.Equal(t, build(), c, "%s changes the record", name)
		}
	}
}

func TestNoTwoVocabulariesWriteTheSameKey(t *testing.T) {
	unique(t, everything(chat()))
	unique(t, everything(failedChat()))
}

func TestTheVocabulariesKeepToTheirNamespaces(t *testing.T) {
	c := chat()
	for _, kv := range dialect.AppendLangSmith(nil, c) {
		assert.Regexp(t, `^langsmith\.`, kv.Key)
	}
	for _, kv := range dialect.AppendLLM(nil, c) {
		assert.Regexp(t, `^llm\.`, kv.Key)
	}
	for _, kv := range dialect.AppendOpenInference(nil, c) {
		assert.Regexp(t, `^(openinference|llm|embedding|agent)\.`, kv.Key)
	}
	for _, kv := range dialect.AppendGenAI(nil, c) {
		assert.Regexp(t, `^(gen_ai|openai)\.`, kv.Key)
	}
}

func TestAbsentParametersAreAbsentEverywhere(t *testing.T) {
	c := &record.Call{Operation: "chat"}
	keys := []string{}
	for _, kv := range everything(c) {
		keys = append(keys, string(kv.Key))
	}
	assert.ElementsMatch(t, []string{
		"gen_ai.operation.name",
		"langsmith.span.kind", "langsmith.metadata.ls_model_type", "langsmith.metadata.ls_invocation_params",
		"openinference.span.kind",
	}, keys)
}

func TestAZeroThatWasSentIsRecorded(t *testing.T) {
	c := &record.Call{Operation: "chat", Provider: "openai"}
	c.Request.Temperature = record.Some(0.0)
	c.Request.Seed = record.Some(int64(0))
	c.Request.MaxTokens = record.Some(int64(0))
	c.Usage.Input = record.Some(int64(5))
	c.Usage.Output = record.Some(int64(0))
	got := everything(c)
	for key, want := range map[string]any{
		"gen_ai.request.temperature": 0.0, "gen_ai.request.seed": int64(0), "gen_ai.request.max_tokens": int64(0),
		"gen_ai.usage.output_tokens": int64(0), "llm.request.temperature": "0", "llm.request.max_tokens": int64(0),
		"llm.usage.completion_tokens": int64(0), "llm.usage.total_tokens": int64(5),
		"langsmith.metadata.ls_temperature": 0.0, "langsmith.metadata.ls_max_tokens": int64(0),
	} {
		assert.Equal(t, want, value(t, got, key), key)
	}
}

func TestDeliveryTellsRetriesChunksAndWhatIsMissing(t *testing.T) {
	for name, test := range map[string]struct {
		call record.Call
		want map[string]any
	}{
		"at once":         {record.Call{Attempts: 1}, map[string]any{}},
		"at the third go": {record.Call{Attempts: 3}, map[string]any{"http.request.resend_count": int64(2)}},
		"streamed": {
			record.Call{Attempts: 1, Stream: record.Stream{Chunks: 3}},
			map[string]any{"genotel.stream.chunks": int64(3), "genotel.stream.content_chunks": int64(0)},
		},
		"cut off": {record.Call{Outcome: record.Incomplete}, map[string]any{"genotel.response.incomplete": true}},
		"failed":  {record.Call{Outcome: record.Failed}, map[string]any{"genotel.response.incomplete": true}},
		"without content": {
			record.Call{Content: record.ContentState{Truncated: true, Withheld: "redactor_error"}},
			map[string]any{"genotel.content.truncated": true, "genotel.content.withheld": "redactor_error"},
		},
	} {
		got := map[string]any{}
		for _, kv := range dialect.AppendDelivery(nil, &test.call) {
			got[string(kv.Key)] = kv.Value.AsInterface()
		}
		assert.Equal(t, test.want, got, name)
	}
}

func TestAnErrorIsSummedUpByItsIdentifiers(t *testing.T) {
	for want, e := range map[string]record.Error{
		"429 rate_limit_exceeded (requests)": {
			Type: "rate_limit_exceeded", Status: 429, ProviderType: "requests", Message: "MARKER",
		},
		"429":                      {Type: "429", Status: 429},
		"timeout":                  {Type: "timeout"},
		"503 server_error":         {Type: "server_error", Status: 503, ProviderType: "server_error"},
		"500 (server_error)":       {Type: "500", Status: 500, ProviderType: "server_error"},
		"connection_error":         {Type: "connection_error", Message: "MARKER"},
		"400 invalid_value (oops)": {Type: "invalid_value", Code: "MARKER", Status: 400, ProviderType: "oops"},
	} {
		assert.Equal(t, want, dialect.ErrorSummary(&e))
	}
	got := dialect.AppendError(nil, failedChat())
	assert.Equal(t, []attribute.KeyValue{
		attribute.String("error.type", "rate_limit_exceeded"),
		attribute.Int("http.response.status_code", 429),
		attribute.String("genotel.error.code", "rate_limit_exceeded"),
		attribute.String("genotel.error.provider_type", "requests"),
	}, got)
}
