//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package spool

import (
	"errors"
	"os"
	"syscall"
)

// openLocked opens the lock file and takes its lock. The lock belongs to the open file,
// so that it also keeps two spools of one process apart. The file is not opened to write,
// which would keep the disk from being made read-only.
func openLocked(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE|syscall.O_NOFOLLOW, fileMode)
	if err != nil {
		return nil, err
	}
	if err := lockOpen(file, path); err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return file, nil
}

func lockOpen(file *os.File, path string) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errHeld
	}
	if err != nil {
		return &os.PathError{Op: "flock", Path: path, Err: err}
	}
	// Between opening and locking the former owner may have removed the file, and
	// somebody else may have locked a new one.
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(opened, there) {
		return errHeld
	}
	return nil
}

// syncFolder makes the names in a folder survive the loss of power.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
