package genotel

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/console"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/otelgenai"
)

// Option configures [Configure]. A nil Option is ignored.
type Option interface {
	apply(config) config
}

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

type config struct {
	serviceName string
	environment string
	project     string
	provider    trace.TracerProvider
	build       func(context.Context) (trace.TracerProvider, error)
	global      bool
	propagator  bool
	sampler     sdktrace.Sampler
	logger      *slog.Logger
	content     Content
	redactor    otelgenai.Redactor // nil for none
	mode        Mode
	spool       string
	export      []export.Option
	meters      metric.MeterProvider
	sync        bool

	langsmith *LangSmith
	langtrace *Langtrace
	otlp      []OTLP
	files     []File
	console   *consoleOption

	// remoteNotice is one of all LangSmith destinations.
	remoteNotice *remoteNotice
}

func newConfig(opts []Option) config {
	c := config{global: true, logger: slog.Default()}
	for _, opt := range opts {
		if opt != nil {
			c = opt.apply(c)
		}
	}
	c.remoteNotice = &remoteNotice{logger: c.logger}
	return c
}

// WithServiceName sets service.name of a provider made by Configure. It wins over
// OTEL_SERVICE_NAME. Default: "unknown_service:" and the name of the executable.
func WithServiceName(name string) Option {
	return optionFunc(func(c config) config {
		c.serviceName = name
		return c
	})
}

// WithEnvironment sets deployment.environment.name of a provider made by
// Configure, for instance "production", and what the console says. Default: none.
func WithEnvironment(name string) Option {
	return optionFunc(func(c config) config {
		c.environment = name
		return c
	})
}

// WithProject sets the LangSmith project. It wins over LANGSMITH_PROJECT and is
// the default of [LangSmith.Project]. The console says it, too. Default: "default".
func WithProject(name string) Option {
	return optionFunc(func(c config) config {
		c.project = name
		return c
	})
}

// WithTracerProvider uses the application's own provider, which must be the
// OpenTelemetry SDK's. Shutdown then delivers and removes only what Configure
// added. Unless the provider is the global one, give it to the instrumentations as
// well. nil stands for the default, the global provider or a new one.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return optionFunc(func(c config) config {
		c.provider = provider
		return c
	})
}

// WithNewTracerProvider has build make the TracerProvider that Configure would make
// itself. Its sampler, resource, limits and exporters are then build's business, and so
// is OTEL_EXPORTER_OTLP_ENDPOINT: Configure adds its other destinations to them. build is
// called once, after all other settings were found good, and its result becomes the
// global provider as [WithGlobal] has it. It stays the application's, which shuts it
// down after [Telemetry.Shutdown]. It must be the OpenTelemetry SDK's when there are
// destinations. It is an error when the application has a provider already. nil stands
// for the default. Package genotelconf is made of it.
func WithNewTracerProvider(build func(context.Context) (trace.TracerProvider, error)) Option {
	return optionFunc(func(c config) config {
		c.build = build
		return c
	})
}

// WithGlobal says whether the global TracerProvider is used, and set when there is
// none. With false, Configure makes a private one: give the result of
// [Telemetry.TracerProvider] to the instrumentations. Default: true.
func WithGlobal(global bool) Option {
	return optionFunc(func(c config) config {
		c.global = global
		return c
	})
}

// WithGlobalPropagator sets the global propagator to that of W3C trace context, by
// which the application's own services continue each other's traces. Baggage is not
// propagated. Default: the global propagator stays what it is.
func WithGlobalPropagator() Option {
	return optionFunc(func(c config) config {
		c.propagator = true
		return c
	})
}

// WithSampler sets the sampler of a provider made by Configure. It wins over
// OTEL_TRACES_SAMPLER. Default: every trace whose parent does not say otherwise.
func WithSampler(sampler sdktrace.Sampler) Option {
	return optionFunc(func(c config) config {
		c.sampler = sampler
		return c
	})
}

// WithLogger sets where losses and failing destinations are reported, at most
// once a minute each. Default, also for nil: [slog.Default].
func WithLogger(logger *slog.Logger) Option {
	return optionFunc(func(c config) config {
		if logger != nil {
			c.logger = logger
		}
		return c
	})
}

// Content says whether a destination gets message content: prompts, answers, tool
// definitions, tool arguments and results, and the providers' error texts.
type Content uint8

