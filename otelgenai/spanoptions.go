package otelgenai

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
)

// SpanOption configures one span of the application. Every [Option] is one. A nil
// SpanOption is ignored.
type SpanOption interface {
	applySpan(*spanConfig)
}

type spanOption func(*spanConfig)

func (f spanOption) applySpan(c *spanConfig) { f(c) }

type spanConfig struct {
	kind       Kind
	attributes []attribute.KeyValue
	// hasInput tells an input of nil from none.
	hasInput       bool
	input          any
	processInputs  func(any) any
	processOutputs func(any) any
	ignored        []error
	server         record.Server
	request        *record.Request
	tool           record.ToolRun
	agent          record.Agent
	memory         record.Memory
	topK           record.Opt[int64]
	options        []Option
}

func newSpanConfig(opts []SpanOption) spanConfig {
	var c spanConfig
	for _, opt := range opts {
		if opt != nil {
			opt.applySpan(&c)
		}
	}
	if c.kind > KindPlan {
		c.kind = KindChain
	}
	return c
}

// WithKind says what the span stands for; see [Kind]. Default: [KindChain], and the kind
// of the typed starts such as [StartTool].
func WithKind(kind Kind) SpanOption {
	return spanOption(func(c *spanConfig) { c.kind = kind })
}

// WithInput records value as what the span's work was given; see [Span.SetInput].
func WithInput(value any) SpanOption {
	return spanOption(func(c *spanConfig) { c.hasInput, c.input = true, value })
}

// WithProcessInputs passes inputs through process before they are recorded: to leave out
// or shorten what need not be seen. The function's own input stays as it is. process must
// be safe for concurrent use, must not change what it is given, and runs only if somebody
// may see content. When it panics, the input is withheld. Redaction is [WithRedactor].
func WithProcessInputs(process func(any) any) SpanOption {
	return spanOption(func(c *spanConfig) { c.processInputs = process })
}

// WithProcessOutputs is [WithProcessInputs] for outputs. For [Seq] it gets each value.
func WithProcessOutputs(process func(any) any) SpanOption {
	return spanOption(func(c *spanConfig) { c.processOutputs = process })
}

// WithIgnoredErrors names errors that are no failures, such as io.EOF or an application's
// own "not found". They are compared by errors.Is. Given several times, all count.
func WithIgnoredErrors(errs ...error) SpanOption {
	return spanOption(func(c *spanConfig) { c.ignored = append(slices.Clip(c.ignored), errs...) })
}

// WithAttributes sets attributes at the start of the span, where samplers see them. They
// are seen by every exporter, whatever the content policy: put no prompts into them.
func WithAttributes(attributes ...attribute.KeyValue) SpanOption {
	return spanOption(func(c *spanConfig) { c.attributes = append(slices.Clip(c.attributes), attributes...) })
}

// WithServer names the host that a model, a search or a memory is asked at.
func WithServer(address string, port int) SpanOption {
	return spanOption(func(c *spanConfig) { c.server = record.Server{Address: address, Port: port} })
}

// WithRequest records what a model is asked: parameters, messages, tools. The messages and
// tools are content, of which at most 64 KiB are kept; the request is copied. It is for
// [KindLLM] and [KindEmbedding]; the model is the span's.
func WithRequest(request record.Request) SpanOption {
	return spanOption(func(c *spanConfig) { c.request = &request })
}

// WithTool describes the tool of a [KindTool]. Its name is the span's.
func WithTool(tool record.ToolRun) SpanOption {
	return spanOption(func(c *spanConfig) { c.tool = tool })
}

// WithAgent describes the agent of a [KindAgent], or names the one that runs a tool or
// makes a plan, where that is not the agent around it. The name of an agent's own span is
// the span's. The description is content.
func WithAgent(agent record.Agent) SpanOption {
	return spanOption(func(c *spanConfig) { c.agent = agent })
}

// WithMemory says which memories a [KindMemory] is about.
func WithMemory(memory record.Memory) SpanOption {
	return spanOption(func(c *spanConfig) { c.memory = memory })
}

// WithTopK is how many documents a search is to return at the most.
func WithTopK(k int) SpanOption {
	return spanOption(func(c *spanConfig) { c.topK = record.Some(int64(k)) })
}
