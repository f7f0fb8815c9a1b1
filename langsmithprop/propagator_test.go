package langsmithprop_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/langsmithprop"
)

const (
	rootRun = "448dc09f-ad54-4475-b3a4-fa43018ca621"
	callRun = "4cd59ea4-491e-4ed9-923f-48cd93e03755"
	// order is a dotted order as LangSmith's SDK for Python writes it.
	order = "20240412T202937775748Z" + rootRun + ".20240412T202937981350Z" + callRun
)

// ids gives spans the ids that the tests expect.
type ids struct{ spans byte }

func (*ids) trace() (id trace.TraceID) {
	copy(id[:], "0123456789abcdef")
	return id
}

func (i *ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	return i.trace(), i.NewSpanID(ctx, i.trace())
}

func (i *ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	i.spans++
	copy(id[:], "abcdefg")
	id[7] = 'g' + i.spans
	return id
}

// The runs that LangSmith makes of them: its own ids of "0123456789abcdef", "abcdefgh" and
// "abcdefgi".
const (
	traceRun  = "30313233-3435-3637-3839-616263646566"
	firstRun  = "00000000-0000-0000-6162-636465666768"
	secondRun = "00000000-0000-0000-6162-636465666769"
)

func tracer() trace.Tracer {
	return sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(&ids{})).Tracer("warehouse")
}

func injected(ctx context.Context, p propagation.TextMapPropagator) http.Header {
	header := http.Header{}
	p.Inject(ctx, propagation.HeaderCarrier(header))
	return header
}

func extracted(t *testing.T, p propagation.TextMapPropagator, header ...string) context.Context {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return p.Extract(t.Context(), propagation.HeaderCarrier(h))
}

func TestADottedOrderIsRead(t *testing.T) {
	for given, want := range map[string]langsmithprop.Run{
		order:                               {TraceID: rootRun, ID: callRun, DottedOrder: order},
		"  " + strings.ToUpper(order) + " ": {TraceID: rootRun, ID: callRun, DottedOrder: order},
		"20240412T202937775748Z" + rootRun:  {TraceID: rootRun, ID: rootRun, DottedOrder: "20240412T202937775748Z" + rootRun},
		"20240412T202937775Z" + rootRun:     {TraceID: rootRun, ID: rootRun, DottedOrder: "20240412T202937775Z" + rootRun},
		order + ".20240412T202938078862Z" + firstRun: {
			TraceID: rootRun, ID: firstRun, DottedOrder: order + ".20240412T202938078862Z" + firstRun,
		},
	} {
		run, ok := langsmithprop.ParseRun(given)
		assert.True(t, ok, given)
		assert.Equal(t, want, run)
	}
}

func TestWhatIsNoDottedOrderIsRefused(t *testing.T) {
	start := "20240412T202937775748Z"
	for _, given := range []string{
		"", " ", ".", rootRun, start, start + rootRun[:35], order + ".", "." + order, order + "," + order,
		"20241312T202937775748Z" + rootRun,            // no such month
		"20240412T202937.775748Z" + rootRun,           // a dot separates runs
		"20240412T202937Z" + rootRun,                  // no fraction
		"20240412T2029377757481Z" + rootRun,           // nanoseconds
		"20240412T202937775748" + rootRun,             // not UTC
		"20240412T20293777574+Z" + rootRun,            //
		start + strings.ReplaceAll(rootRun, "-", "0"), //
		start + strings.Replace(rootRun, "4", "g", 1), //
		start + "00000000-0000-0000-0000-000000000000",
		strings.Repeat(order+".", langsmithprop.MaxDottedOrderBytes/len(order)+1) + order,
	} {
		_, ok := langsmithprop.ParseRun(given)
		assert.False(t, ok, given)
	}
}

func TestTheCurrentSpanIsTheRunToContinue(t *testing.T) {
	start := time.Date(2024, 4, 12, 22, 29, 37, 775748999, time.FixedZone("CEST", 7200))
	ctx, root := tracer().Start(t.Context(), "root", trace.WithTimestamp(start))
	header := injected(ctx, langsmithprop.New())
	assert.Equal(t, http.Header{"Langsmith-Trace": {
		"20240412T202937775748Z" + traceRun + ".20240412T202937775748Z" + firstRun,
	}}, header)

	ctx, _ = root.TracerProvider().Tracer("").Start(ctx, "child", trace.WithTimestamp(start.Add(time.Second)))
	header = injected(ctx, langsmithprop.New())
	assert.Equal(t, "20240412T202938775748Z"+traceRun+".20240412T202938775748Z"+secondRun, header.Get("langsmith-trace"))
}

