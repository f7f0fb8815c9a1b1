package genotel

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
)

// OTLP is any endpoint that takes traces over OTLP/HTTP as protobuf: an
// OpenTelemetry Collector, Jaeger, or a backend's own.
type OTLP struct {
	// Name tells destinations apart in reports. Empty: "otlp", and "otlp-2" and so
	// on for further ones.
	Name string
	// Endpoint is the base URL; /v1/traces is added. For a URL that is to be used
	// as it is, see TracesEndpoint.
	Endpoint string
	// TracesEndpoint is the whole URL. It wins over Endpoint.
	TracesEndpoint string
	// Headers are sent to this endpoint only.
	Headers map[string]string
	// Compression is NoCompression (the default) or Gzip.
	Compression Compression
	// Timeout is per attempt. Zero: 10 seconds, and 30 for a request above 1 MiB.
	Timeout time.Duration
	// Content is the content policy.
	Content Content
}

// Compression of request bodies.
type Compression = export.Compression

// The compressions of [OTLP].
const (
	NoCompression = export.NoCompression
	Gzip          = export.Gzip
)

// collectorEndpoint is where a Collector on this machine takes OTLP over HTTP.
const collectorEndpoint = "http://localhost:4318"

func (c config) otlpDestinations(mode Mode, langsmith, elsewhere bool, p *plan) ([]destination, error) {
	configured := c.otlp
	if len(configured) == 0 {
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
		resolved, err := c.otlpDestination(d)
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
		p.note("no OpenTelemetry endpoint is set; spans go to the Collector that may be at " + collectorEndpoint)
		return &OTLP{Endpoint: collectorEndpoint}, nil
	case d != nil && (mode == ModeLangSmith || mode == ModeDefault && langsmith):
		p.note("spans go to LangSmith and not to the OpenTelemetry endpoint of the environment; " +
			"set LANGSMITH_TRACING_MODE=hybrid for both")
		return nil, nil //nolint:nilnil // no destination is a good answer
	}
	return d, nil
}

// otlpDestination gives LangSmith its own form also where its URL is given as that of
// any endpoint, as LangSmith's documentation has it.
func (c config) otlpDestination(d OTLP) (destination, error) {
	target, err := d.url()
	if err != nil {
		return destination{}, err
	}
	policy := c.policy(d.Content)
	resolved := destination{sends: "with the content that is on the span", Destination: export.Destination{
		Name:        d.Name,
		URL:         target.String(),
		Headers:     d.Headers,
		Compression: d.Compression,
		Timeout:     d.Timeout,
		View:        otlpView(policy),
		WantsRecord: policy != ContentDefault,
	}}
	if policy != ContentDefault {
		resolved.sends = sends(visibleBy(policy))
	}
	if !isLangSmith(target) {
		return resolved, nil
	}
	sampled, err := langsmithSampler()
	content := c.visibleToLangSmith(d.Content)
	resolved.sends = sends(content)
	resolved.Headers = c.langsmithHeaders(d.Headers)
	resolved.View, resolved.WantsRecord = langsmithView(content, sampled), true
	return resolved, err
}

func otlpView(policy Content) export.View {
	if policy == ContentDefault {
		return nil
	}
	return view(dialect.GenAIView(visibleBy(policy)))
}

func visibleBy(policy Content) dialect.Content {
	include := policy == ContentInclude
	return dialect.Content{Input: include, Output: include}
}

func (d OTLP) name(position int) string {
	switch {
	case d.Name != "":
		return d.Name
	case position == 0:
		return "otlp"
	default:
		return "otlp-" + strconv.Itoa(position+1)
	}
}

func (d OTLP) url() (*url.URL, error) {
	if d.TracesEndpoint != "" {
		return parseURL(d.Name+": OTLP.TracesEndpoint", d.TracesEndpoint)
	}
	u, err := parseURL(d.Name+": OTLP.Endpoint", d.Endpoint)
	if err != nil {
		return nil, err
	}
	return u.JoinPath("v1/traces"), nil
}

// otlpFromEnv reads the standard variables, nil when no endpoint is set: unlike a
// stock exporter it does not assume a Collector on this machine.
func otlpFromEnv() (*OTLP, error) {
	traces, tracesName := variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	base, baseName := variable("OTEL_EXPORTER_OTLP_ENDPOINT")
	d := OTLP{TracesEndpoint: traces, Endpoint: base}
	var endpoint error
	switch {
	case traces != "":
		_, endpoint = parseURL(tracesName, traces)
	case base != "":
		_, endpoint = parseURL(baseName, base)
	default:
		return nil, nil //nolint:nilnil // no destination is a good answer
	}
	var headers, compression, timeout error
	d.Headers, headers = otlpHeaders()
	d.Compression, compression = otlpCompression()
	d.Timeout, timeout = otlpTimeout()
	if err := errors.Join(endpoint, otlpProtocol(), headers, compression, timeout); err != nil {
		return nil, err
	}
	return &d, nil
}

// otlpVariable looks a variable up for traces first.
func otlpVariable(suffix string) (value, name string) {
	return variable("OTEL_EXPORTER_OTLP_TRACES_"+suffix, "OTEL_EXPORTER_OTLP_"+suffix)
}

func otlpProtocol() error {
	value, name := otlpVariable("PROTOCOL")
	if value == "" || value == "http/protobuf" {
		return nil
	}
	return fmt.Errorf("%s: the only protocol is http/protobuf", name)
}

func otlpHeaders() (map[string]string, error) {
	list, name := otlpVariable("HEADERS")
	return parseHeaders(name, list)
}

func otlpCompression() (Compression, error) {
	switch value, name := otlpVariable("COMPRESSION"); strings.ToLower(value) {
	case "", "none":
		return NoCompression, nil
	case "gzip":
		return Gzip, nil
	default:
		return 0, fmt.Errorf("%s: unknown value; known are gzip and none", name)
	}
}

func otlpTimeout() (time.Duration, error) {
	value, name := otlpVariable("TIMEOUT")
	if value == "" {
		return 0, nil
	}
	milliseconds, err := strconv.ParseInt(value, 10, 32)
	if err != nil || milliseconds <= 0 {
		return 0, fmt.Errorf("%s: not a positive number of milliseconds", name)
	}
	return time.Duration(milliseconds) * time.Millisecond, nil
}
