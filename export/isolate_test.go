package export

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// refusing answers with a status those requests that hold one of the texts.
func refusing(b *backend, status int, texts ...string) {
	b.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
		for _, text := range texts {
			if bytes.Contains(b.received()[n-1].body, []byte(text)) {
				w.WriteHeader(status)
				return
			}
		}
	}
}

// limited answers with status 413 the requests above a size.
func limited(b *backend, size int) {
	b.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
		if len(b.received()[n-1].body) > size {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}
}

func large(name string, size int) sdktrace.ReadOnlySpan {
	s := stub(name)
	s.Attributes = []attribute.KeyValue{
		attribute.String("gen_ai.response.id", "chatcmpl-1"),
		attribute.String("gen_ai.input.messages", strings.Repeat("ä", size/2)),
	}
	return s.Snapshot()
}

func TestTheLimitOfABackendIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const spans, limit = 512, 1 << 20
		var b backend
		limited(&b, limit)
		p := processorFor(t, &b, WithQueue(128<<20, 0))
		for i := range spans {
			p.OnEnd(large(fmt.Sprint("span ", i), 140<<10))
		}
		require.NoError(t, p.Shutdown(t.Context()))
		assert.Len(t, b.names(), spans)
		assert.Equal(t, uint64(spans), stats(t, p).Delivered)
		assert.Zero(t, stats(t, p).Truncated)
		refused := 0
		for _, a := range b.received() {
			if len(a.body) > limit {
				refused++
			}
		}
		assert.Positive(t, refused)
		assert.LessOrEqual(t, refused, 10)
	})
}

func TestALearnedLimitGrowsSlowlyAndNotOverWhatWasRefusedLately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimit(4 << 20)
		l.refuse(4 << 20)
		assert.Equal(t, 2<<20, l.bytes)
		l.refuse(2 << 20)
		assert.Equal(t, 1<<20, l.bytes)
		for range limitTrial - 1 {
			l.accept()
		}
		assert.Equal(t, 1<<20, l.bytes)
		l.accept()
		assert.Equal(t, 1<<20+1<<20/20, l.bytes)
		for range 100 * limitTrial {
			l.accept()
		}
		assert.Less(t, l.bytes, 2<<20)
		assert.Greater(t, l.bytes, 19<<20/10)

		time.Sleep(limitMemory + time.Second)
		for range 100 * limitTrial {
			l.accept()
		}
		assert.Equal(t, 4<<20, l.bytes)
	})
}

func TestALimitIsNotLearnedFromASpanThatIsLargerThanAnyRequest(t *testing.T) {
	l := newLimit(4 << 20)
	l.refuse(20 << 20)
	assert.Equal(t, 4<<20, l.bytes)
}

func TestALimitIsNeverLearnedToBeNothing(t *testing.T) {
	l := newLimit(4 << 20)
	for range 100 {
		l.refuse(l.bytes)
	}
	assert.Equal(t, minRequestBytes, l.bytes)
}

func TestASpanThatIsTooLargeAloneIsCutAndArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		limited(&b, 300<<10)
		p := processorFor(t, &b)
		p.OnEnd(stub("before").Snapshot())
		p.OnEnd(large("large", 5<<20))
		p.OnEnd(stub("after").Snapshot())
		require.NoError(t, p.Shutdown(t.Context()))
		assert.ElementsMatch(t, []string{"before", "large", "after"}, b.names())
		for _, span := range b.spans() {
			if span.GetName() != "large" {
				continue
			}
			attributes := map[string]string{}
			truncated := false
			for _, kv := range span.GetAttributes() {
				attributes[kv.GetKey()] = kv.GetValue().GetStringValue()
				truncated = truncated || kv.GetKey() == "genotel.content.truncated" && kv.GetValue().GetBoolValue()
			}
			assert.True(t, truncated)
			assert.Equal(t, "chatcmpl-1", attributes["gen_ai.response.id"])
			content := attributes["gen_ai.input.messages"]
			assert.True(t, utf8.ValidString(content))
			assert.True(t, strings.HasPrefix(content, strings.Repeat("ä", 1000)))
			assert.True(t, strings.HasSuffix(content, "ä… (cut from 5242880 bytes)") ||
				strings.HasSuffix(content, " bytes)"), "%.50q", content[len(content)-50:])
		}
		assert.Equal(t, uint64(3), stats(t, p).Delivered)
		assert.Positive(t, stats(t, p).Truncated)
	})
}

