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
	"syscall"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"

	"github.com/genotel/genotel/internal/version"
)

const (
	// maxResponseBytes is all that is read of a response.
	maxResponseBytes = 64 << 10
	// largeBody is the size from which an attempt gets largeTimeout by default.
	largeBody    = 1 << 20
	largeTimeout = 30 * time.Second
)

// outcome is how one attempt ended.
type outcome struct {
	class      class
	rejected   int           // spans of an accepted request that were not
	retryAfter time.Duration // what the server asked for
	problem    string        // status or kind of failure, and the host; nothing else
	denied     bool          // the key is wrong: a program must not hang at its end for that
}

// sender makes single attempts at one URL.
type sender struct {
	client  http.Client
	url     string
	host    string
	header  http.Header
	timeout time.Duration // 0: by size
}

func newSender(d Destination, transport http.RoundTripper) *sender {
	if transport == nil {
		transport = newTransport()
	}
	header := http.Header{
		"Content-Type": {"application/x-protobuf"},
		"User-Agent":   {defaultUserAgent()},
		// Present without a value: net/http does not send it, but takes the request for
		// one that it may repeat on a new connection when a kept-alive one turns out to
		// be dead. See http.Transport.
		"Idempotency-Key": nil,
	}
	if d.UserAgent != "" {
		header.Set("User-Agent", d.UserAgent)
	}
	if d.Compression == Gzip {
		header.Set("Content-Encoding", "gzip")
	}
	for name, value := range d.Headers {
		header.Set(name, value)
	}
	return &sender{
		client: http.Client{
			Transport: transport,
			// A redirected request would carry its keys to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		url:     d.URL,
		host:    d.host(),
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

func (s *sender) close() { s.client.CloseIdleConnections() }

// attempt sends body once.
func (s *sender) attempt(ctx context.Context, body []byte) outcome {
	ctx, cancel := context.WithTimeout(ctx, s.timeoutFor(body))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return outcome{class: misconfigured, problem: "no request can be made for " + s.host}
	}
	req.Header = s.header.Clone()

	res, err := s.client.Do(req)
	if err != nil {
		failure, kind := classOfError(err)
		return outcome{class: failure, problem: kind + ": " + s.host}
	}
	defer func() { _ = res.Body.Close() }() // nothing depends on it
	// The status has decided; a response that breaks off only loses its details.
	answer, _ := io.ReadAll(io.LimitReader(res.Body, maxResponseBytes))

	o := outcome{class: classOf(res.StatusCode)}
	if o.class == accepted {
		o.rejected = rejectedSpans(res.Header.Get("Content-Type"), answer)
		return o
	}
	o.denied = res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden
	o.retryAfter = parseRetryAfter(res.Header.Get("Retry-After"), time.Now())
	o.problem = fmt.Sprintf("%d from %s", res.StatusCode, s.host)
	if location, err := res.Location(); err == nil {
		o.problem += ", redirected to " + cut(location.Host, maxNameBytes)
	}
	return o
}

func (s *sender) timeoutFor(body []byte) time.Duration {
	switch {
	case s.timeout > 0:
		return s.timeout
	case len(body) > largeBody:
		return largeTimeout
	default:
		return DefaultTimeout
	}
}

// classOfError classifies a failure of the transport and names its kind. The text of
// err is left alone: it holds the URL with its query.
func classOfError(err error) (class, string) {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
		network     net.Error
	)
	switch {
	case errors.As(err, &certificate):
		return misconfigured, "certificate not accepted"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return misconfigured, "server does not speak TLS"
	case errors.Is(err, errProxyAuth):
		return misconfigured, "proxy wants authentication"
	case errors.As(err, &network) && network.Timeout():
		return transient, "timeout"
	case errors.As(err, &dns):
		return transient, "host not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return transient, "connection refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return transient, "connection closed"
	default:
		return transient, "network error"
	}
}
