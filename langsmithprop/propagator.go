package langsmithprop

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/uuid"
	"github.com/genotel/genotel/semconv/langsmith"
)

// Propagator reads and writes the headers of LangSmith's SDKs. Make one by [New]; the zero
// value writes "langsmith-trace" and reads nothing. It is safe for concurrent use.
type Propagator struct {
	trusting bool
	items    bool
}

var _ propagation.TextMapPropagator = Propagator{}

// Option configures a [Propagator]. A nil Option is ignored.
type Option interface {
	apply(Propagator) Propagator
}

type optionFunc func(Propagator) Propagator

func (f optionFunc) apply(p Propagator) Propagator { return f(p) }

// TrustIncoming makes Extract heed the headers. Use it only where nobody but services of your
// own can send requests: whoever can, decides to which trace and project the spans of the
// request belong and what is in their metadata. Default: Extract does nothing.
func TrustIncoming() Option {
	return optionFunc(func(p Propagator) Propagator {
		p.trusting = true
		return p
	})
}

// SendItems makes Inject send the [Items] of the context. They reach every host that the
// propagator serves. Default: only "langsmith-trace" is sent.
func SendItems() Option {
	return optionFunc(func(p Propagator) Propagator {
		p.items = true
		return p
	})
}

// New returns a propagator.
func New(opts ...Option) Propagator {
	var p Propagator
	for _, opt := range opts {
		if opt != nil {
			p = opt.apply(p)
		}
	}
	return p
}

// Fields implements [propagation.TextMapPropagator].
func (Propagator) Fields() []string {
	return []string{langsmith.HeaderTrace, langsmith.HeaderBaggage}
}

// Inject implements [propagation.TextMapPropagator].
func (p Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	defer guard.Recover("propagating a trace to LangSmith's SDKs")
	order := currentOrder(ctx)
	if order != "" {
		carrier.Set(langsmith.HeaderTrace, order)
	}
	var items Items
	if p.items && order != "" {
		items = ItemsFromContext(ctx)
	}
	header := all(carrier, langsmith.HeaderBaggage)
	if items.empty() && !strings.Contains(header, langsmith.BaggageNamespace) {
		return
	}
	carrier.Set(langsmith.HeaderBaggage, withItems(header, items))
}

// currentOrder is the dotted order of the nearest run that LangSmith gets, "" for none: the
// current span, or else the run of another service that ctx is of.
func currentOrder(ctx context.Context) string {
	span := trace.SpanFromContext(ctx)
	sc := span.SpanContext()
	run, extracted := RunFromContext(ctx)
	switch {
	case sc.IsValid() && sc.IsSampled() && (!sc.IsRemote() || !extracted):
		return orderOf(span)
	case extracted:
		return run.DottedOrder
	default:
		return ""
	}
}

// orderOf is what the span says of itself, else its trace and the span, with all that is
// between left out.
func orderOf(span trace.Span) string {
	sc := span.SpanContext()
	traceID, id := uuid.Text(sc.TraceID()), RunID(sc.SpanID())
	for _, kv := range attributesOf(span) {
		value := strings.ToLower(kv.Value.AsString())
		switch kv.Key {
		case langsmith.SpanDottedOrderKey:
			if own, ok := ParseRun(value); ok {
				return own.DottedOrder
			}
		case langsmith.TraceIDKey:
			traceID = known(value, traceID)
		case langsmith.SpanIDKey:
			id = known(value, id)
		}
	}
	start := startOf(span)
	return Run{TraceID: traceID, ID: traceID, DottedOrder: part(traceID, start)}.Child(id, start).DottedOrder
}

// known is id if that is a UUID.
func known(id, otherwise string) string {
	if isUUID(id) {
		return id
	}
	return otherwise
}

// attributesOf and startOf read what the SDK's spans tell of themselves.
func attributesOf(span trace.Span) []attribute.KeyValue {
	if readable, ok := span.(interface{ Attributes() []attribute.KeyValue }); ok {
		return readable.Attributes()
	}
	return nil
}

func startOf(span trace.Span) time.Time {
	if readable, ok := span.(interface{ StartTime() time.Time }); ok {
		return readable.StartTime()
	}
	return time.Now()
}

// Extract implements [propagation.TextMapPropagator]. Items count only beside a run.
func (p Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) (extracted context.Context) {
	extracted = ctx
	defer guard.Recover("reading a trace of LangSmith's SDKs")
	if !p.trusting {
		return extracted
	}
	run, ok := ParseRun(carrier.Get(langsmith.HeaderTrace))
	if !ok {
		return extracted
	}
	extracted = ContextWithRun(ctx, run)
	if items := parseItems(all(carrier, langsmith.HeaderBaggage)); !items.empty() {
		extracted = ContextWithItems(extracted, items)
	}
	return extracted
}

// all joins the lines of a header that may come in several.
func all(carrier propagation.TextMapCarrier, name string) string {
	if lines, ok := carrier.(propagation.ValuesGetter); ok {
		return strings.Join(lines.Values(name), ",")
	}
	return carrier.Get(name)
}
