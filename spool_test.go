package genotel_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
)

func TestWhatABackendDidNotTakeIsSentByTheNextConfigure(t *testing.T) {
	for name, byOption := range map[string]bool{"by the option": true, "by the variable": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			down := true
			server := oracle.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if down {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				oracle.Accept().ServeHTTP(w, r)
			}))
			options := []genotel.Option{to(server), genotel.WithGlobal(false)}
			if byOption {
				t.Setenv("GENOTEL_SPOOL_DIR", filepath.Join(dir, "not this"))
				options = append(options, genotel.WithSpool(dir))
			} else {
				t.Setenv("GENOTEL_SPOOL_DIR", dir)
			}
			first := configure(t, options...)
			ended(t.Context(), first, "first")
			var missing *genotel.DeliveryError
			require.ErrorAs(t, first.Shutdown(t.Context()), &missing)
			assert.Equal(t, uint64(1), missing.Stats[0].Spooled)

			down = false
			second := configure(t, options...)
			require.NoError(t, second.ForceFlush(t.Context()))
			assert.Equal(t, uint64(1), second.Stats()[0].Recovered)
			assert.Equal(t, uint64(1), second.Stats()[0].Delivered)
			require.NoError(t, second.Shutdown(t.Context()))
		})
	}
}

func TestProjectsOfLangSmithDoNotGetEachOthersSpool(t *testing.T) {
	dir := t.TempDir()
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(down.Close)
	in := func(project, key string) *genotel.Telemetry {
		return configure(t, genotel.WithGlobal(false), genotel.WithSpool(dir),
			genotel.WithLangSmith(genotel.LangSmith{APIKey: key, Endpoint: down.URL, Project: project}))
	}
	first := in("one", "key")
	ended(t.Context(), first, "first")
	require.Error(t, first.Shutdown(t.Context()))
	other := in("two", "key")
	assert.Zero(t, other.Stats()[0].Recovered)
	require.NoError(t, other.Shutdown(t.Context()))
	again := in("one", "a new key")
	assert.Equal(t, uint64(1), again.Stats()[0].Recovered)
}

func TestASpoolThatCannotBeIsAnErrorThatNamesNoPath(t *testing.T) {
	file := filepath.Join(t.TempDir(), "SECRET")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv("GENOTEL_SPOOL_DIR", file)
	_, err := genotel.Configure(t.Context(), to(oracle.NewServer(t)), genotel.WithGlobal(false))
	require.ErrorContains(t, err, "GENOTEL_SPOOL_DIR")
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestAConfigureThatFailsLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	_, err := genotel.Configure(t.Context(), to(oracle.NewServer(t)), genotel.WithSpool(dir),
		genotel.WithTracerProvider(noop.NewTracerProvider()))
	require.Error(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestATraceIsDeliveredWhenItsEndReturns(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false), genotel.WithSyncExport())
	ctx, root := telemetry.TracerProvider().Tracer("test").Start(t.Context(), "root")
	ended(ctx, telemetry, "child")
	assert.Zero(t, telemetry.Stats()[0].Delivered, "it goes with its trace")
	root.End()
	assert.Equal(t, uint64(2), telemetry.Stats()[0].Delivered)
}

func TestThePipelineMeasuresItself(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	telemetry := configure(t, to(oracle.NewServer(t)), genotel.WithGlobal(false),
		genotel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
	ended(t.Context(), telemetry, "span")
	require.NoError(t, telemetry.ForceFlush(context.WithoutCancel(t.Context())))
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &all))
	require.Len(t, all.ScopeMetrics, 1)
	var names []string
	for _, m := range all.ScopeMetrics[0].Metrics {
		names = append(names, m.Name)
	}
	assert.Contains(t, names, "otel.sdk.exporter.span.exported")
}
