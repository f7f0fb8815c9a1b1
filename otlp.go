package genotel

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
)

// OTLP is any endpoint that takes traces over OTLP: an OpenTelemetry Collector, Jaeger,
// or a backend's own. For some backends a function makes it: see [Langfuse] and the like.
type OTLP struct {
	// Name tells destinations apart in reports. Empty: "otlp", and "otlp-2" and so
	// on for further ones.
	Name string
	// Endpoint is the base URL; /v1/traces is added. For a URL that is to be used
	// as it is, see TracesEndpoint. With GRPC it is the server, as a URL or as
	// host:port, which means https; the path of the call is added.
	Endpoint string
	// TracesEndpoint is the whole URL. It wins over Endpoint. With GRPC it means what
	// Endpoint means.
	TracesEndpoint string
	// Protocol is HTTPProtobuf (the default), HTTPJSON or GRPC.
	Protocol Protocol
	// TLS is used for https in place of the process's defaults, for instance with the
	// certificate of a private authority.
	TLS *tls.Config
	// Headers are sent to this endpoint only. With GRPC they are the metadata.
	Headers map[string]string
	// Compression is NoCompression (the default) or Gzip.
	Compression Compression
	// Timeout is per attempt. Zero: 10 seconds, and 30 for a request above 1 MiB.
	Timeout time.Duration
	// Content is the content policy.
	Content Content
	// Form is FormGenAI (the default) or FormOpenInference. LangSmith gets its own form
	// all the same.
	Form Form

	missing     string // what was not given of what the backend needs
	environment bool   // whether the variables name it
}

// Compression of request bodies.
type Compression = export.Compression

// The compressions of [OTLP].
const (
	NoCompression = export.NoCompression
	Gzip          = export.Gzip
)

// Protocol is the form in which spans go to an endpoint.
type Protocol = export.Protocol

// The protocols of [OTLP].
const (
	HTTPProtobuf = export.HTTPProtobuf
	HTTPJSON     = export.HTTPJSON
	GRPC         = export.GRPC
)

// collectorEndpoints are where a Collector on this machine takes OTLP.
var collectorEndpoints = map[Protocol]string{
	HTTPProtobuf: "http://localhost:4318",
	HTTPJSON:     "http://localhost:4318",
	GRPC:         "http://localhost:4317",
}

func (c config) otlpDestinations(mode Mode, langsmith, elsewhere bool, p *plan) ([]destination, error) {
	configured := c.otlp
	if len(configured) == 0 {
		if c.build != nil { // whose exporters read the same variables, or a file in their place
			return nil, nil
		}
		fromEnv, err := c.otlpOfEnvironment(mode, langsmith, elsewhere, p)
		if err != nil || fromEnv == nil {
			return nil, err
		}
		configured = []OTLP{*fromEnv}
	}
	var all []destination
	var problems []error
	for i, d := range configured {
		d.Name = d.name(i)
		resolved, err := c.otlpDestination(mode, d)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all = append(all, resolved)
	}
	return all, errors.Join(problems...)
}

// otlpOfEnvironment returns nil where the environment names no endpoint, or the mode
// leaves it out.
func (c config) otlpOfEnvironment(mode Mode, langsmith, elsewhere bool, p *plan) (*OTLP, error) {
	d, err := otlpFromEnv()
	switch {
	case err != nil:
		return nil, err
	case d == nil && mode == ModeOTel && !elsewhere:
		assumed, err := otlpSettings()
		assumed.Endpoint = collectorEndpoints[assumed.Protocol]
		p.note("no OpenTelemetry endpoint is set; spans go to the Collector that may be at " + assumed.Endpoint)
		return &assumed, err
	case mode == ModeLangSmith && !langsmith:
		return nil, nil //nolint:nilnil // as the mode has it
	case d != nil && langsmith && mode != ModeHybrid:
		p.note("spans go to LangSmith and not to the OpenTelemetry endpoint of the environment; " +
			"set LANGSMITH_TRACING_MODE=hybrid for both")
		return nil, nil //nolint:nilnil // no destination is a good answer
	}
	return d, nil
}

