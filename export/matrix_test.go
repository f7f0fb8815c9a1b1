package export

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/faultyotlp"
	"github.com/genotel/genotel/otelgenai/record"
)

// always is a fault of every request; any other number is that of the requests, from the first.
const always = -1

// delivered is the fate of spans that are not dropped.
const delivered Reason = ""

// matrixRow is a fault and what has to become of the spans that meet it: delivered, or dropped for a reason. Those
// of requests that the fault spares are delivered in any case.
type matrixRow struct {
	fault  faultyotlp.Fault
	times  int
	want   Reason // with hours of time to deliver
	ending Reason // when Shutdown is what brings the spans out; it has 30 s if they are lost to it, else 10 min
	told   told   // what the backend lets the exporter know
}

// told says how far a backend's answers agree with what it stored.
type told uint8

const (
	truth     told = iota
	doubt          // spans were stored without an answer that says so, and arrive once more
	nothing        // all spans are stored, and no answer says so
	cutOff         // the backend did not get all bytes of a request
	reordered      // what was refused arrives in other requests
)

// The retry table of the package: each status and each failure of a connection.
var matrix = []matrixRow{
	// No fault at all.
	{faultyotlp.Accept(), always, delivered, delivered, truth},
	{faultyotlp.Status(http.StatusAccepted), always, delivered, delivered, truth},
	{faultyotlp.Status(http.StatusNoContent), always, delivered, delivered, truth},

	// Statuses that pass.
	{faultyotlp.Status(408), 3, delivered, delivered, truth},
	{faultyotlp.Status(425), 3, delivered, delivered, truth},
	{faultyotlp.Status(429), 3, delivered, delivered, truth},
	{faultyotlp.Status(500), 3, delivered, delivered, truth},
	{faultyotlp.Status(502), 3, delivered, delivered, truth},
	{faultyotlp.Status(503), 3, delivered, delivered, truth},
	{faultyotlp.Status(504), 3, delivered, delivered, truth},
	{faultyotlp.Status(520), 3, delivered, delivered, truth},
	{faultyotlp.Status(529), 3, delivered, delivered, truth},
	{faultyotlp.Status(503).Unread(), 3, delivered, delivered, truth},
	{faultyotlp.Status(503).After(5 * time.Second), 3, delivered, delivered, truth},
	{faultyotlp.CutBody(503), 3, delivered, delivered, truth},
	{faultyotlp.HugeBody(503, 256<<10), 3, delivered, delivered, truth},

	// Statuses that stay.
	{faultyotlp.Status(408), always, ReasonExpired, ReasonShutdown, truth},
	{faultyotlp.Status(429), always, ReasonExpired, ReasonShutdown, truth},
	{faultyotlp.Status(500), always, ReasonExpired, ReasonShutdown, truth},
	{faultyotlp.Status(503), always, ReasonExpired, ReasonShutdown, truth},

	// What the server asks for.
	{faultyotlp.Status(429).RetryAfter("2"), 3, delivered, delivered, truth},
	{faultyotlp.Status(429).RetryAfter("120"), 1, delivered, ReasonShutdown, truth},
	{faultyotlp.Status(503).RetryAfter("-5"), 3, delivered, delivered, truth},
	{faultyotlp.Status(503).RetryAfter("99999999999999999999"), 1, delivered, ReasonShutdown, truth},
	{faultyotlp.Status(503).RetryAfter("-99999999999999999999"), 3, delivered, delivered, truth},
	{faultyotlp.Status(503).RetryAfter("soon"), 3, delivered, delivered, truth},
	{faultyotlp.Status(429).RetryAfterDate(2 * time.Minute), 1, delivered, ReasonShutdown, truth},
	{faultyotlp.Status(503).RetryAfterDate(-time.Hour), 3, delivered, delivered, truth},
	{faultyotlp.Status(503).RetryAfterDate(1000 * time.Hour), 1, delivered, ReasonShutdown, truth},
	{faultyotlp.Status(429).RetryAfter("1"), always, ReasonExpired, ReasonShutdown, truth},
	{faultyotlp.Status(400).RetryAfter("3600"), always, ReasonSendError, ReasonSendError, truth},

	// A wrong key, address or protocol, that somebody mends or not. Shutdown does not wait for a refused key.
	{faultyotlp.Status(401), 2, delivered, ReasonConfig, truth},
	{faultyotlp.Status(403), 2, delivered, ReasonConfig, truth},
	{faultyotlp.Status(404), 2, delivered, delivered, truth},
	{faultyotlp.Status(405), 2, delivered, delivered, truth},
	{faultyotlp.Status(407), 2, delivered, delivered, truth},
	{faultyotlp.Status(415), 2, delivered, delivered, truth},
	{faultyotlp.Status(401), always, ReasonConfig, ReasonConfig, truth},
	{faultyotlp.Status(404), always, ReasonConfig, ReasonShutdown, truth},
	{faultyotlp.Redirect(301, "/elsewhere"), 2, delivered, delivered, truth},
	{faultyotlp.Redirect(302, "/elsewhere"), 2, delivered, delivered, truth},
	{faultyotlp.Redirect(303, "/elsewhere"), 2, delivered, delivered, truth},
	{faultyotlp.Redirect(307, "/elsewhere"), 2, delivered, delivered, truth},
	{faultyotlp.Redirect(308, "/elsewhere"), 2, delivered, delivered, truth},
	{faultyotlp.Redirect(307, "/elsewhere"), always, ReasonConfig, ReasonShutdown, truth},

	// Statuses that refuse every request, whatever is in it.
	{faultyotlp.Status(400), always, ReasonSendError, ReasonSendError, truth},
	{faultyotlp.Status(422), always, ReasonSendError, ReasonSendError, truth},
	{faultyotlp.Status(451), always, ReasonSendError, ReasonSendError, truth},
	{faultyotlp.Status(501), always, ReasonSendError, ReasonSendError, truth},
	{faultyotlp.Status(505), always, ReasonSendError, ReasonSendError, truth},
	{faultyotlp.Echo(400), always, ReasonSendError, ReasonSendError, truth},
	{faultyotlp.HugeBody(400, 256<<10), always, ReasonSendError, ReasonSendError, truth},
	{faultyotlp.CutBody(400), always, ReasonSendError, ReasonSendError, truth},

	// Connections that break.
	{faultyotlp.Reset(), 3, delivered, delivered, truth},
	{faultyotlp.Reset(), always, ReasonExpired, ReasonShutdown, truth},
	{faultyotlp.CloseBeforeHeaders(), 3, delivered, delivered, truth},
	{faultyotlp.CutHeaders(), 3, delivered, delivered, truth},
	{faultyotlp.Garbage(), 3, delivered, delivered, truth},

	// Answers that take too long, or do not come.
	{faultyotlp.NoAnswer(), 3, delivered, delivered, truth},
	{faultyotlp.NoAnswer(), always, ReasonExpired, ReasonShutdown, truth},
	{faultyotlp.SlowHeaders(time.Second), 3, delivered, delivered, truth},
	{faultyotlp.Status(503).After(time.Minute), 3, delivered, delivered, truth},
	{faultyotlp.SlowReading(2048, 100*time.Millisecond), always, delivered, delivered, truth},
	{faultyotlp.SlowReading(100, 2*time.Second), 3, delivered, delivered, cutOff},

	// Answers of success with a body that is no good.
	{faultyotlp.SlowBody(time.Second), 2, delivered, delivered, truth},
	{faultyotlp.CutBody(200), always, delivered, delivered, truth},
	{faultyotlp.HugeBody(200, 256<<10), 2, delivered, delivered, truth},
	{faultyotlp.GzipBomb(200, 1<<20), 2, delivered, delivered, truth},

	// Partial success.
	{faultyotlp.PartialSuccess(3, "application/json; charset=utf-8"), always, ReasonRejected, ReasonRejected, truth},
	{faultyotlp.PartialSuccess(3, "application/x-protobuf"), 1, ReasonRejected, ReasonRejected, truth},
	{faultyotlp.PartialSuccess(3, "Application/X-Protobuf;v=1"), always, ReasonRejected, ReasonRejected, truth},
	{faultyotlp.PartialSuccess(100_000, "application/json"), always, ReasonRejected, ReasonRejected, truth},

	// Backends that store what they do not confirm. The spans arrive again: twice beats never.
	{faultyotlp.NoAnswer().Storing(), 1, delivered, delivered, doubt},
	{faultyotlp.Accept().After(15 * time.Second), 1, delivered, delivered, doubt},
	{faultyotlp.Reset().Storing(), 3, delivered, delivered, doubt},
	{faultyotlp.CutHeaders().Storing(), 3, delivered, delivered, doubt},
	{faultyotlp.Status(504).Storing(), 3, delivered, delivered, doubt},
	{faultyotlp.NoAnswer().Storing(), always, ReasonExpired, ReasonShutdown, nothing},
	{faultyotlp.Reset().Storing(), always, ReasonExpired, ReasonShutdown, nothing},
}

