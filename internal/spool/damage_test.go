package spool

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestADamagedFileIsPutAsideAndReported(t *testing.T) {
	for what, damage := range map[string]func(string) string{
		"truncated": func(s string) string { return s[:len(s)-1] },
		"flipped":   func(s string) string { return "X" + s[1:] },
		"longer":    func(s string) string { return s + "\x00" },
		"empty":     func(string) string { return "" },
		"zeroed":    func(s string) string { return strings.Repeat("\x00", len(s)) },
	} {
		t.Run(what, func(t *testing.T) {
			for when, run := range map[string]func(t *testing.T, dir string, damage func()) (*Spool, *account){
				"by this process": func(t *testing.T, dir string, damage func()) (*Spool, *account) {
					s, a := open(t, dir, Options{})
					put(t, s, 5, "damaged")
					damage()
					put(t, s, 1, "whole")
					return s, a
				},
				"by the last": func(t *testing.T, dir string, damage func()) (*Spool, *account) {
					leave(t, dir, 5, "damaged")
					damage()
					s, a := open(t, dir, Options{})
					put(t, s, 1, "whole")
					return s, a
				},
			} {
				t.Run(when, func(t *testing.T) {
					dir := t.TempDir()
					s, a := run(t, dir, func() {
						path := onlyFile(t, dir)
						require.NoError(t, os.WriteFile(path, []byte(damage("damaged")), 0o600))
					})
					item := next(t, s)
					_, err := item.Read()
					require.ErrorIs(t, err, ErrCorrupt)
					item.Postpone() // has nothing to say any more
					_, err = item.Read()
					require.Error(t, err)
					assert.Equal(t, map[Reason]int{ReasonCorrupt: 5}, a.lost, "once")
					assert.Equal(t, 1, s.Stats().Damaged)
					assert.Equal(t, 1, s.Stats().Spans)
					assert.Equal(t, []string{"whole"}, drain(t, s))
					path := onlyFile(t, dir)
					assert.Equal(t, ".bad", filepath.Ext(path))
					content, err := os.ReadFile(path)
					require.NoError(t, err)
					assert.Equal(t, damage("damaged"), string(content))
				})
			}
		})
	}
}

func TestAFileThatSomebodyRemovedIsReported(t *testing.T) {
	dir := t.TempDir()
	s, a := open(t, dir, Options{})
	put(t, s, 5, "a")
	require.NoError(t, os.Remove(onlyFile(t, dir)))
	item := next(t, s)
	for range 2 {
		_, err := item.Read()
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	assert.Equal(t, map[Reason]int{ReasonMissing: 5}, a.lost)
	assert.Zero(t, s.Stats())
}

func TestAnErrorThatMayPassLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s, a := open(t, dir, Options{})
	put(t, s, 1, "a", "b")
	item := next(t, s)
	path := s.path(item.file, dataSuffix)
	require.NoError(t, os.Rename(path, path+"-away"))
	require.NoError(t, os.Symlink(filepath.Base(path), path)) // a link to itself
	_, err := item.Read()
	require.Error(t, err)
	item.Postpone()
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Rename(path+"-away", path))
	assert.Equal(t, []string{"b", "a"}, drain(t, s))
	assert.Empty(t, a.lost)
}

// spoiled leaves one damaged file behind.
func spoiled(t *testing.T, dir string) {
	t.Helper()
	s, err := Open(dir, destination, Options{})
	require.NoError(t, err)
	put(t, s, 1, "damaged")
	require.NoError(t, os.WriteFile(onlyFile(t, dir), []byte("1234567"), 0o600))
	_, err = next(t, s).Read()
	require.ErrorIs(t, err, ErrCorrupt)
	require.NoError(t, s.Close())
}

func TestADamagedFileGivesWayBeforeAnyRequest(t *testing.T) {
	dir := t.TempDir()
	spoiled(t, dir)
	s, a := open(t, dir, Options{MaxBytes: 10})
	assert.Equal(t, 1, s.Stats().Damaged, "it is kept by who adopts it")
	put(t, s, 1, "abc")
	assert.Equal(t, 1, s.Stats().Damaged)
	put(t, s, 1, "d")
	assert.Zero(t, s.Stats().Damaged)
	assert.Equal(t, []string{"abc", "d"}, drain(t, s))
	assert.Empty(t, a.lost, "its spans were counted when it was found")
	assert.Zero(t, a.adopted)
}

func TestADamagedFileAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		spoiled(t, dir)
		s, a := open(t, dir, Options{})
		time.Sleep(25 * time.Hour)
		require.NoError(t, s.Adopt())
		assert.Zero(t, s.Stats())
		assert.Empty(t, onDisk(t, dir))
		assert.Empty(t, a.lost)
	})
}