// otlpDestination gives LangSmith its own form also where its URL is given as that of
// any endpoint, as LangSmith's documentation has it. Where LangSmith is switched off its
// URL is one like any other.
func (c config) otlpDestination(mode Mode, d OTLP) (destination, error) {
	if d.missing != "" {
		return destination{}, fmt.Errorf("%s: no %s", d.Name, d.missing)
	}
	target, err := d.url()
	if err != nil {
		return destination{}, err
	}
	resolved, err := c.formed(d, export.Destination{
		Name:        d.Name,
		URL:         target.String(),
		Protocol:    d.Protocol,
		TLS:         d.TLS,
		Headers:     d.Headers,
		Compression: d.Compression,
		Timeout:     d.Timeout,
	})
	if err != nil || !c.langsmithIsOn(mode) || !d.isLangSmith(target) {
		return resolved, err
	}
	sampled, samplingErr := langsmithSampler()
	roots, rootsErr := c.langsmithRoots(RemoteParentsDefault)
	content := c.visibleToLangSmith(d.Content)
	resolved.sends, resolved.allows, resolved.form = sendsToLangSmith(content), allows(content), langsmithForm
	resolved.View, resolved.WantsRecord, resolved.WantsParent = roots.view(content, sampled), true, true
	if d.environment && isForKeyOfEnvironment(target) {
		resolved.Headers = c.langsmithHeaders(d.Headers)
	}
	return resolved, errors.Join(samplingErr, rootsErr)
}

// isLangSmith reports whether target is LangSmith's own, or the very URL that the
// environment names as LangSmith's. An option knows nothing of the environment.
func (d OTLP) isLangSmith(target *url.URL) bool {
	return d.Protocol != GRPC && (isLangSmiths(target) || d.environment && isSameURL(target, langsmithOfEnvironment()))
}

// isForKeyOfEnvironment reports whether target may see the environment's key: that of a
// LangSmith elsewhere is none of LangSmith's business.
func isForKeyOfEnvironment(target *url.URL) bool {
	named := langsmithOfEnvironment()
	return isSameURL(target, named) || named != nil && isLangSmiths(named) && isLangSmiths(target)
}

// plain is a destination that gets spans as they are, but for their content.
func (c config) plain(own Content, to export.Destination) destination {
	policy := c.policy(own)
	if policy == ContentDefault {
		return destination{sends: "with the content that is on the span", allows: allowsOnSpan, Destination: to}
	}
	content := visibleBy(policy)
	to.View, to.WantsRecord = view(dialect.GenAIView(content)), true
	return destination{sends: sends(content), allows: allows(content), Destination: to}
}

func visibleBy(policy Content) dialect.Content {
	include := policy == ContentInclude
	return dialect.Content{Input: include, Output: include}
}

func (d OTLP) name(position int) string { return nameAt(d.Name, "otlp", position) }

// nameAt is the name given, or the usual one with the position from the second on.
func nameAt(given, usual string, position int) string {
	switch {
	case given != "":
		return given
	case position == 0:
		return usual
	default:
		return usual + "-" + strconv.Itoa(position+1)
	}
}

func (d OTLP) url() (*url.URL, error) {
	endpoint, source := d.TracesEndpoint, d.Name+": OTLP.TracesEndpoint"
	if endpoint == "" {
		endpoint, source = d.Endpoint, d.Name+": OTLP.Endpoint"
	}
	u, err := parseEndpoint(d.Protocol, source, endpoint)
	if err == nil && d.TracesEndpoint == "" && d.Protocol != GRPC {
		u = u.JoinPath("v1/traces")
	}
	return u, err
}

// parseEndpoint checks an endpoint of protocol. The error names where it came from.
func parseEndpoint(protocol Protocol, source, endpoint string) (*url.URL, error) {
	if protocol != GRPC {
		return parseURL(source, endpoint)
	}
	endpoint = trimmed(endpoint)
	if _, port, err := net.SplitHostPort(endpoint); err == nil && port != "" && !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := parseURL(source, endpoint)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("%s: neither a URL of the form https://host:port nor host:port", source)
	}
	return u, nil
}
