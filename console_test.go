package genotel_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/console"
	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/internal/golden"
	"github.com/genotel/genotel/internal/oracle"
)

// terminal is a writer that may be read meanwhile.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *terminal) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *terminal) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// ask makes one call to a model that answers with exchanges.
func ask(t *testing.T, telemetry *genotel.Telemetry, exchanges ...exchange) error {
	t.Helper()
	client := newOpenAI(t, telemetry, exchanges...)
	_, err := client.Chat.Completions.New(t.Context(), params(), option.WithMaxRetries(len(exchanges)-1))
	return err
}

var answered = exchange{file: "answer.json"}

func TestOnlyTheConsoleIsEnoughForAProvider(t *testing.T) {
	global(t)
	out := &terminal{}
	logger, logs := logged()
	telemetry := configure(t, genotel.WithConsole(out, console.WithASCII(false)), genotel.WithLogger(logger),
		genotel.WithServiceName("stock"), genotel.WithEnvironment("production"))
	assert.Same(t, telemetry.TracerProvider(), otel.GetTracerProvider())
	require.NoError(t, ask(t, telemetry, answered))
	shutdown(t, telemetry)
	golden.Equal(t, []byte(withoutTimes(out.String())), "testdata/console.golden.txt")
	assert.Contains(t, logs.String(), `to="console (writer) with prompts"`)
	assert.NotContains(t, logs.String(), "WARN")
	assert.Equal(t, []genotel.DestinationStats{{Destination: "console", Ended: 1, Delivered: 1}}, telemetry.Stats())
}

// withoutTimes replaces what differs from run to run, in the same width.
func withoutTimes(panels string) string {
	same := func(with string) func(string) string {
		return func(found string) string { return (with + strings.Repeat(" ", 80))[:len(found)] }
	}
	panels = regexp.MustCompile(`tr_[0-9a-f]{8}`).ReplaceAllString(panels, "tr_a1b2c3d4")
	panels = regexp.MustCompile(`[0-9.,]+ ms +`).ReplaceAllStringFunc(panels, same("1.23 ms"))
	return regexp.MustCompile(` +\d+ms`).ReplaceAllString(panels, " 1ms")
}

func TestARetriedCallShowsItsAttempts(t *testing.T) {
	out := &terminal{}
	telemetry := configure(t, genotel.WithConsole(out, console.WithASCII(false)), genotel.WithGlobal(false))
	require.NoError(t, ask(t, telemetry, exchange{file: "quota.json", status: 429}, answered))
	shutdown(t, telemetry)
	assert.Contains(t, out.String(), "Retries      1 ")
	assert.Contains(t, out.String(), "Token Count  1089 ")
	assert.Regexp(t, `1  openai_chat +\d+ms  FAIL    429 Too Many Requests\n  2  openai_chat +\d+ms  OK\n\n$`, out.String())
}

func TestACallThatFailsForGoodIsAFailedTrace(t *testing.T) {
	out := &terminal{}
	telemetry := configure(t, genotel.WithConsole(out, console.WithASCII(false)), genotel.WithGlobal(false))
	require.Error(t, ask(t, telemetry, exchange{file: "quota.json", status: 429}))
	shutdown(t, telemetry)
	assert.Contains(t, out.String(), " FAILED ──╮")
	assert.Regexp(t, `1  openai_chat +\d+ms  FAIL    429 insufficient_quota\n`, out.String())
	assert.NotContains(t, out.String(), "You exceeded", "the provider's text may quote the prompt")
}

func TestTheConsolesOwnPolicyWinsOverAllOthers(t *testing.T) {
	t.Setenv("LANGSMITH_HIDE_INPUTS", "true")
	out := &terminal{}
	own := console.WithContent(dialect.Content{Input: true})
	telemetry := configure(t, genotel.WithConsole(out, own), genotel.WithContent(genotel.ContentExclude), genotel.WithGlobal(false))
	require.NoError(t, ask(t, telemetry, answered))
	shutdown(t, telemetry)
	assert.Contains(t, out.String(), "Prompt       How many are left? ")
}