func TestASpanThatSaysItsPlaceIsContinuedThere(t *testing.T) {
	ctx, _ := tracer().Start(t.Context(), "linked", trace.WithAttributes(
		attribute.String("langsmith.trace.id", rootRun), attribute.String("langsmith.span.dotted_order", order)))
	assert.Equal(t, order, injected(ctx, langsmithprop.New()).Get("langsmith-trace"))

	ctx, _ = tracer().Start(t.Context(), "deep", trace.WithTimestamp(time.Unix(0, 0)), trace.WithAttributes(
		attribute.String("langsmith.trace.id", rootRun), attribute.String("langsmith.span.id", callRun)))
	assert.Equal(t, "19700101T000000000000Z"+rootRun+".19700101T000000000000Z"+callRun,
		injected(ctx, langsmithprop.New()).Get("langsmith-trace"))
}

func TestARunThatNeverArrivesIsNotContinued(t *testing.T) {
	p := langsmithprop.New(langsmithprop.TrustIncoming())
	unsampled := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("")
	ctx, _ := unsampled.Start(t.Context(), "unsampled")
	assert.Empty(t, injected(ctx, p))
	assert.Empty(t, injected(t.Context(), p))

	ctx, _ = unsampled.Start(extracted(t, p, "langsmith-trace", order), "unsampled")
	assert.Equal(t, order, injected(ctx, p).Get("langsmith-trace"), "the caller's run does arrive")
}

func TestAServiceWithoutSpansHandsTheRunOn(t *testing.T) {
	p := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, langsmithprop.New(langsmithprop.TrustIncoming()))
	assert.Equal(t, order, injected(extracted(t, p, "langsmith-trace", order), p).Get("langsmith-trace"))

	parent := "00-" + strings.Repeat("a", 32) + "-" + strings.Repeat("b", 16) + "-01"
	both := injected(extracted(t, p, "langsmith-trace", order, "traceparent", parent), p)
	assert.Equal(t, order, both.Get("langsmith-trace"))
	assert.Equal(t, parent, both.Get("traceparent"))

	remote := injected(extracted(t, p, "traceparent", parent), p).Get("langsmith-trace")
	run, ok := langsmithprop.ParseRun(remote)
	require.True(t, ok, remote)
	assert.Equal(t, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", run.TraceID)
	assert.Equal(t, "00000000-0000-0000-bbbb-bbbbbbbbbbbb", run.ID)
}

func TestNothingIsReadFromStrangers(t *testing.T) {
	for _, p := range []langsmithprop.Propagator{{}, langsmithprop.New(), langsmithprop.New(nil, langsmithprop.SendItems())} {
		ctx := extracted(t, p, "langsmith-trace", order, "baggage", "langsmith-project=theirs")
		assert.Equal(t, t.Context(), ctx)
	}
}

func TestARunAndItsItemsAreReadFromATrustedPeer(t *testing.T) {
	metadata := url.PathEscape(`{"thread_id":"t-1","turn":3,"big":1e300,"ok":true,"none":null,"list":[1,{"a":2.5}],` +
		`"ls_model_name":"gpt-4o","ls_provider":"openai","LANGSMITH_RUNS_ENDPOINTS":"secret","LANGCHAIN_API_KEY":"secret"}`)
	ctx := extracted(t, langsmithprop.New(langsmithprop.TrustIncoming()),
		"langsmith-trace", order,
		"baggage", "user=ada, langsmith-metadata = "+metadata+" ;p=1,broken,,=x,langsmith-tags=prod%2C%20eu%2C%2C",
		"baggage", "langsmith-project=support%20bot,langsmith-replicas=%5B%5B%22theirs%22%2Cnull%5D%5D")
	run, ok := langsmithprop.RunFromContext(ctx)
	assert.True(t, ok)
	assert.Equal(t, langsmithprop.Run{TraceID: rootRun, ID: callRun, DottedOrder: order}, run)
	assert.Equal(t, langsmithprop.Items{
		Project: "support bot",
		Tags:    []string{"prod", "eu"},
		Metadata: map[string]any{
			"thread_id": "t-1", "turn": int64(3), "big": 1e300, "ok": true, "list": []any{int64(1), map[string]any{"a": 2.5}},
		},
	}, langsmithprop.ItemsFromContext(ctx))
}

func TestItemsWithoutARunAreNotRead(t *testing.T) {
	p := langsmithprop.New(langsmithprop.TrustIncoming())
	for _, trace := range []string{"", "garbage"} {
		assert.Equal(t, t.Context(), extracted(t, p, "langsmith-trace", trace, "baggage", "langsmith-project=theirs"))
	}
}

