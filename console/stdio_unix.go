//go:build unix

package console

import (
	"io"
	"os"
	"syscall"
)

// survivable returns a writer to where w writes that can fail without harm, and how to
// release it. Go ends a program that writes to its standard output or error when the
// reader of that is gone (see package os/signal), and tells them by their descriptors:
// a copy of the descriptor fails with an error, as any other file.
func survivable(w io.Writer) (survivor io.Writer, release func()) {
	unchanged := func() {}
	file, ok := w.(*os.File)
	if !ok || file == nil {
		return w, unchanged
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return w, unchanged
	}
	survivor, release = w, unchanged
	_ = conn.Control(func(fd uintptr) { // it fails for a closed file, which w can tell itself
		if fd != uintptr(syscall.Stdout) && fd != uintptr(syscall.Stderr) {
			return
		}
		if duplicate := duplicated(int(fd), file.Name()); duplicate != nil {
			survivor, release = duplicate, func() { _ = duplicate.Close() }
		}
	})
	return survivor, release
}

// duplicated returns nil when there is no descriptor left.
func duplicated(fd int, name string) *os.File {
	syscall.ForkLock.RLock() // so that no child inherits it
	defer syscall.ForkLock.RUnlock()
	duplicate, err := syscall.Dup(fd)
	if err != nil {
		return nil
	}
	syscall.CloseOnExec(duplicate)
	return os.NewFile(uintptr(duplicate), name)
}