func TestASpanThatIsTooLargeWhateverIsCutIsCountedAndCostsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		limited(&b, 2000)
		p := processorFor(t, &b)
		huge := stub("huge")
		for i := range 200 { // nothing in it is long
			huge.Attributes = append(huge.Attributes, attribute.String(fmt.Sprint("key.", i), strings.Repeat("x", 50)))
		}
		p.OnEnd(stub("before").Snapshot())
		p.OnEnd(huge.Snapshot())
		p.OnEnd(stub("after").Snapshot())
		require.Error(t, p.Shutdown(t.Context()))
		assert.ElementsMatch(t, []string{"before", "after"}, b.names())
		assert.Equal(t, map[Reason]uint64{ReasonTooLarge: 1}, stats(t, p).Dropped)
		assert.Less(t, len(b.received()), 20)
	})
}

func TestABadSpanCostsNoOther(t *testing.T) {
	for _, code := range []int{http.StatusBadRequest, http.StatusUnprocessableEntity} {
		synctest.Test(t, func(t *testing.T) {
			var b backend
			refusing(&b, code, "poison")
			p := processorFor(t, &b)
			names := numbered("span", 1000)
			endSpans(p, names[:700]...)
			endSpans(p, "poison")
			endSpans(p, names[700:]...)
			require.Error(t, p.Shutdown(t.Context()))
			assert.ElementsMatch(t, names, b.names())
			assert.Equal(t, map[Reason]uint64{ReasonSendError: 1}, stats(t, p).Dropped)
			assert.LessOrEqual(t, len(b.received()), 1+searchRequests)
		})
	}
}

func TestABackendThatRefusesEverythingIsNotAskedForEverySpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: status(http.StatusBadRequest)}
		p := processorFor(t, b)
		for range 10 {
			endSpans(p, numbered("span", 1000)...)
			require.NoError(t, p.ForceFlush(t.Context()))
		}
		require.Error(t, p.Shutdown(t.Context()))
		assert.Equal(t, map[Reason]uint64{ReasonSendError: 10_000}, stats(t, p).Dropped)
		assert.LessOrEqual(t, len(b.received()), 10+maxFruitless*(searchRequests+1))
	})
}

func TestBadSpansInARowCostNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		refusing(&b, http.StatusBadRequest, "poison")
		p := processorFor(t, &b)
		for range 2 {
			endSpans(p, "poison") // alone
			require.NoError(t, p.ForceFlush(t.Context()))
			endSpans(p, "poison 1", "poison 2") // nothing is accepted
			require.NoError(t, p.ForceFlush(t.Context()))
			endSpans(p, "one", "poison", "two")
			require.NoError(t, p.ForceFlush(t.Context()))
		}
		assert.Equal(t, []string{"one", "two", "one", "two"}, b.names())
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestASpanThatBreaksTheBackendHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		refusing(&b, http.StatusInternalServerError, "poison")
		p := processorFor(t, &b)
		bad, good := numbered("bad", 99), numbered("good", 100)
		endSpans(p, append(bad, "poison")...)
		time.Sleep(2 * DefaultBatchDelay)
		endSpans(p, good...)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		assert.ElementsMatch(t, append(bad, good...), b.names())
		assert.Equal(t, map[Reason]uint64{ReasonSendError: 1}, stats(t, p).Dropped)
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestABackendThatIsBrokenIsNoReasonToGiveUpASpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, broken := failing(http.StatusInternalServerError)
		p := processorFor(t, b)
		names := numbered("span", 30)
		for i := range 10 {
			endSpans(p, names[3*i:3*i+3]...)
			time.Sleep(2 * DefaultBatchDelay)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		broken.Store(false)
		require.NoError(t, p.Shutdown(t.Context()))
		assert.ElementsMatch(t, names, b.names())
	})
}