func TestItemsBeyondTheirBoundsAreLeftOut(t *testing.T) {
	p := langsmithprop.New(langsmithprop.TrustIncoming())
	many := map[string]int{}
	for i := range 33 {
		many[strings.Repeat("k", i+1)] = i
	}
	tooMany, err := json.Marshal(many)
	require.NoError(t, err)
	for name, header := range map[string]string{
		"a long project":    "langsmith-project=" + strings.Repeat("p", 257),
		"a long item":       "langsmith-metadata=" + url.PathEscape(`{"k":"`+strings.Repeat("v", 4096)+`"}`),
		"a long header":     "langsmith-project=p,other=" + strings.Repeat("v", 8192),
		"many members":      "langsmith-metadata=" + url.PathEscape(string(tooMany)),
		"a long name":       "langsmith-metadata=" + url.PathEscape(`{"`+strings.Repeat("k", 129)+`":1}`),
		"no object":         "langsmith-metadata=%5B1%5D",
		"two objects":       "langsmith-metadata=%7B%22a%22:1%7D%7B%7D",
		"no encoding":       "langsmith-project=%zz",
		"no UTF-8":          "langsmith-project=%ff",
		"no value":          "langsmith-project,langsmith-tags=,langsmith-metadata",
		"another separator": "langsmith-project:p",
	} {
		ctx := extracted(t, p, "langsmith-trace", order, "baggage", header)
		assert.Equal(t, langsmithprop.Items{}, normalized(langsmithprop.ItemsFromContext(ctx)), name)
		_, ok := langsmithprop.RunFromContext(ctx)
		assert.True(t, ok, "%s: the run counts all the same", name)
	}
	tags := strings.Repeat("t,", 40) + strings.Repeat("t", 257)
	ctx := extracted(t, p, "langsmith-trace", order, "baggage", "langsmith-tags="+url.QueryEscape(tags))
	assert.Len(t, langsmithprop.ItemsFromContext(ctx).Tags, 32)
}

func normalized(items langsmithprop.Items) langsmithprop.Items {
	if len(items.Metadata) == 0 {
		items.Metadata = nil
	}
	return items
}

// read does what from_headers of LangSmith's SDK for Python does with a baggage header, which
// tolerates nothing.
func read(t *testing.T, header string) map[string]string {
	t.Helper()
	items := map[string]string{}
	for item := range strings.SplitSeq(header, ",") {
		name, value, found := strings.Cut(item, "=")
		require.True(t, found, item)
		unquoted, err := url.PathUnescape(value)
		require.NoError(t, err)
		items[name] = unquoted
	}
	return items
}

func TestItemsAreSentWhenAskedFor(t *testing.T) {
	ctx, _ := tracer().Start(langsmithprop.ContextWithItems(t.Context(), langsmithprop.Items{
		Project: "support bot, a=b",
		Tags:    []string{"prod", "", "two words", "a,b"},
		Metadata: map[string]any{
			"text": "ä=1, <b>+", "n": 3, "list": []any{1, "x"},
		},
	}), "root")
	assert.NotContains(t, injected(ctx, langsmithprop.New()), "Baggage")

	header := injected(ctx, langsmithprop.New(langsmithprop.SendItems()))
	items := read(t, header.Get("baggage"))
	assert.Equal(t, "support bot, a=b", items["langsmith-project"])
	assert.Equal(t, "prod,two words", items["langsmith-tags"])
	assert.JSONEq(t, `{"text":"ä=1, <b>+","n":3,"list":[1,"x"]}`, items["langsmith-metadata"])
	assert.Len(t, items, 3)
	for item := range strings.SplitSeq(header.Get("baggage"), ",") {
		assert.Equal(t, 1, strings.Count(item, "="), "the SDK for JavaScript cuts at the second one: %s", item)
	}

	ctx = extracted(t, langsmithprop.New(langsmithprop.TrustIncoming()),
		"langsmith-trace", header.Get("langsmith-trace"), "baggage", header.Get("baggage"))
	assert.Equal(t, []string{"prod", "two words"}, langsmithprop.ItemsFromContext(ctx).Tags)
}

func TestItemsOfNoRunAreNotSent(t *testing.T) {
	ctx := langsmithprop.ContextWithItems(t.Context(), langsmithprop.Items{Project: "support-bot"})
	assert.Empty(t, injected(ctx, langsmithprop.New(langsmithprop.SendItems())))
}

