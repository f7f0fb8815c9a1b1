package otelgenai_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// workbench is a TracerProvider with a destination that may see content.
type workbench struct {
	spans    *tracetest.SpanRecorder
	listener *listener
	on       otelgenai.Option
}

func newWorkbench(t *testing.T) *workbench {
	t.Helper()
	b := &workbench{spans: tracetest.NewSpanRecorder(), listener: &listener{}}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans), sdktrace.WithSpanProcessor(b.listener))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	b.on = otelgenai.WithTracerProvider(provider)
	return b
}

// ended returns the only span that has ended.
func (b *workbench) ended(t *testing.T) sdktrace.ReadOnlySpan {
	t.Helper()
	require.Len(t, b.spans.Ended(), 1)
	return b.spans.Ended()[0]
}

// call returns the record of the first span.
func (b *workbench) call(t *testing.T) *record.Call {
	t.Helper()
	b.listener.mu.Lock()
	defer b.listener.mu.Unlock()
	require.NotEmpty(t, b.listener.slips)
	call := b.listener.slips[0].Call()
	require.NotNil(t, call)
	return call
}

type question struct {
	Text string `json:"text"`
}

func TestAFunctionIsASpanWithItsInputAndOutputBesideIt(t *testing.T) {
	b := newWorkbench(t)
	result, err := otelgenai.Run(t.Context(), "answer", func(ctx context.Context) (question, error) {
		assert.True(t, trace.SpanFromContext(ctx).IsRecording())
		return question{"because"}, nil
	}, b.on, otelgenai.WithInput(question{"why"}))
	require.NoError(t, err)
	assert.Equal(t, question{"because"}, result)

	span := b.ended(t)
	assert.Equal(t, "answer", span.Name())
	assert.Equal(t, trace.SpanKindInternal, span.SpanKind())
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, []attribute.KeyValue{attribute.String("langsmith.span.kind", "chain")}, span.Attributes())
	assert.Equal(t, "github.com/genotel/genotel/otelgenai", span.InstrumentationScope().Name)
	call := b.call(t)
	assert.JSONEq(t, `{"text":"why"}`, call.Step.Input)
	assert.JSONEq(t, `{"text":"because"}`, call.Step.Output)
}

func TestContentOfAFunctionIsOnTheSpanOnlyWhereThePolicySaysSo(t *testing.T) {
	b := newWorkbench(t)
	_, err := otelgenai.Run(t.Context(), "answer", func(context.Context) (question, error) { return question{"because"}, nil },
		b.on, otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithInput("why"))
	require.NoError(t, err)
	span := b.ended(t)
	assert.Equal(t, "why", attr(span, "input.value"))
	assert.Equal(t, "text/plain", attr(span, "input.mime_type"))
	assert.JSONEq(t, `{"text":"because"}`, fmt.Sprint(attr(span, "output.value")))
	assert.Equal(t, "application/json", attr(span, "output.mime_type"))
}

func TestAWrappedFunctionTellsWhatItWasGiven(t *testing.T) {
	b := newWorkbench(t)
	double := otelgenai.Wrap("double", func(_ context.Context, n int) (int, error) { return 2 * n, nil }, b.on)
	result, err := double(t.Context(), 21)
	require.NoError(t, err)
	assert.Equal(t, 42, result)
	call := b.call(t)
	assert.Equal(t, "21", call.Step.Input)
	assert.Equal(t, "42", call.Step.Output)
}

func TestAnInputThatChangesLaterIsRecordedAsItWas(t *testing.T) {
	b := newWorkbench(t)
	upper := otelgenai.Wrap("upper", func(_ context.Context, words []string) ([]string, error) {
		words[0] = "changed"
		return words, nil
	}, b.on)
	result, err := upper(t.Context(), []string{"first"})
	require.NoError(t, err)
	result[0] = "changed again"
	call := b.call(t)
	assert.JSONEq(t, `["first"]`, call.Step.Input)
	assert.JSONEq(t, `["changed"]`, call.Step.Output)
}

