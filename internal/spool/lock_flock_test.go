//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package spool

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The lock file is removed by who holds its lock. Who has opened it before must not
// believe to own the folder by locking what nobody else can see.
func TestALockIsCheckedAgainstTheNameOfItsFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, lockName)
	owner, err := takeLock(folder)
	require.NoError(t, err)
	late, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer late.Close()
	require.ErrorIs(t, lockOpen(late, path), errHeld)
	require.NoError(t, owner.giveUp(filepath.Join(folder, "none"), false))
	require.ErrorIs(t, lockOpen(late, path), os.ErrNotExist)

	now, err := takeLock(folder)
	require.NoError(t, err)
	require.ErrorIs(t, lockOpen(late, path), errHeld, "it could be locked, and another has the name")
	require.NoError(t, now.giveUp(folder, true))
}

func TestALockFileIsNotFollowedElsewhere(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(folder, "elsewhere"), filepath.Join(folder, lockName)))
	_, err := takeLock(folder)
	require.Error(t, err)
	require.NoFileExists(t, filepath.Join(folder, "elsewhere"))
}
