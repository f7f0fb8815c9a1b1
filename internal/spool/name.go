package spool

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Endings of the names of files.
const (
	dataSuffix = ".otlp"
	tempSuffix = ".tmp" // not complete
	badSuffix  = ".bad" // not what was written
)

const (
	// maxMillis is the last time whose number has 13 digits, in the year 2286.
	maxMillis = 9_999_999_999_999
	// maxSpans bounds what a name can claim. It is far above what a request holds.
	maxSpans = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// name is what the name of a file says.
type name struct {
	millis int64  // when it was put, since 1970
	seq    uint64 // tells files of one instance apart
	spans  int
	sum    uint32 // CRC-32C of the content
}

// String returns the name without its ending. The fixed widths make a listing of the
// folder one by age.
func (n name) String() string {
	return fmt.Sprintf("%013d-%08d-%d-%08x", n.millis, n.seq, n.spans, n.sum)
}

func (n name) created() time.Time { return time.UnixMilli(n.millis) }

// parseName reads the name of a file. It accepts exactly what this package writes.
func parseName(base string) (n name, suffix string, ok bool) {
	suffix = filepath.Ext(base)
	if suffix != dataSuffix && suffix != tempSuffix && suffix != badSuffix {
		return name{}, "", false
	}
	stem := strings.TrimSuffix(base, suffix)
	parts := strings.Split(stem, "-")
	if len(parts) != 4 {
		return name{}, "", false
	}
	millis, errMillis := strconv.ParseInt(parts[0], 10, 64)
	seq, errSeq := strconv.ParseUint(parts[1], 10, 64)
	spans, errSpans := strconv.Atoi(parts[2])
	sum, errSum := strconv.ParseUint(parts[3], 16, 32)
	n = name{millis: millis, seq: seq, spans: spans, sum: uint32(sum)}
	if cmp.Or(errMillis, errSeq, errSpans, errSum) != nil ||
		millis < 0 || millis > maxMillis || spans < 0 || spans > maxSpans || n.String() != stem {
		return name{}, "", false
	}
	return n, suffix, true
}

// byAge orders names from the oldest.
func byAge(a, b name) int {
	return cmp.Or(cmp.Compare(a.millis, b.millis), cmp.Compare(a.seq, b.seq))
}

// millisAt is the time of a name. A clock may be wrong, and a name has 13 digits.
func millisAt(t time.Time) int64 { return min(max(t.UnixMilli(), 0), maxMillis) }
