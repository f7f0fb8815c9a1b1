package genotel

import (
	"errors"
	"strings"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/semconv/langtrace"
)

// Langtrace is a Langtrace project.
type Langtrace struct {
	// APIKey names the project. Empty: LANGTRACE_API_KEY.
	APIKey string
	// Endpoint is the server's URL, with or without /api/trace. Empty:
	// LANGTRACE_API_HOST, else https://app.langtrace.ai.
	Endpoint string
	// Headers are sent along, after those of LANGTRACE_HEADERS.
	Headers map[string]string
	// Content is the content policy. TRACE_PROMPT_COMPLETION_DATA=false is heeded
	// when it is ContentDefault.
	Content Content
}

const (
	langtraceEndpoint = "https://app.langtrace.ai"
	langtracePath     = "/api/trace"
	// langtraceUserAgent holds the word without which the server answers 404.
	langtraceUserAgent = "genotel/" + otelgenai.Version + " opentelemetry-go"
)

func (c config) langtraceDestination() ([]destination, error) {
	d, asked := Langtrace{}, c.langtrace != nil
	if asked {
		d = *c.langtrace
	}
	if d.APIKey == "" {
		d.APIKey, _ = variable("LANGTRACE_API_KEY")
	}
	if d.APIKey = trimmed(d.APIKey); d.APIKey == "" {
		if asked {
			return nil, errors.New("Langtrace: no API key; set LANGTRACE_API_KEY or Langtrace.APIKey")
		}
		return nil, nil
	}
	hidden := langtraceHidden()
	target, urlErr := d.url()
	headers, headersErr := d.headers()
	if err := errors.Join(urlErr, headersErr); err != nil {
		return nil, err
	}
	content := c.visible(d.Content, hidden, hidden)
	return []destination{{sends: sends(content), allows: allows(content), form: langtraceForm, Destination: export.Destination{
		Name:           "langtrace",
		URL:            target,
		Headers:        headers,
		UserAgent:      langtraceUserAgent,
		SingleResource: true,
		View:           view(dialect.LangtraceView(content)),
		WantsRecord:    true,
	}}}, nil
}

// langtraceHidden follows Langtrace's switch for content.
func langtraceHidden() bool {
	traced, _ := variable("TRACE_PROMPT_COMPLETION_DATA")
	return strings.EqualFold(traced, "false")
}

func (d Langtrace) url() (string, error) {
	endpoint, source := d.Endpoint, "Langtrace.Endpoint"
	if endpoint == "" {
		endpoint, source = variable("LANGTRACE_API_HOST")
	}
	if endpoint == "" {
		endpoint = langtraceEndpoint
	}
	u, err := parseURL(source, endpoint)
	if err != nil {
		return "", err
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), langtracePath) + langtracePath
	return u.String(), nil
}

func (d Langtrace) headers() (map[string]string, error) {
	list, source := variable("LANGTRACE_HEADERS")
	headers, err := parseHeaders(source, list)
	if err != nil {
		return nil, err
	}
	return mergeHeaders(headers, d.Headers, map[string]string{langtrace.HeaderAPIKey: d.APIKey}), nil
}
