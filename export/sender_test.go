package export

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noResource is a valid request without a span.
var noResource = []byte("\x0a\x00")

func attemptAt(t *testing.T, d Destination) outcome {
	t.Helper()
	s := newSender(d, nil)
	t.Cleanup(s.close)
	return s.attempt(t.Context(), noResource)
}

func TestTheRequestIsWhatBackendsExpect(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{{
		Name: "backend", URL: server(t, &b).URL + "/api/trace",
		Headers: map[string]string{"x-api-key": "SECRET", "X-Project": " padded "},
	}})
	endSpans(p, "one")
	require.NoError(t, p.Shutdown(t.Context()))
	got := b.received()[0].header
	assert.Equal(t, []string{"application/x-protobuf"}, got["Content-Type"])
	assert.Equal(t, []string{"SECRET"}, got["X-Api-Key"])
	assert.Regexp(t, `^OTel-OTLP-Exporter-Go/\d+\.\d+\.\d+ genotel/\d`, got.Get("User-Agent"))
	for _, absent := range []string{"Content-Encoding", "Accept-Encoding", "Idempotency-Key"} {
		assert.NotContains(t, got, absent)
	}
}

func TestGzipCompressesTheBody(t *testing.T) {
	var b backend
	p := newProcessor(t, []Destination{{Name: "backend", URL: server(t, &b).URL, Compression: Gzip}})
	for _, name := range []string{"one", strings.Repeat("two", 1000)} { // the second reuses the compressor
		endSpans(p, name)
		require.NoError(t, p.ForceFlush(t.Context()))
	}
	assert.Equal(t, []string{"one", strings.Repeat("two", 1000)}, b.names())
	assert.Equal(t, "gzip", b.received()[1].header.Get("Content-Encoding"))
	assert.Less(t, len(b.received()[1].body), 500)
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestUserAgentCanBeSet(t *testing.T) {
	var b backend
	url := server(t, &b).URL
	attemptAt(t, Destination{URL: url, UserAgent: "mine/1"})
	attemptAt(t, Destination{URL: url, UserAgent: "mine/1", Headers: map[string]string{"user-agent": "header/2"}})
	assert.Equal(t, "mine/1", b.received()[0].header.Get("User-Agent"))
	assert.Equal(t, "header/2", b.received()[1].header.Get("User-Agent"))
}

func TestHeadersGoOnlyToTheirOwnDestination(t *testing.T) {
	var a, b backend
	p := newProcessor(t, []Destination{
		{Name: "a", URL: server(t, &a).URL, Headers: map[string]string{"x-api-key": "A"}},
		{Name: "b", URL: server(t, &b).URL, Headers: map[string]string{"authorization": "B"}},
	})
	endSpans(p, "one")
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, "A", a.received()[0].header.Get("X-Api-Key"))
	assert.NotContains(t, a.received()[0].header, "Authorization")
	assert.Equal(t, "B", b.received()[0].header.Get("Authorization"))
	assert.NotContains(t, b.received()[0].header, "X-Api-Key")
}

func TestRedirectsAreNotFollowedAndLeakNoKey(t *testing.T) {
	var other backend
	elsewhere := server(t, &other)
	for _, code := range []int{301, 302, 303, 307, 308} {
		b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Location", elsewhere.URL+"/path?token=SECRET2")
			w.WriteHeader(code)
		}}
		own := server(t, b)
		o := attemptAt(t, Destination{URL: own.URL, Headers: map[string]string{"x-api-key": "SECRET"}})
		assert.Equal(t, misconfigured, o.class)
		assert.Contains(t, o.problem, " from "+host(own)+", redirected to "+host(elsewhere))
		assert.NotContains(t, o.problem, "SECRET")
		assert.NotContains(t, o.problem, "path")
		assert.Len(t, b.received(), 1)
	}
	assert.Empty(t, other.received())
}

func host(s *httptest.Server) string { return s.Listener.Addr().String() }

func TestPartialSuccessIsCountedAndNotSentAgain(t *testing.T) {
	b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write([]byte(`{"partialSuccess":{"rejectedSpans":"3","errorMessage":"the prompt"}}`))
	}}
	p := newProcessor(t, []Destination{{Name: "backend", URL: server(t, b).URL}})
	endSpans(p, numbered("span", 10)...)
	err := p.Shutdown(t.Context())
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "prompt")
	assert.Len(t, b.received(), 1)
	assert.Equal(t, Stats{
		Destination: "backend", Ended: 10, Delivered: 7, Dropped: map[Reason]uint64{ReasonRejected: 3},
	}, stats(t, p))
}

