package feedback

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/genotel/genotel/internal/retry"
	"github.com/genotel/genotel/internal/version"
)

const (
	// DefaultBudget bounds Send, in addition to its context.
	DefaultBudget = 30 * time.Second

	// attemptTimeout bounds one attempt.
	attemptTimeout = 10 * time.Second
	// maxBodyBytes bounds a request.
	maxBodyBytes = 1 << 20
	// maxResponseBytes is all that is read of a response.
	maxResponseBytes = 64 << 10
)

// sender sends requests to one URL.
type sender struct {
	backend string
	client  http.Client
	url     *url.URL
	header  http.Header
	budget  time.Duration
	// later reports further statuses after which to try again.
	later func(status int) bool
}

func newSender(backend string, target *url.URL, transport http.RoundTripper, budget time.Duration, header http.Header) sender {
	if transport == nil {
		transport = newTransport()
	}
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", "genotel/"+version.Version)
	return sender{
		backend: backend,
		client: http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		url:    target,
		header: header,
		budget: cmp.Or(budget, DefaultBudget),
		later:  func(int) bool { return false },
	}
}

// newTransport has the proxy and the certificates of the process, but not its
// instrumentation, and keeps no connection: feedback is rare.
func newTransport() *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if shared, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = shared.Clone()
	}
	transport.DisableKeepAlives = true
	transport.DisableCompression = true
	transport.MaxResponseHeaderBytes = maxResponseBytes
	return transport
}

// send tries until the backend has taken or refused body, or until the time is up.
func (s *sender) send(ctx context.Context, method string, body []byte) error {
	if len(body) > maxBodyBytes {
		return errSize
	}
	asked := ctx
	ctx, cancel := context.WithTimeout(ctx, s.budget)
	defer cancel()
	for attempts := 1; ; attempts++ {
		o := s.attempt(ctx, method, body)
		if o.problem == "" {
			return nil
		}
		failure := &Error{Backend: s.backend, Status: o.status, Attempts: attempts, problem: o.problem}
		if !o.passes {
			return failure
		}
		if !pause(ctx, max(retry.Backoff(attempts), o.retryAfter)) {
			failure.ended = asked.Err()
			return failure
		}
	}
}

// outcome is what became of an attempt. Without a problem the backend has the feedback.
type outcome struct {
	status     int
	problem    string
	passes     bool
	retryAfter time.Duration
}

func (s *sender) attempt(ctx context.Context, method string, body []byte) outcome {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url.String(), bytes.NewReader(body))
	if err != nil {
		return outcome{problem: "no request can be made for " + s.url.Host}
	}
	req.Header = s.header.Clone()
	res, err := s.client.Do(req)
	if err != nil {
		return outcome{problem: s.kind(err), passes: true} // its text has the URL with the query
	}
	defer func() { _ = res.Body.Close() }() // nothing depends on it
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxResponseBytes))
	if res.StatusCode/100 == 2 {
		return outcome{status: res.StatusCode}
	}
	return outcome{
		status:     res.StatusCode,
		problem:    fmt.Sprintf("%d from %s", res.StatusCode, s.url.Host),
		passes:     retry.IsTransient(res.StatusCode) || s.later(res.StatusCode),
		retryAfter: retry.After(res.Header.Get("Retry-After"), time.Now()),
	}
}

// kind names a failure of the network.
func (s *sender) kind(err error) string {
	var (
		network net.Error
		dns     *net.DNSError
	)
	switch {
	case errors.As(err, &dns):
		return "host not found: " + s.url.Host
	case errors.As(err, &network) && network.Timeout():
		return "timeout: " + s.url.Host
	default:
		return "network error: " + s.url.Host
	}
}

// endpoint is the URL of path at a backend, whose URL may have been given with one of the
// paths of its receiver of spans. source says where it is from.
func endpoint(source, value, path string, receivers ...string) (*url.URL, error) {
	u, err := url.Parse(trimmed(value))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("feedback: %s: not a URL of the form https://host/path", source)
	}
	base := strings.TrimRight(u.Path, "/")
	for _, receiver := range receivers {
		if shorter, found := strings.CutSuffix(base, receiver); found {
			base = shorter
			break
		}
	}
	u.Path, u.RawPath = base+path, ""
	return u, nil
}

// setting is what was given, else the first variable that is set. source names where it is
// from.
func setting(given, field string, variables ...string) (value, source string) {
	if value = trimmed(given); value != "" {
		return value, field
	}
	for _, name := range variables {
		if value = trimmed(os.Getenv(name)); value != "" {
			return value, name
		}
	}
	return "", field
}

// trimmed removes what people paste along: blanks and quotes.
func trimmed(value string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(value), `"'`))
}
