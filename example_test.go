package genotel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/instrument/tracedopenai"
	"github.com/genotel/genotel/internal/litellmtest"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/redact"
)

// The code blocks of README.md and docs stand here line by line; a test keeps them
// equal.

// onLoopback stands for the environment of a program: it names a model and a
// collector, which are on loopback here.
func onLoopback() (restore func()) {
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		name, contentType := "answer.json", "application/json"
		if bytes.Contains(body, []byte(`"stream":true`)) {
			name, contentType = "answer.sse", "text/event-stream"
		}
		answer, err := os.ReadFile("testdata/exchanges/" + name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(answer)
	}))
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	variables := map[string]string{
		"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": model.URL + "/v1", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL,
	}
	for name, value := range variables {
		_ = os.Setenv(name, value)
	}
	global := otel.GetTracerProvider()
	return func() {
		if otel.GetTracerProvider() != global {
			otel.SetTracerProvider(global)
		}
		for name := range variables {
			_ = os.Unsetenv(name)
		}
		collector.Close()
		model.Close()
	}
}

// params is a question.
func params() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("How many are left?")},
	}
}

func Example() {
	restore := onLoopback()
	defer restore()

	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx)
		if err != nil {
			return err
		}
		defer telemetry.Shutdown(context.WithoutCancel(ctx))

		client := openai.NewClient(otelopenai.WithTracing())

		answer, err := client.Chat.Completions.New(ctx, params())
		if err != nil {
			return err
		}
		fmt.Println(answer.Choices[0].FinishReason)
		return nil
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: stop
}

// Calls under one span of the application are one trace.
func Example_oneTrace() {
	restore := onLoopback()
	defer restore()

	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx)
		if err != nil {
			return err
		}
		client := tracedopenai.NewClient() // or openai.NewClient(otelopenai.WithTracing())

		ask := func() error {
			ctx, span := otel.Tracer("weather-bot").Start(ctx, "weather question")
			defer span.End()

			_, err := client.Chat.Completions.New(ctx, params())
			return err
		}
		if err := ask(); err != nil {
			return err
		}
		err = telemetry.Shutdown(ctx) // says how many spans each destination lost, and why
		for _, d := range telemetry.Stats() {
			fmt.Println(d.Destination, d.Ended, d.Delivered, d.Queued, d.Spooled, d.Dropped)
		}
		return err
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: otlp 2 2 0 0 map[]
}

// OpenAI counts the tokens of a stream only when asked.
func Example_streaming() {
	restore := onLoopback()
	defer restore()

	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx)
		if err != nil {
			return err
		}
		client := openai.NewClient(otelopenai.WithTracing())

		params := params()
		params.StreamOptions.IncludeUsage = openai.Bool(true)

		stream := client.Chat.Completions.NewStreaming(ctx, params)
		var usage openai.CompletionUsage
		for stream.Next() {
			usage = stream.Current().Usage
		}
		fmt.Println(usage.TotalTokens > 0)
		return errors.Join(stream.Err(), stream.Close(), telemetry.Shutdown(ctx))
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: true
}

func Example_anyClient() {
	restore := onLoopback()
	defer restore()

	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx)
		if err != nil {
			return err
		}
		client := &http.Client{Transport: otelgenaihttp.NewTransport(nil)}

		req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("OPENAI_BASE_URL")+"/chat/completions",
			strings.NewReader(`{"model":"gpt-4o-mini","messages":[{"role":"user","content":"How many are left?"}]}`))
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		err = errors.Join(err, res.Body.Close(), telemetry.ForceFlush(ctx))
		fmt.Println(telemetry.Stats()[0].Delivered)
		return errors.Join(err, telemetry.Shutdown(ctx))
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 1
}

func ExampleConfigure() {
	restore := onLoopback()
	defer restore()
	langsmithKey := "lsv2_example"

	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx,
			genotel.WithServiceName("weather-bot"),
			genotel.WithLangSmith(genotel.LangSmith{APIKey: langsmithKey, Project: "weather"}),
			genotel.WithOTLP(genotel.OTLP{Name: "collector", Endpoint: "http://localhost:4318"}),
		)
		if err != nil {
			return err
		}
		for _, d := range telemetry.Stats() {
			fmt.Println(d.Destination)
		}
		return telemetry.Shutdown(ctx)
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// langsmith
	// collector
}

// normalized writes panels to standard output with what differs from run to run
// replaced.
type normalized struct{}

func (normalized) Write(p []byte) (int, error) {
	text := regexp.MustCompile(`tr_[0-9a-f]{8}`).ReplaceAllString(string(p), "tr_a1b2c3d4")
	text = regexp.MustCompile(`[0-9.,]+ ms +│`).ReplaceAllString(text, "1.23 ms                                        │")
	text = regexp.MustCompile(` +\d+ms`).ReplaceAllString(text, "               1ms")
	fmt.Print(text)
	return len(p), nil
}

