package export

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai/record"
)

const (
	// DefaultQueueBytes bounds the estimated size of the spans that wait for one
	// destination or are on their way to it. It holds some minutes of chat traffic
	// and is small beside the memory of a program that handles such traffic.
	DefaultQueueBytes = 32 << 20
	// DefaultQueueSpans bounds their number.
	DefaultQueueSpans = 65536
	// DefaultBatchDelay is how long the first span of a batch waits for company.
	DefaultBatchDelay = time.Second
	// DefaultRetryBudget is how long a request is retried.
	DefaultRetryBudget = 5 * time.Minute
	// DefaultTimeout bounds one attempt to send a request.
	DefaultTimeout = 10 * time.Second
	// DefaultShutdownTimeout bounds Shutdown when its context has no deadline.
	DefaultShutdownTimeout = 30 * time.Second
)

// Option configures a [Processor]. A nil Option is ignored.
type Option interface {
	apply(config) config
}

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

// WithLogger sets where warnings go: about lost spans and about destinations that
// keep failing, at most one a minute and destination, and a last one at Shutdown.
// Nothing else is logged. Default, also for nil: [slog.Default] at the time of the
// warning.
func WithLogger(logger *slog.Logger) Option {
	return optionFunc(func(c config) config {
		c.logger = logger
		return c
	})
}

// WithQueue bounds what one destination keeps in memory, spans on their way
// included: by estimated bytes and by number. A span that does not fit is dropped
// and counted as [ReasonQueueOverflow]. Zero means [DefaultQueueBytes] and
// [DefaultQueueSpans].
func WithQueue(maxBytes, maxSpans int) Option {
	return optionFunc(func(c config) config {
		c.queueBytes, c.queueSpans = maxBytes, maxSpans
		return c
	})
}

// WithBatchDelay sets how long a span waits for others to share its request. A
// full batch does not wait. Zero means [DefaultBatchDelay].
func WithBatchDelay(delay time.Duration) Option {
	return optionFunc(func(c config) config {
		c.batchDelay = delay
		return c
	})
}

// WithRetryBudget sets for how long a request is retried, counted from its first
// attempt. An attempt that fails after it is the last, and the spans are dropped as
// [ReasonExpired] or [ReasonConfig]; a pause that the server asked for is never cut
// short by it. Zero means [DefaultRetryBudget].
func WithRetryBudget(budget time.Duration) Option {
	return optionFunc(func(c config) config {
		c.retryBudget = budget
		return c
	})
}

// WithRedaction changes what all destinations get, before any of their views: each span by
// span, each call record by call. Both are called at most once for a span, on the worker of
// the destination that comes first, and must change nothing in place. What panics is not
// sent: the span is dropped as [ReasonInternalError], or goes without its record. Default:
// nothing is changed.
func WithRedaction(
	span func(sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan, call func(*record.Call) *record.Call,
) Option {
	return optionFunc(func(c config) config {
		c.redaction = redaction{span: span, call: call}
		return c
	})
}

// WithSpool keeps requests on the disk until they are delivered. Default: they are in
// memory only.
func WithSpool(s Spool) Option {
	return optionFunc(func(c config) config {
		c.spool = s
		return c
	})
}

// WithMeterProvider sets where the pipeline's own metrics go: those which OpenTelemetry's
// conventions have for an SDK (otel.sdk.processor.span.*, otel.sdk.exporter.*), and
// genotel.exporter.queue.bytes. They are read when metrics are collected. Default, also
// for nil: the global MeterProvider.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return optionFunc(func(c config) config {
		c.meterProvider = provider
		return c
	})
}

type config struct {
	logger        *slog.Logger         // nil: slog.Default() at the time of use
	meterProvider metric.MeterProvider // nil: the global one
	queueBytes    int
	queueSpans    int
	batchDelay    time.Duration
	retryBudget   time.Duration

	spool     Spool
	redaction redaction

	transport http.RoundTripper // nil: an own http.Transport; tests set it
}

func newConfig(opts []Option) (config, error) {
	var c config
	for _, opt := range opts {
		if opt != nil {
			c = opt.apply(c)
		}
	}
	var problems []error
	check := func(name string, negative bool) {
		if negative {
			problems = append(problems, fmt.Errorf("%s is negative", name))
		}
	}
	check("queue size in bytes", c.queueBytes < 0)
	check("queue size in spans", c.queueSpans < 0)
	check("spool size", c.spool.MaxBytes < 0)
	check("spool age", c.spool.MaxAge < 0)
	check("batch delay", c.batchDelay < 0)
	check("retry budget", c.retryBudget < 0)

	c.queueBytes = cmp.Or(c.queueBytes, DefaultQueueBytes)
	c.queueSpans = cmp.Or(c.queueSpans, DefaultQueueSpans)
	c.batchDelay = cmp.Or(c.batchDelay, DefaultBatchDelay)
	c.retryBudget = cmp.Or(c.retryBudget, DefaultRetryBudget)
	return c, errors.Join(problems...)
}
