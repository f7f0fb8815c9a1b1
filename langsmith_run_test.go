package genotel_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
)

func TestTheIDOfARunIsKnownBeforeItArrives(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(server)))
	ctx, root := telemetry.TracerProvider().Tracer("app").Start(t.Context(), "root")
	_, below := telemetry.TracerProvider().Tracer("app").Start(ctx, "below")
	known := map[string]string{"root": genotel.LangSmithRunID(root.SpanContext()), "below": genotel.LangSmithRunID(below.SpanContext())}
	below.End()
	root.End()
	shutdown(t, telemetry)
	runs, _ := runsOf(t, server)
	require.Len(t, runs, 2)
	for name, run := range runs {
		assert.Equal(t, known[name], run.ID)
	}
}

func TestTheIDOfARunEndsInThatOfTheSpan(t *testing.T) {
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID([]byte("0123456789abcdef")), SpanID: trace.SpanID([]byte("abcdefgh"))})
	assert.Equal(t, "00000000-0000-0000-6162-636465666768", genotel.LangSmithRunID(span))
	assert.Empty(t, genotel.LangSmithRunID(trace.SpanContext{}))
	assert.Empty(t, genotel.LangSmithRunID(span.WithSpanID(trace.SpanID{})))

	page := genotel.LangSmithPage{WorkspaceID: "w", ProjectID: "p"}
	url, err := page.RunURL(span)
	require.NoError(t, err)
	assert.Equal(t, "https://smith.langchain.com/o/w/projects/p/p/r/00000000-0000-0000-6162-636465666768?poll=true", url)
	page.Host, page.WorkspaceID = "https://eu.smith.langchain.com/", "a/b"
	url, err = page.RunURL(span)
	require.NoError(t, err)
	assert.Equal(t, "https://eu.smith.langchain.com/o/a%2Fb/projects/p/p/r/00000000-0000-0000-6162-636465666768?poll=true", url)

	_, err = page.RunURL(trace.SpanContext{})
	require.ErrorContains(t, err, "span context")
	_, err = genotel.LangSmithPage{WorkspaceID: "w"}.RunURL(span)
	require.ErrorContains(t, err, "ProjectID")
}
