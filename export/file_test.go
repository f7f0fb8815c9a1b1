package export

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func toFile(path string) []Destination { return []Destination{{Name: "file", File: path}} }

// linesOf are the lines of a file, each of which must have its end.
func linesOf(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(text), "\n"))
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func namesInLines(t *testing.T, lines []string) (names []string) {
	t.Helper()
	for _, line := range lines {
		names = append(names, namesInJSON(t, []byte(line))...)
	}
	return names
}

func TestAFileGetsOneLineForEachRequest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	for run := range 2 { // the second appends
		p := newProcessor(t, toFile(path))
		endSpans(p, "one", "two")
		require.NoError(t, p.ForceFlush(t.Context()))
		assert.Len(t, linesOf(t, path), 2*run+1)
		endSpans(p, "three")
		require.NoError(t, p.Shutdown(t.Context()))
		assert.Equal(t, uint64(3), stats(t, p).Delivered)
	}
	lines := linesOf(t, path)
	require.Len(t, lines, 4)
	assert.Equal(t, []string{"one", "two", "three", "one", "two", "three"}, namesInLines(t, lines))
}

func TestAFileIsForItsOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	p := newProcessor(t, toFile(path))
	endSpans(p, "one")
	require.NoError(t, p.Shutdown(t.Context()))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
}

func TestNoFileIsMadeForNoSpan(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	require.NoError(t, newProcessor(t, toFile(path)).Shutdown(t.Context()))
	assert.NoFileExists(t, path)
}

func TestAFileThatWasMovedIsMadeAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	p := newProcessor(t, toFile(path))
	endSpans(p, "before")
	require.NoError(t, p.ForceFlush(t.Context()))
	require.NoError(t, os.Rename(path, path+".1"))
	endSpans(p, "after")
	require.NoError(t, p.ForceFlush(t.Context()))
	require.NoError(t, os.Remove(path+".1"))
	endSpans(p, "and on")
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, []string{"after", "and on"}, namesInLines(t, linesOf(t, path)))
}

func TestALineThatWasCutOffSpoilsNoOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(`{"resourceSp`), 0o600))
	p := newProcessor(t, toFile(path))
	endSpans(p, "one")
	require.NoError(t, p.ForceFlush(t.Context()))
	endSpans(p, "two")
	require.NoError(t, p.Shutdown(t.Context()))
	lines := linesOf(t, path)
	require.Len(t, lines, 3)
	assert.Equal(t, `{"resourceSp`, lines[0])
	assert.Equal(t, []string{"one", "two"}, namesInLines(t, lines[1:]))
}

func TestSeveralMayWriteToOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	var want []string
	var writers sync.WaitGroup
	for range 4 {
		p := newProcessor(t, toFile(path), WithBatchDelay(time.Nanosecond))
		names := numbered("span", 100)
		want = append(want, names...)
		writers.Go(func() {
			for _, name := range names {
				endSpans(p, name)
			}
			assert.NoError(t, p.Shutdown(t.Context()))
		})
	}
	writers.Wait()
	assert.ElementsMatch(t, want, namesInLines(t, linesOf(t, path)))
}

func TestAFileThatCannotBeWrittenIsClassifiedAndNamed(t *testing.T) {
	folder := t.TempDir()
	missing := attemptAt(t, Destination{File: filepath.Join(folder, "missing", "traces.jsonl")})
	assert.Equal(t, misconfigured, missing.class)
	assert.Contains(t, missing.problem, ": traces.jsonl")
	assert.NotContains(t, missing.problem, folder)

	assert.Equal(t, misconfigured, attemptAt(t, Destination{File: folder}).class)

	if _, err := os.Stat("/dev/full"); err == nil {
		assert.Equal(t, outcome{class: transient, problem: "no space left on device: full"},
			attemptAt(t, Destination{File: "/dev/full"}))
	}
}

func TestSpansWaitForAFolderThatComesLater(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "later")
	var log logBuffer
	p := newProcessor(t, toFile(filepath.Join(folder, "traces.jsonl")), WithLogger(log.logger()))
	endSpans(p, "one")
	require.Error(t, p.ForceFlush(within(t, 50*time.Millisecond)))
	assert.Equal(t, uint64(1), stats(t, p).Queued)
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.NoError(t, p.Shutdown(within(t, 10*time.Second)))
	assert.Equal(t, uint64(1), stats(t, p).Delivered)
	assert.True(t, slices.ContainsFunc(log.lines(), func(line string) bool {
		return strings.Contains(line, "traces.jsonl") && strings.Contains(line, "destination=file")
	}), log.lines())
}

func TestShutdownClosesTheFile(t *testing.T) {
	p := newProcessor(t, toFile(filepath.Join(t.TempDir(), "traces.jsonl")))
	endSpans(p, "one")
	require.NoError(t, p.ForceFlush(t.Context()))
	s, ok := p.pipelines[0].sender.(*fileSender)
	require.True(t, ok)
	file := s.file.Load()
	require.NotNil(t, file)
	require.NoError(t, p.Shutdown(t.Context()))
	_, err := file.Stat()
	require.ErrorIs(t, err, os.ErrClosed)

	assert.Equal(t, "file already closed: traces.jsonl", s.attempt(t.Context(), []byte("late\n")).problem)
	assert.Nil(t, s.file.Load())
}
