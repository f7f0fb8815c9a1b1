package feedback

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/uuid"
	"github.com/genotel/genotel/semconv/langsmith"
)

// LangSmithConfig is a LangSmith workspace, as in genotel.LangSmith.
type LangSmithConfig struct {
	// APIKey authenticates. Empty: LANGSMITH_API_KEY or LANGCHAIN_API_KEY.
	APIKey string
	// Endpoint is the base URL of the API; parts of the path of the OTLP receiver are taken
	// off. Empty: LANGSMITH_ENDPOINT or LANGCHAIN_ENDPOINT, else
	// https://api.smith.langchain.com.
	Endpoint string
	// WorkspaceID is needed for keys that belong to several workspaces. Empty:
	// LANGSMITH_WORKSPACE_ID, LANGCHAIN_WORKSPACE_ID or LANGSMITH_TENANT_ID.
	WorkspaceID string
	// Transport makes the requests. nil: one with the proxy and the certificates of the
	// process that keeps no connections.
	Transport http.RoundTripper
	// Budget bounds Send, in addition to its context. Zero: [DefaultBudget].
	Budget time.Duration
}

// LangSmith sends feedback to LangSmith. It is safe for concurrent use.
type LangSmith struct{ sender sender }

// NewLangSmith checks the configuration and sends nothing. The environment is read now.
func NewLangSmith(c LangSmithConfig) (*LangSmith, error) {
	key, _ := setting(c.APIKey, "", "LANGSMITH_API_KEY", "LANGCHAIN_API_KEY")
	workspace, _ := setting(c.WorkspaceID, "", "LANGSMITH_WORKSPACE_ID", "LANGCHAIN_WORKSPACE_ID", "LANGSMITH_TENANT_ID")
	base, source := setting(c.Endpoint, "LangSmithConfig.Endpoint", "LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT")
	target, err := endpoint(source, cmp.Or(base, "https://api.smith.langchain.com"), "/feedback", "/otel/v1/traces", "/otel")
	if key == "" {
		err = errors.Join(err, errors.New("feedback: no API key; set LANGSMITH_API_KEY or LangSmithConfig.APIKey"))
	}
	if c.Budget < 0 {
		err = errors.Join(err, errors.New("feedback: LangSmithConfig.Budget is negative"))
	}
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set(langsmith.HeaderAPIKey, key)
	if workspace != "" {
		header.Set(langsmith.HeaderTenantID, workspace)
	}
	l := &LangSmith{sender: newSender("LangSmith", target, c.Transport, c.Budget, header)}
	l.sender.later = func(status int) bool { return status == http.StatusNotFound }
	return l, nil
}

// Entry is one piece of feedback on a run.
type Entry struct {
	// Span is the span that the feedback is about.
	Span trace.SpanContext
	// RunID is the run that it is about, a UUID, for one whose id is not made from that of a
	// span. Empty: that of Span.
	RunID string
	// Key names what is judged, such as "user_score" or "correctness". Required.
	Key string
	// Score is the number that LangSmith averages, as in new(1.0); 1 and 0 for good and bad.
	// nil: none.
	Score *float64
	// Value is a judgment that is no number: a string, a bool or a map. nil: none.
	Value any
	// Comment is text, such as what the user has written.
	Comment string
	// Correction is what the answer should have been.
	Correction map[string]any
	// Source is about where the feedback is from, such as the id of the user.
	Source map[string]any
}

// langsmithEntry is the body of POST /feedback: FeedbackCreateSchema of LangSmith's OpenAPI
// description (docs.langchain.com/langsmith/smith-api/feedback/create-feedback), with the
// fields that create_feedback of its SDK for Python fills.
type langsmithEntry struct {
	ID         string          `json:"id"`
	RunID      string          `json:"run_id"`
	Key        string          `json:"key"`
	Score      *float64        `json:"score,omitempty"`
	Value      any             `json:"value,omitempty"`
	Comment    string          `json:"comment,omitempty"`
	Correction map[string]any  `json:"correction,omitempty"`
	Source     langsmithSource `json:"feedback_source"`
	CreatedAt  time.Time       `json:"created_at"`
	ModifiedAt time.Time       `json:"modified_at"`
}

type langsmithSource struct {
	Type     string         `json:"type"`
	Metadata map[string]any `json:"metadata"`
}

// Send delivers e. LangSmith answers 404 while the run has not arrived yet, which is tried
// again: feedback may come before the span has ended and was sent. The entry has an id, so
// that an attempt whose answer was lost is not stored twice.
func (l *LangSmith) Send(ctx context.Context, e Entry) (err error) {
	err = errPanic
	guard.Do("sending feedback to LangSmith", func() { err = l.send(ctx, e) })
	return err
}

func (l *LangSmith) send(ctx context.Context, e Entry) error {
	run := e.RunID
	switch {
	case run == "" && !e.Span.HasSpanID():
		return errSpan
	case run == "":
		run = uuid.OfSpan(e.Span.SpanID())
	}
	if e.Key == "" {
		return errors.New("feedback: no key")
	}
	now := time.Now().UTC()
	body, err := json.Marshal(langsmithEntry{
		ID: randomUUID(), RunID: run, Key: e.Key, Score: e.Score, Value: e.Value, Comment: e.Comment, Correction: e.Correction,
		Source: langsmithSource{Type: "api", Metadata: e.Source}, CreatedAt: now, ModifiedAt: now,
	})
	if err != nil {
		return errEncode // its text may quote the value
	}
	err = l.sender.send(ctx, http.MethodPost, body)
	var failure *Error
	if errors.As(err, &failure) && failure.Status == http.StatusConflict && failure.Attempts > 1 {
		return nil // an attempt whose answer was lost has stored it
	}
	return err
}

// randomUUID is one of version 4.
func randomUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return uuid.Text(b)
}
