package spool

import (
	"maps"
	"slices"
	"time"
)

// file is one file of the folder, under the ending of the list that it is in.
type file struct {
	name
	size    int64
	adopted bool
}

// index knows the files of the folder. Its owner serializes access.
type index struct {
	waiting []*file            // from the oldest
	later   []*file            // postponed, in that order
	out     map[*file]struct{} // handed out
	bad     []*file            // damaged, from the oldest

	// leftover has the sizes of the files that are done with and could not be removed,
	// by path.
	leftover map[string]int64

	bytes     int64 // of waiting, later and out
	spans     int   // the same
	restBytes int64 // of bad and leftover

	seq uint64
}

func newIndex() index {
	return index{out: make(map[*file]struct{}), leftover: make(map[string]int64)}
}

func (x *index) nextSeq() uint64 {
	x.seq++
	return x.seq
}

// add takes new files.
func (x *index) add(files ...*file) {
	for _, f := range files {
		x.bytes += f.size
		x.spans += f.spans
		insert(&x.waiting, f)
	}
}

// insert keeps a list sorted by age.
func insert(into *[]*file, f *file) {
	at, _ := slices.BinarySearchFunc(*into, f, older)
	*into = slices.Insert(*into, at, f)
}

func older(a, b *file) int { return byAge(a.name, b.name) }

// next takes the file whose turn it is.
func (x *index) next() *file {
	from := &x.waiting
	if len(x.waiting) == 0 {
		from = &x.later
	}
	if len(*from) == 0 {
		return nil
	}
	return takeFirst(from)
}

// back takes f from those that are handed out. It is false for one that is not.
func (x *index) back(f *file) bool {
	_, out := x.out[f]
	delete(x.out, f)
	return out
}

// forget no longer counts f, which is in no list any more.
func (x *index) forget(f *file) {
	x.bytes -= f.size
	x.spans -= f.spans
}

func (x *index) addBad(f *file) {
	x.restBytes += f.size
	insert(&x.bad, f)
}

func (x *index) files() int {
	return len(x.waiting) + len(x.later) + len(x.out) + len(x.bad) + len(x.leftover)
}

// fits reports whether there can be room for a new file: what is handed out and what
// cannot be removed cannot give way.
func (x *index) fits(size int64, o Options) bool {
	for f := range x.out {
		size += f.size
	}
	for _, bytes := range x.leftover {
		size += bytes
	}
	return size <= o.MaxBytes && len(x.out)+len(x.leftover) < o.MaxFiles
}

// fitsBad reports whether there can be room for a damaged file, for which only others give
// way.
func (x *index) fitsBad(size int64, o Options) bool {
	size += x.bytes + x.restBytes
	for _, f := range x.bad {
		size -= f.size
	}
	return size <= o.MaxBytes && x.files()-len(x.bad) < o.MaxFiles
}

// removal is a file to be removed. Without a reason nothing is lost by that.
type removal struct {
	*file
	suffix string
	reason Reason
}

// makeRoom takes files out until a number of new ones with that many bytes are within
// the bounds. First those go that cannot be delivered, then those whose delivery has
// failed, then the oldest.
func (x *index) makeRoom(files int, bytes int64, o Options) (gone []removal) {
	for x.files()+files > o.MaxFiles || x.bytes+x.restBytes+bytes > o.MaxBytes {
		switch {
		case len(x.bad) > 0:
			gone = append(gone, x.dropBad())
		case len(x.later) > 0:
			gone = append(gone, x.drop(&x.later, ReasonOverflow))
		case len(x.waiting) > 0:
			gone = append(gone, x.drop(&x.waiting, ReasonOverflow))
		default:
			return gone
		}
	}
	return gone
}

// expire takes out all files made before the time.
func (x *index) expire(before time.Time) (gone []removal) {
	limit := millisAt(before)
	for len(x.bad) > 0 && x.bad[0].millis < limit {
		gone = append(gone, x.dropBad())
	}
	for len(x.waiting) > 0 && x.waiting[0].millis < limit {
		gone = append(gone, x.drop(&x.waiting, ReasonExpired))
	}
	x.later = slices.DeleteFunc(x.later, func(f *file) bool {
		if f.millis >= limit {
			return false
		}
		x.forget(f)
		gone = append(gone, removal{f, dataSuffix, ReasonExpired})
		return true
	})
	return gone
}

func (x *index) drop(from *[]*file, reason Reason) removal {
	f := takeFirst(from)
	x.forget(f)
	return removal{f, dataSuffix, reason}
}

func (x *index) dropBad() removal {
	f := takeFirst(&x.bad)
	x.restBytes -= f.size
	return removal{f, badSuffix, ""}
}

func takeFirst(from *[]*file) *file {
	f := (*from)[0]
	(*from)[0] = nil // the array may live on
	*from = (*from)[1:]
	return f
}

// takeLeftovers takes the files that could not be removed.
func (x *index) takeLeftovers() map[string]int64 {
	all := x.leftover
	x.leftover = make(map[string]int64)
	for _, size := range all {
		x.restBytes -= size
	}
	return all
}

func (x *index) addLeftover(path string, size int64) {
	x.restBytes += size - x.leftover[path]
	x.leftover[path] = size
}

func (x *index) stats() Stats {
	st := Stats{
		Files:   len(x.waiting) + len(x.later) + len(x.out),
		Bytes:   x.bytes,
		Spans:   x.spans,
		Damaged: len(x.bad),
	}
	all := slices.Concat(x.waiting[:min(1, len(x.waiting))], x.later, slices.Collect(maps.Keys(x.out)))
	if len(all) > 0 {
		st.Oldest = slices.MinFunc(all, older).created()
	}
	return st
}
