package genotel

import (
	"errors"
	"fmt"
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

func (c config) otlpDestinations() ([]export.Destination, error) {
	configured := c.otlp
	if len(configured) == 0 {
		fromEnv, err := otlpFromEnv()
		if err != nil || fromEnv == nil {
			return nil, err
		}
		configured = []OTLP{*fromEnv}
	}
	var all []export.Destination
	var problems []error
	for i, d := range configured {
		d.Name = d.name(i)
		target, err := d.url()
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all = append(all, export.Destination{
			Name:        d.Name,
			URL:         target,
			Headers:     d.Headers,
			Compression: d.Compression,
			Timeout:     d.Timeout,
			View:        otlpView(c.policy(d.Content)),
			WantsRecord: c.policy(d.Content) != ContentDefault,
		})
	}
	return all, errors.Join(problems...)
}

func otlpView(policy Content) export.View {
	switch policy {
	case ContentInclude:
		return view(dialect.GenAIView(dialect.Content{Input: true, Output: true}))
	case ContentExclude:
		return view(dialect.GenAIView(dialect.Content{}))
	default:
		return nil
	}
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

func (d OTLP) url() (string, error) {
	if d.TracesEndpoint != "" {
		u, err := parseURL(d.Name+": OTLP.TracesEndpoint", d.TracesEndpoint)
		if err != nil {
			return "", err
		}
		return u.String(), nil
	}
	u, err := parseURL(d.Name+": OTLP.Endpoint", d.Endpoint)
	if err != nil {
		return "", err
	}
	return u.JoinPath("v1/traces").String(), nil
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
