package bench

import (
	"runtime"
	"testing"
	"time"

	"github.com/genotel/genotel/export"
)

const (
	// minuteBytes of content end while the backend is down: twice what a destination may keep by default.
	minuteBytes = 2 * export.DefaultQueueBytes
	// looks at the memory while they do.
	looks = 60
)

// BenchmarkOutage measures what a pipeline holds while the backend answers 503. An operation is a minute's
// traffic, which comes as fast as the pipeline gets room for the next look at it.
func BenchmarkOutage(b *testing.B) {
	server := startBackend(b)
	for _, size := range sizes {
		for _, contestant := range contestants {
			b.Run("span="+size.name+"/pipeline="+contestant.name, func(b *testing.B) {
				w := newWriter(b)
				var held, peak int64
				for b.Loop() {
					before := liveHeap()
					p := contestant.make(b, server.url+downPath, true)
					tracer := newProvider(b, p).Tracer("bench")
					for range looks {
						for range minuteBytes / looks / size.bytes {
							w.end(tracer, size.bytes)
						}
						peak = max(peak, liveHeap()-before)
					}
					<-time.After(2 * export.DefaultBatchDelay) // until everything has its place
					held = max(held, liveHeap()-before)
					p.shut()
				}
				b.ReportMetric(float64(held), "held-B")
				b.ReportMetric(float64(max(held, peak)), "peak-B")
			})
		}
	}
}

// liveHeap is what is left after a garbage collection. A second one frees what pools have kept.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