type notFoundError struct{ secret string }

func (e *notFoundError) Error() string { return "nothing about " + e.secret }

func TestAnErrorIsReturnedAsItIsAndFailsTheSpan(t *testing.T) {
	b := newWorkbench(t)
	failure := fmt.Errorf("searching: %w", &notFoundError{"MARKER"})
	result, err := otelgenai.Run(t.Context(), "search", func(context.Context) (string, error) { return "half", failure }, b.on)
	assert.Same(t, failure, err)
	assert.Equal(t, "half", result)

	span := b.ended(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "*otelgenai_test.notFoundError", attr(span, "error.type"))
	require.Len(t, span.Events(), 1)
	assert.Equal(t, "exception", span.Events()[0].Name)
	for _, kv := range append(span.Attributes(), span.Events()[0].Attributes...) {
		assert.NotContains(t, kv.Value.String(), "MARKER", kv.Key)
	}
	assert.NotContains(t, span.Status().Description, "MARKER")
	call := b.call(t)
	assert.Equal(t, "searching: nothing about MARKER", call.Error.Message)
	assert.Empty(t, call.Step.Output)
}

type panickingError struct{}

func (panickingError) Error() string   { panic("Error") }
func (panickingError) Is(error) bool   { panic("Is") }
func (panickingError) Unwrap() error   { panic("Unwrap") }
func (panickingError) Timeout() bool   { panic("Timeout") }
func (panickingError) Temporary() bool { panic("Temporary") }

func TestErrorsHaveATypeOfFewValues(t *testing.T) {
	reported(t)
	for want, err := range map[string]error{
		"_OTHER":                        errors.New("MARKER"),
		"timeout":                       fmt.Errorf("asking: %w", context.DeadlineExceeded),
		"*otelgenai_test.notFoundError": &notFoundError{},
	} {
		b := newWorkbench(t)
		_, _ = otelgenai.Run(t.Context(), "f", func(context.Context) (int, error) { return 0, err }, b.on)
		assert.Equal(t, want, attr(b.ended(t), "error.type"))
	}
	b := newWorkbench(t)
	_, _ = otelgenai.Run(t.Context(), "f", func(context.Context) (int, error) { return 0, panickingError{} }, b.on)
	assert.Equal(t, codes.Error, b.ended(t).Status().Code)
}

func TestAnErrorThatIsToBeIgnoredIsNoFailure(t *testing.T) {
	b := newWorkbench(t)
	_, err := otelgenai.Run(t.Context(), "read", func(context.Context) (int, error) { return 0, fmt.Errorf("done: %w", io.EOF) },
		b.on, otelgenai.WithIgnoredErrors(io.ErrClosedPipe), otelgenai.WithIgnoredErrors(io.EOF))
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, codes.Unset, b.ended(t).Status().Code)
	assert.Nil(t, attr(b.ended(t), "error.type"))
	assert.Empty(t, b.ended(t).Events())
	assert.Nil(t, attr(b.ended(t), "genotel.response.incomplete"))
}

func TestCanceledWorkIsIncompleteAndNoFailure(t *testing.T) {
	b := newWorkbench(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := otelgenai.Run(ctx, "wait", func(ctx context.Context) (int, error) {
		cancel()
		<-ctx.Done()
		return 0, ctx.Err()
	}, b.on)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, codes.Unset, b.ended(t).Status().Code)
	assert.Equal(t, true, attr(b.ended(t), "genotel.response.incomplete"))
}

