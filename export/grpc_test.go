package export

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// collector serves the call by net/http. It accepts everything unless answer says
// otherwise. Package collectortest has the real server.
type collector struct {
	answer func(w http.ResponseWriter, r *http.Request, n int) // the nth call, counted from 1

	mu    sync.Mutex
	calls []call
}

type call struct {
	request    *http.Request
	compressed bool
	names      []string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var head struct {
		Compressed bool
		Length     uint32
	}
	if binary.Read(r.Body, binary.BigEndian, &head) != nil {
		return
	}
	message, err := io.ReadAll(r.Body)
	if err != nil || len(message) != int(head.Length) {
		return
	}
	if head.Compressed {
		reader, err := gzip.NewReader(bytes.NewReader(message))
		if err != nil {
			panic(err)
		}
		if message, err = io.ReadAll(reader); err != nil {
			panic(err)
		}
	}
	data := &tracepb.TracesData{}
	if err := proto.Unmarshal(message, data); err != nil {
		panic(err)
	}
	received := call{request: r, compressed: head.Compressed}
	for _, span := range spansOf(data) {
		received.names = append(received.names, span.GetName())
	}
	c.mu.Lock()
	c.calls = append(c.calls, received)
	n := len(c.calls)
	c.mu.Unlock()
	if c.answer == nil {
		withStatus(nil, "Grpc-Status", "0")(w, r, n)
		return
	}
	c.answer(w, r, n)
}

func (c *collector) received() []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]call(nil), c.calls...)
}

// grpcServer speaks HTTP/2 without encryption, as gRPC servers do.
func grpcServer(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// withStatus answers with a body, if any, and trailers.
func withStatus(body []byte, trailers ...string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/grpc")
		_, _ = w.Write(body)
		_ = http.NewResponseController(w).Flush()
		for i := 0; i < len(trailers); i += 2 {
			w.Header().Set(http.TrailerPrefix+trailers[i], trailers[i+1])
		}
	}
}

// withHeader answers by a header that is the end, too.
func withHeader(status int, fields ...string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		for i := 0; i < len(fields); i += 2 {
			w.Header().Set(fields[i], fields[i+1])
		}
		w.WriteHeader(status)
	}
}

// callAt makes one call that is answered so.
func callAt(t *testing.T, answer func(http.ResponseWriter, *http.Request, int)) outcome {
	t.Helper()
	s := grpcServer(t, &collector{answer: answer})
	o := attemptAtGRPC(t, Destination{URL: s.URL})
	o.problem = strings.ReplaceAll(o.problem, host(s), "HOST")
	return o
}

func attemptAtGRPC(t *testing.T, d Destination) outcome {
	t.Helper()
	d.Protocol = GRPC
	s := newSender(d, nil)
	t.Cleanup(s.close)
	body, err := s.encode(nil)
	require.NoError(t, err)
	return s.attempt(t.Context(), body)
}

// partialSuccess is an ExportTraceServiceResponse in a frame.
func partialSuccess(rejected byte) []byte {
	return []byte{0, 0, 0, 0, 7, 0x0a, 0x05, 0x08, rejected, 0x12, 0x01, 'm'}
}

// statusDetails are a google.rpc.Status whose second detail is a RetryInfo.
func statusDetails(code uint64, seconds, nanos int64) []byte {
	delay := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(seconds))
	delay = protowire.AppendVarint(protowire.AppendTag(delay, 2, protowire.VarintType), uint64(nanos))
	retryInfo := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), delay)
	status := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), code)
	status = protowire.AppendString(protowire.AppendTag(status, 2, protowire.BytesType), "busy")
	status = appendDetail(status, "google.rpc.Help", []byte("\x0a\x00"))
	return appendDetail(status, "google.rpc.RetryInfo", retryInfo)
}

func appendDetail(status []byte, name string, value []byte) []byte {
	detail := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "type.googleapis.com/"+name)
	detail = protowire.AppendBytes(protowire.AppendTag(detail, 2, protowire.BytesType), value)
	return protowire.AppendBytes(protowire.AppendTag(status, 3, protowire.BytesType), detail)
}

