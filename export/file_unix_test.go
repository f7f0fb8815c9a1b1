//go:build unix

package export

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Nobody reads the pipe, so that the write never ends by itself.
func TestAFileThatTakesNothingDoesNotHoldShutdown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	p := newProcessor(t, toFile(path))
	endSpans(p, strings.Repeat("x", 1<<20))
	require.Error(t, p.ForceFlush(within(t, 20*time.Millisecond)))
	require.Error(t, p.Shutdown(within(t, 20*time.Millisecond)))
	assert.Equal(t, map[Reason]uint64{ReasonShutdown: 1}, stats(t, p).Dropped)
	<-p.pipelines[0].done // closing the file has freed the worker
}
