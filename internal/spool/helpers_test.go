package spool

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const destination = "langsmith https://backend.example/otel my-project"

// TestMain becomes another process when it is told so. See child_test.go.
func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := roles[role](os.Getenv(childDir)); err != nil {
			say("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// account adds up what a spool reports.
type account struct {
	mu      sync.Mutex
	lost    map[Reason]int
	adopted int
}

func (a *account) options(o Options) Options {
	a.lost = map[Reason]int{}
	o.OnLoss = func(reason Reason, spans int) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.lost[reason] += spans
	}
	o.OnAdopt = func(spans int) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.adopted += spans
	}
	return o
}

// open opens a spool in dir and closes it after the test.
func open(t *testing.T, dir string, o Options) (*Spool, *account) {
	t.Helper()
	var a account
	s, err := Open(dir, destination, a.options(o))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s, &a
}

// leave puts bodies into a spool and closes it, as a process does that ends.
func leave(t *testing.T, dir string, spans int, bodies ...string) {
	t.Helper()
	s, err := Open(dir, destination, Options{})
	require.NoError(t, err)
	put(t, s, spans, bodies...)
	require.NoError(t, s.Close())
}

func put(t *testing.T, s *Spool, spans int, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		require.NoError(t, s.Put([]byte(body), spans))
	}
}

func next(t *testing.T, s *Spool) Item {
	t.Helper()
	item, ok := s.Next()
	require.True(t, ok, "nothing waits")
	return item
}

func text(t *testing.T, item Item) string {
	t.Helper()
	body, err := item.Read()
	require.NoError(t, err)
	return string(body)
}

// drain delivers all that waits.
func drain(t *testing.T, s *Spool) (bodies []string) {
	t.Helper()
	for {
		item, ok := s.Next()
		if !ok {
			return bodies
		}
		bodies = append(bodies, text(t, item))
		item.Done()
	}
}

// onDisk returns the files below dir that are no lock files.
func onDisk(t *testing.T, dir string) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() != lockName {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	paths := onDisk(t, dir)
	require.Len(t, paths, 1)
	return paths[0]
}

func assertNothingLeft(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// bodyOf makes the request of a number, which it begins with.
func bodyOf(number int) []byte {
	source := rand.New(rand.NewPCG(uint64(number), 1))
	body := fmt.Appendf(nil, "%09d", number)
	for range source.IntN(1000) {
		body = append(body, fmt.Sprintf("%08x", source.Uint32())...)
	}
	return body
}

// numberOf checks that a request is whole.
func numberOf(t *testing.T, body []byte) int {
	t.Helper()
	var number int
	_, err := fmt.Sscanf(string(body[:min(9, len(body))]), "%09d", &number)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(bodyOf(number), body), "request %d is another", number)
	return number
}