func TestEveryFaultHasItsOutcome(t *testing.T) {
	runMatrix(t, matrix)
}

// runMatrix has each row met by spans that end one after another, by many at once, and by those that Shutdown finds,
// without and with a spool. The three also differ in the form of their requests.
func runMatrix(t *testing.T, rows []matrixRow) {
	t.Helper()
	for _, row := range rows {
		name := fmt.Sprintf("%v, %d times", row.fault, row.times)
		if row.times == always {
			name = fmt.Sprintf("%v, always", row.fault)
		}
		t.Run(name, func(t *testing.T) {
			for mode, run := range map[string]func(*testing.T, matrixRow){
				"steady": steady, "burst": burst, "shutdown": shutdown,
				"steady, spool": steadyOnDisk, "burst, spool": burstOnDisk, "shutdown, spool": shutdownOnDisk,
			} {
				t.Run(mode, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { run(t, row) })
				})
			}
		})
	}
}

// burstSpans is what many spans are at once. burstBytes makes them more than one request.
const (
	burstSpans = 300
	burstBytes = 16 << 10
)

// The forms of requests.
var (
	plain   = Destination{}
	gzipped = Destination{MaxRequestBytes: burstBytes, Compression: Gzip}
	asJSON  = Destination{MaxRequestBytes: burstBytes, Protocol: HTTPJSON}
)

