package console_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/console"
	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/internal/handoff"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// value is what a panel says in a row.
func value(t *testing.T, panel, label string) string {
	t.Helper()
	for line := range strings.Lines(panel) {
		if rest, ok := strings.CutPrefix(line, "  │  "+label); ok {
			return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "│"))
		}
	}
	t.Fatalf("no row %s in\n%s", label, panel)
	return ""
}

// steps are the lines of the table without their numbers, blanks squeezed.
func steps(panel string) (all []string) {
	_, table, _ := strings.Cut(panel, "Detail\n")
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); len(fields) > 0 {
			all = append(all, strings.Join(fields[1:], " "))
		}
	}
	return all
}

func balanced(t *testing.T, s export.Stats) {
	t.Helper()
	assert.Equal(t, s.Ended, s.Delivered+s.Queued+s.Lost(), "%+v", s)
}

func TestATraceWithoutAGenAISpanIsLeftOut(t *testing.T) {
	b := newBench(t)
	b.span(t.Context(), "GET /health", 0, 1, func(ctx context.Context) { b.span(ctx, "SELECT", 0, 1, nil) })
	assert.Empty(t, b.printed())
	assert.Equal(t, export.Stats{Destination: "console", LeftOut: 2}, b.processor.Stats())
	assert.NoError(t, b.processor.Shutdown(t.Context()))
}

func TestASpanWithARemoteParentIsARoot(t *testing.T) {
	b := newBench(t)
	remote := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xff, 0xee}, SpanID: trace.SpanID{9}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	b.span(trace.ContextWithRemoteSpanContext(t.Context(), remote), "handler", 0, 10, func(ctx context.Context) {
		b.run(ctx, call(question, 1, 9))
	})
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, "tr_ffee0000", value(t, panels[0], "Trace ID"))
}

func TestTwoRootsOfOneTraceKeepTheirStepsApart(t *testing.T) {
	b := newBench(t)
	b.span(t.Context(), "client", 0, 100, func(ctx context.Context) {
		remote := trace.SpanContextFromContext(ctx).WithRemote(true)
		served := trace.ContextWithRemoteSpanContext(t.Context(), remote)
		b.span(served, "server", 10, 90, func(ctx context.Context) {
			b.run(ctx, call("inner", 20, 50))
			b.span(ctx, "execute_tool", 60, 80, nil, attribute.String("gen_ai.operation.name", "execute_tool"))
		})
		b.run(ctx, call("outer", 91, 95))
	})
	panels := b.printed()
	require.Len(t, panels, 2)
	assert.Equal(t, "inner", value(t, panels[0], "Prompt"))
	assert.Equal(t, "2", value(t, panels[0], "Steps"))
	assert.Equal(t, "outer", value(t, panels[1], "Prompt"))
	assert.Equal(t, "1", value(t, panels[1], "Steps"))
}

func TestASpanThatOutlivesItsRootIsNamedAndNotALoss(t *testing.T) {
	b := newBench(t)
	tracer := b.provider.Tracer("app")
	ctx, root := tracer.Start(t.Context(), "agent", trace.WithAttributes(attribute.String("gen_ai.operation.name", "invoke_agent")))
	_, late := tracer.Start(ctx, "stream", trace.WithAttributes(attribute.String("gen_ai.operation.name", "chat")))
	root.End()
	_, later := tracer.Start(ctx, "background", trace.WithAttributes(attribute.String("gen_ai.operation.name", "chat")))
	late.End()
	later.End()
	_, latest := tracer.Start(ctx, "background", trace.WithAttributes(attribute.String("gen_ai.operation.name", "chat")))
	latest.End()
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, "0 (1 span still open)", value(t, panels[0], "Steps"))
	assert.NotContains(t, panels[0], "Detail", "a table needs steps")
	assert.Equal(t, export.Stats{Destination: "console", Ended: 1, Delivered: 1, LeftOut: 3}, b.processor.Stats())
}

