package spool

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFilesOfADestinationThatIsGoneAgeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		leave(t, dir, 1, "old")
		time.Sleep(time.Hour)
		leave(t, dir, 2, "young")
		time.Sleep(23*time.Hour + time.Millisecond)

		swept, err := Sweep(dir, 0, destination)
		require.NoError(t, err)
		assert.Zero(t, swept, "it is configured")
		assert.Len(t, onDisk(t, dir), 2)

		for range 2 {
			swept, err = Sweep(dir, 24*time.Hour, "another")
			require.NoError(t, err)
			assert.Equal(t, 2, swept.Waiting)
		}
		assert.Len(t, onDisk(t, dir), 1)
		time.Sleep(time.Hour)
		swept, err = Sweep(dir, 24*time.Hour)
		require.NoError(t, err)
		assert.Equal(t, Swept{Expired: 2}, swept)
		assertNothingLeft(t, filepath.Join(dir, "v1"))
	})
}

func TestWhatIsLeftOfADestinationThatIsGoneIsSentWhenItComesBack(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "a")
	_, err := Sweep(dir, time.Hour)
	require.NoError(t, err)
	s, _ := open(t, dir, Options{})
	assert.Equal(t, []string{"a"}, drain(t, s))
}

func TestSweepingCountsLossesOnlyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		spoiled(t, dir)
		home := filepath.Dir(onlyFile(t, dir))
		half := filepath.Join(home, name{millis: time.Now().UnixMilli(), seq: 9, spans: 9}.String()+".tmp")
		require.NoError(t, os.WriteFile(half, nil, 0o600))
		future := filepath.Join(home, name{millis: maxMillis, seq: 9, spans: 9}.String()+".otlp")
		require.NoError(t, os.WriteFile(future, nil, 0o600))
		foreign := filepath.Join(home, "notes")
		require.NoError(t, os.WriteFile(foreign, nil, 0o600))
		swept, err := Sweep(dir, time.Hour)
		require.NoError(t, err)
		assert.Equal(t, Swept{Expired: 9}, swept, "the one whose time cannot be right")
		assert.Len(t, onDisk(t, dir), 2)
		time.Sleep(2 * time.Hour)
		swept, err = Sweep(dir, time.Hour)
		require.NoError(t, err)
		assert.Zero(t, swept)
		assert.Equal(t, []string{foreign}, onDisk(t, dir))
	})
}

func TestSweepingAFolderThatIsNotThereIsNoError(t *testing.T) {
	swept, err := Sweep(filepath.Join(t.TempDir(), "none"), 0)
	require.NoError(t, err)
	assert.Zero(t, swept)
}
