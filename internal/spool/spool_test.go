package spool

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestsComeBackFromTheOldest(t *testing.T) {
	s, _ := open(t, t.TempDir(), Options{})
	put(t, s, 3, "first", "second", "third")
	assert.Equal(t, []string{"first", "second", "third"}, drain(t, s))
	_, ok := s.Next()
	assert.False(t, ok)
}

func TestAnItemSaysWhatTheRequestIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, t.TempDir(), Options{})
		put(t, s, 7, "body")
		created := time.Now()
		time.Sleep(time.Second)
		item := next(t, s)
		assert.Equal(t, 7, item.Spans)
		assert.EqualValues(t, 4, item.Bytes)
		assert.True(t, created.Equal(item.Created))
		assert.False(t, item.Adopted)
		assert.Equal(t, "body", text(t, item))
		assert.Equal(t, "body", text(t, item), "a second attempt")
		item.Done()
	})
}

func TestARequestIsHandedOutOnce(t *testing.T) {
	s, _ := open(t, t.TempDir(), Options{})
	put(t, s, 1, "a", "b")
	a, b := next(t, s), next(t, s)
	_, ok := s.Next()
	assert.False(t, ok)
	b.Release()
	a.Release()
	assert.Equal(t, []string{"a", "b"}, drain(t, s), "where they were")
}

func TestAPostponedRequestComesAfterAllOthers(t *testing.T) {
	s, _ := open(t, t.TempDir(), Options{})
	put(t, s, 1, "a", "b")
	next(t, s).Postpone()
	put(t, s, 1, "c")
	assert.Equal(t, []string{"b", "c", "a"}, drain(t, s))
}

func TestOnlyTheFirstWordAboutAnItemCounts(t *testing.T) {
	s, _ := open(t, t.TempDir(), Options{})
	put(t, s, 1, "a", "b")
	item := next(t, s)
	item.Done()
	item.Release()
	item.Postpone()
	item.Done()
	assert.Equal(t, 1, s.Stats().Files)
	assert.Equal(t, []string{"b"}, drain(t, s))
}

func TestStatsSayWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s, _ := open(t, dir, Options{})
		assert.Zero(t, s.Stats())
		start := time.Now()
		put(t, s, 2, "four")
		time.Sleep(time.Minute)
		put(t, s, 3, "sixsix")
		want := Stats{Files: 2, Bytes: 10, Spans: 5, Oldest: time.UnixMilli(start.UnixMilli())}
		assert.Equal(t, want, s.Stats())

		item := next(t, s)
		assert.Equal(t, want, s.Stats(), "what is handed out is held")
		item.Postpone()
		assert.Equal(t, want, s.Stats())
		next(t, s).Done()
		assert.Equal(t, Stats{Files: 1, Bytes: 4, Spans: 2, Oldest: want.Oldest}, s.Stats())
		next(t, s).Done()
		assert.Zero(t, s.Stats())
		assert.Empty(t, onDisk(t, dir))
	})
}

func TestTheFolderTellsNothingAndIsForTheOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when", "needed")
	s, _ := open(t, dir, Options{})
	put(t, s, 12, "123456789")
	path := onlyFile(t, dir)

	below, err := filepath.Rel(dir, path)
	require.NoError(t, err)
	// e3069283 is the check value that every table of CRCs lists for CRC-32C.
	assert.Regexp(t, `^v1/[0-9a-f]{16}/[0-9a-f]{16}/\d{13}-00000001-12-e3069283\.otlp$`, filepath.ToSlash(below))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "123456789", string(content), "the request and nothing else")
	if runtime.GOOS == "windows" {
		return
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		assert.Equal(t, want, info.Mode().Perm(), path)
		return nil
	}))
}

func TestDestinationsDoNotMeet(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "mine")
	other, err := Open(dir, "otlp https://other.example", Options{})
	require.NoError(t, err)
	assert.Empty(t, drain(t, other))
	require.NoError(t, other.Close())
	mine, _ := open(t, dir, Options{})
	assert.Equal(t, []string{"mine"}, drain(t, mine))
}

func TestAnEmptySpoolLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, destination, Options{Sync: true})
	require.NoError(t, err)
	put(t, s, 1, "a")
	assert.Equal(t, []string{"a"}, drain(t, s))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "again")
	assertNothingLeft(t, dir)
}

func TestAClosedSpoolTakesAndGivesNothing(t *testing.T) {
	dir := t.TempDir()
	s, a := open(t, dir, Options{})
	put(t, s, 1, "handed out", "waits")
	item := next(t, s)
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Put([]byte("late"), 1), ErrClosed)
	require.ErrorIs(t, s.Adopt(), ErrClosed)
	_, ok := s.Next()
	assert.False(t, ok)
	item.Done()
	assert.Equal(t, 1, s.Stats().Files)

	again, _ := open(t, dir, Options{})
	assert.Equal(t, []string{"waits"}, drain(t, again))
	assert.Empty(t, a.lost)
}

