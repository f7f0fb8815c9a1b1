package spool

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Swept is what [Sweep] found. All numbers are of spans.
type Swept struct {
	// Expired were removed.
	Expired int
	// Waiting are younger. They are sent once their destination is configured again,
	// and until then every Sweep counts them.
	Waiting int
}

// Sweep removes the files of dead processes that have waited for more than maxAge (0
// means [DefaultMaxAge]) in the folders of other destinations than those named: nobody
// may be left to open them. What a living process has is left alone, and so another
// program that shares dir does not suffer. It is to be called once at the start.
//
// An error says what could not be read or removed. The rest was.
func Sweep(dir string, maxAge time.Duration, destinations ...string) (Swept, error) {
	if maxAge <= 0 {
		maxAge = DefaultMaxAge
	}
	configured := make([]string, len(destinations))
	for i, d := range destinations {
		configured[i] = hash(d)
	}
	root := filepath.Join(dir, layout)
	others, err := folders(root)
	problems := []error{err}
	var total Swept
	for _, other := range others {
		if slices.Contains(configured, other) {
			continue
		}
		instances, err := folders(filepath.Join(root, other))
		problems = append(problems, err)
		for _, instance := range instances {
			swept, err := sweep(filepath.Join(root, other, instance), maxAge)
			total.Expired += swept.Expired
			total.Waiting += swept.Waiting
			problems = append(problems, err)
		}
		_ = os.Remove(filepath.Join(root, other)) // fails when it is not empty, as it should
	}
	return total, errors.Join(problems...)
}

// folders returns the names of the folders with names of ours. None is no error.
func folders(within string) (names []string, err error) {
	entries, err := os.ReadDir(within)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if e.IsDir() && isHash(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// sweep removes what is too old from the folder of a dead process, and the folder when
// nothing is left.
func sweep(folder string, maxAge time.Duration) (swept Swept, err error) {
	lock, err := takeLock(folder)
	if taken(err) {
		return Swept{}, nil
	}
	if err != nil {
		return Swept{}, err
	}
	found, err := list(folder)
	problems := []error{err}
	kept := false
	for _, o := range found {
		// A time in the future is no better than one in the past, or the file would stay.
		old := time.Since(o.created()).Abs() > maxAge
		if !old && o.suffix != tempSuffix {
			kept = true
			swept.Waiting += o.lost()
			continue
		}
		err := os.Remove(filepath.Join(folder, o.String()+o.suffix))
		problems = append(problems, err)
		if err == nil {
			swept.Expired += o.lost()
		}
	}
	err = lock.giveUp(folder, kept || errors.Join(problems...) != nil)
	return swept, errors.Join(append(problems, err)...)
}

// lost is the number of spans that are lost with the file. Those of a damaged one are
// already.
func (o orphan) lost() int {
	if o.suffix != dataSuffix {
		return 0
	}
	return o.spans
}
