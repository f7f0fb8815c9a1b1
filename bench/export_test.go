package bench

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	// windowBytes of content, or windowSpans, are ended before they are waited for: less than any
	// contestant has room for, so that nothing is dropped.
	windowBytes = 8_000_000
	windowSpans = 1024
)

var sizes = []struct {
	name  string
	bytes int
}{
	{"1KB", 1 << 10},
	{"10KB", 10 << 10},
	{"100KB", 100 << 10},
}

var compressions = []struct {
	name string
	gzip bool
}{
	{"none", false},
	{"gzip", true},
}

func window(bytes int) int { return min(windowSpans, windowBytes/bytes) }

func BenchmarkExport(b *testing.B) {
	server := startBackend(b)
	for _, size := range sizes {
		spans := endedSpans(b, window(size.bytes), size.bytes)
		for _, compression := range compressions {
			for _, contestant := range contestants {
				name := fmt.Sprintf("span=%s/compression=%s/pipeline=%s", size.name, compression.name, contestant.name)
				b.Run(name, func(b *testing.B) {
					p := contestant.make(b, server.url+acceptingPath, compression.gzip)
					defer p.shut()
					benchmarkExport(b, server, p, spans)
				})
			}
		}
	}
}

func benchmarkExport(b *testing.B, server backend, p pipeline, spans []sdktrace.ReadOnlySpan) {
	b.Helper()
	send(b, p, spans, len(spans)) // a connection, buffers and so on
	sent := p.delivered()
	before, used := server.traffic(b), cpuTime()
	b.ReportAllocs()
	b.ResetTimer()
	send(b, p, spans, b.N)
	b.StopTimer()
	used = cpuTime() - used
	after := server.traffic(b)
	n := float64(b.N)
	b.ReportMetric(float64(used.Nanoseconds())/n, "cpu-ns/op")
	b.ReportMetric(n/b.Elapsed().Seconds(), "spans/s")
	b.ReportMetric(float64(after.Bytes-before.Bytes)/n, "wire-B/op")
	require.EqualValues(b, b.N, p.delivered()-sent, "spans were lost")
}

// send ends n spans and returns when they are delivered.
func send(tb testing.TB, p pipeline, spans []sdktrace.ReadOnlySpan, n int) {
	tb.Helper()
	for ; n > 0; n -= len(spans) {
		for _, span := range spans[:min(n, len(spans))] {
			p.OnEnd(span)
		}
		require.NoError(tb, p.ForceFlush(tb.Context()))
	}
}

func TestEveryContestantDeliversAndWiresAboutAsMuch(t *testing.T) {
	server := startBackend(t)
	spans := endedSpans(t, 200, 10<<10)
	for _, compression := range compressions {
		wired := map[string]float64{}
		for _, contestant := range contestants {
			p := contestant.make(t, server.url+acceptingPath, compression.gzip)
			before := server.traffic(t)
			send(t, p, spans, len(spans))
			assert.EqualValues(t, len(spans), p.delivered(), contestant.name)
			wired[contestant.name] = float64(server.traffic(t).Bytes - before.Bytes)
			p.shut()
		}
		assert.InEpsilon(t, wired["stock"], wired["genotel"], 0.05, compression.name)
		assert.InEpsilon(t, wired["genotel"], wired["genotel-spool"], 0.001, compression.name)
	}
}
