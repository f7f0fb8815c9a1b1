package export

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai/record"
)

// deadAndHealthy has a dead destination before a healthy one.
func deadAndHealthy(t *testing.T) (*Processor, *backend) {
	t.Helper()
	var healthy backend
	return newProcessor(t, []Destination{
		{Name: "dead", URL: "http://dead/v1/traces"},
		{Name: "healthy", URL: "http://healthy/v1/traces"},
	}, withTransport(inMemory{
		"dead":    &backend{answer: status(http.StatusServiceUnavailable)},
		"healthy": &healthy,
	})), &healthy
}

func TestADeadDestinationDoesNotDelayTheHealthyOneAtShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, healthy := deadAndHealthy(t)
		endSpans(p, numbered("span", 100)...)
		start := time.Now()
		err := p.Shutdown(within(t, 3*time.Second))
		assert.Equal(t, 3*time.Second, time.Since(start))

		var loss *DeliveryError
		require.ErrorAs(t, err, &loss)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, "genotel: spans not delivered: dead 100 lost (shutdown 100), last problem: 503 from dead", err.Error())
		assert.Equal(t, []Stats{
			{Destination: "dead", Ended: 100, Dropped: map[Reason]uint64{ReasonShutdown: 100}},
			{Destination: "healthy", Ended: 100, Delivered: 100},
		}, loss.Stats)
		assert.Equal(t, start, healthy.received()[0].at)
		assert.Len(t, healthy.names(), 100)
	})
}

func TestADeadDestinationDoesNotDelayTheHealthyOneAtForceFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, healthy := deadAndHealthy(t)
		endSpans(p, numbered("span", 100)...)
		start := time.Now()
		err := p.ForceFlush(within(t, 3*time.Second))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, "genotel: flushing dead (100 queued; last problem: 503 from dead): context deadline exceeded", err.Error())
		assert.Equal(t, start, healthy.received()[0].at)
		assert.Len(t, healthy.names(), 100)
		assert.Equal(t, uint64(100), p.Stats()[0].Queued, "a flush that ends drops nothing")
	})
}

func TestForceFlushWaitsForTheSpansBeforeItAndForNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(_ http.ResponseWriter, r *http.Request, n int) {
			if n > 1 {
				hang(nil, r, n)
			}
			time.Sleep(time.Second)
		}}
		p := processorFor(t, b)
		endSpans(p, "before")
		var flushed error
		var flush sync.WaitGroup
		flush.Go(func() { flushed = p.ForceFlush(within(t, 5*time.Second)) })
		synctest.Wait()
		endSpans(p, "after")
		flush.Wait()
		require.NoError(t, flushed)
		assert.Equal(t, []string{"before"}, b.names())
	})
}

func TestForceFlushWithNothingToDoReturnsNilAlsoWithAnEndedContext(t *testing.T) {
	p := processorFor(t, &backend{})
	assert.NoError(t, p.ForceFlush(expired()))
}

func TestForceFlushReturnsWhenSpansAreDroppedForGood(t *testing.T) {
	p := processorFor(t, &backend{answer: status(http.StatusBadRequest)})
	endSpans(p, "refused")
	require.NoError(t, p.ForceFlush(t.Context()))
	assert.Equal(t, map[Reason]uint64{ReasonSendError: 1}, stats(t, p).Dropped)
}

func TestShutdownReturnsTheSameValueAgain(t *testing.T) {
	t.Run("nil", func(t *testing.T) {
		p := processorFor(t, &backend{})
		endSpans(p, "one")
		require.NoError(t, p.Shutdown(t.Context()))
		require.NoError(t, p.Shutdown(t.Context()))
		require.NoError(t, p.Shutdown(expired()))
	})
	t.Run("a loss", func(t *testing.T) {
		p := processorFor(t, &backend{answer: status(http.StatusBadRequest)})
		endSpans(p, "one")
		first := p.Shutdown(t.Context())
		require.Error(t, first)
		assert.NotErrorIs(t, first, context.DeadlineExceeded)
		assert.Same(t, first, p.Shutdown(expired()))
	})
	t.Run("a second caller with less time does not wait longer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := processorFor(t, &backend{answer: hang})
			endSpans(p, "one")
			var first error
			var shutdown sync.WaitGroup
			shutdown.Go(func() { first = p.Shutdown(within(t, 10*time.Second)) })
			synctest.Wait()
			start := time.Now()
			require.ErrorIs(t, p.Shutdown(within(t, time.Second)), context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(start))
			shutdown.Wait()
			assert.Equal(t, first, p.Shutdown(t.Context()))
		})
	})
}

func TestShutdownWithAnEndedContextCountsWhatIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		p := processorFor(t, &b)
		endSpans(p, numbered("span", 2000)...)
		start := time.Now()
		err := p.Shutdown(expired())
		assert.Zero(t, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		s := stats(t, p)
		assert.Equal(t, uint64(2000), s.Delivered+s.Dropped[ReasonShutdown])
		assert.Zero(t, s.Queued)
	})
}

func TestShutdownWithoutADeadlineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := processorFor(t, &backend{answer: status(http.StatusServiceUnavailable)})
		endSpans(p, "one")
		start := time.Now()
		require.Error(t, p.Shutdown(context.Background())) //nolint:usetesting // it has no deadline, which is the point
		assert.Equal(t, DefaultShutdownTimeout, time.Since(start))
	})
}

func TestShutdownTriesADestinationInAnyPauseAtOnce(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"back-off":      func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"configuration": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"Retry-After": func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var recovered atomic.Bool
				b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
					if !recovered.Load() {
						answer(w)
					}
				}}
				p := processorFor(t, b)
				endSpans(p, "one")
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				recovered.Store(true)
				start := time.Now()
				require.NoError(t, p.Shutdown(within(t, time.Second)))
				assert.Zero(t, time.Since(start))
				assert.Equal(t, []string{"one"}, b.names())
			})
		})
	}
}

func TestShutdownKeepsRetryingWhileItHasTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
			if n < 5 {
				w.WriteHeader(http.StatusNotFound)
			}
		}}
		p := processorFor(t, b)
		endSpans(p, "one")
		require.NoError(t, p.Shutdown(within(t, 20*time.Second)))
		assert.Len(t, b.received(), 5)
	})
}

func TestShutdownCancelsTheAttemptInFlight(t *testing.T) {
	b := &backend{answer: hang}
	p := newProcessor(t, []Destination{{Name: "backend", URL: server(t, b).URL}})
	endSpans(p, "one")
	err := p.Shutdown(within(t, 50*time.Millisecond))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, map[Reason]uint64{ReasonShutdown: 1}, stats(t, p).Dropped)
}

func TestShutdownDoesNotWaitForAViewThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var b backend
		p := newProcessor(t, []Destination{{
			Name: "backend", URL: "http://backend",
			View: func(s sdktrace.ReadOnlySpan, _ *record.Call) sdktrace.ReadOnlySpan {
				<-release
				return s
			},
		}}, withTransport(inMemory{"backend": &b}))
		endSpans(p, "one", "two")
		start := time.Now()
		require.Error(t, p.Shutdown(within(t, 2*time.Second)))
		assert.Equal(t, 2*time.Second+stopGrace, time.Since(start))
		want := Stats{Destination: "backend", Ended: 2, Dropped: map[Reason]uint64{ReasonShutdown: 2}}
		assert.Equal(t, want, stats(t, p))
		close(release)
		synctest.Wait()
		assert.Equal(t, want, stats(t, p), "the worker that comes back changes no count")
		assert.Empty(t, b.names())
	})
}

func TestAnAnswerThatComesAfterShutdownGaveUpChangesNoCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcessor(t, []Destination{{Name: "backend", URL: "http://backend"}}, withTransport(deafTransport{}))
		endSpans(p, "one")
		require.Error(t, p.Shutdown(within(t, time.Second)))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, Stats{Destination: "backend", Ended: 1, Dropped: map[Reason]uint64{ReasonShutdown: 1}}, stats(t, p))
	})
}

// deafTransport accepts every request after a while, whatever becomes of its context.
type deafTransport struct{}

func (deafTransport) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(10 * time.Second)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestSpansThatEndAfterShutdownAreCounted(t *testing.T) {
	var b backend
	p := processorFor(t, &b)
	require.NoError(t, p.Shutdown(t.Context()))
	endSpans(p, "late")
	require.NoError(t, p.ForceFlush(t.Context()))
	assert.Equal(t, map[Reason]uint64{ReasonShutdown: 1}, stats(t, p).Dropped)
	assert.Empty(t, b.received())
}

func TestTheDeliveryErrorIsOneShortLine(t *testing.T) {
	e := &DeliveryError{}
	for range 100 {
		e.Stats = append(e.Stats, Stats{Destination: "näme", Dropped: map[Reason]uint64{ReasonConfig: 1, ReasonEncode: 2}})
		e.problems = append(e.problems, "")
	}
	assert.LessOrEqual(t, len(e.Error()), maxErrorBytes)
	assert.Contains(t, e.Error(), "genotel: spans not delivered: näme 3 lost (config 1, encode 2); näme 3")
	assert.NotContains(t, e.Error(), "\n")
	assert.NoError(t, errors.Unwrap(e))
}

func TestARefusedKeyDoesNotHoldAProgramAtItsEnd(t *testing.T) {
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		synctest.Test(t, func(t *testing.T) {
			b := &backend{answer: status(code)}
			p := processorFor(t, b)
			endSpans(p, numbered("span", 10)...)
			start := time.Now()
			var loss *DeliveryError
			require.ErrorAs(t, p.Shutdown(t.Context()), &loss)
			assert.Zero(t, time.Since(start))
			assert.Len(t, b.received(), 1)
			assert.Equal(t, uint64(10), stats(t, p).Dropped[ReasonConfig])
		})
	}
}
