//go:build unix

package console_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAReaderThatIsGoneDoesNotEndTheProgram(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	var stderr bytes.Buffer
	program := exec.CommandContext(t.Context(), os.Args[0])
	program.Env = append(os.Environ(), brokenPipe+"=1")
	program.Stdout, program.Stderr = w, &stderr
	err = program.Run()
	require.NoError(t, w.Close())
	require.NoError(t, err)
	assert.Equal(t, "genotel: spans not delivered: console 1 lost (send_error 1), last problem: broken pipe", stderr.String())
}
