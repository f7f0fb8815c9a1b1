package spool

import (
	"os"
	"path/filepath"
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

// The lock file is removed by who holds its lock. Who has opened it before must not
// believe to own the folder by locking what nobody else can see.
func TestALockOnARemovedFileIsNone(t *testing.T) {
	folder := t.TempDir()
	first, err := takeLock(folder)
	require.NoError(t, err)
	_, err = takeLock(folder)
	require.ErrorIs(t, err, errHeld)
	require.NoError(t, first.remove())
	second, err := takeLock(folder)
	require.NoError(t, err)
	require.NoError(t, second.release())
	assert.FileExists(t, filepath.Join(folder, lockName))
}
