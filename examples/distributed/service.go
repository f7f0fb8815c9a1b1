package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// service is what both services have: tracing to LangSmith, and a model.
type service struct {
	tracer   trace.Tracer
	client   openai.Client
	shutdown func(context.Context) error
}

func newService(ctx context.Context, name, backend string) (*service, error) {
	// The services bring a TracerProvider to have the process id in the resource.
	// Without one Configure makes it.
	described, err := resource.New(ctx,
		resource.WithProcessPID(), resource.WithAttributes(attribute.String("service.name", name)))
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(described))
	telemetry, err := genotel.Configure(ctx,
		genotel.WithTracerProvider(provider),
		genotel.WithMode(genotel.ModeLangSmith),
		genotel.WithLogger(quiet),
		genotel.WithLangSmith(genotel.LangSmith{
			APIKey:   "demo",
			Endpoint: backend,
			Project:  "distributed",
			// The parent of service B's topmost span is in service A, which sends it to
			// the same project. Where the caller does not, LangSmith would wait for that
			// parent in vain and drop the span with all below it: RemoteParentsMissing
			// then makes it a root.
			RemoteParents: genotel.RemoteParentsSent,
		}))
	if err != nil {
		return nil, err
	}
	return &service{
		tracer: provider.Tracer("distributed"),
		client: openai.NewClient(
			otelopenai.WithTracing(otelgenai.WithTracerProvider(provider)),
			option.WithBaseURL(backend+"/v1/"), option.WithAPIKey("demo")),
		shutdown: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
			defer cancel()
			return errors.Join(telemetry.Shutdown(ctx), provider.Shutdown(ctx))
		},
	}, nil
}

// quiet drops the messages of Configure; what is lost, Shutdown says.
var quiet = slog.New(slog.DiscardHandler)

// ask is an ordinary call of a model. It is traced because the client is.
func (s *service) ask(ctx context.Context, question string) (string, error) {
	completion, err := s.client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(question)},
	})
	if err != nil {
		return "", fmt.Errorf("asking the model: %w", err)
	}
	if len(completion.Choices) == 0 {
		return "", errors.New("asking the model: no answer")
	}
	return completion.Choices[0].Message.Content, nil
}

// betweenServices carries the trace between the services, and no baggage.
var betweenServices = propagation.TraceContext{}

// operationA asks the model and has service B go on from there.
func operationA(ctx context.Context, backend, serviceB string) (err error) {
	a, err := newService(ctx, "service-a", backend)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.shutdown(ctx)) }()

	ctx, span := a.tracer.Start(ctx, "service_a_operation")
	defer span.End()
	answer, err := a.ask(ctx, "Which city in Norway has the most rain?")
	if err == nil {
		err = post(ctx, serviceB, answer)
	}
	if err != nil {
		span.SetStatus(codes.Error, "operation failed")
	}
	return err
}

// post calls service B.
func post(ctx context.Context, url, body string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	betweenServices.Inject(ctx, propagation.HeaderCarrier(req.Header))
	client := http.Client{Timeout: stopTimeout}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // nothing depends on it
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("service B answers %s", res.Status)
	}
	return nil
}

// serveB is service B. It says its URL on stdout and serves until stdin ends.
func serveB(ctx context.Context, backend string, stdin io.Reader, stdout io.Writer) (err error) {
	b, err := newService(ctx, "service-b", backend)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.shutdown(ctx)) }()

	url, stop, err := serve(ctx, http.HandlerFunc(b.operation))
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(stdout, url)
	_, err = io.Copy(io.Discard, stdin)
	return errors.Join(err, stop())
}

// operation handles one request, as part of the trace of who sent it.
func (s *service) operation(w http.ResponseWriter, r *http.Request) {
	ctx := betweenServices.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := s.tracer.Start(ctx, "service_b_operation", trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	city, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	answer := ""
	if err == nil {
		answer, err = s.ask(ctx, "What should I pack for "+string(city)+"?")
	}
	if err != nil {
		span.SetStatus(codes.Error, "operation failed")
		http.Error(w, "no answer", http.StatusBadGateway)
		return
	}
	_, _ = io.WriteString(w, answer) // a client that has gone needs no answer
}

// serve serves handler on a free port of the loopback interface, until stop, which waits for
// requests that are being handled.
func serve(ctx context.Context, handler http.Handler) (url string, stop func() error, err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: stopTimeout}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err := server.Shutdown(ctx)
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}
	return "http://" + listener.Addr().String(), stop, nil
}
