package otelgenai_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// labels returns the attributes of a span that are about its context, by key.
func labels(t *testing.T, span sdktrace.ReadOnlySpan) map[string]any {
	t.Helper()
	found := map[string]any{}
	for _, kv := range span.Attributes() {
		switch key := string(kv.Key); {
		case key == "session.id", key == "user.id", key == "user_id", key == "gen_ai.conversation.id", key == "tag.tags", key == "metadata",
			strings.HasPrefix(key, "langsmith.") && !strings.HasPrefix(key, "langsmith.metadata.ls_") && key != "langsmith.span.kind" &&
				key != "langsmith.usage_metadata":
			require.NotContains(t, found, key)
			found[key] = kv.Value.AsInterface()
		}
	}
	return found
}

// callIn makes a whole call and returns its span.
func (s *stand) callIn(ctx context.Context) sdktrace.ReadOnlySpan {
	_, op := s.Begin(ctx, chat())
	answered(op.Call())
	op.End(0, nil)
	ended := s.spans.Ended()
	return ended[len(ended)-1]
}

// allSaid is a context in which all is said.
func allSaid(ctx context.Context) context.Context {
	ctx = otelgenai.WithSession(ctx, "thread-1")
	ctx = otelgenai.WithUser(ctx, "user-1")
	ctx = otelgenai.WithMetadata(ctx, map[string]any{"plan": "pro", "shelf": 7, "urgent": true, "rate": 0.5, "sites": []string{"north", "<south>"}})
	ctx = otelgenai.WithTags(ctx, "stock", "urgent")
	ctx = otelgenai.WithProject(ctx, "shelves")
	ctx = otelgenai.WithRunName(ctx, "answer")
	return otelgenai.WithReferenceExample(ctx, "0197c8f1-0000-7000-8000-000000000005")
}

var allWritten = map[string]any{
	"session.id": "thread-1", "user.id": "user-1", "user_id": "user-1",
	"langsmith.metadata.thread_id": "thread-1", "langsmith.metadata.user_id": "user-1",
	"langsmith.metadata.plan": "pro", "langsmith.metadata.shelf": int64(7), "langsmith.metadata.urgent": true,
	"langsmith.metadata.rate": 0.5, "langsmith.metadata.sites": `["north","<south>"]`,
	"langsmith.span.tags": "stock,urgent", "langsmith.trace.session_name": "shelves",
	"langsmith.trace.name": "answer", "langsmith.reference_example_id": "0197c8f1-0000-7000-8000-000000000005",
}

func TestACallCarriesWhatItsContextSays(t *testing.T) {
	want := map[string]any{"gen_ai.conversation.id": "thread-1"}
	maps.Copy(want, allWritten)
	s := newStand(t)
	assert.Equal(t, want, labels(t, s.callIn(allSaid(t.Context()))))
	assert.Empty(t, labels(t, s.callIn(t.Context())))
	assert.Equal(t, "chat gpt-4o-mini", s.spans.Ended()[0].Name(), "the name of the run is LangSmith's alone")
}

func TestWhatAContextSaysIsInTheVocabulariesOfTheSpan(t *testing.T) {
	ctx := otelgenai.WithTags(otelgenai.WithMetadata(otelgenai.WithUser(t.Context(), "u"), map[string]any{"a": 1, "b": "x"}), "t")
	plain := newStand(t, otelgenai.WithDialects(dialect.GenAI))
	assert.Equal(t, map[string]any{"user.id": "u"}, labels(t, plain.callIn(ctx)))
	inference := newStand(t, otelgenai.WithDialects(dialect.OpenInference))
	assert.Equal(t, map[string]any{"user.id": "u", "tag.tags": []string{"t"}, "metadata": `{"a":1,"b":"x"}`}, labels(t, inference.callIn(ctx)))
}

func TestSamplersSeeWhatAContextSays(t *testing.T) {
	var seen []attribute.KeyValue
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler(func(p sdktrace.SamplingParameters) { seen = p.Attributes })))
	in := otelgenai.NewInstrumentor("test", otelgenai.WithTracerProvider(provider))
	_, op := in.Begin(otelgenai.WithUser(t.Context(), "vip"), chat())
	op.End(0, nil)
	assert.Contains(t, seen, attribute.String("user.id", "vip"))
}

// sampler drops every span.
type sampler func(sdktrace.SamplingParameters)

func (f sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	f(p)
	return sdktrace.SamplingResult{Decision: sdktrace.Drop}
}

func (sampler) Description() string { return "test" }

