package spool

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"time"
)

// Item is a request that [Spool.Next] has handed out. Nobody else gets it until one of
// Done, Release and Postpone was called, and it is not dropped before. Of these the
// first one counts.
type Item struct {
	// Spans is the number of spans in the request.
	Spans int
	// Bytes is the size of the request.
	Bytes int64
	// Created is when the request was put.
	Created time.Time
	// Adopted says that another process has put the request, and may have sent it.
	Adopted bool

	spool *Spool
	file  *file
}

// Next hands out the oldest request that is not handed out. Postponed ones come after
// all others. It returns false when there is none, and after Close.
func (s *Spool) Next() (Item, bool) {
	s.disk.RLock()
	defer s.disk.RUnlock()
	if s.closed {
		return Item{}, false
	}
	s.expire()
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.index.next()
	if f == nil {
		return Item{}, false
	}
	s.index.out[f] = struct{}{}
	return Item{
		Spans: f.spans, Bytes: f.size, Created: f.created(), Adopted: f.adopted,
		spool: s, file: f,
	}, true
}

// Read returns the request as it was put. With [ErrCorrupt], and with [fs.ErrNotExist]
// if somebody has removed the file, the spans are lost and reported, and the item is
// settled. Any other error may pass: [Item.Postpone] it, so that one bad spot of the
// disk does not stop all others.
func (i Item) Read() ([]byte, error) {
	s, f := i.spool, i.file
	body, err := read(s.path(f, dataSuffix), f)
	switch {
	case errors.Is(err, ErrCorrupt):
		s.spoil(f)
	case errors.Is(err, fs.ErrNotExist):
		if s.settled(f) {
			s.options.OnLoss(ReasonMissing, f.spans)
		}
	}
	return body, err
}

func read(path string, f *file) ([]byte, error) {
	opened, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }() // nothing was written
	info, err := opened.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != f.size || info.Size() > math.MaxInt { // which is 2 GiB on small machines
		return nil, fmt.Errorf("%w: its length is another", ErrCorrupt)
	}
	body := make([]byte, f.size)
	if _, err := io.ReadFull(opened, body); err != nil {
		return nil, err
	}
	if crc32.Checksum(body, castagnoli) != f.sum {
		return nil, fmt.Errorf("%w: its checksum is another", ErrCorrupt)
	}
	return body, nil
}

// spoil puts a damaged file aside.
func (s *Spool) spoil(f *file) {
	if !s.settled(f) {
		return
	}
	if err := os.Rename(s.path(f, dataSuffix), s.path(f, badSuffix)); err != nil {
		s.remove(s.path(f, dataSuffix), f.size)
	} else {
		s.mu.Lock()
		s.index.addBad(f)
		s.mu.Unlock()
	}
	s.options.OnLoss(ReasonCorrupt, f.spans)
}

// Done says that the request was delivered, or will never be, and removes its file.
func (i Item) Done() {
	if i.spool.settled(i.file) {
		i.spool.remove(i.spool.path(i.file, dataSuffix), i.file.size)
	}
}

// settled takes f out of the index. It is false for a file that is not handed out.
func (s *Spool) settled(f *file) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.index.back(f) {
		return false
	}
	s.index.forget(f)
	return true
}

// Release gives the request back to where it was.
func (i Item) Release() {
	s := i.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index.back(i.file) {
		insert(&s.index.waiting, i.file)
	}
}

// Postpone gives the request back to the end, behind all that wait now and later. Its
// age stays what it is.
func (i Item) Postpone() {
	s := i.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index.back(i.file) {
		s.index.later = append(s.index.later, i.file)
	}
}

// expire drops what waits for too long.
func (s *Spool) expire() {
	s.mu.Lock()
	gone := s.index.expire(time.Now().Add(-s.options.MaxAge))
	s.mu.Unlock()
	s.drop(gone)
}