func TestTheStatusIsThatOfTheRootOrElseOfTheLastStep(t *testing.T) {
	failed := func() *record.Call {
		c := call(question, 10, 20)
		c.Outcome, c.Error = record.Failed, &record.Error{Type: "server_error", Status: 500}
		return c
	}
	for name, test := range map[string]struct {
		status codes.Code
		calls  []*record.Call
		want   string
	}{
		"the root failed":                   {codes.Error, []*record.Call{call(question, 10, 20)}, "FAILED"},
		"the root succeeded all the same":   {codes.Ok, []*record.Call{failed()}, "SUCCESS"},
		"the root does not say, all failed": {codes.Unset, []*record.Call{failed()}, "FAILED"},
		"the root does not say, the last succeeded": {
			codes.Unset, []*record.Call{failed(), call(question, 30, 40)}, "SUCCESS",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			ctx, root := b.provider.Tracer("app").Start(t.Context(), "root")
			for _, c := range test.calls {
				b.run(ctx, c)
			}
			root.SetStatus(test.status, "SECRET")
			root.End()
			panels := b.printed()
			require.Len(t, panels, 1)
			assert.Equal(t, test.want, value(t, panels[0], "Status"))
			assert.Contains(t, strings.Split(panels[0], "\n")[0], " "+test.want+" ")
			assert.NotContains(t, panels[0], "SECRET")
		})
	}
}

func TestSpansOfOtherInstrumentationsAreShownByTheirAttributes(t *testing.T) {
	messages := `[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},
		{"role":"user","parts":[{"type":"text","content":"Which"},{"type":"uri","uri":"https://x"},{"type":"text","content":"bird?"}]},
		{"role":"assistant","parts":[{"type":"tool_call","name":"f"}]}]`
	b := newBench(t)
	b.span(t.Context(), "chat claude", 0, 500, nil,
		attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.provider.name", "aws.bedrock"),
		attribute.String("gen_ai.request.model", "claude"), attribute.String("gen_ai.input.messages", messages),
		attribute.Int("gen_ai.usage.input_tokens", 30), attribute.Int("gen_ai.usage.output_tokens", 12))
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, "Which bird?", value(t, panels[0], "Prompt"))
	assert.Equal(t, "claude", value(t, panels[0], "Model"))
	assert.Equal(t, "42", value(t, panels[0], "Token Count"))
	assert.Equal(t, []string{"aws_bedrock_chat 500ms OK"}, steps(panels[0]))
}

func TestOlderFormsOfOtherInstrumentationsAreUnderstood(t *testing.T) {
	for name, test := range map[string]struct {
		attributes     []attribute.KeyValue
		prompt, tokens string
		steps          []string
	}{
		"messages with content as text": {
			attributes: []attribute.KeyValue{
				attribute.String("gen_ai.operation.name", "chat"), attribute.Int("gen_ai.usage.total_tokens", 9),
				attribute.String("gen_ai.input.messages", `[{"role":"user","content":"Hi."}]`),
			},
			prompt: "Hi.", tokens: "9", steps: []string{"chat 5ms OK"},
		},
		"messages as a structured value": {
			attributes: []attribute.KeyValue{
				attribute.String("gen_ai.operation.name", "chat"),
				attribute.Slice("gen_ai.input.messages", attribute.MapValue(
					attribute.String("role", "user"), attribute.String("content", "Hi."))),
			},
			prompt: "Hi.", tokens: "-", steps: []string{"chat 5ms OK"},
		},
		"messages that are no JSON": {
			attributes: []attribute.KeyValue{
				attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.input.messages", `[{"role":"user"`),
			},
			prompt: "-", tokens: "-", steps: []string{"chat 5ms OK"},
		},
		"LangSmith's kinds": {
			attributes: []attribute.KeyValue{attribute.String("langsmith.span.kind", "tool")},
			prompt:     "-", tokens: "0", steps: []string{"execute_tool 5ms OK"},
		},
		"no operation": {
			attributes: []attribute.KeyValue{attribute.String("gen_ai.system", "openai"), attribute.String("gen_ai.request.model", "m")},
			prompt:     "-", tokens: "-", steps: []string{"openai_chat 5ms OK"},
		},
		"a container": {
			attributes: []attribute.KeyValue{attribute.String("langsmith.span.kind", "chain")},
			prompt:     "-", tokens: "0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.span(t.Context(), "span", 0, 5, nil, test.attributes...)
			panels := b.printed()
			require.Len(t, panels, 1)
			assert.Equal(t, test.prompt, value(t, panels[0], "Prompt"))
			assert.Equal(t, test.tokens, value(t, panels[0], "Token Count"))
			assert.Equal(t, test.steps, steps(panels[0]))
		})
	}
}