func TestAPanicGoesOnAfterTheSpanHasEndedInError(t *testing.T) {
	value := &question{"value"}
	for name, f := range map[string]func(b *workbench){
		"Run": func(b *workbench) {
			_, _ = otelgenai.Run(t.Context(), "f", func(context.Context) (int, error) { panic(value) }, b.on)
		},
		"Wrap": func(b *workbench) {
			_, _ = otelgenai.Wrap("f", func(context.Context, int) (int, error) { panic(value) }, b.on)(t.Context(), 1)
		},
		"Seq": func(b *workbench) {
			drain(otelgenai.Seq(t.Context(), "f", func(func(int, error) bool) { panic(value) }, b.on))
		},
		"loop over Seq": func(b *workbench) {
			for _, err := range otelgenai.Seq(t.Context(), "f", numbers(3, nil), b.on) {
				assert.NoError(t, err)
				panic(value)
			}
		},
		"End": func(b *workbench) {
			_, span := otelgenai.Start(t.Context(), "f", b.on)
			defer span.End()
			panic(value)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newWorkbench(t)
			assert.PanicsWithValue(t, value, func() { f(b) })
			assert.Equal(t, codes.Error, b.ended(t).Status().Code)
			assert.Equal(t, "panic", attr(b.ended(t), "error.type"))
		})
	}
}

func TestAGoroutineThatEndsInAFunctionEndsItsSpan(t *testing.T) {
	b := newWorkbench(t)
	var wait sync.WaitGroup
	wait.Go(func() {
		_, _ = otelgenai.Run(t.Context(), "f", func(context.Context) (int, error) {
			runtime.Goexit()
			return 0, nil
		}, b.on)
	})
	wait.Wait()
	assert.Equal(t, codes.Error, b.ended(t).Status().Code)
}

// drain counts what a sequence yields.
func drain[T any](seq iter.Seq2[T, error]) (count int) {
	seq(func(T, error) bool {
		count++
		return true
	})
	return count
}

