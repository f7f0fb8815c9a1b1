package otelopenai_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func TestRecordedImagesAreLeftAloneAndUnderstood(t *testing.T) {
	replayAll(t, "openai.images", requireImages)
}

func TestRecordedSoundIsLeftAloneAndUnderstood(t *testing.T) {
	replayAll(t, "openai.audio", requireTranscript)
}

func TestRecordedModerationsAreLeftAloneAndUnderstood(t *testing.T) {
	replayAll(t, "openai.moderations", requireModeration)
}

// requireMedia holds what the endpoints have in common against what was recorded,
// and returns the prompt.
func requireMedia(t *testing.T, e exchange, span sdktrace.ReadOnlySpan, want map[string]any) (prompt string) {
	t.Helper()
	var sent struct{ Model, Prompt, Input string }
	if e.RequestBody != "" { // some recordings have none
		require.NoError(t, json.Unmarshal([]byte(e.RequestBody), &sent))
	}
	if sent.Model != "" {
		want["gen_ai.request.model"] = sent.Model
	}
	want["gen_ai.provider.name"] = "openai"
	for _, key := range []string{
		"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.output.type", "gen_ai.response.id",
		"gen_ai.response.model", "gen_ai.response.finish_reasons", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
		"genotel.audio.duration", "genotel.moderation.flagged", "genotel.response.incomplete", "error.type", "genotel.content.truncated",
	} {
		require.Equal(t, want[key], attr(span, key), key)
	}
	require.Equal(t, codes.Unset, span.Status().Code)
	return sent.Prompt + sent.Input
}

// requirePrompt holds the only message against a text, if there is one.
func requirePrompt(t *testing.T, span sdktrace.ReadOnlySpan, prompt string) {
	t.Helper()
	if prompt == "" {
		require.Nil(t, attr(span, "gen_ai.input.messages"))
		return
	}
	got := messages(t, span, "gen_ai.input.messages")
	require.Len(t, got, 1)
	require.Equal(t, prompt, got[0].text())
}

func requireImages(t *testing.T, e exchange, span sdktrace.ReadOnlySpan) {
	t.Helper()
	var answer struct {
		Data []struct {
			Encoded string `json:"b64_json"`
			Revised string `json:"revised_prompt"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(e.ResponseBody), &answer))
	require.NotEmpty(t, answer.Data)
	var reasons []string
	for range answer.Data {
		reasons = append(reasons, "stop")
	}
	requirePrompt(t, span, requireMedia(t, e, span, map[string]any{
		"gen_ai.operation.name": "generate_content", "gen_ai.output.type": "image", "gen_ai.response.finish_reasons": reasons,
	}))
	var images []map[string]any
	revised := ""
	for _, part := range partsOf(t, span, "gen_ai.output.messages") {
		if part["type"] == "text" {
			revised += part["content"].(string)
		} else {
			images = append(images, part)
		}
	}
	require.Len(t, images, len(answer.Data))
	for i, one := range answer.Data {
		require.Contains(t, revised, one.Revised)
		if one.Encoded == "" {
			require.Equal(t, "uri", images[i]["type"])
			require.NotContains(t, images[i]["uri"], "sig=")
			continue
		}
		data, err := base64.StdEncoding.DecodeString(one.Encoded)
		require.NoError(t, err)
		require.InDelta(t, len(data), images[i]["bytes"], 0)
		require.NotContains(t, all([]sdktrace.ReadOnlySpan{span}), one.Encoded)
	}
}

func requireTranscript(t *testing.T, e exchange, span sdktrace.ReadOnlySpan) {
	t.Helper()
	var answer struct {
		Text     string
		Duration float64
	}
	require.NoError(t, json.Unmarshal([]byte(e.ResponseBody), &answer))
	requirePrompt(t, span, requireMedia(t, e, span, map[string]any{
		"gen_ai.operation.name": "generate_content", "gen_ai.output.type": "text", "gen_ai.response.finish_reasons": []string{"stop"},
		"genotel.audio.duration": answer.Duration,
	}))
	got := messages(t, span, "gen_ai.output.messages")
	require.Len(t, got, 1)
	require.Equal(t, answer.Text, got[0].text())
}

func requireModeration(t *testing.T, e exchange, span sdktrace.ReadOnlySpan) {
	t.Helper()
	var answer struct {
		ID, Model string
		Results   []struct {
			Flagged    bool
			Categories map[string]bool
		}
	}
	require.NoError(t, json.Unmarshal([]byte(e.ResponseBody), &answer))
	require.Len(t, answer.Results, 1)
	requirePrompt(t, span, requireMedia(t, e, span, map[string]any{
		"gen_ai.operation.name": "moderation", "gen_ai.response.id": answer.ID, "gen_ai.response.model": answer.Model,
		"genotel.moderation.flagged": answer.Results[0].Flagged,
	}))
	var flagged []string
	for category, is := range answer.Results[0].Categories {
		if is {
			flagged = append(flagged, category)
		}
	}
	require.ElementsMatch(t, flagged, attr(span, "genotel.moderation.categories"))
}
