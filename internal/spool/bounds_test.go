package spool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheOldestGiveWayToBytes(t *testing.T) {
	dir := t.TempDir()
	s, a := open(t, dir, Options{MaxBytes: 10})
	put(t, s, 1, "aaaa")
	put(t, s, 2, "bbbb")
	assert.Empty(t, a.lost)
	put(t, s, 4, "cccc")
	assert.Equal(t, map[Reason]int{ReasonOverflow: 1}, a.lost)
	put(t, s, 8, "dddddddddd")
	assert.Equal(t, map[Reason]int{ReasonOverflow: 7}, a.lost)
	assert.Len(t, onDisk(t, dir), 1)
	assert.Equal(t, []string{"dddddddddd"}, drain(t, s))
}

func TestTheOldestGiveWayToFiles(t *testing.T) {
	dir := t.TempDir()
	s, a := open(t, dir, Options{MaxFiles: 2})
	put(t, s, 5, "a", "b", "c")
	assert.Equal(t, map[Reason]int{ReasonOverflow: 5}, a.lost)
	assert.Len(t, onDisk(t, dir), 2)
	assert.Equal(t, []string{"b", "c"}, drain(t, s))
}

func TestWhatIsHandedOutDoesNotGiveWay(t *testing.T) {
	s, a := open(t, t.TempDir(), Options{MaxBytes: 10})
	put(t, s, 1, "aaaa", "bbbb")
	first := next(t, s)
	put(t, s, 1, "cccc")
	assert.Equal(t, "aaaa", text(t, first))
	assert.Equal(t, map[Reason]int{ReasonOverflow: 1}, a.lost)

	require.ErrorIs(t, s.Put([]byte("ddddddd"), 1), ErrFull)
	assert.Equal(t, 2, s.Stats().Files, "nothing was dropped in vain")
	first.Done()
	put(t, s, 1, "ddddddd")
	assert.Equal(t, []string{"ddddddd"}, drain(t, s))
}

func TestAllThatMayBeKeptMayBeHandedOut(t *testing.T) {
	s, _ := open(t, t.TempDir(), Options{MaxFiles: 1})
	put(t, s, 1, "a")
	item := next(t, s)
	require.ErrorIs(t, s.Put([]byte("b"), 1), ErrFull)
	item.Done()
	put(t, s, 1, "b")
}

func TestWhatIsLargerThanTheSpoolIsRefused(t *testing.T) {
	s, a := open(t, t.TempDir(), Options{MaxBytes: 10})
	put(t, s, 1, "a")
	require.ErrorIs(t, s.Put([]byte(strings.Repeat("x", 11)), 1), ErrFull)
	assert.Equal(t, []string{"a"}, drain(t, s))
	assert.Empty(t, a.lost)
}

func TestPostponedRequestsGiveWayFirst(t *testing.T) {
	s, a := open(t, t.TempDir(), Options{MaxFiles: 2})
	put(t, s, 1, "a")
	put(t, s, 2, "b")
	first, second := next(t, s), next(t, s)
	second.Postpone()
	first.Release()
	put(t, s, 4, "c")
	assert.Equal(t, map[Reason]int{ReasonOverflow: 2}, a.lost)
	assert.Equal(t, []string{"a", "c"}, drain(t, s))
}

func TestWhatWaitsForTooLongIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s, a := open(t, dir, Options{MaxAge: time.Hour})
		put(t, s, 1, "waits")
		put(t, s, 2, "postponed")
		put(t, s, 4, "handed out")
		waits, postponed, out := next(t, s), next(t, s), next(t, s)
		waits.Release()
		postponed.Postpone()
		time.Sleep(time.Hour)
		put(t, s, 8, "young")
		require.NoError(t, s.Adopt())
		assert.Empty(t, a.lost, "just young enough")

		time.Sleep(time.Millisecond)
		item := next(t, s)
		assert.Equal(t, "young", text(t, item))
		assert.Equal(t, map[Reason]int{ReasonExpired: 3}, a.lost)
		out.Release()
		_, ok := s.Next()
		assert.False(t, ok)
		assert.Equal(t, map[Reason]int{ReasonExpired: 7}, a.lost)
		assert.Len(t, onDisk(t, dir), 1)

		item.Release()
		time.Sleep(2 * time.Hour)
		require.NoError(t, s.Adopt(), "which nobody has asked for a request")
		assert.Equal(t, map[Reason]int{ReasonExpired: 15}, a.lost)
		assert.Zero(t, s.Stats())
	})
}

func TestTheDefaultBoundsHold(t *testing.T) {
	o := Options{MaxBytes: -1}.withDefaults()
	assert.EqualValues(t, 100<<20, o.MaxBytes)
	assert.Equal(t, 24*time.Hour, o.MaxAge)
	assert.Equal(t, 10_000, o.MaxFiles)
}

func TestWhatIsAdoptedIsBoundedToo(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "a", "b", "c")
	s, a := open(t, dir, Options{MaxFiles: 2})
	assert.Equal(t, 3, a.adopted)
	assert.Equal(t, map[Reason]int{ReasonOverflow: 1}, a.lost)
	assert.Equal(t, []string{"b", "c"}, drain(t, s))
}

func TestWhatIsAdoptedKeepsItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		leave(t, dir, 1, "old")
		time.Sleep(time.Hour)
		leave(t, dir, 2, "young")
		time.Sleep(23*time.Hour + time.Millisecond)
		s, a := open(t, dir, Options{})
		assert.Equal(t, 3, a.adopted)
		assert.Equal(t, map[Reason]int{ReasonExpired: 1}, a.lost)
		assert.Equal(t, []string{"young"}, drain(t, s))
	})
}

func TestAFileFromTheFutureAgesFromNowOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		leave(t, dir, 1, "ahead")
		home, base := filepath.Split(onlyFile(t, dir))
		_, rest, _ := strings.Cut(base, "-")
		require.NoError(t, os.Rename(home+base, home+"9876543210987-"+rest))

		s, a := open(t, dir, Options{})
		assert.WithinDuration(t, time.Now(), s.Stats().Oldest, time.Millisecond)
		time.Sleep(25 * time.Hour)
		require.NoError(t, s.Adopt())
		assert.Equal(t, map[Reason]int{ReasonExpired: 1}, a.lost)
	})
}