func TestAGRPCCallIsWhatServersExpect(t *testing.T) {
	var c collector
	p := newProcessor(t, []Destination{{
		Name: "backend", URL: grpcServer(t, &c).URL, Protocol: GRPC, Timeout: 1500 * time.Millisecond,
		Headers: map[string]string{"X-Api-Key": "SECRET"},
	}})
	endSpans(p, "one", "two")
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, uint64(2), stats(t, p).Delivered)

	require.Len(t, c.received(), 1)
	got := c.received()[0]
	assert.Equal(t, []string{"one", "two"}, got.names)
	assert.False(t, got.compressed)
	r := got.request
	assert.Equal(t, "HTTP/2.0", r.Proto)
	assert.Equal(t, http.MethodPost, r.Method)
	assert.Equal(t, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", r.URL.Path)
	assert.Equal(t, "application/grpc", r.Header.Get("Content-Type"))
	assert.Equal(t, "trailers", r.Header.Get("Te"))
	assert.Equal(t, "1500000u", r.Header.Get("Grpc-Timeout"))
	assert.Equal(t, "SECRET", r.Header.Get("X-Api-Key"))
	assert.Regexp(t, `^OTel-OTLP-Exporter-Go/\d+\.\d+\.\d+ genotel/\d`, r.Header.Get("User-Agent"))
	for _, absent := range []string{"Grpc-Encoding", "Content-Encoding", "Accept-Encoding", "Idempotency-Key"} {
		assert.NotContains(t, r.Header, absent)
	}
}

func TestGzipCompressesTheMessageOfACall(t *testing.T) {
	var c collector
	p := newProcessor(t, []Destination{{
		Name: "backend", URL: grpcServer(t, &c).URL + "/", Protocol: GRPC, Compression: Gzip,
	}})
	long := strings.Repeat("two", 1000)
	for _, name := range []string{"one", long} { // the second reuses the compressor
		endSpans(p, name)
		require.NoError(t, p.ForceFlush(t.Context()))
	}
	require.NoError(t, p.Shutdown(t.Context()))
	require.Len(t, c.received(), 2)
	got := c.received()[1]
	assert.True(t, got.compressed)
	assert.Equal(t, "gzip", got.request.Header.Get("Grpc-Encoding"))
	assert.Equal(t, []string{long}, got.names)
	assert.Less(t, got.request.ContentLength, int64(500))
	assert.NotContains(t, got.request.Header, "Content-Encoding")
}

func TestPartialSuccessOfACallIsCounted(t *testing.T) {
	plain := partialSuccess(3)
	compressed := framed(1, zipped(t, plain[5:]))
	withEncoding := func(w http.ResponseWriter, r *http.Request, n int) {
		w.Header().Set("Grpc-Encoding", "gzip")
		withStatus(compressed, "Grpc-Status", "0")(w, r, n)
	}
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request, int)
		want   int
	}{
		"plain":                    {withStatus(plain, "Grpc-Status", "0"), 3},
		"compressed":               {withEncoding, 3},
		"compressed and not named": {withStatus(compressed, "Grpc-Status", "0"), 0},
		"all accepted":             {withStatus([]byte{0, 0, 0, 0, 0}, "Grpc-Status", "0"), 0},
		"no message":               {withStatus(nil, "Grpc-Status", "0"), 0},
		"trailers only":            {withHeader(200, "Content-Type", "application/grpc", "Grpc-Status", "0"), 0},
		"nonsense":                 {withStatus([]byte("nonsense"), "Grpc-Status", "0"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, outcome{class: accepted, rejected: tt.want}, callAt(t, tt.answer))
		})
	}
}

func zipped(t *testing.T, plain []byte) []byte {
	t.Helper()
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, err := writer.Write(plain)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return compressed.Bytes()
}

func framed(flag byte, message []byte) []byte {
	return append([]byte{
		flag, byte(len(message) >> 24), byte(len(message) >> 16), byte(len(message) >> 8), byte(len(message)),
	}, message...)
}