func TestTheContentPolicyHidesThePromptOnTheConsole(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		opts      []genotel.Option
		want      string
	}{
		"default":                          {nil, nil, "How many are left?"},
		"hidden by LangSmith's variable":   {map[string]string{"LANGSMITH_HIDE_INPUTS": "true"}, nil, "(hidden)"},
		"hidden by Langtrace's variable":   {map[string]string{"TRACE_PROMPT_COMPLETION_DATA": "false"}, nil, "(hidden)"},
		"LangSmith's variable for answers": {map[string]string{"LANGSMITH_HIDE_OUTPUTS": "true"}, nil, "How many are left?"},
		"hidden by a variable, and included for all": {
			map[string]string{"LANGSMITH_HIDE_INPUTS": "1"}, []genotel.Option{genotel.WithContent(genotel.ContentInclude)}, "(hidden)",
		},
		"included": {nil, []genotel.Option{genotel.WithContent(genotel.ContentInclude)}, "How many are left?"},
		"excluded": {nil, []genotel.Option{genotel.WithContent(genotel.ContentExclude)}, "(hidden)"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range test.variables {
				t.Setenv(name, value)
			}
			out := &terminal{}
			logger, logs := logged()
			telemetry := configure(t, append(test.opts, genotel.WithConsole(out), genotel.WithGlobal(false), genotel.WithLogger(logger))...)
			require.NoError(t, ask(t, telemetry, answered))
			shutdown(t, telemetry)
			assert.Contains(t, out.String(), "Prompt       "+test.want+" ")
			assert.Equal(t, test.want != "(hidden)", strings.Contains(logs.String(), "console (writer) with prompts"))
		})
	}
}

// standard replaces the standard output and error of the program by files and returns
// what is in them.
func standard(t *testing.T) func() (stdout, stderr string) {
	t.Helper()
	replace := func(stream **os.File, name string) string {
		path := filepath.Join(t.TempDir(), name)
		file, err := os.Create(path)
		require.NoError(t, err)
		before := *stream
		*stream = file
		t.Cleanup(func() {
			*stream = before
			file.Close()
		})
		return path
	}
	out, failures := replace(&os.Stdout, "stdout"), replace(&os.Stderr, "stderr")
	return func() (stdout, stderr string) {
		one, err := os.ReadFile(out)
		require.NoError(t, err)
		other, err := os.ReadFile(failures)
		require.NoError(t, err)
		return string(one), string(other)
	}
}

func TestAVariableSwitchesTheConsoleOn(t *testing.T) {
	const nowhere, stdout, stderr = "", "stdout", "stderr"
	for value, want := range map[string]string{
		"": nowhere, "false": nowhere, "0": nowhere, "FALSE": nowhere,
		"true": stderr, "1": stderr, "TRUE": stderr, "stderr": stderr, "stdout": stdout, " Stdout ": stdout,
	} {
		t.Run("value "+value, func(t *testing.T) {
			t.Setenv("GENOTEL_CONSOLE", value)
			written := standard(t)
			logger, logs := logged()
			telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLogger(logger))
			require.NoError(t, ask(t, telemetry, answered))
			shutdown(t, telemetry)
			gotOut, gotErr := written()
			assert.Equal(t, want == stdout, strings.Contains(gotOut, "genotel trace"))
			assert.Equal(t, want == stderr, strings.Contains(gotErr, "genotel trace"))
			assert.Equal(t, want != nowhere, strings.Contains(logs.String(), "console ("+want+") with prompts"))
		})
	}
}

