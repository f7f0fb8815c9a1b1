package otelgenai

import (
	"context"
	"reflect"
	"runtime"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/otelgenai/record"
)

// scopeName is the scope of the spans that an application makes by this package.
const scopeName = "github.com/genotel/genotel/otelgenai"

// Span is a span that the application itself makes; see [Start]. A nil Span is one that
// nobody sees. Its methods do nothing on a nil Span and after End, never panic, and are
// safe for concurrent use.
type Span struct {
	// work holds nothing that leads back here: the span is ended when the application
	// drops it.
	work    *work
	cleanup runtime.Cleanup
}

type spanKey struct{}

// SpanFromContext returns the innermost span of this package in ctx, for code below that
// adds to it, or nil.
func SpanFromContext(ctx context.Context) *Span {
	span, _ := ctx.Value(spanKey{}).(*Span)
	return span
}

// Start begins a span and returns a context that carries it, for the work below. name is a
// constant of the program, such as "answer", and nothing of a prompt. The span must be
// ended; it is best to defer [Span.End]:
//
//	ctx, span := otelgenai.Start(ctx, "answer")
//	defer span.End()
//
// One that is dropped without is ended, as incomplete, when the garbage collector finds
// it. [Run] does all of this.
//
// The span goes to the TracerProvider of [WithTracerProvider], or else that of the span of
// this package around it, or the global one at the time of the call; content policy,
// dialects and redactor are inherited the same way. Where the provider records nothing,
// the span is nil, and ctx is returned as it is.
func Start(ctx context.Context, name string, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindChain, name, opts)
}

// StartTool begins the span of one run of a tool; see [Start] and [WithTool]. Its input is
// the arguments and its output the result.
func StartTool(ctx context.Context, name string, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindTool, name, opts)
}

// StartAgent begins the span of one invocation of an agent within the program; see [Start]
// and [WithAgent]. Tools and plans below tell its name.
func StartAgent(ctx context.Context, name string, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindAgent, name, opts)
}

// StartWorkflow begins the span of an application's own orchestration of several agents or
// calls; see [Start].
func StartWorkflow(ctx context.Context, name string, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindWorkflow, name, opts)
}

// StartRetrieval begins the span of a search in the collection of documents with the id
// dataSource, which may be empty; see [Start]. Its input is the query. Its output is what
// was found, best as []record.Document: of any other list each element is a document.
func StartRetrieval(ctx context.Context, dataSource string, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindRetrieval, dataSource, opts)
}

// StartEmbedding begins the span of a call of an embedding model; see [Start],
// [WithProvider], [WithRequest] and [Span.SetUsage]. Its input is a text or a list of
// texts; vectors are never recorded.
func StartEmbedding(ctx context.Context, model string, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindEmbedding, model, opts)
}

// StartLLM begins the span of a call of a model by a client that genotel does not know;
// see [Start], [WithProvider], [WithRequest], [Span.SetResponse], [Span.Chunk] and
// [Span.SetUsage]. Of clients that are instrumented it would count tokens twice.
func StartLLM(ctx context.Context, model string, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindLLM, model, opts)
}

// StartMemory begins the span of an access to what an agent remembers; see [Start] and
// [WithMemory]. The input of a search is its query, and its output what was found. The
// input of the other operations is what is kept, best as []record.Document.
func StartMemory(ctx context.Context, operation MemoryOperation, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindMemory, string(operation), opts)
}

// StartPlan begins the span in which the agent around it makes a plan; see [Start]. It
// holds the model call that makes the plan, and not the tools that the plan leads to.
func StartPlan(ctx context.Context, opts ...SpanOption) (context.Context, *Span) {
	return start(ctx, KindPlan, "", opts)
}

func start(ctx context.Context, kind Kind, name string, opts []SpanOption) (context.Context, *Span) {
	ctx, span := begin(ctx, kind, name, opts)
	if span != nil && span.work.op.Recording() {
		// Not on the runtime's own goroutine: span processors are foreign code.
		span.cleanup = runtime.AddCleanup(span, func(w *work) { go w.dropped() }, span.work)
	}
	return ctx, span
}