func TestARefusalForTheSizeOfAMessageIsKnownByItsWords(t *testing.T) {
	for message, want := range map[string]class{
		"grpc: received message larger than max (5242880 vs. 4194304)":                tooLarge,
		"grpc: received message after decompression larger than max (5242880 vs. 10)": tooLarge,
		"gRPC message exceeds maximum size 4194304: 5242880":                          tooLarge,
		"quota exceeded":      refused,
		"my prompt is larger": refused,
	} {
		o := callAt(t, withStatus(nil, "Grpc-Status", "8", "Grpc-Message", message))
		assert.Equal(t, want, o.class, message)
		assert.Equal(t, "RESOURCE_EXHAUSTED from HOST", o.problem)
	}
}

func TestEveryGRPCStatusHasItsClass(t *testing.T) {
	for code, want := range map[string]struct {
		class  class
		name   string
		denied bool
	}{
		"1":          {transient, "CANCELLED", false}, //nolint:misspell // as gRPC writes it
		"2":          {refused, "UNKNOWN", false},
		"3":          {refused, "INVALID_ARGUMENT", false},
		"4":          {transient, "DEADLINE_EXCEEDED", false},
		"5":          {refused, "NOT_FOUND", false},
		"6":          {refused, "ALREADY_EXISTS", false},
		"7":          {misconfigured, "PERMISSION_DENIED", true},
		"8":          {refused, "RESOURCE_EXHAUSTED", false},
		"9":          {refused, "FAILED_PRECONDITION", false},
		"10":         {transient, "ABORTED", false},
		"11":         {transient, "OUT_OF_RANGE", false},
		"12":         {misconfigured, "UNIMPLEMENTED", false},
		"13":         {refused, "INTERNAL", false},
		"14":         {transient, "UNAVAILABLE", false},
		"15":         {transient, "DATA_LOSS", false},
		"16":         {misconfigured, "UNAUTHENTICATED", true},
		"17":         {refused, "an unknown gRPC status", false},
		"4294967295": {refused, "an unknown gRPC status", false},
	} {
		t.Run(code, func(t *testing.T) {
			expected := outcome{class: want.class, problem: want.name + " from HOST", denied: want.denied}
			message := "my%20prompt"
			assert.Equal(t, expected, callAt(t, withStatus(nil, "Grpc-Status", code, "Grpc-Message", message)))
			assert.Equal(t, expected, callAt(t, withHeader(http.StatusOK,
				"Content-Type", "application/grpc", "Grpc-Status", code, "Grpc-Message", message)))
		})
	}
}

func TestAServerSaysWhenToCallAgain(t *testing.T) {
	details := func(code uint64, seconds, nanos int64) string {
		return base64.RawStdEncoding.EncodeToString(statusDetails(code, seconds, nanos))
	}
	for name, tt := range map[string]struct {
		status, details string
		class           class
		want            time.Duration
	}{
		"unavailable":         {"14", details(14, 2, 500_000_000), transient, 2500 * time.Millisecond},
		"exhausted":           {"8", details(8, 90, 0), transient, 90 * time.Second},
		"at once":             {"8", details(8, 0, 0), transient, 0},
		"with padding":        {"8", base64.StdEncoding.EncodeToString(statusDetails(8, 1, 0)), transient, time.Second},
		"in the past":         {"8", details(8, -5, 0), transient, 0},
		"in the far" + " end": {"14", details(14, 1<<40, 0), transient, time.Hour},
		"without RetryInfo": {
			"8", base64.RawStdEncoding.EncodeToString(appendDetail(nil, "google.rpc.Help", []byte("x"))), refused, 0,
		},
		"no base64":   {"8", "%%%", refused, 0},
		"no protobuf": {"8", base64.RawStdEncoding.EncodeToString([]byte("\x1a\x7f")), refused, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := callAt(t, withStatus(nil, "Grpc-Status", tt.status, "Grpc-Status-Details-Bin", tt.details))
			assert.Equal(t, tt.class, o.class)
			assert.Equal(t, tt.want, o.retryAfter)
		})
	}
}

