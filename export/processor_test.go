package export

import (
	"bytes"
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestEndedSpansReachTheBackend(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{{Name: "backend", URL: server(t, &b).URL + "/v1/traces?tenant=a"}})

	_, span := tracer(p).Start(t.Context(), "chat gpt-4o", trace.WithAttributes(attribute.String("k", "v")))
	span.End()
	require.NoError(t, p.ForceFlush(t.Context()))

	require.Len(t, b.spans(), 1)
	got := b.spans()[0]
	assert.Equal(t, "chat gpt-4o", got.GetName())
	assert.Equal(t, "k", got.GetAttributes()[0].GetKey())
	assert.Equal(t, "v", got.GetAttributes()[0].GetValue().GetStringValue())
	assert.Equal(t, Stats{Destination: "backend", Ended: 1, Delivered: 1}, stats(t, p))
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestABatchLeavesAfterItsDelayWithoutAFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		p := processorFor(t, &b, WithBatchDelay(3*time.Second))
		start := time.Now()
		endSpans(p, "one")
		time.Sleep(2 * time.Second)
		endSpans(p, "two")
		assert.Empty(t, b.names())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"one", "two"}, b.names())
		assert.Equal(t, start.Add(3*time.Second), b.received()[0].at)
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestAFullBatchDoesNotWaitForTheDelay(t *testing.T) {
	t.Run("by number", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var b backend
			p := processorFor(t, &b, WithBatchDelay(time.Hour))
			endSpans(p, numbered("span", maxBatchSpans)...)
			synctest.Wait()
			assert.Len(t, b.names(), maxBatchSpans)
			require.NoError(t, p.Shutdown(t.Context()))
		})
	})
	t.Run("by bytes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var b backend
			p := processorFor(t, &b, WithBatchDelay(time.Hour))
			for range 5 {
				s := stub("large")
				s.Attributes = []attribute.KeyValue{attribute.String("content", string(make([]byte, 1<<20)))}
				p.OnEnd(s.Snapshot())
			}
			synctest.Wait()
			assert.NotEmpty(t, b.names())
			require.NoError(t, p.Shutdown(t.Context()))
		})
	})
}

func TestUnsampledSpansAreIgnored(t *testing.T) {
	p := processorFor(t, &backend{})
	_, dropped := tracer(p, sdktrace.WithSampler(sdktrace.NeverSample())).Start(t.Context(), "dropped")
	dropped.End()
	_, recorded := tracer(p, sdktrace.WithSampler(recordOnly{})).Start(t.Context(), "recorded only")
	recorded.End()
	assert.Equal(t, Stats{Destination: "backend"}, stats(t, p))
	require.NoError(t, p.Shutdown(t.Context()))
}

type recordOnly struct{}

func (recordOnly) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return sdktrace.SamplingResult{Decision: sdktrace.RecordOnly}
}
func (recordOnly) Description() string { return "record only" }

func TestEachDestinationSeesItsOwnView(t *testing.T) {
	var plain, renamed backend
	p := newProcessor(t, []Destination{
		{Name: "plain", URL: server(t, &plain).URL},
		{Name: "renamed", URL: server(t, &renamed).URL, View: rename},
	})
	endSpans(p, "chat", "secret")
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, []string{"chat", "secret"}, plain.names())
	assert.Equal(t, []string{"renamed chat"}, renamed.names())
	assert.Equal(t, []Stats{
		{Destination: "plain", Ended: 2, Delivered: 2},
		{Destination: "renamed", Ended: 1, Delivered: 1, LeftOut: 1},
	}, p.Stats())
}

// rename leaves out the span "secret".
func rename(span sdktrace.ReadOnlySpan, _ *record.Call) sdktrace.ReadOnlySpan {
	if span.Name() == "secret" {
		return nil
	}
	s := tracetest.SpanStubFromReadOnlySpan(span)
	s.Name = "renamed " + s.Name
	return s.Snapshot()
}

