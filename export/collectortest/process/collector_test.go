// Package process holds the tests against a whole OpenTelemetry Collector, with the
// configuration of examples/collector. It runs in a process of its own, so that it can
// be killed, and so that what it starts is not taken for a leak of genotel's.
package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/genotel/genotel"
)

// exampleConfig is what users get.
const exampleConfig = "../../../examples/collector/config.yaml"

// collectorVariable makes the Collector of the test program.
const collectorVariable = "COLLECTORTEST_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(collectorVariable) != "" {
		if err := runCollector(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	for _, entry := range os.Environ() { // settings of the developer's own must not decide
		name, _, _ := strings.Cut(entry, "=")
		for _, prefix := range []string{"LANGSMITH_", "LANGCHAIN_", "LANGTRACE_", "OTEL_", "GENOTEL_", "TRACE_"} {
			if strings.HasPrefix(name, prefix) {
				_ = os.Unsetenv(name)
			}
		}
	}
	goleak.VerifyTestMain(m)
}

// runCollector is otelcol --config for each of uris, until standard input ends: also the
// Collector of a test program that is gone does not stay.
func runCollector(uris []string) error {
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		BuildInfo:              component.BuildInfo{Command: "otelcol", Version: "test"},
		Factories:              factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: resolverSettings(uris)},
	})
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		collector.Shutdown()
	}()
	return collector.Run(context.Background())
}

func resolverSettings(uris []string) confmap.ResolverSettings {
	return confmap.ResolverSettings{
		URIs: uris,
		ProviderFactories: []confmap.ProviderFactory{
			envprovider.NewFactory(), fileprovider.NewFactory(), yamlprovider.NewFactory(),
		},
	}
}

// factories are those of the parts that the example names. The Collector's telemetry of
// itself is left at its log: the rest would bring the clients of several clouds.
func factories() (f otelcol.Factories, err error) {
	if f.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory()); err != nil {
		return f, err
	}
	if f.Processors, err = otelcol.MakeFactoryMap[processor.Factory](batchprocessor.NewFactory()); err != nil {
		return f, err
	}
	if f.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](otlphttpexporter.NewFactory()); err != nil {
		return f, err
	}
	f.Telemetry = telemetry.NewFactory(
		func() component.Config { return &struct{}{} },
		telemetry.WithCreateLogger(func(
			context.Context, telemetry.LoggerSettings, component.Config,
		) (*zap.Logger, component.ShutdownFunc, error) {
			logger, err := zap.NewProduction()
			return logger, nil, err
		}))
	return f, nil
}

// collector is a running Collector.
type collector struct {
	grpcPort, httpPort int
	environment        []string

	command *exec.Cmd
	stdin   io.Closer
	log     bytes.Buffer
}

// startCollector returns when the Collector takes spans.
func startCollector(t *testing.T, langsmithURL, otherURL string) *collector {
	t.Helper()
	c := &collector{
		grpcPort: freePort(t), httpPort: freePort(t),
		environment: []string{
			"LANGSMITH_ENDPOINT=" + langsmithURL, "LANGSMITH_API_KEY=key-of-langsmith", "LANGSMITH_PROJECT=warehouse",
			"OTHER_PROVIDER_ENDPOINT=" + otherURL, "OTHER_PROVIDER_API_KEY=key-of-other",
		},
	}
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Logf("the Collector's log:\n%s", c.log.String())
		}
	})
	c.start(t)
	return c
}

// start runs the Collector, the second time on the same ports.
func (c *collector) start(t *testing.T) {
	t.Helper()
	executable, err := os.Executable()
	require.NoError(t, err)
	config, err := filepath.Abs(exampleConfig)
	require.NoError(t, err)
	c.command = exec.Command(executable, "file:"+config,
		fmt.Sprintf("yaml:receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:%d", c.grpcPort),
		fmt.Sprintf("yaml:receivers::otlp::protocols::http::endpoint: 127.0.0.1:%d", c.httpPort))
	c.command.Env = append(append(os.Environ(), collectorVariable+"=1"), c.environment...)
	c.command.Stderr = &c.log
	c.stdin, err = c.command.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, c.command.Start())
	for _, port := range []int{c.grpcPort, c.httpPort} {
		require.Eventually(t, func() bool { return listens(port) }, time.Minute, 20*time.Millisecond)
	}
}

// stop lets the Collector send what it has.
func (c *collector) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, c.stdin.Close())
	require.NoError(t, c.command.Wait())
	c.command = nil
}

// kill gives it no time to.
func (c *collector) kill() {
	if c.command == nil || c.command.Process == nil {
		return
	}
	_ = c.command.Process.Kill()
	_ = c.command.Wait() // says that it was killed
	c.command = nil
}

func (c *collector) endpoint(protocol genotel.Protocol) string {
	port := c.httpPort
	if protocol == genotel.GRPC {
		port = c.grpcPort
	}
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}

// freePort is below the ports that systems take for outgoing connections, so that it is
// still free when a Collector starts again.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			require.NoError(t, listener.Close())
			return port
		}
	}
	require.Fail(t, "no port is free")
	return 0
}

func listens(port int) bool {
	connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return connection.Close() == nil
}

func TestTheExampleSendsToLangSmithUnlessToldOtherwise(t *testing.T) {
	resolver, err := confmap.NewResolver(resolverSettings([]string{"file:" + exampleConfig}))
	require.NoError(t, err)
	config, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	require.NoError(t, resolver.Shutdown(t.Context()))
	assert.Equal(t, "https://api.smith.langchain.com/otel/v1/traces",
		config.Get("exporters::otlphttp/langsmith::traces_endpoint"))
	assert.Equal(t, "default", config.Get("exporters::otlphttp/langsmith::headers::Langsmith-Project"))
}
