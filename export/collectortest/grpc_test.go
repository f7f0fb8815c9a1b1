// Package collectortest holds the tests of export against what the OpenTelemetry
// Collector is made of: the server of google.golang.org/grpc with the generated
// TraceService, and its reader of OTLP's JSON. They are a module of their own, so that
// nobody who uses genotel gets these libraries.
package collectortest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // lets the server take and send gzip
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/genotel/genotel/export"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector keeps what it accepts. It accepts everything unless answer says otherwise.
type collector struct {
	collectorpb.UnimplementedTraceServiceServer

	answer func(n int) (*collectorpb.ExportTraceServiceResponse, error) // to the nth call, counted from 1

	mu   sync.Mutex
	seen seen
}

type seen struct {
	calls    int
	metadata metadata.MD
	left     time.Duration // until the deadline of the last call
	names    []string
}

func (c *collector) sawSoFar() seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

func (c *collector) Export(
	ctx context.Context, request *collectorpb.ExportTraceServiceRequest,
) (*collectorpb.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen.calls++
	c.seen.metadata, _ = metadata.FromIncomingContext(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		c.seen.left = time.Until(deadline)
	}
	if c.answer != nil {
		if response, err := c.answer(c.seen.calls); response != nil || err != nil {
			return response, err
		}
	}
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.seen.names = append(c.seen.names, span.GetName())
			}
		}
	}
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

// serve returns the address. A nil service is a server without the call.
func serve(t *testing.T, service *collector, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serveAt(t, listener, service, options...)
	return listener.Addr().String()
}

func serveAt(t *testing.T, listener net.Listener, service *collector, options ...grpc.ServerOption) *grpc.Server {
	t.Helper()
	server := grpc.NewServer(options...)
	if service != nil {
		collectorpb.RegisterTraceServiceServer(server, service)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		assert.NoError(t, <-served)
	})
	return server
}

func newProcessor(t *testing.T, d export.Destination, opts ...export.Option) *export.Processor {
	t.Helper()
	d.Name, d.Protocol = "collector", export.GRPC
	p, err := export.New([]export.Destination{d}, append(opts, export.WithLogger(slog.New(slog.DiscardHandler)))...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Shutdown(t.Context()) })
	return p
}

func endSpans(p *export.Processor, names ...string) {
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(p)).Tracer("test")
	for _, name := range names {
		_, span := tracer.Start(context.Background(), name)
		span.End()
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestSpansArriveWithTheirMetadata(t *testing.T) {
	for name, compression := range map[string]export.Compression{"plain": export.NoCompression, "gzip": export.Gzip} {
		t.Run(name, func(t *testing.T) {
			var c collector
			p := newProcessor(t, export.Destination{
				URL: "http://" + serve(t, &c), Compression: compression, Timeout: 3 * time.Second,
				Headers: map[string]string{"X-Api-Key": "KEY"},
			})
			endSpans(p, "one", "two")
			require.NoError(t, p.Shutdown(within(t, 10*time.Second)))
			assert.Equal(t, uint64(2), p.Stats()[0].Delivered)
			assert.Equal(t, []string{"one", "two"}, c.sawSoFar().names)
			assert.Equal(t, []string{"KEY"}, c.sawSoFar().metadata.Get("x-api-key"))
			assert.Contains(t, c.sawSoFar().metadata.Get("user-agent")[0], "genotel/")
			assert.InDelta(t, 3, c.sawSoFar().left.Seconds(), 1)
		})
	}
}

func TestAFullRequestFitsTheServersDefaultLimit(t *testing.T) {
	var c collector
	p := newProcessor(t, export.Destination{URL: "http://" + serve(t, &c)})
	var names []string
	for i := range 100 {
		names = append(names, strings.Repeat(string(rune('a'+i%26)), 128<<10))
	}
	endSpans(p, names...)
	require.NoError(t, p.Shutdown(within(t, 30*time.Second)))
	assert.Equal(t, names, c.sawSoFar().names)
	assert.Greater(t, c.sawSoFar().calls, 2)
}

func TestAPartialSuccessIsCounted(t *testing.T) {
	for name, compression := range map[string]export.Compression{"plain": export.NoCompression, "gzip": export.Gzip} {
		t.Run(name, func(t *testing.T) { // a server compresses its answer as the request was
			c := collector{answer: func(int) (*collectorpb.ExportTraceServiceResponse, error) {
				return &collectorpb.ExportTraceServiceResponse{PartialSuccess: &collectorpb.ExportTracePartialSuccess{
					RejectedSpans: 1, ErrorMessage: "my prompt",
				}}, nil
			}}
			p := newProcessor(t, export.Destination{URL: "http://" + serve(t, &c), Compression: compression})
			endSpans(p, "one", "two")
			err := p.Shutdown(within(t, 10*time.Second))
			require.ErrorContains(t, err, "rejected 1")
			assert.NotContains(t, err.Error(), "prompt")
			assert.Equal(t, uint64(1), p.Stats()[0].Delivered)
		})
	}
}

func TestAStatusIsRetriedOrNotAsItSays(t *testing.T) {
	withRetryInfo := func(code codes.Code) error {
		s, err := status.New(code, "my prompt").WithDetails(
			&errdetails.Help{}, &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Millisecond)})
		require.NoError(t, err)
		return s.Err()
	}
	for name, tt := range map[string]struct {
		err     error
		retried bool
		want    string // in the error of a loss
	}{
		"unavailable":                          {status.Error(codes.Unavailable, "my prompt"), true, ""},
		"aborted":                              {status.Error(codes.Aborted, "my prompt"), true, ""},
		"exhausted, to be tried again":         {withRetryInfo(codes.ResourceExhausted), true, ""},
		"unauthenticated, until it is mended":  {status.Error(codes.Unauthenticated, ""), false, "config 1), last problem: UNAUTHENTICATED from 127.0.0.1"},
		"exhausted":                            {status.Error(codes.ResourceExhausted, "my prompt"), false, "send_error 1), last problem: RESOURCE_EXHAUSTED from 127.0.0.1"},
		"invalid, although to be tried again":  {withRetryInfo(codes.InvalidArgument), false, "send_error 1), last problem: INVALID_ARGUMENT from"},
		"an error of the server's own":         {status.Error(codes.Internal, "my prompt"), false, "send_error 1), last problem: INTERNAL from"},
		"an error that is no status of gRPC's": {assert.AnError, false, "send_error 1), last problem: UNKNOWN from"},
	} {
		t.Run(name, func(t *testing.T) {
			c := collector{answer: func(n int) (*collectorpb.ExportTraceServiceResponse, error) {
				if n == 1 {
					return nil, tt.err
				}
				return nil, nil //nolint:nilnil // the usual answer
			}}
			p := newProcessor(t, export.Destination{URL: "http://" + serve(t, &c)})
			endSpans(p, "one")
			err := p.Shutdown(within(t, 10*time.Second))
			if tt.retried {
				require.NoError(t, err)
				assert.Equal(t, 2, c.sawSoFar().calls)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "prompt")
			assert.Equal(t, 1, c.sawSoFar().calls)
		})
	}
}

