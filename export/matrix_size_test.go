package export

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/faultyotlp"
)

// Requests that are taken in parts, or not at all.
func TestEveryFaultOfSizeOrContentHasItsOutcome(t *testing.T) {
	runMatrix(t, []matrixRow{
		// A refusal that does not come again: both halves go.
		{faultyotlp.Status(400), 1, delivered, delivered, reordered},
		{faultyotlp.Status(422), 1, delivered, delivered, reordered},
		{faultyotlp.Status(501), 1, delivered, delivered, reordered},
		{faultyotlp.Echo(400), 1, delivered, delivered, reordered},
		{faultyotlp.Status(413), 1, delivered, delivered, reordered},
		{faultyotlp.Status(413).Unread(), 1, delivered, delivered, reordered},

		// 413 whatever the size.
		{faultyotlp.Status(413), always, ReasonTooLarge, ReasonTooLarge, reordered},
		{faultyotlp.Status(413).Unread(), always, ReasonTooLarge, ReasonTooLarge, reordered},
		{faultyotlp.HugeBody(413, 128<<10), always, ReasonTooLarge, ReasonTooLarge, reordered},

		// 413 for much, by what was sent and by what it unpacks to. A request of one of these spans is smaller, though
		// all are below the floor of the learned target: a refused batch is split down to one span.
		{faultyotlp.Status(413).OverBytes(4 << 10), always, delivered, delivered, reordered},
		{faultyotlp.Status(413).OverWireBytes(2 << 10), always, delivered, delivered, reordered},
		{faultyotlp.Status(413).OverWireBytes(2 << 10).Unread(), always, delivered, delivered, reordered},

		// One span that the backend refuses, among all the others. See TestOnePoisonousSpanTakesNoOtherWithIt.
		{faultyotlp.Status(400).ForSpan("span 7"), always, ReasonSendError, ReasonSendError, reordered},
		{faultyotlp.Echo(422).ForSpan("span 7"), always, ReasonSendError, ReasonSendError, reordered},
		{faultyotlp.Status(413).ForSpan("span 7"), always, ReasonTooLarge, ReasonTooLarge, reordered},
	})
}

func TestOnePoisonousSpanTakesNoOtherWithIt(t *testing.T) {
	for _, fault := range []faultyotlp.Fault{
		faultyotlp.Status(400).ForSpan("span 300"),
		faultyotlp.Status(422).ForSpan("span 300"),
		faultyotlp.Echo(400).ForSpan("span 300"),
		faultyotlp.Status(500).ForSpan("span 300"), // five times, while other batches succeed
	} {
		t.Run(fault.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, Destination{}, nil)
				m.backend.Default(fault)
				m.end(4 * maxBatchSpans) // the span is in the first batch, and the others succeed
				require.NoError(t, m.processor.ForceFlush(within(t, time.Hour)))
				require.Error(t, m.processor.Shutdown(t.Context()))
				s := stats(t, m.processor)
				assert.Equal(t, uint64(1), s.Lost(), "%v", s.Dropped)
				assert.Len(t, m.backend.Arrived(), 4*maxBatchSpans-1)
				assert.Len(t, m.backend.Arrived(), sumOf(m.backend.Arrived()), "none arrives twice")
				if !strings.HasPrefix(fault.String(), "500") {
					assert.LessOrEqual(t, len(m.backend.Requests()), 4+searchRequests)
				}
			})
		})
	}
}

// The limit of the backend is learned: nearly all 413 come at once.
func TestALimitOfTheBackendIsLearned(t *testing.T) {
	const size, limit = 140 << 10, 1 << 20
	for name, tt := range map[string]struct {
		spans       int // gzip is slow
		compression Compression
		fault       faultyotlp.Fault
	}{
		"bytes":                  {128, NoCompression, faultyotlp.Status(413).OverBytes(limit)},
		"bytes before gzip":      {48, Gzip, faultyotlp.Status(413).OverBytes(limit)},
		"bytes on the wire":      {48, Gzip, faultyotlp.Status(413).OverWireBytes(limit)},
		"bytes, before it reads": {128, NoCompression, faultyotlp.Status(413).OverWireBytes(limit).Unread()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, Destination{Compression: tt.compression}, nil, WithQueue(2*512*size, 0))
				m.backend.Default(tt.fault)
				endLarge(m, tt.spans, size)
				require.NoError(t, m.processor.ForceFlush(within(t, time.Hour)))
				m.assertEachArrivedOnce(t)
				refused := m.met(tt.fault)
				assert.LessOrEqual(t, refused, 10)

				endLarge(m, tt.spans, size)
				require.NoError(t, m.processor.Shutdown(within(t, time.Hour)))
				m.assertEachArrivedOnce(t)
				assert.LessOrEqual(t, m.met(tt.fault)-refused, 2, "the limit is not forgotten")
				stats(t, m.processor)
			})
		})
	}
}

// endLarge ends spans with content that does not compress much.
func endLarge(m *meeting, spans, size int) {
	noise := make([]byte, size+1<<20)
	for i := range noise {
		noise[i] = byte('0' + rand.N(64))
	}
	for i := range spans {
		from := i * 2003
		_, span := m.tracer.Start(context.Background(), fmt.Sprint("span ", len(m.ended)),
			trace.WithAttributes(attribute.String("gen_ai.input.messages", string(noise[from:from+size]))))
		m.ended[span.SpanContext().SpanID()] = 1
		span.End()
	}
}

func TestASpanLargerThanTheBackendTakesIsShrunkAndArrives(t *testing.T) {
	const limit = 1 << 20
	for _, fault := range []faultyotlp.Fault{
		faultyotlp.Status(413).OverBytes(limit), faultyotlp.Status(413).OverWireBytes(limit).Unread(),
	} {
		t.Run(fault.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, Destination{}, nil)
				m.backend.Default(fault)
				m.end(20)
				endLarge(m, 1, 3<<20)
				m.end(20)
				require.NoError(t, m.processor.Shutdown(within(t, time.Hour)))
				m.assertEachArrivedOnce(t)
				assert.LessOrEqual(t, m.met(fault), 10+8, "halvings, and at most 8 rounds for the span")
				for _, r := range m.backend.Requests() {
					if r.Stored > 0 {
						assert.LessOrEqual(t, r.Bytes, limit)
					}
				}
			})
		})
	}
}

// After a timeout the backend may have stored the request: it is never split then.
func TestWhatWasInDoubtIsSentAgainAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Destination{}, nil)
		m.backend.Script(faultyotlp.NoAnswer().Storing(), faultyotlp.NoAnswer().Storing())
		m.end(100)
		require.NoError(t, m.processor.ForceFlush(within(t, time.Hour)))
		require.NoError(t, m.processor.Shutdown(t.Context()))
		for _, r := range m.backend.Requests() {
			assert.Equal(t, m.backend.Requests()[0].Sum, r.Sum)
		}
		assert.Len(t, m.backend.Requests(), 3)
	})
}
