package export

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

func TestWhatIsSentFromTheDiskIsNotTakenFromTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := sdkmetric.NewManualReader()
		answer := make(chan struct{})
		b := &backend{answer: func(http.ResponseWriter, *http.Request, int) { <-answer }}
		p := spooling(t, b, t.TempDir(), WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
		endSpans(p, "one", "two")
		time.Sleep(DefaultBatchDelay)
		synctest.Wait()
		endSpans(p, "three")

		const about = "otel.component.name=genotel/backend,otel.component.type=otlp_http_span_exporter," +
			"server.address=backend,server.port=80"
		during := measured(t, reader)
		assert.Equal(t, map[string]int64{about: 2}, during["otel.sdk.exporter.span.inflight"])
		assert.Equal(t, map[string]int64{about: 1}, during["otel.sdk.processor.span.queue.size"])
		close(answer)
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

// brokenMeters has a histogram that panics.
type brokenMeters struct{ noop.MeterProvider }

func (brokenMeters) Meter(string, ...metric.MeterOption) metric.Meter { return brokenMeter{} }

type brokenMeter struct{ noop.Meter }

func (brokenMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return brokenHistogram{}, nil
}

type brokenHistogram struct{ noop.Float64Histogram }

func (brokenHistogram) Record(context.Context, float64, ...metric.RecordOption) { panic("broken") }

func (brokenHistogram) Enabled(context.Context) bool { return true }

func TestAMeterThatPanicsCostsNoSpan(t *testing.T) {
	var b backend
	p := processorFor(t, &b, WithMeterProvider(brokenMeters{}))
	endSpans(p, "one")
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, []string{"one"}, b.names())
	assert.Equal(t, Stats{Destination: "backend", Ended: 1, Delivered: 1}, stats(t, p))
}