func TestPartialSuccessIsReadFromAnyOTLPResponse(t *testing.T) {
	const pb, js = "application/x-protobuf", "application/json"
	partial := "\x12\x00\x0a\x05\x12\x01m\x08\x03" // an unknown field, then the message before the number
	for _, tt := range []struct {
		mediaType, body string
		want            int
	}{
		{pb, partial, 3},
		{pb + "; charset=utf-8", partial, 3},
		{pb, "", 0},
		{pb, "\x0a\x00", 0},
		{pb, "\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0}, // -1
		{pb, "\x0a\x7f", 0},
		{pb, "garbage", 0},
		{js, `{"partialSuccess":{"rejectedSpans":3}}`, 3},
		{js, `{"partialSuccess":{"rejectedSpans":"3"}}`, 3},
		{js, `{"partialSuccess":{}}`, 0},
		{js, `{"partialSuccess":{"rejectedSpans":-3}}`, 0},
		{js, `{"message":"Traces added successfully"}`, 0},
		{js, `{"partialSucc`, 0},
		{"text/html", `{"partialSuccess":{"rejectedSpans":3}}`, 0},
		{"", "", 0},
		{";;", "", 0},
	} {
		assert.Equal(t, tt.want, rejectedSpans(tt.mediaType, []byte(tt.body)), "%s %q", tt.mediaType, tt.body)
	}
}

func FuzzRejectedSpans(f *testing.F) {
	f.Add("application/x-protobuf", []byte("\x0a\x02\x08\x03"))
	f.Add("application/json; charset=utf-8", []byte(`{"partialSuccess":{"rejectedSpans":"3"}}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		if n := rejectedSpans(contentType, body); n < 0 {
			t.Errorf("%d rejected spans", n)
		}
	})
}

func TestMoreRejectedSpansThanSentDoNotUnbalanceTheLedger(t *testing.T) {
	b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"partialSuccess":{"rejectedSpans":1000}}`))
	}}
	p := processorFor(t, b)
	endSpans(p, "one")
	require.Error(t, p.Shutdown(t.Context()))
	assert.Equal(t, map[Reason]uint64{ReasonRejected: 1}, stats(t, p).Dropped)
}

func TestResponsesThatEchoThePromptLeaveNoTrace(t *testing.T) {
	var log logBuffer
	b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(strings.Repeat("my prompt ", 140_000)))
	}}
	p := newProcessor(t, []Destination{{
		Name: "backend", URL: strings.Replace(server(t, b).URL, "http://", "http://user:PASS@", 1) + "/path?key=SECRET",
	}}, WithLogger(log.logger()))
	endSpans(p, "one")
	err := p.Shutdown(t.Context())
	require.Error(t, err)
	for _, text := range append(log.lines(), err.Error()) {
		assert.LessOrEqual(t, len(text), maxErrorBytes)
		assert.Contains(t, text, "400 from 127.0.0.1")
		for _, secret := range []string{"prompt", "PASS", "SECRET", "path"} {
			assert.NotContains(t, text, secret)
		}
	}
}

// A server that closes a kept-alive connection when the next request is on its way
// makes net/http fail a POST, unless it may repeat it.
func TestADeadKeptAliveConnectionIsReplacedWithinTheAttempt(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	headers := make(chan http.Header, 3)
	served := make(chan struct{})
	go func() {
		defer close(served)
		for _, requests := range []int{1, 2} { // per connection; then it is closed with a request unanswered
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			reader := bufio.NewReader(conn)
			for range requests {
				r, err := http.ReadRequest(reader)
				if err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, r.Body)
				headers <- r.Header
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
			_, _ = reader.Peek(1) // the next request has begun to arrive
			_ = conn.Close()
		}
	}()
	s := newSender(Destination{URL: "http://" + listener.Addr().String()}, nil)
	t.Cleanup(func() {
		s.close()
		_ = listener.Close() // ends the server
		<-served
	})
	for range 3 {
		o := s.attempt(t.Context(), noResource)
		require.Equal(t, outcome{class: accepted, status: 200}, o)
		assert.NotContains(t, <-headers, "Idempotency-Key")
	}
}

