package genotel_test

import (
	"context"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
	"github.com/genotel/genotel/otelgenai"
)

// said is a context in which everything is said.
func said(ctx context.Context) context.Context {
	ctx = otelgenai.WithSession(ctx, "thread-1")
	ctx = otelgenai.WithUser(ctx, "LABEL-user")
	ctx = otelgenai.WithMetadata(ctx, map[string]any{"plan": "LABEL-plan", "shelf": 7, "urgent": true, "rate": 0.5, "sites": []string{"north"}})
	ctx = otelgenai.WithTags(ctx, "stock", "urgent")
	ctx = otelgenai.WithPromptTemplate(ctx, "greeting", "3", map[string]any{"name": "Ada"})
	ctx = otelgenai.WithRunName(ctx, "answer")
	return otelgenai.WithReferenceExample(ctx, "0197c8f1-0000-7000-8000-000000000005")
}

// family makes a trace of a root, a tool, an HTTP request and a call to a model.
func family(t *testing.T, telemetry *genotel.Telemetry) {
	t.Helper()
	tracer := telemetry.TracerProvider().Tracer("app")
	ctx, root := tracer.Start(said(t.Context()), "root", trace.WithAttributes(attribute.String("langsmith.span.kind", "chain")))
	defer root.End()
	ctx, tool := tracer.Start(ctx, "tool", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "execute_tool"), attribute.String("gen_ai.tool.name", "stock_level")))
	defer tool.End()
	_, plain := tracer.Start(ctx, "GET", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("http.request.method", "GET")))
	plain.End()
	client := newOpenAI(t, telemetry, answered)
	_, err := client.Chat.Completions.New(ctx, params(), option.WithMaxRetries(0))
	require.NoError(t, err)
}

func TestLangSmithFindsThreadTagsAndMetadataOnEveryRun(t *testing.T) {
	for _, dialects := range []string{"", "gen_ai"} {
		t.Run(dialects, func(t *testing.T) {
			t.Setenv("GENOTEL_DIALECTS", dialects)
			server := oracle.NewServer(t)
			telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(server)))
			family(t, telemetry)
			shutdown(t, telemetry)

			runs, warnings := runsOf(t, server)
			assert.Empty(t, warnings)
			require.Len(t, runs, 4)
			for name, run := range runs {
				metadata, ok := run.Extra["metadata"].(map[string]any)
				require.True(t, ok, name)
				assert.Equal(t, "thread-1", metadata["thread_id"], name)
				assert.Equal(t, "LABEL-user", metadata["user_id"], name)
				assert.Equal(t, "LABEL-plan", metadata["plan"], name)
				assert.EqualValues(t, 7, metadata["shelf"], name)
				assert.Equal(t, true, metadata["urgent"], name)
				assert.InDelta(t, 0.5, metadata["rate"], 0, name)
				assert.Equal(t, `["north"]`, metadata["sites"], name)
				assert.Equal(t, []string{"stock", "urgent"}, run.Tags, name)
			}
			require.Contains(t, runs, "answer", "the root has the name of the run")
			assert.Equal(t, "0197c8f1-0000-7000-8000-000000000005", runs["answer"].ReferenceExampleID)
			assert.Empty(t, runs["tool"].ReferenceExampleID)
			kinds := map[string]string{}
			for name, run := range runs {
				kinds[name] = run.RunType
			}
			assert.Equal(t, map[string]string{"answer": "chain", "tool": "tool", "GET": "chain", "chat gpt-4o-mini": "llm"}, kinds)
		})
	}
}

func TestLangSmithsOwnMetadataOfAModelCallIsTheApplications(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(server)))
	client := newOpenAI(t, telemetry, answered)
	ctx := otelgenai.WithMetadata(t.Context(), map[string]any{"ls_agent_type": "subagent", "ls_provider": "mine"})
	_, err := client.Chat.Completions.New(ctx, params(), option.WithMaxRetries(0))
	require.NoError(t, err)
	shutdown(t, telemetry)
	runs, _ := runsOf(t, server)
	metadata, ok := runs["chat gpt-4o-mini"].Extra["metadata"].(map[string]any)
	require.True(t, ok)
	assert.Equal(t, "subagent", metadata["ls_agent_type"])
	assert.Equal(t, "openai", metadata["ls_provider"], "but for what names the model, which has a price")
}

func TestLangtraceFindsSessionAndUserOnEverySpan(t *testing.T) {
	t.Setenv("GENOTEL_DIALECTS", "gen_ai")
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), toLangtrace(server))
	family(t, telemetry)
	shutdown(t, telemetry)

	spans := storedBy(t, server)
	require.Len(t, spans, 4)
	for name, span := range spans {
		assert.Equal(t, "thread-1", span.Attributes["session.id"], name)
		assert.Equal(t, "LABEL-user", span.Attributes["user_id"], name)
	}
	call := spans["chat gpt-4o-mini"].Attributes
	assert.Equal(t, "greeting", call["prompt_id"])
	assert.Equal(t, "3", call["prompt_version"])
}

