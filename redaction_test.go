package genotel_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/console"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/redact"
)

// leaks are what no destination may get: two secrets, as they are and as JSON can write
// them, and the halves of what came in pieces.
var leaks = []string{"bob@example", "b@example", `bob\u0040example`, `bob\\u0040example`, "bob%40example", "4111 1", "4111+1", "1111 1111"}

// leaking answers each kind of call of [confide]: a stream in whose chunks both secrets are
// cut in two, one in the text and one in the arguments of a tool, and an error that quotes.
func leaking(w http.ResponseWriter, r *http.Request) {
	request, _ := io.ReadAll(r.Body)
	if !bytes.Contains(request, []byte(`"stream":true`)) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"type":"invalid_request_error","code":"bad","message":"cannot answer bob@example.com"}}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, delta := range []string{
		`{"role":"assistant","content":"Write to bob@exa"}`, `{"content":"mple.com"}`, `{"content":" at once."}`,
		`{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"pay","arguments":"{\"card\":\"4111 11"}}]}`,
		`{"tool_calls":[{"index":0,"function":{"arguments":"11 1111 1111\",\"to\":\"bob\\u0040"}}]}`,
		`{"tool_calls":[{"index":0,"function":{"arguments":"example.com\"}"}}]}`,
	} {
		_, _ = io.WriteString(w, `data: {"id":"c1","model":"gpt-4o-mini","choices":[{"index":0,"delta":`+delta+`}]}`+"\n\n")
	}
	_, _ = io.WriteString(w, `data: {"id":"c1","model":"gpt-4o-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\n"+
		`data: {"id":"c1","model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29}}`+"\n\n"+
		"data: [DONE]\n\n")
}

// confide tells secrets to a model by a stream and by a call that fails, and makes two
// spans in the way of other instrumentations.
func confide(t *testing.T, provider trace.TracerProvider, opts ...otelgenai.Option) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(leaking))
	t.Cleanup(server.Close)
	client := openai.NewClient(
		otelopenai.WithTracing(append(opts, otelgenai.WithTracerProvider(provider))...), option.WithBaseURL(server.URL+"/v1"),
		option.WithAPIKey("sk-provider-secret"), option.WithMaxRetries(0), option.WithHTTPClient(server.Client()))
	p := openai.ChatCompletionNewParams{
		Model: "gpt-4o-mini", Stop: openai.ChatCompletionNewParamsStopUnion{OfStringArray: []string{"bob@example.com"}},
		Messages: []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage("You serve bob@example.com."),
			openai.ToolMessage(`{"found":"bob\u0040example.com"}`, "call_0"),
			openai.UserMessage("I am bob@example.com, charge 4111 1111 1111 1111."),
		},
		Tools: []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
			Name: "pay", Description: openai.String("Pays for bob@example.com."),
			Parameters: openai.FunctionParameters{"type": "object", "title": "bob@example.com"},
		})},
	}
	stream := client.Chat.Completions.NewStreaming(t.Context(), p)
	for stream.Next() {
	}
	require.NoError(t, stream.Err())
	require.NoError(t, stream.Close())
	_, err := client.Chat.Completions.New(t.Context(), p)
	require.Error(t, err)
	others(t, provider)
}

