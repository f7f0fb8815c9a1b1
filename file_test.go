package genotel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/export"
)

func TestAFileIsNamedByOptionOrVariable(t *testing.T) {
	none(t)
	t.Setenv("GENOTEL_FILE", ` "/var/log/traces.jsonl" `)
	assert.Equal(t, export.Destination{Name: "file", File: "/var/log/traces.jsonl"}, resolved(t))
	assert.Equal(t, "mine.jsonl", resolved(t, WithFile(File{Path: "mine.jsonl"})).File)

	all, err := destinations(WithFile(File{Path: "a"}), WithFile(File{Path: "b"}), WithFile(File{Path: "c", Name: "archive"}))
	require.NoError(t, err)
	assert.Equal(t, []string{"file", "file-2", "archive"}, names(all))
}

func TestAFileNeedsItsPath(t *testing.T) {
	t.Setenv("GENOTEL_FILE", "other.jsonl")
	_, err := destinations(WithFile(File{Name: "mine"}))
	assert.ErrorContains(t, err, "mine: File.Path is empty")
}

func TestAFileIsThereInEveryMode(t *testing.T) {
	setenv(t, map[string]string{"GENOTEL_FILE": "traces.jsonl", "LANGSMITH_API_KEY": "k"})
	for mode, want := range map[Mode][]string{
		ModeDefault: {"langsmith", "file"}, ModeLangSmith: {"langsmith", "file"}, ModeHybrid: {"langsmith", "file"}, ModeOTel: {"file"},
	} {
		all, err := destinations(WithMode(mode))
		require.NoError(t, err)
		assert.Equal(t, want, names(all))
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h")
	all, err := destinations(WithMode(ModeHybrid))
	require.NoError(t, err)
	assert.Equal(t, []string{"langsmith", "otlp", "file"}, names(all))
}

func TestAFileThatIsNamedTwiceGetsSpansOnce(t *testing.T) {
	p, err := newConfig([]Option{
		WithFile(File{Path: "a"}), WithFile(File{Path: "a", Name: "again"}), WithFile(File{Path: "b"}),
	}).plan()
	require.NoError(t, err)
	assert.Equal(t, []string{"file", "file-3"}, names(p.exported()))
	assert.Equal(t, []string{"file and again are the same receiver; it gets spans once, with the content that is on the span"}, p.notices)
}

func TestAFileSeesWhatItIsAllowedTo(t *testing.T) {
	for name, test := range map[string]struct {
		content, common Content
		want            bool
	}{
		"default": {}, "included": {content: ContentInclude, want: true}, "excluded": {content: ContentExclude},
		"included for all": {common: ContentInclude, want: true}, "excluded here": {ContentExclude, ContentInclude, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := resolved(t, WithContent(test.common), WithFile(File{Path: "a", Content: test.content}))
			question, answer := sees(d)
			assert.Equal(t, test.want, question)
			assert.Equal(t, test.want, answer)
		})
	}
}

func TestThePlanNamesTheFile(t *testing.T) {
	p, err := newConfig([]Option{WithFile(File{Path: "/var/log/traces.jsonl"})}).plan()
	require.NoError(t, err)
	assert.Equal(t, "file (/var/log/traces.jsonl) with the content that is on the span", p.String())
}

func TestSpansOfAProgramArriveInItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	t.Setenv("GENOTEL_FILE", path)
	telemetry, err := Configure(t.Context(), WithGlobal(false), WithServiceName("program"))
	require.NoError(t, err)
	_, span := telemetry.TracerProvider().Tracer("test").Start(t.Context(), "chat")
	span.End()
	require.NoError(t, telemetry.Shutdown(t.Context()))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(text), "\n"))
	assert.Contains(t, string(text), `"stringValue":"program"`)
	assert.Contains(t, string(text), span.SpanContext().TraceID().String())
}
