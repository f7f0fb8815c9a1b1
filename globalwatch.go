package genotel

import (
	"context"
	"log/slog"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// globalWatch tells when another provider has become the global one: instrumentations
// look that up at each call, and so its spans pass the destinations by. A nil
// globalWatch sees nothing.
type globalWatch struct {
	provider trace.TracerProvider
	logger   *slog.Logger
	once     sync.Once
}

// check warns at most once. A provider that does nothing makes no spans to miss.
func (w *globalWatch) check(ctx context.Context) {
	if w == nil {
		return
	}
	current := otel.GetTracerProvider()
	if _, idle := current.(noop.TracerProvider); idle || current == w.provider || isPlaceholder(current) {
		return
	}
	w.once.Do(func() {
		w.logger.WarnContext(ctx, "genotel: another TracerProvider has become the global one since Configure, and its spans "+
			"do not come here; call Configure after that, or give the provider to WithTracerProvider")
	})
}