func TestTokensThatAFrameworkRepeatsCountOnce(t *testing.T) {
	b := newBench(t)
	b.span(t.Context(), "framework", 0, 100, func(ctx context.Context) {
		b.span(ctx, "plain", 1, 99, func(ctx context.Context) { b.run(ctx, call(question, 2, 98)) })
	}, attribute.String("gen_ai.operation.name", "chat"), attribute.Int("gen_ai.usage.input_tokens", 80))
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, "87", value(t, panels[0], "Token Count"))
	assert.Equal(t, []string{"openai_chat 96ms OK"}, steps(panels[0]))
}

func TestCallsWithoutACountAreNamed(t *testing.T) {
	b := newBench(t)
	b.span(t.Context(), "root", 0, 100, func(ctx context.Context) {
		b.run(ctx, call(question, 0, 10))
		uncounted := call(question, 20, 30)
		uncounted.Usage = record.Usage{}
		b.run(ctx, uncounted)
	})
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, "87 (1 call without a count)", value(t, panels[0], "Token Count"))
}

func TestOperationsThatCostNoTokensAreNotMissed(t *testing.T) {
	b := newBench(t)
	b.span(t.Context(), "root", 0, 100, func(ctx context.Context) {
		search := &record.Call{
			Operation: "retrieval", Provider: "openai", Attempts: 2,
			Retrieval: record.Retrieval{DataSource: "vs_1", Queries: []string{"umbrella", "coat"}},
			Timing:    record.Timing{Start: at(0), End: at(10)},
		}
		b.run(ctx, search)
		fetch := &record.Call{Operation: "fetch_response", Provider: "openai", Timing: record.Timing{Start: at(20), End: at(30)}}
		b.run(ctx, fetch)
	})
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, "umbrella coat", value(t, panels[0], "Prompt"))
	assert.Equal(t, "0", value(t, panels[0], "Token Count"))
	assert.Equal(t, "1", value(t, panels[0], "Retries"))
	assert.Equal(t, []string{"openai_retrieval 10ms OK", "openai_fetch_response 10ms OK"}, steps(panels[0]))
}

func TestThePromptIsThatOfTheFirstCallThatGenerates(t *testing.T) {
	b := newBench(t)
	b.span(t.Context(), "root", 0, 100, func(ctx context.Context) {
		embeddings := call("embedded", 0, 10)
		embeddings.Operation = "embeddings"
		b.run(ctx, embeddings)
		b.run(ctx, call("second", 30, 40)) // ends before the first
		b.run(ctx, call("first", 20, 50))
	})
	assert.Equal(t, "first", value(t, b.printed()[0], "Prompt"))
}

func TestWithoutAttemptSpansARetriedCallIsOneStep(t *testing.T) {
	b := newBench(t)
	c := call(question, 0, 100)
	c.Attempts = 3
	b.run(t.Context(), c)
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, "2", value(t, panels[0], "Retries"))
	assert.Equal(t, []string{"openai_chat 100ms OK"}, steps(panels[0]))
}

func TestTheResourceNamesProjectAndEnvironmentUnlessOptionsDo(t *testing.T) {
	named := []console.Option{console.WithProject("mine"), console.WithEnvironment("test")}
	for name, test := range map[string]struct {
		opts                 []console.Option
		resource             *resource.Resource
		project, environment string
	}{
		"resource": {nil, described, "customer-support", "production"},
		"older name": {
			nil, resource.NewSchemaless(attribute.String("deployment.environment", "staging")), "-", "staging",
		},
		"options": {named, described, "mine", "test"},
		"neither": {nil, resource.NewSchemaless(attribute.String("service.name", "unknown_service:x")), "-", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, test.opts...)
			b.attach(b.processor, test.resource)
			b.run(t.Context(), call(question, 0, 1))
			panels := b.printed()
			require.Len(t, panels, 1)
			assert.Equal(t, test.project, value(t, panels[0], "Project"))
			assert.Equal(t, test.environment, value(t, panels[0], "Environment"))
			require.NoError(t, b.processor.Shutdown(t.Context()))
		})
	}
}