func FuzzShrink(f *testing.F) {
	f.Add("gen_ai.input.messages", "ä€", uint16(3000), "short", uint16(1), 500)
	f.Add("k", "\xff", uint16(2000), "x", uint16(5000), -1)
	f.Fuzz(func(t *testing.T, key, text string, times uint16, other string, otherTimes uint16, within int) {
		if len(key)+len(text)+len(other) > 100 {
			return
		}
		value, otherValue := strings.Repeat(text, int(times)%5000), strings.Repeat(other, int(otherTimes)%5000)
		s := stub("span")
		s.Attributes = []attribute.KeyValue{
			attribute.String(key, value), attribute.StringSlice("list", []string{value, otherValue}),
			attribute.ByteSlice("bytes", []byte(value)), attribute.Map("map", attribute.String(key, otherValue)),
		}
		s.Events = []sdktrace.Event{{Name: "event", Attributes: []attribute.KeyValue{attribute.String(text, otherValue)}}}
		r := split(transform([]sdktrace.ReadOnlySpan{s.Snapshot()}), bounds{bytes: maxRequestBytes, spans: 1})[0]
		whole, _, err := newParcel(r, nil)
		require.NoError(t, err)
		within = min(within, whole.size/2) // as the pipeline does
		smaller := whole.shrunkTo(within)
		if smaller == nil {
			assert.LessOrEqual(t, len(strings.ToValidUTF8(value, "\uFFFD")), minText)
			assert.LessOrEqual(t, len(strings.ToValidUTF8(otherValue, "\uFFFD")), minText)
			return
		}
		assert.Equal(t, 1, smaller.spans)
		assert.Less(t, smaller.size, whole.size)
		uncut := 6*minText + 500 + 2*len(key) + 3*len(text) // what is short, the notes and the rest
		assert.LessOrEqual(t, smaller.size, max(within, uncut))
	})
}

func FuzzSplit(f *testing.F) {
	f.Add(uint8(10), 300, 3, false, []byte{1, 2, 3, 200})
	f.Add(uint8(200), 100_000, 1000, true, []byte{0, 255})
	f.Fuzz(func(t *testing.T, n uint8, maxBytes, maxSpans int, single bool, sizes []byte) {
		spans := mixed(int(n))
		for i := range spans {
			if len(sizes) > 0 {
				s := stub(fmt.Sprint(i))
				s.Resource, s.InstrumentationScope = spans[i].Resource(), spans[i].InstrumentationScope()
				s.SpanContext = s.SpanContext.WithSpanID(trace.SpanID{byte(i), 1})
				s.Attributes = []attribute.KeyValue{attribute.String("k", strings.Repeat("x", int(sizes[i%len(sizes)])))}
				spans[i] = s.Snapshot()
			}
		}
		resources := transform(spans)
		maxSpans = max(maxSpans, 1)
		var got []string
		for _, r := range split(resources, bounds{bytes: maxBytes, spans: maxSpans, single: single}) {
			part, _, err := newParcel(r, nil)
			require.NoError(t, err)
			assert.True(t, part.size <= maxBytes || part.spans == 1)
			assert.LessOrEqual(t, part.spans, maxSpans)
			if single {
				assert.Len(t, r.message.GetResourceSpans(), 1)
			}
			got = append(got, describe(r.message)...)
		}
		assert.ElementsMatch(t, describe(&tracepb.TracesData{ResourceSpans: resources}), got)
	})
}
