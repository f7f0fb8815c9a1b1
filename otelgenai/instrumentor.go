package otelgenai

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// Instrumentor begins the operations of one instrumented client. It is safe for
// concurrent use.
type Instrumentor struct {
	scope  string
	config config
	// tracer is set when a provider was chosen by option.
	tracer trace.Tracer
	// client is what the options say of all calls, nil when they say nothing.
	client *carried
}

// NewInstrumentor returns an instrumentor whose spans carry scope, the import
// path of the instrumentation, as their scope name. It is for authors of
// instrumentations.
func NewInstrumentor(scope string, opts ...Option) *Instrumentor {
	in := &Instrumentor{scope: scope, config: newConfig(opts)}
	if in.config.provider != nil {
		in.useProvider()
	}
	if labels := in.config.labels; len(labels.Metadata)+len(labels.Tags) > 0 {
		in.client = &carried{said: said{labels: labels}}
	}
	return in
}

// useProvider takes the tracer of the chosen provider. One that fails is never
// replaced by the global one.
func (in *Instrumentor) useProvider() {
	defer guard.Recover("getting a tracer")
	in.tracer = noop.Tracer{}
	in.tracer = in.tracerOf(in.config.provider)
}

// Provider returns the provider name set by [WithProvider], or "".
func (in *Instrumentor) Provider() string { return in.config.genAIName }

// LiteLLM returns the mode set by [WithLiteLLM], or [LiteLLMUnknown].
func (in *Instrumentor) LiteLLM() LiteLLMMode { return in.config.liteLLM }

// StreamUsage reports whether [WithStreamUsage] was given.
func (in *Instrumentor) StreamUsage() bool { return in.config.streamUsage }

// Begin starts the span of one logical call. It takes over call, of which the
// members that samplers may ask for (operation, provider, request model, server)
// must be set; the rest is filled until [Operation.End]. The returned context
// carries the span. Begin never returns nil, and never panics. Where ctx says so by
// [Suppress] there is no span, and the operation records nothing.
func (in *Instrumentor) Begin(ctx context.Context, call *record.Call) (context.Context, *Operation) {
	return in.begin(ctx, &Operation{call: call})
}

// begin starts op, of which the call is set, with attributes of the application's.
func (in *Instrumentor) begin(
	ctx context.Context, op *Operation, extra ...attribute.KeyValue,
) (context.Context, *Operation) {
	op.in = in
	if Suppressed(ctx) {
		op.span = aroundSuppressed(ctx)
		return ctx, op
	}
	op.provider, op.span = op.call.Provider, trace.SpanFromContext(context.Background())
	started := in.start(ctx, op, extra)
	if started == nil {
		return ctx, op
	}
	return started, op
}

// start returns nil when the TracerProvider failed; the operation then records
// nothing.
func (in *Instrumentor) start(
	ctx context.Context, op *Operation, extra []attribute.KeyValue,
) (started context.Context) {
	defer guard.Recover("starting a span")
	if op.call.Timing.Start.IsZero() {
		op.call.Timing.Start = time.Now()
	}
	op.nameAgent()
	var room [startAttributes]attribute.KeyValue
	attrs := dialect.AppendGenAIStart(room[:0], op.call)
	ctx, c := in.withClient(ctx)
	if c != nil {
		op.prompt = c.prompt
		attrs = in.appendCarried(attrs, c, trace.SpanContextFromContext(ctx))
	}
	started, span := in.currentTracer().Start(
		handoff.NewContext(ctx, &op.slip),
		dialect.SpanName(op.call),
		trace.WithSpanKind(spanKind(op.call)),
		trace.WithTimestamp(op.call.Timing.Start),
		trace.WithAttributes(append(attrs, extra...)...),
	)
	op.slip.Close()
	op.span = span
	op.recording = span.IsRecording()
	return started
}

// startAttributes is the number of attributes that dialect.AppendGenAIStart adds at the
// most, for one kind of operation.
const startAttributes = 6

func spanKind(c *record.Call) trace.SpanKind {
	if c.Step.InProcess {
		return trace.SpanKindInternal
	}
	return trace.SpanKindClient
}

// aroundSuppressed stands for the span around a call that has none, and ends nothing.
func aroundSuppressed(ctx context.Context) trace.Span {
	around := trace.SpanContextFromContext(ctx)
	return trace.SpanFromContext(trace.ContextWithSpanContext(context.Background(), around))
}

// withClient returns what is said of a call, by its context and before that by the
// client, and a context that says it to span processors.
func (in *Instrumentor) withClient(ctx context.Context) (context.Context, *carried) {
	c := carriedBy(ctx)
	switch {
	case in.client == nil:
		return ctx, c
	case c == nil:
		return context.WithValue(ctx, contextKey{}, in.client), in.client
	}
	merged := &carried{said: c.said}
	merged.labels.Metadata = mergedMetadata(in.client.labels.Metadata, c.labels.Metadata)
	merged.labels.Tags = withTags(in.client.labels.Tags, c.labels.Tags)
	return context.WithValue(ctx, contextKey{}, merged), merged
}

// appendCarried appends what is said of a call, for samplers to see. The conversation that
// a provider keeps takes the place of the session later on.
func (in *Instrumentor) appendCarried(dst []attribute.KeyValue, c *carried, parent trace.SpanContext) []attribute.KeyValue {
	if c.labels.Session != "" {
		dst = append(dst, semconv.GenAIConversationIDKey.String(c.labels.Session))
	}
	return c.appendTo(dst, in.config.vocabularies(), parent)
}

func (in *Instrumentor) currentTracer() trace.Tracer {
	if in.tracer != nil {
		return in.tracer
	}
	return in.tracerOf(otel.GetTracerProvider())
}

func (in *Instrumentor) tracerOf(provider trace.TracerProvider) trace.Tracer {
	return provider.Tracer(in.scope,
		trace.WithInstrumentationVersion(Version),
		trace.WithSchemaURL(semconv.SchemaURL),
	)
}