// begin returns a nil span where nothing is recorded.
func begin(ctx context.Context, kind Kind, name string, opts []SpanOption) (context.Context, *Span) {
	around := SpanFromContext(ctx)
	if around == nil && !hasOption(opts) && isSilent(otel.GetTracerProvider()) {
		return ctx, nil
	}
	if started, span := beginWork(ctx, around, kind, name, opts); span != nil {
		return started, span
	}
	return ctx, nil
}

// beginWork returns a nil span, too, when an option panics.
func beginWork(
	ctx context.Context, around *Span, kind Kind, name string, opts []SpanOption,
) (started context.Context, span *Span) {
	defer guard.Recover("starting a span")
	config := spanConfig{kind: kind}
	if len(opts) > 0 {
		config = newSpanConfig(append([]SpanOption{WithKind(kind)}, opts...))
	}
	in := instrumentorOf(around).with(config.options)
	if isSilent(in.provider()) {
		return ctx, nil
	}
	w := &work{config: config, op: &Operation{call: &record.Call{}}}
	w.config.describe(name, in.config.genAIName, w.op.call)
	w.nameAgent(around)
	ctx, _ = in.begin(ctx, w.op, config.attributes...)
	w.config.attributes, w.config.options = nil, nil
	w.began()
	span = &Span{work: w}
	return context.WithValue(ctx, spanKey{}, span), span
}

// describe begins the record of the span's operation.
func (c *spanConfig) describe(name, provider string, call *record.Call) {
	if c.kind == KindMemory && !MemoryOperation(name).known() {
		c.kind = KindChain
	}
	if !c.kind.inProcess() {
		call.Server, call.Provider = c.server, provider
	}
	switch c.kind {
	case KindTool:
		call.Step.Tool, call.Agent = c.tool, c.agent
	case KindAgent, KindPlan:
		call.Agent = c.agent
	case KindRetrieval:
		call.Retrieval.TopK = c.topK
	case KindMemory:
		call.Step.Memory = c.memory
	case KindLLM, KindEmbedding:
		if c.request != nil {
			call.Request = *c.request
			r := &call.Request
			r.PromptVariables, r.System, r.Messages, r.Tools = nil, nil, nil, nil
		}
	default:
	}
	c.kind.describe(name, call)
}

// hasOption reports whether a span has settings of its own, perhaps a provider.
func hasOption(opts []SpanOption) bool {
	for _, opt := range opts {
		if _, ok := opt.(Option); ok {
			return true
		}
	}
	return false
}

// byDefault makes the spans that no option and no span around says anything of.
var byDefault = sync.OnceValue(func() *Instrumentor { return NewInstrumentor(scopeName) })

func instrumentorOf(around *Span) *Instrumentor {
	if around != nil {
		return around.work.op.in
	}
	return byDefault()
}

// with returns the instrumentor for a span with settings of its own.
func (in *Instrumentor) with(opts []Option) *Instrumentor {
	if len(opts) == 0 && in.config.genAIName == "" {
		return in
	}
	other := &Instrumentor{scope: in.scope, config: in.config.with(opts), tracer: in.tracer}
	if other.config.provider == nil {
		other.config.provider = in.config.provider
	} else {
		other.useProvider()
	}
	return other
}

func (in *Instrumentor) provider() trace.TracerProvider {
	if in.config.provider != nil {
		return in.config.provider
	}
	return otel.GetTracerProvider()
}

// isSilent reports whether nothing can come of a span: the provider makes none, or it is
// the one that OpenTelemetry has until a program sets another.
func isSilent(provider trace.TracerProvider) bool {
	if _, ok := provider.(noop.TracerProvider); ok {
		return true
	}
	return reflect.TypeOf(provider) == unset
}

