package spool

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// Adopt takes over the files that dead processes have left for the same destination.
// It also drops what waits for too long and tries again to remove what could not be
// removed. It is to be called about once a minute; without anything to do it reads one
// folder.
//
// An error says what could not be taken over now. The rest was.
func (s *Spool) Adopt() error {
	s.disk.RLock()
	defer s.disk.RUnlock()
	if s.closed {
		return ErrClosed
	}
	s.lock.touch()
	s.removeLeftovers()
	s.expire()

	siblings := filepath.Dir(s.home)
	entries, err := os.ReadDir(siblings)
	if err != nil {
		return err
	}
	var problems []error
	for _, e := range entries {
		if e.IsDir() && isHash(e.Name()) && e.Name() != filepath.Base(s.home) {
			problems = append(problems, s.adoptFrom(filepath.Join(siblings, e.Name())))
		}
	}
	return errors.Join(problems...)
}

// adoptFrom moves the files of a dead process here, and removes its folder when it is
// empty.
func (s *Spool) adoptFrom(folder string) error {
	lock, err := takeLock(folder)
	if taken(err) {
		return nil // it lives, or somebody else was faster
	}
	if err != nil {
		return err
	}
	found, err := list(folder)
	problems := []error{err}
	var files, bad []*file
	for _, o := range found {
		f, err := s.take(folder, o)
		problems = append(problems, err)
		switch {
		case f == nil:
		case o.suffix == badSuffix:
			bad = append(bad, f)
		default:
			files = append(files, f)
		}
	}
	if s.options.Sync {
		problems = append(problems, syncFolder(s.home)) // before the last trace there is removed
	}
	err = lock.giveUp(folder, errors.Join(problems...) != nil)
	err = errors.Join(append(problems, err)...)
	s.welcome(files, bad)
	return err
}

// take moves one file here. It gets a new number, because those of two instances may be
// equal, and the time of now when it claims to be from the future, so that it ages.
// What is not complete is removed, and nil returned.
func (s *Spool) take(folder string, o orphan) (*file, error) {
	from := filepath.Join(folder, o.String()+o.suffix)
	if o.suffix == tempSuffix {
		return nil, os.Remove(from)
	}
	f := &file{name: o.name, size: o.size, adopted: true}
	f.millis = min(f.millis, millisAt(time.Now()))
	s.mu.Lock()
	f.seq = s.index.nextSeq()
	s.mu.Unlock()
	if err := os.Rename(from, s.path(f, o.suffix)); err != nil {
		return nil, err
	}
	return f, nil
}

// welcome reports adopted files before anybody can deliver them, and then applies the
// bounds.
func (s *Spool) welcome(files, bad []*file) {
	spans := 0
	for _, f := range files {
		spans += f.spans
	}
	if len(files) > 0 {
		s.options.OnAdopt(spans)
	}
	s.mu.Lock()
	s.index.add(files...)
	for _, f := range bad {
		s.index.addBad(f)
	}
	gone := s.index.expire(time.Now().Add(-s.options.MaxAge))
	gone = append(gone, s.index.makeRoom(0, 0, s.options)...)
	s.mu.Unlock()
	s.drop(gone)
}

// orphan is a file in the folder of a dead process.
type orphan struct {
	name
	suffix string
	size   int64
}

// list returns the files of a folder from the oldest, without those that are none of
// ours.
func list(folder string) (found []orphan, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		n, suffix, ok := parseName(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		info, infoErr := e.Info()
		if infoErr != nil {
			err = cmp.Or(err, infoErr)
			continue
		}
		found = append(found, orphan{name: n, suffix: suffix, size: info.Size()})
	}
	return found, err
}
