package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/internal/golden"
)

// TestMain is service B when a test has started that.
func TestMain(m *testing.M) {
	if _, ok := askedForServiceB(os.Args); ok {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// isolate removes the settings of whoever runs the tests, for service B as well.
func isolate(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		for _, prefix := range []string{"OPENAI_", "LANGSMITH_", "LANGCHAIN_", "LANGTRACE_", "OTEL_", "GENOTEL_"} {
			if strings.HasPrefix(name, prefix) && name != "GENOTEL_UPDATE_GOLDEN" {
				t.Setenv(name, "") // restores the value after the test
				require.NoError(t, os.Unsetenv(name))
			}
		}
	}
}

var (
	firstLine  = regexp.MustCompile(`^service-a is process (\d+), service-b is process (\d+)\.\n`)
	anyTrace   = regexp.MustCompile(`trace [0-9a-f]{32}`)
	anyProcess = regexp.MustCompile(`process \d+`)
)

// masked replaces what differs from run to run.
func masked(output string) string {
	return anyProcess.ReplaceAllString(anyTrace.ReplaceAllString(output, "trace ID"), "process PID")
}

func TestBothProcessesAreInOneTrace(t *testing.T) {
	isolate(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	processes := firstLine.FindStringSubmatch(out.String())
	require.NotNil(t, processes, out.String())
	assert.Equal(t, fmt.Sprint(os.Getpid()), processes[1])
	assert.NotEqual(t, processes[1], processes[2])
	for line := range strings.Lines(strings.SplitAfter(out.String(), " processes\n\n")[1]) {
		want := "service-a  process " + processes[1]
		if strings.Contains(line, "service_b_operation") || strings.HasPrefix(line, "   └─ ") {
			want = "service-b  process " + processes[2]
		}
		assert.Contains(t, line, want)
	}
	assert.Equal(t, 1, strings.Count(out.String(), "  root\n"), "the parent of service B's span arrives as well")
	golden.Equal(t, []byte(masked(out.String())), "testdata/output.golden")
}

func TestTheReadmeShowsWhatTheProgramPrints(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	printed, err := os.ReadFile("testdata/output.golden")
	require.NoError(t, err)
	assert.Contains(t, masked(string(readme)), strings.TrimSpace(string(printed)))
}

func TestTracesThatAreApartAreSeenToBe(t *testing.T) {
	span := func(name string, id, parent byte) *tracepb.Span {
		s := &tracepb.Span{Name: name, TraceId: bytes.Repeat([]byte{id}, 16), SpanId: bytes.Repeat([]byte{id}, 8)}
		if parent != 0 {
			s.ParentSpanId = bytes.Repeat([]byte{parent}, 8)
		}
		return s
	}
	one := &tracepb.ResourceSpans{
		Resource: &resourcepb.Resource{Attributes: []*commonpb.KeyValue{
			{Key: "service.name", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: "one"}}},
			{Key: "process.pid", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: 7}}},
		}},
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{span("a", 1, 0), span("b", 2, 9)}}},
	}
	var out bytes.Buffer
	printTraces(&out, []*tracepb.ResourceSpans{one})
	assert.Equal(t, 2, strings.Count(out.String(), ", 1 spans of 1 processes\n"), out.String())
}

func TestAServiceBThatDoesNotStartIsAnError(t *testing.T) {
	isolate(t)
	t.Setenv("LANGSMITH_HIDE_INPUTS", "perhaps") // refused by Configure
	err := run(t.Context(), &bytes.Buffer{})
	require.ErrorContains(t, err, "starting service B")
}
