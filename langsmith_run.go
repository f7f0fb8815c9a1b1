package genotel

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/uuid"
)

// LangSmithRunID returns the id that LangSmith gives to the run of a span, the text of a
// UUID: the span id in its last eight bytes. With it feedback can be given or a run be
// linked at once, long before the span has arrived. It is "" for an invalid span context,
// and it names nothing when the span is not sampled.
//
// It holds for LangSmith's own service. Its public collector proxy gives to a root the id
// of the trace instead. A span that has the attribute langsmith.span.id has that one.
func LangSmithRunID(span trace.SpanContext) string {
	if !span.IsValid() {
		return ""
	}
	return uuid.OfSpan(span.SpanID())
}

// LangSmithPage is where a project is shown. The ids are UUIDs, and stand in the addresses
// of LangSmith's pages.
type LangSmithPage struct {
	// Host is the beginning of the address: https://eu.smith.langchain.com for the EU
	// region, https://host for a self-hosted one. Empty: https://smith.langchain.com.
	Host string
	// WorkspaceID and ProjectID must be set.
	WorkspaceID, ProjectID string
}

const langsmithHost = "https://smith.langchain.com"

// RunURL returns the address of the page of the run that [LangSmithRunID] names. The page
// waits for the run to arrive. It is an error when the span context is invalid or an id is
// missing.
func (p LangSmithPage) RunURL(span trace.SpanContext) (string, error) {
	run := LangSmithRunID(span)
	switch {
	case run == "":
		return "", errors.New("genotel: the address of a run: the span context is invalid")
	case p.WorkspaceID == "" || p.ProjectID == "":
		return "", errors.New("genotel: the address of a run: LangSmithPage.WorkspaceID and ProjectID must be set")
	}
	host := strings.TrimRight(p.Host, "/")
	if host == "" {
		host = langsmithHost
	}
	return fmt.Sprintf("%s/o/%s/projects/p/%s/r/%s?poll=true",
		host, url.PathEscape(p.WorkspaceID), url.PathEscape(p.ProjectID), run), nil
}
