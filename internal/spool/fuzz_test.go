package spool

import (
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ours is what a name looks like, written independently of the parser.
var ours = regexp.MustCompile(`^\d{13}-(\d{8}|[1-9]\d{8,19})-(0|[1-9]\d{0,6})-[0-9a-f]{8}\.(otlp|tmp|bad)$`)

func FuzzName(f *testing.F) {
	for _, seed := range []string{
		"1700000000000-00000001-512-e3069283.otlp", "1700000000000-00000001-512-e3069283.tmp",
		"1700000000000-00000001-512-e3069283.bad", "lock", "", ".otlp", "---.otlp", "1-1-1-1.otlp",
		"-700000000000-00000001-512-e3069283.otlp", "1700000000000-00000001--12-e3069283.otlp",
		"1700000000000-00000001-1048577-e3069283.otlp", "1700000000000-0x000001-1-e3069283.otlp",
		"1700000000000-00000001-1-E3069283.otlp", "1700000000000-00000001-01-e3069283.otlp",
		"1700000000000-99999999999999999999-1-e3069283.otlp", "+700000000000-00000001-1-e3069283.otlp",
		"1700000000000-123456789-1048576-00000000.otlp", "../1700000000000-00000001-512-e3069283.otlp",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, base string) {
		n, suffix, ok := parseName(base)
		if !ok {
			return
		}
		assert.Regexp(t, ours, base)
		assert.Equal(t, base, n.String()+suffix)
		assert.Equal(t, base, filepath.Base(base), "it cannot lead out of the folder")
		assert.LessOrEqual(t, n.spans, maxSpans)
	})
}

func FuzzWrittenName(f *testing.F) {
	f.Add(int64(1700000000000), uint64(1), 512, uint32(0xe3069283))
	f.Add(int64(0), uint64(1<<63), 0, uint32(0))
	f.Fuzz(func(t *testing.T, millis int64, seq uint64, spans int, sum uint32) {
		if millis < 0 || millis > maxMillis || spans < 0 || spans > maxSpans {
			return
		}
		want := name{millis: millis, seq: seq, spans: spans, sum: sum}
		got, suffix, ok := parseName(want.String() + ".otlp")
		assert.True(t, ok)
		assert.Equal(t, ".otlp", suffix)
		assert.Equal(t, want, got)
	})
}

// A folder of a dead process holds a whole request and any file besides.
func FuzzFolder(f *testing.F) {
	f.Add("1700000000000-00000001-9-e3069283.otlp", []byte("123456789"))
	f.Add("1700000000000-00000001-9-e3069283.otlp", []byte("12345678"))
	f.Add("9700000000000-00000001-9-00000000.otlp", []byte{})
	f.Add("1700000000000-00000001-9-e3069283.tmp", []byte("1234"))
	f.Add("1700000000000-00000001-9-e3069283.bad", []byte("1234"))
	f.Add("lock", []byte("1234"))
	f.Add("notes.txt", []byte("1234"))
	f.Fuzz(func(t *testing.T, base string, content []byte) {
		dir := t.TempDir()
		leave(t, dir, 1, "ours")
		home := filepath.Dir(onlyFile(t, dir))
		path := filepath.Join(home, base)
		if filepath.Base(base) != base || os.WriteFile(path, content, 0o600) != nil {
			return // no name of a file
		}
		var a account
		s, err := Open(dir, destination, a.options(Options{MaxAge: 1 << 62}))
		require.NoError(t, err)
		var got []string
		for {
			item, ok := s.Next()
			if !ok {
				break
			}
			body, err := item.Read()
			if err == nil {
				got = append(got, string(body))
				item.Done()
				continue
			}
			require.ErrorIs(t, err, ErrCorrupt)
		}
		require.NoError(t, s.Close())

		n, suffix, ok := parseName(base)
		whole := crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)) == n.sum
		_, statErr := os.Stat(path)
		switch {
		case base == lockName:
			assert.Equal(t, []string{"ours"}, got)
		case !ok:
			assert.NoError(t, statErr, "it is left alone")
			assert.Equal(t, []string{"ours"}, got)
		case suffix == ".otlp" && whole:
			assert.ElementsMatch(t, []string{"ours", string(content)}, got)
			assert.Empty(t, a.lost)
		default:
			assert.Equal(t, []string{"ours"}, got)
			require.ErrorIs(t, statErr, os.ErrNotExist, "it is adopted or removed")
			if suffix == ".otlp" {
				assert.Equal(t, map[Reason]int{ReasonCorrupt: n.spans}, a.lost)
			}
		}
	})
}
