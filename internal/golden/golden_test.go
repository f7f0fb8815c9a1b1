package golden

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder stands in for the test that uses the package, and keeps what it is told.
type recorder struct {
	testing.TB

	failures []string
}

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestEqualAcceptsTheSameBytes(t *testing.T) {
	t.Setenv(updateEnv, "")

	path := filepath.Join(t.TempDir(), "x.golden")
	require.NoError(t, os.WriteFile(path, []byte("one\r\ntwo"), 0o600))

	tb := &recorder{TB: t}
	Equal(tb, []byte("one\r\ntwo"), path)
	require.Empty(t, tb.failures)
}

func TestMissingFileTellsHowToWriteIt(t *testing.T) {
	t.Setenv(updateEnv, "")

	path := filepath.Join(t.TempDir(), "missing.golden.json")

	tb := &recorder{TB: t}
	JSON(tb, map[string]int{"a": 1}, path)

	require.Len(t, tb.failures, 1)
	require.Contains(t, tb.failures[0], "missing.golden.json does not exist yet")
	require.Contains(t, tb.failures[0], "GENOTEL_UPDATE_GOLDEN=1")
	require.NoFileExists(t, path)
}

func TestDifferenceShowsTheLinesAndLeavesTheFile(t *testing.T) {
	t.Setenv(updateEnv, "0")

	path := filepath.Join(t.TempDir(), "x.golden")
	require.NoError(t, os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600))

	tb := &recorder{TB: t}
	Equal(tb, []byte("one\n2\nthree\n"), path)

	require.Len(t, tb.failures, 1)
	require.Contains(t, tb.failures[0], "@@ line 1 @@\n  one\n- two\n+ 2\n  three\n")
	require.Contains(t, tb.failures[0], "GENOTEL_UPDATE_GOLDEN=1")

	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "one\ntwo\nthree\n", string(kept))
}

func TestUpdateWritesTheFileAndItsFolder(t *testing.T) {
	t.Setenv(updateEnv, "1")

	path := filepath.Join(t.TempDir(), "testdata", "x.golden")

	tb := &recorder{TB: t}
	Equal(tb, []byte("first\n"), path)
	Equal(tb, []byte("second\n"), path)
	require.Empty(t, tb.failures)

	t.Setenv(updateEnv, "")
	Equal(tb, []byte("second\n"), path)
	require.Empty(t, tb.failures)
}

func TestUnknownValueOfTheSwitchIsAnError(t *testing.T) {
	t.Setenv(updateEnv, "please")

	path := filepath.Join(t.TempDir(), "x.golden")

	tb := &recorder{TB: t}
	Equal(tb, []byte("first\n"), path)
	require.Contains(t, tb.failures[0], `GENOTEL_UPDATE_GOLDEN="please" is neither 1 nor 0`)
	require.NoFileExists(t, path)
}

func TestUnreadableFileIsNotOverwritten(t *testing.T) {
	t.Setenv(updateEnv, "1")

	tb := &recorder{TB: t}
	Equal(tb, []byte("x"), t.TempDir()) // a folder, not a file
	require.Len(t, tb.failures, 1)
	require.Contains(t, tb.failures[0], "reading the golden file")
}

func TestJSONIsTheSameForEveryOrderAndSpacing(t *testing.T) {
	t.Setenv(updateEnv, "")

	path := filepath.Join(t.TempDir(), "x.golden.json")
	want := `{
  "answer": "<think>",
  "big": 9007199254740993,
  "ratio": 0.10
}
`
	require.NoError(t, os.WriteFile(path, []byte(want), 0o600))

	ordered := struct {
		Ratio  json.Number `json:"ratio"`
		Big    int64       `json:"big"`
		Answer string      `json:"answer"`
	}{"0.10", 9007199254740993, "<think>"}
	text := json.RawMessage(`{"big":9007199254740993,  "ratio":0.10,"answer":"\u003cthink>"}`)

	tb := &recorder{TB: t}
	JSON(tb, ordered, path)
	JSON(tb, text, path)
	require.Empty(t, tb.failures)
}

func TestJSONReportsWhatCannotBeEncoded(t *testing.T) {
	tb := &recorder{TB: t}
	JSON(tb, make(chan int), "unused.json")
	require.Len(t, tb.failures, 1)
	require.Contains(t, tb.failures[0], "encoding the result for unused.json")
}

func TestDiff(t *testing.T) {
	numbers := func(n int) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintln(&text, i+1)
		}

		return text.String()
	}

	for name, tc := range map[string]struct{ want, got, diff string }{
		"nothing for equal texts": {"a\n", "a\n", ""},
		"everything is new":       {"", "a\n", "@@ line 1 @@\n+ a\n"},
		"everything is gone":      {"a\n", "", "@@ line 1 @@\n- a\n"},
		"a line in the middle":    {"a\nb\nc\n", "a\nc\n", "@@ line 1 @@\n  a\n- b\n  c\n"},
		"the last line end":       {"a\n", "a", "@@ line 1 @@\n- a\n+ a (no line end)\n"},
		"what cannot be seen":     {"a\n", "a\r\n", "@@ line 1 @@\n- a\n+ \"a\\r\"\n"},
		"two groups with their line numbers": {
			numbers(20),
			strings.Replace(strings.Replace(numbers(20), "5\n", "five\n", 1), "\n15\n", "\n", 1),
			"@@ line 2 @@\n  2\n  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n" +
				"@@ line 12 @@\n  12\n  13\n  14\n- 15\n  16\n  17\n  18\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.diff, diff(tc.want, tc.got))
		})
	}
}

func TestDiffOfVeryLongTextsIsCut(t *testing.T) {
	want, got := strings.Repeat("a\n", 5000), strings.Repeat("b\n", 5000)

	lines := strings.Split(strings.TrimSuffix(diff(want, got), "\n"), "\n")
	require.Len(t, lines, maxDiffLines+2) // the header and the note
	require.Equal(t, "... and more", lines[len(lines)-1])
}
