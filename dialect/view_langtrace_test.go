package dialect_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

func langtraceSees(c *record.Call, content dialect.Content) sdktrace.ReadOnlySpan {
	return dialect.LangtraceView(content)(stub(c).Snapshot(), c)
}

// conversation decodes one of the two content events.
func conversation(t *testing.T, span sdktrace.ReadOnlySpan, name, key string) any {
	t.Helper()
	e := event(t, span, name)
	require.NotNil(t, e, name)
	require.Len(t, e.Attributes, 1)
	return tree(t, e.Attributes, key)
}

func TestLangtraceGetsBothContracts(t *testing.T) {
	got := langtraceSees(chat(), all).Attributes()
	for key, want := range map[string]any{
		"langtrace.service.type": "llm", "langtrace.service.name": "OpenAI", "langtrace.sdk.name": "genotel",
		"langtrace.version": "1.2.3", "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
		"gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(20),
		"gen_ai.usage.total_tokens": int64(120),
		"llm.vendor":                "openai", "llm.request.model": "gpt-4o-mini", "llm.path": "/v1/chat/completions",
		"llm.request.temperature": "0.25", "llm.request.max_tokens": int64(150), "llm.usage.prompt_tokens": int64(100),
		"llm.usage.completion_tokens": int64(20), "llm.usage.total_tokens": int64(120),
	} {
		assert.Equal(t, want, value(t, got, key), key)
	}
	for _, key := range []string{
		"gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "gen_ai.usage.cached_tokens",
		"llm.prompts", "llm.responses", "llm.token.counts",
	} {
		assert.Nil(t, value(t, got, key), "%s spoils the display", key)
	}
}

func TestLangtraceGetsOnlyWhatItStores(t *testing.T) {
	for name, span := range map[string]sdktrace.ReadOnlySpan{
		"answered": langtraceSees(chat(), all), "failed": langtraceSees(failedChat(), all),
		"hidden": langtraceSees(chat(), nothing), "foreign": dialect.LangtraceView(all)(foreign().Snapshot(), nil),
	} {
		t.Run(name, func(t *testing.T) {
			attributes := span.Attributes()
			for _, e := range span.Events() {
				assert.NotEmpty(t, e.Attributes, "a bare event loses the whole request: %s", e.Name)
				attributes = append(slices.Clip(attributes), e.Attributes...)
			}
			for _, kv := range attributes {
				assert.Contains(t, []attribute.Type{attribute.STRING, attribute.INT64}, kv.Value.Type(), kv.Key)
				assert.NotRegexp(t, `^langsmith\.`, kv.Key)
				if name != "foreign" { // ours have their own form here
					assert.NotRegexp(t, `^gen_ai\.(input|output)\.messages$`, kv.Key)
				}
			}
		})
	}
}

func TestLangtraceGetsOtherValuesAsText(t *testing.T) {
	span := dialect.LangtraceView(nothing)(foreign().Snapshot(), nil)
	for key, want := range map[string]any{
		"text": "t", "number": int64(5), "fraction": "0.5", "switch": "true", "list": `["a","b"]`, "numbers": `[1,2]`,
	} {
		assert.Equal(t, want, value(t, span.Attributes(), key), key)
	}
	assert.Nil(t, event(t, span, "bare"))
	described := event(t, span, "described")
	require.NotNil(t, described)
	assert.Equal(t, "true", value(t, described.Attributes, "retry"))
}

func TestLangtraceLeavesTheContractOfAForeignSpanAlone(t *testing.T) {
	s := foreign()
	s.Attributes = []attribute.KeyValue{attribute.String("llm.vendor", "openai"), attribute.Int("llm.usage.total_tokens", 3)}
	assert.Equal(t, s.Attributes, dialect.LangtraceView(all)(s.Snapshot(), nil).Attributes())
}

func TestLangtraceShowsTheConversation(t *testing.T) {
	span := langtraceSees(chat(), all)
	assert.Equal(t, []any{
		map[string]any{"role": "system", "content": "You count brackets."},
		map[string]any{"role": "user", "content": "How many are left?"},
		map[string]any{"role": "assistant", "content": []any{map[string]any{
			"id": "call_1", "type": "function",
			"function": map[string]any{"name": "stock_level", "arguments": `{"sku":"A-17"}`},
		}}},
		map[string]any{"role": "tool", "tool_call_id": "call_1", "content": `{"on_hand":42}`},
	}, conversation(t, span, "gen_ai.content.prompt", "gen_ai.prompt"))
	assert.Equal(t, []any{
		map[string]any{"role": "assistant", "content": "42 are left."},
		map[string]any{"role": "assistant", "content": []any{map[string]any{
			"id": "call_2", "type": "function",
			"function": map[string]any{"name": "stock_level", "arguments": `{"sku":"A-18"}`},
		}}},
	}, conversation(t, span, "gen_ai.content.completion", "gen_ai.completion"), "one message per choice")

	assert.Len(t, tree(t, span.Attributes(), "llm.request.messages"), 4)
	assert.Len(t, tree(t, span.Attributes(), "llm.tools"), 1)
}