// numbers yields the first n numbers and then err.
func numbers(n int, err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

func TestASequencePassesOnWhatItYieldsAndEndsItsSpanWhenExhausted(t *testing.T) {
	b := newWorkbench(t)
	seq := otelgenai.Seq(t.Context(), "count", numbers(3, nil), b.on)
	assert.Empty(t, b.spans.Started(), "nobody has asked for a value")
	var got []int
	for n, err := range seq {
		require.NoError(t, err)
		assert.Empty(t, b.spans.Ended())
		got = append(got, n)
	}
	assert.Equal(t, []int{0, 1, 2}, got)
	assert.JSONEq(t, `[0,1,2]`, b.call(t).Step.Output)
	assert.Equal(t, codes.Unset, b.ended(t).Status().Code)
	assert.Equal(t, int64(3), attr(b.ended(t), "genotel.stream.chunks"))
	assert.Nil(t, attr(b.ended(t), "genotel.response.incomplete"))

	drain(seq)
	assert.Len(t, b.spans.Ended(), 2, "a second iteration is a second span")
}

func TestTextsOfASequenceAreJoined(t *testing.T) {
	b := newWorkbench(t)
	drain(otelgenai.Seq(t.Context(), "tell", func(yield func(string, error) bool) {
		_ = yield("Once ", nil) && yield("", nil) && yield("upon", nil)
	}, b.on))
	assert.Equal(t, "Once upon", b.call(t).Step.Output)
}

func TestASequenceThatIsLeftEarlyIsIncomplete(t *testing.T) {
	b := newWorkbench(t)
	for n, err := range otelgenai.Seq(t.Context(), "count", numbers(3, nil), b.on) {
		require.NoError(t, err)
		if n == 1 {
			break
		}
	}
	assert.Equal(t, true, attr(b.ended(t), "genotel.response.incomplete"))
	assert.Equal(t, codes.Unset, b.ended(t).Status().Code)
	assert.JSONEq(t, `[0,1]`, b.call(t).Step.Output)
}

func TestASequenceThatYieldsAnErrorHasFailed(t *testing.T) {
	b, failure := newWorkbench(t), errors.New("broken")
	var got []error
	for _, err := range otelgenai.Seq(t.Context(), "count", numbers(1, failure), b.on) {
		got = append(got, err)
	}
	assert.Equal(t, []error{nil, failure}, got)
	assert.Equal(t, codes.Error, b.ended(t).Status().Code)
	assert.JSONEq(t, `[0]`, b.call(t).Step.Output)
}

func TestASequenceThatIsPulledEndsItsSpanWhenStopped(t *testing.T) {
	b := newWorkbench(t)
	next, stop := iter.Pull2(otelgenai.Seq(t.Context(), "count", numbers(3, nil), b.on))
	n, err, ok := next()
	assert.True(t, ok)
	require.NoError(t, err)
	assert.Zero(t, n)
	assert.Empty(t, b.spans.Ended())
	stop()
	assert.Equal(t, true, attr(b.ended(t), "genotel.response.incomplete"))
}

func TestALongSequenceIsKeptUpToABound(t *testing.T) {
	b := newWorkbench(t)
	assert.Equal(t, 100_000, drain(otelgenai.Seq(t.Context(), "count", numbers(100_000, nil), b.on)))
	call := b.call(t)
	assert.LessOrEqual(t, len(call.Step.Output), 64<<10)
	assert.Greater(t, len(call.Step.Output), 60<<10)
	assert.True(t, call.Content.Truncated)
}

func TestProcessingChangesOnlyWhatIsRecorded(t *testing.T) {
	b := newWorkbench(t)
	shout := otelgenai.Wrap("shout", func(_ context.Context, text string) (string, error) { return text + "!", nil }, b.on,
		otelgenai.WithProcessInputs(func(any) any { return "an input" }),
		otelgenai.WithProcessOutputs(func(v any) any { return fmt.Sprintf("%v (processed)", v) }))
	result, err := shout(t.Context(), "hey")
	require.NoError(t, err)
	assert.Equal(t, "hey!", result)
	assert.Equal(t, "an input", b.call(t).Step.Input)
	assert.Equal(t, "hey! (processed)", b.call(t).Step.Output)
}

func TestAnInputThatCannotBeProcessedIsWithheld(t *testing.T) {
	errs := reported(t)
	b := newWorkbench(t)
	_, err := otelgenai.Wrap("f", func(_ context.Context, text string) (string, error) { return text, nil }, b.on,
		otelgenai.WithProcessInputs(func(any) any { panic("MARKER") }))(t.Context(), "MARKER")
	require.NoError(t, err)
	assert.Empty(t, b.call(t).Step.Input)
	assert.Equal(t, "MARKER", b.call(t).Step.Output)
	assert.Equal(t, "process_error", b.call(t).Content.Withheld)
	require.Len(t, errs(), 1)
	assert.NotContains(t, errs()[0], "MARKER")
}

func TestNothingIsEncodedWhenNobodySeesContent(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	never := func(any) any {
		t.Error("processed")
		return nil
	}
	_, err := otelgenai.Wrap("f", func(context.Context, int) (int, error) { return 1, nil },
		otelgenai.WithTracerProvider(provider), otelgenai.WithProcessInputs(never), otelgenai.WithProcessOutputs(never),
	)(t.Context(), 1)
	require.NoError(t, err)
	assert.Len(t, spans.Ended(), 1)
}

func TestFunctionsNestAndInheritTheSettingsOfTheOuterOne(t *testing.T) {
	b := newWorkbench(t)
	redact := otelgenai.WithRedactor(func(string) (string, error) { return "[removed]", nil })
	_, err := otelgenai.Run(t.Context(), "same", func(ctx context.Context) (int, error) {
		return otelgenai.Run(ctx, "same", func(context.Context) (int, error) { return 1, nil }, otelgenai.WithInput("secret"))
	}, b.on, redact)
	require.NoError(t, err)
	require.Len(t, b.spans.Ended(), 2)
	inner, outer := b.spans.Ended()[0], b.spans.Ended()[1]
	assert.Equal(t, outer.SpanContext().SpanID(), inner.Parent().SpanID())
	assert.False(t, outer.Parent().IsValid())
	assert.Equal(t, "[removed]", b.listener.slips[1].Call().Step.Input)
}

func TestAnUnsampledFunctionRunsWithTheDecisionInItsContext(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSampler(sdktrace.NeverSample()))
	_, err := otelgenai.Run(t.Context(), "outer", func(ctx context.Context) (int, error) {
		sc := trace.SpanContextFromContext(ctx)
		assert.True(t, sc.IsValid())
		assert.False(t, sc.IsSampled())
		return otelgenai.Run(ctx, "inner", func(context.Context) (int, error) { return 1, nil })
	}, otelgenai.WithTracerProvider(provider))
	require.NoError(t, err)
	assert.Empty(t, spans.Started())
}

