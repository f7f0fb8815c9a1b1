package export

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// measured collects what reader has: for each metric the values by their attributes.
func measured(t *testing.T, reader sdkmetric.Reader) map[string]map[string]int64 {
	t.Helper()
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	all := map[string]map[string]int64{}
	for _, scope := range collected.ScopeMetrics {
		assert.Equal(t, "github.com/genotel/genotel/export", scope.Scope.Name)
		for _, m := range scope.Metrics {
			values := map[string]int64{}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, point := range data.DataPoints {
					values[point.Attributes.Encoded(attribute.DefaultEncoder())] = point.Value
				}
			case metricdata.Histogram[float64]:
				assert.Equal(t, "s", m.Unit)
				for _, point := range data.DataPoints {
					values[point.Attributes.Encoded(attribute.DefaultEncoder())] = int64(point.Count)
				}
			}
			all[m.Name] = values
		}
	}
	return all
}

func TestTheLedgerIsToldAsMetrics(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	var b backend
	refusing(&b, http.StatusBadRequest, "poison")
	transport := withTransport(inMemory{"backend:4318": &b})
	p := newProcessor(t, []Destination{{Name: "mine", URL: "http://backend:4318/v1/traces"}},
		WithMeterProvider(meters), WithQueue(0, 3), WithBatchDelay(time.Hour), transport)
	endSpans(p, "one", "poison", "three", "too many")

	const about = "otel.component.name=genotel/mine,otel.component.type=otlp_http_span_exporter," +
		"server.address=backend,server.port=4318"
	before := measured(t, reader)
	assert.Equal(t, map[string]int64{about: 3}, before["otel.sdk.processor.span.queue.size"])
	assert.Equal(t, map[string]int64{about: 3}, before["otel.sdk.processor.span.queue.capacity"])
	assert.Equal(t, map[string]int64{about: 3, "error.type=queue_full," + about: 1},
		before["otel.sdk.processor.span.processed"])
	assert.Positive(t, before["genotel.exporter.queue.bytes"][about])

	require.NoError(t, p.ForceFlush(t.Context()))
	after := measured(t, reader)
	assert.Equal(t, map[string]int64{about: 0}, after["otel.sdk.processor.span.queue.size"])
	assert.Equal(t, map[string]int64{about: 0}, after["otel.sdk.exporter.span.inflight"])
	assert.Equal(t, map[string]int64{about: 0}, after["genotel.exporter.queue.bytes"])
	assert.Equal(t, map[string]int64{about: 2, "error.type=send_error," + about: 1},
		after["otel.sdk.exporter.span.exported"])
	assert.Equal(t, map[string]int64{
		"http.response.status_code=200," + about:                2,
		"error.type=400,http.response.status_code=400," + about: 3,
	}, after["otel.sdk.exporter.operation.duration"], "all three, one and two, one, two, three")

	require.Error(t, p.Shutdown(t.Context()))
	assert.Empty(t, measured(t, reader)["otel.sdk.exporter.span.exported"], "nothing is observed any more")
}
