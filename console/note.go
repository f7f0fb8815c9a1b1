package console

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/runes"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/langtrace"
)

// kind is what a span is to a panel.
type kind uint8

const (
	// other spans are the application's, and not shown.
	other kind = iota
	// container is a workflow or an agent: what is shown happens below it.
	container
	// model is a call for which a model generates, aside any other operation: a tool, a
	// search, embeddings.
	model
	aside
	// attempt is a try of a model call that took several.
	attempt
)

// note is what a panel needs of an ended span. It keeps no span alive.
type note struct {
	id, parent oteltrace.SpanID
	start, end time.Time
	kind       kind
	scope      string // of the instrumentation

	name       string // of the step
	model      string
	tokens     int64
	counted    bool // tokens came from the provider
	estimated  bool // tokens were counted by chunks
	countable  bool // tokens are to be expected
	resends    int64
	chunks     int64
	incomplete bool
	succeeded  bool // the application says so
	failed     bool
	problem    string
}

// maxNameBytes bounds the texts of a note, of which a line shows less.
const maxNameBytes = 256

// attributes are a span's. A missing one reads as the zero value of its type.
type attributes []attribute.KeyValue

func (a attributes) find(key attribute.Key) (value attribute.Value, ok bool) {
	for i := range a {
		if a[i].Key == key {
			return a[i].Value, true
		}
	}
	return attribute.Value{}, false
}

func (a attributes) text(key attribute.Key) string {
	value, _ := a.find(key)
	return value.AsString()
}

func (a attributes) number(key attribute.Key) int64 {
	value, _ := a.find(key)
	return value.AsInt64()
}

func (a attributes) truth(key attribute.Key) bool {
	value, _ := a.find(key)
	return value.AsBool()
}

func (a attributes) has(key attribute.Key) bool {
	_, ok := a.find(key)
	return ok
}

// noteOf runs within the application's call of span.End.
func noteOf(span sdktrace.ReadOnlySpan) note {
	a := attributes(span.Attributes())
	operation := a.operation()
	n := note{
		id:        span.SpanContext().SpanID(),
		parent:    span.Parent().SpanID(),
		start:     span.StartTime(),
		end:       span.EndTime(),
		scope:     span.InstrumentationScope().Name,
		succeeded: span.Status().Code == codes.Ok,
		failed:    span.Status().Code == codes.Error,
	}
	switch {
	case operation != "":
		n.kind = kindOf(operation, span.SpanKind())
		n.call(a, operation)
	case a.has(semconv.HTTPRequestMethodKey) && span.SpanKind() == oteltrace.SpanKindClient:
		n.kind = attempt
		n.resends = a.number(semconv.HTTPRequestResendCountKey)
	}
	if n.kind != other && a.has(semconv.ErrorTypeKey) {
		n.failed = true
	}
	if n.failed {
		n.problem = a.problem()
	}
	if operation == semconv.GenAIOperationNameExecuteTool {
		n.name = cmp.Or(short(a.text(semconv.GenAIToolNameKey)), n.name)
	}
	return n
}

// operation is the gen_ai.operation.name, or what comes nearest to it on spans of
// instrumentations that have none.
func (a attributes) operation() string {
	if name := a.text(semconv.GenAIOperationNameKey); name != "" {
		return name
	}
	switch a.text(langsmith.SpanKindKey) {
	case langsmith.SpanKindLLM:
		return semconv.GenAIOperationNameChat
	case langsmith.SpanKindEmbedding:
		return semconv.GenAIOperationNameEmbeddings
	case langsmith.SpanKindTool:
		return semconv.GenAIOperationNameExecuteTool
	case langsmith.SpanKindRetriever:
		return semconv.GenAIOperationNameRetrieval
	case langsmith.SpanKindChain:
		return semconv.GenAIOperationNameInvokeWorkflow
	}
	if a.has(semconv.GenAIRequestModelKey) {
		return semconv.GenAIOperationNameChat
	}
	return ""
}

// kindOf goes by the conventions: an agent that runs elsewhere is called like a model,
// one that runs here is a container.
func kindOf(operation string, span oteltrace.SpanKind) kind {
	switch operation {
	case semconv.GenAIOperationNameInvokeWorkflow, semconv.GenAIOperationNamePlan:
		return container
	case semconv.GenAIOperationNameInvokeAgent:
		if span == oteltrace.SpanKindClient {
			return model
		}
		return container
	case semconv.GenAIOperationNameChat, semconv.GenAIOperationNameGenerateContent,
		semconv.GenAIOperationNameTextCompletion:
		return model
	default:
		return aside
	}
}

// call notes what is known of a GenAI operation. The model of a stream is the one asked
// for, that of others the one that answered.
func (n *note) call(a attributes, operation string) {
	provider := cmp.Or(a.text(semconv.GenAIProviderNameKey), a.text(langsmith.GenAISystemKey))
	stream := a.truth(semconv.GenAIRequestStreamKey)
	n.name = stepName(short(provider), short(operation), stream)
	asked, answered := a.text(semconv.GenAIRequestModelKey), a.text(semconv.GenAIResponseModelKey)
	if stream {
		asked, answered = answered, asked
	}
	n.model = short(cmp.Or(answered, asked))
	n.resends = a.number(semconv.HTTPRequestResendCountKey)
	n.chunks = a.number(semconv.StreamChunksKey)
	n.incomplete = a.truth(semconv.IncompleteKey)
	n.countable = operation == semconv.GenAIOperationNameChat ||
		operation == semconv.GenAIOperationNameTextCompletion || operation == semconv.GenAIOperationNameEmbeddings
	n.tokens, n.counted = a.tokens()
	if estimate := a.number(semconv.UsageEstimatedOutputTokensKey); estimate > 0 && !n.counted {
		n.tokens, n.estimated = estimate, true
	}
}

// stepName is for instance "openai_chat_stream".
func stepName(provider, operation string, stream bool) string {
	name := operation
	if provider != "" {
		name = provider + "_" + operation
	}
	if stream {
		name += "_stream"
	}
	return strings.ReplaceAll(name, ".", "_")
}

// tokens is the provider's total, or else the sum of what it counted.
func (a attributes) tokens() (total int64, counted bool) {
	for _, key := range []attribute.Key{langsmith.GenAIUsageTotalTokensKey, langtrace.LLMUsageTotalTokensKey} {
		if a.has(key) {
			return a.number(key), true
		}
	}
	counted = a.has(semconv.GenAIUsageInputTokensKey) || a.has(semconv.GenAIUsageOutputTokensKey)
	return a.number(semconv.GenAIUsageInputTokensKey) + a.number(semconv.GenAIUsageOutputTokensKey), counted
}

// problem is for instance "429 rate_limit_exceeded". It is made of identifiers alone:
// messages of errors may quote the prompt.
func (a attributes) problem() string {
	name := a.text(semconv.ErrorTypeKey)
	code := a.number(semconv.HTTPResponseStatusCodeKey)
	status := strconv.FormatInt(code, 10)
	switch {
	case code == 0:
		return short(cmp.Or(name, "error"))
	case name == "" || name == status:
		return strings.TrimSpace(status + " " + http.StatusText(int(code)))
	default:
		return short(status + " " + name)
	}
}

// short bounds a text and lets go of what it was a part of.
func short(text string) string { return runes.Clip(text, maxNameBytes) }
