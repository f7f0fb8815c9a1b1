package langsmithprop_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/langsmithprop"
	"github.com/genotel/genotel/langsmithprop/langsmithlink"
)

func ExampleNew() {
	propagator := propagation.NewCompositeTextMapPropagator(
		propagation.TraceContext{},
		langsmithprop.New(langsmithprop.TrustIncoming()),
	)

	fmt.Println(slices.Sorted(slices.Values(propagator.Fields())))
	// Output: [baggage langsmith-trace traceparent tracestate]
}

// A service whose caller has one of LangSmith's own SDKs.
func Example() {
	provider := sdktrace.NewTracerProvider()
	tracer := provider.Tracer("service-b")
	propagator := langsmithprop.New(langsmithprop.TrustIncoming())

	provider.RegisterSpanProcessor(langsmithlink.NewSpanProcessor())

	handler := func(w http.ResponseWriter, r *http.Request) {
		ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, "service_b_operation")
		defer span.End()
		answer(ctx, w)
	}

	r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	r.Header.Set("langsmith-trace", "20260412T202937775748Z448dc09f-ad54-4475-b3a4-fa43018ca621")
	handler(nil, r)
	// Output: langsmith.span.parent_id 448dc09f-ad54-4475-b3a4-fa43018ca621
}

// answer shows whose child the current span is.
func answer(ctx context.Context, _ http.ResponseWriter) {
	for _, kv := range trace.SpanFromContext(ctx).(sdktrace.ReadOnlySpan).Attributes() {
		if kv.Key == "langsmith.span.parent_id" {
			fmt.Println(kv.Key, kv.Value.AsString())
		}
	}
}

// Two services that both use OpenTelemetry need no headers of LangSmith.
func Example_traceContext() {
	provider := sdktrace.NewTracerProvider()
	tracer := provider.Tracer("both")
	ctx, span := tracer.Start(context.Background(), "service_a_operation")
	defer span.End()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)

	// Service A, where it calls.
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header))

	handler := func(r *http.Request) {
		// Service B, where it is called.
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, "service_b_operation", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()

		fmt.Println(strings.Contains(r.Header.Get("traceparent"), trace.SpanContextFromContext(ctx).TraceID().String()))
	}
	handler(req)
	// Output: true
}

func ExampleContextWithItems() {
	ctx := context.Background()
	header := http.Header{}
	propagator := langsmithprop.New(langsmithprop.SendItems())
	ctx, span := sdktrace.NewTracerProvider().Tracer("").Start(ctx, "service_a_operation")
	defer span.End()

	ctx = langsmithprop.ContextWithItems(ctx, langsmithprop.Items{
		Project:  "support-bot",
		Tags:     []string{"production"},
		Metadata: map[string]any{"thread_id": "thread-1"},
	})
	propagator.Inject(ctx, propagation.HeaderCarrier(header))

	fmt.Println(header.Get("baggage"))
	// Output: langsmith-project=support-bot,langsmith-tags=production,langsmith-metadata=%7B%22thread_id%22%3A%22thread-1%22%7D
}
