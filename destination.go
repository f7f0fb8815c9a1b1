package genotel

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
)

// destinations resolves options and environment. It returns every problem at
// once, and the destinations that have none.
func (c config) destinations() ([]export.Destination, error) {
	var all []export.Destination
	var problems []error
	for _, resolve := range []func() ([]export.Destination, error){
		c.langsmithDestination, c.langtraceDestination, c.otlpDestinations,
	} {
		resolved, err := resolve()
		all = append(all, resolved...)
		problems = append(problems, err)
	}
	return all, errors.Join(problems...)
}

// policy is a destination's own setting, or the common one.
func (c config) policy(own Content) Content {
	if own != ContentDefault {
		return own
	}
	return c.content
}

// mergeHeaders lets later headers win over earlier ones, however a name is spelled.
func mergeHeaders(sets ...map[string]string) map[string]string {
	merged := map[string]string{}
	for _, set := range sets {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			merged[http.CanonicalHeaderKey(name)] = set[name]
		}
	}
	return merged
}

// visible decides what a backend that exists to show content may see: its own
// setting, else the variables that hide a side, else the common setting.
func (c config) visible(own Content, hideInput, hideOutput bool) dialect.Content {
	switch {
	case own == ContentInclude:
		return dialect.Content{Input: true, Output: true}
	case own == ContentExclude, c.content == ContentExclude:
		return dialect.Content{}
	default:
		return dialect.Content{Input: !hideInput, Output: !hideOutput}
	}
}

// view adapts a dialect's view to the pipeline.
func view(v dialect.View) export.View { return export.View(v) }

// parseURL checks an endpoint. The error names where it came from and not what it
// was: URLs hold credentials.
func parseURL(source, value string) (*url.URL, error) {
	u, err := url.Parse(trimmed(value))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s: not a URL of the form https://host/path", source)
	}
	return u, nil
}

// trimmed removes what people paste along: blanks and quotes.
func trimmed(value string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(value), `"'`))
}

// parseHeaders reads "name=value,name=value" with values in URL encoding, the form
// of OTEL_EXPORTER_OTLP_HEADERS.
func parseHeaders(source, list string) (map[string]string, error) {
	headers := map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || err != nil || name == "" {
			return nil, fmt.Errorf("%s: not a list of the form name=value,name=value", source)
		}
		headers[name] = decoded
	}
	return headers, nil
}
