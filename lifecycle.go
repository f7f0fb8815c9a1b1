package genotel

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// flushReserve is kept of the time that a request has left, for its answer.
	flushReserve = 200 * time.Millisecond
	// flushTimeout bounds a flush where nothing else does.
	flushTimeout = 5 * time.Second
	// shutdownTimeout bounds the end of Run.
	shutdownTimeout = 10 * time.Second
)

// FlushAfter calls f, then delivers the spans that have ended, and returns f's error. It
// is for programs that are frozen between requests, such as functions in a cloud: wrap
// the handling of each request in it.
//
// Delivering takes no longer than 5 s, and no longer than ctx, less 200 ms for the answer.
// What is not delivered by then stays queued, or on the disk with [WithSpool],
// and the next call tries again; it is no error of f's. A panic of f goes on after the
// delivery.
func (t *Telemetry) FlushAfter(ctx context.Context, f func(context.Context) error) error {
	defer t.flush(ctx, flushReserve)
	return f(ctx)
}

// flush delivers as long as ctx allows, and tells nobody: what fails is counted and
// logged by the pipeline.
func (t *Telemetry) flush(ctx context.Context, reserve time.Duration) {
	limit := time.Now().Add(flushTimeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-reserve).Before(limit) {
		limit = deadline.Add(-reserve)
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), limit)
	defer cancel()
	_ = t.ForceFlush(ctx)
}

// Run calls f with a context that ends when the process is asked to stop, by an
// interrupt or SIGTERM, and then shuts down, taking at most 10 s. It is for the main
// function of services:
//
//	err := telemetry.Run(ctx, func(ctx context.Context) error { return serve(ctx) })
//
// It returns f's error joined with that of [Telemetry.Shutdown]. A panic of f goes on
// after the shutdown. A second signal ends the process as if Run were not there. Nothing
// else in this module handles signals.
func (t *Telemetry) Run(ctx context.Context, f func(context.Context) error) (err error) {
	asked, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(asked, stop) // from then on signals have their usual effect
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		err = errors.Join(err, t.Shutdown(ctx))
	}()
	return f(asked)
}