// Every finished trace is printed.
func ExampleWithConsole() {
	restore := onLoopback()
	defer restore()
	out := normalized{}

	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx, genotel.WithConsole(out))
		if err != nil {
			return err
		}
		client := openai.NewClient(otelopenai.WithTracing())
		_, err = client.Chat.Completions.New(ctx, params())
		return errors.Join(err, telemetry.Shutdown(ctx))
	}
	_ = os.Setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=stock,deployment.environment.name=production")
	defer func() { _ = os.Unsetenv("OTEL_RESOURCE_ATTRIBUTES") }()
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ╭── genotel trace ────────────────────────────────── SUCCESS ──╮
	//   │                                                              │
	//   │  Trace ID     tr_a1b2c3d4                                    │
	//   │  Prompt       How many are left?                             │
	//   │  Model        gpt-4o-mini-2024-07-18                         │
	//   │  Project      stock                                          │
	//   │  Environment  production                                     │
	//   │  Latency      1.23 ms                                        │
	//   │  Token Count  1089                                           │
	//   │  Retries      0                                              │
	//   │  Steps        1                                              │
	//   │  Status       SUCCESS                                        │
	//   │                                                              │
	//   ╰──────────────────────────────────────────────────────────────╯
	//
	//   #  Tool                 Duration  Status  Detail
	//   1  openai_chat               1ms  OK
}

// An application with exporters of its own keeps them, and its provider.
func ExampleWithTracerProvider() {
	restore := onLoopback()
	defer restore()
	exporter := tracetest.NewInMemoryExporter()

	run := func(ctx context.Context) error {
		provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
		telemetry, err := genotel.Configure(ctx, genotel.WithTracerProvider(provider))
		if err != nil {
			return err
		}
		client := openai.NewClient(otelopenai.WithTracing(otelgenai.WithTracerProvider(provider)))

		if _, err := client.Chat.Completions.New(ctx, params()); err != nil {
			return err
		}
		fmt.Println(exporter.GetSpans()[0].Name)
		return errors.Join(telemetry.Shutdown(ctx), provider.Shutdown(ctx))
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: chat gpt-4o-mini
}

// Content may go to a backend of one's own, with what is secret taken out.
func ExampleContent() {
	restore := onLoopback()
	defer restore()

	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx, genotel.WithOTLP(genotel.OTLP{
			Endpoint: os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"),
			Content:  genotel.ContentInclude,
		}))
		if err != nil {
			return err
		}
		traced := otelopenai.WithTracing(otelgenai.WithRedactor(redact.New(redact.All()...)))
		client := openai.NewClient(traced)
		_, err = client.Chat.Completions.New(ctx, params())

		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return errors.Join(err, telemetry.Shutdown(ctx))
	}
	fmt.Println(run(context.Background()))
	// Output: <nil>
}

// A LiteLLM proxy is recognized, and may go on with the trace.
func Example_liteLLM() {
	restore := onLoopback()
	defer restore()
	proxy := litellmtest.Start()
	defer proxy.Server.Close()
	proxyURL, proxyKey := proxy.URL, litellmtest.Key
	spans := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))

	run := func(ctx context.Context) error {
		client := openai.NewClient(
			otelopenai.WithTracing(otelgenai.WithPropagateTo("localhost:4000")),
			option.WithBaseURL(proxyURL), // such as http://localhost:4000/v1
			option.WithAPIKey(proxyKey),
		)
		params := params()
		params.Model = "anthropic/claude-sonnet-5"
		_, err := client.Chat.Completions.New(ctx, params)
		return err
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, kv := range spans.GetSpans()[0].Attributes {
		switch kv.Key {
		case "gen_ai.request.model", "litellm.call_id", "litellm.cost.total", "langsmith.metadata.ls_provider":
			fmt.Println(kv.Key, kv.Value.AsInterface())
		}
	}
	// Output:
	// gen_ai.request.model anthropic/claude-sonnet-5
	// langsmith.metadata.ls_provider anthropic
	// litellm.call_id 7c9e6679-7425-40de-944b-e07fc1f90ae7
	// litellm.cost.total 0.000123
}

// A proxy that traces to the same backend makes the span of the model call.
func Example_liteLLMNested() {
	restore := onLoopback()
	defer restore()

	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx)
		if err != nil {
			return err
		}
		client := openai.NewClient(otelopenai.WithTracing(otelgenai.WithLiteLLM(otelgenai.LiteLLMNested)))
		_, err = client.Chat.Completions.New(ctx, params())
		err = errors.Join(err, telemetry.Shutdown(ctx))
		fmt.Println(telemetry.Stats()[0].Delivered)
		return err
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 1
}

