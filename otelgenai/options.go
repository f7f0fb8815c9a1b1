package otelgenai

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// The environment variables that instrumentations read when they are created.
const (
	// captureVariable is defined by the OpenTelemetry GenAI conventions.
	captureVariable  = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
	dialectsVariable = "GENOTEL_DIALECTS"
)

// Option configures an instrumentation. A nil Option is ignored. Given to a function such
// as [Run], it is for that span and the spans of this package below it.
type Option interface {
	SpanOption
	apply(config) config
}

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

func (f optionFunc) applySpan(c *spanConfig) { c.options = append(c.options, f) }

type config struct {
	provider      trace.TracerProvider
	genAIName     string
	content       Content
	redactor      Redactor
	langsmith     bool
	openInference bool
	llm           bool
	attemptSpans  bool
	streamUsage   bool
	liteLLM       LiteLLMMode
	propagateTo   []hostPattern
	labels        record.Labels
	// contentFixed is set when the environment says where content may be.
	contentFixed bool
	problems     []error
}

// WithTracerProvider sets the provider of spans. Without it, or with nil, the
// global provider is looked up at each call, so that the order of set-up does
// not matter.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return optionFunc(func(c config) config {
		if provider != nil {
			c.provider = provider
		}
		return c
	})
}

// WithContent records message content where mode says. Content on spans reaches
// every exporter of the TracerProvider: choose it only if all of them may see
// prompts. Destinations of genotel.Configure have their own setting and need no
// content on spans. The environment variable
// OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT wins over the option, as the
// conventions ask. Default: [NoContent].
func WithContent(mode Content) Option {
	return optionFunc(func(c config) config {
		c.content = mode
		return c
	})
}

// WithRedactor passes every text of a conversation through redact before anybody sees
// it, on the span or beside it. See [Redactor]. Default: none.
func WithRedactor(redact Redactor) Option {
	return optionFunc(func(c config) config {
		c.redactor = redact
		return c
	})
}

// WithProvider sets gen_ai.provider.name for a client whose provider cannot be
// told from the host it talks to, for instance behind a gateway. Use a value of
// the conventions where one fits. Default: told from the host, or else from the
// answer.
func WithProvider(name string) Option {
	return optionFunc(func(c config) config {
		c.genAIName = name
		return c
	})
}

// WithDialects chooses the attribute vocabularies on the span. gen_ai.* is always
// written. The environment variable GENOTEL_DIALECTS, a comma-separated list, is
// used when the option is not. Default: [dialect.Default].
func WithDialects(dialects ...dialect.Dialect) Option {
	return optionFunc(func(c config) config { return c.withDialects(dialects) })
}

// WithAttemptSpans says whether a call that had to be retried shows each attempt
// as a child span. They are plain HTTP client spans without gen_ai.* attributes,
// so that no backend counts a call twice. A call that succeeds at once never has
// one. Default: true.
func WithAttemptSpans(on bool) Option {
	return optionFunc(func(c config) config {
		c.attemptSpans = on
		return c
	})
}

// WithLiteLLM says that the client talks to a LiteLLM proxy, and who of the two
// traces the model calls; see [LiteLLMMode]. A proxy is recognized by its responses
// without the option, which is needed for the modes other than [LiteLLMClient].
// Give it to clients of the proxy only. Default: not said, the client traces.
func WithLiteLLM(mode LiteLLMMode) Option {
	return optionFunc(func(c config) config {
		if mode > LiteLLMNested {
			c.problems = append(c.problems, fmt.Errorf("WithLiteLLM: unknown mode %d", mode))
			return c
		}
		c.liteLLM = mode
		return c
	})
}

// WithPropagateTo sends the trace context of a model call, the headers traceparent
// and tracestate of W3C Trace Context, to the hosts named, so that a gateway of
// your own can continue the trace: "gateway.example", "gateway.example:4000", or
// "*.example.com" for all hosts below a domain. Letter case does not matter; a host
// without a port stands for all its ports. A pattern that is none of these is
// reported to OpenTelemetry's error handler and ignored.
//
// The parent written is the span of the call, also when it is not sampled, and the
// same for every attempt. Baggage is never sent, whatever the global propagator
// does. A request that carries a trace context already keeps it. The headers go
// into a copy of the request. Below otelopenai it is the HTTP client that follows
// redirects, and net/http repeats all headers but credentials and cookies to the host
// that one leads to: where openai-go does not refuse other hosts, as its newer
// releases do, name hosts that do not redirect elsewhere. Transports of otelgenaihttp
// see each hop and send nothing to a host that is not named.
//
// Default: none. Given several times, all hosts count.
func WithPropagateTo(hosts ...string) Option {
	return optionFunc(func(c config) config {
		for _, host := range hosts {
			pattern, err := parseHostPattern(host)
			if err != nil {
				c.problems = append(c.problems, fmt.Errorf("WithPropagateTo: %w", err))
				continue
			}
			c.propagateTo = append(c.propagateTo, pattern)
		}
		return c
	})
}

