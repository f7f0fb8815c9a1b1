package otelgenai

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/propagation"

	"github.com/genotel/genotel/internal/guard"
)

// hostPattern is one entry of the list of hosts that are sent the trace context.
type hostPattern struct {
	host string // lower case, without brackets
	port string // "" stands for all
	// below is set when the hosts below this one are meant, and not the host itself.
	below bool
}

// errHostPattern does not repeat the pattern, which may be a URL with a password.
var errHostPattern = errors.New(`a pattern is no host, such as "example.com", "example.com:4000" or "*.example.com"`)

func parseHostPattern(s string) (hostPattern, error) {
	host, below := strings.CutPrefix(strings.ToLower(strings.TrimSpace(s)), "*.")
	if !below && isIPv6(host) {
		return hostPattern{host: host}, nil
	}
	u, err := url.Parse("//" + host)
	if err != nil || u.Host != host || u.Hostname() == "" || host[0] == '.' || strings.ContainsAny(host, "*, \t") {
		return hostPattern{}, errHostPattern
	}
	if port := u.Port(); port != "" || strings.HasSuffix(host, ":") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return hostPattern{}, errHostPattern
		}
	}
	return hostPattern{host: u.Hostname(), port: u.Port(), below: below}, nil
}

// isIPv6 recognizes an address without brackets, whose last group looks like a port.
func isIPv6(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Is6()
}

func (p hostPattern) matches(host, port string) bool {
	if p.port != "" && p.port != port {
		return false
	}
	if p.below {
		sub, ok := strings.CutSuffix(host, "."+p.host)
		return ok && sub != ""
	}
	return host == p.host
}

// portOf is the port of a URL, which the scheme implies when it is not there.
func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "http":
		return "80"
	default:
		return "443"
	}
}

// PropagatesTo reports whether requests to a URL are sent the trace context.
func (in *Instrumentor) PropagatesTo(u *url.URL) bool {
	if in.config.liteLLM == LiteLLMNested {
		return true
	}
	if len(in.config.propagateTo) == 0 {
		return false
	}
	host, port := strings.ToLower(u.Hostname()), portOf(u)
	for _, pattern := range in.config.propagateTo {
		if pattern.matches(host, port) {
			return true
		}
	}
	return false
}

// Inject returns a copy of header that carries the trace context of the span in
// ctx, and nothing else of ctx; baggage least of all. A header that carries a trace
// context already is returned as it is.
func (in *Instrumentor) Inject(ctx context.Context, header http.Header) http.Header {
	injected := header
	guard.Do("propagating a trace", func() {
		if carriesTrace(header) {
			return
		}
		carrier := propagation.MapCarrier{}
		propagation.TraceContext{}.Inject(ctx, carrier)
		if len(carrier) == 0 {
			return
		}
		copied := header.Clone()
		if copied == nil {
			copied = http.Header{}
		}
		for name, value := range carrier {
			copied.Set(name, value)
		}
		injected = copied
	})
	return injected
}

// carriesTrace looks for the headers in any spelling: an application may write to
// the map itself.
func carriesTrace(header http.Header) bool {
	for name := range header {
		if strings.EqualFold(name, "traceparent") || strings.EqualFold(name, "tracestate") {
			return true
		}
	}
	return false
}
