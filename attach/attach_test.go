package attach_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/attach"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
)

func TestFilesAreWrittenAsLangSmithReadsThem(t *testing.T) {
	got, err := attach.LangSmith(
		attach.File{Name: "notes <1>.txt", MIMEType: "text/plain; charset=utf-8", Content: []byte("\xffany bytes")},
		attach.File{Name: "empty", MIMEType: "image/png"})
	require.NoError(t, err)
	assert.Equal(t, attribute.Key("langsmith.attachments"), got.Key)
	assert.JSONEq(t, `[{"name":"notes <1>.txt","content":"/2FueSBieXRlcw==","mime_type":"text/plain; charset=utf-8"},
		{"name":"empty","content":"","mime_type":"image/png"}]`, got.Value.AsString())
}

func TestLangSmithGetsThemUnlessContentIsHidden(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		backend := oracle.NewServer(t)
		content := genotel.ContentDefault
		if hidden {
			content = genotel.ContentExclude
		}
		telemetry, err := genotel.Configure(t.Context(), genotel.WithTracerProvider(sdktrace.NewTracerProvider()),
			genotel.WithLangSmith(genotel.LangSmith{APIKey: "key", Endpoint: backend.URL, Content: content}))
		require.NoError(t, err)
		files, err := attach.LangSmith(attach.File{Name: "a.txt", MIMEType: "text/plain", Content: bytes.Repeat([]byte("a"), attach.MaxBytes)})
		require.NoError(t, err)
		_, span := telemetry.TracerProvider().Tracer("").Start(t.Context(), "answer", trace.WithAttributes(files))
		span.End()
		require.NoError(t, telemetry.Shutdown(t.Context()))
		result, err := langsmithoracle.FromCaptures(backend.Captures(), langsmithoracle.Options{Hosted: true})
		require.NoError(t, err)
		require.Len(t, result.Runs, 1)
		if hidden {
			assert.Empty(t, result.Runs[0].Attachments)
		} else {
			assert.Len(t, result.Runs[0].Attachments, 1)
		}
	}
}

func TestFilesThatLangSmithCouldNotShowAreRefused(t *testing.T) {
	good := attach.File{Name: "secret", MIMEType: "text/plain", Content: []byte("secret")}
	for want, files := range map[string][]attach.File{
		"attach: no file":             nil,
		"file 2: no name":             {good, {MIMEType: "text/plain"}},
		"file 1: no name":             {{Name: strings.Repeat("n", 257), MIMEType: "text/plain"}},
		"file 1: no MIME type":        {{Name: "secret"}},
		"file 3: no MIME type":        {good, {Name: "b", MIMEType: "text/plain"}, {Name: "c", MIMEType: "text"}},
		"file 2: a name that another": {good, good},
		"more than 2097152 bytes": {
			{Name: "a", MIMEType: "text/plain", Content: bytes.Repeat([]byte("a"), attach.MaxBytes/2)},
			{Name: "b", MIMEType: "text/plain", Content: bytes.Repeat([]byte("b"), attach.MaxBytes/2+1)},
		},
	} {
		got, err := attach.LangSmith(files...)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "secret")
		assert.False(t, got.Valid(), "an attribute that a span does not take")
	}
}
