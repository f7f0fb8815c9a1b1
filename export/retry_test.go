package export

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/retry"
)

func TestAnOutageDelaysSpansAndLosesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
			if time.Since(start) < 19*time.Second {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}}
		p := processorFor(t, b)
		names := numbered("span", 8000)
		for i := range 20 { // 400 spans a second
			endSpans(p, names[400*i:400*(i+1)]...)
			time.Sleep(time.Second)
		}
		require.NoError(t, p.Shutdown(within(t, 30*time.Second)))
		assert.ElementsMatch(t, names, b.names(), "each exactly once")
		assert.Equal(t, uint64(8000), stats(t, p).Delivered)
	})
}

func TestARetrySendsTheSameBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
			if n < 4 {
				w.WriteHeader(http.StatusBadGateway)
			}
		}}
		p := processorFor(t, b)
		endSpans(p, "one", "two")
		require.NoError(t, p.ForceFlush(t.Context()))
		require.Len(t, b.received(), 4)
		for _, a := range b.received() {
			assert.Equal(t, b.received()[0].body, a.body)
		}
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestRetryAfterPausesTheDestination(t *testing.T) {
	for name, header := range map[string]func() string{
		"in seconds": func() string { return "120" },
		"as a date":  func() string { return time.Now().Add(2 * time.Minute).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
					if n == 1 {
						w.Header().Set("Retry-After", header())
						w.WriteHeader(http.StatusTooManyRequests)
					}
				}}
				p := processorFor(t, b)
				endSpans(p, "one")
				time.Sleep(10 * time.Second)
				endSpans(p, "two")
				require.Error(t, p.ForceFlush(within(t, 10*time.Second)), "a flush does not break what the server asked for")
				require.NoError(t, p.ForceFlush(t.Context()))
				assert.Equal(t, []string{"one", "two"}, b.names())
				pause := b.received()[1].at.Sub(b.received()[0].at)
				assert.InDelta(t, 120, pause.Seconds(), 1)
				require.NoError(t, p.Shutdown(t.Context()))
			})
		})
	}
}

func TestAPauseLongerThanTheBudgetIsFollowedByAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				w.Header().Set("Retry-After", "3000")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}}
		p := processorFor(t, b)
		endSpans(p, "one")
		require.NoError(t, p.ForceFlush(t.Context()))
		assert.Equal(t, []string{"one"}, b.names())
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestWhatFailsForTheWholeBudgetIsDropped(t *testing.T) {
	for code, want := range map[int]Reason{
		http.StatusServiceUnavailable: ReasonExpired,
		http.StatusUnauthorized:       ReasonConfig,
		http.StatusFound:              ReasonConfig,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{answer: status(code)}
				p := processorFor(t, b)
				start := time.Now()
				endSpans(p, "one")
				require.NoError(t, p.ForceFlush(t.Context()))
				assert.Equal(t, map[Reason]uint64{want: 1}, stats(t, p).Dropped)
				assert.GreaterOrEqual(t, time.Since(start), DefaultRetryBudget)
				assert.Less(t, time.Since(start), DefaultRetryBudget+2*retry.MaxBackoff)
				assert.Less(t, len(b.received()), 40)
				require.Error(t, p.Shutdown(t.Context()))
			})
		})
	}
}

func TestOutcomesFollowTheRetryTable(t *testing.T) {
	table := map[class][]int{
		accepted:      {200, 201, 202, 204},
		misconfigured: {300, 301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 407, 415},
		transient:     {408, 425, 429, 500, 502, 503, 504, 507, 520, 524, 529},
		refused:       {101, 400, 402, 406, 409, 410, 411, 414, 422, 431, 451, 501, 505, 600},
		tooLarge:      {413},
	}
	for want, codes := range table {
		for _, code := range codes {
			assert.Equal(t, want, classOf(code), "status %d", code)
		}
	}
}

func TestARefusedRequestIsNotSentAgainAndDoesNotHoldUpTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				w.WriteHeader(http.StatusBadRequest)
			}
		}}
		p := processorFor(t, b)
		endSpans(p, "refused")
		require.NoError(t, p.ForceFlush(t.Context()))
		endSpans(p, "good")
		require.NoError(t, p.ForceFlush(t.Context()))
		assert.Len(t, b.received(), 2)
		assert.Equal(t, []string{"good"}, b.names())
		assert.Equal(t, map[Reason]uint64{ReasonSendError: 1}, stats(t, p).Dropped)
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestForceFlushShortensABackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var recovered atomic.Bool
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
			if !recovered.Load() {
				w.WriteHeader(http.StatusNotFound)
			}
		}}
		p := processorFor(t, b)
		endSpans(p, "one")
		time.Sleep(2 * time.Second)
		recovered.Store(true)
		require.NoError(t, p.ForceFlush(within(t, time.Second)))
		assert.Equal(t, []string{"one"}, b.names())
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestManyFlushesDoNotHammerADeadBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: status(http.StatusNotFound)}
		p := processorFor(t, b)
		endSpans(p, "one")
		for range 1000 {
			require.Error(t, p.ForceFlush(within(t, 10*time.Millisecond)))
		}
		assert.LessOrEqual(t, len(b.received()), 22, "two a second")
	})
}

func TestASuccessStartsTheBackoffAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
			if n != 10 && n != 12 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}}
		p := processorFor(t, b)
		endSpans(p, "one")
		require.NoError(t, p.ForceFlush(t.Context()))
		endSpans(p, "two")
		start := time.Now()
		require.NoError(t, p.ForceFlush(t.Context()))
		assert.Less(t, time.Since(start), retry.MinBackoff)
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestAFailingDestinationIsWarnedAboutOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		p := processorFor(t, &backend{answer: status(http.StatusServiceUnavailable)},
			WithLogger(log.logger()), WithRetryBudget(150*time.Second))
		endSpans(p, "one", "two")
		require.NoError(t, p.ForceFlush(t.Context()))
		time.Sleep(2 * time.Minute) // the loss is told when the minute is over, without a further span
		synctest.Wait()
		lines := log.lines()
		assert.Contains(t, lines[0],
			`level=WARN msg="genotel: spans could not be delivered yet, retrying" queued=2 spooled=0 problem="503 from backend" destination=backend`)
		assert.Contains(t, lines[len(lines)-1],
			`msg="genotel: spans were lost" lost=2 dropped=map[expired:2] problem="503 from backend" destination=backend`)
		assert.LessOrEqual(t, len(lines), 5)
		require.Error(t, p.Shutdown(t.Context()))
		assert.Equal(t, lines, log.lines(), "Shutdown repeats nothing")
	})
}

func TestAPassingFailureIsNotWarnedAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
			if n < failuresBeforeWarning {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}}
		p := processorFor(t, b, WithLogger(log.logger()))
		endSpans(p, "one")
		require.NoError(t, p.Shutdown(t.Context()))
		assert.Empty(t, strings.Join(log.lines(), ""))
	})
}

func TestLossesAreWarnedAboutAtShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		p := processorFor(t, &backend{answer: hang}, WithLogger(log.logger()), WithQueue(0, 1))
		endSpans(p, "one", "two")
		require.Error(t, p.Shutdown(within(t, time.Second)))
		last := log.lines()[len(log.lines())-1]
		assert.Contains(t, last, "spans were lost\" lost=2 dropped=\"map[queue_overflow:1 shutdown:1]\" destination=backend")
		assert.Contains(t, last, "level=WARN")
	})
}
