package otelgenai_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestACallIsOneClientSpanWithItsOwnTimes(t *testing.T) {
	span := newStand(t).call(t, nil)
	assert.Equal(t, "chat gpt-4o-mini", span.Name())
	assert.Equal(t, trace.SpanKindClient, span.SpanKind())
	assert.Equal(t, began, span.StartTime().UTC())
	assert.Equal(t, began.Add(2*time.Second), span.EndTime().UTC())
	assert.Equal(t, sdktrace.Status{Code: codes.Unset}, span.Status())
	assert.Empty(t, span.Events())
	assert.Equal(t, int64(9), attr(span, "gen_ai.usage.input_tokens"))
}

func TestTimesThatNobodySetAreNow(t *testing.T) {
	s := newStand(t)
	before := time.Now()
	_, op := s.Begin(t.Context(), &record.Call{Operation: "chat"})
	op.End(0, nil)
	span := s.spans.Ended()[0]
	assert.False(t, span.StartTime().Before(before))
	assert.False(t, span.EndTime().Before(span.StartTime()))
	assert.WithinDuration(t, before, span.EndTime(), time.Minute)
}

func TestTheContextCarriesTheSpan(t *testing.T) {
	s := newStand(t)
	ctx, parent := s.provider.Tracer("app").Start(t.Context(), "parent")
	ctx, op := s.Begin(ctx, chat())
	assert.Equal(t, op.Span().SpanContext(), trace.SpanContextFromContext(ctx))
	op.End(0, nil)
	assert.Equal(t, parent.SpanContext().SpanID(), s.spans.Ended()[0].Parent().SpanID())
}

func TestASpanEndsOnceWhoeverCallsEnd(t *testing.T) {
	s := newStand(t)
	_, op := s.Begin(t.Context(), chat())
	answered(op.Call())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { op.End(0, nil) })
	}
	all.Wait()
	require.Len(t, s.spans.Ended(), 1)
	assert.Equal(t, "chatcmpl-1", attr(s.spans.Ended()[0], "gen_ai.response.id"))
	op.Attempt(t.Context(), otelgenai.Attempt{Method: "POST"})
	assert.Len(t, s.spans.Ended(), 1, "nothing comes after End")
}

// watchingSampler remembers what it was asked, and decides as it is told.
type watchingSampler struct {
	decision sdktrace.SamplingDecision
	asked    []sdktrace.SamplingParameters
}

func (w *watchingSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	w.asked = append(w.asked, p)
	return sdktrace.SamplingResult{Decision: w.decision}
}

func (*watchingSampler) Description() string { return "watching" }

func TestASamplerSeesWhatItMayDecideBy(t *testing.T) {
	sampler := &watchingSampler{decision: sdktrace.RecordAndSample}
	in := otelgenai.NewInstrumentor("test", otelgenai.WithTracerProvider(
		sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler))))
	_, op := in.Begin(t.Context(), chat())
	op.End(0, nil)
	require.Len(t, sampler.asked, 1)
	assert.Equal(t, "chat gpt-4o-mini", sampler.asked[0].Name)
	assert.Equal(t, trace.SpanKindClient, sampler.asked[0].Kind)
	assert.ElementsMatch(t, []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.provider.name", "openai"),
		attribute.String("gen_ai.request.model", "gpt-4o-mini"),
		attribute.String("server.address", "api.openai.com"),
		attribute.Int("server.port", 443),
	}, sampler.asked[0].Attributes)
}

func TestACallThatIsNotSampledDecodesNothing(t *testing.T) {
	l := &listener{}
	in := otelgenai.NewInstrumentor("test", otelgenai.WithContent(otelgenai.ContentOnSpan),
		otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(
			sdktrace.WithSampler(&watchingSampler{decision: sdktrace.Drop}), sdktrace.WithSpanProcessor(l))))
	ctx, op := in.Begin(t.Context(), chat())
	assert.False(t, op.Recording())
	assert.False(t, op.WantsContent())
	assert.False(t, op.WantsAttempts())
	assert.True(t, trace.SpanContextFromContext(ctx).IsValid(), "the trace goes on")
	op.SetModel("other")
	assert.Equal(t, "gpt-4o-mini", op.Call().Request.Model)
	op.Attempt(ctx, otelgenai.Attempt{Method: "POST"})
	op.End(0, func(*record.Call) { t.Error("decoded") })
	assert.Empty(t, l.slips)
}

