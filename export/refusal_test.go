package export

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/retry"
	"github.com/genotel/genotel/internal/spool"
)

func TestABadSpanThatCameAloneCostsNoLaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		refusing(&b, http.StatusBadRequest, "poison")
		p := processorFor(t, &b)
		endSpans(p, "poison 1")
		require.NoError(t, p.ForceFlush(t.Context()))
		endSpans(p, "poison 2", "good")
		require.Error(t, p.Shutdown(t.Context()))
		assert.Equal(t, []string{"good"}, b.names())
		assert.Equal(t, map[Reason]uint64{ReasonSendError: 2}, stats(t, p).Dropped)
	})
}

func TestABackendForWhichEverythingIsTooLargeIsNotAskedForEverySpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: status(http.StatusRequestEntityTooLarge)}
		p := processorFor(t, b)
		for range 10 {
			endSpans(p, numbered("span", 1000)...)
			require.NoError(t, p.ForceFlush(t.Context()))
		}
		require.Error(t, p.Shutdown(t.Context()))
		assert.Equal(t, map[Reason]uint64{ReasonTooLarge: 10_000}, stats(t, p).Dropped)
		assert.LessOrEqual(t, len(b.received()), 10*8+maxFruitless*searchRequests)
	})
}

func TestAFileThatBreaksTheBackendHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		refusing(&b, http.StatusInternalServerError, "poison")
		p := spooling(t, &b, t.TempDir())
		endSpans(p, "bad neighbor", "poison")
		time.Sleep(2 * DefaultBatchDelay)
		endSpans(p, "good")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		assert.ElementsMatch(t, []string{"good", "bad neighbor"}, b.names())
		assert.Equal(t, map[Reason]uint64{ReasonSendError: 1}, stats(t, p).Dropped)
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestATextThatIsCutTwiceTellsItsOriginalLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		limited(&b, 300<<10)
		p := processorFor(t, &b)
		p.OnEnd(large("large", 5<<20))
		require.NoError(t, p.Shutdown(t.Context()))
		assert.Greater(t, stats(t, p).Truncated, uint64(1))
		require.Len(t, b.spans(), 1)
		content := b.spans()[0].GetAttributes()[1].GetValue().GetStringValue()
		assert.True(t, strings.HasSuffix(content, "ä… (cut from 5242880 bytes)"), content[len(content)-50:])
		assert.Equal(t, 1, strings.Count(content, "cut from"))
	})
}

func TestAFileThatCannotBeDividedIsSentAsItIs(t *testing.T) {
	dir := t.TempDir()
	d := Destination{Name: "backend", URL: "http://backend/v1/traces", MaxRequestBytes: 100}
	older, err := spool.Open(dir, d.identity(), spool.Options{})
	require.NoError(t, err)
	foreign := []byte(strings.Repeat("no protobuf", 100))
	require.NoError(t, older.Put(foreign, 5))
	require.NoError(t, older.Close())

	var got []byte
	taking := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, _ = io.ReadAll(r.Body) })
	p := newProcessor(t, []Destination{d}, WithSpool(Spool{Dir: dir}), withTransport(inMemory{"backend": taking}))
	require.NoError(t, p.ForceFlush(t.Context()))
	assert.Equal(t, Stats{Destination: "backend", Recovered: 5, Delivered: 5}, stats(t, p))
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, foreign, got)
}

func TestOnlyStatus500InARowSetsARequestAside(t *testing.T) {
	for name, tt := range map[string]struct {
		statuses []int
		want     []string
	}{
		"in a row":    {[]int{500, 500, 500, 500, 500}, []string{"second", "first"}},
		"interrupted": {[]int{500, 500, 500, 500, 503, 500, 500, 500, 500}, []string{"first", "second"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
					if n <= len(tt.statuses) {
						w.WriteHeader(tt.statuses[n-1])
					}
				}}
				p := processorFor(t, b, WithBatchDelay(time.Millisecond)) // long before the first back-off ends
				endSpans(p, "first")
				time.Sleep(2 * time.Millisecond)
				endSpans(p, "second")
				time.Sleep(4 * time.Minute)
				synctest.Wait()
				assert.Equal(t, tt.want, b.names())
				require.NoError(t, p.Shutdown(t.Context()))
			})
		})
	}
}

func TestARequestThatMayHaveArrivedIsNotDividedWhenTheLimitShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(w http.ResponseWriter, r *http.Request, n int) {
			switch {
			case n == 1:
				hang(w, r, n)
			case n <= 1+maxStrikes:
				w.WriteHeader(http.StatusInternalServerError)
			case n == 2+maxStrikes: // the other one's turn
				w.WriteHeader(http.StatusRequestEntityTooLarge)
			}
		}}
		p := processorFor(t, b)
		p.OnEnd(large("a", 100<<10))
		p.OnEnd(large("b", 100<<10))
		time.Sleep(2 * DefaultBatchDelay)
		p.OnEnd(large("other", 300<<10))
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"other", "a", "b"}, b.names())
		all := b.received()
		assert.Equal(t, all[0].body, all[len(all)-1].body)
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestEveryBatchWithABadSpanIsSearchedWhileTheBackendTakesOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		refusing(&b, http.StatusBadRequest, "poison")
		p := processorFor(t, &b)
		for _, name := range []string{"one", "two", "three"} {
			endSpans(p, "poison", name)
			require.NoError(t, p.ForceFlush(t.Context()))
		}
		assert.Equal(t, []string{"one", "two", "three"}, b.names())
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestTheRetryBudgetIsNotGrantedAgainToPartsOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		b := &backend{}
		b.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
			if time.Since(begun) > 3*time.Minute && len(b.received()[n-1].body) > 150<<10 {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		p := processorFor(t, b)
		p.OnEnd(large("a", 100<<10))
		p.OnEnd(large("b", 100<<10))
		time.Sleep(DefaultRetryBudget + 2*retry.MaxBackoff)
		synctest.Wait()
		assert.Equal(t, map[Reason]uint64{ReasonExpired: 2}, stats(t, p).Dropped)
		require.Error(t, p.Shutdown(t.Context()))
	})
}
