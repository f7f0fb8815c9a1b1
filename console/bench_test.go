package console_test

import (
	"io"
	"log/slog"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/console"
)

// BenchmarkSpan is what a span below a root costs the application.
func BenchmarkSpan(b *testing.B) {
	processor := console.New(io.Discard, console.WithLogger(slog.New(slog.DiscardHandler)))
	for name, opts := range map[string][]sdktrace.TracerProviderOption{
		"without": {sdktrace.WithSpanProcessor(sdktrace.NewSimpleSpanProcessor(nil))},
		"console": {sdktrace.WithSpanProcessor(processor)},
	} {
		b.Run(name, func(b *testing.B) {
			tracer := sdktrace.NewTracerProvider(opts...).Tracer("app")
			attributes := trace.WithAttributes(
				attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.provider.name", "openai"),
				attribute.String("gen_ai.request.model", "gpt-4o"), attribute.Int("gen_ai.usage.input_tokens", 12),
				attribute.String("server.address", "api.openai.com"), attribute.Int("server.port", 443))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				ctx, root := tracer.Start(b.Context(), "root")
				for range 10 {
					_, span := tracer.Start(ctx, "chat", attributes)
					span.End()
				}
				root.End()
			}
		})
	}
	_ = processor.Shutdown(b.Context())
}
