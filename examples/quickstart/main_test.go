package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/internal/golden"
	"github.com/genotel/genotel/internal/oracle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// isolate removes the settings of whoever runs the tests.
func isolate(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		for _, prefix := range []string{"OPENAI_", "LANGSMITH_", "LANGCHAIN_", "LANGTRACE_", "OTEL_", "TRACE_", "GENOTEL_"} {
			if strings.HasPrefix(name, prefix) && name != "GENOTEL_UPDATE_GOLDEN" {
				t.Setenv(name, "") // restores the value after the test
				require.NoError(t, os.Unsetenv(name))
			}
		}
	}
}

var (
	anyTime  = regexp.MustCompile(` +(<1 ms|\d+ ms|\d+\.\d\d s)`)
	anyTrace = regexp.MustCompile(`trace [0-9a-f]{32}`)
)

// masked replaces what differs from run to run.
func masked(output string) string {
	output = anyTime.ReplaceAllString(output, " TIME")
	return anyTrace.ReplaceAllString(output, "trace ID")
}

func TestTheProgramNeedsNothing(t *testing.T) {
	isolate(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	golden.Equal(t, []byte(masked(out.String())), "testdata/output.golden")
}

func TestTheReadmeShowsWhatTheProgramPrints(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	printed, err := os.ReadFile("testdata/output.golden")
	require.NoError(t, err)
	assert.Contains(t, masked(string(readme)), strings.TrimSpace(string(printed)))
}

func TestSpansReachTheEndpointInTheEnvironment(t *testing.T) {
	isolate(t)
	collector := oracle.NewServer(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	assert.Contains(t, out.String(), "Spans are sent to otlp.")
	assert.Contains(t, out.String(), "otlp: 7 of 7 spans delivered\n")

	names := map[string]int{}
	for _, request := range collector.Captures() {
		assert.Equal(t, "/v1/traces", request.Path)
		assert.NotContains(t, string(request.Body), "Bergen", "a plain endpoint gets no content")
		data, err := oracle.DecodeProtobuf(request.Body)
		require.NoError(t, err)
		for _, resource := range data.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					names[span.GetName()]++
				}
			}
		}
	}
	assert.Equal(t, map[string]int{
		"weather question": 1, "chat gpt-4o-mini": 3, "execute_tool get_weather": 1, "POST": 2,
	}, names)
}

func TestAnEndpointThatRefusesSpansIsReported(t *testing.T) {
	isolate(t)
	collector := oracle.NewServer(t, oracle.Status(http.StatusBadRequest))
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	var out bytes.Buffer
	err := run(t.Context(), &out)
	require.ErrorContains(t, err, "spans not delivered: otlp 7 lost (send_error 7")
	assert.Contains(t, out.String(), "otlp: 0 of 7 spans delivered, 7 lost (send_error)\n")
	assert.Contains(t, out.String(), "Pack the hooded jacket", "a backend that fails does not disturb the conversation")
}

func TestWithAKeyItTalksToTheModelThatTheEnvironmentNames(t *testing.T) {
	isolate(t)
	url, stop, err := startDemoServer(t.Context())
	require.NoError(t, err)
	defer func() { assert.NoError(t, stop()) }()
	t.Setenv("OPENAI_API_KEY", "sk-secret")
	t.Setenv("OPENAI_BASE_URL", url)
	t.Setenv("OPENAI_MODEL", "some-model")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	assert.Contains(t, out.String(), "Talking to some-model, because OPENAI_API_KEY is set.\n")
	assert.Contains(t, out.String(), "─ chat some-model ")
	assert.NotContains(t, out.String(), "sk-secret")
}

func TestAWrongSettingIsAnErrorBeforeAnythingIsSent(t *testing.T) {
	isolate(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "not a URL")
	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), &out), "OTEL_EXPORTER_OTLP_ENDPOINT")
	assert.Empty(t, out.String())
}

func TestAnInterruptedConversationIsTracedUpToThere(t *testing.T) {
	isolate(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := &interrupter{at: "Pack", cancel: cancel}
	err := run(ctx, out)
	require.ErrorIs(t, err, context.Canceled)
	assert.Contains(t, out.String(), "chat gpt-4o-mini")
	assert.Regexp(t, `weather question .*\n│  error        conversation broke off`, out.String())
}

// interrupter cancels a context as soon as it has been written a text.
type interrupter struct {
	bytes.Buffer
	at     string
	cancel context.CancelFunc
}

func (w *interrupter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.at) {
		w.cancel()
	}
	return w.Buffer.Write(p)
}

func TestEveryFactOfASpanIsPrinted(t *testing.T) {
	span := tracetest.SpanStub{
		Name: "chat o-model",
		Attributes: []attribute.KeyValue{
			attribute.String("gen_ai.operation.name", "chat"),
			attribute.String("gen_ai.request.model", "o-model"),
			attribute.Int("gen_ai.usage.input_tokens", 900),
			attribute.Int("gen_ai.usage.cache_read.input_tokens", 512),
			attribute.Int("gen_ai.usage.output_tokens", 300),
			attribute.Int("gen_ai.usage.reasoning.output_tokens", 256),
			attribute.StringSlice("gen_ai.response.finish_reasons", []string{"stop", "length"}),
			attribute.Float64("genotel.stream.time_to_first_content", 1.5),
			attribute.Int("genotel.stream.chunks", 40),
			attribute.Int("genotel.stream.content_chunks", 38),
			attribute.Int("http.request.resend_count", 2),
			attribute.Int("http.response.status_code", 429),
			attribute.String("error.type", "rate_limit_exceeded"),
		},
		Status: sdktrace.Status{Code: codes.Error, Description: "429 rate_limit_exceeded"},
	}
	assert.Equal(t, []fact{
		{"model", "o-model"},
		{"tokens", "900 in (512 cached), 300 out (256 reasoning)"},
		{"finish", "stop, length"},
		{"first token", "1.50 s"},
		{"stream", "40 chunks, 38 with text"},
		{"attempts", "3"},
		{"status", "429"},
		{"error", "rate_limit_exceeded"},
	}, facts(span.Snapshot()))
}

func TestAToolTellsTheModelWhatWentWrong(t *testing.T) {
	_, err := weather("get_news", `{}`)
	require.EqualError(t, err, "no such tool")
	for _, arguments := range []string{"", "[]", "{}", `{"city":7}`} {
		_, err = weather("get_weather", arguments)
		require.EqualError(t, err, "the arguments must name a city", arguments)
	}
}
