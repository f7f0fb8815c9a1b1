package spool

import (
	"errors"
	"os"
	"syscall"
)

// errSharingViolation is what Windows says of a file that somebody has opened and does not
// share (ERROR_SHARING_VIOLATION).
const errSharingViolation = syscall.Errno(32)

// openLocked opens the lock file so that nobody else can open it to read or to write.
// Windows needs no other lock. Removing it stays possible, and while it is being
// removed it can be opened by nobody.
func openLocked(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_DELETE,
		nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, errSharingViolation) {
		return nil, errHeld
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

// syncFolder has nothing to do: Windows has no such call, and NTFS keeps a journal of
// its names.
func syncFolder(string) error { return nil }
