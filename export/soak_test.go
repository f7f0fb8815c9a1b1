package export

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/faultyotlp"
)

// soakTime is how long [TestFaultsWithoutEndLeaveNothingBehind] runs, as Go writes durations.
const soakTime = "GENOTEL_SOAK"

// What may be left of a run: what the runtime and the test itself keep.
const (
	soakGoroutines = 5
	soakHeap       = 16 << 20
)

func TestFaultsWithoutEndLeaveNothingBehind(t *testing.T) {
	if os.Getenv(soakTime) == "" {
		t.Skip(soakTime + " is not set: make soak")
	}
	duration, err := time.ParseDuration(os.Getenv(soakTime))
	require.NoError(t, err)
	goroutines, heap := runtime.NumGoroutine(), heapNow()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	t.Run("faults", func(t *testing.T) { newSoak(t, rand.New(rand.NewPCG(seed, 0))).run(t, duration) })
	left := 0
	assert.Eventually(t, func() bool {
		left = runtime.NumGoroutine() - goroutines
		return left <= soakGoroutines
	}, 10*time.Second, 10*time.Millisecond, "goroutines")
	grown := int64(heapNow()) - int64(heap)
	assert.Less(t, grown, int64(soakHeap))
	t.Logf("%d goroutines and %d KiB more than before", left, grown>>10)
}

func heapNow() uint64 {
	runtime.GC()
	runtime.GC() // what had a finalizer
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// soak is two processors, in memory and with a spool, of two destinations each, which get the same spans.
type soak struct {
	random   *rand.Rand
	backends []*faultyotlp.Server
	down     []bool
	inMemory *Processor
	onDisk   *Processor
	dir      string
	provider *sdktrace.TracerProvider
	ended    map[trace.SpanID]int
	content  string

	// Of the processors with a spool, each of which continues the one before:
	before   [2]Stats // sums
	restarts int
}

func newSoak(t *testing.T, random *rand.Rand) *soak {
	t.Helper()
	s := &soak{random: random, dir: t.TempDir(), ended: make(map[trace.SpanID]int)}
	for range 4 {
		s.backends = append(s.backends, faultyotlp.Start(t))
	}
	s.down = make([]bool, len(s.backends))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte('0' + random.IntN(64))
	}
	s.content = string(noise)
	s.inMemory = s.processor(t, s.backends[:2])
	s.openOnDisk(t)
	return s
}

func (s *soak) processor(t *testing.T, backends []*faultyotlp.Server, opts ...Option) *Processor {
	t.Helper()
	p, err := New([]Destination{
		{Name: "protobuf", URL: backends[0].URL, Compression: Gzip, Timeout: time.Second},
		{Name: "json", URL: backends[1].URL, Protocol: HTTPJSON, Timeout: time.Second},
	}, append(opts, WithLogger(slog.New(slog.DiscardHandler)), WithBatchDelay(100*time.Millisecond))...)
	require.NoError(t, err)
	return p
}

func (s *soak) openOnDisk(t *testing.T) {
	t.Helper()
	s.onDisk = s.processor(t, s.backends[2:], WithSpool(Spool{Dir: s.dir}))
	s.provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.inMemory), sdktrace.WithSpanProcessor(s.onDisk))
}

// run ends spans for a time, changes the faults and begins anew from time to time, and then lets everything arrive.
func (s *soak) run(t *testing.T, duration time.Duration) {
	t.Helper()
	spans := time.NewTicker(2 * time.Millisecond)
	defer spans.Stop()
	faults := time.NewTicker(300 * time.Millisecond)
	defer faults.Stop()
	restarts := time.NewTicker(7 * time.Second)
	defer restarts.Stop()
	for over := time.After(duration); over != nil; {
		select {
		case <-spans.C:
			s.end()
		case <-faults.C:
			s.change(t)
			s.assertLaw(t)
		case <-restarts.C:
			s.restart(t)
		case <-over:
			over = nil
		}
	}
	for i, backend := range s.backends {
		backend.Default(faultyotlp.Accept())
		s.up(t, i)
	}
	mended := time.Now()
	s.settle(t, s.inMemory)
	s.settle(t, s.onDisk)
	t.Logf("all was out %v after the last fault", time.Since(mended))
	s.account(t)
}

func (s *soak) end() {
	size := s.random.IntN(2 << 10)
	if s.random.IntN(500) == 0 {
		size = s.random.IntN(len(s.content))
	}
	from := s.random.IntN(len(s.content) - size)
	_, span := s.provider.Tracer("soak").Start(context.Background(), fmt.Sprint("span ", len(s.ended)),
		trace.WithAttributes(attribute.String("content", s.content[from:from+size])))
	s.ended[span.SpanContext().SpanID()] = 1
	span.End()
}