func TestABatchThatIsLeftOutAltogetherMakesNoRequest(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{{Name: "backend", URL: server(t, &b).URL, View: rename}})
	endSpans(p, "secret", "secret")
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Empty(t, b.received())
	assert.Equal(t, Stats{Destination: "backend", LeftOut: 2}, stats(t, p))
}

func TestAViewThatPanicsLosesOnlyItsOwnSpan(t *testing.T) {
	var b, other backend
	var log logBuffer
	p := newProcessor(t, []Destination{
		{Name: "panicking", URL: server(t, &b).URL, View: func(s sdktrace.ReadOnlySpan, _ *record.Call) sdktrace.ReadOnlySpan {
			if s.Name() == "bad" {
				panic("a prompt that must not be logged")
			}
			return s
		}},
		{Name: "other", URL: server(t, &other).URL},
	}, WithLogger(log.logger()))
	endSpans(p, "one", "bad", "two")

	var loss *DeliveryError
	require.ErrorAs(t, p.Shutdown(t.Context()), &loss)
	assert.Equal(t, []string{"one", "two"}, b.names())
	assert.Equal(t, []string{"one", "bad", "two"}, other.names())
	assert.Equal(t, map[Reason]uint64{ReasonInternalError: 1}, loss.Stats[0].Dropped)
	assert.Equal(t, "genotel: spans not delivered: panicking 1 lost (internal_error 1), last problem: panic (string) in the view", loss.Error())
	assert.Len(t, log.lines(), 1)
	assert.NotContains(t, log.lines()[0], "prompt")
}

func TestASpanThatPanicsInTheTransformLosesOnlyItself(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{{
		Name: "backend", URL: server(t, &b).URL,
		View: func(s sdktrace.ReadOnlySpan, _ *record.Call) sdktrace.ReadOnlySpan {
			if s.Name() == "bad" {
				return brokenSpan{s}
			}
			return s
		},
	}})
	endSpans(p, "one", "bad", "two")
	var loss *DeliveryError
	require.ErrorAs(t, p.Shutdown(t.Context()), &loss)
	assert.ElementsMatch(t, []string{"one", "two"}, b.names())
	assert.Equal(t, map[Reason]uint64{ReasonInternalError: 1}, stats(t, p).Dropped)
}

// brokenSpan panics when its attributes are read.
type brokenSpan struct{ sdktrace.ReadOnlySpan }

func (brokenSpan) Attributes() []attribute.KeyValue { panic("broken") }

func TestASpanThatPanicsInOnEndIsCountedAndDoesNotReachTheCaller(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{
		{Name: "a", URL: server(t, &b).URL},
		{Name: "b", URL: server(t, &b).URL},
	})
	assert.NotPanics(t, func() {
		p.OnEnd(brokenSpan{stub("broken").Snapshot()})
		p.OnEnd(nil)
		p.OnStart(panickingContext{t.Context()}, nil)
	})
	for _, s := range p.Stats() {
		assertLaw(t, s)
		assert.Equal(t, map[Reason]uint64{ReasonInternalError: 2}, s.Dropped)
	}
}

type panickingContext struct{ context.Context }

func (panickingContext) Value(any) any { panic("no value") }

func TestTheRecordReachesOnlyTheDestinationsThatWantIt(t *testing.T) {
	var b backend
	url := server(t, &b).URL
	var wanting, other, decoded []*record.Call
	p := newProcessor(t, []Destination{
		{Name: "wanting", URL: url, WantsRecord: true, View: collect(&wanting)},
		{Name: "other", URL: url, View: collect(&other)},
	})
	tr := tracer(p)

	call := &record.Call{Operation: "chat"}
	var slip handoff.Slip
	ctx, parent := tr.Start(handoff.NewContext(t.Context(), &slip), "call")
	_, child := tr.Start(ctx, "attempt")
	require.True(t, slip.Claimed())
	child.End()
	slip.Put(call, 1000, func(c *record.Call) { decoded = append(decoded, c) })
	parent.End()
	require.NoError(t, p.Shutdown(t.Context()))

	assert.Equal(t, []*record.Call{nil, call}, wanting, "the child must not get its parent's record")
	assert.Equal(t, []*record.Call{nil, nil}, other)
	assert.Equal(t, []*record.Call{call}, decoded, "decoded once")
}