func TestPhoenixFindsSessionUserTagsAndMetadataOnEverySpan(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithOTLP(genotel.Phoenix(server.URL, "")))
	family(t, telemetry)
	shutdown(t, telemetry)

	spans := spansAt(t, server)
	require.Len(t, spans, 4)
	for _, span := range spans {
		attributes := map[string]*commonpb.AnyValue{}
		for _, kv := range span.GetAttributes() {
			attributes[kv.GetKey()] = kv.GetValue()
		}
		assert.Equal(t, "thread-1", attributes["session.id"].GetStringValue())
		assert.Equal(t, "LABEL-user", attributes["user.id"].GetStringValue())
		var tags []string
		for _, tag := range attributes["tag.tags"].GetArrayValue().GetValues() {
			tags = append(tags, tag.GetStringValue())
		}
		assert.Equal(t, []string{"stock", "urgent"}, tags)
		assert.JSONEq(t, `{"plan":"LABEL-plan","rate":0.5,"shelf":7,"sites":"[\"north\"]","urgent":true}`,
			attributes["metadata"].GetStringValue())
	}
}

func TestHiddenMetadataIsNotToldByAContextEither(t *testing.T) {
	t.Setenv("LANGSMITH_HIDE_METADATA", "true")
	langsmith, collector := oracle.NewServer(t), oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), to(collector), genotel.WithLangSmith(toLangSmith(langsmith)))
	family(t, telemetry)
	shutdown(t, telemetry)

	var sent, elsewhere string
	for _, capture := range langsmith.Captures() {
		sent += string(decompressed(t, capture))
	}
	for _, capture := range collector.Captures() {
		elsewhere += string(capture.Body)
	}
	for _, hidden := range []string{"LABEL", "thread-1"} {
		assert.NotContains(t, sent, hidden)
		assert.Contains(t, elsewhere, hidden)
	}
	runs, _ := runsOf(t, langsmith)
	require.Len(t, runs, 4)
	for name, run := range runs {
		assert.Equal(t, []string{"stock", "urgent"}, run.Tags, "%s: tags are no metadata", name)
	}
}

func TestARedactorSeesWhatAContextSays(t *testing.T) {
	e := newEverywhere(t)
	telemetry := configure(t, append(e.options(), genotel.WithRedactor(func(text string) (string, error) {
		return strings.ReplaceAll(text, "bob@example.com", "[email]"), nil
	}))...)
	ctx := otelgenai.WithSession(t.Context(), "bob@example.com")
	ctx = otelgenai.WithUser(ctx, "bob@example.com")
	ctx = otelgenai.WithTags(ctx, "bob@example.com")
	ctx = otelgenai.WithMetadata(ctx, map[string]any{"mail": "bob@example.com", "list": []string{"bob@example.com"}})
	ctx = otelgenai.WithPromptTemplate(ctx, "greeting", "3", map[string]any{"mail": "bob@example.com"})
	ctx = otelgenai.WithRunName(ctx, "for bob@example.com")
	client := newOpenAI(t, telemetry, answered)
	_, err := client.Chat.Completions.New(ctx, params())
	require.NoError(t, err)
	_, plain := telemetry.TracerProvider().Tracer("app").Start(ctx, "plain")
	plain.End()
	shutdown(t, telemetry)

	for destination, bytes := range e.received(t) {
		assert.NotEmpty(t, bytes, destination)
		assert.NotContains(t, bytes, "bob@example", destination)
		if destination != "console" {
			assert.Contains(t, bytes, "[email]", destination)
		}
	}
}

func TestTwoConfiguresLabelASpanOnce(t *testing.T) {
	first, second := oracle.NewServer(t), oracle.NewServer(t)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(otelgenai.NewContextProcessor()))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	one := configure(t, genotel.WithTracerProvider(provider), to(first))
	two := configure(t, genotel.WithTracerProvider(provider), to(second))
	family(t, one)
	shutdown(t, one)
	shutdown(t, two)
	for _, server := range []*oracle.Server{first, second} {
		spans := spansAt(t, server)
		require.Len(t, spans, 4)
		for _, span := range spans {
			seen := map[string]bool{}
			for _, kv := range span.GetAttributes() {
				assert.False(t, seen[kv.GetKey()], kv.GetKey())
				seen[kv.GetKey()] = true
			}
			assert.True(t, seen["session.id"])
		}
	}
}

func TestEveryAttributeOfAContextIsDocumented(t *testing.T) {
	restore := onLoopback()
	defer restore()
	t.Setenv("GENOTEL_DIALECTS", "langsmith,llm,openinference")
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	client := openai.NewClient(otelopenai.WithTracing(otelgenai.WithTracerProvider(provider), otelgenai.WithContent(otelgenai.ContentOnSpan)))
	ctx := otelgenai.WithProject(otelgenai.WithSession(t.Context(), "s"), "p")
	ctx = otelgenai.WithTags(otelgenai.WithUser(ctx, "u"), "t")
	ctx = otelgenai.WithMetadata(ctx, map[string]any{"<name>": 1})
	ctx = otelgenai.WithPromptTemplate(ctx, "p", "1", map[string]any{"<name>": 1})
	ctx = otelgenai.WithReferenceExample(otelgenai.WithRunName(ctx, "n"), "e")
	_, err := client.Chat.Completions.New(ctx, params())
	require.NoError(t, err)
	page := documents(t)["docs/attributes.md"]
	require.Len(t, spans.GetSpans(), 1)
	for _, kv := range spans.GetSpans()[0].Attributes {
		if !strings.Contains(page, "`"+string(kv.Key)+"`") { // without printing the page
			t.Errorf("no row for %s", kv.Key)
		}
	}
}
