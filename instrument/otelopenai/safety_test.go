package otelopenai_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// reported collects what goes to OpenTelemetry's error handler.
func reported(t *testing.T) func() string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, err.Error())
	}))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(all, "\n")
	}
}

// hostile panics wherever it is told to.
type hostile struct {
	noop.TracerProvider
	where string
}

func (h hostile) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	if h.where == "provider" {
		panic("hostile provider")
	}
	return hostileTracer{Tracer: h.TracerProvider.Tracer(name, opts...)}
}

type hostileTracer struct{ trace.Tracer }

func (hostileTracer) Start(context.Context, string, ...trace.SpanStartOption) (context.Context, trace.Span) {
	panic("hostile tracer")
}

type hostileProcessor struct{ onStart, onEnd bool }

func (p hostileProcessor) OnStart(context.Context, sdktrace.ReadWriteSpan) {
	if p.onStart {
		panic("hostile OnStart")
	}
}

func (p hostileProcessor) OnEnd(sdktrace.ReadOnlySpan) {
	if p.onEnd {
		panic("hostile OnEnd")
	}
}

func (hostileProcessor) Shutdown(context.Context) error   { return nil }
func (hostileProcessor) ForceFlush(context.Context) error { return nil }

func TestAPanickingTelemetryNeverReachesTheApplication(t *testing.T) {
	processor := func(p hostileProcessor) otelgenai.Option {
		return otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(p)))
	}
	for name, opts := range map[string][]otelgenai.Option{
		"tracer":             {otelgenai.WithTracerProvider(hostile{where: "tracer"})},
		"provider":           {otelgenai.WithTracerProvider(hostile{where: "provider"})},
		"processor on start": {processor(hostileProcessor{onStart: true})},
		"processor on end":   {processor(hostileProcessor{onEnd: true})},
		"redactor": {
			otelgenai.WithContent(otelgenai.ContentOnSpan),
			otelgenai.WithRedactor(func(string) (string, error) {
				panic("hostile redactor")
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			errs := reported(t)
			s := newStand(t, inTurn(
				answerJSON(completion), answerStream(delta(0, "a"), finish(0, "stop"), "[DONE]"), refuse(400, "c"),
			), opts...)
			got, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
			require.NoError(t, err)
			assert.Equal(t, "Hello there.", got.Choices[0].Message.Content)
			text, err := stream(t.Context(), t, s.client, params("Hi."))
			require.NoError(t, err)
			assert.Equal(t, "a", text)
			_, err = s.client.Chat.Completions.New(t.Context(), params("Hi."))
			var apiError *openai.Error
			require.ErrorAs(t, err, &apiError)
			assert.Regexp(t, "panic while .*hostile|redactor failed", errs(), "the failure must not be invisible either")
			assert.NotContains(t, errs(), "hostile redactor", "its text may quote the prompt")
		})
	}
}

func TestARedactorThatFailsWithholdsTheContentAndKeepsTheSpan(t *testing.T) {
	errs := reported(t)
	s := newStand(t, answerJSON(completion), otelgenai.WithContent(otelgenai.ContentOnSpan),
		otelgenai.WithRedactor(func(text string) (string, error) {
			if strings.Contains(text, "Hello") {
				return "", errors.New("cannot judge")
			}
			return text, nil
		}))
	_, err := s.client.Chat.Completions.New(t.Context(), params("MARKER"))
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, "redactor_error", attr(span, "genotel.content.withheld"))
	assert.Equal(t, int64(9), attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, []string{"stop"}, attr(span, "gen_ai.response.finish_reasons"))
	assert.NotContains(t, all(s.spans.Ended()), "MARKER")
	assert.Contains(t, errs(), "redactor failed: *errors.errorString")
	assert.NotContains(t, errs(), "cannot judge", "it may quote the prompt")
}

func TestARedactorSeesWholeTextsAndErrors(t *testing.T) {
	redact := otelgenai.WithRedactor(func(text string) (string, error) {
		return strings.ReplaceAll(text, "SECRET", "[removed]"), nil
	})
	s := newStand(t, inTurn(
		answerStream(delta(0, "SEC"), delta(0, "RET"), finish(0, "stop"), "[DONE]"),
		answer(400, "application/json", `{"error":{"message":"SECRET is bad","code":"c"}}`),
	), otelgenai.WithContent(otelgenai.ContentOnSpan), redact)
	_, err := stream(t.Context(), t, s.client, params("SECRET"))
	require.NoError(t, err)
	p := params("x")
	p.Stop = openai.ChatCompletionNewParamsStopUnion{OfStringArray: []string{"SECRET"}}
	_, err = s.client.Chat.Completions.New(t.Context(), p)
	require.Error(t, err)

	everything := all(s.spans.Ended())
	assert.NotContains(t, everything, "SECRET")
	assert.Contains(t, everything, "[removed] is bad")
}

