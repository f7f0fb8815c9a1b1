package otelgenai

import (
	"context"
	"iter"
	"reflect"
	"time"
)

// Run calls fn in a span and returns what fn returns, unchanged. The context that fn gets
// carries the span. name is a constant of the program, such as "answer".
//
// The result is the span's output, and is read before Run returns; the input is what
// [WithInput] says. An error marks the span as failed, see [Span.Fail], and so does a
// panic, which goes on untouched. What is recorded and inherited is told at [Start]. Where
// nothing records, Run is a call of fn.
func Run[T any](
	ctx context.Context, name string, fn func(context.Context) (T, error), opts ...SpanOption,
) (T, error) {
	ctx, span := begin(ctx, KindChain, name, opts)
	if span == nil {
		return fn(ctx)
	}
	return run(ctx, span, fn)
}

// Wrap returns fn with a span around each call, as [Run] makes it. The input of the span is
// what fn is given.
func Wrap[In, Out any](
	name string, fn func(context.Context, In) (Out, error), opts ...SpanOption,
) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, input In) (Out, error) {
		ctx, span := begin(ctx, KindChain, name, opts)
		if span == nil {
			return fn(ctx, input)
		}
		if span.WantsContent() {
			span.SetInput(input)
		}
		return run(ctx, span, func(ctx context.Context) (Out, error) { return fn(ctx, input) })
	}
}

// run ends span after fn, also when fn panics or ends the goroutine. It does not recover:
// who prints the panic sees where it came from.
func run[T any](ctx context.Context, span *Span, fn func(context.Context) (T, error)) (result T, err error) {
	returned := false
	defer func() {
		if !returned {
			span.work.panicked()
		}
		span.end()
	}()
	result, err = fn(ctx)
	returned = true
	if err != nil {
		span.Fail(err)
		return result, err
	}
	span.setResult(result)
	return result, nil
}

// setResult records an output unless the function itself has told one.
func (s *Span) setResult(value any) {
	s.work.mu.Lock()
	told := s.work.output.set || len(s.work.choices) > 0 || len(s.work.chunks.values) > 0
	s.work.mu.Unlock()
	if !told {
		s.SetOutput(value)
	}
}

// Seq returns seq with a span around each iteration over it, which is passed on unchanged.
// The span begins with the iteration and ends with it: when seq is exhausted, when the loop
// stops, which leaves the output incomplete, or by a panic. An error that seq yields marks
// it as failed.
//
// The values are the span's output: texts are joined, others make up a list, of which at
// most 64 KiB are kept. For [KindLLM] they are the chunks of the answer; see [Span.Chunk].
//
// A sequence that takes its values by iter.Pull must be stopped, or its span never ends.
// Spans within seq are no children of this one, since seq has its context already.
func Seq[T any](
	ctx context.Context, name string, seq iter.Seq2[T, error], opts ...SpanOption,
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		_, span := begin(ctx, KindChain, name, opts)
		if span == nil {
			seq(yield)
			return
		}
		returned := false
		defer func() {
			if !returned {
				span.work.panicked()
			}
			span.end()
		}()
		seq(func(value T, err error) bool {
			if err != nil {
				span.Fail(err)
			} else {
				span.item(value)
			}
			more := yield(value, err)
			if !more {
				span.work.update((*work).interrupt)
			}
			return more
		})
		returned = true
	}
}

// item records one value of a sequence. It is encoded outside of the lock, for its methods
// are foreign code.
func (s *Span) item(value any) {
	now, v := time.Now(), reflect.ValueOf(value)
	hasContent, isFull := v.IsValid() && (v.Kind() != reflect.String || v.Len() > 0), false
	s.work.update(func(w *work) {
		w.chunk(hasContent, now)
		w.op.call.Request.Stream = w.config.kind == KindLLM
		isFull = w.chunks.isFull()
		w.chunks.cut = w.chunks.cut || isFull && hasContent
	})
	if !hasContent || isFull || !s.WantsContent() {
		return
	}
	p := newPayload(value, s.work.config.processOutputs)
	s.work.update(func(w *work) { w.chunks.add(&p, v.Kind() == reflect.String) })
}
