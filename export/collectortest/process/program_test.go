package process

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
	"github.com/genotel/genotel/otelgenai"
)

// contents are what only those may see who get content.
var contents = []string{"brackets", "Forty", "limit of your plan"}

func configure(t *testing.T, opts ...genotel.Option) *genotel.Telemetry {
	t.Helper()
	telemetry, err := genotel.Configure(t.Context(), append([]genotel.Option{
		genotel.WithGlobal(false), genotel.WithServiceName("warehouse"),
		genotel.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = telemetry.Shutdown(t.Context()) }) // where a test has not come to its own
	return telemetry
}

// converse makes three spans: a call, a stream and a failure.
func converse(t *testing.T, telemetry *genotel.Telemetry) {
	t.Helper()
	ctx := t.Context()
	params := openai.ChatCompletionNewParams{
		Model: "gpt-4o-mini", Temperature: openai.Float(0.2),
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("How many brackets are left?")},
	}
	client := newClient(t, telemetry, http.StatusOK, "answer.json")
	_, err := client.Chat.Completions.New(ctx, params)
	require.NoError(t, err)

	client = newClient(t, telemetry, http.StatusOK, "answer.sse")
	stream := client.Chat.Completions.NewStreaming(ctx, params)
	for stream.Next() {
	}
	require.NoError(t, stream.Err())
	require.NoError(t, stream.Close())

	client = newClient(t, telemetry, http.StatusTooManyRequests, "quota.json")
	_, err = client.Chat.Completions.New(ctx, params)
	require.Error(t, err)
}

// newClient returns a client of a provider that answers with the file.
func newClient(t *testing.T, telemetry *genotel.Telemetry, status int, file string) openai.Client {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "exchanges", file))
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(file, ".sse") {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	return openai.NewClient(
		otelopenai.WithTracing(
			otelgenai.WithTracerProvider(telemetry.TracerProvider()), otelgenai.WithDialects(dialect.GenAI)),
		option.WithBaseURL(server.URL+"/v1"), option.WithAPIKey("key-of-provider"), option.WithMaxRetries(0),
		option.WithHTTPClient(server.Client()))
}

// received returns the spans that the server has got, each with its resource and scope,
// as JSON by its id.
func received(t *testing.T, server *oracle.Server) map[string]string {
	t.Helper()
	spans := map[string]string{}
	for _, capture := range server.Captures() {
		data, err := oracle.DecodeProtobuf(plain(t, capture))
		require.NoError(t, err)
		for _, resource := range data.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					id := hex.EncodeToString(span.GetSpanId())
					require.NotContains(t, spans, id, "a span came twice")
					spans[id] = encoded(t, resource, scope, span)
				}
			}
		}
	}
	return spans
}

func encoded(
	t *testing.T, resource *tracepb.ResourceSpans, scope *tracepb.ScopeSpans, span *tracepb.Span,
) string {
	t.Helper()
	text, err := oracle.EncodeJSON(&tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource: resource.GetResource(), SchemaUrl: resource.GetSchemaUrl(),
		ScopeSpans: []*tracepb.ScopeSpans{{
			Scope: scope.GetScope(), SchemaUrl: scope.GetSchemaUrl(), Spans: []*tracepb.Span{span},
		}},
	}}})
	require.NoError(t, err)
	return string(text)
}

// plain is the body as it was before its compression.
func plain(t *testing.T, capture oracle.Capture) []byte {
	t.Helper()
	if capture.Header.Get("Content-Encoding") != "gzip" {
		return capture.Body
	}
	reader, err := gzip.NewReader(bytes.NewReader(capture.Body))
	require.NoError(t, err)
	body, err := io.ReadAll(reader)
	require.NoError(t, err)
	return body
}

// assertNoContent also looks for what the span need not have: the vocabularies of others.
func assertNoContent(t *testing.T, spans map[string]string) {
	t.Helper()
	for _, span := range spans {
		for _, text := range append(contents, `"langsmith.`, `"llm.`) {
			assert.NotContains(t, span, text)
		}
		assert.Contains(t, span, `"gen_ai.request.model"`)
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
