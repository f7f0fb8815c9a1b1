package openaiv1test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/openai/openai-go"
	"github.com/openai/openai-go/option"
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

	client := openai.NewClient(otelgenaihttp.WithTracing(option.WithMiddleware))

	answer, err := client.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("How many are left?")},
	}, option.WithBaseURL(server.URL), option.WithAPIKey("key"))
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