func TestWhatIsNoGRPCAnswerIsClassifiedAndNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request, int)
		want   outcome
	}{
		"a web page": {
			withHeader(http.StatusOK, "Content-Type", "text/html"),
			outcome{class: misconfigured, problem: "server does not speak gRPC: HOST"},
		},
		"a relative of gRPC": {
			withHeader(http.StatusOK, "Content-Type", "application/grpcweb"),
			outcome{class: misconfigured, problem: "server does not speak gRPC: HOST"},
		},
		"no status": {
			withStatus(partialSuccess(1)), outcome{class: misconfigured, problem: "answer without a gRPC status: HOST"},
		},
		"no number": {
			withStatus(nil, "Grpc-Status", "OK"),
			outcome{class: misconfigured, problem: "answer without a gRPC status: HOST"},
		},
		"an answer beyond the bound": {
			withStatus(make([]byte, 2*maxResponseBytes), "Grpc-Status", "0"),
			outcome{class: misconfigured, problem: "answer without a gRPC status: HOST"},
		},
		"a proxy without a backend": {
			withHeader(http.StatusServiceUnavailable, "Retry-After", "7"),
			outcome{class: transient, status: 503, problem: "503 from HOST", retryAfter: 7 * time.Second},
		},
		"a proxy that wants a key": {
			withHeader(http.StatusUnauthorized), outcome{class: misconfigured, status: 401, problem: "401 from HOST", denied: true},
		},
		"a redirect": {
			withHeader(http.StatusFound, "Location", "https://elsewhere/path?key=SECRET"),
			outcome{class: misconfigured, status: 302, problem: "302 from HOST, redirected to elsewhere"},
		},
		"a status of gRPC beside one of HTTP": {
			withHeader(http.StatusBadGateway, "Content-Type", "application/grpc", "Grpc-Status", "16"),
			outcome{class: misconfigured, problem: "UNAUTHENTICATED from HOST", denied: true},
		},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, callAt(t, tt.answer)) })
	}
}

func TestFailuresOfACallsTransportAreClassifiedAndNamed(t *testing.T) {
	t.Run("connection refused", func(t *testing.T) {
		closed := httptest.NewServer(http.NotFoundHandler())
		closed.Close()
		o := attemptAtGRPC(t, Destination{URL: closed.URL + "/path"})
		assert.Equal(t, outcome{class: transient, problem: "connection refused: " + host(closed)}, o)
	})
	t.Run("cut off before the answer", func(t *testing.T) {
		o := callAt(t, func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) })
		assert.Equal(t, transient, o.class)
	})
	t.Run("cut off within the answer", func(t *testing.T) {
		o := callAt(t, func(w http.ResponseWriter, r *http.Request, n int) {
			withStatus(partialSuccess(0))(w, r, n)
			panic(http.ErrAbortHandler)
		})
		assert.Equal(t, transient, o.class)
	})
	t.Run("connection cut", func(t *testing.T) {
		s := grpcServer(t, nil)
		s.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.CloseClientConnections() })
		o := attemptAtGRPC(t, Destination{URL: s.URL})
		assert.Equal(t, outcome{class: transient, doubtful: true, problem: "connection closed: " + host(s)}, o)
	})
	t.Run("no answer", func(t *testing.T) {
		s := grpcServer(t, &collector{answer: hang})
		o := attemptAtGRPC(t, Destination{URL: s.URL, Timeout: 50 * time.Millisecond})
		assert.Equal(t, outcome{class: transient, doubtful: true, problem: "timeout: " + host(s)}, o)
	})
	t.Run("no end of the answer", func(t *testing.T) {
		s := grpcServer(t, &collector{answer: func(w http.ResponseWriter, r *http.Request, n int) {
			withStatus(partialSuccess(0))(w, r, n)
			<-r.Context().Done()
		}})
		o := attemptAtGRPC(t, Destination{URL: s.URL, Timeout: 50 * time.Millisecond})
		assert.Equal(t, outcome{class: transient, doubtful: true, problem: "timeout: " + host(s)}, o)
	})
	t.Run("a server of HTTP/1.1", func(t *testing.T) {
		address := elderServer(t)
		o := attemptAtGRPC(t, Destination{URL: "http://" + address})
		assert.Contains(t, []outcome{
			{class: misconfigured, problem: "server does not speak HTTP/2: " + address},
			{class: transient, doubtful: true, problem: "network error: " + address}, // net/http does not always say what it saw
		}, o)
	})
	t.Run("a server of HTTP/1.1 over TLS", func(t *testing.T) {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		o := attemptAtGRPC(t, Destination{URL: s.URL, TLS: trusting(s)})
		assert.Equal(t, outcome{class: misconfigured, problem: "server does not speak HTTP/2: " + host(s)}, o)
	})
	t.Run("a server without TLS", func(t *testing.T) {
		s := grpcServer(t, &collector{})
		o := attemptAtGRPC(t, Destination{URL: strings.Replace(s.URL, "http", "https", 1)})
		assert.Equal(t, outcome{class: transient, doubtful: true, problem: "connection closed: " + host(s)}, o)
	})
	t.Run("HTTP/1.1 at a gRPC server", func(t *testing.T) {
		o := attemptAt(t, Destination{URL: grpcServer(t, &collector{}).URL})
		assert.Equal(t, transient, o.class)
	})
}

