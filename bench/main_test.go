package bench

import (
	"os"
	"testing"

	"go.opentelemetry.io/otel"
)

func TestMain(m *testing.M) {
	if os.Getenv(backendVariable) != "" {
		serve()
		return
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {})) // benchmarks have outages
	os.Exit(m.Run())
}
