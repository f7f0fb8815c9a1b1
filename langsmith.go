package genotel

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/semconv/langsmith"
)

// LangSmith is a LangSmith workspace.
type LangSmith struct {
	// APIKey authenticates. Empty: LANGSMITH_API_KEY or LANGCHAIN_API_KEY.
	APIKey string
	// Endpoint is the base URL of the API: https://eu.api.smith.langchain.com for
	// the EU region, https://host/api/v1 for a self-hosted one. The path of the
	// OTLP receiver is added. Empty: LANGSMITH_ENDPOINT or LANGCHAIN_ENDPOINT, else
	// https://api.smith.langchain.com.
	Endpoint string
	// Project is where runs appear. Empty: [WithProject], LANGSMITH_PROJECT,
	// LANGCHAIN_PROJECT, LANGSMITH_SESSION, LANGCHAIN_SESSION, else "default".
	Project string
	// WorkspaceID is needed for keys that belong to several workspaces. Empty:
	// LANGSMITH_WORKSPACE_ID, LANGCHAIN_WORKSPACE_ID or LANGSMITH_TENANT_ID.
	WorkspaceID string
	// Headers are sent along. They cannot replace the project.
	Headers map[string]string
	// Content is the content policy. LANGSMITH_HIDE_INPUTS and
	// LANGSMITH_HIDE_OUTPUTS are heeded when it is ContentDefault.
	Content Content
	// RemoteParents says whether the services that call this one send their spans to
	// LangSmith as well. Empty: GENOTEL_LANGSMITH_REMOTE_PARENTS, "sent" or "missing", else
	// they do; the first such span is then logged.
	RemoteParents RemoteParents
}

const (
	langsmithEndpoint = "https://api.smith.langchain.com"
	langsmithProject  = "default"
)

// langsmithDestinations resolves LangSmith, which may be switched off by the mode or
// by LANGSMITH_TRACING.
func (c config) langsmithDestinations(mode Mode, p *plan) ([]destination, error) {
	asked := c.langsmith != nil
	replicas, source := langsmithVariable("RUNS_ENDPOINTS")
	switch {
	case mode == ModeOTel && asked:
		p.note("the mode is OpenTelemetry only; nothing is sent to LangSmith")
		return nil, nil
	case !c.langsmithIsOn(mode):
		return nil, nil
	case !asked && replicas != "":
		return c.langsmithReplicas(source, replicas)
	}
	d := LangSmith{}
	if asked {
		d = *c.langsmith
	}
	needed := asked || mode == ModeLangSmith || mode == ModeHybrid
	return c.langsmithDestination(d, "langsmith", needed)
}

// langsmithDestination returns none when there is no key and none is needed.
func (c config) langsmithDestination(d LangSmith, name string, needed bool) ([]destination, error) {
	d.APIKey = langsmithKey(d.APIKey)
	switch {
	case d.APIKey == "" && needed:
		return nil, errors.New("LangSmith: no API key; set LANGSMITH_API_KEY or LangSmith.APIKey")
	case d.APIKey == "":
		return nil, nil
	}
	target, err := d.url()
	sampled, samplingErr := langsmithSampler()
	roots, rootsErr := c.langsmithRoots(d.RemoteParents)
	if err = errors.Join(err, samplingErr, rootsErr); err != nil {
		return nil, err
	}
	content := c.visibleToLangSmith(d.Content)
	resolved := destination{sends: sendsToLangSmith(content), allows: allows(content), form: langsmithForm, Destination: export.Destination{
		Name:        name,
		URL:         target,
		Headers:     d.headers(c.project),
		Compression: export.Gzip,
	}}
	resolved.View, resolved.WantsRecord, resolved.WantsParent = roots.view(content, sampled), true, true
	return []destination{resolved}, nil
}

// langsmithIsOn reports whether neither the mode nor a variable switches LangSmith off.
func (c config) langsmithIsOn(mode Mode) bool {
	return mode != ModeOTel && (c.langsmith != nil || langsmithSwitch() == "")
}

// langsmithSwitch names the variable that switches LangSmith off, "" for none. It follows
// LangSmith's gate: off when one of its names is set and none says yes.
func langsmithSwitch() (off string) {
	for _, name := range []string{"LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING"} {
		value, _ := variable(name)
		if truish(value) {
			return ""
		}
		if value != "" {
			off = name
		}
	}
	return off
}

