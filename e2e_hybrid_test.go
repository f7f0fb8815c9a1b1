package genotel_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
	"github.com/genotel/genotel/otelgenai"
)

// The calls of one request to an application, by the names of their spans.
const (
	asked    = "chat gpt-4o-mini"
	refused  = "chat gpt-4o"
	embedded = "embeddings text-embedding-3-small"
	request  = "POST /answers"
)

// answerRequest is an application that handles one request: a streamed answer with a tool
// call, an embedding, and a call that the provider refuses.
func answerRequest(t *testing.T, telemetry *genotel.Telemetry, opts ...otelgenai.Option) {
	t.Helper()
	exchanged := func(file string, status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			body, err := os.ReadFile(filepath.Join("testdata", "exchanges", file))
			assert.NoError(t, err)
			w.Header().Set("Content-Type", "application/json")
			if strings.HasSuffix(file, ".sse") {
				w.Header().Set("Content-Type", "text/event-stream")
			}
			w.WriteHeader(status)
			_, _ = w.Write(body)
		})
	}
	provider := oracle.NewServer(t, exchanged("tool_calls.sse", http.StatusOK), exchanged("embeddings.json", http.StatusOK),
		exchanged("quota.json", http.StatusTooManyRequests))
	client := openai.NewClient(
		otelopenai.WithTracing(append(opts, otelgenai.WithTracerProvider(telemetry.TracerProvider()))...),
		option.WithBaseURL(provider.URL+"/v1"), option.WithAPIKey("sk-provider-secret"), option.WithMaxRetries(0))

	ctx, handled := telemetry.TracerProvider().Tracer("warehouse").Start(t.Context(), request)
	defer handled.End()
	p := openai.ChatCompletionNewParams{
		Model:         "gpt-4o-mini",
		Messages:      []openai.ChatCompletionMessageParamUnion{openai.UserMessage("How many brackets?")},
		StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
		Tools: []openai.ChatCompletionToolUnionParam{
			openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{Name: "stock_level"}),
		},
	}
	stream := client.Chat.Completions.NewStreaming(ctx, p)
	for stream.Next() {
	}
	require.NoError(t, stream.Err())
	require.NoError(t, stream.Close())
	_, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: "text-embedding-3-small",
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a bracket", "a shelf"}},
	})
	require.NoError(t, err)
	p.Model = "gpt-4o"
	_, err = client.Chat.Completions.New(ctx, p)
	require.Error(t, err)
	handled.SetStatus(codes.Error, "no answer")
}

// spansOfARequest is how many spans answerRequest makes.
const spansOfARequest = 4

// three are destinations on loopback, and their servers.
func three(t *testing.T, langsmith, langtrace, collector *oracle.Server) *genotel.Telemetry {
	t.Helper()
	for name, value := range map[string]string{
		"LANGSMITH_API_KEY": "key-1", "LANGSMITH_ENDPOINT": langsmith.URL, "LANGSMITH_PROJECT": "warehouse-bot",
		"LANGSMITH_TRACING_MODE": "hybrid", "LANGTRACE_API_KEY": "key-2", "LANGTRACE_API_HOST": langtrace.URL,
		"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_EXPORTER_OTLP_HEADERS": "api-key=key-3",
	} {
		t.Setenv(name, value)
	}
	return configure(t, genotel.WithGlobal(false), genotel.WithServiceName("warehouse"))
}

func TestThreeDestinationsGetOneTraceEachInItsForm(t *testing.T) {
	for name, dialects := range map[string][]dialect.Dialect{
		"with the vocabularies of all backends on the span": dialect.Default(),
		"with the conventions on the span alone":            {dialect.GenAI},
	} {
		t.Run(name, func(t *testing.T) {
			langsmith, langtrace, collector := oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)
			telemetry := three(t, langsmith, langtrace, collector)
			answerRequest(t, telemetry, otelgenai.WithDialects(dialects...))
			shutdown(t, telemetry)
			for _, stats := range telemetry.Stats() {
				assert.Equal(t, uint64(spansOfARequest), stats.Delivered, stats.Destination)
				assert.Empty(t, stats.Dropped, stats.Destination)
			}
			assertLangSmithsForm(t, langsmith)
			assertLangtracesForm(t, langtrace)
			assertCollectorsForm(t, collector, dialects)
			assertOwnHeaders(t, map[string]*oracle.Server{"key-1": langsmith, "key-2": langtrace, "key-3": collector})
			assertSameTrace(t, spansAt(t, langsmith), spansAt(t, langtrace), spansAt(t, collector))
		})
	}
}

