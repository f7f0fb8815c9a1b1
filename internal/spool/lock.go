package spool

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// lockName is the file whose lock says that the owner of a folder lives.
const lockName = "lock"

// errHeld says that somebody else holds the lock.
var errHeld = errors.New("spool: the folder belongs to another process")

// folderLock is the right to a folder. It ends with the process.
type folderLock struct {
	file *os.File
}

// takeLock takes the lock of a folder, or fails with errHeld, without waiting. A lock
// file that is missing is made: a folder without one belongs to nobody.
func takeLock(folder string) (folderLock, error) {
	file, err := openLocked(filepath.Join(folder, lockName))
	return folderLock{file}, err
}

// touch keeps those away who clean up what looks abandoned.
func (l folderLock) touch() {
	now := time.Now()
	_ = os.Chtimes(l.file.Name(), now, now) // at worst the file looks its age
}

// giveUp gives the lock back, and removes the folder unless it is still needed. The lock
// file is removed first: as long as the lock is held, nobody can have locked another
// file of that name.
func (l folderLock) giveUp(folder string, needed bool) error {
	if needed {
		return l.file.Close()
	}
	err := errors.Join(os.Remove(l.file.Name()), l.file.Close())
	_ = os.Remove(folder) // fails when there is something of others, as it should
	return err
}
