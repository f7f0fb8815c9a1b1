// Package openaiv1test holds the tests of tracing github.com/openai/openai-go, major
// version 1. They pass from v1.0.0, which oldest.mod has, to v1.12.0, the last of
// its line, which go.mod has. Of the versions before it, v0.1.0-beta.10 compiles
// with the option, and v0.1.0-alpha.38 does not.
package openaiv1test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/openai/openai-go"
	"github.com/openai/openai-go/option"
	"github.com/openai/openai-go/packages/ssestream"
	"github.com/openai/openai-go/responses"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/instrument/internal/clienttest"
	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/otelgenai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryCallIsTracedAndNothingElseChanges(t *testing.T) {
	clienttest.Test(t, clienttest.SDK{
		Scope:   otelgenaihttp.ScopeName,
		Refusal: refusal,
		New: func(baseURL string, client *http.Client, tracing []otelgenai.Option) clienttest.Client {
			opts := []option.RequestOption{
				option.WithBaseURL(baseURL), option.WithAPIKey("sk-secret"), option.WithHTTPClient(client),
			}
			if tracing != nil {
				opts = append([]option.RequestOption{otelgenaihttp.WithTracing(option.WithMiddleware, tracing...)}, opts...)
			}
			return newClient(openai.NewClient(opts...))
		},
	})
}

// newClient asks through a client of the SDK.
func newClient(client openai.Client) clienttest.Client {
	chat := openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("How many are left, <you> & I?")},
	}
	embedding := openai.EmbeddingNewParams{
		Model: "gpt-4o-mini",
		Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("Twelve.")},
	}
	response := responses.ResponseNewParams{
		Model: "gpt-4o-mini",
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("How many are left?")},
	}
	return clienttest.Client{
		Chat: func(ctx context.Context, retries clienttest.Retries) (string, error) {
			return raw(client.Chat.Completions.New(ctx, chat, limited(retries)...))
		},
		ChatStream: func(ctx context.Context, retries clienttest.Retries, each func(string) bool) error {
			return read(client.Chat.Completions.NewStreaming(ctx, chat, limited(retries)...), each)
		},
		Embed: func(ctx context.Context, retries clienttest.Retries) (string, error) {
			return raw(client.Embeddings.New(ctx, embedding, limited(retries)...))
		},
		Respond: func(ctx context.Context, retries clienttest.Retries) (string, error) {
			return raw(client.Responses.New(ctx, response, limited(retries)...))
		},
		RespondStream: func(ctx context.Context, retries clienttest.Retries, each func(string) bool) error {
			return read(client.Responses.NewStreaming(ctx, response, limited(retries)...), each)
		},
	}
}

func limited(retries clienttest.Retries) []option.RequestOption {
	if retries == nil {
		return nil
	}
	return []option.RequestOption{option.WithMaxRetries(*retries)}
}

func raw[T interface{ RawJSON() string }](answer T, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return answer.RawJSON(), nil
}

func read[T interface{ RawJSON() string }](stream *ssestream.Stream[T], each func(string) bool) error {
	for stream.Next() {
		if !each(stream.Current().RawJSON()) {
			break
		}
	}
	return errors.Join(stream.Err(), stream.Close())
}

func refusal(err error) *clienttest.Refusal {
	e, ok := errors.AsType[*openai.Error](err)
	if !ok {
		return nil
	}
	return &clienttest.Refusal{
		Status: e.StatusCode, Code: e.Code, Type: e.Type, Param: e.Param, Message: e.Message,
		Text: e.Error(), JSON: e.RawJSON(), Request: string(e.DumpRequest(true)), Response: string(e.DumpResponse(true)),
	}
}
