package spool

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Defaults of [Options].
const (
	DefaultMaxBytes = 100 << 20
	DefaultMaxAge   = 24 * time.Hour
	DefaultMaxFiles = 10_000
)

const (
	folderMode = 0o700
	fileMode   = 0o600
	// layout is the folder of this layout of files: a later one has a folder of its own.
	layout = "v1"
	// hashBytes makes destinations and instances differ, in names that stay short.
	hashBytes = 8
	// openAttempts bounds the tries to make a folder while other processes remove empty ones.
	openAttempts = 10
)

var (
	// ErrFull says that a body is larger than what may be made free for it.
	ErrFull = errors.New("spool: no room")
	// ErrCorrupt says that a file is not what was written.
	ErrCorrupt = errors.New("spool: damaged file")
	// ErrClosed says that the spool is closed.
	ErrClosed = errors.New("spool: closed")
)

// Reason says why spans were lost. It is the word that the ledger of package export has
// for it.
type Reason string

const (
	// ReasonOverflow counts spans dropped to keep MaxBytes or MaxFiles.
	ReasonOverflow Reason = "spool_overflow"
	// ReasonExpired counts spans that waited for longer than MaxAge.
	ReasonExpired Reason = "expired"
	// ReasonCorrupt counts spans of files that were not what was written.
	ReasonCorrupt Reason = "spool_corrupt"
	// ReasonMissing counts spans of files that somebody else removed.
	ReasonMissing Reason = "spool_error"
)

// Options are the bounds of one spool, which is one process. Zero values and negative
// ones mean the defaults.
type Options struct {
	// MaxBytes bounds the sum of the sizes of the files. It is kept but for a body for
	// each Put that is going on.
	MaxBytes int64
	// MaxAge bounds the time that a file waits.
	MaxAge time.Duration
	// MaxFiles bounds the number of files.
	MaxFiles int
	// Sync makes Put wait until the disk has the file, for the case that the power
	// fails. Without it a file is safe from the death of the process only, and Put is
	// about ten times as fast.
	Sync bool

	// OnLoss is told of spans that were lost. OnAdopt is told of spans that a dead
	// process has left, before Next returns them. Both are called by the goroutine of
	// the method that found out, Open included, and must not call the Spool.
	OnLoss  func(reason Reason, spans int)
	OnAdopt func(spans int)
}

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxAge <= 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.MaxFiles <= 0 {
		o.MaxFiles = DefaultMaxFiles
	}
	if o.OnLoss == nil {
		o.OnLoss = func(Reason, int) {}
	}
	if o.OnAdopt == nil {
		o.OnAdopt = func(int) {}
	}
	return o
}

// Spool is a folder of requests that wait for one destination. Its methods are safe
// for concurrent use.
type Spool struct {
	options Options
	home    string // the folder of this instance
	lock    folderLock

	// disk is held for writing by Close, and for reading by what must not happen after
	// it: a folder without its lock belongs to whoever adopts it.
	disk   sync.RWMutex
	closed bool // guarded by disk

	mu    sync.Mutex // guards index
	index index
}

// Open makes the folder of a new instance below dir and adopts what dead processes
// have left for the same destination. destination says what the requests are for, such
// as kind, address and project: a spool opened for the same words finds the files
// again. It must not contain a key, so that a new key does not leave the files of the
// old one behind.
//
// A problem with what others left is not one of Open. The next [Spool.Adopt] returns
// it if it lasts.
func Open(dir, destination string, o Options) (*Spool, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Spool{options: o.withDefaults(), index: newIndex()}
	if err := s.settle(filepath.Join(dir, layout, hash(destination))); err != nil {
		return nil, err
	}
	_ = s.Adopt() // see the comment of Open
	return s, nil
}

// settle makes the folder of the instance and locks it. Until the lock is taken the
// folder looks like that of a dead process, and the folders above may be removed as
// long as they are empty: then it is tried again.
func (s *Spool) settle(siblings string) error {
	var err error
	for range openAttempts {
		if err = s.settleOnce(siblings); !taken(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("spool: making a folder: %w", err)
	}
	if err := s.syncFolders(); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

func (s *Spool) settleOnce(siblings string) error {
	if err := os.MkdirAll(siblings, folderMode); err != nil {
		return err
	}
	s.home = filepath.Join(siblings, newInstance())
	if err := os.Mkdir(s.home, folderMode); err != nil {
		return err
	}
	lock, err := takeLock(s.home)
	if err != nil && !taken(err) { // locks do not work here
		_ = os.Remove(filepath.Join(s.home, lockName))
		_ = os.Remove(s.home)
	}
	s.lock = lock
	return err
}

// taken reports whether an error means that somebody else has a folder, or has removed it.
func taken(err error) bool {
	return errors.Is(err, errHeld) || errors.Is(err, fs.ErrNotExist)
}

// syncFolders makes the folder of the instance, and those above, survive the loss of
// power.
func (s *Spool) syncFolders() error {
	if !s.options.Sync {
		return nil
	}
	folder, problems := s.home, []error(nil)
	for range 4 { // instance, destination, layout, and the one of the caller
		problems = append(problems, syncFolder(folder))
		folder = filepath.Dir(folder)
	}
	return errors.Join(problems...)
}

// Close gives the lock back, and from then on another process may send the files: who
// still holds an item must have stopped sending before. Folders that are empty are
// removed. The second call does nothing.
func (s *Spool) Close() error {
	s.disk.Lock()
	defer s.disk.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.removeLeftovers()

	s.mu.Lock()
	needed := s.index.files() > 0
	s.mu.Unlock()
	err := s.lock.giveUp(s.home, needed)
	siblings := filepath.Dir(s.home)
	for _, folder := range []string{siblings, filepath.Dir(siblings)} {
		_ = os.Remove(folder) // fails when it is not empty, as it should
	}
	return err
}

// Stats is what a spool holds.
type Stats struct {
	// Files and Bytes count the requests, Spans the spans in them. Those handed out by
	// Next are among them until they are done.
	Files int
	Bytes int64
	Spans int
	// Oldest is when the oldest of them was put, zero when there is none.
	Oldest time.Time
	// Damaged is the number of files that are kept although they are damaged.
	Damaged int
}

// Stats returns what the spool holds.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index.stats()
}

func hash(destination string) string {
	sum := sha256.Sum256([]byte(destination))
	return hex.EncodeToString(sum[:hashBytes])
}

// newInstance is random and not the number of the process, which containers use again.
func newInstance() string {
	var id [hashBytes]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// isHash reports whether a folder has a name as hash and newInstance make them.
func isHash(name string) bool {
	id, err := hex.DecodeString(name)
	return err == nil && len(id) == hashBytes && hex.EncodeToString(id) == name
}
