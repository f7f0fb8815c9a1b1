package otelgenai

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
)

// The environment variables that instrumentations read when they are created.
const (
	// captureVariable is defined by the OpenTelemetry GenAI conventions.
	captureVariable  = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
	dialectsVariable = "GENOTEL_DIALECTS"
)

// Option configures an instrumentation. A nil Option is ignored.
type Option interface {
	apply(config) config
}

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

type config struct {
	provider     trace.TracerProvider
	genAIName    string
	content      Content
	redactor     Redactor
	langsmith    bool
	llm          bool
	attemptSpans bool
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

func (c config) withDialects(dialects []dialect.Dialect) config {
	c.langsmith, c.llm = false, false
	for _, d := range dialects {
		c.langsmith = c.langsmith || d == dialect.LangSmith
		c.llm = c.llm || d == dialect.LLM
	}
	return c
}

// newConfig applies defaults, environment and options. A wrong environment value
// is reported once and ignored: an instrumentation must not stop the program.
func newConfig(opts []Option) config {
	c := config{attemptSpans: true}.withDialects(dialect.Default())
	var problems []error
	if list := strings.TrimSpace(os.Getenv(dialectsVariable)); list != "" {
		dialects, err := dialect.Parse(list)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", dialectsVariable, err))
		} else {
			c = c.withDialects(dialects)
		}
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
			c.content = mode
		}
	}
	if len(problems) > 0 {
		otel.Handle(fmt.Errorf("genotel: ignored a setting: %w", errors.Join(problems...)))
	}
	return c
}