func TestAModelThatIsKnownLateRenamesTheSpan(t *testing.T) {
	s := newStand(t)
	call := chat()
	call.Request.Model = ""
	_, op := s.Begin(t.Context(), call)
	op.SetModel("")
	op.SetModel("gpt-4o")
	answered(op.Call())
	op.End(0, nil)
	span := s.spans.Ended()[0]
	assert.Equal(t, "chat gpt-4o", span.Name())
	assert.Equal(t, "gpt-4o", attr(span, "gen_ai.request.model"))
	assert.Equal(t, "gpt-4o", attr(span, "llm.request.model"))
}

func TestWithoutAModelTheSpanIsNamedByTheOperation(t *testing.T) {
	s := newStand(t)
	call := chat()
	call.Request.Model = ""
	_, op := s.Begin(t.Context(), call)
	op.SetModel("")
	op.End(0, nil)
	assert.Equal(t, "chat", s.spans.Ended()[0].Name())
	assert.Nil(t, attr(s.spans.Ended()[0], "gen_ai.request.model"))
}

// fail makes a call that the provider refused.
func (s *stand) fail(t *testing.T, message string) sdktrace.ReadOnlySpan {
	t.Helper()
	_, op := s.Begin(t.Context(), chat())
	c := op.Call()
	c.Attempts, c.Outcome, c.Timing.End = 1, record.Failed, began.Add(time.Second)
	c.Error = &record.Error{
		Type: "rate_limit_exceeded", Code: "rate_limit_exceeded", ProviderType: "requests", Status: 429, Message: message,
	}
	op.End(0, nil)
	return s.spans.Ended()[0]
}

// exception returns the attributes of the one event that the span must have.
func exception(t *testing.T, span sdktrace.ReadOnlySpan) map[string]any {
	t.Helper()
	require.Len(t, span.Events(), 1)
	assert.Equal(t, "exception", span.Events()[0].Name)
	attributes := map[string]any{}
	for _, kv := range span.Events()[0].Attributes {
		attributes[string(kv.Key)] = kv.Value.AsInterface()
	}
	return attributes
}

func TestAFailureHasStatusTypeAndOneExceptionWithoutTheProvidersText(t *testing.T) {
	span := newStand(t).fail(t, "MARKER is too long")
	assert.Equal(t, sdktrace.Status{Code: codes.Error, Description: "429 rate_limit_exceeded (requests)"}, span.Status())
	assert.Equal(t, "rate_limit_exceeded", attr(span, "error.type"))
	assert.Equal(t, int64(429), attr(span, "http.response.status_code"))
	assert.Equal(t, map[string]any{
		"exception.type": "rate_limit_exceeded", "exception.message": "429 rate_limit_exceeded (requests)",
	}, exception(t, span))
	assert.Equal(t, began.Add(time.Second), span.Events()[0].Time.UTC())
	for _, kv := range span.Attributes() {
		assert.NotContains(t, kv.Value.String(), "MARKER", kv.Key)
	}
}

func TestTheProvidersTextIsContentAndCutShort(t *testing.T) {
	s := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan))
	span := s.fail(t, "MARKER: "+strings.Repeat("é", 1000)) // the cut falls into a rune
	message := exception(t, span)["exception.message"].(string)
	assert.True(t, strings.HasPrefix(message, "MARKER: é"))
	assert.LessOrEqual(t, len(message), 512)
	assert.True(t, utf8.ValidString(message))
	assert.Equal(t, "429 rate_limit_exceeded (requests)", span.Status().Description, "the status never quotes")
}

