package spool

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkPut(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 64<<10)
	for what, sync := range map[string]bool{"plain": false, "sync": true} {
		b.Run(what, func(b *testing.B) {
			s, err := Open(b.TempDir(), destination, Options{Sync: sync, MaxFiles: 100})
			require.NoError(b, err)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, s.Put(body, 1)) // and remove the oldest
			}
		})
	}
}

func BenchmarkNextReadDone(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 64<<10)
	s, err := Open(b.TempDir(), destination, Options{})
	require.NoError(b, err)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, s.Put(body, 1))
		item, _ := s.Next()
		_, err := item.Read()
		require.NoError(b, err)
		item.Done()
	}
}
