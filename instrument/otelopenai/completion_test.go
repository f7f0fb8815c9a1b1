package otelopenai_test

import (
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai"
)

const textCompletion = `{"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"gpt-3.5-turbo-instruct:20230824-v2",
  "choices":[{"text":"\n\nFoo","index":0,"logprobs":null,"finish_reason":"stop"},{"text":"Bar","index":1,"logprobs":null,"finish_reason":"length"}],
  "usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}`

func prompt(texts ...string) openai.CompletionNewParams {
	return openai.CompletionNewParams{
		Model: "gpt-3.5-turbo-instruct", Prompt: openai.CompletionNewParamsPromptUnion{OfArrayOfStrings: texts},
	}
}

func TestACompletionIsOneSpan(t *testing.T) {
	s := newStand(t, answerJSON(textCompletion), otelgenai.WithContent(otelgenai.ContentOnSpan))
	p := prompt("Say Foo.", "Say Bar.")
	p.MaxTokens, p.Temperature, p.Seed = openai.Int(3), openai.Float(0), openai.Int(42)
	got, err := s.client.Completions.New(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, "\n\nFoo", got.Choices[0].Text)

	span := s.span(t)
	assert.Equal(t, "text_completion gpt-3.5-turbo-instruct", span.Name())
	assert.Equal(t, trace.SpanKindClient, span.SpanKind())
	assert.Equal(t, codes.Unset, span.Status().Code)
	for key, want := range map[string]any{
		"gen_ai.operation.name":            "text_completion",
		"gen_ai.provider.name":             "openai",
		"gen_ai.request.model":             "gpt-3.5-turbo-instruct",
		"gen_ai.request.max_tokens":        int64(3),
		"gen_ai.request.temperature":       0.0,
		"gen_ai.request.seed":              int64(42),
		"gen_ai.response.id":               "cmpl-1",
		"gen_ai.response.model":            "gpt-3.5-turbo-instruct:20230824-v2",
		"gen_ai.response.finish_reasons":   []string{"stop", "length"},
		"gen_ai.usage.input_tokens":        int64(7),
		"gen_ai.usage.output_tokens":       int64(2),
		"openai.api.type":                  nil,
		"genotel.response.incomplete":      nil,
		"langsmith.span.kind":              "llm",
		"langsmith.metadata.ls_model_type": "llm",
		"llm.path":                         "/v1/completions",
		"gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"Say Foo."}]},` +
			`{"role":"user","parts":[{"type":"text","content":"Say Bar."}]}]`,
		"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"\n\nFoo"}],"finish_reason":"stop"},` +
			`{"role":"assistant","parts":[{"type":"text","content":"Bar"}],"finish_reason":"length"}]`,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
}

func TestAStreamedCompletionIsOneSpan(t *testing.T) {
	s := newStand(t, answerStream(
		`{"id":"cmpl-2","model":"m","choices":[{"text":"Fo","index":0,"logprobs":null,"finish_reason":null}]}`,
		`{"id":"cmpl-2","model":"m","choices":[{"text":"o","index":0,"logprobs":null,"finish_reason":null}]}`,
		`{"id":"cmpl-2","model":"m","choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}]}`,
		`{"id":"cmpl-2","model":"m","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}`, "[DONE]",
	), otelgenai.WithContent(otelgenai.ContentOnSpan))
	stream := s.client.Completions.NewStreaming(t.Context(), prompt("Say Foo."))
	text := ""
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			text += choice.Text
		}
	}
	require.NoError(t, stream.Err())
	require.NoError(t, stream.Close())
	assert.Equal(t, "Foo", text)

	span := s.span(t)
	for key, want := range map[string]any{
		"gen_ai.request.stream":          true,
		"gen_ai.response.finish_reasons": []string{"stop"},
		"gen_ai.usage.output_tokens":     int64(2),
		"genotel.stream.chunks":          int64(4),
		"genotel.stream.content_chunks":  int64(2),
		"genotel.response.incomplete":    nil,
		"gen_ai.output.messages":         `[{"role":"assistant","parts":[{"type":"text","content":"Foo"}],"finish_reason":"stop"}]`,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.NotNil(t, attr(span, "gen_ai.response.time_to_first_chunk"))
}

func TestAnErrorInsideAStreamedCompletionFailsTheCall(t *testing.T) {
	s := newStand(t, answerStream(
		`{"id":"cmpl-2","choices":[{"text":"Fo","index":0}]}`, `{"error":{"message":"MARKER","type":"server_error","code":"overloaded"}}`))
	stream := s.client.Completions.NewStreaming(t.Context(), prompt("MARKER"))
	for stream.Next() {
	}
	require.Error(t, stream.Err())
	require.NoError(t, stream.Close())
	span := s.span(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "overloaded", attr(span, "error.type"))
	assert.NotContains(t, all(s.spans.Ended()), "MARKER")
}

func TestARefusedCompletionIsAFailedSpan(t *testing.T) {
	s := newStand(t, answer(http.StatusBadRequest, "application/json",
		`{"error":{"message":"Invalid token in prompt: 123456.","type":"invalid_request_error","param":null,"code":null}}`))
	_, err := s.client.Completions.New(t.Context(), openai.CompletionNewParams{
		Model: "m", Prompt: openai.CompletionNewParamsPromptUnion{OfArrayOfTokens: []int64{12345, 123456}},
	}, option.WithMaxRetries(0))
	require.Error(t, err)
	span := s.span(t)
	assert.Equal(t, "text_completion m", span.Name())
	assert.Equal(t, "invalid_request_error", attr(span, "error.type"))
	assert.NotContains(t, all(s.spans.Ended()), "123456")
}