func collect(calls *[]*record.Call) View {
	return func(span sdktrace.ReadOnlySpan, call *record.Call) sdktrace.ReadOnlySpan {
		*calls = append(*calls, call)
		return span
	}
}

func TestNoRecordIsClaimedWhenNoDestinationWantsIt(t *testing.T) {
	p := processorFor(t, &backend{})
	var slip handoff.Slip
	_, span := tracer(p).Start(handoff.NewContext(t.Context(), &slip), "call")
	span.End()
	assert.False(t, slip.Claimed())
}

func TestTheRecordCountsInTheBoundOfTheQueue(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{
		{Name: "wanting", URL: server(t, &b).URL, WantsRecord: true},
		{Name: "other", URL: server(t, &b).URL},
	}, WithQueue(100_000, 0))
	var slip handoff.Slip
	_, span := tracer(p).Start(handoff.NewContext(t.Context(), &slip), "call")
	slip.Put(&record.Call{}, 100_000, nil)
	span.End()
	assert.Equal(t, map[Reason]uint64{ReasonQueueOverflow: 1}, p.Stats()[0].Dropped)
	assert.Empty(t, p.Stats()[1].Dropped)
}

func TestTheCompressedCopyCountsInTheBoundOfTheQueue(t *testing.T) {
	for name, tt := range map[string]struct {
		compression Compression
		dropped     map[Reason]uint64
	}{
		"plain": {NoCompression, nil},
		"gzip":  {Gzip, map[Reason]uint64{ReasonQueueOverflow: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			sending := make(chan struct{}, 1)
			b := &backend{answer: func(w http.ResponseWriter, r *http.Request, n int) {
				sending <- struct{}{}
				hang(w, r, n)
			}}
			p := newProcessor(t, []Destination{{Name: "backend", URL: "http://backend", Compression: tt.compression}},
				WithQueue(100_000, 0), WithBatchDelay(time.Millisecond), withTransport(inMemory{"backend": b}))
			random := make([]byte, 30_000)
			_, _ = rand.NewChaCha8([32]byte{}).Read(random) // never fails
			end := func(content string) {
				_, span := tracer(p).Start(t.Context(), "call")
				span.SetAttributes(attribute.String("content", content))
				span.End()
			}
			end(hex.EncodeToString(random)) // half of which is left when compressed
			<-sending
			end(strings.Repeat("x", 30_000))
			assert.Equal(t, tt.dropped, stats(t, p).Dropped)
		})
	}
}

func TestARecordDecoderThatPanicsCostsTheRecordAndNotTheSpan(t *testing.T) {
	var b backend
	url := server(t, &b).URL
	var first, second []*record.Call
	p := newProcessor(t, []Destination{
		{Name: "first", URL: url, WantsRecord: true, View: collect(&first)},
		{Name: "second", URL: url, WantsRecord: true, View: collect(&second)},
	})
	var slip handoff.Slip
	_, span := tracer(p).Start(handoff.NewContext(t.Context(), &slip), "call")
	slip.Put(&record.Call{}, 0, func(*record.Call) { panic("decoder") })
	span.End()
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, []string{"call", "call"}, b.names())
	assert.Equal(t, []*record.Call{nil}, first)
	assert.Equal(t, []*record.Call{nil}, second, "half a record, perhaps unredacted, must not be seen")
	for _, s := range p.Stats() {
		assert.Equal(t, uint64(1), s.Undecoded)
	}
}

