package goopenaitest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	openai "github.com/sashabaranov/go-openai"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/internal/clienttest"
	"github.com/genotel/genotel/instrument/otelgenaihttp"
)

func Example() {
	server := httptest.NewServer(clienttest.JSON(clienttest.Completion))
	defer server.Close()
	exporter := tracetest.NewInMemoryExporter()
	global := otel.GetTracerProvider()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)))
	defer otel.SetTracerProvider(global)

	config := openai.DefaultConfig("key")
	config.BaseURL = server.URL

	config.HTTPClient = &http.Client{Transport: otelgenaihttp.NewTransport(nil)}
	client := openai.NewClientWithConfig(config)

	answer, err := client.CreateChatCompletion(context.Background(), openai.ChatCompletionRequest{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessage{{Role: "user", Content: "How many are left?"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Choices[0].Message.Content)
	for _, span := range exporter.GetSpans() {
		fmt.Println(span.Name)
	}
	// Output:
	// Twelve.
	// chat gpt-4o-mini
}
