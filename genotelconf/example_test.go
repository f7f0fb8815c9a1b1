package genotelconf_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"go.opentelemetry.io/otel"

	"github.com/genotel/genotel/genotelconf"
)

// The file names a Collector, which is on loopback here, and genotel adds another
// destination.
func ExampleConfigure() {
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { fmt.Println(r.URL.Path) }))
	defer collector.Close()
	variables := map[string]string{
		"OTEL_CONFIG_FILE": "testdata/limits.yaml", "COLLECTOR_URL": collector.URL, "GENOTEL_FILE": os.DevNull,
	}
	for name, value := range variables {
		_ = os.Setenv(name, value)
	}
	defer func() {
		for name := range variables {
			_ = os.Unsetenv(name)
		}
	}()
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// /v1/traces
	// file 1
}

func run(ctx context.Context) error {
	sdk, err := genotelconf.Configure(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = sdk.Shutdown(context.WithoutCancel(ctx)) }()
	_, span := otel.Tracer("app").Start(ctx, "work")
	span.End()
	if err := sdk.ForceFlush(ctx); err != nil {
		return err
	}
	for _, s := range sdk.Stats() {
		fmt.Println(s.Destination, s.Delivered)
	}
	return nil
}