func TestTheSlipMapIsEmptiedAndBounded(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{{Name: "backend", URL: server(t, &b).URL, WantsRecord: true}})
	tr := tracer(p)
	start := func() trace.Span {
		_, span := tr.Start(handoff.NewContext(t.Context(), &handoff.Slip{}), "call")
		return span
	}
	spans := []trace.Span{start(), start()}
	assert.Equal(t, 2, p.slips.Len())
	for _, span := range spans {
		span.End()
	}
	assert.Zero(t, p.slips.Len())

	for range handoff.MaxSlips + 100 {
		start()
	}
	assert.Equal(t, handoff.MaxSlips, p.slips.Len())
	require.NoError(t, p.Shutdown(t.Context()))
	start()
	assert.Zero(t, p.slips.Len())
}

func TestAFullQueueDropsTheNewestAndCountsIt(t *testing.T) {
	t.Run("by number", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var b backend
			p := processorFor(t, &b, WithQueue(0, 3))
			endSpans(p, "one", "two", "three", "four", "five")
			assert.Equal(t, map[Reason]uint64{ReasonQueueOverflow: 2}, stats(t, p).Dropped)
			require.NoError(t, p.ForceFlush(t.Context()))
			endSpans(p, "six")
			require.Error(t, p.Shutdown(t.Context()))
			assert.Equal(t, []string{"one", "two", "three", "six"}, b.names())
		})
	})
	t.Run("by bytes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var b backend
			p := processorFor(t, &b, WithQueue(2*estimate(stub("one").Snapshot()), 0))
			for range 3 {
				p.OnEnd(stub("one").Snapshot())
			}
			assert.Equal(t, map[Reason]uint64{ReasonQueueOverflow: 1}, stats(t, p).Dropped)
			for range 3 { // each flush makes room
				require.NoError(t, p.ForceFlush(t.Context()))
				p.OnEnd(stub("one").Snapshot())
				p.OnEnd(stub("one").Snapshot())
			}
			require.Error(t, p.Shutdown(t.Context()))
			assert.Len(t, b.names(), 8)
		})
	})
	t.Run("spans on their way count", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := processorFor(t, &backend{answer: hang}, WithQueue(0, 3))
			endSpans(p, "one", "two", "three")
			time.Sleep(2 * time.Second) // they are in flight now
			endSpans(p, "four")
			assert.Equal(t, map[Reason]uint64{ReasonQueueOverflow: 1}, stats(t, p).Dropped)
			assert.Equal(t, uint64(3), stats(t, p).Queued)
		})
	})
}

func TestTheLedgerBalancesAtEveryMomentConcurrentSafe(t *testing.T) {
	const goroutines, each = 32, 300
	var good, bad backend
	bad.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
		switch {
		case bytes.Contains(bad.received()[n-1].body, []byte("poison")):
			w.WriteHeader(http.StatusBadRequest)
		case n%4 == 2:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"partialSuccess":{"rejectedSpans":"7"}}`))
		}
	}
	p := newProcessor(t, []Destination{
		{Name: "good", URL: server(t, &good).URL},
		{Name: "bad", URL: server(t, &bad).URL, View: rename},
		{Name: "small", URL: server(t, &backend{}).URL},
	}, WithQueue(0, 2000), WithBatchDelay(time.Millisecond))

	var ending, watching sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		watching.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					for _, s := range p.Stats() {
						assertLaw(t, s)
					}
					_ = p.ForceFlush(expired()) // only to be in the way
				}
			}
		})
	}
	for range goroutines {
		ending.Go(func() {
			endSpans(p, numbered("span", each-2)...)
			endSpans(p, "secret", "poison")
		})
	}
	ending.Wait()
	err := p.Shutdown(within(t, 20*time.Second))
	close(stop)
	watching.Wait()

	var loss *DeliveryError
	require.ErrorAs(t, err, &loss)
	for i, s := range p.Stats() {
		assertLaw(t, s)
		assert.Zero(t, s.Queued)
		assert.Equal(t, uint64(goroutines*each), s.Ended+s.LeftOut)
		assert.Equal(t, loss.Stats[i], s)
	}
	assert.Len(t, good.names(), int(p.Stats()[0].Delivered))
	assert.Positive(t, p.Stats()[1].Dropped[ReasonSendError])
	assert.Positive(t, p.Stats()[1].Dropped[ReasonRejected])
}
