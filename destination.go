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
	"github.com/genotel/genotel/semconv/langsmith"
)

// destination is one of the pipeline, and what people are told of it.
type destination struct {
	export.Destination

	// sends says which content goes there.
	sends string
	// allows ranks the content policy: 0 for no content, more for more.
	allows int
	// form is the backend whose own form is sent, empty for spans as they are.
	form string
}

// The backends with a form of their own.
const (
	langsmithForm     = "langsmith"
	langtraceForm     = "langtrace"
	openInferenceForm = "openinference"
)

// plan is what options and environment come to.
type plan struct {
	destinations []destination
	console      *consoleOutput // nil for none
	// notices are what the user should know although nothing is wrong.
	notices []string
}

// plan resolves options and environment. It returns every problem at once, and the
// destinations that have none.
func (c config) plan() (p plan, err error) {
	mode, notice, modeErr := c.resolvedMode()
	p.note(notice)
	toLangSmith, langsmithErr := c.langsmithDestinations(mode, &p)
	toLangtrace, langtraceErr := c.langtraceDestination()
	toFiles, filesErr := c.fileDestinations()
	err = errors.Join(modeErr, langsmithErr, langtraceErr, filesErr)
	elsewhere := len(toLangSmith)+len(toLangtrace)+len(toFiles) > 0 || err != nil
	toOTLP, otlpErr := c.otlpDestinations(mode, len(toLangSmith) > 0, elsewhere, &p)
	for _, d := range slices.Concat(toLangSmith, toLangtrace, toOTLP, toFiles) {
		p.add(d)
	}
	var consoleErr error
	p.console, consoleErr = c.consoleOutput()
	if mode == ModeLangSmith && !c.langsmithIsOn(mode) {
		p.noteSwitch(langsmithSwitch())
	}
	return p, errors.Join(err, otlpErr, consoleErr, checkHiding())
}

func (p *plan) note(notice string) {
	if notice != "" {
		p.notices = append(p.notices, notice)
	}
}

// noteSwitch says what comes of the mode for LangSmith where a variable switches it off.
func (p *plan) noteSwitch(off string) {
	whereto := "nowhere"
	if len(p.destinations) > 0 || p.console != nil {
		whereto = "to the other destinations only"
	}
	p.note(fmt.Sprintf("LangSmith is switched off by %s and the mode is langsmith: spans go %s", off, whereto))
}

// add leaves out what is there already: a backend shows a span twice that it gets
// twice. Of two content policies the stricter one holds.
func (p *plan) add(d destination) {
	for i, there := range p.destinations {
		if !sameReceiver(there, d) {
			continue
		}
		there, other := inOneForm(there, d)
		if other.isStricter(there) {
			there.View, there.WantsRecord, there.WantsParent = other.View, other.WantsRecord, other.WantsParent
			there.sends, there.allows = other.sends, other.allows
		}
		p.destinations[i] = there
		p.note(fmt.Sprintf("%s and %s are the same receiver; it gets spans once, %s", there.Name, d.Name, there.sends))
		return
	}
	p.destinations = append(p.destinations, d)
}

// isStricter compares content policies. A destination that sends what is on the span has
// nothing to say against content in a backend's own form.
func (d destination) isStricter(than destination) bool {
	return d.allows < than.allows && (d.allows == 0 || d.form == than.form)
}

// sameReceiver reports whether two destinations end in the same place: the file, the URL
// with all headers, or at LangSmith with key, workspace and project.
func sameReceiver(a, b destination) bool {
	if a.File != b.File || a.URL != b.URL || (a.Protocol == GRPC) != (b.Protocol == GRPC) {
		return false
	}
	one, other := mergeHeaders(a.Headers), mergeHeaders(b.Headers)
	if a.form != langsmithForm && b.form != langsmithForm {
		return maps.Equal(one, other)
	}
	for _, name := range []string{langsmith.HeaderAPIKey, langsmith.HeaderTenantID, langsmith.HeaderProject} {
		if name = http.CanonicalHeaderKey(name); one[name] != other[name] {
			return false
		}
	}
	return true
}

// String says for people what goes where.
func (p *plan) String() string {
	parts := make([]string, len(p.destinations), len(p.destinations)+1)
	for i, d := range p.destinations {
		parts[i] = d.Destination.String() + " " + d.sends
	}
	if p.console != nil {
		parts = append(parts, p.console.String())
	}
	return strings.Join(parts, "; ")
}

func (p *plan) exported() []export.Destination {
	all := make([]export.Destination, len(p.destinations))
	for i, d := range p.destinations {
		all[i] = d.Destination
		all[i].Account = d.account()
	}
	return all
}

// sends describes a policy.
func sends(content dialect.Content) string {
	switch {
	case content.Input && content.Output:
		return "with content"
	case content.Input:
		return "with prompts, without answers"
	case content.Output:
		return "with answers, without prompts"
	default:
		return "without content"
	}
}

// allows ranks content for [destination]. Those that can meet at one receiver differ in
// nothing but how much they let through.
func allows(content dialect.Content) (rank int) {
	for _, side := range []bool{content.Input, content.Output} {
		if side {
			rank += 2
		}
	}
	return rank
}

// allowsOnSpan is the rank between none and all.
const allowsOnSpan = 2

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
