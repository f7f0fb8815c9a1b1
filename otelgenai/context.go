package otelgenai

import (
	"context"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// WithSession says that all work below ctx belongs to the conversation, thread or session
// id: LangSmith shows it as a thread, Langtrace and Phoenix as a session. "" takes it off.
//
// Like all of these functions it returns a copy of ctx and changes nothing else. Model
// calls of instrumented clients carry what is said; every other span does where a
// [NewContextProcessor] is installed, as genotel.Configure has one. It reaches every
// exporter of the TracerProvider, whatever the content policy, and no other process: it is
// never sent to a provider. Texts are cut at 512 bytes.
//
// Of what is said in several places the nearest to the span wins: attributes that the span
// is started with, then the innermost context, then the options of the client.
func WithSession(ctx context.Context, id string) context.Context {
	return change(ctx, func(s *said) { s.labels.Session = bounded(id, maxLabel) })
}

// WithUser says for whom all work below ctx is done. "" takes it off. An id that names
// nobody to an outsider is better than an address. See [WithSession].
func WithUser(ctx context.Context, id string) context.Context {
	return change(ctx, func(s *said) { s.labels.User = bounded(id, maxLabel) })
}

// WithMetadata adds metadata to all spans below ctx; of a name that is there already the
// value is replaced. Strings, numbers and truth values stay what they are, everything else
// becomes the text of its JSON, and nil and what has no JSON is left out. There are 64
// names of 128 bytes at the most, further ones are left out. See [WithSession].
//
// Names that begin with "ls_" belong to LangSmith. Of a model call it is told provider,
// model and parameters by genotel.
func WithMetadata(ctx context.Context, metadata map[string]any) context.Context {
	if len(metadata) == 0 {
		return ctx
	}
	return change(ctx, func(s *said) { s.labels.Metadata = withMetadata(s.labels.Metadata, metadata) })
}

// WithTags adds tags to all spans below ctx, each once. LangSmith stores them as one text
// between commas, so a comma in a tag makes two of it. There are 32 of 512 bytes together
// at the most, further ones are left out. See [WithSession].
func WithTags(ctx context.Context, tags ...string) context.Context {
	if len(tags) == 0 {
		return ctx
	}
	return change(ctx, func(s *said) { s.labels.Tags = withTags(s.labels.Tags, tags) })
}

// WithProject files all work below ctx under another project of LangSmith, by the name of
// it. "" takes it off. See [WithSession].
//
// A whole trace belongs in one project. LangSmith's collector proxy, and perhaps its
// service, heeds the header Langsmith-Project of a request more than this, and
// genotel.Configure always sends one: the project of a program is set there. This is for
// exporters and Collectors that send no such header.
func WithProject(ctx context.Context, name string) context.Context {
	return change(ctx, func(s *said) { s.labels.Project = bounded(name, maxLabel) })
}

// WithRunName sets the name under which LangSmith shows the spans that start in ctx
// itself: the next one, and its siblings when ctx is used again, and none below them. The
// span keeps its name for everybody else. See [WithSession].
func WithRunName(ctx context.Context, name string) context.Context {
	return changeRun(ctx, func(r *record.Run) { r.Name = bounded(name, maxLabel) })
}

// WithReferenceExample says which example of a LangSmith data set, by its UUID, the spans
// that start in ctx itself are held against. It does not reach those below them. See
// [WithSession].
func WithReferenceExample(ctx context.Context, id string) context.Context {
	return changeRun(ctx, func(r *record.Run) { r.Example = bounded(id, maxLabel) })
}

// WithPromptTemplate says which prompt template the model calls below ctx are made from,
// and with which variables. Calls that name a prompt which the provider stores keep that.
// Only calls that generate text, and runs of agents, carry it. Name and version are always
// recorded; variables are content, and are treated like the conversation: 64 at the most,
// cut at 16 KiB each, what is no string as the text of its JSON. "" as name takes it off.
func WithPromptTemplate(ctx context.Context, name, version string, variables map[string]any) context.Context {
	return change(ctx, func(s *said) {
		s.prompt = prompt{}
		if name == "" {
			return
		}
		s.prompt = prompt{name: bounded(name, maxLabel), version: bounded(version, maxLabel)}
		for _, variable := range slices.Sorted(maps.Keys(variables)) {
			if len(s.prompt.variables) == maxVariables {
				break
			}
			s.prompt.variables = append(s.prompt.variables, record.Variable{
				Name: bounded(variable, maxLabelName), Value: variableText(variables[variable]),
			})
		}
	})
}

// Suppress turns the instrumentation off below ctx. Instrumented calls go on untouched: no
// span, nothing is read or decoded, and [WithStreamUsage] asks for nothing. Spans of other
// instrumentations are not concerned.
func Suppress(ctx context.Context) context.Context {
	return change(ctx, func(s *said) { s.suppressed = true })
}

// Suppressed reports whether ctx comes from [Suppress]. It is for authors of
// instrumentations; [Instrumentor.Begin] heeds it.
func Suppressed(ctx context.Context) bool {
	c := carriedBy(ctx)
	return c != nil && c.suppressed
}

type contextKey struct{}

// carried is what a context carries, never changed once it does.
type carried struct {
	said

	once    sync.Once
	written [len(vocabularies)][]attribute.KeyValue
}

type said struct {
	labels record.Labels
	// run is for the spans whose parent is the one that there was.
	run        record.Run
	parent     trace.SpanContext
	prompt     prompt
	suppressed bool
}

// carriedBy returns nil when ctx carries nothing.
func carriedBy(ctx context.Context) *carried {
	c, _ := ctx.Value(contextKey{}).(*carried)
	return c
}

// change returns a copy of ctx that carries what f makes of a copy. f must not write to
// what slices hold.
func change(ctx context.Context, f func(*said)) context.Context {
	changed := &carried{}
	if c := carriedBy(ctx); c != nil {
		changed.said = c.said
	}
	f(&changed.said)
	return context.WithValue(ctx, contextKey{}, changed)
}

func changeRun(ctx context.Context, f func(*record.Run)) context.Context {
	return change(ctx, func(s *said) {
		if parent := trace.SpanContextFromContext(ctx); !isSame(parent, s.parent) {
			s.run, s.parent = record.Run{}, parent
		}
		f(&s.run)
	})
}

func isSame(a, b trace.SpanContext) bool {
	return a.TraceID() == b.TraceID() && a.SpanID() == b.SpanID()
}

// vocabularies are those of a set, by position.
var vocabularies = [...]dialect.Dialect{dialect.GenAI, dialect.LangSmith, dialect.LLM, dialect.OpenInference}

// vocabularySet says which of the vocabularies are written.
type vocabularySet [len(vocabularies)]bool

// appendTo appends the attributes of a span with this parent.
func (c *carried) appendTo(dst []attribute.KeyValue, set vocabularySet, parent trace.SpanContext) []attribute.KeyValue {
	c.once.Do(func() {
		for i, d := range vocabularies {
			c.written[i] = dialect.AppendLabels(nil, &c.labels, d)
		}
	})
	here := c.run != record.Run{} && isSame(parent, c.parent)
	for i, d := range vocabularies {
		if !set[i] {
			continue
		}
		dst = append(dst, c.written[i]...)
		if here {
			dst = dialect.AppendRun(dst, c.run, d)
		}
	}
	return dst
}