func TestTheNearestWins(t *testing.T) {
	s := newStand(t,
		otelgenai.WithClientMetadata(map[string]any{"environment": "production", "team": "client"}),
		otelgenai.WithClientMetadata(map[string]any{"version": 2}),
		otelgenai.WithClientTags("client", "shared"))
	client := map[string]any{
		"langsmith.metadata.environment": "production", "langsmith.metadata.team": "client", "langsmith.metadata.version": int64(2),
		"langsmith.span.tags": "client,shared",
	}
	assert.Equal(t, client, labels(t, s.callIn(t.Context())))

	outer := otelgenai.WithTags(otelgenai.WithMetadata(t.Context(), map[string]any{"team": "outer", "request": "r1"}), "shared", "outer")
	outer = otelgenai.WithSession(outer, "outer")
	inner := otelgenai.WithTags(otelgenai.WithMetadata(outer, map[string]any{"team": "inner"}), "inner")
	inner = otelgenai.WithSession(inner, "inner")
	assert.Equal(t, map[string]any{
		"langsmith.metadata.environment": "production", "langsmith.metadata.version": int64(2),
		"langsmith.metadata.team": "inner", "langsmith.metadata.request": "r1",
		"langsmith.span.tags": "client,shared,outer,inner",
		"session.id":          "inner", "gen_ai.conversation.id": "inner", "langsmith.metadata.thread_id": "inner",
	}, labels(t, s.callIn(inner)))

	again := labels(t, s.callIn(outer))
	assert.Equal(t, "outer", again["session.id"], "a context does not change")
	assert.Equal(t, "outer", again["langsmith.metadata.team"])
	assert.Equal(t, "client,shared,outer", again["langsmith.span.tags"])
	assert.NotContains(t, labels(t, s.callIn(otelgenai.WithSession(inner, ""))), "session.id")
	assert.Equal(t, client, labels(t, s.callIn(t.Context())), "nor does a client")
}

func TestWhoKnowsLangSmithsNamesMayUseThem(t *testing.T) {
	ctx := otelgenai.WithMetadata(otelgenai.WithUser(otelgenai.WithSession(t.Context(), "s"), "u"), map[string]any{"session_id": "t", "user_id": "v"})
	assert.Equal(t, map[string]any{
		"session.id": "s", "gen_ai.conversation.id": "s", "user.id": "u", "user_id": "u",
		"langsmith.metadata.session_id": "t", "langsmith.metadata.user_id": "v",
	}, labels(t, newStand(t).callIn(ctx)))
}

func TestTheConversationOfTheProviderIsThatOfTheCall(t *testing.T) {
	s := newStand(t)
	_, op := s.Begin(otelgenai.WithSession(t.Context(), "mine"), chat())
	answered(op.Call())
	op.Call().Request.ConversationID = "conv_1"
	op.End(0, nil)
	span := s.spans.Ended()[0]
	assert.Equal(t, "conv_1", attr(span, "gen_ai.conversation.id"))
	assert.Equal(t, "mine", attr(span, "session.id"))
}

type tier string

type odd struct{ panics bool }

func (o odd) MarshalJSON() ([]byte, error) {
	if o.panics {
		panic("SECRET")
	}
	return nil, errors.New("SECRET")
}

func TestMetadataKeepsWhatLangSmithCanShow(t *testing.T) {
	errs := reported(t)
	when := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	for name, test := range map[string]struct{ value, want any }{
		"text":                  {"x", "x"},
		"empty":                 {"", ""},
		"int":                   {3, int64(3)},
		"int64":                 {int64(math.MinInt64), int64(math.MinInt64)},
		"uint8":                 {uint8(3), int64(3)},
		"beyond 64 bits":        {uint64(math.MaxUint64), "18446744073709551615"},
		"float32":               {float32(0.5), 0.5},
		"float":                 {1e300, 1e300},
		"not a number":          {math.NaN(), "NaN"},
		"infinite":              {math.Inf(-1), "-Inf"},
		"false":                 {false, false},
		"text of a type":        {tier("gold"), "gold"},
		"pointer":               {new(int), int64(0)},
		"list":                  {[]any{1, "a"}, `[1,"a"]`},
		"map":                   {map[string]any{"k": "<v>"}, `{"k":"<v>"}`},
		"JSON":                  {json.RawMessage(`{"k": 1}`), `{"k":1}`},
		"JSON truth":            {json.RawMessage(`true`), true},
		"time":                  {when, "2026-05-04T03:02:01Z"},
		"error":                 {errors.New("it failed"), "it failed"},
		"broken UTF-8":          {"a\xffb", "a\uFFFDb"},
		"nil":                   {nil, nil},
		"null":                  {(*int)(nil), nil},
		"without JSON":          {make(chan int), nil},
		"that fails":            {odd{}, nil},
		"that panics":           {odd{panics: true}, nil},
		"long":                  {strings.Repeat("é", 400), strings.Repeat("é", 256)},
		"long and broken UTF-8": {strings.Repeat("a\xff", 400), strings.Repeat("a\uFFFD", 128)},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := otelgenai.WithMetadata(t.Context(), map[string]any{"it": test.value, "": "no name"})
			got := labels(t, newStand(t).callIn(ctx))
			if test.want == nil {
				assert.Empty(t, got)
			} else {
				assert.Equal(t, map[string]any{"langsmith.metadata.it": test.want}, got)
			}
		})
	}
	require.Len(t, errs(), 1, "the panic")
	assert.NotContains(t, errs()[0], "SECRET")
}