func TestLangtraceShowsEveryPartInContent(t *testing.T) {
	plain := func(text string) any { return map[string]any{"type": "text", "text": text} }
	for name, test := range map[string]struct {
		part record.Part
		want any
	}{
		"refusal":   {record.Refusal{Content: "no"}, []any{plain("no")}},
		"reasoning": {record.Reasoning{Content: "hm"}, []any{plain("hm")}},
		"unknown":   {record.Generic{Type: "x", JSON: `{"type":"x"}`}, []any{plain(`{"type":"x"}`)}},
		"custom tool": {
			record.ToolCall{ID: "c", Name: "run", Type: "custom", Arguments: "1"},
			[]any{map[string]any{"id": "c", "type": "custom", "custom": map[string]any{"name": "run", "input": "1"}}},
		},
		"image": {
			record.Image{Media: record.Media{URI: "https://h/a.png"}},
			[]any{map[string]any{"type": "image_url", "image_url": map[string]any{"url": "https://h/a.png"}}},
		},
		"file": {record.File{Media: record.Media{FileID: "f1"}}, []any{plain("[file, f1]")}},
	} {
		c := chat()
		c.Response.Choices = []record.Choice{{Message: record.Message{Role: "assistant", Parts: []record.Part{test.part}}}}
		got := conversation(t, langtraceSees(c, all), "gen_ai.content.completion", "gen_ai.completion")
		assert.Equal(t, []any{map[string]any{"role": "assistant", "content": test.want}}, got, name)
	}
}

func TestLangtraceShowsToolResultsBesideText(t *testing.T) {
	c := chat()
	c.Request.System = nil
	c.Request.Messages = []record.Message{{Role: "user", Parts: []record.Part{
		record.ToolResult{ID: "c1", Content: "1"}, record.Text{Content: "Go on."},
	}}}
	got := conversation(t, langtraceSees(c, all), "gen_ai.content.prompt", "gen_ai.prompt")
	assert.Equal(t, []any{
		map[string]any{"role": "tool", "tool_call_id": "c1", "content": "1"},
		map[string]any{"role": "user", "content": []any{map[string]any{"type": "text", "text": "Go on."}}},
	}, got)
}

func TestLangtraceGetsEachSideAsAllowed(t *testing.T) {
	for side, content := range contents {
		t.Run(side, func(t *testing.T) {
			span := langtraceSees(chat(), content)
			assert.Equal(t, content.Input, event(t, span, "gen_ai.content.prompt") != nil)
			assert.Equal(t, content.Output, event(t, span, "gen_ai.content.completion") != nil)
			assert.Equal(t, content.Input, value(t, span.Attributes(), "llm.tools") != nil)
			if !content.Input {
				assert.Equal(t, "[]", value(t, span.Attributes(), "llm.request.messages"))
			}
			everything, err := json.Marshal([]any{span.Attributes(), span.Events()})
			require.NoError(t, err)
			for marker, shown := range map[string]bool{
				"brackets": content.Input, "on_hand": content.Input, "Counts the shelf": content.Input,
				"42 are left": content.Output, "A-18": content.Output,
			} {
				if shown {
					assert.Contains(t, string(everything), marker)
				} else {
					assert.NotContains(t, string(everything), marker)
				}
			}
			assert.Equal(t, int64(120), value(t, span.Attributes(), "gen_ai.usage.total_tokens"))
		})
	}
}

func TestLangtraceGetsNoEmptyConversation(t *testing.T) {
	c := chat()
	c.Request.Messages, c.Request.System = nil, nil
	c.Response.Choices = []record.Choice{{FinishReason: "stop", Message: record.Message{Role: "assistant"}}}
	span := langtraceSees(c, all)
	assert.Nil(t, event(t, span, "gen_ai.content.prompt"), "its page breaks on an empty list")
	assert.Nil(t, event(t, span, "gen_ai.content.completion"))
}

func TestLangtraceKnowsVendorsByItsOwnNames(t *testing.T) {
	for provider, want := range map[string]string{
		"openai": "OpenAI", "azure.ai.openai": "Azure", "azure.ai.inference": "Azure", "anthropic": "Anthropic",
		"cohere": "Cohere", "groq": "Groq", "perplexity": "Perplexity", "gcp.gemini": "Gemini", "gcp.vertex_ai": "Gemini",
		"gcp.gen_ai": "Gemini", "x_ai": "XAI", "mistral_ai": "Mistral", "deepseek": "DeepSeek",
		"aws.bedrock": "AWS Bedrock", "litellm": "litellm", "of our own": "of our own",
	} {
		c := chat()
		c.Provider = provider
		assert.Equal(t, want, value(t, langtraceSees(c, all).Attributes(), "langtrace.service.name"), provider)
	}
}
