package genotel

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/export"
)

func TestTheProtocolIsThatOfTheVariable(t *testing.T) {
	for value, want := range map[string]struct {
		protocol export.Protocol
		url      string
	}{
		"":              {export.HTTPProtobuf, "http://h:1/v1/traces"},
		"http/protobuf": {export.HTTPProtobuf, "http://h:1/v1/traces"},
		"http/json":     {export.HTTPJSON, "http://h:1/v1/traces"},
		" GRPC ":        {export.GRPC, "http://h:1"},
	} {
		t.Run(value, func(t *testing.T) {
			setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1", "OTEL_EXPORTER_OTLP_PROTOCOL": value})
			d := resolved(t)
			assert.Equal(t, want.protocol, d.Protocol)
			assert.Equal(t, want.url, d.URL)
		})
	}
}

func TestAGRPCEndpointMayLackItsScheme(t *testing.T) {
	for endpoint, want := range map[string]struct{ secure, insecure string }{
		"http://collector:4317":    {"http://collector:4317", "http://collector:4317"},
		"https://collector":        {"https://collector", "https://collector"},
		"https://collector/prefix": {"https://collector/prefix", "https://collector/prefix"},
		"collector:4317":           {"https://collector:4317", "http://collector:4317"},
		`"collector:4317"`:         {"https://collector:4317", "http://collector:4317"},
		"127.0.0.1:4317":           {"https://127.0.0.1:4317", "http://127.0.0.1:4317"},
		"[::1]:4317":               {"https://[::1]:4317", "http://[::1]:4317"},
	} {
		t.Run(endpoint, func(t *testing.T) {
			for _, d := range []OTLP{{Endpoint: endpoint}, {TracesEndpoint: endpoint}} {
				d.Protocol = GRPC
				assert.Equal(t, want.secure, resolved(t, WithOTLP(d)).URL)
			}
			for _, variable := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
				t.Run(variable, func(t *testing.T) {
					setenv(t, map[string]string{variable: endpoint, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"})
					assert.Equal(t, want.secure, resolved(t).URL)
					t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", "True")
					assert.Equal(t, want.insecure, resolved(t).URL)
					t.Setenv("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "false")
					assert.Equal(t, want.secure, resolved(t).URL)
				})
			}
		})
	}
}

func TestAnEndpointThatIsNoServerOfGRPCIsAnError(t *testing.T) {
	for _, endpoint := range []string{"", "SECRET", "SECRET:", ":4317", "unix:///SECRET", "ftp://SECRET:1", "https://:4317"} {
		_, err := destinations(WithOTLP(OTLP{Endpoint: endpoint, Protocol: GRPC}))
		require.ErrorContains(t, err, "otlp: OTLP.Endpoint: neither a URL", endpoint)
		assert.NotContains(t, err.Error(), "SECRET")
	}
	setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "SECRET", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
	_, err := destinations()
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_ENDPOINT: neither a URL")
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestInsecureIsNothingToHTTP(t *testing.T) {
	setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://h", "OTEL_EXPORTER_OTLP_INSECURE": "true"})
	assert.Equal(t, "https://h/v1/traces", resolved(t).URL)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "h:4318")
	_, err := destinations()
	assert.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_ENDPOINT: not a URL")
}

func TestTheCollectorHereIsAskedInTheProtocolOfTheVariables(t *testing.T) {
	for protocol, want := range map[string]string{
		"http/protobuf": "http://localhost:4318/v1/traces",
		"http/json":     "http://localhost:4318/v1/traces",
		"grpc":          "http://localhost:4317",
	} {
		setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_EXPORTER_OTLP_HEADERS": "a=b"})
		d := resolved(t, WithMode(ModeOTel))
		assert.Equal(t, want, d.URL)
		assert.Equal(t, map[string]string{"a": "b"}, d.Headers)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "SECRET")
	_, err := destinations(WithMode(ModeOTel))
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_PROTOCOL")
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestAServerOfGRPCIsAnotherReceiverThanTheURL(t *testing.T) {
	all, err := destinations(
		WithOTLP(OTLP{Name: "a", TracesEndpoint: "http://h:1"}),
		WithOTLP(OTLP{Name: "b", Endpoint: "http://h:1", Protocol: GRPC}),
		WithOTLP(OTLP{Name: "c", TracesEndpoint: "http://h:1", Protocol: HTTPJSON}),
		WithOTLP(OTLP{Name: "d", TracesEndpoint: "http://h:1", Protocol: GRPC}),
	)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, names(all))
}

// pair writes a certificate for 127.0.0.1 and its key as PEM files.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	folder := t.TempDir()
	certificate, key = filepath.Join(folder, "SECRET.crt"), filepath.Join(folder, "SECRET.key")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	return certificate, key
}

func TestTheCertificatesOfTheVariablesAreUsed(t *testing.T) {
	serverCertificate, serverKey := pair(t)
	clientCertificate, clientKey := pair(t)
	own, err := tls.LoadX509KeyPair(serverCertificate, serverKey)
	require.NoError(t, err)
	known, err := os.ReadFile(clientCertificate)
	require.NoError(t, err)
	clients := x509.NewCertPool()
	require.True(t, clients.AppendCertsFromPEM(known))

	var calls atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Header.Get("Content-Type") == "application/grpc" {
			w.Header().Set("Content-Type", "application/grpc")
			w.Header().Set("Grpc-Status", "0")
		}
	}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	server.StartTLS()
	defer server.Close()

	for i, protocol := range []string{"http/protobuf", "http/json", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			setenv(t, map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
				"OTEL_EXPORTER_OTLP_CERTIFICATE":               "/not/read",
				"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE":        serverCertificate,
				"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE":        clientCertificate,
				"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY":         clientKey,
				"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE": "",
			})
			telemetry, err := Configure(t.Context(), WithGlobal(false))
			require.NoError(t, err)
			_, span := telemetry.TracerProvider().Tracer("test").Start(t.Context(), "chat")
			span.End()
			require.NoError(t, telemetry.Shutdown(t.Context()))
			assert.Equal(t, int64(i+1), calls.Load())
		})
	}
}