func TestAServerThatAnswersTooSlowlyIsLeftAfterTheTimeout(t *testing.T) {
	t.Run("no answer: to be tried again", func(t *testing.T) {
		o := attemptAt(t, Destination{URL: server(t, &backend{answer: hang}).URL, Timeout: 50 * time.Millisecond})
		assert.Equal(t, transient, o.class)
		assert.Contains(t, o.problem, "timeout: 127.0.0.1")
	})
	t.Run("a body without end after 200: delivered", func(t *testing.T) {
		b := &backend{answer: func(w http.ResponseWriter, r *http.Request, _ int) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("."))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
		}}
		o := attemptAt(t, Destination{URL: server(t, b).URL, Timeout: 100 * time.Millisecond})
		assert.Equal(t, outcome{class: accepted, status: 200}, o)
		assert.Len(t, b.received(), 1)
	})
}

func TestAResponseIsReadToItsBoundOnly(t *testing.T) {
	b := &backend{answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
		chunk := make([]byte, maxResponseBytes)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}}
	o := attemptAt(t, Destination{URL: server(t, b).URL})
	assert.Equal(t, outcome{class: accepted, status: 200}, o)
}

func TestTransportFailuresAreClassifiedAndNamed(t *testing.T) {
	t.Run("connection refused", func(t *testing.T) {
		closed := httptest.NewServer(http.NotFoundHandler())
		closed.Close()
		o := attemptAt(t, Destination{URL: closed.URL + "/path?key=SECRET"})
		assert.Equal(t, outcome{class: transient, problem: "connection refused: " + host(closed)}, o)
	})
	t.Run("connection closed", func(t *testing.T) {
		b := &backend{answer: func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }}
		s := server(t, b)
		o := attemptAt(t, Destination{URL: s.URL})
		assert.Equal(t, outcome{class: transient, doubtful: true, problem: "connection closed: " + host(s)}, o)
	})
	t.Run("certificate", func(t *testing.T) {
		s := httptest.NewUnstartedServer(&backend{})
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		o := attemptAt(t, Destination{URL: s.URL})
		assert.Equal(t, outcome{class: misconfigured, problem: "certificate not accepted: " + host(s)}, o)
	})
	t.Run("no TLS", func(t *testing.T) {
		s := server(t, &backend{})
		o := attemptAt(t, Destination{URL: strings.Replace(s.URL, "http", "https", 1)})
		assert.Equal(t, outcome{class: misconfigured, problem: "server does not speak TLS: " + host(s)}, o)
	})
	t.Run("proxy authentication", func(t *testing.T) {
		proxy := server(t, &backend{answer: status(http.StatusProxyAuthRequired)})
		address, err := url.Parse(proxy.URL)
		require.NoError(t, err)
		transport := newTransport()
		transport.Proxy = http.ProxyURL(address)
		s := newSender(Destination{URL: "https://backend.example"}, transport)
		t.Cleanup(s.close)
		o := s.attempt(t.Context(), noResource)
		assert.Equal(t, outcome{class: misconfigured, problem: "proxy wants authentication: backend.example"}, o)
	})
	t.Run("host not found", func(t *testing.T) {
		o := outcomeOfError(&url.Error{Err: &net.OpError{Err: &net.DNSError{IsNotFound: true}}})
		assert.Equal(t, outcome{class: transient, problem: "host not found"}, o)
	})
}

func TestAConnectionRefusedForAWhileLosesNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	p := newProcessor(t, []Destination{{Name: "backend", URL: "http://" + address}})
	endSpans(p, "one")
	require.Error(t, p.ForceFlush(within(t, 50*time.Millisecond)))

	listener, err = net.Listen("tcp", address)
	require.NoError(t, err)
	var b backend
	s := &httptest.Server{Listener: listener, Config: &http.Server{Handler: &b, ReadHeaderTimeout: time.Second}}
	s.Start()
	t.Cleanup(s.Close)
	require.NoError(t, p.Shutdown(within(t, 10*time.Second)))
	assert.Equal(t, []string{"one"}, b.names())
}

func TestTheAttemptTimeoutFollowsTheSizeUnlessSet(t *testing.T) {
	assert.Equal(t, 10*time.Second, (&poster{}).timeoutFor(make([]byte, 1<<20)))
	assert.Equal(t, 30*time.Second, (&poster{}).timeoutFor(make([]byte, 1<<20+1)))
	assert.Equal(t, time.Second, (&poster{timeout: time.Second}).timeoutFor(make([]byte, 1<<20+1)))
}