func TestPutRefusesWhatIsNoRequest(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{})
	require.Error(t, s.Put(nil, 1))
	require.Error(t, s.Put([]byte("x"), -1))
	require.Error(t, s.Put([]byte("x"), maxSpans+1))
	assert.Empty(t, onDisk(t, dir))
	put(t, s, 0, "of no span")
	put(t, s, maxSpans, "of many")
	assert.Equal(t, []string{"of no span", "of many"}, drain(t, s))
}

func TestAFileInPlaceOfTheFolderIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := Open(path, destination, Options{})
	require.Error(t, err)
	_, err = Sweep(path, 0)
	require.Error(t, err)

	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(path, "v1"), nil, 0o600))
	_, err = Open(path, destination, Options{})
	require.Error(t, err)
}

// Whoever runs the tests, root included, cannot write into a folder that is gone.
func TestWhatCannotBeWrittenStaysWithTheCaller(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not rename a folder with an open file in it")
	}
	dir := t.TempDir()
	s, a := open(t, dir, Options{})
	put(t, s, 1, "kept")
	home := filepath.Dir(onlyFile(t, dir))
	require.NoError(t, os.Rename(home, home+"-away"))
	require.ErrorIs(t, s.Put([]byte("x"), 1), fs.ErrNotExist)
	require.NoError(t, os.WriteFile(home, nil, 0o600))
	require.Error(t, s.Put([]byte("x"), 1))
	assert.Equal(t, 1, s.Stats().Files)

	require.NoError(t, os.Remove(home))
	require.NoError(t, os.Rename(home+"-away", home))
	put(t, s, 1, "later")
	assert.Equal(t, []string{"kept", "later"}, drain(t, s))
	assert.Empty(t, a.lost)
}

func TestAClockThatGoesBackHurtsNobody(t *testing.T) {
	s, _ := open(t, t.TempDir(), Options{MaxFiles: 2})
	put(t, s, 1, "a")
	s.mu.Lock()
	s.index.waiting[0].millis += 1e6 // as if the clock had been ahead
	ahead := s.index.waiting[0]
	s.mu.Unlock()
	put(t, s, 1, "b", "c") // c makes room for itself and not by itself
	assert.Equal(t, "c", text(t, next(t, s)))
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Equal(t, []*file{ahead}, s.index.waiting)
}

// Each token stands for one request that waits, so that a sender that has one must get
// a request.
func TestSpool_ConcurrentSafe(t *testing.T) {
	const batchers, senders, each = 3, 2, 100
	s, a := open(t, t.TempDir(), Options{})
	tokens := make(chan struct{}, batchers*each)
	var batching, sending sync.WaitGroup
	var got sync.Map
	var delivered atomic.Int32
	for b := range batchers {
		batching.Go(func() {
			for i := range each {
				assert.NoError(t, s.Put(bodyOf(b*each+i), 1))
				tokens <- struct{}{}
			}
		})
	}
	for range senders {
		sending.Go(func() {
			for attempt := 0; ; attempt++ {
				if _, open := <-tokens; !open {
					return
				}
				item, ok := s.Next()
				if !assert.True(t, ok) {
					return
				}
				switch attempt % 5 {
				case 1:
					item.Release()
					tokens <- struct{}{}
					continue
				case 3:
					item.Postpone()
					tokens <- struct{}{}
					continue
				}
				body, err := item.Read()
				assert.NoError(t, err)
				_, twice := got.LoadOrStore(numberOf(t, body), true)
				assert.False(t, twice)
				item.Done()
				assert.NoError(t, s.Adopt())
				s.Stats()
				if delivered.Add(1) == batchers*each {
					close(tokens)
				}
			}
		})
	}
	batching.Wait()
	sending.Wait()
	assert.EqualValues(t, batchers*each, delivered.Load())
	assert.Zero(t, s.Stats())
	assert.Empty(t, a.lost)
}

// put + adopted = delivered + held + lost, whoever does what at the same time.
func TestTheSumIsRightWhenBoundsAreTight_ConcurrentSafe(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 2, strings.Repeat("left ", 100), "left")
	s, a := open(t, dir, Options{MaxFiles: 8, MaxBytes: 3000})
	var putSpans, delivered atomic.Int64
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for i := range 100 {
				if s.Put(make([]byte, 1+i*7), 3) == nil {
					putSpans.Add(3)
				}
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for i := range 100 {
				item, ok := s.Next()
				if !ok {
					continue
				}
				if i%4 == 0 {
					item.Postpone()
					continue
				}
				delivered.Add(int64(item.Spans))
				item.Done()
			}
		})
	}
	all.Wait()
	st := s.Stats()
	assert.LessOrEqual(t, st.Files, 8)
	assert.LessOrEqual(t, st.Bytes, int64(3000))
	assert.Len(t, onDisk(t, dir), st.Files)
	assert.Equal(t, 4, a.adopted)
	assert.Equal(t, int(putSpans.Load())+4, int(delivered.Load())+st.Spans+a.lost[ReasonOverflow])
}