// langsmithKey is the key given, or that of the environment.
func langsmithKey(given string) string {
	if given == "" {
		given, _ = langsmithVariable("API_KEY")
	}
	return trimmed(given)
}

// visibleToLangSmith is what LangSmith may see under a destination's own policy.
func (c config) visibleToLangSmith(own Content) dialect.Content {
	hideInputs, _ := langsmithVariable("HIDE_INPUTS")
	hideOutputs, _ := langsmithVariable("HIDE_OUTPUTS")
	return c.visible(own, truish(hideInputs), truish(hideOutputs))
}

// isLangSmiths reports whether a URL is LangSmith's own, in any region. Without
// encryption anybody could be there.
func isLangSmiths(u *url.URL) bool {
	own, _ := url.Parse(langsmithEndpoint)
	host := strings.ToLower(u.Hostname())
	return u.Scheme == own.Scheme && (host == own.Hostname() || strings.HasSuffix(host, "."+own.Hostname()))
}

// langsmithOfEnvironment is the traces URL of the LangSmith that the environment's key
// is for, nil when the variable holds no URL.
func langsmithOfEnvironment() *url.URL {
	target, err := LangSmith{}.url()
	if err != nil {
		return nil
	}
	u, _ := url.Parse(target)
	return u
}

// isSameURL compares all that tells one receiver from another on the same host.
func isSameURL(a, b *url.URL) bool {
	return a != nil && b != nil && a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) && a.Path == b.Path
}

// langsmithHeaders adds key, workspace and project to headers that lack them: LangSmith's
// documentation says that it happens by itself. The workspace belongs to the key.
func (c config) langsmithHeaders(given map[string]string) map[string]string {
	own := LangSmith{APIKey: langsmithKey("")}.headers(c.project)
	theirs := mergeHeaders(given)
	key := http.CanonicalHeaderKey(langsmith.HeaderAPIKey)
	if theirs[key] != "" && theirs[key] != own[key] {
		delete(own, http.CanonicalHeaderKey(langsmith.HeaderTenantID))
	}
	if own[key] == "" {
		delete(own, key)
	}
	return mergeHeaders(own, theirs)
}

// url is the traces URL. People give the endpoint with and without parts of the
// receiver's path.
func (d LangSmith) url() (string, error) {
	endpoint, source := d.Endpoint, "LangSmith.Endpoint"
	if endpoint == "" {
		endpoint, source = langsmithVariable("ENDPOINT")
	}
	if endpoint == "" {
		endpoint = langsmithEndpoint
	}
	u, err := parseURL(source, endpoint)
	if err != nil {
		return "", err
	}
	return langsmithTraces(u).String(), nil
}

func langsmithTraces(u *url.URL) *url.URL {
	switch path := strings.TrimRight(u.Path, "/"); {
	case strings.HasSuffix(path, "/v1/traces"):
		u.Path = path
	case strings.HasSuffix(path, "/otel"):
		u.Path = path + "/v1/traces"
	default:
		u.Path = path + "/otel/v1/traces"
	}
	return u
}

// headers has the project last: it must not be replaced.
func (d LangSmith) headers(common string) map[string]string {
	workspace := d.WorkspaceID
	if workspace == "" {
		workspace, _ = variable("LANGSMITH_WORKSPACE_ID", "LANGCHAIN_WORKSPACE_ID", "LANGSMITH_TENANT_ID")
	}
	own := map[string]string{langsmith.HeaderAPIKey: d.APIKey}
	if workspace != "" {
		own[langsmith.HeaderTenantID] = trimmed(workspace)
	}
	return mergeHeaders(own, d.Headers, map[string]string{langsmith.HeaderProject: d.project(common)})
}

func (d LangSmith) project(common string) string {
	if name := d.named(common); name != "" {
		return name
	}
	return langsmithProject
}

// named is the project that options and environment name, "" for none.
func (d LangSmith) named(common string) string {
	named, _ := variable("LANGSMITH_PROJECT", "LANGCHAIN_PROJECT", "LANGSMITH_SESSION", "LANGCHAIN_SESSION")
	for _, name := range []string{d.Project, common, named} {
		if name = trimmed(name); name != "" {
			return name
		}
	}
	return ""
}