func TestARedactorHasSeenThePromptBeforeItIsShown(t *testing.T) {
	for name, test := range map[string]struct {
		redact otelgenai.Redactor
		want   string
	}{
		"redacted": {func(text string) (string, error) { return strings.ReplaceAll(text, "France", "[country]"), nil }, "What is the capital of [country]?"},
		"withheld": {func(string) (string, error) { return "", errors.New("broken") }, "(withheld)"},
	} {
		t.Run(name, func(t *testing.T) {
			errorsOf(t)
			b := newBench(t)
			b.in = otelgenai.NewInstrumentor("test", otelgenai.WithTracerProvider(b.provider), otelgenai.WithRedactor(test.redact))
			b.run(t.Context(), call(question, 0, 1))
			panels := b.printed()
			require.Len(t, panels, 1)
			assert.Equal(t, test.want, value(t, panels[0], "Prompt"))
		})
	}
}

func TestTheConsolesOwnRedactorSeesPromptsOfAllInstrumentations(t *testing.T) {
	removed := func(text string) (string, error) { return strings.ReplaceAll(text, "France", "[country]"), nil }
	failing := func(string) (string, error) { panic("France") }
	for name, test := range map[string]struct {
		redact func(string) (string, error)
		want   string
	}{"redacted": {removed, "What is the capital of [country]?"}, "withheld": {failing, "(withheld)"}} {
		t.Run(name, func(t *testing.T) {
			reported := errorsOf(t)
			b := newBench(t, console.WithRedactor(test.redact))
			b.run(t.Context(), call(question, 0, 1))
			b.span(t.Context(), "chat", 2, 3, nil, attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.input.messages",
				`[{"role":"user","parts":[{"type":"text","content":"What is the capital of \u0046rance?"}]}]`))
			panels := b.printed()
			require.Len(t, panels, 2)
			for _, panel := range panels {
				assert.Equal(t, test.want, value(t, panel, "Prompt"))
				assert.NotContains(t, panel, "France")
			}
			for _, err := range reported() {
				assert.ErrorContains(t, err, "redactor failed")
				assert.NotContains(t, err.Error(), "France")
			}
		})
	}
}

// errorsOf collects what OpenTelemetry's error handler is told during the test.
func errorsOf(t *testing.T) func() []error {
	t.Helper()
	var mu sync.Mutex
	var errs []error
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		errs = append(errs, err)
	}))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	return func() []error {
		mu.Lock()
		defer mu.Unlock()
		return errs
	}
}

func TestADecoderThatPanicsWithholdsThePromptAndKeepsThePanel(t *testing.T) {
	reported := errorsOf(t)
	b := newBench(t)
	var slip handoff.Slip
	_, span := b.provider.Tracer("app").Start(handoff.NewContext(t.Context(), &slip), "chat",
		trace.WithAttributes(attribute.String("gen_ai.operation.name", "chat")))
	slip.Put(&record.Call{}, 0, func(*record.Call) { panic("decoder") })
	span.End()
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, "(withheld)", value(t, panels[0], "Prompt"))
	assert.Len(t, reported(), 1)
}

func TestNothingIsDecodedWhenThePromptIsHidden(t *testing.T) {
	b := newBench(t, console.WithContent(dialect.Content{}))
	_, op := b.in.Begin(t.Context(), call(question, 0, 1))
	assert.False(t, op.WantsContent())
	op.End(0, func(*record.Call) { t.Error("decoded") })
	assert.Equal(t, "(hidden)", value(t, b.printed()[0], "Prompt"))
}

// slow is a writer that waits for its test.
type slow struct {
	terminal
	begun, proceed chan struct{}
}

func (w *slow) Write(p []byte) (int, error) {
	w.begun <- struct{}{}
	<-w.proceed
	return w.terminal.Write(p)
}

func TestASlowWriterNeverHoldsTheApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const waiting = 256
		w := &slow{begun: make(chan struct{}, 1000), proceed: make(chan struct{})}
		logs := &bytes.Buffer{}
		b := &bench{t: t, processor: console.New(w, console.WithASCII(false), console.WithLogger(slog.New(slog.NewTextHandler(logs, nil))))}
		b.attach(b.processor, described)
		begin := time.Now()
		b.run(t.Context(), call(question, 0, 1))
		<-w.begun
		for range waiting + 10 {
			b.run(t.Context(), call(question, 0, 1))
		}
		assert.Zero(t, time.Since(begin))
		stats := b.processor.Stats()
		assert.Equal(t, map[export.Reason]uint64{export.ReasonQueueOverflow: 10}, stats.Dropped)
		assert.Equal(t, uint64(waiting+1), stats.Queued)
		balanced(t, stats)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, b.processor.ForceFlush(ctx), context.DeadlineExceeded)
		close(w.proceed)
		require.NoError(t, b.processor.ForceFlush(t.Context()))
		assert.Len(t, w.panels(), waiting+1)
		balanced(t, b.processor.Stats())
		assert.Equal(t, 1, strings.Count(logs.String(), "genotel: spans are missing on the console"))

		var loss *export.DeliveryError
		require.ErrorAs(t, b.processor.Shutdown(t.Context()), &loss)
		assert.EqualError(t, loss, "genotel: spans not delivered: console 10 lost (queue_overflow 10)")
	})
}

func TestShutdownWaitsForAStuckWriterOnlyAsLongAsItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slow{begun: make(chan struct{}, 10), proceed: make(chan struct{})}
		b := &bench{t: t, processor: console.New(w)}
		b.attach(b.processor, described)
		for range 3 {
			b.run(t.Context(), call(question, 0, 1))
		}
		<-w.begun
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := b.processor.Shutdown(ctx)
		assert.Equal(t, time.Second, time.Since(begin))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.EqualError(t, err, "genotel: spans not delivered: console 3 lost (shutdown 3)")
		assert.Equal(t, err, b.processor.Shutdown(t.Context()))

		b.run(t.Context(), call(question, 0, 1))
		close(w.proceed) // the writer comes back, and there is nothing more to do
		synctest.Wait()
		assert.Len(t, w.panels(), 1)
		stats := b.processor.Stats()
		assert.Equal(t, map[export.Reason]uint64{export.ReasonShutdown: 4}, stats.Dropped)
		balanced(t, stats)
	})
}

// failing is a writer that fails.
type failing struct{ how func(p []byte) (int, error) }

func (w failing) Write(p []byte) (int, error) { return w.how(p) }

func TestAWriterThatFailsCostsItsPanelAndNothingElse(t *testing.T) {
	for name, test := range map[string]struct {
		how  func([]byte) (int, error)
		want string
	}{
		"error": {
			func([]byte) (int, error) { return 0, errors.New("SECRET") },
			"genotel: spans not delivered: console 2 lost (send_error 2), last problem: *errors.errorString",
		},
		"short write": {
			func([]byte) (int, error) { return 1, nil },
			"genotel: spans not delivered: console 2 lost (send_error 2), last problem: short write",
		},
		"panic": {
			func([]byte) (int, error) { panic("SECRET") },
			"genotel: spans not delivered: console 2 lost (internal_error 2), last problem: panic",
		},
	} {
		t.Run(name, func(t *testing.T) {
			errorsOf(t)
			b := &bench{t: t, processor: console.New(failing{test.how}, console.WithLogger(slog.New(slog.DiscardHandler)))}
			b.attach(b.processor, described)
			b.run(t.Context(), call(question, 0, 1))
			b.run(t.Context(), call(question, 0, 1))
			require.NoError(t, b.processor.ForceFlush(t.Context()))
			balanced(t, b.processor.Stats())
			assert.EqualError(t, b.processor.Shutdown(t.Context()), test.want)
		})
	}
}