const (
	// ContentDefault is yes for destinations that exist to show content (LangSmith,
	// Langtrace, the console). A plain OTLP destination gets what is on the span, which by
	// default holds none.
	ContentDefault Content = iota
	// ContentInclude sends content.
	ContentInclude
	// ContentExclude sends none, not even what is on the span.
	ContentExclude
)

// WithContent sets the content policy of all destinations that have none of their
// own. It does not show what a backend's variable (LANGSMITH_HIDE_INPUTS and the
// like) hides. Default: [ContentDefault].
func WithContent(policy Content) Option {
	return optionFunc(func(c config) config {
		c.content = policy
		return c
	})
}

// WithRedactor passes every text through redact before any destination gets it, the
// console too: what [otelgenai.Redactor] names of genotel's own calls, and of all spans,
// whoever made them, the content that is on them, messages and stack traces of errors,
// URLs, metadata, tags and names. It runs off the program's path, on a goroutine of the
// destinations or of the console. Other exporters of the TracerProvider see what they saw
// before; for them there is otelgenai.WithRedactor.
//
// It fails closed: when redact returns an error or panics, the span arrives without any of
// these texts and says so in genotel.content.withheld. Default: none.
func WithRedactor(redact otelgenai.Redactor) Option {
	return optionFunc(func(c config) config {
		c.redactor = redact
		return c
	})
}

// WithMeterProvider sets where the pipeline's own metrics go: what waits, what was
// delivered and what was lost for each destination, as OpenTelemetry's SDK metrics. See
// [export.WithMeterProvider]. Default, also for nil: the global MeterProvider.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return optionFunc(func(c config) config {
		c.meters = provider
		return c
	})
}

// WithSyncExport makes the end of a span that has no parent in this process wait until its
// trace is delivered, at most 5 s. It is for command-line tools that end at any moment, and
// for nothing that serves requests. Default: no span waits for anything.
func WithSyncExport() Option {
	return optionFunc(func(c config) config {
		c.sync = true
		return c
	})
}

// WithMode says which of LangSmith and the environment's OpenTelemetry endpoint get
// spans. It wins over LANGSMITH_TRACING_MODE, LANGSMITH_OTEL_ONLY and
// LANGSMITH_OTEL_ENABLED. Default: [ModeDefault].
func WithMode(mode Mode) Option {
	return optionFunc(func(c config) config {
		c.mode = mode
		return c
	})
}

// WithLangSmith sends spans to LangSmith. Fields left empty are taken from the
// environment. Without the option, LANGSMITH_API_KEY switches LangSmith on, or
// LANGSMITH_RUNS_ENDPOINTS several. In [ModeOTel] it has no effect.
func WithLangSmith(destination LangSmith) Option {
	return optionFunc(func(c config) config {
		c.langsmith = &destination
		return c
	})
}

// WithLangtrace sends spans to Langtrace. Fields left empty are taken from the
// environment. Without the option, LANGTRACE_API_KEY switches Langtrace on.
func WithLangtrace(destination Langtrace) Option {
	return optionFunc(func(c config) config {
		c.langtrace = &destination
		return c
	})
}

// WithOTLP sends spans to an OpenTelemetry endpoint; given several times, to
// several. Nothing of it is taken from the environment. LangSmith's own URL gets spans
// in LangSmith's form, with content, unless LangSmith is switched off. Without the option,
// OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT adds one, as the
// [Mode] has it.
func WithOTLP(destination OTLP) Option {
	return optionFunc(func(c config) config {
		c.otlp = append(slices.Clip(c.otlp), destination)
		return c
	})
}

// WithFile appends spans to a file; given several times, to several. Without the option,
// GENOTEL_FILE names one. It is there in every [Mode].
func WithFile(destination File) Option {
	return optionFunc(func(c config) config {
		c.files = append(slices.Clip(c.files), destination)
		return c
	})
}

// WithConsole prints a panel for every finished trace that has a GenAI span, to w or,
// when w is nil, to [os.Stderr]: prompt, model, latency, tokens, retries, and a table of
// the steps. Without the option, GENOTEL_CONSOLE switches it on: true or stderr, or
// stdout. Options of package console win over what Configure sets. Prompts are shown
// unless [WithContent] is [ContentExclude], or LANGSMITH_HIDE_INPUTS or
// TRACE_PROMPT_COMPLETION_DATA hides them. The program never waits for w.
func WithConsole(w io.Writer, opts ...console.Option) Option {
	return optionFunc(func(c config) config {
		c.console = &consoleOption{writer: w, opts: opts}
		return c
	})
}
