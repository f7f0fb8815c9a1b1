package genotel_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/redact"
)

// toLangSmith is a LangSmith at server.
func toLangSmith(server *oracle.Server) genotel.LangSmith {
	return genotel.LangSmith{APIKey: "key-1", Endpoint: server.URL}
}

// runsOf returns what LangSmith makes of the requests, by the names of runs, and what is
// odd about them.
func runsOf(t *testing.T, server *oracle.Server) (runs map[string]langsmithoracle.Run, warnings []string) {
	t.Helper()
	result, err := langsmithoracle.FromCaptures(server.Captures(), langsmithoracle.Options{Hosted: true})
	require.NoError(t, err)
	assert.Empty(t, result.Rejected)
	runs = map[string]langsmithoracle.Run{}
	for _, run := range result.Runs {
		runs[run.Name] = run
	}
	return runs, result.Warnings
}

// spansAt returns the spans that a server got, compressed or not.
func spansAt(t *testing.T, server *oracle.Server) (spans []*tracepb.Span) {
	t.Helper()
	for _, capture := range server.Captures() {
		body := capture.Body
		if capture.Header.Get("Content-Encoding") == "gzip" {
			compressed, err := gzip.NewReader(bytes.NewReader(body))
			require.NoError(t, err)
			body, err = io.ReadAll(compressed)
			require.NoError(t, err)
		}
		data, err := oracle.DecodeProtobuf(body)
		require.NoError(t, err)
		for _, resource := range data.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				spans = append(spans, scope.GetSpans()...)
			}
		}
	}
	return spans
}

// rootsAt returns the names of the spans that a server got as roots.
func rootsAt(t *testing.T, server *oracle.Server) []string {
	t.Helper()
	names := []string{}
	for _, s := range spansAt(t, server) {
		for _, kv := range s.GetAttributes() {
			if kv.GetKey() == "langsmith.is_root" {
				assert.True(t, kv.GetValue().GetBoolValue(), "LangSmith reads a bool only")
				names = append(names, s.GetName())
			}
		}
	}
	return names
}

// incoming is the context of a request from a service that traces.
func incoming(ctx context.Context) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{
		"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	})
}

// nested makes a span and one below it.
func nested(ctx context.Context, provider trace.TracerProvider) {
	ctx, outer := provider.Tracer("app").Start(ctx, "outer")
	_, inner := provider.Tracer("app").Start(ctx, "inner")
	inner.End()
	outer.End()
}

func TestOnlyTheTopmostSpanIsARootAtLangSmith(t *testing.T) {
	langsmith, collector := oracle.NewServer(t), oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(langsmith)), to(collector))
	nested(t.Context(), telemetry.TracerProvider())
	shutdown(t, telemetry)

	runs, warnings := runsOf(t, langsmith)
	assert.Empty(t, warnings)
	assert.Empty(t, runs["outer"].ParentRunID)
	assert.Equal(t, runs["outer"].ID, runs["inner"].ParentRunID)
	assert.Equal(t, []string{"outer"}, rootsAt(t, langsmith))
	assert.Empty(t, rootsAt(t, collector))
}

func TestASpanBelowAnotherProvidersIsARootAtLangSmith(t *testing.T) {
	langsmith, langtrace, collector := oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(langsmith)), to(collector),
		genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: langtrace.URL}))
	ctx, request := sdktrace.NewTracerProvider().Tracer("http").Start(t.Context(), "GET /")
	nested(ctx, telemetry.TracerProvider())
	request.End()
	shutdown(t, telemetry)

	runs, warnings := runsOf(t, langsmith)
	assert.Empty(t, warnings, "no run may wait for a parent that never comes")
	assert.Empty(t, runs["outer"].ParentRunID)
	assert.Equal(t, runs["outer"].ID, runs["inner"].ParentRunID)
	assert.Equal(t, []string{"outer"}, rootsAt(t, langsmith))
	assert.Empty(t, rootsAt(t, langtrace))
	assert.Empty(t, rootsAt(t, collector))
	for _, s := range spansAt(t, collector) {
		if s.GetName() == "outer" {
			parent := request.SpanContext().SpanID()
			assert.Equal(t, parent[:], s.GetParentSpanId(), "the trace elsewhere stays whole")
		}
	}
}

