package export

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatWaitsForADestinationThatIsGoneIsRemovedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		down := withTransport(inMemory{"gone": &backend{answer: status(http.StatusServiceUnavailable)}})
		gone := newProcessor(t, []Destination{{Name: "gone", URL: "http://gone/"}}, WithSpool(Spool{Dir: dir}), down)
		endSpans(gone, "one", "two")
		require.Error(t, gone.Shutdown(t.Context()))
		require.Len(t, filesIn(t, dir, ".otlp"), 1)

		var log logBuffer
		restart := func() {
			require.NoError(t, spooling(t, &backend{}, dir, WithLogger(log.logger())).Shutdown(t.Context()))
		}
		time.Sleep(23 * time.Hour)
		restart()
		assert.Len(t, filesIn(t, dir, ".otlp"), 1, "it may be configured again")
		assert.Equal(t, []string{""}, log.lines())
		time.Sleep(2 * time.Hour)
		restart()
		assert.Equal(t, []string{dir}, filesIn(t, dir, ""), "and its folders")
		assert.Contains(t, log.lines()[0], "waited for too long and were removed\" lost=2")
	})
}
