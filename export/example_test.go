package export_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/otelgenai/record"
)

// Spans go to two backends at once, and Stats says what became of them.
func Example() {
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer backend.Close()

	processor, err := export.New([]export.Destination{
		{Name: "first", URL: backend.URL + "/v1/traces", Headers: map[string]string{"x-api-key": "key"}},
		{Name: "second", URL: backend.URL + "/api/trace", SingleResource: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor))
	_, span := provider.Tracer("example").Start(context.Background(), "chat gpt-4o")
	span.End()

	if err := provider.Shutdown(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, s := range processor.Stats() {
		fmt.Println(s.Destination, s.Ended, s.Delivered)
	}
	// Output:
	// first 1 1
	// second 1 1
}

// Shutdown says what was lost, and why.
func ExampleDeliveryError() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer backend.Close()

	processor, err := export.New([]export.Destination{{Name: "backend", URL: backend.URL}},
		export.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Println(err)
		return
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor))
	_, span := provider.Tracer("example").Start(context.Background(), "chat gpt-4o")
	span.End()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if loss, ok := errors.AsType[*export.DeliveryError](provider.Shutdown(ctx)); ok {
		fmt.Println(loss.Stats[0].Dropped[export.ReasonSendError], "span refused")
	}
	// Output: 1 span refused
}

// A View changes a copy of the span, or leaves it out.
func ExampleView() {
	var view export.View = func(span sdktrace.ReadOnlySpan, _ *record.Call) sdktrace.ReadOnlySpan {
		if strings.HasPrefix(span.Name(), "GET ") {
			return nil
		}
		copied := tracetest.SpanStubFromReadOnlySpan(span)
		copied.Name = "llm " + copied.Name
		return copied.Snapshot()
	}
	fmt.Println(view(tracetest.SpanStub{Name: "GET /"}.Snapshot(), nil))
	fmt.Println(view(tracetest.SpanStub{Name: "chat"}.Snapshot(), nil).Name())
	// Output:
	// <nil>
	// llm chat
}
