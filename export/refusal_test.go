package export

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
		assert.LessOrEqual(t, len(b.received()), 10*8+searchRequests)
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
