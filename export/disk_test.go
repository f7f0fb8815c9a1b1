package export

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// spooling has one destination with a spool in dir, served in memory.
func spooling(t *testing.T, b http.Handler, dir string, opts ...Option) *Processor {
	t.Helper()
	return processorFor(t, b, append([]Option{WithSpool(Spool{Dir: dir})}, opts...)...)
}

// filesIn are those with an ending.
func filesIn(t *testing.T, dir, suffix string) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, suffix) {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

func TestSpansPassThroughTheSpool(t *testing.T) {
	dir := t.TempDir()
	var b backend
	p := spooling(t, &b, dir)
	endSpans(p, "one", "two")
	require.NoError(t, p.ForceFlush(t.Context()))
	assert.ElementsMatch(t, []string{"one", "two"}, b.names())
	assert.Equal(t, Stats{Destination: "backend", Ended: 2, Delivered: 2}, stats(t, p))
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Empty(t, filesIn(t, dir, ".otlp"))
	assert.Empty(t, filesIn(t, dir, "lock"))
}

func TestSpansAreOnTheDiskWithinTheBatchDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		p := spooling(t, &backend{answer: hang}, dir)
		endSpans(p, "one")
		time.Sleep(DefaultBatchDelay)
		synctest.Wait()
		assert.Len(t, filesIn(t, dir, ".otlp"), 1)
		assert.Equal(t, Stats{Destination: "backend", Ended: 1, Spooled: 1}, stats(t, p))
		require.Error(t, p.Shutdown(expired()))
	})
}

func TestWhatADeadBackendDidNotTakeIsSentByTheNextProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first := spooling(t, &backend{answer: status(http.StatusServiceUnavailable)}, dir)
		names := numbered("span", 2000)
		endSpans(first, names...)
		begun := time.Now()
		err := first.Shutdown(within(t, 20*time.Second))
		assert.Less(t, time.Since(begun), 2*time.Second, "what is safe keeps no program waiting")
		var missing *DeliveryError
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, uint64(2000), missing.Stats[0].Spooled)
		assert.Zero(t, missing.Stats[0].Lost())
		assert.EqualError(t, err,
			"genotel: spans not delivered: backend 2000 on the disk, last problem: 503 from backend")

		var b backend
		second := spooling(t, &b, dir)
		assert.Equal(t, uint64(2000), stats(t, second).Recovered)
		require.NoError(t, second.ForceFlush(t.Context()))
		assert.ElementsMatch(t, names, b.names())
		assert.Equal(t, Stats{Destination: "backend", Recovered: 2000, Delivered: 2000}, stats(t, second))
		require.NoError(t, second.Shutdown(t.Context()))
		assert.Empty(t, filesIn(t, dir, ".otlp"))
	})
}

func TestShutdownWithAnEndedContextLeavesEverythingOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	p := spooling(t, &backend{answer: hang}, dir, WithBatchDelay(time.Hour))
	endSpans(p, numbered("span", 100)...)
	require.Error(t, p.Shutdown(expired()))
	assert.Equal(t, Stats{Destination: "backend", Ended: 100, Spooled: 100}, stats(t, p))
	assert.NotEmpty(t, filesIn(t, dir, ".otlp"))
}

func TestAnOutageLongerThanTheRetryBudgetLosesNothingOnTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, down := failing(http.StatusForbidden) // which somebody has to mend
		p := spooling(t, b, t.TempDir())
		names := numbered("span", 1200)
		for i := range 12 {
			endSpans(p, names[100*i:100*i+100]...)
			time.Sleep(DefaultRetryBudget / 2)
		}
		assert.Equal(t, uint64(1200), stats(t, p).Spooled)
		down.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		assert.Equal(t, names, b.names(), "in their order, each once")
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestWhatWaitsForTooLongIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := spooling(t, &backend{answer: status(http.StatusServiceUnavailable)}, t.TempDir())
		endSpans(p, "one")
		time.Sleep(2 * time.Second)
		endSpans(p, "two")
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		assert.Equal(t, map[Reason]uint64{ReasonExpired: 2}, stats(t, p).Dropped)
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestTheOldestGiveWayWhenTheSpoolIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, down := failing(http.StatusServiceUnavailable)
		p := processorFor(t, b, WithSpool(Spool{Dir: t.TempDir(), MaxBytes: 64 << 10}))
		for i := range 20 {
			p.OnEnd(large(fmt.Sprint("span ", i), 10<<10))
			time.Sleep(2 * time.Second)
		}
		s := stats(t, p)
		assert.Equal(t, s.Ended, s.Spooled+s.Dropped[ReasonSpoolOverflow])
		assert.Positive(t, s.Spooled)
		down.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		assert.Len(t, b.names(), int(s.Spooled))
		assert.Contains(t, b.names(), "span 19")
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestADamagedFileCostsItsOwnSpansOnly(t *testing.T) {
	dir := t.TempDir()
	first := spooling(t, &backend{answer: status(http.StatusServiceUnavailable)}, dir)
	endSpans(first, "one", "two")
	require.NoError(t, first.ForceFlush(t.Context()))
	endSpans(first, "three")
	require.Error(t, first.Shutdown(t.Context()))
	files := filesIn(t, dir, ".otlp")
	require.Len(t, files, 2)
	require.NoError(t, os.WriteFile(files[0], []byte("damaged"), 0o600))

	var b backend
	second := spooling(t, &b, dir)
	require.NoError(t, second.ForceFlush(t.Context()))
	assert.Equal(t, []string{"three"}, b.names())
	assert.Equal(t, map[Reason]uint64{ReasonSpoolCorrupt: 2}, stats(t, second).Dropped)
	require.Error(t, second.Shutdown(t.Context()))
	assert.Len(t, filesIn(t, dir, ".bad"), 1)
}

func TestAFileThatIsGoneIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b, down := failing(http.StatusServiceUnavailable)
		p := spooling(t, b, dir)
		endSpans(p, "one")
		time.Sleep(2 * time.Second) // it is read, and waits to be sent again
		endSpans(p, "two", "three")
		time.Sleep(2 * time.Second)
		files := filesIn(t, dir, ".otlp")
		require.Len(t, files, 2)
		require.NoError(t, os.Remove(files[1]))
		down.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"one"}, b.names())
		assert.Equal(t, map[Reason]uint64{ReasonSpoolError: 2}, stats(t, p).Dropped)
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestWithoutADiskSpansStayInMemoryAndTheLogSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var log logBuffer
		b, down := failing(http.StatusServiceUnavailable)
		p := spooling(t, b, dir, WithLogger(log.logger()))
		require.NoError(t, os.RemoveAll(dir))
		endSpans(p, "one", "two")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, Stats{Destination: "backend", Ended: 2, Queued: 2}, stats(t, p))
		assert.Contains(t, log.lines()[0], `msg="genotel: the spool cannot be written, spans stay in memory" `+
			`spool="no such file or directory" queued=2`)
		assert.NotContains(t, strings.Join(log.lines(), "\n"), dir)
		down.Store(false)
		require.NoError(t, p.Shutdown(t.Context()))
		assert.ElementsMatch(t, []string{"one", "two"}, b.names())
	})
}

func TestASpoolThatCannotBeOpenedIsAnErrorOfNew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := New([]Destination{{Name: "backend", URL: "http://backend"}}, WithSpool(Spool{Dir: file}))
	require.EqualError(t, err, `genotel: configuring export: destination "backend": spool: not a directory`)
}

func TestARequestFromTheDiskIsDividedAndSearchedLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var b backend
		b.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
			switch body := b.received()[n-1].body; {
			case len(body) > 200<<10:
				w.WriteHeader(http.StatusRequestEntityTooLarge)
			case bytes.Contains(body, []byte("poison")):
				w.WriteHeader(http.StatusBadRequest)
			}
		}
		p := spooling(t, &b, dir)
		var names []string
		for i := range 60 {
			names = append(names, fmt.Sprint("span ", i))
			p.OnEnd(large(names[i], 10<<10))
		}
		p.OnEnd(large("poison", 10<<10))
		require.NoError(t, p.ForceFlush(t.Context()))
		assert.ElementsMatch(t, names, b.names())
		assert.Equal(t, Stats{
			Destination: "backend", Ended: 61, Delivered: 60, Dropped: map[Reason]uint64{ReasonSendError: 1},
		}, stats(t, p))
		assert.Empty(t, filesIn(t, dir, ".otlp"))
		assert.Len(t, filesIn(t, dir, ".bad"), 1, "what was refused can be looked at")
		require.Error(t, p.Shutdown(t.Context()))
	})
}

func TestTheSpoolOfADestinationDoesNotGoToAnother(t *testing.T) {
	dir := t.TempDir()
	base := Destination{Name: "backend", URL: "http://backend/v1/traces", Account: "project a"}
	dead := withTransport(inMemory{"backend": &backend{answer: status(http.StatusServiceUnavailable)}})
	first := newProcessor(t, []Destination{base}, dead, WithSpool(Spool{Dir: dir}))
	endSpans(first, "one")
	require.Error(t, first.Shutdown(t.Context()))

	for _, change := range []func(*Destination){
		func(d *Destination) { d.Account = "project b" },
		func(d *Destination) { d.Name = "other" },
		func(d *Destination) { d.URL = "http://backend/v2/traces" },
	} {
		other := base
		change(&other)
		p := newProcessor(t, []Destination{other}, dead, WithSpool(Spool{Dir: dir}))
		assert.Zero(t, stats(t, p).Recovered)
		require.NoError(t, p.Shutdown(t.Context()))
	}
	rotated := base
	rotated.Headers = map[string]string{"Authorization": "a new key"}
	rotated.URL = "http://user:password@backend/v1/traces?key=new"
	p := newProcessor(t, []Destination{rotated}, dead, WithSpool(Spool{Dir: dir}))
	assert.Equal(t, uint64(1), stats(t, p).Recovered)
	require.Error(t, p.Shutdown(t.Context()))
}

func TestNothingButSpansIsOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	p := newProcessor(t, []Destination{{
		Name: "backend", URL: "http://user:SECRET@backend/?key=SECRET", Account: "project",
		Headers: map[string]string{"Authorization": "SECRET"},
	}}, withTransport(inMemory{"backend": &backend{answer: hang}}), WithSpool(Spool{Dir: dir}),
		WithLogger(slog.New(slog.DiscardHandler)))
	endSpans(p, "one")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.Error(t, p.Shutdown(ctx))
	files := filesIn(t, dir, "")
	for _, path := range files {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.NotContains(t, path, "SECRET")
		if info.IsDir() {
			continue
		}
		body, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NotContains(t, string(body), "SECRET")
		assert.Zero(t, info.Mode().Perm()&0o077)
	}
	assert.Len(t, filesIn(t, dir, ".otlp"), 1)
}