func TestAWrongValueOfTheConsolesVariableIsNamedAndNotRepeated(t *testing.T) {
	t.Setenv("GENOTEL_CONSOLE", "SECRET")
	_, err := genotel.Configure(t.Context(), genotel.WithGlobal(false))
	require.ErrorContains(t, err, "genotel: configuring: GENOTEL_CONSOLE")
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestTheConsolesOptionWinsOverTheVariable(t *testing.T) {
	for _, value := range []string{"false", "stdout", "SECRET"} {
		t.Setenv("GENOTEL_CONSOLE", value)
		written := standard(t)
		telemetry := configure(t, genotel.WithConsole(nil), genotel.WithGlobal(false))
		require.NoError(t, ask(t, telemetry, answered))
		shutdown(t, telemetry)
		stdout, stderr := written()
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "genotel trace")
	}
}

func TestTheProjectIsThatOfTheEnvironment(t *testing.T) {
	t.Setenv("LANGSMITH_PROJECT", "mine")
	out := &terminal{}
	telemetry := configure(t, genotel.WithConsole(out), genotel.WithGlobal(false))
	require.NoError(t, ask(t, telemetry, answered))
	shutdown(t, telemetry)
	assert.Contains(t, out.String(), "Project      mine ")
}

func TestTheConsoleStandsBesideOtherDestinations(t *testing.T) {
	out, server := &terminal{}, oracle.NewServer(t)
	logger, logs := logged()
	application := sdktrace.NewTracerProvider()
	telemetry := configure(t, genotel.WithConsole(out), to(server), genotel.WithTracerProvider(application), genotel.WithLogger(logger))
	require.NoError(t, ask(t, telemetry, answered))
	span(application, "plain")
	require.NoError(t, telemetry.ForceFlush(t.Context()))
	assert.Contains(t, out.String(), "genotel trace")
	shutdown(t, telemetry)
	span(application, "the application goes on", attribute.String("gen_ai.operation.name", "chat"))

	assert.Equal(t, 1, strings.Count(out.String(), "genotel trace"))
	assert.ElementsMatch(t, []string{"chat gpt-4o-mini", "plain"}, spanNames(t, server))
	assert.Regexp(t, `to="otlp \([0-9.:]+\) with the content that is on the span; console \(writer\) with prompts"`, logs.String())
	stats := telemetry.Stats()
	require.Len(t, stats, 2)
	assert.Equal(t, genotel.DestinationStats{Destination: "console", Ended: 1, Delivered: 1, LeftOut: 1}, stats[1])
}

// broken is a writer that always fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestShutdownTellsOfLossesOnTheConsoleAndElsewhere(t *testing.T) {
	for name, test := range map[string]struct {
		opts []genotel.Option
		want []string
	}{
		"on the console": {
			[]genotel.Option{genotel.WithConsole(broken{}), to(oracle.NewServer(t))}, []string{"console 1 lost (send_error 1"},
		},
		"elsewhere": {
			[]genotel.Option{genotel.WithConsole(&terminal{}), to(oracle.NewServer(t, oracle.Status(400)))}, []string{"otlp 1 lost (send_error 1"},
		},
		"everywhere": {
			[]genotel.Option{genotel.WithConsole(broken{}), to(oracle.NewServer(t, oracle.Status(400)))},
			[]string{"console 1 lost (send_error 1", "otlp 1 lost (send_error 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			logger, _ := logged()
			telemetry := configure(t, append(test.opts, genotel.WithGlobal(false), genotel.WithLogger(logger))...)
			require.NoError(t, ask(t, telemetry, answered))
			err := telemetry.Shutdown(context.WithoutCancel(t.Context()))
			var loss *export.DeliveryError
			require.ErrorAs(t, err, &loss)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Equal(t, len(test.want), strings.Count(err.Error(), "spans not delivered"))
		})
	}
}

func TestTheConsoleDoesNotChangeWhereElseSpansGo(t *testing.T) {
	logger, logs := logged()
	configure(t, genotel.WithMode(genotel.ModeOTel), genotel.WithConsole(&terminal{}), genotel.WithGlobal(false), genotel.WithLogger(logger))
	assert.Contains(t, logs.String(), "otlp (localhost:4318)")
	assert.Contains(t, logs.String(), "console (writer)")
}
