// Command quickstart shows what genotel traces. It holds a short conversation
// with a model that uses a tool, and prints the spans that came of it.
//
// It needs no key and no network: without OPENAI_API_KEY it talks to a demo
// server that it starts on this machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// shutdownTimeout bounds how long the end of the program waits for backends.
const shutdownTimeout = 10 * time.Second

func run(ctx context.Context, out io.Writer) (err error) {
	api, err := chooseAPI(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.stop()) }()

	// The tracing. The program brings its own TracerProvider, because it wants to
	// print the spans itself; Configure adds the destinations that the environment
	// names. A program without a provider leaves the provider out everywhere, and
	// Configure makes one.
	spans := &recorder{}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	telemetry, err := genotel.Configure(ctx, genotel.WithTracerProvider(provider), genotel.WithLogger(quiet))
	if err != nil {
		return err
	}
	traced := otelopenai.WithTracing(otelgenai.WithTracerProvider(provider))
	client := openai.NewClient(append([]option.RequestOption{traced}, api.options...)...)

	printIntroduction(out, api, telemetry.Stats())
	c := &conversation{client: client, model: api.model, tracer: provider.Tracer("quickstart"), out: out}
	err = c.hold(ctx)
	printSpans(out, spans.ended())

	// Spans on their way are lost when a program ends without this.
	ctx = context.WithoutCancel(ctx)
	bounded, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	err = errors.Join(err, telemetry.Shutdown(bounded), provider.Shutdown(ctx))
	printDelivery(out, telemetry.Stats())
	return err
}

// quiet drops the warnings of Configure: the program says the same in its own words.
var quiet = slog.New(slog.DiscardHandler)
