package console

import (
	"cmp"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/internal/redaction"
)

// Option configures a [Processor]. A nil Option is ignored.
type Option interface {
	apply(config) config
}

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

type config struct {
	content     dialect.Content
	project     string
	environment string
	ascii       bool
	redact      redaction.Func // nil for none
	logger      *slog.Logger   // nil: slog.Default() at the time of use
}

func newConfig(opts []Option) config {
	c := config{content: dialect.Content{Input: true, Output: true}, ascii: wantsASCII(os.Getenv)}
	for _, opt := range opts {
		if opt != nil {
			c = opt.apply(c)
		}
	}
	return c
}

// WithContent says which side of the conversation is shown. The prompt is of the
// input; answers are never shown. Default: both.
func WithContent(content dialect.Content) Option {
	return optionFunc(func(c config) config {
		c.content = content
		return c
	})
}

// WithRedactor passes every prompt through redact before it is shown, on the printer's
// goroutine and in whole texts. A prompt for which redact returns an error or panics is
// "(withheld)". Default: none.
func WithRedactor(redact func(text string) (string, error)) Option {
	return optionFunc(func(c config) config {
		c.redact = redact
		return c
	})
}

// WithProject sets what the row Project says. Default: service.name of the resource.
func WithProject(name string) Option {
	return optionFunc(func(c config) config {
		c.project = name
		return c
	})
}

// WithEnvironment sets what the row Environment says. Default:
// deployment.environment.name of the resource.
func WithEnvironment(name string) Option {
	return optionFunc(func(c config) config {
		c.environment = name
		return c
	})
}

// WithASCII draws with ASCII characters only, and escapes all others. Default: true
// where TERM is dumb, or where the locale (LC_ALL, LC_CTYPE or LANG, the first that is
// set) is not one of UTF-8.
func WithASCII(ascii bool) Option {
	return optionFunc(func(c config) config {
		c.ascii = ascii
		return c
	})
}

// WithLogger sets where it is said once that panels are lost. Default, also for nil:
// [slog.Default] at that time.
func WithLogger(logger *slog.Logger) Option {
	return optionFunc(func(c config) config {
		c.logger = logger
		return c
	})
}

// wantsASCII reports whether the environment tells of a terminal without Unicode.
func wantsASCII(getenv func(string) string) bool {
	if getenv("TERM") == "dumb" {
		return true
	}
	locale := strings.ToUpper(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return locale != "" && !strings.Contains(locale, "UTF-8") && !strings.Contains(locale, "UTF8")
}

// writerOrStderr is where panels go when nil is given.
func writerOrStderr(w io.Writer) io.Writer {
	if w == nil {
		return os.Stderr
	}
	return w
}
