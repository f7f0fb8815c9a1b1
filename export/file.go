package export

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
)

// fileSender appends requests to a file, one line of JSON each.
type fileSender struct {
	path   string
	file   atomic.Pointer[os.File] // nil until it is needed
	closed atomic.Bool
}

func newFileSender(path string) *fileSender {
	return &fileSender{path: path}
}

// encode returns a line with its end.
func (s *fileSender) encode(body []byte) ([]byte, error) {
	line, err := toJSON(body)
	return append(line, '\n'), err
}

// attempt appends line by one write, so that several processes may share the file.
func (s *fileSender) attempt(_ context.Context, line []byte) outcome {
	file, torn, err := s.open()
	if err != nil {
		return s.failure(err)
	}
	if torn {
		line = slices.Concat([]byte("\n"), line)
	}
	if _, err := file.Write(line); err != nil {
		s.release() // what was written of it is found at the next opening
		return s.failure(err)
	}
	return outcome{class: accepted}
}

// open returns the file at the path, opened anew if it is not the one of the last
// attempt. torn says that it ends within a line, for instance because the disk was full.
func (s *fileSender) open() (file *os.File, torn bool, err error) {
	if file = s.file.Load(); file != nil && s.isAtPath(file) {
		return file, false, nil
	}
	s.release()
	file, err = os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, err
	}
	s.file.Store(file)
	if s.closed.Load() {
		s.release()
		return nil, false, os.ErrClosed
	}
	return file, endsWithinLine(file), nil
}

func (s *fileSender) isAtPath(file *os.File) bool {
	own, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(s.path)
	return err == nil && os.SameFile(own, there)
}

// endsWithinLine is false for what cannot be read at a place, such as a pipe.
func endsWithinLine(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = file.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// failure distinguishes what passes, such as a full disk, from what does not.
func (s *fileSender) failure(err error) outcome {
	o := outcome{class: transient}
	for _, lasting := range []error{
		fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, syscall.EISDIR, syscall.ENOTDIR, syscall.EROFS,
	} {
		if errors.Is(err, lasting) {
			o.class = misconfigured
		}
	}
	reason := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		reason = pathErr.Err
	}
	o.problem = reason.Error() + ": " + filepath.Base(s.path)
	return o
}

func (s *fileSender) close() {
	s.closed.Store(true)
	s.release()
}

func (s *fileSender) release() {
	if file := s.file.Swap(nil); file != nil {
		_ = file.Close() // every write has told its own error
	}
}
