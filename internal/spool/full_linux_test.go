package spool

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mounted runs the rest of the test in a process of its own with a disk of 256 KiB that
// nobody else sees, whoever runs the tests. It is false in the one that only waits.
func mounted(t *testing.T) (disk string, ok bool) {
	t.Helper()
	if !inOwnProcess(t, &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}) {
		return "", false
	}
	disk = t.TempDir()
	if err := syscall.Mount("spool", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(disk, syscall.MNT_DETACH)) })
	return disk, true
}

func TestAFullDiskLosesNothing(t *testing.T) {
	disk, ok := mounted(t)
	if !ok {
		return
	}
	s, a := open(t, disk, Options{})
	body := strings.Repeat("x", 30<<10)
	stored := 0
	var err error
	for err == nil {
		if err = s.Put([]byte(body), 1); err == nil {
			stored++
		}
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	assert.Greater(t, stored, 3)
	assert.Len(t, onDisk(t, disk), stored, "no half file")
	assert.Equal(t, stored, s.Stats().Files)

	item := next(t, s)
	assert.Equal(t, body, text(t, item))
	item.Done()
	put(t, s, 1, body)
	assert.Len(t, drain(t, s), stored)
	assert.Empty(t, a.lost)
}

func TestADiskThatTurnsReadOnlyIsNoLoop(t *testing.T) {
	disk, ok := mounted(t)
	if !ok {
		return
	}
	s, a := open(t, disk, Options{MaxFiles: 3, MaxBytes: 16})
	put(t, s, 1, "delivered", "waits")
	require.NoError(t, syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	require.ErrorIs(t, s.Put([]byte("x"), 1), syscall.EROFS)
	item := next(t, s)
	assert.Equal(t, "delivered", text(t, item))
	item.Done()
	item = next(t, s)
	assert.Equal(t, "waits", text(t, item), "the file of the other is still there")
	item.Release()
	assert.Len(t, onDisk(t, disk), 2)
	require.NoError(t, s.Adopt())

	require.NoError(t, syscall.Mount("", disk, "", syscall.MS_REMOUNT, ""))
	put(t, s, 1, "b")
	assert.Empty(t, a.lost)
	put(t, s, 1, "c")
	assert.Equal(t, map[Reason]int{ReasonOverflow: 1}, a.lost, "what cannot be removed takes room")
	require.NoError(t, s.Adopt())
	assert.Len(t, onDisk(t, disk), 2, "the delivered one is gone at last")
	put(t, s, 1, "d takes all 14")
	assert.Equal(t, []string{"b", "c", "d takes all 14"}, drain(t, s))

	_, err := Open(filepath.Join(disk, "later"), destination, Options{})
	require.NoError(t, err)
	require.NoError(t, syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	_, err = Open(filepath.Join(disk, "too late"), destination, Options{})
	require.ErrorIs(t, err, syscall.EROFS)
	require.NoError(t, syscall.Mount("", disk, "", syscall.MS_REMOUNT, ""))
}
