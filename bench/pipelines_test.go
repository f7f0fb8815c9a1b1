package bench

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/export"
)

// pipeline is a contestant.
type pipeline struct {
	sdktrace.SpanProcessor

	delivered func() uint64
	shut      func() // without waiting for what is left
}

// maker makes a contestant that sends to a URL.
type maker func(tb testing.TB, url string, gzip bool) pipeline

// contestants have the names that stand in the names of the benchmarks.
var contestants = []struct {
	name string
	make maker
}{
	{"stock", stock},
	{"genotel", func(tb testing.TB, url string, gzip bool) pipeline {
		tb.Helper()
		return genotel(tb, url, gzip)
	}},
	{"genotel-spool", func(tb testing.TB, url string, gzip bool) pipeline {
		tb.Helper()
		return genotel(tb, url, gzip, export.WithSpool(export.Spool{Dir: tb.TempDir()}))
	}},
}

func genotel(tb testing.TB, url string, gzip bool, opts ...export.Option) pipeline {
	tb.Helper()
	destination := export.Destination{Name: "backend", URL: url}
	if gzip {
		destination.Compression = export.Gzip
	}
	opts = append(opts, export.WithLogger(slog.New(slog.DiscardHandler)))
	processor, err := export.New([]export.Destination{destination}, opts...)
	require.NoError(tb, err)
	return pipeline{
		SpanProcessor: processor,
		delivered:     func() uint64 { return processor.Stats()[0].Delivered },
		shut:          func() { _ = processor.Shutdown(ended()) }, // what it has left does not matter
	}
}

func stock(tb testing.TB, url string, gzip bool) pipeline {
	tb.Helper()
	opts := []otlptracehttp.Option{otlptracehttp.WithEndpointURL(url)}
	if gzip {
		opts = append(opts, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	}
	exporter, err := otlptracehttp.New(tb.Context(), opts...)
	require.NoError(tb, err)
	counting := &countingExporter{SpanExporter: exporter}
	processor := sdktrace.NewBatchSpanProcessor(counting)
	return pipeline{
		SpanProcessor: processor,
		delivered:     counting.delivered.Load,
		shut: func() {
			ctx := context.WithoutCancel(tb.Context())
			_ = exporter.Shutdown(ctx) // first, or the processor waits for its retries
			_ = processor.Shutdown(ctx)
		},
	}
}

// countingExporter counts what was exported without an error, which the stock pipeline does not tell.
type countingExporter struct {
	sdktrace.SpanExporter

	delivered atomic.Uint64
}

func (e *countingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		e.delivered.Add(uint64(len(spans)))
	}
	return err
}

// ended is a context that has.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
