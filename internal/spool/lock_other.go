//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package spool

import (
	"errors"
	"os"
)

// openLocked fails: without locks two processes would send the same files.
func openLocked(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func syncFolder(string) error { return errors.ErrUnsupported }