func TestABodyThatIsNotJSONReachesBothSidesUnchanged(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON":            "model=gpt",
		"cut JSON":           `{"model":"gpt-4o","messages":[{"role":"us`,
		"value and more":     `{"model":"gpt-4o"} trailing`,
		"deep":               strings.Repeat(`[`, 100_000),
		"duplicate members":  `{"model":"a","model":"b"}`,
		"wrong types":        `{"model":7,"messages":"x","stop":{},"n":"3","temperature":[],"stream":"yes"}`,
		"invalid UTF-8":      "{\"model\":\"gpt-\xff\",\"messages\":[{\"role\":\"user\",\"content\":\"\xc3\x28\"}]}",
		"nothing":            "",
		"a reader only once": `{"model":"gpt-4o","messages":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				data, _ := io.ReadAll(r.Body)
				got = string(data)
				answerJSON(`{"choices":`).ServeHTTP(w, r)
			}), otelgenai.WithContent(otelgenai.ContentOnSpan))
			var sent io.Reader = strings.NewReader(body)
			if name == "a reader only once" {
				sent = struct{ io.Reader }{sent}
			}
			var answered []byte
			err := s.client.Post(t.Context(), "chat/completions", nil, &answered,
				option.WithRequestBody("application/json", sent), option.WithMaxRetries(0))
			require.NoError(t, err)
			assert.Equal(t, body, got)
			assert.Equal(t, `{"choices":`, string(answered))
			span := s.span(t)
			assert.Equal(t, "decode_error", attr(span, "error.type"))
			if name == "a reader only once" {
				assert.Equal(t, "chat gpt-4o", span.Name())
			}
		})
	}
}

func TestFiftyMegabytesAreCutInTheRecordAndNotOnTheWire(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 100 MB")
	}
	text := strings.Repeat("0123456789abcdef", 50<<20/16)
	var received int64
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		received, _ = io.Copy(io.Discard, r.Body)
		answerJSON(strings.Replace(completion, "Hello there.", text, 1)).ServeHTTP(w, r)
	}), otelgenai.WithContent(otelgenai.ContentOnSpan))
	got, err := s.client.Chat.Completions.New(t.Context(), params(text))
	require.NoError(t, err)
	assert.Len(t, got.Choices[0].Message.Content, len(text))
	assert.Greater(t, received, int64(len(text)))

	span := s.span(t)
	assert.Equal(t, "chat gpt-4o-mini", span.Name())
	assert.Equal(t, int64(9), attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, true, attr(span, "genotel.content.truncated"))
	for _, key := range []string{"gen_ai.input.messages", "gen_ai.output.messages"} {
		content := attr(span, key).(string)
		assert.Less(t, len(content), 5<<20, key)
		assert.Contains(t, content, "bytes cut]", key)
	}
}

func TestTheBodyStaysWritableAfterAnUpgrade(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	upgraded := &duplex{}
	var res *http.Response
	err := s.client.Post(t.Context(), "chat/completions", map[string]any{"model": "m"}, &res, option.WithMaxRetries(0),
		option.WithMiddleware(func(r *http.Request, _ option.MiddlewareNext) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusSwitchingProtocols, Body: upgraded, Header: http.Header{}, Request: r}, nil
		}))
	require.NoError(t, err)
	assert.Same(t, upgraded, res.Body)
	assert.Len(t, s.spans.Ended(), 1)
}

type duplex struct{ strings.Builder }

func (*duplex) Read([]byte) (int, error) { return 0, io.EOF }
func (*duplex) Close() error             { return nil }

func TestTheGlobalProviderMayBeSetAfterTheClientIsMade(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	client := openai.NewClient(otelopenai.WithTracing(), option.WithBaseURL(s.server.URL), option.WithAPIKey("k"),
		option.WithHTTPClient(s.server.Client()))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans)))
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	_, err := client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	assert.Len(t, s.spans.Ended(), 1)
}

func TestNilOptionsAreIgnored(t *testing.T) {
	s := newStand(t, answerJSON(completion), nil, otelgenai.WithTracerProvider(nil), otelgenai.WithRedactor(nil))
	_, err := s.client.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	assert.Len(t, s.spans.Ended(), 1)
}

func TestManyCallsAtOnceConcurrentSafe(t *testing.T) {
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerStream(delta(0, "a"), delta(0, "b"), finish(0, "stop"), usageChunk, "[DONE]").ServeHTTP(w, r)
	}), otelgenai.WithContent(otelgenai.ContentOnSpan))
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			text, err := stream(t.Context(), t, s.client, params("Hi."))
			assert.NoError(t, err)
			assert.Equal(t, "ab", text)
		})
	}
	group.Wait()
	assert.Len(t, s.spans.Ended(), 32)
}
