package export

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func exporterFor(t *testing.T, b http.Handler, opts ...Option) *Exporter {
	t.Helper()
	e, err := NewExporter([]Destination{{Name: "backend", URL: "http://backend/v1/traces"}},
		append(opts, withTransport(inMemory{"backend": b}))...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Shutdown(expired()) })
	return e
}

func TestAnExporterDeliversWhatABatchProcessorHands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backend
		e := exporterFor(t, &b)
		provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(e))
		for _, name := range []string{"one", "two"} {
			_, span := provider.Tracer("test").Start(t.Context(), name)
			span.End()
		}
		require.NoError(t, provider.ForceFlush(t.Context()))
		assert.Equal(t, []string{"one", "two"}, b.names())
		assert.Equal(t, uint64(2), e.Stats()[0].Delivered)
		require.NoError(t, provider.Shutdown(t.Context()))
	})
}

func TestABatchProcessorDoesNotWaitForADeadBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, down := failing(http.StatusServiceUnavailable)
		e := exporterFor(t, b)
		spans := []sdktrace.ReadOnlySpan{stub("one").Snapshot(), stub("two").Snapshot()}
		begun := time.Now()
		require.NoError(t, e.ExportSpans(t.Context(), spans))
		assert.Less(t, time.Since(begun), time.Second)
		assert.Equal(t, uint64(2), e.Stats()[0].Queued, "they are sent later")
		down.Store(false)
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, []string{"one", "two"}, b.names())
	})
}

func TestABatchProcessorWaitsForABackendThatHangsAsLongAsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := exporterFor(t, &backend{answer: hang})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		require.NoError(t, e.ExportSpans(ctx, []sdktrace.ReadOnlySpan{stub("one").Snapshot()}))
		assert.Equal(t, 3*time.Second, time.Since(begun))
	})
}

func TestAnExporterChecksItsDestinations(t *testing.T) {
	_, err := NewExporter(nil)
	require.EqualError(t, err, "genotel: configuring export: no destination")
}