func TestManyFunctionsAtATime_ConcurrentSafe(t *testing.T) {
	b := newWorkbench(t)
	_, err := otelgenai.Run(t.Context(), "all", func(ctx context.Context) (int, error) {
		var wait sync.WaitGroup
		for i := range 1000 {
			wait.Go(func() {
				got, err := otelgenai.Wrap("one", func(_ context.Context, n int) (string, error) {
					return strconv.Itoa(n), nil
				})(ctx, i)
				assert.NoError(t, err)
				assert.Equal(t, strconv.Itoa(i), got)
			})
		}
		wait.Wait()
		return 1000, nil
	}, b.on)
	require.NoError(t, err)
	assert.Len(t, b.spans.Ended(), 1001)
	parent := b.spans.Ended()[1000].SpanContext().SpanID()
	seen := map[string]bool{}
	for _, span := range b.spans.Ended()[:1000] {
		assert.Equal(t, parent, span.Parent().SpanID())
	}
	for _, slip := range b.listener.slips[1:] {
		call := slip.Call()
		assert.Equal(t, call.Step.Input, call.Step.Output)
		seen[call.Step.Input] = true
	}
	assert.Len(t, seen, 1000)
}

func TestAFunctionThatNobodyTracesCostsNothing(t *testing.T) {
	ctx := t.Context()
	fn := func(context.Context) (int, error) { return 1, nil }
	opts := []otelgenai.SpanOption{otelgenai.WithKind(otelgenai.KindTool)}
	wrapped := otelgenai.Wrap("f", func(_ context.Context, n int) (int, error) { return n, nil })
	for name, f := range map[string]func(){
		"Run":              func() { _, _ = otelgenai.Run(ctx, "f", fn) },
		"Run with options": func() { _, _ = otelgenai.Run(ctx, "f", fn, opts...) },
		"Wrap":             func() { _, _ = wrapped(ctx, 1) },
		"Start": func() {
			_, span := otelgenai.Start(ctx, "f")
			span.SetInput("x")
			span.End()
		},
	} {
		assert.Zero(t, testing.AllocsPerRun(100, f), name)
	}
}

func TestAProviderThatMakesNoSpansLeavesTheContextAsItIs(t *testing.T) {
	ctx := t.Context()
	_, err := otelgenai.Run(ctx, "f", func(inner context.Context) (int, error) {
		assert.Equal(t, ctx, inner)
		return 1, nil
	}, otelgenai.WithTracerProvider(noop.NewTracerProvider()))
	require.NoError(t, err)
}

func BenchmarkRun(b *testing.B) {
	fn := func(context.Context) (int, error) { return 1, nil }
	b.Run("disabled", func(b *testing.B) {
		b.ReportAllocs()
		ctx := b.Context()
		for b.Loop() {
			_, _ = otelgenai.Run(ctx, "f", fn)
		}
	})
	b.Run("recording", func(b *testing.B) {
		b.ReportAllocs()
		on := otelgenai.WithTracerProvider(sdktrace.NewTracerProvider())
		_, _ = otelgenai.Run(b.Context(), "outer", func(ctx context.Context) (int, error) {
			for b.Loop() {
				_, _ = otelgenai.Run(ctx, "f", fn)
			}
			return 0, nil
		}, on)
	})
}