func TestCertificatesThatCannotBeUsedAreNamedAndNotRepeated(t *testing.T) {
	const prefix = "OTEL_EXPORTER_OTLP_"
	certificate, key := pair(t)
	_, otherKey := pair(t)
	for name, test := range map[string]struct {
		variables map[string]string
		want      string
	}{
		"no such file": {
			map[string]string{prefix + "CERTIFICATE": "/SECRET"}, prefix + "CERTIFICATE: the file cannot be read",
		},
		"no certificate": {
			map[string]string{prefix + "TRACES_CERTIFICATE": key},
			prefix + "TRACES_CERTIFICATE: the file holds no certificate in PEM form",
		},
		"no key": {
			map[string]string{prefix + "CLIENT_CERTIFICATE": certificate},
			prefix + "CLIENT_CERTIFICATE: " + prefix + "TRACES_CLIENT_KEY is needed, too",
		},
		"a key alone": {
			map[string]string{prefix + "TRACES_CLIENT_KEY": key},
			prefix + "TRACES_CLIENT_KEY: " + prefix + "TRACES_CLIENT_CERTIFICATE is needed, too",
		},
		"another's key": {
			map[string]string{prefix + "CLIENT_CERTIFICATE": certificate, prefix + "CLIENT_KEY": otherKey},
			prefix + "CLIENT_CERTIFICATE, " + prefix + "CLIENT_KEY: not the files of a certificate and its key",
		},
		"no such pair": {
			map[string]string{prefix + "CLIENT_CERTIFICATE": "/SECRET", prefix + "CLIENT_KEY": "/SECRET"},
			prefix + "CLIENT_CERTIFICATE, " + prefix + "CLIENT_KEY: not the files of a certificate and its key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.variables)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://h")
			_, err := destinations()
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "SECRET")
		})
	}
}

func TestTheTLSSettingsOfAnOptionAreHandedOn(t *testing.T) {
	settings := &tls.Config{MinVersion: tls.VersionTLS13}
	d := resolved(t, WithOTLP(OTLP{Endpoint: "https://h", TLS: settings, Protocol: HTTPJSON}))
	assert.Same(t, settings, d.TLS)
	assert.Equal(t, export.HTTPJSON, d.Protocol)
	setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": "/not/read", "OTEL_EXPORTER_OTLP_INSECURE": "true"})
	assert.Nil(t, resolved(t, WithOTLP(OTLP{Endpoint: "https://h"})).TLS)
}