func TestTracesThatNeverEndAreGivenUp(t *testing.T) {
	b := newBench(t)
	const followed = 4096
	tracer := b.provider.Tracer("app")
	chat := trace.WithAttributes(attribute.String("gen_ai.operation.name", "chat"))
	for range followed + 5 {
		ctx, _ := tracer.Start(t.Context(), "never ends")
		_, span := tracer.Start(ctx, "chat", chat)
		span.End()
	}
	assert.Equal(t, map[export.Reason]uint64{export.ReasonQueueOverflow: 5}, b.processor.Stats().Dropped)
	b.run(t.Context(), call(question, 0, 1))
	assert.Len(t, b.printed(), 1, "new traces are not in the way of old ones")
	balanced(t, b.processor.Stats())

	require.Error(t, b.processor.Shutdown(t.Context()))
	stats := b.processor.Stats()
	assert.Zero(t, stats.Queued)
	assert.Equal(t, uint64(followed-1), stats.Dropped[export.ReasonShutdown])
	balanced(t, stats)
}

func TestALargeTraceIsShownInPart(t *testing.T) {
	b := newBench(t)
	const kept, tools = 2048, 3000
	b.span(t.Context(), "agent", 0, 10000, func(ctx context.Context) {
		for i := range tools {
			b.span(ctx, "tool", i, i+1, nil, attribute.String("gen_ai.operation.name", "execute_tool"))
		}
	})
	panels := b.printed()
	require.Len(t, panels, 1)
	assert.Equal(t, fmt.Sprintf("%d (%d spans left out)", kept, tools-kept), value(t, panels[0], "Steps"))
	assert.Len(t, steps(panels[0]), 100+1, "lines, and one that says how many more there are")
	assert.Contains(t, panels[0], "\n  and 1948 more steps\n")
	assert.Equal(t, uint64(tools+1), b.processor.Stats().Delivered)
}

func TestMemoryOfOpenTracesIsBounded(t *testing.T) {
	b := newBench(t)
	long := strings.Repeat("x", 1<<20)
	for range 40 {
		ctx, _ := b.provider.Tracer("app").Start(t.Context(), "never ends")
		b.span(ctx, "chat", 0, 1, nil, attribute.String("gen_ai.operation.name", "chat"),
			attribute.String("gen_ai.input.messages", `[{"role":"user","content":"`+long+`"}]`))
	}
	stats := b.processor.Stats()
	assert.LessOrEqual(t, stats.Queued, uint64(16))
	assert.GreaterOrEqual(t, stats.Queued, uint64(14))
	balanced(t, stats)
	_ = b.processor.Shutdown(t.Context())
}

func TestSpansStartedBeforeTheProcessorWasThereDoNoHarm(t *testing.T) {
	b := newBench(t)
	provider := sdktrace.NewTracerProvider()
	chat := trace.WithAttributes(attribute.String("gen_ai.operation.name", "chat"))
	ctx, root := provider.Tracer("app").Start(t.Context(), "root", chat)
	_, child := provider.Tracer("app").Start(ctx, "child", chat)
	provider.RegisterSpanProcessor(b.processor)
	child.End()
	root.End()
	assert.Len(t, b.printed(), 1, "that of the root")
	assert.Equal(t, export.Stats{Destination: "console", Ended: 1, Delivered: 1, LeftOut: 1}, b.processor.Stats())
}

func TestProcessor_ConcurrentSafe(t *testing.T) {
	b := newBench(t)
	const goroutines, traces = 8, 20
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range traces {
				b.span(t.Context(), "root", 0, 100, func(ctx context.Context) {
					b.run(ctx, call(question, 0, 50))
					b.run(ctx, call("again", 50, 100))
				})
				balanced(t, b.processor.Stats())
				_ = b.processor.ForceFlush(t.Context())
			}
		})
	}
	all.Wait()
	panels := b.printed()
	assert.Len(t, panels, goroutines*traces)
	for _, panel := range panels {
		assert.Equal(t, "2", value(t, panel, "Steps"))
		assert.Equal(t, "174", value(t, panel, "Token Count"))
	}
	require.NoError(t, b.processor.Shutdown(t.Context()))
	assert.Equal(t, uint64(3*goroutines*traces), b.processor.Stats().Delivered)
}
