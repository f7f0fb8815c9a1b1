package faultyotlp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/internal/faultyotlp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var one, two = trace.SpanID{1, 1, 1, 1, 1, 1, 1, 1}, trace.SpanID{2, 2, 2, 2, 2, 2, 2, 2}

// Both spans, "one" and "two", as protobuf: resource_spans = 1, scope_spans = 2, spans = 2, span_id = 2, name = 5.
const asProto = "\x0a\x24\x12\x22" +
	"\x12\x0f\x12\x08\x01\x01\x01\x01\x01\x01\x01\x01\x2a\x03one" +
	"\x12\x0f\x12\x08\x02\x02\x02\x02\x02\x02\x02\x02\x2a\x03two"

const asJSON = `{"resourceSpans":[{"scopeSpans":[{"spans":[
	{"spanId":"0101010101010101","name":"one"},{"spanId":"0202020202020202","name":"two"}]}]}]}`

// answer is what a client got.
type answer struct {
	status   int // 0: none
	header   http.Header
	body     string
	sendErr  error // there is no answer
	breakErr error // of its body
}

// post sends both spans.
func post(ctx context.Context, t *testing.T, client *http.Client, url string) answer {
	t.Helper()
	return postAs(ctx, t, client, url, "application/x-protobuf", []byte(asProto))
}

func postAs(ctx context.Context, t *testing.T, client *http.Client, url, contentType string, body []byte) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", contentType)
	if bytes.HasPrefix(body, []byte("\x1f\x8b")) {
		r.Header.Set("Content-Encoding", "gzip")
	}
	res, err := client.Do(r)
	if err != nil {
		return answer{sendErr: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: string(text), breakErr: err}
}

func clientFor(servers ...*faultyotlp.Server) *http.Client {
	return &http.Client{
		Transport:     faultyotlp.Transport(servers...),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// onBothNetworks runs the test with sockets and with pipes.
func onBothNetworks(t *testing.T, test func(t *testing.T, opts ...faultyotlp.Option)) {
	t.Helper()
	t.Run("sockets", func(t *testing.T) { test(t) })
	t.Run("pipes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, faultyotlp.InMemory()) })
	})
}

var both, first, none = map[trace.SpanID]int{one: 1, two: 1}, map[trace.SpanID]int{one: 1}, map[trace.SpanID]int{}

func TestAFaultIsWhatAClientSeesAndWhatIsStored(t *testing.T) {
	const tick = time.Millisecond
	for _, tt := range []struct {
		fault  faultyotlp.Fault
		status int    // 0: no answer
		body   string // its beginning
		cause  error  // of no answer or of a body that breaks off, nil for any
		stored map[trace.SpanID]int
	}{
		{faultyotlp.Accept(), 200, "", nil, both},
		{faultyotlp.Accept().After(tick), 200, "", nil, both},
		{faultyotlp.PartialSuccess(1, "application/json; charset=utf-8"), 200, `{"partialSuccess":{"`, nil, first},
		{faultyotlp.PartialSuccess(1, "application/x-protobuf"), 200, "\x0a\x0b\x08\x01\x12\x07too old", nil, first},
		{faultyotlp.PartialSuccess(9, "application/x-protobuf"), 200, "\x0a\x0b\x08\x09\x12\x07too old", nil, none},
		{faultyotlp.Status(204), 204, "", nil, both},
		{faultyotlp.Status(503), 503, "", nil, none},
		{faultyotlp.Status(503).Storing(), 503, "", nil, both},
		{faultyotlp.Status(413).Unread(), 413, "", nil, none},
		{faultyotlp.Status(413).OverBytes(len(asProto) - 1), 413, "", nil, none},
		{faultyotlp.Status(413).OverBytes(len(asProto)), 200, "", nil, both},
		{faultyotlp.Status(413).OverWireBytes(len(asProto) - 1).Unread(), 413, "", nil, none},
		{faultyotlp.Status(413).OverWireBytes(len(asProto)).Unread(), 200, "", nil, both},
		{faultyotlp.Status(400).ForSpan("two"), 400, "", nil, none},
		{faultyotlp.Status(400).ForSpan("three"), 200, "", nil, both},
		{faultyotlp.Redirect(307, "http://elsewhere.test/"), 307, "", nil, none},
		{faultyotlp.Echo(400), 400, asProto[:20], nil, none},
		{faultyotlp.HugeBody(200, 1<<20), 200, strings.Repeat(" ", 20), nil, both},
		{faultyotlp.GzipBomb(200, 1<<20), 200, "\x1f\x8b", nil, both},
		{faultyotlp.SlowReading(7, tick), 200, "", nil, both},
		{faultyotlp.CutBody(200), 200, "", io.ErrUnexpectedEOF, both},
		{faultyotlp.CutBody(400), 400, "", io.ErrUnexpectedEOF, none},
		{faultyotlp.CutHeaders(), 0, "", io.ErrUnexpectedEOF, none},
		{faultyotlp.Garbage(), 0, "", nil, none},
		{faultyotlp.CloseBeforeHeaders(), 0, "", io.EOF, none},
		{faultyotlp.CloseBeforeHeaders().Storing(), 0, "", io.EOF, both},
		{faultyotlp.Reset(), 0, "", syscall.ECONNRESET, none},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			onBothNetworks(t, func(t *testing.T, opts ...faultyotlp.Option) {
				s := faultyotlp.Start(t, opts...)
				s.Script(tt.fault)
				got := post(t.Context(), t, clientFor(s), s.URL)
				assert.Equal(t, tt.stored, s.Arrived())
				require.Len(t, s.Requests(), 1)
				assert.Equal(t, tt.status, got.status)
				switch {
				case tt.status == 0:
					require.Error(t, got.sendErr)
					if tt.cause != nil {
						require.ErrorIs(t, got.sendErr, tt.cause)
					}
				case tt.cause != nil:
					require.ErrorIs(t, got.breakErr, tt.cause)
				default:
					require.NoError(t, got.breakErr)
					assert.Equal(t, tt.body, got.body[:min(len(got.body), len(tt.body))])
				}
			})
		})
	}
}