// change has one backend fail in another way.
func (s *soak) change(t *testing.T) {
	t.Helper()
	faults := []faultyotlp.Fault{
		faultyotlp.Accept(), faultyotlp.Accept(), faultyotlp.Accept(), faultyotlp.Accept(),
		faultyotlp.Status(503), faultyotlp.Status(500), faultyotlp.Status(429).RetryAfter("1"), faultyotlp.Status(404),
		faultyotlp.Status(413).OverBytes(64 << 10), faultyotlp.Status(413).OverWireBytes(256 << 10).Unread(),
		faultyotlp.Status(400), faultyotlp.Echo(422), faultyotlp.PartialSuccess(2, "application/json"),
		faultyotlp.NoAnswer(), faultyotlp.NoAnswer().Storing(), faultyotlp.Reset(), faultyotlp.Reset().Storing(),
		faultyotlp.CutHeaders(), faultyotlp.CutBody(200), faultyotlp.SlowBody(100 * time.Millisecond),
		faultyotlp.Accept().After(2 * time.Second), faultyotlp.Garbage(),
	}
	i := s.random.IntN(len(s.backends))
	s.up(t, i)
	if s.random.IntN(8) == 0 {
		s.backends[i].Down()
		s.down[i] = true
		return
	}
	s.backends[i].Default(faults[s.random.IntN(len(faults))])
}

func (s *soak) up(t *testing.T, i int) {
	t.Helper()
	if s.down[i] {
		s.backends[i].Up(t)
		s.down[i] = false
	}
}

func (s *soak) assertLaw(t *testing.T) {
	t.Helper()
	for _, p := range []*Processor{s.inMemory, s.onDisk} {
		for _, stats := range p.Stats() {
			assertLaw(t, stats)
		}
	}
}

// restart has another processor continue with the folder.
func (s *soak) restart(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(s.random.IntN(2000))*time.Millisecond)
	defer cancel()
	_ = s.onDisk.Shutdown(ctx) // the ledger says it all
	left := s.onDisk.Stats()
	s.sum(left)
	s.openOnDisk(t)
	for i, now := range s.onDisk.Stats() {
		require.Equal(t, left[i].Spooled, now.Recovered, "what one leaves the next one finds")
	}
	s.restarts++
}

func (s *soak) sum(all []Stats) {
	for i, stats := range all {
		s.before[i].Ended += stats.Ended
		s.before[i].Delivered += stats.Delivered
		for reason, n := range stats.Dropped {
			if s.before[i].Dropped == nil {
				s.before[i].Dropped = make(map[Reason]uint64)
			}
			s.before[i].Dropped[reason] += n
		}
	}
}

// settle lets everything arrive that can.
func (s *soak) settle(t *testing.T, p *Processor) {
	t.Helper()
	ctx := within(t, 5*time.Minute)
	waiting := func() (n uint64) {
		for _, stats := range p.Stats() {
			n += stats.Queued + stats.Spooled
		}
		return n
	}
	for waiting() > 0 && ctx.Err() == nil {
		_ = p.ForceFlush(ctx) // with a spool it also returns when an attempt has failed
	}
	_ = p.Shutdown(ctx) // the losses are looked at next
	assert.Zero(t, waiting())
}

// account compares the ledgers with the backends' own accounts.
func (s *soak) account(t *testing.T) {
	t.Helper()
	s.assertLaw(t)
	s.sum(s.onDisk.Stats())
	for i, stats := range append(s.inMemory.Stats(), s.before[:]...) {
		arrived := s.backends[i].Arrived()
		assert.Equal(t, len(s.ended), int(stats.Ended))
		assert.Equal(t, stats.Ended, stats.Delivered+stats.Lost())
		assert.GreaterOrEqual(t, len(arrived), int(stats.Delivered), "some also arrive whose loss is counted")
		assert.True(t, containsAll(s.ended, arrived))
		storage, expected := "in memory", []Reason{ReasonSendError, ReasonTooLarge, ReasonRejected}
		if i > 1 {
			storage = fmt.Sprintf("on disk, %d restarts", s.restarts)
		} else {
			expected = append(expected, ReasonQueueOverflow)
		}
		for reason := range stats.Dropped {
			assert.Contains(t, expected, reason, "%s: %v", storage, stats.Dropped)
		}
		t.Logf("%s: %d ended, %d delivered, lost %v, %d requests, %d arrived again", storage, stats.Ended, stats.Delivered,
			stats.Dropped, len(s.backends[i].Requests()), sumOf(arrived)-len(arrived))
	}
	assert.Empty(t, filesIn(t, s.dir, ".otlp"))
	assert.Empty(t, filesIn(t, s.dir, ".tmp"))
}
