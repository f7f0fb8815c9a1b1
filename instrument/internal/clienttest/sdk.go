package clienttest

import (
	"context"
	"net/http"

	"github.com/genotel/genotel/otelgenai"
)

// SDK is a client library under test, in terms that all versions have.
type SDK struct {
	// Scope is the instrumentation scope of its spans.
	Scope string
	// New makes a client, traced when tracing is not nil.
	New func(baseURL string, client *http.Client, tracing []otelgenai.Option) Client
	// Refusal takes the library's own error apart; nil when err is none.
	Refusal func(err error) *Refusal
}

// Retries is the limit of one call; nil leaves it to the client.
type Retries = *int

// Client asks one question of each kind, of the model "gpt-4o-mini". An answer is
// the JSON that the library gives out again; each is called for every event of a
// stream, which is closed when it returns false.
type Client struct {
	Chat          func(ctx context.Context, retries Retries) (string, error)
	ChatStream    func(ctx context.Context, retries Retries, each func(event string) bool) error
	Embed         func(ctx context.Context, retries Retries) (string, error)
	Respond       func(ctx context.Context, retries Retries) (string, error)
	RespondStream func(ctx context.Context, retries Retries, each func(event string) bool) error
}

// Refusal is the error of a provider as a caller finds it.
type Refusal struct {
	Status                     int
	Code, Type, Param, Message string
	Text, JSON                 string
	Request, Response          string
}