// others makes spans in the vocabularies of other instrumentations.
func others(t *testing.T, provider trace.TracerProvider) {
	t.Helper()
	tracer := provider.Tracer("theirs")
	_, span := tracer.Start(t.Context(), "ask for bob@example.com", trace.WithAttributes(
		attribute.String("openinference.span.kind", "LLM"),
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"I am bob\u0040example.com"}]}]`),
		attribute.String("input.value", `{"messages":[{"content":"I am bob@example.com"}]}`),
		attribute.String("llm.input_messages.0.message.content", "I am bob@example.com"),
		attribute.String("traceloop.entity.output", "You are bob@example.com"),
		attribute.String("traceloop.association.properties.customer", "bob@example.com"),
		attribute.String("metadata", `{"customer":"bob@example.com"}`),
		attribute.StringSlice("tag.tags", []string{"bob@example.com"})))
	span.AddEvent("gen_ai.user.message", trace.WithAttributes(attribute.String("content", "I am bob@example.com")))
	span.RecordError(errors.New("no bob@example.com"), trace.WithStackTrace(true))
	span.SetStatus(codes.Error, "no bob@example.com")
	span.End()
	_, span = tracer.Start(t.Context(), "GET", trace.WithAttributes(
		attribute.String("url.full", "http://host/users/bob@example.com?to=bob%40example.com&card=4111+1111+1111+1111"),
		attribute.String("url.path", "/users/bob@example.com")))
	span.End()
}

// confided is the number of spans that confide makes.
const confided = 4

// everywhere is one destination of each kind, and what they got.
type everywhere struct {
	langsmith, langtrace, including, plain *oracle.Server
	file                                   string
	terminal                               *terminal
}

func newEverywhere(t *testing.T) *everywhere {
	t.Helper()
	return &everywhere{
		langsmith: oracle.NewServer(t), langtrace: oracle.NewServer(t), including: oracle.NewServer(t), plain: oracle.NewServer(t),
		file: filepath.Join(t.TempDir(), "spans.jsonl"), terminal: &terminal{},
	}
}

func (e *everywhere) options() []genotel.Option {
	return []genotel.Option{
		genotel.WithGlobal(false), genotel.WithServiceName("warehouse"),
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: e.langsmith.URL}),
		genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: e.langtrace.URL}),
		genotel.WithOTLP(genotel.OTLP{Name: "including", Endpoint: e.including.URL, Content: genotel.ContentInclude}),
		genotel.WithOTLP(genotel.OTLP{Name: "plain", Endpoint: e.plain.URL}),
		genotel.WithFile(genotel.File{Path: e.file, Content: genotel.ContentInclude}),
		genotel.WithConsole(e.terminal, console.WithASCII(false)),
	}
}

// received is all that came, decompressed, by destination.
func (e *everywhere) received(t *testing.T) map[string]string {
	t.Helper()
	lines, err := os.ReadFile(e.file)
	require.NoError(t, err)
	all := map[string]string{"file": string(lines), "console": e.terminal.String()}
	for name, server := range map[string]*oracle.Server{
		"langsmith": e.langsmith, "langtrace": e.langtrace, "including": e.including, "plain": e.plain,
	} {
		for _, capture := range server.Captures() {
			all[name] += string(decompressed(t, capture))
		}
	}
	return all
}

func decompressed(t *testing.T, capture oracle.Capture) []byte {
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

func assertNoLeak(t *testing.T, received map[string]string) {
	t.Helper()
	require.Len(t, received, 6)
	for destination, bytes := range received {
		assert.NotEmpty(t, bytes, destination)
		for _, leak := range leaks {
			if at := strings.Index(bytes, leak); at >= 0 {
				t.Errorf("%s got %q in %q", destination, leak, bytes[max(0, at-80):min(len(bytes), at+80)])
			}
		}
	}
}

func assertDelivered(t *testing.T, telemetry *genotel.Telemetry) {
	t.Helper()
	for _, stats := range telemetry.Stats() {
		assert.Empty(t, stats.Dropped, stats.Destination)
		assert.Equal(t, uint64(confided), stats.Delivered+stats.LeftOut, stats.Destination)
		if stats.Destination != "console" {
			assert.Zero(t, stats.LeftOut, stats.Destination)
		}
	}
}

func TestTheScenarioLeaksWithoutARedactor(t *testing.T) {
	e := newEverywhere(t)
	telemetry := configure(t, e.options()...)
	confide(t, telemetry.TracerProvider(), otelgenai.WithContent(otelgenai.ContentOnSpan))
	shutdown(t, telemetry)
	assertDelivered(t, telemetry)
	for destination, bytes := range e.received(t) {
		assert.Contains(t, bytes, "bob@example.com", destination)
	}
}

func TestWithARedactorNoDestinationGetsASecret(t *testing.T) {
	for where, opts := range map[string][]otelgenai.Option{
		"content beside the span": nil, "content on it": {otelgenai.WithContent(otelgenai.ContentOnSpan)},
	} {
		t.Run(where, func(t *testing.T) {
			e := newEverywhere(t)
			telemetry := configure(t, append(e.options(), genotel.WithRedactor(redact.New(redact.All()...)))...)
			confide(t, telemetry.TracerProvider(), opts...)
			shutdown(t, telemetry)
			assertDelivered(t, telemetry)
			received := e.received(t)
			assertNoLeak(t, received)
			for destination, bytes := range received {
				assert.Contains(t, bytes, "[email]", destination)
				if destination != "plain" || opts != nil {
					assert.Contains(t, bytes, "I am [email], charge [card]", destination)
				}
			}
			assert.Contains(t, e.terminal.String(), "Prompt       I am [email], charge [card]")
			assertShown(t, e)
		})
	}
}

// assertShown judges what LangSmith and Langtrace make of the redacted conversation.
func assertShown(t *testing.T, e *everywhere) {
	t.Helper()
	result, err := langsmithoracle.FromCaptures(e.langsmith.Captures(), langsmithoracle.Options{Hosted: true})
	require.NoError(t, err)
	require.Len(t, result.Runs, confided)
	runs := map[string]langsmithoracle.Run{}
	for _, run := range result.Runs {
		runs[run.Name+" "+run.Status] = run
	}
	streamed := runs["chat gpt-4o-mini success"]
	assert.Equal(t, []any{map[string]any{
		"index": 0.0, "finish_reason": "stop", "message": map[string]any{
			"role": "assistant", "content": "Write to [email] at once.", "tool_calls": []any{map[string]any{
				"id": "call_1", "type": "function",
				"function": map[string]any{"name": "pay", "arguments": `{"card":"[card]","to":"[email]"}`},
			}},
		},
	}}, streamed.Outputs["choices"])
	assert.Contains(t, encode(t, streamed.Outputs), `"total_tokens":29`)
	assert.Contains(t, runs["chat gpt-4o-mini error"].Error, "cannot answer [email]")
	foreign := runs["ask for [email] error"]
	assert.Equal(t, map[string]any{"messages": []any{map[string]any{"content": "I am [email]"}}}, foreign.Inputs)
	assert.Contains(t, foreign.Error, "no [email]")

	for _, capture := range e.langtrace.Captures() {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}})
		assert.Equal(t, http.StatusOK, verdict.Status, verdict.Reason)
	}
}

func TestARedactorThatFailsCostsTheContentAndNoSpan(t *testing.T) {
	for failure, redactor := range map[string]otelgenai.Redactor{
		"panic": func(text string) (string, error) { panic("cannot judge " + text) },
		"error": func(text string) (string, error) { return text, errors.New("cannot judge " + text) },
	} {
		for where, opts := range map[string][]otelgenai.Option{
			"content beside the span": nil, "content on it": {otelgenai.WithContent(otelgenai.ContentOnSpan)},
		} {
			t.Run(failure+"/"+where, func(t *testing.T) {
				told := reported(t)
				e := newEverywhere(t)
				telemetry := configure(t, append(e.options(), genotel.WithRedactor(redactor))...)
				confide(t, telemetry.TracerProvider(), opts...)
				shutdown(t, telemetry)
				assertDelivered(t, telemetry)
				received := e.received(t)
				assertNoLeak(t, received)
				for destination, bytes := range received {
					for _, content := range []string{"charge", "at once", "cannot answer", "I am"} {
						assert.NotContains(t, bytes, content, destination)
					}
					if destination != "console" {
						assert.Contains(t, bytes, "genotel.content.withheld", destination)
						assert.Contains(t, bytes, "redactor_error", destination)
					}
				}
				assert.Contains(t, e.terminal.String(), "Prompt       (withheld)")
				assert.NotEmpty(t, told())
				for _, problem := range told() {
					assert.NotContains(t, problem, "bob@")
				}
				usage, err := langsmithoracle.FromCaptures(e.langsmith.Captures(), langsmithoracle.Options{})
				require.NoError(t, err)
				assert.Contains(t, encode(t, usage.Runs), `"total_tokens":29`)
			})
		}
	}
}

// reported collects what OpenTelemetry's error handler is told.
func reported(t *testing.T) func() []string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	before := otel.GetErrorHandler()
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, err.Error())
	}))
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func TestTheProgramNeverWaitsForTheRedactor(t *testing.T) {
	e := newEverywhere(t)
	judge := make(chan struct{})
	telemetry := configure(t, append(e.options(), genotel.WithRedactor(func(string) (string, error) {
		<-judge
		return "", nil
	}))...)
	confide(t, telemetry.TracerProvider(), otelgenai.WithContent(otelgenai.ContentOnSpan)) // would wait forever
	close(judge)
	shutdown(t, telemetry)
	assertDelivered(t, telemetry)
}

func TestWhatIsRedactedForOneConfigureIsWholeForAllOthers(t *testing.T) {
	first, second := newEverywhere(t), oracle.NewServer(t)
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	redacting := configure(t, append(first.options(), genotel.WithTracerProvider(provider), genotel.WithRedactor(redact.New(redact.All()...)))...)
	other := configure(t, genotel.WithTracerProvider(provider), genotel.WithGlobal(false),
		genotel.WithOTLP(genotel.OTLP{Endpoint: second.URL, Content: genotel.ContentInclude}))
	confide(t, provider)
	shutdown(t, redacting)
	shutdown(t, other)
	assertNoLeak(t, first.received(t))
	var whole strings.Builder
	for _, capture := range second.Captures() {
		whole.Write(capture.Body)
	}
	for _, text := range []string{"Write to bob@example.com at once.", "charge 4111 1111 1111 1111", "cannot answer bob@example.com"} {
		assert.Contains(t, whole.String(), text)
	}
	var names []string
	for _, span := range spans.Ended() {
		names = append(names, span.Name())
	}
	assert.Contains(t, names, "ask for bob@example.com")
	require.NoError(t, provider.Shutdown(context.WithoutCancel(t.Context())))
}

func TestASpanBelowOneOfAnotherProviderIsRedacted(t *testing.T) {
	e := newEverywhere(t)
	telemetry := configure(t, append(e.options(), genotel.WithRedactor(redact.New(redact.All()...)))...)
	theirs := sdktrace.NewTracerProvider()
	ctx, parent := theirs.Tracer("theirs").Start(t.Context(), "above")
	_, span := telemetry.TracerProvider().Tracer("theirs").Start(ctx, "ask bob@example.com",
		trace.WithAttributes(attribute.String("gen_ai.operation.name", "chat")))
	span.End()
	parent.End()
	require.NoError(t, theirs.Shutdown(context.WithoutCancel(t.Context())))
	shutdown(t, telemetry)
	received := e.received(t)
	delete(received, "console") // which shows no names
	for destination, bytes := range received {
		assert.Contains(t, bytes, "ask [email]", destination)
		assert.NotContains(t, bytes, "bob@example", destination)
	}
}

func TestRedactedContentOnASpanStaysJSON(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false), genotel.WithRedactor(func(text string) (string, error) {
		return strings.ReplaceAll(text, "bob@example.com", `"he"`), nil
	}))
	confide(t, telemetry.TracerProvider(), otelgenai.WithContent(otelgenai.ContentOnSpan))
	shutdown(t, telemetry)
	seen := 0
	for _, capture := range server.Captures() {
		data, err := oracle.DecodeProtobuf(capture.Body)
		require.NoError(t, err)
		for _, scope := range data.GetResourceSpans()[0].GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				for _, kv := range span.GetAttributes() {
					if strings.HasSuffix(kv.GetKey(), ".messages") {
						seen++
						assert.True(t, json.Valid([]byte(kv.GetValue().GetStringValue())), kv.GetValue().GetStringValue())
						assert.Contains(t, kv.GetValue().GetStringValue(), `\"he\"`)
					}
				}
			}
		}
	}
	assert.Equal(t, 4, seen, "of the stream, of the failed call and of the foreign span")
}