func TestWithoutATextTheExceptionIsDescribedAllTheSame(t *testing.T) {
	span := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan)).fail(t, "")
	assert.Equal(t, "429 rate_limit_exceeded (requests)", exception(t, span)["exception.message"])
}

func TestAnIncompleteAnswerIsNoError(t *testing.T) {
	s := newStand(t)
	_, op := s.Begin(t.Context(), chat())
	answered(op.Call())
	op.Call().Outcome = record.Incomplete
	op.End(0, nil)
	span := s.spans.Ended()[0]
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Nil(t, attr(span, "error.type"))
	assert.Empty(t, span.Events())
	assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
}

func TestAFailureThatNobodyDescribedDoesNoHarm(t *testing.T) {
	s := newStand(t)
	_, op := s.Begin(t.Context(), chat())
	op.Call().Outcome = record.Failed
	op.End(0, nil)
	assert.Len(t, s.spans.Ended(), 1)
}

func TestAnAttemptIsAPlainHTTPSpanBelowTheCall(t *testing.T) {
	s := newStand(t)
	ctx, op := s.Begin(t.Context(), chat())
	require.True(t, op.WantsAttempts())
	op.Attempt(ctx, otelgenai.Attempt{
		Method: "POST", URL: "https://api.openai.com/v1/chat/completions", Status: 503, ErrorType: "503",
		Start: began, End: began.Add(time.Second),
	})
	op.Attempt(ctx, otelgenai.Attempt{
		Number: 1, Method: "POST", URL: "https://api.openai.com/v1/chat/completions", Status: 200,
		Start: began.Add(time.Second), End: began.Add(2 * time.Second),
	})
	answered(op.Call())
	op.End(0, nil)
	require.Len(t, s.spans.Ended(), 3)
	first, second, call := s.spans.Ended()[0], s.spans.Ended()[1], s.spans.Ended()[2]

	common := []attribute.KeyValue{
		attribute.String("http.request.method", "POST"),
		attribute.String("url.full", "https://api.openai.com/v1/chat/completions"),
		attribute.String("server.address", "api.openai.com"), attribute.Int("server.port", 443),
	}
	assert.ElementsMatch(t, append(common[:4:4], attribute.Int("http.response.status_code", 503),
		attribute.String("error.type", "503")), first.Attributes())
	assert.ElementsMatch(t, append(common[:4:4], attribute.Int("http.response.status_code", 200),
		attribute.Int("http.request.resend_count", 1)), second.Attributes())
	assert.Equal(t, codes.Error, first.Status().Code)
	assert.Equal(t, codes.Unset, second.Status().Code)
	assert.Equal(t, began, first.StartTime().UTC())
	assert.Equal(t, began.Add(time.Second), first.EndTime().UTC())
	for _, attempt := range []sdktrace.ReadOnlySpan{first, second} {
		assert.Equal(t, "POST", attempt.Name())
		assert.Equal(t, trace.SpanKindClient, attempt.SpanKind())
		assert.Equal(t, call.SpanContext().SpanID(), attempt.Parent().SpanID())
		assert.Empty(t, attempt.Events(), "an exception would fail the run at LangSmith")
	}
	assert.Equal(t, codes.Unset, call.Status().Code)
	assert.Empty(t, call.Events())
}

func TestAttemptsCanBeSwitchedOff(t *testing.T) {
	s := newStand(t, otelgenai.WithAttemptSpans(false))
	ctx, op := s.Begin(t.Context(), chat())
	assert.False(t, op.WantsAttempts())
	op.Attempt(ctx, otelgenai.Attempt{Method: "POST"})
	op.Call().Attempts = 3
	op.End(0, nil)
	require.Len(t, s.spans.Ended(), 1)
	assert.Equal(t, int64(2), attr(s.spans.Ended()[0], "http.request.resend_count"))
}