// A function knows the endpoint of a backend and its headers.
func ExampleLangfuse() {
	restore := onLoopback()
	defer restore()
	_ = os.Setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-...")
	_ = os.Setenv("LANGFUSE_SECRET_KEY", "sk-lf-...")
	run := func(ctx context.Context) error {
		backend := genotel.Langfuse("https://cloud.langfuse.com", os.Getenv("LANGFUSE_PUBLIC_KEY"), os.Getenv("LANGFUSE_SECRET_KEY"))
		backend.Content = genotel.ContentInclude
		telemetry, err := genotel.Configure(ctx, genotel.WithOTLP(backend))
		if err != nil {
			return err
		}
		fmt.Println(telemetry.Stats()[0].Destination)
		return telemetry.Shutdown(ctx)
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: langfuse
}

// No destination gets what the redactor finds, whoever made the span.
func ExampleWithRedactor() {
	restore := onLoopback()
	defer restore()
	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx, genotel.WithRedactor(redact.New(redact.All()...)))
		if err != nil {
			return err
		}
		_, span := telemetry.TracerProvider().Tracer("example").Start(ctx, "mail bob@example.com")
		span.End()
		err = telemetry.Shutdown(ctx)
		fmt.Println(telemetry.Stats()[0].Delivered)
		return err
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 1
}

// Spans go to a file, one line of JSON for each batch.
func ExampleWithFile() {
	run := func(ctx context.Context, path string) error {
		telemetry, err := genotel.Configure(ctx, genotel.WithGlobal(false), genotel.WithFile(genotel.File{Path: path}))
		if err != nil {
			return err
		}
		_, span := telemetry.TracerProvider().Tracer("example").Start(ctx, "chat gpt-4o")
		span.End()
		return telemetry.Shutdown(ctx)
	}
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "traces.jsonl")
	if err := run(context.Background(), path); err != nil {
		fmt.Println(err)
	}
	text, _ := os.ReadFile(path)
	fmt.Println(strings.Count(string(text), "\n"), strings.Contains(string(text), `"chat gpt-4o"`))
	// Output: 1 true
}

// A program that builds its TracerProvider itself takes the destinations as a processor.
func ExampleNewSpanProcessor() {
	restore := onLoopback()
	defer restore()
	ownPipeline := func(ctx context.Context) error {
		destinations, err := genotel.NewSpanProcessor(ctx)
		if err != nil {
			return err
		}
		provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(destinations))
		_, span := provider.Tracer("app").Start(ctx, "work")
		span.End()
		err = provider.Shutdown(ctx)
		for _, s := range destinations.Stats() {
			fmt.Println(s.Destination, s.Delivered)
		}
		return err
	}
	if err := ownPipeline(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: otlp 1
}

// With a spool, spans outlive an outage of the backend and the end of the process.
func ExampleWithSpool() {
	restore := onLoopback()
	defer restore()
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	run := func(ctx context.Context) error {
		telemetry, err := genotel.Configure(ctx,
			genotel.WithSpool(folder),
			genotel.WithExport(export.WithQueue(64<<20, 0)))
		if err != nil {
			return err
		}
		_, span := telemetry.TracerProvider().Tracer("example").Start(ctx, "chat gpt-4o")
		span.End()
		err = telemetry.Shutdown(ctx)
		fmt.Println(telemetry.Stats()[0].Delivered, telemetry.Stats()[0].Spooled)
		return err
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 1 0
}

// A service runs until it is asked to stop, and what it has traced is delivered then.
func ExampleTelemetry_Run() {
	restore := onLoopback()
	defer restore()
	telemetry, err := genotel.Configure(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	serve := func(ctx context.Context) error {
		_, span := telemetry.TracerProvider().Tracer("example").Start(ctx, "work")
		span.End()
		return nil // usually after <-ctx.Done()
	}
	err = telemetry.Run(context.Background(), serve)
	fmt.Println(telemetry.Stats()[0].Delivered, err)
	// Output: 1 <nil>
}

// A function in a cloud, which is frozen between requests, delivers before it answers.
func ExampleTelemetry_FlushAfter() {
	restore := onLoopback()
	defer restore()
	telemetry, err := genotel.Configure(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = telemetry.Shutdown(context.Background()) }()
	handle := func(ctx context.Context, question string) (answer string, err error) {
		err = telemetry.FlushAfter(ctx, func(ctx context.Context) error {
			_, span := telemetry.TracerProvider().Tracer("example").Start(ctx, "work")
			defer span.End()
			answer = "42"
			return nil
		})
		return answer, err
	}
	answer, err := handle(context.Background(), "How many are left?")
	fmt.Println(answer, err, telemetry.Stats()[0].Delivered)
	// Output: 42 <nil> 1
}

func ExampleLangSmithRunID() {
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID([]byte("0123456789abcdef")), SpanID: trace.SpanID([]byte("abcdefgh")),
	}))

	run := genotel.LangSmithRunID(trace.SpanContextFromContext(ctx))
	fmt.Println(run)
	// Output:
	// 00000000-0000-0000-6162-636465666768
}

func ExampleLangSmithPage_RunURL() {
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID([]byte("0123456789abcdef")), SpanID: trace.SpanID([]byte("abcdefgh")),
	})
	page := genotel.LangSmithPage{WorkspaceID: "ef1a", ProjectID: "7b20"} // as in the addresses of LangSmith's pages
	address, err := page.RunURL(span)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(address)
	// Output:
	// https://smith.langchain.com/o/ef1a/projects/p/7b20/r/00000000-0000-0000-6162-636465666768?poll=true
}
