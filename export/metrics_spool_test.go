package export

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