func steady(t *testing.T, row matrixRow) {
	t.Helper()
	m := newMeeting(t, plain, nil)
	m.befall(row)
	m.endSteadily()
	require.NoError(t, m.processor.ForceFlush(within(t, 3*time.Hour)))
	m.check(t, row, row.want, m.processor.Shutdown(t.Context()))
}

func burst(t *testing.T, row matrixRow) {
	t.Helper()
	m := newMeeting(t, gzipped, nil)
	m.befall(row)
	m.end(burstSpans)
	require.NoError(t, m.processor.ForceFlush(within(t, 3*time.Hour)))
	m.check(t, row, row.want, m.processor.Shutdown(t.Context()))
}

func shutdown(t *testing.T, row matrixRow) {
	t.Helper()
	m := newMeeting(t, asJSON, nil)
	m.befall(row)
	m.endForShutdown(burstSpans)
	timeout := 10 * time.Minute
	if row.ending == ReasonShutdown {
		timeout = 30 * time.Second
	}
	m.check(t, row, row.ending, m.processor.Shutdown(within(t, timeout)))
}

// meeting is a processor with one destination, on a faulty backend in memory, whose ledger is looked at all the time.
type meeting struct {
	backend     *faultyotlp.Server
	destination Destination
	opts        []Option
	processor   *Processor
	tracer      trace.Tracer
	ended       map[trace.SpanID]int // 1 for each
	held        atomic.Pointer[pipeline]
}

func newMeeting(t *testing.T, d Destination, of []faultyotlp.Option, opts ...Option) *meeting {
	t.Helper()
	m := &meeting{
		backend: faultyotlp.Start(t, append(of, faultyotlp.InMemory())...),
		ended:   make(map[trace.SpanID]int),
	}
	d.Name, d.URL = "backend", m.backend.URL
	d.View = func(span sdktrace.ReadOnlySpan, _ *record.Call) sdktrace.ReadOnlySpan {
		if p := m.held.Load(); p != nil {
			<-p.closing
		}
		return span
	}
	m.destination, m.opts = d, opts
	m.start(t)
	return m
}

// start starts the processor, also after another one has ended.
func (m *meeting) start(t *testing.T) {
	t.Helper()
	var looked atomic.Pointer[Processor] // a spool is sent from at once
	look := func() {
		if p := looked.Load(); p != nil && !balanced(p.Stats()[0]) {
			assertLaw(t, p.Stats()[0])
		}
	}
	watched := &watchedTransport{faultyotlp.Transport(m.backend), look}
	m.processor = newProcessor(t, []Destination{m.destination}, append(m.opts, withTransport(watched))...)
	m.tracer = tracer(m.processor)
	looked.Store(m.processor)
	watch(t, look)
}

// watch looks every half minute until the test has ended.
func watch(t *testing.T, look func()) {
	t.Helper()
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			look()
			select {
			case <-stop:
				return
			case <-time.After(30 * time.Second):
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		watching.Wait()
	})
}

