package feedback

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/semconv/langtrace"
)

// LangtraceConfig is a Langtrace project, as in genotel.Langtrace.
type LangtraceConfig struct {
	// APIKey names the project. Empty: LANGTRACE_API_KEY.
	APIKey string
	// Endpoint is the server's URL, with or without /api/trace. Empty: LANGTRACE_API_HOST,
	// else https://app.langtrace.ai.
	Endpoint string
	// Transport makes the requests. nil: one with the proxy and the certificates of the
	// process that keeps no connections.
	Transport http.RoundTripper
	// Budget bounds Send, in addition to its context. Zero: [DefaultBudget].
	Budget time.Duration
}

// Langtrace sends feedback to Langtrace. It is safe for concurrent use.
type Langtrace struct{ sender sender }

// NewLangtrace checks the configuration and sends nothing. The environment is read now.
func NewLangtrace(c LangtraceConfig) (*Langtrace, error) {
	key, _ := setting(c.APIKey, "", "LANGTRACE_API_KEY")
	base, source := setting(c.Endpoint, "LangtraceConfig.Endpoint", "LANGTRACE_API_HOST")
	target, err := endpoint(source, cmp.Or(base, "https://app.langtrace.ai"), "/api/evaluation", "/api/trace")
	if key == "" {
		err = errors.Join(err, errors.New("feedback: no API key; set LANGTRACE_API_KEY or LangtraceConfig.APIKey"))
	}
	if c.Budget < 0 {
		err = errors.Join(err, errors.New("feedback: LangtraceConfig.Budget is negative"))
	}
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set(langtrace.HeaderAPIKey, key)
	return &Langtrace{sender: newSender("Langtrace", target, c.Transport, c.Budget, header)}, nil
}

// Vote is what a user thinks of an answer.
type Vote struct {
	// Span is the span of the answer. Required.
	Span trace.SpanContext
	// UserID is who votes. Required.
	UserID string
	// Up is true for a good answer and false for a bad one.
	Up bool
	// Reason is text; a vote that is changed keeps its first one.
	Reason string
}

// langtraceVote is the body of POST and PUT /api/evaluation, as the server reads it.
type langtraceVote struct {
	UserID    string `json:"userId"`
	UserScore int    `json:"userScore"`
	TraceID   string `json:"traceId"`
	SpanID    string `json:"spanId"`
	Reason    string `json:"reason,omitempty"`
}

// Send delivers v. A span has one vote: a second one, whoever it is from, replaces user and
// score. The server answers it with 400, and it is sent again as a change. It does not
// check that it has the span.
//
// The server compares ids as it has stored them, which is base64 for spans in protobuf, the
// form in which genotel sends them.
func (l *Langtrace) Send(ctx context.Context, v Vote) (err error) {
	err = errPanic
	guard.Do("sending feedback to Langtrace", func() { err = l.send(ctx, v) })
	return err
}

func (l *Langtrace) send(ctx context.Context, v Vote) error {
	if !v.Span.IsValid() {
		return errSpan
	}
	if v.UserID == "" {
		return errors.New("feedback: no user")
	}
	traceID, spanID := v.Span.TraceID(), v.Span.SpanID()
	vote := langtraceVote{
		UserID:    v.UserID,
		UserScore: -1,
		TraceID:   base64.StdEncoding.EncodeToString(traceID[:]),
		SpanID:    base64.StdEncoding.EncodeToString(spanID[:]),
		Reason:    v.Reason,
	}
	if v.Up {
		vote.UserScore = 1
	}
	body, err := json.Marshal(vote)
	if err != nil {
		return errEncode
	}
	err = l.sender.send(ctx, http.MethodPost, body)
	var failure *Error
	if errors.As(err, &failure) && failure.Status == http.StatusBadRequest {
		return l.sender.send(ctx, http.MethodPut, body)
	}
	return err
}
