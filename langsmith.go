package genotel

import (
	"errors"
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
}

const (
	langsmithEndpoint = "https://api.smith.langchain.com"
	langsmithProject  = "default"
)

// langsmithDestination resolves LangSmith, which may be switched off by
// LANGSMITH_TRACING.
func (c config) langsmithDestination() ([]export.Destination, error) {
	d, asked := LangSmith{}, c.langsmith != nil
	if asked {
		d = *c.langsmith
	}
	if d.APIKey == "" {
		d.APIKey, _ = langsmithVariable("API_KEY")
	}
	d.APIKey = trimmed(d.APIKey)
	switch {
	case !asked && (d.APIKey == "" || langsmithSwitchedOff()):
		return nil, nil
	case d.APIKey == "":
		return nil, errors.New("LangSmith: no API key; set LANGSMITH_API_KEY or LangSmith.APIKey")
	}
	target, err := d.url()
	if err != nil {
		return nil, err
	}
	hideInputs, _ := langsmithVariable("HIDE_INPUTS")
	hideOutputs, _ := langsmithVariable("HIDE_OUTPUTS")
	content := c.visible(d.Content, truish(hideInputs), truish(hideOutputs))
	return []export.Destination{{
		Name:        "langsmith",
		URL:         target,
		Headers:     d.headers(c.project),
		Compression: export.Gzip,
		View:        view(dialect.LangSmithView(content)),
		WantsRecord: true,
	}}, nil
}

// langsmithSwitchedOff follows LangSmith's gate: off when one of its names is set
// and none says yes.
func langsmithSwitchedOff() bool {
	off := false
	for _, suffix := range []string{"TRACING_V2", "TRACING"} {
		for _, prefix := range []string{"LANGSMITH_", "LANGCHAIN_"} {
			value, _ := variable(prefix + suffix)
			if truish(value) {
				return false
			}
			off = off || value != ""
		}
	}
	return off
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
	named, _ := variable("LANGSMITH_PROJECT", "LANGCHAIN_PROJECT", "LANGSMITH_SESSION", "LANGCHAIN_SESSION")
	for _, name := range []string{d.Project, common, named} {
		if name = trimmed(name); name != "" {
			return name
		}
	}
	return langsmithProject
}
