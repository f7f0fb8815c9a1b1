package otelgenai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai"
)

// inSpan is a context with a span and a session.
func inSpan(ctx context.Context) context.Context {
	return otelgenai.WithSession(trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0: 1, 15: 2}, SpanID: trace.SpanID{0: 3, 7: 4},
	})), "thread-1")
}

// within logs everything in one context.
type within struct {
	slog.Handler

	ctx context.Context // stands for that of the caller
}

func (w within) Handle(_ context.Context, r slog.Record) error { return w.Handler.Handle(w.ctx, r) }
func (w within) WithAttrs(attrs []slog.Attr) slog.Handler {
	return within{w.Handler.WithAttrs(attrs), w.ctx}
}

func (w within) WithGroup(name string) slog.Handler { return within{w.Handler.WithGroup(name), w.ctx} }

// lines decodes what a JSON handler wrote.
func lines(t *testing.T, buffer *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for decoder := json.NewDecoder(buffer); decoder.More(); {
		line := map[string]any{}
		require.NoError(t, decoder.Decode(&line))
		all = append(all, line)
	}
	return all
}

func TestALogHandlerDoesWhatHandlersMust(t *testing.T) {
	for name, ctx := range map[string]context.Context{"outside": t.Context(), "in a span": inSpan(t.Context())} {
		t.Run(name, func(t *testing.T) {
			var buffer bytes.Buffer
			slogtest.Run(t, func(*testing.T) slog.Handler {
				buffer.Reset()
				return within{otelgenai.NewLogHandler(slog.NewJSONHandler(&buffer, nil)), ctx}
			}, func(t *testing.T) map[string]any {
				t.Helper()
				line := lines(t, &buffer)
				require.Len(t, line, 1)
				return line[0]
			})
		})
	}
}

func TestLogRecordsNameTheirSpanAtTheTop(t *testing.T) {
	var buffer bytes.Buffer
	logger := slog.New(otelgenai.NewLogHandler(slog.NewJSONHandler(&buffer, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		},
	})))
	ctx := inSpan(t.Context())
	deep := logger.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").With("c", 3)
	logger.InfoContext(ctx, "plain", "k", "v")
	deep.InfoContext(ctx, "deep", "d", 4)
	deep.With("e", 5).InfoContext(ctx, "deeper")
	deep.InfoContext(ctx, "deep again", "d", 4)
	deep.Info("outside", "d", 4)
	logger.InfoContext(otelgenai.WithSession(t.Context(), "alone"), "session")

	ids := func(more map[string]any) map[string]any {
		more["trace_id"], more["span_id"], more["session_id"] = "01000000000000000000000000000002", "0300000000000004", "thread-1"
		return more
	}
	group := func(h map[string]any) map[string]any { return map[string]any{"b": 2.0, "h": h} }
	assert.Equal(t, []map[string]any{
		ids(map[string]any{"msg": "plain", "k": "v"}),
		ids(map[string]any{"msg": "deep", "a": 1.0, "g": group(map[string]any{"c": 3.0, "d": 4.0})}),
		ids(map[string]any{"msg": "deeper", "a": 1.0, "g": group(map[string]any{"c": 3.0, "e": 5.0})}),
		ids(map[string]any{"msg": "deep again", "a": 1.0, "g": group(map[string]any{"c": 3.0, "d": 4.0})}),
		{"msg": "outside", "a": 1.0, "g": group(map[string]any{"c": 3.0, "d": 4.0})},
		{"msg": "session", "session_id": "alone"},
	}, lines(t, &buffer))
}

func TestALogHandlerLeavesLevelsToTheNext(t *testing.T) {
	h := otelgenai.NewLogHandler(slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	assert.False(t, h.Enabled(t.Context(), slog.LevelInfo))
	assert.True(t, h.WithGroup("g").Enabled(t.Context(), slog.LevelWarn))
	assert.Equal(t, h, h.WithGroup(""))
	assert.Equal(t, h, h.WithAttrs(nil))
}
