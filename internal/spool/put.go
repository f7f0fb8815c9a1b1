package spool

import (
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Put writes a request with a number of spans to disk. After nil it is safe, and Next
// will return it. After an error it is not on disk and belongs to the caller, whatever
// the reason: a full disk, one that is read-only, a folder that is gone, [ErrFull],
// [ErrClosed]. It does not keep body.
//
// What does not fit the bounds any more is removed for it and reported.
func (s *Spool) Put(body []byte, spans int) error { return s.put(body, spans, dataSuffix) }

// SetAside writes a request that will not be delivered, for who wants to know why. It
// counts as damaged, and is kept as long as the bounds allow. Nothing that waits gives way
// for it, that is [ErrFull].
func (s *Spool) SetAside(body []byte, spans int) error { return s.put(body, spans, badSuffix) }

func (s *Spool) put(body []byte, spans int, suffix string) error {
	s.disk.RLock()
	defer s.disk.RUnlock()
	if s.closed {
		return ErrClosed
	}
	f, err := s.plan(body, spans, suffix)
	if err != nil {
		return err
	}
	if err := s.write(f, body, suffix); err != nil {
		return err
	}
	s.mu.Lock()
	gone := s.index.makeRoom(1, f.size, s.options)
	if suffix == badSuffix {
		s.index.addBad(f)
	} else {
		s.index.add(f)
	}
	s.mu.Unlock()
	s.drop(gone)
	return nil
}

// plan names the file for a request, if there can be room for it.
func (s *Spool) plan(body []byte, spans int, suffix string) (*file, error) {
	if len(body) == 0 || spans < 0 || spans > maxSpans {
		return nil, fs.ErrInvalid
	}
	f := &file{size: int64(len(body)), name: name{
		millis: millisAt(time.Now()), spans: spans, sum: crc32.Checksum(body, castagnoli),
	}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.index.fits(f.size, s.options) || suffix == badSuffix && !s.index.fitsBad(f.size, s.options) {
		return nil, ErrFull
	}
	f.seq = s.index.nextSeq()
	return f, nil
}

// write makes a file appear as a whole or not at all.
func (s *Spool) write(f *file, body []byte, suffix string) error {
	temp, final := s.path(f, tempSuffix), s.path(f, suffix)
	written, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = written.Write(body)
	if err == nil && s.options.Sync {
		err = written.Sync()
	}
	err = errors.Join(err, written.Close())
	if err == nil {
		err = os.Rename(temp, final)
	}
	if err != nil {
		s.remove(temp, f.size)
		return err
	}
	if !s.options.Sync {
		return nil
	}
	if err = syncFolder(s.home); err != nil {
		s.remove(final, f.size)
	}
	return err
}

func (s *Spool) path(f *file, suffix string) string {
	return filepath.Join(s.home, f.String()+suffix)
}

// drop removes files and reports what is lost by that.
func (s *Spool) drop(gone []removal) {
	if len(gone) == 0 {
		return
	}
	lost := make(map[Reason]int)
	for _, r := range gone {
		s.remove(s.path(r.file, r.suffix), r.size)
		if r.reason != "" {
			lost[r.reason] += r.spans
		}
	}
	for reason, spans := range lost {
		s.options.OnLoss(reason, spans)
	}
}

// remove removes a file that is done with. One that cannot be removed, for instance
// because the disk has become read-only, is remembered: it must not be sent again, and
// it takes room.
func (s *Spool) remove(path string, size int64) {
	err := os.Remove(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index.addLeftover(path, size)
}

// removeLeftovers tries again what remove has remembered.
func (s *Spool) removeLeftovers() {
	s.mu.Lock()
	leftovers := s.index.takeLeftovers()
	s.mu.Unlock()
	for path, size := range leftovers {
		s.remove(path, size)
	}
}
