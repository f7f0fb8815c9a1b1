package otelgenai_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// traced makes a TracerProvider of which shown prints the attributes of the spans that
// begin with one of the prefixes.
func traced() (provider *sdktrace.TracerProvider, shown func(prefixes ...string)) {
	spans := tracetest.NewInMemoryExporter()
	provider = sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(otelgenai.NewContextProcessor()), sdktrace.WithSyncer(spans))
	return provider, func(prefixes ...string) {
		for _, span := range spans.GetSpans() {
			fmt.Println(span.Name)
			slices.SortFunc(span.Attributes, func(a, b attribute.KeyValue) int { return strings.Compare(string(a.Key), string(b.Key)) })
			for _, kv := range span.Attributes {
				if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(string(kv.Key), prefix) }) {
					fmt.Printf("  %s = %v\n", kv.Key, kv.Value.AsInterface())
				}
			}
		}
	}
}

// answerIn stands for a handler: it looks something up and calls a model.
func answerIn(ctx context.Context, provider trace.TracerProvider, opts ...otelgenai.Option) {
	_, span := provider.Tracer("app").Start(ctx, "look up")
	span.End()
	client := otelgenai.NewInstrumentor("client", append(opts, otelgenai.WithTracerProvider(provider))...)
	_, call := client.Begin(ctx, &record.Call{Operation: "chat", Provider: "openai", Request: record.Request{Model: "gpt-4o-mini"}})
	call.End(0, nil)
}

func ExampleWithSession() {
	provider, shown := traced()
	ctx := context.Background()

	ctx = otelgenai.WithSession(ctx, "thread-1")
	ctx = otelgenai.WithUser(ctx, "user-7")
	answerIn(ctx, provider)

	shown("session", "user", "langsmith.metadata.thread_id", "gen_ai.conversation")
	// Output:
	// look up
	//   langsmith.metadata.thread_id = thread-1
	//   session.id = thread-1
	//   user.id = user-7
	//   user_id = user-7
	// chat gpt-4o-mini
	//   gen_ai.conversation.id = thread-1
	//   langsmith.metadata.thread_id = thread-1
	//   session.id = thread-1
	//   user.id = user-7
	//   user_id = user-7
}

func ExampleWithMetadata() {
	provider, shown := traced()
	ctx := context.Background()

	ctx = otelgenai.WithMetadata(ctx, map[string]any{"request_id": "abc123", "plan": "pro"})
	ctx = otelgenai.WithTags(ctx, "stock", "beta")
	answerIn(ctx, provider,
		otelgenai.WithClientMetadata(map[string]any{"environment": "production", "plan": "any"}),
		otelgenai.WithClientTags("assistant"))

	shown("langsmith.metadata.environment", "langsmith.metadata.request_id", "langsmith.metadata.plan", "langsmith.span.tags")
	// Output:
	// look up
	//   langsmith.metadata.plan = pro
	//   langsmith.metadata.request_id = abc123
	//   langsmith.span.tags = stock,beta
	// chat gpt-4o-mini
	//   langsmith.metadata.environment = production
	//   langsmith.metadata.plan = pro
	//   langsmith.metadata.request_id = abc123
	//   langsmith.span.tags = assistant,stock,beta
}

func ExampleWithRunName() {
	provider, shown := traced()
	ctx, around := provider.Tracer("app").Start(otelgenai.WithRunName(context.Background(), "answer a customer"), "POST /chat")

	answerIn(otelgenai.WithRunName(ctx, "ask"), provider)
	around.End()

	shown("langsmith.trace.name")
	// Output:
	// look up
	//   langsmith.trace.name = ask
	// chat gpt-4o-mini
	//   langsmith.trace.name = ask
	// POST /chat
	//   langsmith.trace.name = answer a customer
}

func ExampleWithPromptTemplate() {
	provider, shown := traced()
	ctx := context.Background()

	ctx = otelgenai.WithPromptTemplate(ctx, "stock-question", "3", map[string]any{"item": "brackets"})
	answerIn(ctx, provider, otelgenai.WithContent(otelgenai.ContentOnSpan))

	shown("gen_ai.prompt.")
	// Output:
	// look up
	// chat gpt-4o-mini
	//   gen_ai.prompt.name = stock-question
	//   gen_ai.prompt.variable.item = brackets
	//   gen_ai.prompt.version = 3
}

func ExampleSuppress() {
	provider, shown := traced()
	ctx := context.Background()

	answerIn(otelgenai.Suppress(ctx), provider)

	shown()
	// Output:
	// look up
}

func ExampleNewContextProcessor() {
	spans := tracetest.NewInMemoryExporter() // stands for an exporter of your own

	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(otelgenai.NewContextProcessor()),
		sdktrace.WithSyncer(spans))

	_, span := provider.Tracer("app").Start(otelgenai.WithTags(context.Background(), "stock"), "SELECT")
	span.End()
	fmt.Println(spans.GetSpans()[0].Attributes[0].Value.AsString())
	// Output:
	// stock
}

func ExampleNewLogHandler() {
	output := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID([]byte("0123456789abcdef")), SpanID: trace.SpanID([]byte("abcdefgh")),
	}))
	ctx = otelgenai.WithSession(ctx, "thread-1")

	logger := slog.New(otelgenai.NewLogHandler(output))
	logger.InfoContext(ctx, "answered", "tokens", 29)
	// Output:
	// level=INFO msg=answered tokens=29 trace_id=30313233343536373839616263646566 span_id=6162636465666768 session_id=thread-1
}
