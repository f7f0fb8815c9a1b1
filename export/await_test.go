package export

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFlushDoesNotWaitForWhatShutdownHasLeftOnTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := spooling(t, &backend{answer: hang}, t.TempDir())
		endSpans(p, "one")
		flushed := make(chan error, 1)
		go func() { flushed <- p.ForceFlush(t.Context()) }()
		synctest.Wait()
		require.Error(t, p.Shutdown(expired()))
		require.NoError(t, <-flushed, "one that began before")
		require.NoError(t, p.ForceFlush(t.Context()), "and one that began afterwards")
		assert.Equal(t, uint64(1), stats(t, p).Spooled)
	})
}

func TestAFileThatCannotBeReadDoesNotHoldUpShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b, down := failing(http.StatusServiceUnavailable)
		p := spooling(t, b, dir)
		endSpans(p, "one")
		time.Sleep(2 * time.Second) // it is read, and waits to be sent again
		endSpans(p, "two")
		time.Sleep(2 * time.Second)
		files := filesIn(t, dir, ".otlp")
		require.Len(t, files, 2)
		require.NoError(t, os.Remove(files[1]))
		require.NoError(t, os.Symlink(filepath.Base(files[1]), files[1]))
		down.Store(false)
		begun := time.Now()
		require.Error(t, p.Shutdown(within(t, 20*time.Second)))
		assert.Less(t, time.Since(begun), 2*time.Second)
		assert.Equal(t, []string{"one"}, b.names())
		assert.Equal(t, Stats{Destination: "backend", Ended: 2, Delivered: 1, Spooled: 1}, stats(t, p))
	})
}

func TestAFlushDoesNotWaitForAPauseThatTheServerAskedForWhenAllIsOnTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}
		b := &backend{answer: busy}
		p := spooling(t, b, t.TempDir())
		endSpans(p, "one")
		require.NoError(t, p.ForceFlush(t.Context()))
		endSpans(p, "two")
		begun := time.Now()
		require.NoError(t, p.ForceFlush(t.Context()))
		assert.Zero(t, time.Since(begun))
		assert.Equal(t, Stats{Destination: "backend", Ended: 2, Spooled: 2}, stats(t, p))
		assert.Len(t, b.received(), 1, "and keeps to the pause")
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestALivingProcessSendsWhatAnotherOneHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		dying := spooling(t, &backend{answer: hang}, dir)
		var b backend
		living := spooling(t, &b, dir)
		endSpans(dying, "one", "two")
		require.Error(t, dying.Shutdown(expired()))
		time.Sleep(2 * adoptionInterval)
		synctest.Wait()
		assert.ElementsMatch(t, []string{"one", "two"}, b.names())
		assert.Equal(t, Stats{Destination: "backend", Recovered: 2, Delivered: 2}, stats(t, living))
		require.NoError(t, living.Shutdown(t.Context()))
		assert.Empty(t, filesIn(t, dir, "lock"))
	})
}

func TestShutdownTriesOftenHoweverLongTheOutageWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: status(http.StatusServiceUnavailable)}
		p := processorFor(t, b)
		endSpans(p, "one")
		time.Sleep(DefaultRetryBudget - 30*time.Second)
		before := len(b.received())
		require.Error(t, p.Shutdown(within(t, 20*time.Second)))
		assert.GreaterOrEqual(t, len(b.received())-before, 6, "at once, and then within 0.5, 1, 2, 4 and 8 s")
	})
}
