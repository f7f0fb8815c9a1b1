package export

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"

	"github.com/genotel/genotel/internal/retry"
	"github.com/genotel/genotel/internal/version"
)

const (
	// maxResponseBytes is all that is read of a response.
	maxResponseBytes = 64 << 10
	// largeBody is the size from which an attempt gets largeTimeout by default.
	largeBody    = 1 << 20
	largeTimeout = 30 * time.Second
)

// httpSender sends the body of a request as it was encoded, and takes the status of the
// response for the outcome.
type httpSender struct {
	poster
	compressor
	translate func(body []byte) ([]byte, error) // nil for protobuf
}

func newHTTPSender(
	d Destination, transport http.RoundTripper, contentType string, translate func([]byte) ([]byte, error),
) *httpSender {
	s := &httpSender{
		poster:     newPoster(d, transport),
		compressor: compressor{on: d.Compression == Gzip},
		translate:  translate,
	}
	s.header.Set("Content-Type", contentType)
	if d.Compression == Gzip {
		s.header.Set("Content-Encoding", "gzip")
	}
	return s
}

func (s *httpSender) encode(body []byte) (_ []byte, err error) {
	if s.translate != nil {
		if body, err = s.translate(body); err != nil {
			return nil, err
		}
	}
	return s.compress(body)
}

// attempt sends body once.
func (s *httpSender) attempt(ctx context.Context, body []byte) outcome {
	return s.post(ctx, s.header.Clone(), body, s.judge)
}

func (s *httpSender) judge(res *http.Response) outcome {
	// The status has decided; a response that breaks off only loses its details.
	answer, _ := io.ReadAll(io.LimitReader(res.Body, maxResponseBytes))
	if classOf(res.StatusCode) != accepted {
		return s.refusal(res)
	}
	return outcome{class: accepted, status: res.StatusCode, rejected: rejectedSpans(res.Header.Get("Content-Type"), answer)}
}

// poster posts to one URL. It is what the protocols over HTTP have in common.
type poster struct {
	client  http.Client
	url     string
	host    string
	header  http.Header   // of every request
	timeout time.Duration // 0: by size

	// doubtful says that the last attempt had no answer. The next one then gets a
	// connection of its own: one of HTTP/2 that leads nowhere any more, for instance
	// because a gateway forgot it, survives the timeouts of its requests.
	doubtful bool
}

func newPoster(d Destination, transport http.RoundTripper) poster {
	if transport == nil {
		own := newTransport()
		if d.TLS != nil {
			own.TLSClientConfig = d.TLS.Clone()
		}
		transport = own
	}
	header := http.Header{
		"User-Agent": {defaultUserAgent()},
		// Present without a value: net/http does not send it, but takes the request for
		// one that it may repeat on a new connection when a kept-alive one turns out to
		// be dead. See http.Transport.
		"Idempotency-Key": nil,
	}
	if d.UserAgent != "" {
		header.Set("User-Agent", d.UserAgent)
	}
	for name, value := range d.Headers {
		header.Set(name, value)
	}
	return poster{
		client: http.Client{
			Transport: transport,
			// A redirected request would carry its keys to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		url:     d.URL,
		host:    d.place(),
		header:  header,
		timeout: d.Timeout,
	}
}

func defaultUserAgent() string {
	return "OTel-OTLP-Exporter-Go/" + otlptrace.Version() + " genotel/" + version.Version
}

// newTransport starts from the defaults of the process, so that its proxy and
// certificates are used. It does not use http.DefaultTransport itself: that may be
// instrumented, and would then make spans of sending spans.
func newTransport() *http.Transport {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
	if shared, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = shared.Clone()
	}
	transport.DisableCompression = true // small responses; no decompression bombs
	transport.MaxResponseHeaderBytes = maxResponseBytes
	if transport.OnProxyConnectResponse == nil {
		transport.OnProxyConnectResponse = refuseProxyAuth
	}
	return transport
}

var errProxyAuth = errors.New("proxy authentication required")

// refuseProxyAuth gives the failure a name, which net/http does not.
func refuseProxyAuth(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
	if res.StatusCode == http.StatusProxyAuthRequired {
		return errProxyAuth
	}
	return nil
}

func (p *poster) close() { p.client.CloseIdleConnections() }

// post sends body once and lets judge read the response.
func (p *poster) post(
	ctx context.Context, header http.Header, body []byte, judge func(*http.Response) outcome,
) outcome {
	if p.doubtful {
		p.client.CloseIdleConnections()
		p.doubtful = false
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeoutFor(body))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return outcome{class: misconfigured, problem: "no request can be made for " + p.host}
	}
	req.Header = header

	res, err := p.client.Do(req)
	if err != nil {
		return p.failure(err)
	}
	defer func() { _ = res.Body.Close() }() // nothing depends on it
	return judge(res)
}

// failure is the outcome of an attempt without an answer.
func (p *poster) failure(err error) outcome {
	p.doubtful = true
	o := outcomeOfError(err)
	o.problem += ": " + p.host
	return o
}

// refusal is the outcome of an answer whose status is not one of success.
func (p *poster) refusal(res *http.Response) outcome {
	o := outcome{
		class:      classOf(res.StatusCode),
		status:     res.StatusCode,
		retryAfter: retry.After(res.Header.Get("Retry-After"), time.Now()),
		problem:    fmt.Sprintf("%d from %s", res.StatusCode, p.host),
		denied:     res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden,
	}
	if location, err := res.Location(); err == nil {
		o.problem += ", redirected to " + cut(location.Host, maxNameBytes)
	}
	return o
}

func (p *poster) timeoutFor(body []byte) time.Duration {
	switch {
	case p.timeout > 0:
		return p.timeout
	case len(body) > largeBody:
		return largeTimeout
	default:
		return DefaultTimeout
	}
}

// outcomeOfError classifies a failure of the transport and names its kind. The text of
// err is left alone: it holds the URL with its query.
func outcomeOfError(err error) outcome {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
		network     net.Error
	)
	switch {
	case errors.As(err, &certificate):
		return outcome{class: misconfigured, problem: "certificate not accepted"}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return outcome{class: misconfigured, problem: "server does not speak TLS"}
	case errors.Is(err, errProxyAuth):
		return outcome{class: misconfigured, problem: "proxy wants authentication"}
	case speaksNoHTTP2(err):
		return outcome{class: misconfigured, problem: "server does not speak HTTP/2"}
	case errors.As(err, &dns):
		return outcome{class: transient, problem: "host not found"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return outcome{class: transient, problem: "connection refused"}
	case errors.As(err, &network) && network.Timeout():
		return outcome{class: transient, problem: "timeout", doubtful: true}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return outcome{class: transient, problem: "connection closed", doubtful: true}
	default:
		return outcome{class: transient, problem: "network error", doubtful: true}
	}
}

// speaksNoHTTP2 goes by the texts, because net/http and crypto/tls have no error that
// could be compared. What it misses is a network error like any other.
func speaksNoHTTP2(err error) bool {
	text := err.Error()
	return strings.Contains(text, "looked like an HTTP/1.1 header") || strings.HasSuffix(text, "no application protocol")
}