func TestFaultsThatTakeTimeOutlastTheClient(t *testing.T) {
	for _, tt := range []struct {
		fault  faultyotlp.Fault
		status int // 0: none in time
		stored map[trace.SpanID]int
	}{
		{faultyotlp.NoAnswer(), 0, none},
		{faultyotlp.NoAnswer().Storing(), 0, both},
		{faultyotlp.SlowHeaders(time.Second), 0, none},
		{faultyotlp.Status(503).After(time.Minute), 0, none},
		{faultyotlp.SlowBody(time.Second), 200, both},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := faultyotlp.Start(t, faultyotlp.InMemory())
				s.Script(tt.fault)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				got := post(ctx, t, clientFor(s), s.URL)
				assert.Equal(t, 10*time.Second, time.Since(start))
				assert.Equal(t, tt.stored, s.Arrived())
				assert.Equal(t, tt.status, got.status)
				if tt.status == 0 {
					require.ErrorIs(t, got.sendErr, context.DeadlineExceeded)
					return
				}
				require.ErrorIs(t, got.breakErr, context.DeadlineExceeded)
				assert.InDelta(t, 10, len(got.body), 1, "a byte a second")
			})
		})
	}
}

func TestSlowReadingTakesAPauseForEachChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := faultyotlp.Start(t, faultyotlp.InMemory())
		s.Default(faultyotlp.SlowReading(10, time.Second))
		start := time.Now()
		require.NoError(t, post(t.Context(), t, clientFor(s), s.URL).sendErr)
		assert.GreaterOrEqual(t, time.Since(start), time.Duration(len(asProto)/10)*time.Second)
	})
}

func TestRetryAfterIsSentAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := faultyotlp.Start(t, faultyotlp.InMemory())
		s.Script(faultyotlp.Status(429).RetryAfter("soon"), faultyotlp.Status(503).RetryAfterDate(time.Minute))
		want := []string{"soon", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat), ""}
		for _, value := range want {
			assert.Equal(t, value, post(t.Context(), t, clientFor(s), s.URL).header.Get("Retry-After"))
		}
	})
}

func TestEveryEncodingIsCountedByItsSpanIDs(t *testing.T) {
	for name, tt := range map[string]struct {
		contentType string
		body        []byte
		bytes       int
	}{
		"protobuf":       {"application/x-protobuf", []byte(asProto), len(asProto)},
		"JSON":           {"application/json; charset=utf-8", []byte(asJSON), len(asJSON)},
		"gzip'd JSON":    {"application/json", zipped(t, asJSON), len(asJSON)},
		"gzip'd message": {"application/x-protobuf", zipped(t, asProto), len(asProto)},
	} {
		t.Run(name, func(t *testing.T) {
			s := faultyotlp.Start(t)
			for range 2 {
				assert.Equal(t, 200, postAs(t.Context(), t, clientFor(s), s.URL, tt.contentType, tt.body).status)
			}
			assert.Equal(t, map[trace.SpanID]int{one: 2, two: 2}, s.Arrived())
			got := s.Requests()[1]
			assert.Equal(t, []faultyotlp.Span{{ID: one, Name: "one"}, {ID: two, Name: "two"}}, got.Spans)
			assert.Equal(t, 2, got.Stored)
			assert.Equal(t, tt.bytes, got.Bytes)
			assert.Equal(t, len(tt.body), got.WireBytes)
			assert.Equal(t, sha256.Sum256(tt.body), got.Sum)
			assert.Equal(t, tt.contentType, got.Header.Get("Content-Type"))
			assert.Equal(t, "/v1/traces", got.Path)
			assert.Empty(t, got.Problem)
		})
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func TestWhatIsNoOTLPIsRefusedAndNamed(t *testing.T) {
	s := faultyotlp.Start(t)
	for _, tt := range []struct{ contentType, body string }{
		{"application/x-protobuf", "garbage"},
		{"application/json", asProto},
		{"text/plain", asProto},
		{"", asProto},
		{"application/x-protobuf", "\x1f\x8bgarbage"},
		{"application/json", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"01"}]}]}]}`},
		{"application/x-protobuf", strings.Replace(asProto, "one", "\xff\xff\xff", 1)}, // a string that is not UTF-8
	} {
		got := postAs(t.Context(), t, clientFor(s), s.URL, tt.contentType, []byte(tt.body))
		assert.Equal(t, 400, got.status, "%s %q", tt.contentType, tt.body)
		assert.NotEmpty(t, s.Requests()[len(s.Requests())-1].Problem)
	}
	assert.Empty(t, s.Arrived())
}

func TestAServerThatIsDownRefusesAndComesBackAtItsAddress(t *testing.T) {
	onBothNetworks(t, func(t *testing.T, opts ...faultyotlp.Option) {
		s := faultyotlp.Start(t, opts...)
		client := clientFor(s)
		require.NoError(t, post(t.Context(), t, client, s.URL).sendErr)
		s.Down()
		client.CloseIdleConnections()
		require.ErrorIs(t, post(t.Context(), t, client, s.URL).sendErr, syscall.ECONNREFUSED)
		s.Up(t)
		require.NoError(t, post(t.Context(), t, client, s.URL).sendErr)
		assert.Equal(t, map[trace.SpanID]int{one: 2, two: 2}, s.Arrived())
	})
}

func TestDownCutsTheRequestsThatAreUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := faultyotlp.Start(t, faultyotlp.InMemory())
		s.Default(faultyotlp.NoAnswer())
		time.AfterFunc(time.Second, s.Down)
		start := time.Now()
		require.ErrorIs(t, post(t.Context(), t, clientFor(s), s.URL).sendErr, io.EOF)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestABadCertificateIsNotAcceptedAndCanBeReplaced(t *testing.T) {
	for name, certificate := range map[string]faultyotlp.Certificate{
		"untrusted": faultyotlp.Untrusted, "expired": faultyotlp.Expired, "wrong host": faultyotlp.WrongHost,
	} {
		t.Run(name, func(t *testing.T) {
			onBothNetworks(t, func(t *testing.T, opts ...faultyotlp.Option) {
				s := faultyotlp.Start(t, append(opts, faultyotlp.TLS(certificate))...)
				client := clientFor(s)
				require.ErrorContains(t, post(t.Context(), t, client, s.URL).sendErr, "certificate")
				assert.Empty(t, s.Requests())

				s.Show(faultyotlp.Good)
				s.Script(faultyotlp.Reset())
				require.ErrorIs(t, post(t.Context(), t, client, s.URL).sendErr, syscall.ECONNRESET)
				require.NoError(t, post(t.Context(), t, client, s.URL).sendErr)
				assert.Equal(t, both, s.Arrived())
			})
		})
	}
}

func TestATransportReachesEachServerAndNoOtherHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := faultyotlp.Start(t, faultyotlp.InMemory()), faultyotlp.Start(t, faultyotlp.InMemory())
		client := clientFor(a, b)
		for _, url := range []string{a.URL, b.URL, b.URL} {
			require.NoError(t, post(t.Context(), t, client, url).sendErr)
		}
		require.ErrorContains(t, post(t.Context(), t, client, "http://elsewhere.test/").sendErr, "no such host")
		assert.Len(t, a.Requests(), 1)
		assert.Len(t, b.Requests(), 2)
	})
}

func TestAnIdleConnectionIsClosedAfterItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := faultyotlp.Start(t, faultyotlp.InMemory(), faultyotlp.IdleTimeout(time.Second))
		conn, err := faultyotlp.Transport(s).DialContext(t.Context(), "tcp", s.Host())
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
		require.NoError(t, err)
		start := time.Now()
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		assert.Contains(t, string(answer), "HTTP/1.1 200 OK\r\n")
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// FuzzABodyIsStoredOrRefused throws bodies at a server, whose answer has to fit to what it stored.
func FuzzABodyIsStoredOrRefused(f *testing.F) {
	f.Add("application/x-protobuf", []byte(asProto))
	f.Add("application/json", []byte(asJSON))
	f.Add("application/json", []byte(strings.Replace(asJSON, "01010101", base64.StdEncoding.EncodeToString(one[:]), 1)))
	f.Add("application/json; q", []byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		s := faultyotlp.Start(t)
		client := clientFor(s)
		res := postAs(t.Context(), t, client, s.URL, contentType, body)
		if res.sendErr != nil {
			if strings.Contains(res.sendErr.Error(), "invalid header field") {
				return // the client's own refusal
			}
			t.Fatal(res.sendErr)
		}
		client.CloseIdleConnections()
		stored := 0
		for _, n := range s.Arrived() {
			stored += n
		}
		got := s.Requests()[0]
		if (res.status == 200) != (got.Problem == "") || stored != len(got.Spans) {
			t.Errorf("status %d, %d of %d stored, problem %q, body %s",
				res.status, stored, len(got.Spans), got.Problem, hex.EncodeToString(body))
		}
	})
}

// A bubble that ends with a goroutine in it panics.
func TestAServerLeavesNothingBehindInItsBubble(t *testing.T) {
	for _, fault := range []faultyotlp.Fault{
		faultyotlp.Status(413).Unread(), faultyotlp.NoAnswer(), faultyotlp.SlowHeaders(time.Second),
		faultyotlp.SlowBody(time.Second), faultyotlp.SlowReading(1000, time.Second), faultyotlp.Status(503).After(time.Hour),
	} {
		t.Run(fault.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := faultyotlp.Start(t, faultyotlp.InMemory())
				s.Default(fault)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				postAs(ctx, t, clientFor(s), s.URL, "application/json", make([]byte, 1<<20))
				assert.Len(t, s.Requests(), 1)
			})
		})
	}
}
