package otelgenai

import (
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/internal/redaction"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// Operation is one GenAI operation under way. Its methods never panic. They are
// not safe for concurrent use, but for End, of which only the first call counts.
type Operation struct {
	in        *Instrumentor
	call      *record.Call
	span      trace.Span
	recording bool
	// provider is the one that the span was started with.
	provider string
	// agent is the name of the agent as it may be seen.
	agent string
	// prompt is the template that the context names.
	prompt prompt
	slip   handoff.Slip
	ended  atomic.Bool
}

// Recording reports whether anybody will see what is recorded. When it is false
// nothing needs to be decoded; End must be called all the same.
func (op *Operation) Recording() bool { return op.recording }

// WantsContent reports whether message content will be seen, on the span or by a
// destination beside it.
func (op *Operation) WantsContent() bool {
	return op.recording && (op.in.config.content.onSpan() || op.slip.Claimed())
}

// Call is the record to fill. It must not be changed after End.
func (op *Operation) Call() *record.Call { return op.call }

// Span is the operation's span, for building a context.
func (op *Operation) Span() trace.Span { return op.span }

// SetModel names the request's model when it became known only after the span
// was started.
func (op *Operation) SetModel(model string) {
	defer guard.Recover("naming a span")
	if model == "" || !op.recording {
		return
	}
	op.call.Request.Model = model
	op.nameAgent()
	op.span.SetName(dialect.SpanName(op.call))
	op.span.SetAttributes(semconv.GenAIRequestModelKey.String(model))
}

// nameAgent redacts and bounds the name that people gave an agent, once: it becomes a
// part of the span's name.
func (op *Operation) nameAgent() {
	agent := &op.call.Agent
	if agent.Name == op.agent {
		return
	}
	op.agent = short(redaction.Name(agent.Name, op.in.config.redactor))
	agent.Name = op.agent
}

// End completes the span. decode, which may be nil, adds the content to the
// record; it is called at most once, at once or later on another goroutine, and
// only if somebody may see content. retained is the number of bytes that decode
// keeps alive until then.
func (op *Operation) End(retained int, decode func(*record.Call)) {
	if op.ended.Swap(true) {
		return
	}
	defer op.endSpan()
	defer guard.Recover("recording a call")
	if op.recording {
		op.record(retained, decode)
	}
}

// endSpan is the last step of End, whatever happened before.
func (op *Operation) endSpan() {
	defer guard.Recover("ending a span")
	end := op.call.Timing.End
	if end.IsZero() {
		end = time.Now()
	}
	op.span.End(trace.WithTimestamp(end))
}

func (op *Operation) record(retained int, decode func(*record.Call)) {
	c, cfg := op.call, &op.in.config
	op.nameAgent()
	op.prompt.identify(c)
	if !redaction.Scalars(c, cfg.redactor) {
		decode, retained = nil, 0
	}
	content := func(c *record.Call) { addContent(c, decode, &op.prompt, cfg.redactor) }
	if cfg.content.onSpan() {
		content(c)
		content = nil
	}

	attrs := op.attributes()
	op.span.SetAttributes(attrs...)
	if c.Outcome == record.Failed {
		op.fail()
	}
	if op.slip.Claimed() {
		op.slip.Put(c, retained, content)
	}
}

// addContent decodes and redacts the content. When the decoder panics there is
// none.
func addContent(c *record.Call, decode func(*record.Call), template *prompt, redact Redactor) {
	defer guard.Recover("decoding content")
	complete := false
	defer func() {
		if !complete {
			redaction.Withhold(c, semconv.ContentWithheldDecodeError)
		}
	}()
	if decode != nil {
		decode(c)
	}
	template.fill(c)
	redaction.Content(c, redact)
	complete = true
}

// attributes are in the order of their worth: an SDK drops the last ones when a
// span has too many.
func (op *Operation) attributes() []attribute.KeyValue {
	c, cfg := op.call, &op.in.config
	attrs := make([]attribute.KeyValue, 0, usualAttributes)
	if c.Error != nil {
		attrs = dialect.AppendError(attrs, c)
	}
	if c.Provider != op.provider {
		attrs = append(attrs, semconv.GenAIProviderNameKey.String(c.Provider))
	}
	attrs = dialect.AppendGenAI(attrs, c)
	if cfg.langsmith {
		attrs = dialect.AppendLangSmith(attrs, c)
	}
	if cfg.llm {
		attrs = dialect.AppendLLM(attrs, c)
	}
	if cfg.openInference {
		attrs = dialect.AppendOpenInference(attrs, c)
	}
	attrs = dialect.AppendMedia(attrs, c)
	attrs = dialect.AppendDelivery(attrs, c)
	attrs = dialect.AppendGateway(attrs, c)
	if cfg.content.onSpan() {
		attrs = dialect.AppendGenAIContent(attrs, c)
	}
	return attrs
}

// usualAttributes is room for the attributes of an ordinary call in all
// vocabularies.
const usualAttributes = 48

// fail marks the span. LangSmith shows failures only by the exception event, so
// there is one, and only on the logical span.
func (op *Operation) fail() {
	err := op.call.Error
	if err == nil {
		return
	}
	summary := dialect.ErrorSummary(err)
	message := summary
	if op.in.config.content.onSpan() && err.Message != "" {
		message = short(err.Message)
	}
	op.span.SetStatus(codes.Error, summary)
	op.span.AddEvent(semconv.ExceptionEventName,
		trace.WithTimestamp(op.call.Timing.End),
		trace.WithAttributes(
			semconv.ExceptionTypeKey.String(err.Type),
			semconv.ExceptionMessageKey.String(message),
		))
}