func TestAnAttemptThatDidNotReachTheServerHasNoStatus(t *testing.T) {
	s := newStand(t)
	ctx, op := s.Begin(t.Context(), chat())
	op.Attempt(ctx, otelgenai.Attempt{Method: "POST", ErrorType: "connection_error"})
	op.End(0, nil)
	assert.Nil(t, attr(s.spans.Ended()[0], "http.response.status_code"))
	assert.Equal(t, "connection_error", attr(s.spans.Ended()[0], "error.type"))
}

func TestIdentityAndUsageOutliveASmallAttributeLimit(t *testing.T) {
	limits := sdktrace.NewSpanLimits()
	limits.AttributeCountLimit = 10
	spans := tracetest.NewSpanRecorder()
	in := otelgenai.NewInstrumentor("test", otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithTracerProvider(
		sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithRawSpanLimits(limits))))
	_, op := in.Begin(t.Context(), chat())
	answered(op.Call())
	op.End(0, say("it"))
	for _, key := range []string{
		"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.id",
		"gen_ai.response.finish_reasons", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
	} {
		assert.NotNil(t, attr(spans.Ended()[0], key), key)
	}
}

func TestAPanickingDecoderCostsTheContentAndNothingElse(t *testing.T) {
	errs := reported(t)
	half := func(c *record.Call) {
		say("MARKER")(c)
		panic("half way")
	}
	s := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithRedactor(
		func(string) (string, error) { return "[removed]", nil }))
	span := s.call(t, half)
	assert.Equal(t, int64(9), attr(span, "gen_ai.usage.input_tokens"))
	for _, kv := range span.Attributes() {
		assert.NotContains(t, kv.Value.String(), "MARKER", "%s: it was not redacted yet", kv.Key)
	}
	assert.NotNil(t, attr(span, "genotel.content.withheld"))
	require.Len(t, errs(), 1)
	assert.Contains(t, errs()[0], "panic while decoding content: string")
	assert.NotContains(t, errs()[0], "half way", "it may quote the prompt")
}

func TestAProviderThatReturnsNoContextIsNoReasonToPanic(t *testing.T) {
	reported(t)
	in := otelgenai.NewInstrumentor("test", otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(
		sdktrace.WithSampler(panicking{}))))
	ctx, op := in.Begin(t.Context(), chat())
	assert.Equal(t, t.Context(), ctx)
	assert.False(t, op.Recording())
	require.NotNil(t, op.Span())
	assert.False(t, op.Span().IsRecording())
	op.SetModel("m")
	op.Attempt(ctx, otelgenai.Attempt{})
	op.End(0, nil)
}

type panicking struct{}

func (panicking) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult { panic("hostile") }

func (panicking) Description() string { return "panicking" }

func TestBegin_ConcurrentSafe(t *testing.T) {
	s := newStand(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, op := s.Begin(context.WithoutCancel(t.Context()), chat())
			answered(op.Call())
			op.End(0, say("it"))
		})
	}
	all.Wait()
	assert.Len(t, s.spans.Ended(), 20)
}

func TestAProviderThatTheAnswerNamedReplacesTheAssumedOne(t *testing.T) {
	s := newStand(t)
	c := chat()
	c.ProviderAssumed = true
	_, op := s.Begin(t.Context(), c)
	started := s.spans.Started()[0]
	assert.Equal(t, "openai", attr(started, "gen_ai.provider.name"))
	answered(c)
	c.Provider, c.ProviderAssumed = "ollama", false
	c.API, c.Response.ServiceTier = "chat_completions", "default"
	op.End(0, nil)

	span := s.spans.Ended()[0]
	assert.Equal(t, "ollama", attr(span, "gen_ai.provider.name"))
	assert.Equal(t, "ollama", attr(span, "llm.vendor"))
	assert.Equal(t, "ollama", attr(span, "langsmith.metadata.ls_provider"))
	assert.Empty(t, keys(span, "openai."))
	names := 0
	for _, kv := range span.Attributes() {
		if kv.Key == "gen_ai.provider.name" {
			names++
		}
	}
	assert.Equal(t, 1, names)
}