// elderServer refuses what it takes for a malformed request of HTTP/1.1, and returns
// its address. It reads on after that: a server that closes at once resets the
// connection before its answer is read, if chance will have it.
func elderServer(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func trusting(s *httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func TestACallOverTLSIsMadeByHTTP2(t *testing.T) {
	var c collector
	s := httptest.NewUnstartedServer(&c)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	assert.Equal(t, outcome{class: misconfigured, problem: "certificate not accepted: " + host(s)},
		attemptAtGRPC(t, Destination{URL: s.URL}))
	settings := trusting(s)
	assert.Equal(t, outcome{class: accepted}, attemptAtGRPC(t, Destination{URL: s.URL, TLS: settings}))
	require.Len(t, c.received(), 1)
	assert.Equal(t, "HTTP/2.0", c.received()[0].request.Proto)
	assert.Nil(t, settings.NextProtos, "the caller's settings are not changed")
}

// HTTP/2 goes on with a connection whose requests time out, although it may lead nowhere.
func TestAfterATimeoutTheNextCallGetsAConnectionOfItsOwn(t *testing.T) {
	for name, begun := range map[string]bool{"before the answer": false, "within the answer": true} {
		t.Run(name, func(t *testing.T) {
			left := make(chan struct{}, 1)
			c := &collector{answer: func(w http.ResponseWriter, r *http.Request, n int) {
				if n%2 == 0 {
					if begun {
						withStatus(partialSuccess(0))(w, r, n)
					}
					<-r.Context().Done()
					left <- struct{}{}
					return
				}
				withStatus(nil, "Grpc-Status", "0")(w, r, n)
			}}
			s := newSender(Destination{URL: grpcServer(t, c).URL, Protocol: GRPC, Timeout: 500 * time.Millisecond}, nil)
			t.Cleanup(s.close)
			body, err := s.encode(nil)
			require.NoError(t, err)
			require.Equal(t, accepted, s.attempt(t.Context(), body).class)
			// net/http forgets a canceled call shortly after the server got to know. There is no
			// back-off here to wait for that, so that the next call may find it still.
			for range 5 {
				require.Equal(t, transient, s.attempt(t.Context(), body).class)
				<-left
				require.Equal(t, accepted, s.attempt(t.Context(), body).class)
				calls := c.received()
				if calls[len(calls)-2].request.RemoteAddr != calls[len(calls)-1].request.RemoteAddr {
					return
				}
			}
			t.Error("all calls came over one connection")
		})
	}
}

func TestAProxyIsAskedForEncryptedCallsOnly(t *testing.T) {
	proxy := &url.URL{Scheme: "http", Host: "proxy"}
	transport := newTransport()
	transport.Proxy = http.ProxyURL(proxy)
	speakHTTP2(transport)
	for scheme, want := range map[string]*url.URL{"https": proxy, "http": nil} {
		got, err := transport.Proxy(&http.Request{URL: &url.URL{Scheme: scheme, Host: "backend"}})
		require.NoError(t, err)
		assert.Equal(t, want, got, scheme)
	}
}

func TestAnOutageOfAGRPCServerLosesNothing(t *testing.T) {
	var log logBuffer
	c := &collector{answer: func(w http.ResponseWriter, r *http.Request, n int) {
		code := "0"
		if n < 3 {
			code = "14"
		}
		withStatus(nil, "Grpc-Status", code, "Grpc-Message", "my prompt")(w, r, n)
	}}
	p := newProcessor(t, []Destination{{
		Name: "backend", URL: grpcServer(t, c).URL, Protocol: GRPC, Headers: map[string]string{"x-api-key": "SECRET"},
	}}, WithLogger(log.logger()))
	endSpans(p, "one", "two")
	require.NoError(t, p.Shutdown(within(t, 20*time.Second)))
	assert.Equal(t, uint64(2), stats(t, p).Delivered)
	require.Len(t, c.received(), 3)
	for _, received := range c.received() {
		assert.Equal(t, []string{"one", "two"}, received.names)
	}
	assert.NotContains(t, fmt.Sprint(log.lines()), "prompt")
}

func TestATimeoutIsWrittenInTheFinestUnitThatHasRoom(t *testing.T) {
	for timeout, want := range map[time.Duration]string{
		1:                         "1n",
		99_999_999:                "99999999n",
		100_000_000:               "100000u",
		10 * time.Second:          "10000000u",
		30 * time.Hour:            "108000S",
		27 * time.Hour:            "97200000m",
		1<<63 - 1:                 "99999999S",
		99_999_999 * time.Second:  "99999999S",
		100_000_000 * time.Second: "99999999S",
	} {
		assert.Equal(t, want, grpcTimeout(timeout))
	}
}

// FuzzUnframe knows the frame by its definition: one byte, four of length, the message.
func FuzzUnframe(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 2, 'o', 'k', 'x'}, "")
	f.Add([]byte{1, 0, 0, 0, 1, 0}, "gzip")
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff}, "identity")
	f.Add(partialSuccess(3), "snappy")
	var bomb bytes.Buffer
	writer := gzip.NewWriter(&bomb)
	_, _ = writer.Write(make([]byte, 4*maxResponseBytes))
	_ = writer.Close()
	f.Add(framed(1, bomb.Bytes()), "gzip")
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		message, ok := unframe(body, encoding)
		length := -1
		if len(body) >= 5 {
			length = int(body[1])<<24 | int(body[2])<<16 | int(body[3])<<8 | int(body[4])
		}
		whole := length >= 0 && length <= len(body)-5
		switch {
		case !whole:
			assert.False(t, ok)
		case body[0] == 0:
			assert.True(t, ok)
			assert.Equal(t, body[5:5+length], message)
		case body[0] == 1 && encoding == "gzip":
			plain, fits := inflated(body[5 : 5+length])
			assert.Equal(t, fits, ok)
			if fits {
				assert.True(t, bytes.Equal(plain, message))
			}
		default:
			assert.False(t, ok)
		}
		assert.GreaterOrEqual(t, rejectedSpansIn(message), 0)
	})
}

func rejectedSpansIn(message []byte) int { return clampSpans(rejectedInProto(message)) }

// inflated reads bytewise, false for what is broken or above the bound.
func inflated(compressed []byte) ([]byte, bool) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, false
	}
	var plain bytes.Buffer
	n, err := io.CopyN(&plain, reader, maxResponseBytes+1)
	return plain.Bytes(), err == io.EOF && n <= maxResponseBytes //nolint:errorlint // as CopyN has it
}

func FuzzRetryDelay(f *testing.F) {
	f.Add(base64.RawStdEncoding.EncodeToString(statusDetails(8, 3, 0)))
	f.Add(base64.StdEncoding.EncodeToString(statusDetails(8, 1<<62, -1)))
	f.Add("%")
	f.Fuzz(func(t *testing.T, details string) {
		delay, given := retryDelay(details)
		if delay < 0 || delay > time.Hour || !given && delay != 0 {
			t.Errorf("delay %v, %v", delay, given)
		}
	})
}