// watchedTransport looks before and after each attempt.
type watchedTransport struct {
	base *http.Transport
	look func()
}

func (w *watchedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w.look()
	defer w.look()
	return w.base.RoundTrip(r)
}

func (w *watchedTransport) CloseIdleConnections() { w.base.CloseIdleConnections() }

func (m *meeting) befall(row matrixRow) {
	if row.times == always {
		m.backend.Default(row.fault)
		return
	}
	for range row.times {
		m.backend.Script(row.fault)
	}
}

// end ends n spans.
func (m *meeting) end(n int) {
	for range n {
		_, span := m.tracer.Start(context.Background(), fmt.Sprintf("span %d", len(m.ended)))
		m.ended[span.SpanContext().SpanID()] = 1
		span.End()
	}
}

// endForShutdown ends n spans, of which none is sent before.
func (m *meeting) endForShutdown(n int) {
	m.held.Store(m.processor.pipelines[0])
	m.end(n)
}

// endSteadily ends some spans a second.
func (m *meeting) endSteadily() {
	for range 8 {
		m.end(10)
		time.Sleep(time.Second)
	}
}

// check compares the ledger after Shutdown with the backend's own account.
func (m *meeting) check(t *testing.T, row matrixRow, want Reason, result error) {
	t.Helper()
	time.Sleep(time.Hour) // whatever is still to come, comes
	requests, arrived := m.backend.Requests(), m.backend.Arrived()
	s := stats(t, m.processor)
	assert.Zero(t, s.Queued)
	assert.Equal(t, len(m.ended), int(s.Ended))
	assert.True(t, containsAll(m.ended, arrived), "nothing arrives that did not end")

	confirmed := len(arrived)
	if row.told == nothing {
		assert.NotZero(t, confirmed)
		confirmed = 0
	}
	assert.Equal(t, confirmed, int(s.Delivered), "what counts as delivered is what the backend stored")
	if want == delivered {
		assert.NoError(t, result)
		assert.Empty(t, s.Dropped)
	} else {
		assert.Error(t, result)
		assert.Equal(t, map[Reason]uint64{want: uint64(len(m.ended) - confirmed)}, s.Dropped)
		assert.NotZero(t, s.Lost())
	}
	if row.told == truth {
		assert.Equal(t, len(arrived), sumOf(arrived), "no span arrives twice")
	}
	if row.told == doubt {
		assert.Equal(t, storedBy(requests, row.fault.String()), sumOf(arrived)-len(arrived),
			"nothing arrives twice but what was in doubt")
	}
	if row.times != always {
		assert.Equal(t, row.times, m.met(row.fault))
	}
	checkRequests(t, row, want, requests)
}

func (m *meeting) assertEachArrivedOnce(t *testing.T) {
	t.Helper()
	arrived := m.backend.Arrived()
	assert.True(t, maps.Equal(m.ended, arrived),
		"of %d spans that ended %d arrived, %d times in all", len(m.ended), len(arrived), sumOf(arrived))
}

// met is the number of requests that met fault.
func (m *meeting) met(fault faultyotlp.Fault) int {
	met := 0
	for _, r := range m.backend.Requests() {
		if r.Fault == fault.String() {
			met++
		}
	}
	return met
}

// checkRequests expects of each attempt that the backend could read it, that it did not go elsewhere, and that a
// delivered request has the bytes of its first attempt.
func checkRequests(t *testing.T, row matrixRow, want Reason, requests []faultyotlp.Request) {
	t.Helper()
	accepted := make(map[[sha256.Size]byte]bool)
	for _, r := range requests {
		assert.Equal(t, "/v1/traces", r.Path)
		if row.told != cutOff {
			assert.Empty(t, r.Problem)
		}
		if r.Stored > 0 {
			accepted[r.Sum] = true
		}
	}
	if want != delivered || row.told == reordered {
		return
	}
	for _, r := range requests {
		if len(r.Spans) > 0 { // it was read
			assert.True(t, accepted[r.Sum], "the same bytes are sent again after %s", r.Fault)
		}
	}
}

func containsAll(ended, arrived map[trace.SpanID]int) bool {
	for id := range arrived {
		if ended[id] == 0 {
			return false
		}
	}
	return true
}

func sumOf(counts map[trace.SpanID]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

func storedBy(requests []faultyotlp.Request, fault string) int {
	stored := 0
	for _, r := range requests {
		if r.Fault == fault {
			stored += r.Stored
		}
	}
	return stored
}