// unset is the type of the global provider before it is set, nil when it was at once.
var unset = func() reflect.Type {
	t := reflect.TypeOf(otel.GetTracerProvider())
	if t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "go.opentelemetry.io/otel/internal/global" {
		return t
	}
	return nil
}()

// IsRecording reports whether anybody will see what is recorded.
func (s *Span) IsRecording() bool { return s != nil && s.work.op.Recording() && !s.work.hasEnded() }

// WantsContent reports whether inputs and outputs will be seen, so that what is costly to
// put together need not be.
func (s *Span) WantsContent() bool { return s.IsRecording() && s.work.op.WantsContent() }

// SetInput records what the work was given. A text is itself, a list of record.Message or
// record.Document is what it says, and anything else is what encoding/json makes of it, or
// else the name of its type. It is read at once, and may change afterwards, but not at the
// same time; at most 64 KiB are kept. The last call counts.
//
// Inputs and outputs are content: they are on the span only where [WithContent] says so, go
// beside it to the destinations that may see them, and pass through the redactor.
func (s *Span) SetInput(value any) {
	if s.WantsContent() {
		p := newPayload(value, s.work.config.processInputs)
		s.work.update(func(w *work) { w.input = p })
	}
}

// SetOutput records what the work returned, as [Span.SetInput] does its input. Of a search
// the documents are counted, whether or not content is seen.
func (s *Span) SetOutput(value any) {
	if !s.IsRecording() {
		return
	}
	w := s.work
	if count, ok := outputSize(value); ok && w.config.kind.searches() {
		w.update(func(w *work) { w.op.call.Retrieval.Found = record.Some(count) })
	}
	if w.op.WantsContent() {
		p := newPayload(value, w.config.processOutputs)
		w.update(func(w *work) { w.output = p })
	}
}

// SetAttributes sets attributes of the application's own. As with [WithAttributes] every
// exporter sees them.
func (s *Span) SetAttributes(attributes ...attribute.KeyValue) {
	if s != nil {
		s.work.update(func(w *work) { w.op.span.SetAttributes(attributes...) })
	}
}

// Fail marks the work as failed by err, unless err is nil or one of [WithIgnoredErrors].
// Its type is on the span, its text is content. Work that was canceled is no failure, but
// incomplete. The last error counts.
func (s *Span) Fail(err error) {
	if s == nil || err == nil {
		return
	}
	s.work.fail(err)
}

// SetResponse records what a model answered. The messages are content, of which at most 64
// KiB are kept; the response is copied. It is for [KindLLM] and [KindEmbedding].
func (s *Span) SetResponse(response record.Response) {
	if s != nil && s.work.config.kind.callsModel() {
		s.work.update(func(w *work) { w.respond(response) })
	}
}

// SetUsage records the tokens that a model's provider counted, and the cost where it is
// known. Backends add up what spans tell, so it is for [KindLLM] and [KindEmbedding] only.
func (s *Span) SetUsage(usage record.Usage) {
	if s != nil && s.work.config.kind.callsModel() {
		s.work.update(func(w *work) { w.op.call.Usage = usage })
	}
}

// Chunk records a piece of a model's streamed answer, when it comes: from the first one
// that has text the time to first token is told. The pieces make up the output, unless
// [Span.SetOutput] or [Span.SetResponse] tells it. It is for [KindLLM].
func (s *Span) Chunk(text string) {
	if s != nil && s.work.config.kind == KindLLM {
		s.item(text)
	}
}

// End ends the span. Only the first call counts. Deferred while the program panics, it
// marks the span as failed; the panic goes on.
func (s *Span) End() {
	if s == nil {
		return
	}
	if reason := recover(); reason != nil {
		s.work.panicked()
		s.end()
		panic(reason) //nolint:forbidigo // it is the application's own
	}
	s.end()
}

func (s *Span) end() {
	s.cleanup.Stop()
	s.work.end()
}
