package spool

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Environment of a process that the tests start from their own binary.
const (
	childRole  = "SPOOL_TEST_ROLE"
	childDir   = "SPOOL_TEST_DIR"
	childFirst = "SPOOL_TEST_FIRST"
)

// roles are what such a process does. It speaks in lines, and ends by exit or by being
// killed.
var roles = map[string]func(dir string) error{
	"puts":   putUntilKilled,
	"drains": adoptAndDrain,
	"holds":  adoptAndHold,
}

// unbounded keeps everything.
var unbounded = Options{MaxBytes: math.MaxInt64, MaxFiles: math.MaxInt}

func say(words ...any) { _, _ = fmt.Fprintln(os.Stdout, words...) }

// putUntilKilled says each number after its request was put. It opens the spool anew
// from time to time, and so adopts all that was put before.
func putUntilKilled(dir string) error {
	first, err := strconv.Atoi(os.Getenv(childFirst))
	for number := first; err == nil && number < first+3000; {
		s, openErr := Open(dir, destination, unbounded)
		if openErr != nil {
			return openErr
		}
		for range 25 {
			if err := s.Put(bodyOf(number), 1); err != nil {
				return err
			}
			say("put", number)
			number++
		}
		err = s.Close()
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return err
}

func adoptAndDrain(dir string) error {
	say("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	s, err := Open(dir, destination, Options{})
	if err != nil {
		return err
	}
	for item, ok := s.Next(); ok; item, ok = s.Next() {
		body, err := item.Read()
		if err != nil {
			return err
		}
		say("sent", string(body[:9]))
		item.Done()
	}
	return s.Close()
}

func adoptAndHold(dir string) error {
	s, err := Open(dir, destination, Options{})
	if err != nil {
		return err
	}
	say("holds", s.Stats().Files)
	s.Next()
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// process is a child.
type process struct {
	*exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Scanner
}

func start(t *testing.T, role, dir string, first int) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(),
		childRole+"="+role, childDir+"="+dir, childFirst+"="+strconv.Itoa(first))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return &process{cmd, stdin, bufio.NewScanner(stdout)}
}

// hears returns the rest of a line that begins with a word, and false at the end.
func (p *process) hears(t *testing.T, word string) (string, bool) {
	t.Helper()
	if !p.lines.Scan() {
		return "", false
	}
	said, rest, _ := strings.Cut(p.lines.Text(), " ")
	require.Equal(t, word, said, p.lines.Text())
	return rest, true
}

// hearsAll returns the numbers after a word until the process ends.
func (p *process) hearsAll(t *testing.T, word string) (numbers []int) {
	t.Helper()
	for {
		rest, more := p.hears(t, word)
		if !more {
			return numbers
		}
		number, err := strconv.Atoi(rest)
		require.NoError(t, err)
		numbers = append(numbers, number)
	}
}

func TestWhatWasPutOutlivesSIGKILL(t *testing.T) {
	const processes = 8
	dir := t.TempDir()
	var acknowledged []int
	for i := range processes {
		p := start(t, "puts", dir, i*100_000)
		for range rand.IntN(200) {
			rest, more := p.hears(t, "put")
			require.True(t, more)
			number, err := strconv.Atoi(rest)
			require.NoError(t, err)
			acknowledged = append(acknowledged, number)
		}
		require.NoError(t, p.Process.Kill())
		acknowledged = append(acknowledged, p.hearsAll(t, "put")...)
		require.Error(t, p.Wait(), "it was killed")
	}

	s, a := open(t, dir, unbounded)
	var found []int
	for _, body := range drain(t, s) {
		found = append(found, numberOf(t, []byte(body)))
	}
	slices.Sort(found)
	slices.Sort(acknowledged)
	assert.Len(t, slices.Compact(slices.Clone(found)), len(found), "none twice")
	missing := slices.DeleteFunc(slices.Clone(acknowledged), func(n int) bool {
		_, ok := slices.BinarySearch(found, n)
		return ok
	})
	assert.Empty(t, missing)
	assert.LessOrEqual(t, len(found)-len(acknowledged), processes, "one of each can be put and not yet said")
	assert.Empty(t, a.lost)
	t.Logf("%d requests were acknowledged by %d killed processes, %d found", len(acknowledged), processes, len(found))
	require.NoError(t, s.Close())
	assertNothingLeft(t, dir)
}

func TestProcessesThatAdoptAtTheSameTimeShare(t *testing.T) {
	const instances, each, processes = 12, 10, 3
	dir := t.TempDir()
	spools := make([]*Spool, instances)
	for i := range spools {
		s, err := Open(dir, destination, Options{})
		require.NoError(t, err)
		spools[i] = s
	}
	var want []int
	for i, s := range spools {
		for j := range each {
			number := i*each + j
			want = append(want, number)
			require.NoError(t, s.Put(bodyOf(number), 1))
		}
	}
	for _, s := range spools {
		require.NoError(t, s.Close())
	}

	var all []*process
	for range processes {
		p := start(t, "drains", dir, 0)
		_, ready := p.hears(t, "ready")
		require.True(t, ready)
		all = append(all, p)
	}
	for _, p := range all {
		_, err := io.WriteString(p.stdin, "go\n")
		require.NoError(t, err)
	}
	var sent []int
	for _, p := range all {
		numbers := p.hearsAll(t, "sent")
		t.Logf("a process sent %d", len(numbers))
		sent = append(sent, numbers...)
		require.NoError(t, p.Wait())
	}
	slices.Sort(sent)
	assert.Equal(t, want, sent)
	assertNothingLeft(t, dir)
}

func TestTheFilesOfALivingProcessAreItsOwn(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 1, "a", "b", "c")
	p := start(t, "holds", dir, 0)
	held, _ := p.hears(t, "holds")
	require.Equal(t, "3", held)

	s, a := open(t, dir, Options{})
	require.NoError(t, s.Adopt())
	assert.Zero(t, s.Stats())
	swept, err := Sweep(dir, 1)
	require.NoError(t, err)
	assert.Zero(t, swept)

	require.NoError(t, p.Process.Kill())
	require.Error(t, p.Wait(), "it was killed")
	require.NoError(t, s.Adopt())
	assert.Equal(t, 3, a.adopted)
	assert.Equal(t, []string{"a", "b", "c"}, drain(t, s))
}
