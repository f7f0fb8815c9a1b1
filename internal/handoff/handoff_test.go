package handoff_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai/record"
)

func span(id byte) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{id}})
}

func TestTheFirstSpanGetsTheSlip(t *testing.T) {
	var slip handoff.Slip
	ctx := handoff.NewContext(t.Context(), &slip)
	assert.False(t, slip.Claimed())
	assert.Same(t, &slip, handoff.Claim(ctx, span(1)))
	assert.True(t, slip.Claimed())
	assert.Same(t, &slip, handoff.Claim(ctx, span(1)), "another processor, for the same span")
	assert.Nil(t, handoff.Claim(ctx, span(2)), "a child")
}

func TestWithoutASlipThereIsNothingToClaim(t *testing.T) {
	assert.Nil(t, handoff.Claim(t.Context(), span(1)))
	var slip handoff.Slip
	assert.Nil(t, handoff.Claim(handoff.NewContext(t.Context(), &slip), trace.SpanContext{}), "no span")
	assert.False(t, slip.Claimed())
}

func TestAnInnerSlipHidesTheOuter(t *testing.T) {
	var outer, inner handoff.Slip
	ctx := handoff.NewContext(handoff.NewContext(t.Context(), &outer), &inner)
	assert.Same(t, &inner, handoff.Claim(ctx, span(1)))
	assert.False(t, outer.Claimed())
}

func TestAClosedSlipIsClaimedByNobodyElse(t *testing.T) {
	var unclaimed, claimed handoff.Slip
	ctx := handoff.NewContext(t.Context(), &unclaimed)
	unclaimed.Close()
	assert.Nil(t, handoff.Claim(ctx, span(2)), "a child")
	assert.Nil(t, handoff.Claim(ctx, trace.SpanContext{}))
	assert.False(t, unclaimed.Claimed())

	ctx = handoff.NewContext(t.Context(), &claimed)
	handoff.Claim(ctx, span(1))
	claimed.Close()
	assert.True(t, claimed.Claimed())
	assert.Same(t, &claimed, handoff.Claim(ctx, span(1)))
	assert.Nil(t, handoff.Claim(ctx, span(2)))
}

func TestARecordIsCompletedOnceAndOnlyWhenAskedFor(t *testing.T) {
	var slip handoff.Slip
	assert.Nil(t, slip.Call())
	assert.Zero(t, slip.Size())

	completed := 0
	call := &record.Call{Operation: "chat"}
	slip.Put(call, 42, func(c *record.Call) {
		completed++
		assert.Same(t, call, c)
		c.Response.ID = "completed"
	})
	assert.Equal(t, 42, slip.Size())
	assert.Zero(t, completed)
	for range 2 {
		assert.Same(t, call, slip.Call())
	}
	assert.Equal(t, "completed", call.Response.ID)
	assert.Equal(t, 1, completed)
}

func TestTheFirstPutCounts(t *testing.T) {
	var slip handoff.Slip
	first := &record.Call{}
	slip.Put(first, 1, nil)
	slip.Put(&record.Call{}, 2, func(*record.Call) { t.Error("completed") })
	assert.Same(t, first, slip.Call())
	assert.Equal(t, 1, slip.Size())
}

func TestARecordThatCouldNotBeCompletedIsSeenByNobody(t *testing.T) {
	var slip handoff.Slip
	slip.Put(&record.Call{}, 0, func(*record.Call) { panic("decoder") })
	assert.Panics(t, func() { slip.Call() }, "who asks first has to know")
	assert.Nil(t, slip.Call(), "half a record, perhaps unredacted")
}

func TestASlipIsTakenOnceByItsSpan(t *testing.T) {
	var slips handoff.Slips
	var first, second handoff.Slip
	slips.Put(span(1), &first)
	slips.Put(span(2), &second)
	assert.Equal(t, 2, slips.Len())
	assert.Same(t, &second, slips.Take(span(2)))
	assert.Nil(t, slips.Take(span(2)))
	assert.Nil(t, slips.Take(span(3)))
	slips.Close()
	assert.Nil(t, slips.Take(span(1)))
	slips.Put(span(1), &first)
	assert.Zero(t, slips.Len())
}

func TestSlip_ConcurrentSafe(t *testing.T) {
	var slip handoff.Slip
	var completed atomic.Int32
	ctx := handoff.NewContext(context.WithoutCancel(t.Context()), &slip)
	call := &record.Call{}
	var winners atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if handoff.Claim(ctx, span(byte(i+1))) != nil {
				winners.Add(1)
			}
			slip.Put(call, 1, func(c *record.Call) {
				completed.Add(1)
				c.Response.ID = "x"
			})
			got := slip.Call()
			if assert.Same(t, call, got) {
				assert.Equal(t, "x", got.Response.ID)
			}
			slip.Size()
			slip.Claimed()
			slip.Close()
		})
	}
	all.Wait()
	require.Equal(t, int32(1), completed.Load())
	assert.LessOrEqual(t, winners.Load(), int32(1))
}