func TestAServersLimitOfAMessageIsHeeded(t *testing.T) {
	for name, compression := range map[string]export.Compression{"plain": export.NoCompression, "gzip": export.Gzip} {
		t.Run(name, func(t *testing.T) {
			const limit = 300 << 10
			var c collector
			p := newProcessor(t, export.Destination{
				URL: "http://" + serve(t, &c, grpc.MaxRecvMsgSize(limit)), Compression: compression,
			})
			tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(p)).Tracer("test")
			for size := range 20 {
				_, span := tracer.Start(t.Context(), "span", trace.WithAttributes(
					attribute.String("gen_ai.input.messages", strings.Repeat("ä", 30<<10*size))))
				span.End()
			}
			require.NoError(t, p.Shutdown(within(t, 20*time.Second)))
			stats := p.Stats()[0]
			assert.Equal(t, uint64(20), stats.Delivered)
			assert.Positive(t, stats.Truncated, "those that are larger than the limit alone")
			assert.Len(t, c.sawSoFar().names, 20)
		})
	}
}

func TestAServerWithoutTheCallIsNamed(t *testing.T) {
	p := newProcessor(t, export.Destination{URL: "http://" + serve(t, nil)}, export.WithRetryBudget(time.Nanosecond))
	endSpans(p, "one")
	require.ErrorContains(t, p.Shutdown(within(t, 10*time.Second)), "config 1), last problem: UNIMPLEMENTED from")
}

func TestAServerThatRestartsGetsEverySpanOnce(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var c collector
	first := serveAt(t, listener, &c)
	p := newProcessor(t, export.Destination{URL: "http://" + listener.Addr().String()})
	endSpans(p, "one")
	require.NoError(t, p.ForceFlush(within(t, 10*time.Second)))
	first.GracefulStop()
	endSpans(p, "two")
	require.Error(t, p.ForceFlush(within(t, 50*time.Millisecond)))
	listener, err = net.Listen("tcp", listener.Addr().String())
	require.NoError(t, err)
	serveAt(t, listener, &c)
	require.NoError(t, p.Shutdown(within(t, 20*time.Second)))
	assert.Equal(t, []string{"one", "two"}, c.sawSoFar().names)
}

func TestBothSidesShowTheirCertificate(t *testing.T) {
	serverPair, clientPair := certificate(t), certificate(t)
	var c collector
	address := serve(t, &c, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{serverPair}, ClientCAs: pool(clientPair),
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	})))
	p := newProcessor(t, export.Destination{URL: "https://" + address, TLS: &tls.Config{
		RootCAs: pool(serverPair), Certificates: []tls.Certificate{clientPair}, MinVersion: tls.VersionTLS12,
	}})
	endSpans(p, "one")
	require.NoError(t, p.Shutdown(within(t, 10*time.Second)))
	assert.Equal(t, []string{"one"}, c.sawSoFar().names)

	stranger := newProcessor(t, export.Destination{URL: "https://" + address}, export.WithRetryBudget(time.Nanosecond))
	endSpans(stranger, "two")
	require.ErrorContains(t, stranger.Shutdown(within(t, 10*time.Second)), "config 1), last problem: certificate not accepted")
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func pool(pair tls.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	return pool
}