func TestWhatAContextSaysIsBounded(t *testing.T) {
	ctx := t.Context()
	long := strings.Repeat("long ", 200)
	for i := range 100 {
		name := strconv.Itoa(i)
		ctx = otelgenai.WithMetadata(ctx, map[string]any{name: i, "again": i, long + name: i}) //nolint:fatcontext // layer by layer
		ctx = otelgenai.WithTags(ctx, "tag "+name)
	}
	ctx = otelgenai.WithUser(otelgenai.WithSession(ctx, long), long)
	ctx = otelgenai.WithRunName(otelgenai.WithProject(ctx, long), long)
	got := labels(t, newStand(t).callIn(ctx))
	metadata := 0
	for key, value := range got {
		if text, ok := value.(string); ok {
			assert.LessOrEqual(t, len(text), 512, key)
			assert.True(t, utf8.ValidString(text))
		}
		if key != "langsmith.metadata.thread_id" && key != "langsmith.metadata.user_id" && strings.HasPrefix(key, "langsmith.metadata.") {
			metadata++
			assert.LessOrEqual(t, len(key), len("langsmith.metadata.")+128)
		}
	}
	assert.Equal(t, 64, metadata)
	assert.Equal(t, int64(99), got["langsmith.metadata.again"], "what is there already can still change")
	tags, ok := got["langsmith.span.tags"].(string)
	require.True(t, ok)
	assert.Len(t, strings.Split(tags, ","), 32)

	tags, ok = labels(t, newStand(t).callIn(otelgenai.WithTags(t.Context(), strings.Repeat("a", 300), strings.Repeat("b", 300), "c")))["langsmith.span.tags"].(string)
	require.True(t, ok)
	assert.Equal(t, strings.Repeat("a", 300)+",c", tags, "a tag is kept whole or not at all")
}

func TestTagsAreTrimmedAndThereOnce(t *testing.T) {
	ctx := otelgenai.WithTags(t.Context(), " stock ", "", "urgent,night shift, stock")
	assert.Equal(t, map[string]any{"langsmith.span.tags": "stock,urgent,night shift"}, labels(t, newStand(t).callIn(ctx)))
	assert.Empty(t, labels(t, newStand(t).callIn(otelgenai.WithTags(t.Context(), "", " , "))))
}

func TestARunNameIsForTheSpansThatStartThere(t *testing.T) {
	s := newStand(t)
	ctx, around := s.provider.Tracer("app").Start(otelgenai.WithRunName(t.Context(), "outside"), "around")
	defer around.End()
	assert.Nil(t, attr(s.callIn(ctx), "langsmith.trace.name"), "it is further down")

	named := otelgenai.WithRunName(ctx, "answer")
	below, op := s.Begin(named, chat())
	assert.Nil(t, attr(s.callIn(below), "langsmith.trace.name"))
	op.End(0, nil)
	ended := s.spans.Ended()
	assert.Equal(t, "answer", attr(ended[len(ended)-1], "langsmith.trace.name"))
	assert.Equal(t, "answer", attr(s.callIn(named), "langsmith.trace.name"), "a sibling")

	example := s.callIn(otelgenai.WithReferenceExample(below, "e"))
	assert.Equal(t, "e", attr(example, "langsmith.reference_example_id"))
	assert.Nil(t, attr(example, "langsmith.trace.name"), "the name was for the span above")
}

func TestASuppressedCallHasNoSpan(t *testing.T) {
	s := newStand(t)
	ctx, around := s.provider.Tracer("app").Start(t.Context(), "around")
	quiet := otelgenai.Suppress(ctx)
	assert.True(t, otelgenai.Suppressed(otelgenai.WithUser(quiet, "u")))
	assert.False(t, otelgenai.Suppressed(ctx))

	started, op := s.Begin(quiet, chat())
	assert.Equal(t, quiet, started)
	assert.False(t, op.Recording())
	assert.False(t, op.WantsContent())
	assert.Equal(t, around.SpanContext(), op.Span().SpanContext())
	op.SetModel("other")
	op.Attempt(started, otelgenai.Attempt{})
	op.End(0, func(*record.Call) { t.Error("decoded") })
	assert.Empty(t, s.spans.Ended())
	assert.True(t, around.IsRecording(), "the span around it goes on")
	around.End()
}

