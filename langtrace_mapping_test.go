package genotel_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
)

// langtraceContract is Langtrace's page about traces of chat completions: its attributes,
// what genotel sends of the call "chat" there, and what another tracer says with it. The
// page knows strings and integers; Langtrace stores all as text.
var langtraceContract = []struct {
	attribute string
	own       string
	sent      attribute.Value
	stored    string
}{
	{"llm.vendor", "openai", attribute.StringValue("openai"), "openai"},
	{"llm.request.model", "gpt-4o-mini", attribute.StringValue("gpt-3.5-turbo"), "gpt-3.5-turbo"},
	{
		"llm.request.messages", `[{"role":"system","content":"Count."},{"role":"user","content":"How many?"}]`,
		attribute.StringValue(`[{"role":"user","content":"Hello"}]`), `[{"role":"user","content":"Hello"}]`,
	},
	{"llm.path", "/v1/chat/completions", attribute.StringValue("/v1/chat/completions"), "/v1/chat/completions"},
	{"llm.request.temperature", "0.25", attribute.Float64Value(0.7), "0.7"},
	{"llm.request.max_tokens", "150", attribute.IntValue(150), "150"},
	{"llm.usage.prompt_tokens", "1000", attribute.IntValue(10), "10"},
	{"llm.usage.completion_tokens", "500", attribute.IntValue(15), "15"},
	{"llm.usage.total_tokens", "1500", attribute.IntValue(25), "25"},
	{
		"llm.tools", `[{"type":"function","function":{"name":"stock_level"}}]`,
		attribute.StringValue(`[{"type":"function","function":{"name":"get_weather","arguments":"{}"}}]`),
		`[{"type":"function","function":{"name":"get_weather","arguments":"{}"}}]`,
	},
}

// toLangtrace is a Langtrace at server.
func toLangtrace(server *oracle.Server) genotel.Option {
	return genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: server.URL})
}

// storedBy returns the spans that Langtrace stores of what it got, by name. Everything
// must be taken and kept.
func storedBy(t *testing.T, server *oracle.Server) map[string]langtraceoracle.Span {
	t.Helper()
	stored := map[string]langtraceoracle.Span{}
	require.NotEmpty(t, server.Captures())
	for _, capture := range server.Captures() {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}})
		assert.True(t, verdict.Accepted, verdict.Reason)
		assert.Zero(t, verdict.LostSpans)
		assert.Empty(t, verdict.Dropped)
		assert.True(t, verdict.ContractHolds, "%v", verdict.Findings)
		for _, s := range verdict.Spans {
			stored[s.Name] = s
		}
	}
	return stored
}

func TestEveryAttributeOfLangtracesContractIsSent(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithServiceName("warehouse"), toLangtrace(server))
	own(t, telemetry, "chat")
	var sent []attribute.KeyValue
	for _, row := range langtraceContract {
		sent = append(sent, attribute.KeyValue{Key: attribute.Key(row.attribute), Value: row.sent})
	}
	_, s := telemetry.TracerProvider().Tracer("openai").Start(t.Context(), "OpenAI ChatCompletion",
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(sent...))
	s.End()
	shutdown(t, telemetry)
	stored := storedBy(t, server)

	for _, row := range langtraceContract {
		t.Run(row.attribute, func(t *testing.T) {
			assert.Equal(t, row.own, stored["chat gpt-4o-mini"].Attributes[row.attribute], "of genotel's instrumentation")
			assert.Equal(t, row.stored, stored["OpenAI ChatCompletion"].Attributes[row.attribute], "of another tracer")
		})
	}
}

func TestLangtraceGetsTheRequestThatItDocuments(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithServiceName("warehouse"), toLangtrace(server))
	own(t, telemetry, "chat")
	own(t, telemetry, "stream")
	shutdown(t, telemetry)

	ids := map[string]bool{}
	for _, capture := range server.Captures() {
		assert.Equal(t, http.MethodPost, capture.Method)
		assert.Equal(t, "/api/trace", capture.Path)
		assert.Equal(t, "key-2", capture.Header.Get("X-Api-Key"))
		assert.Contains(t, capture.Header.Get("User-Agent"), "opentelemetry")
		data, err := oracle.DecodeProtobuf(capture.Body)
		require.NoError(t, err)
		require.Len(t, data.GetResourceSpans(), 1, "it reads no more than the first")
		assert.Equal(t, "warehouse", valueOf(data.GetResourceSpans()[0].GetResource().GetAttributes(), "service.name"))
		for _, scope := range data.GetResourceSpans()[0].GetScopeSpans() {
			assert.NotEmpty(t, scope.GetScope().GetName())
			for _, s := range scope.GetSpans() {
				assert.False(t, ids[string(s.GetSpanId())], "an id is sent twice")
				ids[string(s.GetSpanId())] = true
				assert.Positive(t, s.GetStartTimeUnixNano())
				assert.GreaterOrEqual(t, s.GetEndTimeUnixNano(), s.GetStartTimeUnixNano())
			}
		}
	}
	assert.Len(t, ids, 4)
}
