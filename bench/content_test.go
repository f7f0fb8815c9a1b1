package bench

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// prose is what people wrote: the comments of Go's standard library and tools, which are wherever this runs,
// each line once and file by file in a random order. Made-up text does not compress like text.
var prose = sync.OnceValues(func() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	var files []string
	seen := map[string]bool{}
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(root)), "src"),
		func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			source, err := os.ReadFile(path)
			files = append(files, comments(string(source), seen))
			return err
		})
	random := rand.New(rand.NewPCG(1, 1))
	random.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	all := strings.Join(files, "")
	if err == nil && len(all) < minProse {
		err = errors.New("bench: there is no Go source with comments")
	}
	return all, err
})

// comments are the lines of source that are comments and not seen yet.
func comments(source string, seen map[string]bool) string {
	var all strings.Builder
	for line := range strings.Lines(source) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "// ")
		if ok && len(comment) >= minLine && !seen[comment] {
			seen[comment] = true
			all.WriteString(comment + "\n")
		}
	}
	return all.String()
}

const (
	minLine  = 40        // shorter ones are headings, code and figures
	minProse = 9_000_000 // more than a window of spans holds
)

// writer writes content that nobody has seen before, until all prose is used up.
type writer struct {
	prose string
	next  int
	ids   *rand.Rand
}

func newWriter(tb testing.TB) *writer {
	tb.Helper()
	all, err := prose()
	require.NoError(tb, err)
	return &writer{prose: all, ids: rand.New(rand.NewPCG(1, 1))}
}

// text has a number of bytes, and shares none with another one.
func (w *writer) text(bytes int) string {
	if w.next+bytes > len(w.prose) {
		w.next = 0
	}
	w.next += bytes
	return strings.ToValidUTF8(strings.Clone(w.prose[w.next-bytes:w.next]), "?")
}

// messages is a question and its answer as the conventions' JSON, of about that many bytes together.
func (w *writer) messages(role string, bytes int) string {
	encoded, err := json.Marshal([]map[string]any{
		{"role": role, "parts": []map[string]string{{"type": "text", "content": w.text(bytes)}}},
	})
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

// end makes and ends the span of a chat with a number of bytes of content.
func (w *writer) end(tracer trace.Tracer, bytes int) {
	_, span := tracer.Start(context.Background(), "chat gpt-4o", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(
			attribute.String("gen_ai.operation.name", "chat"),
			attribute.String("gen_ai.provider.name", "openai"),
			attribute.String("gen_ai.request.model", "gpt-4o"),
			attribute.String("server.address", "api.openai.com"),
			attribute.Int("server.port", 443),
			attribute.Float64("gen_ai.request.temperature", 0.2),
			attribute.Int("gen_ai.request.max_tokens", 1000),
		))
	span.SetAttributes(
		attribute.String("gen_ai.response.id", "chatcmpl-"+strconv.FormatUint(w.ids.Uint64(), 36)),
		attribute.String("gen_ai.response.model", "gpt-4o-2024-11-20"),
		attribute.StringSlice("gen_ai.response.finish_reasons", []string{"stop"}),
		attribute.Int("gen_ai.usage.input_tokens", bytes*3/16),
		attribute.Int("gen_ai.usage.output_tokens", bytes/16),
		attribute.String("gen_ai.conversation.id", strconv.FormatUint(w.ids.Uint64(), 36)),
		attribute.String("gen_ai.input.messages", w.messages("user", bytes*3/4)),
		attribute.String("gen_ai.output.messages", w.messages("assistant", bytes/4)),
	)
	span.End()
}

// newProvider makes spans for a processor.
func newProvider(tb testing.TB, processor sdktrace.SpanProcessor) *sdktrace.TracerProvider {
	tb.Helper()
	about, err := resource.New(tb.Context(), resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "bench"), attribute.String("deployment.environment.name", "test")))
	require.NoError(tb, err)
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor), sdktrace.WithResource(about))
}

// endedSpans are as a processor gets them, no two alike.
func endedSpans(tb testing.TB, n, bytes int) []sdktrace.ReadOnlySpan {
	tb.Helper()
	recorder := tracetest.NewSpanRecorder()
	tracer, w := newProvider(tb, recorder).Tracer("bench"), newWriter(tb)
	for range n {
		w.end(tracer, bytes)
	}
	return recorder.Ended()
}