func TestAnEmptyContextIsReadWithoutAllocation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := otelgenai.NewContextProcessor()
	span := recording(t)
	assert.Zero(t, testing.AllocsPerRun(100, func() { p.OnStart(ctx, span) }))
	said := otelgenai.WithUser(ctx, "u")
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = otelgenai.Suppressed(said) }))
}

// recording is a span under way.
func recording(t *testing.T) sdktrace.ReadWriteSpan {
	t.Helper()
	_, span := newStand(t).provider.Tracer("app").Start(t.Context(), "plain")
	t.Cleanup(func() { span.End() })
	writable, ok := span.(sdktrace.ReadWriteSpan)
	require.True(t, ok)
	return writable
}

func TestAContextMayBeSharedByGoroutines(t *testing.T) {
	s := newStand(t, otelgenai.WithClientTags("client"))
	s.provider.RegisterSpanProcessor(otelgenai.NewContextProcessor())
	ctx := allSaid(t.Context())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			_, op := s.Begin(otelgenai.WithTags(ctx, strconv.Itoa(i)), chat())
			op.End(0, nil)
			_, span := s.provider.Tracer("app").Start(ctx, "plain")
			span.End()
		})
	}
	all.Wait()
	tags := map[any]int{}
	for _, span := range s.spans.Ended() {
		tags[attr(span, "langsmith.span.tags")]++
	}
	assert.Len(t, tags, 9)
	assert.Equal(t, 8, tags["stock,urgent"])
}

func TestAPlainSpanCarriesWhatItsContextSays(t *testing.T) {
	s := newStand(t)
	s.provider.RegisterSpanProcessor(otelgenai.NewContextProcessor())
	tracer := s.provider.Tracer("app")
	plain := func(ctx context.Context, opts ...trace.SpanStartOption) map[string]any {
		_, span := tracer.Start(ctx, "plain", opts...)
		span.End()
		ended := s.spans.Ended()
		return labels(t, ended[len(ended)-1])
	}
	assert.Empty(t, plain(t.Context()))
	assert.Equal(t, allWritten, plain(allSaid(t.Context())))

	own := plain(allSaid(t.Context()), trace.WithAttributes(attribute.String("session.id", "own"), attribute.String("langsmith.span.tags", "own")))
	assert.Equal(t, "own", own["session.id"], "the span's own are nearer")
	assert.Equal(t, "own", own["langsmith.span.tags"])
	assert.Equal(t, "user-1", own["user.id"])
}

// counted counts what is written to a span.
type counted struct {
	sdktrace.ReadWriteSpan

	written int
}

func (c *counted) SetAttributes(attrs ...attribute.KeyValue) {
	c.written += len(attrs)
	c.ReadWriteSpan.SetAttributes(attrs...)
}

func TestTwoProcessorsWriteEverythingOnce(t *testing.T) {
	span := &counted{ReadWriteSpan: recording(t)}
	for range 2 {
		otelgenai.NewContextProcessor().OnStart(allSaid(t.Context()), span)
	}
	assert.Equal(t, len(allWritten), span.written)
	assert.Equal(t, allWritten, labels(t, span))
}

func TestAProcessorWritesTheVocabulariesThatItIsTold(t *testing.T) {
	errs := reported(t)
	ctx := otelgenai.WithUser(t.Context(), "u")
	for name, test := range map[string]struct {
		variable string
		dialects []dialect.Dialect
		want     []string
	}{
		"default":         {"", nil, []string{"langsmith.metadata.user_id", "user.id", "user_id"}},
		"variable":        {"gen_ai", nil, []string{"user.id"}},
		"argument":        {"gen_ai", []dialect.Dialect{dialect.LLM}, []string{"user.id", "user_id"}},
		"wrong variable":  {"SECRET", nil, []string{"langsmith.metadata.user_id", "user.id", "user_id"}},
		"nothing unknown": {"", []dialect.Dialect{"other"}, []string{"user.id"}},
	} {
		t.Run(name, func(t *testing.T) {
			span := recording(t)
			t.Setenv(dialectsVariable, test.variable)
			otelgenai.NewContextProcessor(test.dialects...).OnStart(ctx, span)
			var got []string
			for key := range labels(t, span) {
				got = append(got, key)
			}
			assert.ElementsMatch(t, test.want, got)
		})
	}
	require.Len(t, errs(), 1)
	assert.Contains(t, errs()[0], dialectsVariable)
	assert.NotContains(t, errs()[0], "SECRET")
}

func TestTheProcessorEndsNothing(t *testing.T) {
	p := otelgenai.NewContextProcessor()
	p.OnEnd(nil)
	require.NoError(t, p.ForceFlush(t.Context()))
	require.NoError(t, p.Shutdown(t.Context()))
	span := recording(t)
	p.OnStart(otelgenai.WithUser(t.Context(), "u"), span)
	assert.Equal(t, "u", attr(span, "user.id"), "a provider may be shared")
}
