package genotelconf

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/contrib/otelconf"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
)

// SDK is what [Configure] set up: the providers of the file, and the destinations of
// genotel. Its methods are safe for concurrent use.
type SDK struct {
	telemetry *genotel.Telemetry
	file      *otelconf.SDK // nil where there is no file, or it is switched off
	tracers   trace.TracerProvider
	meters    metric.MeterProvider
	logs      log.LoggerProvider
	fields    propagation.TextMapPropagator

	stopping atomic.Bool   // decides who of the callers of Shutdown does it
	stopped  chan struct{} // closed when report is set
	report   error
}

// TracerProvider returns the provider whose spans are exported.
func (s *SDK) TracerProvider() trace.TracerProvider { return s.tracers }

// MeterProvider returns that of the file, one that does nothing if the file has none,
// and without a file the one that was the global one.
func (s *SDK) MeterProvider() metric.MeterProvider { return s.meters }

// LoggerProvider returns that of the file, one that does nothing if the file has none,
// and without a file the one that was the global one.
func (s *SDK) LoggerProvider() log.LoggerProvider { return s.logs }

// Propagator returns that of the file, one that does nothing if the file has none, and
// without a file the one that was the global one.
func (s *SDK) Propagator() propagation.TextMapPropagator { return s.fields }

// Stats returns, for each destination of genotel, what has become of its spans. The
// exporters of the file are not counted.
func (s *SDK) Stats() []genotel.DestinationStats { return s.telemetry.Stats() }

// ForceFlush returns when everything recorded before the call has left, or is finally
// lost, or when ctx ends.
func (s *SDK) ForceFlush(ctx context.Context) error {
	if s.file == nil {
		return s.telemetry.ForceFlush(ctx)
	}
	return atOnce(func() error { return s.telemetry.ForceFlush(ctx) },
		func() error { return flush(ctx, s.tracers) },
		func() error { return flush(ctx, s.meters) },
		func() error { return flush(ctx, s.logs) })
}

// flush does nothing for providers that do nothing.
func flush(ctx context.Context, provider any) error {
	if f, ok := provider.(interface{ ForceFlush(context.Context) error }); ok {
		return f.ForceFlush(ctx)
	}
	return nil
}

// Shutdown delivers what is left and stops all providers of the file, and genotel's
// destinations at the same time, so that a backend that is down takes no time from the
// others. It waits no longer than ctx; the error then says what was lost, see
// [genotel.DeliveryError]. Further calls return the same result.
func (s *SDK) Shutdown(ctx context.Context) error {
	if s.stopping.CompareAndSwap(false, true) {
		defer close(s.stopped)
		s.report = s.stop(ctx)
		return s.report
	}
	select {
	case <-s.stopped:
		return s.report
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *SDK) stop(ctx context.Context) error {
	ours := func() error { return s.telemetry.Shutdown(ctx) }
	if s.file == nil {
		return ours()
	}
	// otelconf's Shutdown asks one provider after the other, and those whose turn comes
	// after the end of ctx would not stop.
	return atOnce(ours,
		func() error { return stop(ctx, s.tracers) },
		func() error { return stop(ctx, s.meters) },
		func() error { return stop(ctx, s.logs) })
}

// stop does nothing for providers that do nothing.
func stop(ctx context.Context, provider any) error {
	if p, ok := provider.(interface{ Shutdown(context.Context) error }); ok {
		return p.Shutdown(ctx)
	}
	return nil
}

// atOnce calls all of fs at the same time and joins their errors. The TracerProvider asks
// genotel's processor, too, and repeats what that said: such an error is left out.
func atOnce(fs ...func() error) error {
	errs := make([]error, len(fs))
	var all sync.WaitGroup
	for i, f := range fs {
		all.Go(func() { errs[i] = f() })
	}
	all.Wait()
	var told []error
	for _, err := range errs {
		if err != nil && !isTold(told, err) {
			told = append(told, err)
		}
	}
	return errors.Join(told...)
}

func isTold(told []error, err error) bool {
	for _, before := range told {
		if strings.Contains(before.Error(), err.Error()) {
			return true
		}
	}
	return false
}