// WithStreamUsage changes what the program sees: the provider ends each stream with
// a chunk without choices, and code that takes the first choice of every chunk
// panics on it. That chunk has the usage, which OpenAI and many others leave out of
// streams unless they are asked.
//
// It sets stream_options.include_usage in streamed requests for chat and completions
// that do not say themselves whether they want it, sampled or not. Only the copy of
// the request that is sent changes. A body that can be read only once is left as it
// is, and a provider that refuses fields it does not know may refuse the request.
// Default: requests are sent as they are.
func WithStreamUsage() Option {
	return optionFunc(func(c config) config {
		c.streamUsage = true
		return c
	})
}

// WithClientMetadata adds metadata to every call of the client, as [WithMetadata] does to
// what is below a context, which wins where both have a name. Given several times, all
// count. Default: none.
func WithClientMetadata(metadata map[string]any) Option {
	labels := withMetadata(nil, metadata)
	return optionFunc(func(c config) config {
		c.labels.Metadata = mergedMetadata(c.labels.Metadata, labels)
		return c
	})
}

// WithClientTags adds tags to every call of the client, beside those of [WithTags]. Given
// several times, all count. Default: none.
func WithClientTags(tags ...string) Option {
	own := withTags(nil, tags)
	return optionFunc(func(c config) config {
		c.labels.Tags = withTags(c.labels.Tags, own)
		return c
	})
}

// vocabularies is what [WithDialects] chose.
func (c config) vocabularies() vocabularySet {
	return vocabularySet{true, c.langsmith, c.llm, c.openInference}
}

func (c config) withDialects(dialects []dialect.Dialect) config {
	c.langsmith, c.llm, c.openInference = false, false, false
	for _, d := range dialects {
		c.langsmith = c.langsmith || d == dialect.LangSmith
		c.llm = c.llm || d == dialect.LLM
		c.openInference = c.openInference || d == dialect.OpenInference
	}
	return c
}

// withDialectsOf chooses those of dialectsVariable.
func (c config) withDialectsOf(list string) (config, error) {
	if list = strings.TrimSpace(list); list == "" {
		return c, nil
	}
	dialects, err := dialect.Parse(list)
	if err != nil {
		return c, fmt.Errorf("%s: %w", dialectsVariable, err)
	}
	return c.withDialects(dialects), nil
}

// newConfig applies defaults, environment and options. A wrong environment value
// is reported once and ignored: an instrumentation must not stop the program.
func newConfig(opts []Option) config {
	c := config{attemptSpans: true}.withDialects(dialect.Default())
	var problems []error
	c, err := c.withDialectsOf(os.Getenv(dialectsVariable))
	if err != nil {
		problems = append(problems, err)
	}
	for _, opt := range opts {
		if opt != nil {
			c = opt.apply(c)
		}
	}
	if value := strings.TrimSpace(os.Getenv(captureVariable)); value != "" {
		mode, err := parseContent(value)
		if err != nil {
			problems = append(problems, err)
		} else {
			c.content, c.contentFixed = mode, true
		}
	}
	reportSettings(append(problems, c.problems...))
	return c
}

// with applies further options. The provider is nil unless they choose one.
func (c config) with(opts []Option) config {
	content := c.content
	c.provider, c.genAIName, c.problems = nil, "", nil
	for _, opt := range opts {
		c = opt.apply(c)
	}
	if c.contentFixed {
		c.content = content
	}
	reportSettings(c.problems)
	return c
}

func reportSettings(problems []error) {
	if len(problems) > 0 {
		otel.Handle(fmt.Errorf("genotel: ignored a setting: %w", errors.Join(problems...)))
	}
}