func TestTheBaggageOfTheApplicationStays(t *testing.T) {
	member, err := baggage.NewMemberRaw("user", "ada")
	require.NoError(t, err)
	stale, err := baggage.NewMemberRaw("langsmith-replicas", `[{"api_key":"secret"}]`)
	require.NoError(t, err)
	bag, err := baggage.New(member, stale)
	require.NoError(t, err)
	ctx, _ := tracer().Start(baggage.ContextWithBaggage(t.Context(), bag), "root")

	composed := propagation.NewCompositeTextMapPropagator(propagation.Baggage{}, langsmithprop.New())
	assert.Equal(t, "user=ada", injected(ctx, composed).Get("baggage"))

	composed = propagation.NewCompositeTextMapPropagator(propagation.Baggage{}, langsmithprop.New(langsmithprop.SendItems()))
	ctx = langsmithprop.ContextWithItems(ctx, langsmithprop.Items{Project: "support-bot"})
	assert.Equal(t, "user=ada,langsmith-project=support-bot", injected(ctx, composed).Get("baggage"))
}

func TestWhatDoesNotFitIntoTheHeaderIsNotSent(t *testing.T) {
	ctx, _ := tracer().Start(langsmithprop.ContextWithItems(t.Context(), langsmithprop.Items{
		Project:  "support-bot",
		Metadata: map[string]any{"text": strings.Repeat("v", 5000)},
	}), "root")
	p := langsmithprop.New(langsmithprop.SendItems())
	assert.Equal(t, "langsmith-project=support-bot", injected(ctx, p).Get("baggage"))

	header := http.Header{"Baggage": {"user=" + strings.Repeat("v", 8180)}}
	p.Inject(ctx, propagation.HeaderCarrier(header))
	assert.Equal(t, "user="+strings.Repeat("v", 8180), header.Get("baggage"))

	ctx = langsmithprop.ContextWithItems(ctx, langsmithprop.Items{Project: "p", Metadata: map[string]any{"f": func() {}}})
	assert.Equal(t, "langsmith-project=p", injected(ctx, p).Get("baggage"))
}

func TestTheFieldsAreThoseThatAreWritten(t *testing.T) {
	assert.Equal(t, []string{"langsmith-trace", "baggage"}, langsmithprop.New().Fields())
}

func FuzzParseRun(f *testing.F) {
	f.Add(order)
	f.Add(strings.ToUpper(order))
	f.Add("20240412T202937775Z" + rootRun)
	f.Add(order + "." + order + ".")
	f.Fuzz(func(t *testing.T, given string) {
		run, ok := langsmithprop.ParseRun(given)
		if !ok {
			assert.Empty(t, run)
			return
		}
		assert.LessOrEqual(t, len(run.DottedOrder), langsmithprop.MaxDottedOrderBytes)
		parts := strings.Split(run.DottedOrder, ".")
		assert.True(t, strings.HasSuffix(parts[0], "Z"+run.TraceID))
		assert.True(t, strings.HasSuffix(parts[len(parts)-1], "Z"+run.ID))
		again, ok := langsmithprop.ParseRun(run.DottedOrder)
		assert.True(t, ok)
		assert.Equal(t, run, again)
		child := run.Child(firstRun, time.Unix(0, 0))
		if child.DottedOrder != "" {
			parsed, ok := langsmithprop.ParseRun(child.DottedOrder)
			assert.True(t, ok)
			assert.Equal(t, child, parsed)
		}
	})
}

func FuzzExtract(f *testing.F) {
	f.Add("langsmith-project=support%20bot,langsmith-tags=a%2Cb,langsmith-metadata=%7B%22k%22%3A%5B1%5D%7D")
	f.Add(" langsmith-tags = %2c ;p=1,, =,langsmith-metadata=%7B%22%22:null%7D")
	f.Add("langsmith-metadata=%7B%22n%22%3A1e999%7D,langsmith-replicas=%5B%5D")
	p := langsmithprop.New(langsmithprop.TrustIncoming(), langsmithprop.SendItems())
	f.Fuzz(func(t *testing.T, header string) {
		ctx := p.Extract(t.Context(), propagation.MapCarrier{"langsmith-trace": order, "baggage": header})
		items := langsmithprop.ItemsFromContext(ctx)
		assert.LessOrEqual(t, len(items.Project), 256)
		assert.LessOrEqual(t, len(items.Tags), 32)
		assert.LessOrEqual(t, len(items.Metadata), 32)
		// What was read can be handed on, and is read there as it was here. Escaping takes more
		// room than the item may have had, and then it is left out.
		carrier := propagation.MapCarrier{}
		p.Inject(ctx, carrier)
		next := langsmithprop.ItemsFromContext(p.Extract(t.Context(), carrier))
		if next.Project != "" {
			assert.Equal(t, items.Project, next.Project)
		}
		if len(next.Tags) > 0 {
			assert.Equal(t, items.Tags, next.Tags)
		}
		if len(next.Metadata) > 0 {
			want, err := json.Marshal(items.Metadata)
			assert.NoError(t, err)
			got, err := json.Marshal(next.Metadata)
			assert.NoError(t, err)
			assert.Equal(t, string(want), string(got))
		}
	})
}
