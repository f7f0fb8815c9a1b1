package genotel

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/otelgenai/record"
)

// RemoteParents says where the parents of spans are that another process has made, such
// as the service that sent a request. LangSmith silently drops a span, with all below it,
// when its parent never arrives.
type RemoteParents uint8

const (
	// RemoteParentsDefault is GENOTEL_LANGSMITH_REMOTE_PARENTS, else RemoteParentsSent.
	RemoteParentsDefault RemoteParents = iota
	// RemoteParentsSent is for callers that send their spans to the same LangSmith project:
	// a trace over several services is shown as one.
	RemoteParentsSent
	// RemoteParentsMissing is for callers that do not, such as a gateway that sends its
	// spans elsewhere or nowhere: what a request begins here is shown as a root.
	RemoteParentsMissing
)

// remoteParentsVariable holds the value of a RemoteParents.
const remoteParentsVariable = "GENOTEL_LANGSMITH_REMOTE_PARENTS"

// resolved is the setting, else that of the environment. The default stays what it is.
func (r RemoteParents) resolved() (RemoteParents, error) {
	switch r {
	case RemoteParentsDefault:
	case RemoteParentsSent, RemoteParentsMissing:
		return r, nil
	default:
		return r, errors.New("LangSmith.RemoteParents must be RemoteParentsSent or RemoteParentsMissing")
	}
	value, source := variable(remoteParentsVariable)
	switch strings.ToLower(value) {
	case "":
		return RemoteParentsDefault, nil
	case "sent":
		return RemoteParentsSent, nil
	case "missing":
		return RemoteParentsMissing, nil
	default:
		return r, fmt.Errorf("%s: neither sent nor missing", source)
	}
}

// langsmithRoots decides which spans are roots at LangSmith: those whose parent it does
// not get. Several below one missing parent are several roots of one trace. LangSmith's
// own service tells them apart by their span ids; its collector proxy gives the id of the
// trace to each, and stores one.
type langsmithRoots struct {
	remote RemoteParents
	notice *remoteNotice
}

func (c config) langsmithRoots(own RemoteParents) (langsmithRoots, error) {
	remote, err := own.resolved()
	return langsmithRoots{remote: remote, notice: c.remoteNotice}, err
}

// isRoot is asked of the span as it was made.
func (r langsmithRoots) isRoot(span sdktrace.ReadOnlySpan) bool {
	switch export.ParentOf(span) {
	case export.ParentHere:
		return false
	case export.ParentRemote:
		if r.remote == RemoteParentsDefault {
			r.notice.say()
		}
		return r.remote == RemoteParentsMissing
	default:
		return true
	}
}

// view is LangSmith's form of the spans that are sampled for it, with roots stamped. It
// wants records and parents.
func (r langsmithRoots) view(content dialect.Content, sampled func(trace.TraceID) bool) export.View {
	form := shownToLangSmith(content)
	return func(span sdktrace.ReadOnlySpan, call *record.Call) sdktrace.ReadOnlySpan {
		switch {
		case sampled != nil && !sampled(span.SpanContext().TraceID()):
			return nil
		case r.isRoot(span):
			return dialect.LangSmithRoot(form(span, call))
		default:
			return form(span, call)
		}
	}
}

// remoteNotice tells once of what the default does with remote parents.
type remoteNotice struct {
	once   sync.Once
	logger *slog.Logger
}

func (n *remoteNotice) say() {
	n.once.Do(func() {
		defer guard.Recover("logging")
		n.logger.Info("genotel: a span continues the trace of another service; LangSmith drops it unless that service "+
			"sends to LangSmith as well; for one that does not, set LangSmith.RemoteParents or its variable to missing",
			"variable", remoteParentsVariable)
	})
}
