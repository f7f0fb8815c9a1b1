package genotel

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// otlpFromEnv reads the standard variables, nil when no endpoint is set: unlike a
// stock exporter it does not assume a Collector on this machine.
func otlpFromEnv() (*OTLP, error) {
	traces, tracesName := variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	base, baseName := variable("OTEL_EXPORTER_OTLP_ENDPOINT")
	if traces == "" && base == "" {
		return nil, nil //nolint:nilnil // no destination is a good answer
	}
	d, settings := otlpSettings()
	d.environment = true
	d.TracesEndpoint, d.Endpoint = d.secured(traces), d.secured(base)
	var endpoint error
	if traces != "" {
		_, endpoint = parseEndpoint(d.Protocol, tracesName, d.TracesEndpoint)
	} else {
		_, endpoint = parseEndpoint(d.Protocol, baseName, d.Endpoint)
	}
	if err := errors.Join(endpoint, settings); err != nil {
		return nil, err
	}
	return &d, nil
}

// otlpSettings reads what the variables say besides the endpoint.
func otlpSettings() (d OTLP, err error) {
	var protocol, certificates, headers, compression, timeout error
	d.Protocol, protocol = otlpProtocol()
	d.TLS, certificates = otlpTLS()
	d.Headers, headers = otlpHeaders()
	d.Compression, compression = otlpCompression()
	d.Timeout, timeout = otlpTimeout()
	return d, errors.Join(protocol, certificates, headers, compression, timeout)
}

// secured gives an endpoint that has no scheme the one that the variables ask for. Only
// gRPC knows such endpoints.
func (d OTLP) secured(endpoint string) string {
	insecure, _ := otlpVariable("INSECURE")
	if d.Protocol != GRPC || endpoint == "" || strings.Contains(endpoint, "://") || !strings.EqualFold(insecure, "true") {
		return endpoint
	}
	return "http://" + trimmed(endpoint)
}

// otlpVariable looks a variable up for traces first.
func otlpVariable(suffix string) (value, name string) {
	return variable("OTEL_EXPORTER_OTLP_TRACES_"+suffix, "OTEL_EXPORTER_OTLP_"+suffix)
}

func otlpProtocol() (Protocol, error) {
	switch value, name := otlpVariable("PROTOCOL"); strings.ToLower(value) {
	case "", "http/protobuf":
		return HTTPProtobuf, nil
	case "http/json":
		return HTTPJSON, nil
	case "grpc":
		return GRPC, nil
	default:
		return 0, fmt.Errorf("%s: unknown value; known are grpc, http/protobuf and http/json", name)
	}
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
