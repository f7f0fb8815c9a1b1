package otelgenai

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// The attributes that a log handler adds. The first two are the names that OpenTelemetry
// has for log formats other than its own.
const (
	logTraceID   = "trace_id"
	logSpanID    = "span_id"
	logSessionID = "session_id"
)

// NewLogHandler returns a handler that adds to each record the ids of the span in its
// context, as trace_id and span_id, and the id of [WithSession] as session_id, and passes
// it to next. They stand at the top level, whatever groups the logger has opened. A record
// without them is passed on as it is, as are all that are logged without a context.
//
// It is safe for concurrent use as far as next is.
func NewLogHandler(next slog.Handler) slog.Handler { return &logHandler{top: next, next: next} }

type logHandler struct {
	// top is the handler before the first group was opened, next the one with all.
	top, next slog.Handler
	// groups are those that were opened, with the attributes that were added within.
	groups []logGroup
}

type logGroup struct {
	name  string
	attrs []slog.Attr
}

// Enabled implements [slog.Handler].
func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	var room [3]slog.Attr
	ids := appendIDs(ctx, room[:0])
	switch {
	case len(ids) == 0:
		return h.next.Handle(ctx, r)
	case len(h.groups) == 0:
		r = r.Clone()
		r.AddAttrs(ids...)
		return h.next.Handle(ctx, r)
	default:
		return h.top.Handle(ctx, h.regrouped(r, ids))
	}
}

func appendIDs(ctx context.Context, dst []slog.Attr) []slog.Attr {
	if ctx == nil {
		return dst
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		dst = append(dst, slog.String(logTraceID, sc.TraceID().String()), slog.String(logSpanID, sc.SpanID().String()))
	}
	if c := carriedBy(ctx); c != nil && c.labels.Session != "" {
		dst = append(dst, slog.String(logSessionID, c.labels.Session))
	}
	return dst
}

// regrouped returns the record as one for the top handler: ids, and what the groups hold
// as attributes of their own.
func (h *logHandler) regrouped(r slog.Record, ids []slog.Attr) slog.Record {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, g := range slices.Backward(h.groups) {
		attrs = []slog.Attr{{Key: g.name, Value: slog.GroupValue(slices.Concat(g.attrs, attrs)...)}}
	}
	top := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	top.AddAttrs(ids...)
	top.AddAttrs(attrs...)
	return top
}

// WithAttrs implements [slog.Handler].
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	with := *h
	with.next = h.next.WithAttrs(attrs)
	if len(h.groups) == 0 {
		with.top = with.next
		return &with
	}
	with.groups = slices.Clone(h.groups)
	innermost := &with.groups[len(with.groups)-1]
	innermost.attrs = slices.Concat(innermost.attrs, attrs)
	return &with
}

// WithGroup implements [slog.Handler].
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.next = h.next.WithGroup(name)
	with.groups = append(slices.Clip(h.groups), logGroup{name: name})
	return &with
}