func TestACallBelowAnotherProvidersSpanIsARootWithItsRecord(t *testing.T) {
	langsmith := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(langsmith)))
	client := newOpenAI(t, telemetry, exchange{file: "answer.json"})
	ctx, request := sdktrace.NewTracerProvider().Tracer("http").Start(t.Context(), "GET /")
	_, err := client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{
		Model: "gpt-4o-mini", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("How many?")},
	})
	require.NoError(t, err)
	request.End()
	shutdown(t, telemetry)

	runs, warnings := runsOf(t, langsmith)
	assert.Empty(t, warnings)
	assert.Contains(t, encode(t, runs["chat gpt-4o-mini"].Outputs), "Forty-two brackets")
	assert.Equal(t, []string{"chat gpt-4o-mini"}, rootsAt(t, langsmith))
}

func TestAttemptsStayBelowTheirCallAtLangSmith(t *testing.T) {
	langsmith := oracle.NewServer(t)
	provider := oracle.NewServer(t, oracle.Status(http.StatusServiceUnavailable, "Retry-After-Ms", "1"),
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"object":"chat.completion","model":"m","choices":[]}`)
		}))
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(langsmith)))
	client := openai.NewClient(otelopenai.WithTracing(otelgenai.WithTracerProvider(telemetry.TracerProvider())),
		option.WithBaseURL(provider.URL+"/v1"), option.WithAPIKey("sk-provider-secret"), option.WithMaxRetries(1))
	_, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: "m"})
	require.NoError(t, err)
	shutdown(t, telemetry)

	runs, warnings := runsOf(t, langsmith)
	assert.Empty(t, warnings)
	assert.Equal(t, []string{"chat m"}, rootsAt(t, langsmith))
	require.Greater(t, len(runs), 1)
	for name, run := range runs {
		if name != "chat m" {
			assert.Equal(t, runs["chat m"].ID, run.ParentRunID, name)
		}
	}
}

func TestARemoteParentIsKeptUnlessItsServiceSendsElsewhere(t *testing.T) {
	const variable = "GENOTEL_LANGSMITH_REMOTE_PARENTS"
	for name, test := range map[string]struct {
		field    genotel.RemoteParents
		variable string
		root     bool
		told     int
	}{
		"default":                     {told: 1},
		"sent, by the field":          {field: genotel.RemoteParentsSent},
		"missing, by the field":       {field: genotel.RemoteParentsMissing, root: true},
		"sent, by the variable":       {variable: " Sent "},
		"missing, by the variable":    {variable: "missing", root: true},
		"the field over the variable": {field: genotel.RemoteParentsSent, variable: "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(variable, test.variable)
			langsmith, collector := oracle.NewServer(t), oracle.NewServer(t)
			logger, log := logged()
			destination := toLangSmith(langsmith)
			destination.RemoteParents = test.field
			telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLogger(logger),
				genotel.WithLangSmith(destination), to(collector))
			nested(incoming(t.Context()), telemetry.TracerProvider())
			nested(incoming(t.Context()), telemetry.TracerProvider())
			nested(t.Context(), telemetry.TracerProvider())
			shutdown(t, telemetry)

			want, parent := []string{"outer"}, "00000000-0000-0000-b7ad-6b7169203331"
			if test.root {
				want, parent = []string{"outer", "outer", "outer"}, ""
			}
			assert.Equal(t, want, rootsAt(t, langsmith))
			assert.Empty(t, rootsAt(t, collector))
			result, err := langsmithoracle.FromCaptures(langsmith.Captures(), langsmithoracle.Options{})
			require.NoError(t, err)
			for _, run := range result.Runs {
				if run.Name == "outer" && run.TraceID == "0af76519-16cd-43dd-8448-eb211c80319c" {
					assert.Equal(t, parent, run.ParentRunID)
				}
			}
			assert.Equal(t, test.told, strings.Count(log.String(), variable), log.String())
		})
	}
}

func TestASpanThatNobodySampledAboveIsARootAtLangSmith(t *testing.T) {
	langsmith := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithSampler(sdktrace.AlwaysSample()),
		genotel.WithLangSmith(toLangSmith(langsmith)))
	nested(trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Remote: true,
	})), telemetry.TracerProvider())
	shutdown(t, telemetry)
	_, warnings := runsOf(t, langsmith)
	assert.Empty(t, warnings)
	assert.Equal(t, []string{"outer"}, rootsAt(t, langsmith))
}

func TestAnApplicationPlacesItsOwnSpansAtLangSmith(t *testing.T) {
	langsmith := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(langsmith)))
	span(telemetry.TracerProvider(), "linked",
		attribute.String("langsmith.span.parent_id", "0197c8f1-0000-7000-8000-000000000001"))
	shutdown(t, telemetry)
	runs, _ := runsOf(t, langsmith)
	assert.Equal(t, "0197c8f1-0000-7000-8000-000000000001", runs["linked"].ParentRunID)
	assert.Empty(t, rootsAt(t, langsmith))
}

func TestEveryWayToLangSmithStampsRoots(t *testing.T) {
	for name, variables := range map[string]func(url string) map[string]string{
		"the key": func(url string) map[string]string {
			return map[string]string{"LANGSMITH_API_KEY": "key-1", "LANGSMITH_ENDPOINT": url}
		},
		"replicas": func(url string) map[string]string {
			return map[string]string{"LANGSMITH_RUNS_ENDPOINTS": `{"` + url + `":"key-1"}`}
		},
		"an OTLP endpoint that is LangSmith's": func(url string) map[string]string {
			return map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": url + "/otel", "OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=key-1",
				"LANGSMITH_ENDPOINT": url,
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := oracle.NewServer(t)
			for variable, value := range variables(server.URL) {
				t.Setenv(variable, value)
			}
			t.Setenv("GENOTEL_LANGSMITH_REMOTE_PARENTS", "missing")
			telemetry := configure(t, genotel.WithGlobal(false))
			nested(incoming(t.Context()), telemetry.TracerProvider())
			shutdown(t, telemetry)
			_, warnings := runsOf(t, server)
			assert.Empty(t, warnings)
			assert.Equal(t, []string{"outer"}, rootsAt(t, server))
		})
	}
}

func TestAnUnknownPlaceOfRemoteParentsIsAnError(t *testing.T) {
	t.Setenv("LANGSMITH_API_KEY", "key-1")
	t.Setenv("GENOTEL_LANGSMITH_REMOTE_PARENTS", "SECRET")
	_, err := genotel.Configure(t.Context(), genotel.WithGlobal(false))
	require.EqualError(t, err, "genotel: configuring: GENOTEL_LANGSMITH_REMOTE_PARENTS: neither sent nor missing")

	_, err = genotel.Configure(t.Context(), genotel.WithGlobal(false),
		genotel.WithLangSmith(genotel.LangSmith{RemoteParents: 17}))
	require.ErrorContains(t, err, "LangSmith.RemoteParents must be")
}

func TestARootBelowAnotherProvidersSpanIsHiddenAndRedactedLikeAnyOther(t *testing.T) {
	t.Setenv("LANGSMITH_HIDE_METADATA", "true")
	t.Setenv("LANGSMITH_HIDE_INPUTS", "true")
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithRedactor(redact.New(redact.All()...)),
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: server.URL}))
	ctx, above := sdktrace.NewTracerProvider().Tracer("other").Start(t.Context(), "above")
	ctx, theirs := telemetry.TracerProvider().Tracer("theirs").Start(ctx, "for bob@example.com", trace.WithAttributes(
		attribute.String("gen_ai.system", "openai"), attribute.String("gen_ai.request.model", "gpt-4o-mini"),
		attribute.String("metadata", `{"plan":"LABEL"}`), attribute.String("gen_ai.prompt.0.content", "QUESTION"),
		attribute.String("gen_ai.completion.0.content", "You are bob@example.com")))
	_, below := telemetry.TracerProvider().Tracer("theirs").Start(ctx, "below")
	below.End()
	theirs.End()
	above.End()
	shutdown(t, telemetry)

	require.Len(t, server.Captures(), 1)
	body := decompressed(t, server.Captures()[0])
	sent := string(body)
	for _, hidden := range []string{"bob@example.com", "LABEL", "QUESTION"} {
		assert.NotContains(t, sent, hidden)
	}
	assert.Contains(t, sent, `"content":"You are [email]"`)
	roots := map[string]bool{}
	data, err := oracle.DecodeProtobuf(body)
	require.NoError(t, err)
	for _, s := range data.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans() {
		roots[s.GetName()] = strings.Contains(s.String(), "langsmith.is_root")
	}
	assert.Equal(t, map[string]bool{"for [email]": true, "below": false}, roots)
}
