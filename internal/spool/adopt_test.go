package spool

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheRequestsOfTheLastRunAreAdopted(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 3, "a", "b")
	s, a := open(t, dir, Options{Sync: true})
	assert.Equal(t, 6, a.adopted)
	assert.Equal(t, 6, s.Stats().Spans)
	put(t, s, 1, "c")
	item := next(t, s)
	assert.True(t, item.Adopted)
	item.Release()
	assert.Equal(t, []string{"a", "b", "c"}, drain(t, s))
	require.NoError(t, s.Close())
	assertNothingLeft(t, dir)
}

func TestOneProcessMayOpenTheSameSpoolTwice(t *testing.T) {
	dir := t.TempDir()
	first, _ := open(t, dir, Options{})
	put(t, first, 1, "of the first")
	second, _ := open(t, dir, Options{})
	assert.Empty(t, drain(t, second))
	require.NoError(t, first.Close())
	require.NoError(t, second.Adopt())
	assert.Equal(t, []string{"of the first"}, drain(t, second))
}

// Two processes may put the same bytes at the same millisecond under the same number.
func TestFilesOfTheSameNameAreBothAdopted(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "same")
	path := onlyFile(t, dir)
	other := filepath.Join(filepath.Dir(filepath.Dir(path)), newInstance())
	require.NoError(t, os.Mkdir(other, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(other, filepath.Base(path)), []byte("same"), 0o600))
	s, a := open(t, dir, Options{})
	assert.Equal(t, 2, a.adopted)
	assert.Equal(t, []string{"same", "same"}, drain(t, s))
}

func TestHalfAFileIsRemoved(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "whole")
	path := onlyFile(t, dir)
	half := filepath.Join(filepath.Dir(path), name{millis: 1, seq: 2, spans: 3, sum: 4}.String()+".tmp")
	require.NoError(t, os.WriteFile(half, []byte("ha"), 0o600))
	s, a := open(t, dir, Options{})
	assert.Equal(t, 1, a.adopted)
	assert.Equal(t, []string{"whole"}, drain(t, s))
	assert.Empty(t, onDisk(t, dir))
	assert.Empty(t, a.lost, "nobody was told that it is safe")
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "ours")
	home := filepath.Dir(onlyFile(t, dir))
	siblings := filepath.Dir(home)
	foreign := []string{
		filepath.Join(home, "notes.txt"),
		filepath.Join(home, "1-1-1-1.otlp"),
		filepath.Join(home, "x.otlp"),
		filepath.Join(siblings, "file"),
		filepath.Join(siblings, "0123456789abcdef"),
		filepath.Join(filepath.Dir(siblings), "other", "9999999999999-00000001-1-00000000.otlp"),
		filepath.Join(siblings, "folder", "9999999999999-00000001-1-00000000.otlp"),
	}
	for _, path := range foreign {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("theirs"), 0o600))
	}
	inPlace := filepath.Join(home, name{millis: 1, seq: 1, spans: 1}.String()+".otlp")
	require.NoError(t, os.Mkdir(inPlace, 0o700))

	s, a := open(t, dir, Options{MaxFiles: 2})
	for range 2 {
		assert.Equal(t, 1, s.Stats().Files)
		require.NoError(t, s.Adopt())
	}
	assert.Equal(t, 1, a.adopted)
	assert.Equal(t, []string{"ours"}, drain(t, s))
	require.NoError(t, s.Close())
	assert.DirExists(t, inPlace)
	assert.ElementsMatch(t, foreign, onDisk(t, dir))
}

func TestAFolderWithoutALockIsAdopted(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "a")
	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(onlyFile(t, dir)), lockName)))
	s, _ := open(t, dir, Options{})
	assert.Equal(t, []string{"a"}, drain(t, s))
}

func TestWhatCannotBeAdoptedIsAnErrorAndStays(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "a")
	home := filepath.Dir(onlyFile(t, dir))
	require.NoError(t, os.Remove(filepath.Join(home, lockName)))
	require.NoError(t, os.Mkdir(filepath.Join(home, lockName), 0o700))
	s, _ := open(t, dir, Options{})
	require.Error(t, s.Adopt())
	assert.Zero(t, s.Stats())

	require.NoError(t, os.Remove(filepath.Join(home, lockName)))
	require.NoError(t, s.Adopt())
	assert.Equal(t, []string{"a"}, drain(t, s))
}

func TestALockIsHeldByOne(t *testing.T) {
	folder := t.TempDir()
	first, err := takeLock(folder)
	require.NoError(t, err)
	_, err = takeLock(folder)
	require.ErrorIs(t, err, errHeld)
	require.NoError(t, first.giveUp(folder, true))
	second, err := takeLock(folder)
	require.NoError(t, err)
	require.NoError(t, second.giveUp(folder, false))
	assert.NoDirExists(t, folder)
	_, err = takeLock(folder)
	require.ErrorIs(t, err, os.ErrNotExist, "no folder is made for a lock")
}

// Spools come and go, adopt each other's files and remove each other's folders.
func TestOpeningAndClosing_ConcurrentSafe(t *testing.T) {
	const owners, each = 4, 60
	dir := t.TempDir()
	var mu sync.Mutex
	var sent, want []int
	var all sync.WaitGroup
	for owner := range owners {
		for i := range each / 3 {
			want = append(want, owner*each+i*3)
		}
		all.Go(func() {
			for i := range each {
				s, err := Open(dir, destination, Options{})
				if !assert.NoError(t, err) {
					return
				}
				if i%3 == 0 {
					assert.NoError(t, s.Put(bodyOf(owner*each+i), 1))
				}
				if i%3 == 1 {
					for item, ok := s.Next(); ok; item, ok = s.Next() {
						body, err := item.Read()
						assert.NoError(t, err)
						mu.Lock()
						sent = append(sent, numberOf(t, body))
						mu.Unlock()
						item.Done()
					}
				}
				assert.NoError(t, s.Close())
			}
		})
	}
	all.Wait()
	s, _ := open(t, dir, Options{})
	for _, body := range drain(t, s) {
		sent = append(sent, numberOf(t, []byte(body)))
	}
	slices.Sort(sent)
	assert.Equal(t, want, sent)
	require.NoError(t, s.Close())
	assertNothingLeft(t, dir)
}
