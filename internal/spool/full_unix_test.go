//go:build darwin || linux

package spool

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// alone says that this process runs one test that changes what holds for all of it.
const alone = "SPOOL_TEST_ALONE"

// inOwnProcess runs the rest of the test in a process of its own. It is false in the
// one that only waits for that.
func inOwnProcess(t *testing.T, attributes *syscall.SysProcAttr) bool {
	t.Helper()
	if os.Getenv(alone) != "" {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), alone+"=1")
	cmd.SysProcAttr = attributes
	output, err := cmd.CombinedOutput()
	if len(output) == 0 && err != nil {
		t.Skipf("no such process can be started here: %v", err)
	}
	require.NoError(t, err, "%s", output)
	if strings.Contains(string(output), "--- SKIP") {
		t.Skipf("%s", output)
	}
	require.Contains(t, string(output), "--- PASS: "+t.Name())
	return false
}

// The system lets the process write 1000 bytes to a file, so that larger requests are
// written in part.
func TestWhatIsWrittenInPartLeavesNothing(t *testing.T) {
	if !inOwnProcess(t, nil) {
		return
	}
	dir := t.TempDir()
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: 1000}))
	s, a := open(t, dir, Options{})
	small, large := strings.Repeat("x", 1000), strings.Repeat("x", 1001)
	for range 2 {
		put(t, s, 1, small)
		require.ErrorIs(t, s.Put([]byte(large), 1), syscall.EFBIG)
	}
	assert.Len(t, onDisk(t, dir), 2)
	assert.Equal(t, []string{small, small}, drain(t, s))
	assert.Empty(t, a.lost)
}
