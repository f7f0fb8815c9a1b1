package genotel_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/golden"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
)

// media edits an image, transcribes sound and moderates a text.
func media(t *testing.T, client openai.Client) {
	t.Helper()
	_, err := client.Images.Edit(t.Context(), openai.ImageEditParams{
		Image:  openai.ImageEditParamsImageUnion{OfFileArray: []io.Reader{openai.File(strings.NewReader("PNG"), "shelf.png", "image/png")}},
		Prompt: "Put a bracket on it.", Model: "gpt-image-1", Size: "1024x1024", Quality: "high",
	})
	require.NoError(t, err)
	_, err = client.Audio.Transcriptions.New(t.Context(), openai.AudioTranscriptionNewParams{
		File: openai.File(strings.NewReader("ID3"), "question.mp3", "audio/mpeg"), Model: "gpt-4o-transcribe", Language: openai.String("en"),
	})
	require.NoError(t, err)
	_, err = client.Moderations.New(t.Context(), openai.ModerationNewParams{
		Input: openai.ModerationNewParamsInputUnion{OfString: openai.String("Break the shelf.")}, Model: "omni-moderation-latest",
	})
	require.NoError(t, err)
}

func TestImagesSoundAndModerationsReachEachBackendInItsForm(t *testing.T) {
	langsmith, langtrace, collector := oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)
	telemetry, err := genotel.Configure(t.Context(), genotel.WithGlobal(false), genotel.WithServiceName("warehouse"),
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: langsmith.URL}),
		genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: langtrace.URL}),
		genotel.WithOTLP(genotel.OTLP{Endpoint: collector.URL}))
	require.NoError(t, err)
	media(t, newOpenAI(t, telemetry, exchange{file: "images.json"}, exchange{file: "transcription.json"}, exchange{file: "moderation.json"}))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))

	result, err := langsmithoracle.FromCaptures(langsmith.Captures(), langsmithoracle.Options{})
	require.NoError(t, err)
	assert.Empty(t, result.Warnings)
	require.Len(t, result.Runs, 3)
	slices.SortFunc(result.Runs, func(a, b langsmithoracle.Run) int { return strings.Compare(a.StartTime, b.StartTime) })
	for _, run := range result.Runs {
		assert.Equal(t, "llm", run.RunType)
	}
	golden.JSON(t, masked(t, result.Runs), "testdata/langsmith_media.golden.json")

	var spans []langtraceoracle.Span
	for _, capture := range langtrace.Captures() {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}, RequireLLM: true})
		assert.Equal(t, 200, verdict.Status, verdict.Reason)
		assert.True(t, verdict.ContractHolds)
		for _, finding := range verdict.Findings {
			assert.Contains(t, finding, "neither input nor output tokens")
			assert.Contains(t, finding, "moderation", "it has none")
		}
		spans = append(spans, verdict.Spans...)
	}
	slices.SortFunc(spans, func(a, b langtraceoracle.Span) int { return strings.Compare(a.StartTime, b.StartTime) })
	golden.JSON(t, masked(t, spans), "testdata/langtrace_media.golden.json")

	for _, capture := range collector.Captures() {
		for _, content := range []string{"racket", "shelf", "question", "0.97", "iVBORw"} {
			assert.NotContains(t, string(capture.Body), content)
		}
	}
	golden.JSON(t, masked(t, otlpSpans(t, collector.Captures())), "testdata/otlp_media.golden.json")
}
