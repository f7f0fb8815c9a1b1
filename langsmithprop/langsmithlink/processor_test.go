package langsmithlink_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	"github.com/genotel/genotel/langsmithprop"
	"github.com/genotel/genotel/langsmithprop/langsmithlink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	rootRun = "448dc09f-ad54-4475-b3a4-fa43018ca621"
	callRun = "4cd59ea4-491e-4ed9-923f-48cd93e03755"
	order   = "20240412T202937775748Z" + rootRun + ".20240412T202937981350Z" + callRun
)

// service is a program with the processor, and LangSmith.
type service struct {
	t         *testing.T
	tracer    trace.Tracer
	telemetry *genotel.Telemetry
	backend   *oracle.Server
}

func newService(t *testing.T) *service {
	t.Helper()
	backend := oracle.NewServer(t)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(langsmithlink.NewSpanProcessor()))
	telemetry, err := genotel.Configure(t.Context(), genotel.WithTracerProvider(provider),
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key", Endpoint: backend.URL}))
	require.NoError(t, err)
	return &service{t: t, tracer: provider.Tracer("warehouse"), telemetry: telemetry, backend: backend}
}

// runs ends the service and returns what LangSmith makes of its spans, by name.
func (s *service) runs() map[string]langsmithoracle.Run {
	s.t.Helper()
	require.NoError(s.t, s.telemetry.Shutdown(s.t.Context()))
	result, err := langsmithoracle.FromCaptures(s.backend.Captures(), langsmithoracle.Options{Hosted: true})
	require.NoError(s.t, err)
	assert.NotContains(s.t, strings.Join(result.Warnings, "\n"), "is_root", "a parent and no parent")
	byName := map[string]langsmithoracle.Run{}
	for _, run := range result.Runs {
		byName[run.Name] = run
	}
	return byName
}

// called is the context of a request from a service with one of LangSmith's SDKs.
func called(t *testing.T, baggage string) context.Context {
	t.Helper()
	header := http.Header{"Langsmith-Trace": {order}, "Baggage": {baggage}}
	return langsmithprop.New(langsmithprop.TrustIncoming()).Extract(t.Context(), propagation.HeaderCarrier(header))
}

func TestSpansBecomeChildrenOfTheRunThatCalled(t *testing.T) {
	s := newService(t)
	ctx, handled := s.tracer.Start(called(t, ""), "POST /answers")
	inner, answered := s.tracer.Start(ctx, "answer")
	_, looked := s.tracer.Start(inner, "look up")
	_, logged := s.tracer.Start(ctx, "log")
	for _, span := range []trace.Span{looked, answered, logged, handled} {
		span.End()
	}
	runs := s.runs()
	require.Len(t, runs, 4)
	for name, parent := range map[string]string{
		"POST /answers": callRun, "answer": runs["POST /answers"].ID, "look up": runs["answer"].ID, "log": runs["POST /answers"].ID,
	} {
		run := runs[name]
		assert.Equal(t, rootRun, run.TraceID, name)
		assert.Equal(t, parent, run.ParentRunID, name)
		above := order
		if parent != callRun {
			above = orderOf(runs, parent)
		}
		start := run.StartTime // in nanoseconds, without the zeros at the end
		assert.Regexp(t, `^`+above+`\.\d{8}T\d{12}Z`+run.ID+`$`, run.DottedOrder, name)
		assert.Contains(t, run.DottedOrder, start[:4]+start[5:7]+start[8:10]+"T"+start[11:13]+start[14:16]+start[17:19], name)
	}
}

func orderOf(runs map[string]langsmithoracle.Run, id string) string {
	for _, run := range runs {
		if run.ID == id {
			return run.DottedOrder
		}
	}
	return "unknown run " + id
}

func TestTheIDsOfRunsStayThoseOfTheirSpans(t *testing.T) {
	s := newService(t)
	_, span := s.tracer.Start(called(t, ""), "answer")
	span.End()
	id := span.SpanContext().SpanID().String()
	assert.Equal(t, "00000000-0000-0000-"+id[:4]+"-"+id[4:], s.runs()["answer"].ID)
}

func TestOtherSpansAreLeftAlone(t *testing.T) {
	s := newService(t)
	ctx, root := s.tracer.Start(t.Context(), "root")
	_, child := s.tracer.Start(ctx, "child")
	child.End()
	root.End()
	for _, run := range s.runs() {
		assert.Empty(t, run.DottedOrder)
	}
	assert.Empty(t, root.(sdktrace.ReadOnlySpan).Attributes())
}

func TestAContextThatHasOnlyTheParentIsEnough(t *testing.T) {
	s := newService(t)
	_, handled := s.tracer.Start(called(t, "langsmith-project=theirs"), "handled")
	handled.End()
	_, later := s.tracer.Start(trace.ContextWithSpan(t.Context(), handled), "later")
	later.End()
	runs := s.runs()
	assert.Equal(t, runs["handled"].ID, runs["later"].ParentRunID)
	assert.Equal(t, rootRun, runs["later"].TraceID)
	assert.Equal(t, "theirs", attributesOf(later)["langsmith.trace.session_name"])
}