func assertLangSmithsForm(t *testing.T, server *oracle.Server) {
	t.Helper()
	runs, warnings := runsOf(t, server)
	assert.Empty(t, warnings)
	require.Len(t, runs, spansOfARequest)
	assert.Equal(t, []string{request}, rootsAt(t, server))
	assert.Empty(t, runs[request].ParentRunID)
	for name, kind := range map[string]string{request: "chain", asked: "llm", embedded: "embedding", refused: "llm"} {
		assert.Equal(t, kind, runs[name].RunType, name)
		assert.Equal(t, "warehouse-bot", runs[name].SessionName, name)
		if name != request {
			assert.Equal(t, runs[request].ID, runs[name].ParentRunID, name)
		}
	}
	places{
		"inputs.messages": `[{"role":"user","content":"How many brackets?"}]`,
		"outputs.choices": `[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":"I look at the shelf.","tool_calls":[
			{"id":"call_3","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]}}]`,
		"outputs.usage_metadata": `{"input_tokens":80,"output_tokens":20,"total_tokens":100,
			"input_token_details":{"cache_read":64},"output_token_details":{"reasoning":4}}`,
	}.assert(t, runs[asked])
	assert.NotEmpty(t, runs[asked].FirstTokenTime)
	places{"outputs.usage_metadata.input_tokens": `8`}.assert(t, runs[embedded])
	assert.Contains(t, encode(t, runs[embedded].Inputs), "a shelf")
	assert.Equal(t, "error", runs[refused].Status)
	assert.Contains(t, runs[refused].Error, "You exceeded the limit of your plan.")
	for _, s := range spansAt(t, server) {
		for _, kv := range s.GetAttributes() {
			assert.NotRegexp(t, `^(llm|langtrace)\.`, kv.GetKey())
		}
	}
}

func assertLangtracesForm(t *testing.T, server *oracle.Server) {
	t.Helper()
	require.NotEmpty(t, server.Captures())
	stored := map[string]langtraceoracle.Span{}
	for _, capture := range server.Captures() {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}, RequireLLM: true})
		assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
		assert.True(t, verdict.ContractHolds)
		assert.Empty(t, verdict.Dropped)
		for _, s := range verdict.Spans {
			stored[s.Name] = s
			for key := range s.Attributes {
				assert.NotRegexp(t, `^langsmith\.`, key)
			}
		}
	}
	require.Len(t, stored, spansOfARequest)
	assert.Equal(t, []langtraceoracle.Message{{Role: "user", Text: "How many brackets?"}}, stored[asked].UI.Inputs)
	require.Len(t, stored[asked].UI.Outputs, 1)
	assert.Contains(t, stored[asked].UI.Outputs[0].Text, "I look at the shelf.")
	assert.Contains(t, stored[asked].UI.Outputs[0].Text, "stock_level")
	assert.Equal(t, int64(100), *stored[asked].UI.TotalTokens)
	assert.Contains(t, stored[refused].UI.Error, "You exceeded the limit of your plan.")
	assert.Equal(t, "/v1/embeddings", stored[embedded].Attributes["llm.path"])
	assert.Nil(t, stored[request].UI, "it is about no model")
}

// assertCollectorsForm allows what the instrumentation was told to put on the span.
func assertCollectorsForm(t *testing.T, server *oracle.Server, dialects []dialect.Dialect) {
	t.Helper()
	spans := spansAt(t, server)
	require.Len(t, spans, spansOfARequest)
	allowed := `^(gen_ai|openai|genotel|server|error|http)\.`
	if len(dialects) > 1 {
		allowed = `^(gen_ai|openai|genotel|server|error|http|langsmith\.(span|metadata)|llm)\.|^langsmith\.usage_metadata$`
	}
	for _, s := range spans {
		for _, kv := range s.GetAttributes() {
			assert.Regexp(t, allowed, kv.GetKey())
			assert.NotRegexp(t, `^gen_ai\.(system|prompt|completion|(input|output)\.messages|tool\.definitions)$|^llm\.(tools|request\.messages)$`, kv.GetKey())
		}
		for _, event := range s.GetEvents() {
			assert.Equal(t, "exception", event.GetName())
		}
	}
	for _, capture := range server.Captures() {
		assert.Equal(t, "/v1/traces", capture.Path)
		for _, content := range []string{"brackets", "shelf", "A-17", "limit of your plan", "sk-provider"} {
			assert.NotContains(t, string(capture.Body), content)
		}
	}
}

