package genotel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
)

// ended ends one span of that name.
func ended(ctx context.Context, telemetry *genotel.Telemetry, name string) {
	_, span := telemetry.TracerProvider().Tracer("test").Start(ctx, name)
	span.End()
}

func TestSpansOfARequestAreDeliveredBeforeItsAnswer(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false))
	failure := errors.New("the handler's own")
	err := telemetry.FlushAfter(t.Context(), func(ctx context.Context) error {
		ended(ctx, telemetry, "request")
		return failure
	})
	assert.Equal(t, failure, err)
	assert.Equal(t, uint64(1), telemetry.Stats()[0].Delivered)
}

func TestSpansOfARequestThatPanicsAreDeliveredToo(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false))
	assert.PanicsWithValue(t, "boom", func() {
		_ = telemetry.FlushAfter(t.Context(), func(ctx context.Context) error {
			ended(ctx, telemetry, "request")
			panic("boom")
		})
	})
	assert.Equal(t, uint64(1), telemetry.Stats()[0].Delivered)
}

func TestABackendThatHangsLeavesARequestTimeForItsAnswer(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	telemetry := configure(t, genotel.WithOTLP(genotel.OTLP{Endpoint: server.URL}), genotel.WithGlobal(false))
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	require.NoError(t, telemetry.FlushAfter(ctx, func(ctx context.Context) error {
		ended(ctx, telemetry, "request")
		return nil
	}))
	require.NoError(t, ctx.Err(), "there is time left")
	assert.Equal(t, uint64(1), telemetry.Stats()[0].Queued)
	stop, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, telemetry.Shutdown(stop))
}

func TestARunReturnsTheErrorOfTheFunctionAfterShutdown(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false))
	failure := errors.New("the service's own")
	err := telemetry.Run(t.Context(), func(ctx context.Context) error {
		ended(ctx, telemetry, "span")
		return failure
	})
	require.ErrorIs(t, err, failure)
	assert.Equal(t, uint64(1), telemetry.Stats()[0].Delivered)
	ended(t.Context(), telemetry, "too late")
	assert.Equal(t, uint64(1), telemetry.Stats()[0].Delivered)
}

func TestARunThatPanicsDeliversItsSpans(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, to(server), genotel.WithGlobal(false))
	assert.PanicsWithValue(t, "boom", func() {
		_ = telemetry.Run(t.Context(), func(ctx context.Context) error {
			ended(ctx, telemetry, "span")
			panic("boom")
		})
	})
	assert.Equal(t, uint64(1), telemetry.Stats()[0].Delivered)
}
