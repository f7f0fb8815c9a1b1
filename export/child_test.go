package export

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	signals "os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
)

// Environment of a process that the tests start from their own binary.
const (
	childRole = "EXPORT_TEST_ROLE"
	childDir  = "EXPORT_TEST_DIR"
	childURL  = "EXPORT_TEST_URL"
	childName = "EXPORT_TEST_NAME"
)

// childDelay is the batch delay of such a process.
const childDelay = 100 * time.Millisecond

// play is the main function of a child. It ends spans, one a millisecond, and says
//
//	ended <span id> <name> <microseconds since 1970>
//
// after each. In the role "flushes" it also says "safe <n>" when the first n are out of the memory. When it is asked to
// stop it shuts down, and says
//
//	shut <ended> <recovered> <delivered> <spooled> <lost>
func play(role string) int {
	processor, err := New(
		[]Destination{{Name: "backend", URL: os.Getenv(childURL), UserAgent: os.Getenv(childName)}},
		WithSpool(Spool{Dir: os.Getenv(childDir)}), WithBatchDelay(childDelay), withAdoption(childDelay),
		WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		say("error", err)
		return 1
	}
	asked, stop := signals.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var ended atomic.Int64
	if role == "flushes" {
		go flushForever(processor, &ended)
	}
	endUntil(asked, processor, &ended)

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_ = processor.Shutdown(ctx) // the numbers say it all
	s := processor.Stats()[0]
	say("shut", s.Ended, s.Recovered, s.Delivered, s.Spooled, s.Lost())
	return 0
}

func say(words ...any) { _, _ = fmt.Fprintln(os.Stdout, words...) }

func endUntil(asked context.Context, processor *Processor, ended *atomic.Int64) {
	tr := tracer(processor)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-asked.Done():
			return
		case <-tick.C:
		}
		name := fmt.Sprint(os.Getenv(childName), "-", ended.Load())
		_, span := tr.Start(context.Background(), name)
		span.End()
		ended.Add(1)
		say("ended", span.SpanContext().SpanID(), name, time.Now().UnixMicro())
	}
}

func flushForever(processor *Processor, ended *atomic.Int64) {
	for {
		n := ended.Load()
		if processor.ForceFlush(context.Background()) == nil {
			say("safe", n)
		}
	}
}

func withAdoption(interval time.Duration) Option {
	return optionFunc(func(c config) config {
		c.adoption = interval
		return c
	})
}

// child is such a process, and what it has said.
type child struct {
	*exec.Cmd
	name  string
	lines *bufio.Scanner

	ended map[trace.SpanID]string // the names
	order []trace.SpanID
	times []time.Time // when each was ended
	safe  int         // the first of order that are
	shut  []int
}

func startChild(t *testing.T, role, name, dir, url string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childName+"="+name, childDir+"="+dir, childURL+"="+url)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return &child{Cmd: cmd, name: name, lines: bufio.NewScanner(stdout), ended: make(map[trace.SpanID]string)}
}

// hear takes in one line. It returns false when the process has ended.
func (c *child) hear(t *testing.T) bool {
	t.Helper()
	if !c.lines.Scan() {
		return false
	}
	words := strings.Fields(c.lines.Text())
	switch words[0] {
	case "ended":
		id, err := trace.SpanIDFromHex(words[1])
		require.NoError(t, err)
		micros, err := strconv.ParseInt(words[3], 10, 64)
		require.NoError(t, err)
		c.ended[id] = words[2]
		c.order = append(c.order, id)
		c.times = append(c.times, time.UnixMicro(micros))
	case "safe":
		n, err := strconv.Atoi(words[1])
		require.NoError(t, err)
		c.safe = max(c.safe, n)
	case "shut":
		for _, word := range words[1:] {
			n, err := strconv.Atoi(word)
			require.NoError(t, err)
			c.shut = append(c.shut, n)
		}
	default:
		require.Fail(t, c.lines.Text())
	}
	return true
}

// hearUntil takes in lines until enough says so, or the process has ended.
func (c *child) hearUntil(t *testing.T, enough func() bool) {
	t.Helper()
	for !enough() {
		if !c.hear(t) {
			return
		}
	}
}

func never() bool { return false }

// kill ends the process as the system does that has no memory left.
func (c *child) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, c.Process.Kill())
	c.hearUntil(t, never)
	require.Error(t, c.Wait(), "it was killed")
}

// ask has the process shut down.
func (c *child) ask(t *testing.T) {
	t.Helper()
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	c.hearUntil(t, never)
	require.NoError(t, c.Wait())
	require.Len(t, c.shut, 5)
}