func TestASpanThatIsNotSampledIsSkipped(t *testing.T) {
	s := newService(t)
	hidden := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("")
	ctx, _ := hidden.Start(called(t, ""), "hidden")
	_, span := s.tracer.Start(ctx, "shown", trace.WithNewRoot())
	span.End()
	assert.Equal(t, callRun, s.runs()["shown"].ParentRunID)
}

func TestItemsOfTheCallerAreOnEverySpan(t *testing.T) {
	s := newService(t)
	ctx := called(t, "langsmith-project=theirs,langsmith-tags=prod%2Ceu,langsmith-metadata="+
		"%7B%22thread_id%22%3A%22t-1%22%2C%22turn%22%3A3%2C%22ok%22%3Atrue%2C%22share%22%3A0.5%2C%22list%22%3A%5B1%5D%7D")
	ctx, handled := s.tracer.Start(ctx, "handled", trace.WithAttributes(
		attribute.String("langsmith.span.tags", "eu,own"), attribute.String("langsmith.metadata.thread_id", "own"),
		attribute.String("langsmith.trace.session_name", "own")))
	_, answered := s.tracer.Start(ctx, "answered")
	answered.End()
	handled.End()
	runs := s.runs()
	assert.Equal(t, []string{"prod", "eu"}, runs["answered"].Tags)
	assert.Equal(t, []string{"eu", "own", "prod"}, runs["handled"].Tags)
	assert.Equal(t, "own", attributesOf(handled)["langsmith.trace.session_name"], "what the span says itself stays")
	assert.Equal(t, "own", attributesOf(handled)["langsmith.metadata.thread_id"])
	got := attributesOf(answered)
	for _, key := range []string{"langsmith.trace.id", "langsmith.span.id", "langsmith.span.parent_id", "langsmith.span.dotted_order"} {
		delete(got, key)
	}
	assert.Equal(t, map[string]any{
		"langsmith.trace.session_name": "theirs", "langsmith.span.tags": "prod,eu",
		"langsmith.metadata.thread_id": "t-1", "langsmith.metadata.turn": int64(3), "langsmith.metadata.ok": true,
		"langsmith.metadata.share": 0.5, "langsmith.metadata.list": "[1]",
	}, got)
}

func attributesOf(span trace.Span) map[string]any {
	all := map[string]any{}
	for _, kv := range span.(sdktrace.ReadOnlySpan).Attributes() {
		all[string(kv.Key)] = kv.Value.AsInterface()
	}
	return all
}

func TestASpanThatSaysWhereItBelongsIsLeftThere(t *testing.T) {
	for _, own := range []attribute.KeyValue{
		attribute.Bool("langsmith.is_root", true),
		attribute.String("langsmith.trace.id", callRun),
		attribute.String("langsmith.span.parent_id", rootRun),
	} {
		s := newService(t)
		_, span := s.tracer.Start(called(t, "langsmith-project=theirs"), "own", trace.WithAttributes(own))
		span.End()
		assert.Len(t, attributesOf(span), 1, own.Key)
		require.NoError(t, s.telemetry.Shutdown(t.Context()))
	}
}

func TestARunWithAnIDOfItsOwnIsTheParentByThatID(t *testing.T) {
	s := newService(t)
	own := "0198c0de-0000-7000-8000-000000000001"
	ctx, handled := s.tracer.Start(called(t, ""), "handled", trace.WithAttributes(attribute.String("langsmith.span.id", own)))
	_, answered := s.tracer.Start(ctx, "answered")
	answered.End()
	handled.End()
	runs := s.runs()
	assert.Equal(t, own, runs["handled"].ID)
	assert.Equal(t, callRun, runs["handled"].ParentRunID)
	assert.Equal(t, own, runs["answered"].ParentRunID)
	assert.Regexp(t, `Z`+own+`\.\d{8}T\d{12}Z`+runs["answered"].ID+`$`, runs["answered"].DottedOrder)
}

func TestTheNextServiceContinuesTheSameTrace(t *testing.T) {
	s := newService(t)
	ctx, handled := s.tracer.Start(called(t, ""), "handled")
	carrier := propagation.MapCarrier{}
	langsmithprop.New().Inject(ctx, carrier)
	handled.End()
	run := s.runs()["handled"]
	assert.Equal(t, run.DottedOrder, carrier["langsmith-trace"])
	next, ok := langsmithprop.ParseRun(carrier["langsmith-trace"])
	assert.True(t, ok)
	assert.Equal(t, rootRun, next.TraceID)
	assert.Equal(t, run.ID, next.ID)
}

// nested returns the last of a number of spans, each below the one before.
func (s *service) nested(ctx context.Context, depth int) trace.Span {
	ctx, span := s.tracer.Start(ctx, "deep")
	defer span.End()
	if depth == 1 {
		return span
	}
	return s.nested(ctx, depth-1)
}

func TestAChainThatIsTooLongLosesOnlyItsOrder(t *testing.T) {
	s := newService(t)
	got := attributesOf(s.nested(called(t, ""), 80))
	assert.NotContains(t, got, "langsmith.span.dotted_order")
	assert.Equal(t, rootRun, got["langsmith.trace.id"])
	require.NoError(t, s.telemetry.Shutdown(t.Context()))
}