// assertOwnHeaders looks for what belongs to another destination. No server gets the
// provider's key.
func assertOwnHeaders(t *testing.T, servers map[string]*oracle.Server) {
	t.Helper()
	for key, server := range servers {
		require.NotEmpty(t, server.Captures())
		for _, capture := range server.Captures() {
			headers := encode(t, capture.Header)
			assert.Contains(t, headers, key)
			for other := range servers {
				assert.Equal(t, other == key, strings.Contains(headers, other), "%s at the server of %s", other, key)
			}
			assert.NotContains(t, headers, "sk-provider")
			assert.Equal(t, key == "key-1", capture.Header.Get("Langsmith-Project") != "")
		}
	}
}

// assertSameTrace compares the ids of spans.
func assertSameTrace(t *testing.T, destinations ...[]*tracepb.Span) {
	t.Helper()
	type ids struct{ trace, span, parent string }
	trees := make([]map[string]ids, len(destinations))
	for i, spans := range destinations {
		trees[i] = map[string]ids{}
		for _, s := range spans {
			trees[i][s.GetName()] = ids{string(s.GetTraceId()), string(s.GetSpanId()), string(s.GetParentSpanId())}
		}
		assert.Equal(t, trees[0], trees[i])
	}
}

func TestADestinationThatIsGoneOrHangsDelaysNoOther(t *testing.T) {
	for broken, name := range []string{"LangSmith", "Langtrace", "the Collector"} {
		t.Run(name+" is gone", func(t *testing.T) {
			servers := [3]*oracle.Server{oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)}
			servers[broken] = &oracle.Server{URL: "http://127.0.0.1:1"} // nobody listens there
			broke := make(chan struct{})
			close(broke)
			healthyGetAll(t, servers, broken, broke)
		})
		t.Run(name+" hangs", func(t *testing.T) {
			servers := [3]*oracle.Server{oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)}
			hangs := make(chan struct{})
			var once sync.Once
			servers[broken] = oracle.NewServer(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				once.Do(func() { close(hangs) })
				<-r.Context().Done()
			}))
			healthyGetAll(t, servers, broken, hangs)
		})
	}
}

// healthyGetAll answers a request and waits, once the broken destination is broken, until
// the others have every span. It stays broken all the time.
func healthyGetAll(t *testing.T, servers [3]*oracle.Server, broken int, broke <-chan struct{}) {
	t.Helper()
	telemetry := three(t, servers[0], servers[1], servers[2])
	answerRequest(t, telemetry)
	ctx, cancel := context.WithCancel(t.Context())
	flushed := make(chan error, 1)
	go func() { flushed <- telemetry.ForceFlush(ctx) }()
	<-broke
	require.Eventually(t, func() bool {
		for i, stats := range telemetry.Stats() {
			if i != broken && stats.Delivered < spansOfARequest {
				return false
			}
		}
		return true
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, uint64(spansOfARequest), telemetry.Stats()[broken].Queued)
	cancel()
	require.ErrorContains(t, <-flushed, "genotel: flushing "+telemetry.Stats()[broken].Destination)

	ended, end := context.WithCancel(context.WithoutCancel(t.Context()))
	end()
	var loss *genotel.DeliveryError
	require.ErrorAs(t, telemetry.Shutdown(ended), &loss)
	for i, stats := range loss.Stats {
		if i == broken {
			assert.Equal(t, uint64(spansOfARequest), stats.Lost())
			continue
		}
		assert.Equal(t, uint64(spansOfARequest), stats.Delivered, stats.Destination)
		assert.Len(t, spansAt(t, servers[i]), spansOfARequest)
	}
}
