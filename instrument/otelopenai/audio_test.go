package otelopenai_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
)

func talk(sound string) openai.AudioTranscriptionNewParams {
	return openai.AudioTranscriptionNewParams{
		File: openai.File(strings.NewReader(sound), "talk.mp3", "audio/mpeg"), Model: "gpt-4o-transcribe",
		Language: openai.String("en"), Prompt: openai.String("ZyntriQix"),
	}
}

func TestATranscriptionIsOneSpan(t *testing.T) {
	handler, sent := receive(t, answerJSON(`{"text":"Hello, you.","usage":{"type":"tokens","input_tokens":14,`+
		`"input_token_details":{"text_tokens":4,"audio_tokens":10},"output_tokens":5,"total_tokens":19}}`))
	s := newStand(t, handler, onSpan)
	got, err := s.client.Audio.Transcriptions.New(t.Context(), talk("ID3 SOUND"))
	require.NoError(t, err)
	assert.Equal(t, "Hello, you.", got.Text)
	assert.Contains(t, sent.String(), "ID3 SOUND")

	span := s.span(t)
	assert.Equal(t, "generate_content gpt-4o-transcribe", span.Name())
	requireAttributes(t, span, map[string]any{
		"gen_ai.operation.name":           "generate_content",
		"gen_ai.output.type":              "text",
		"gen_ai.response.finish_reasons":  []string{"stop"},
		"gen_ai.usage.input_tokens":       int64(14),
		"gen_ai.usage.output_tokens":      int64(5),
		"gen_ai.usage.audio.input_tokens": int64(10),
		"genotel.audio.duration":          nil,
		"genotel.response.incomplete":     nil,
		"langsmith.span.kind":             "llm",
		"llm.path":                        "/v1/audio/transcriptions",
	})
	assert.JSONEq(t, `{"model":"gpt-4o-transcribe","language":"en"}`, attr(span, "langsmith.metadata.ls_invocation_params").(string))
	assert.Equal(t, []map[string]any{
		{"type": "blob_ref", "modality": "audio", "mime_type": "audio/mpeg", "bytes": float64(9), "name": "talk.mp3"},
		{"type": "text", "content": "ZyntriQix"},
	}, partsOf(t, span, "gen_ai.input.messages"))
	assert.Equal(t, []map[string]any{{"type": "text", "content": "Hello, you."}}, partsOf(t, span, "gen_ai.output.messages"))
}

func TestATranslationTellsHowLongTheSoundIs(t *testing.T) {
	s := newStand(t, answerJSON(`{"task":"translate","duration":36.5,"text":"Hello."}`))
	p := openai.AudioTranslationNewParams{File: strings.NewReader("x"), Model: "whisper-1"}
	_, err := s.client.Audio.Translations.New(t.Context(), p) //nolint:staticcheck // deprecated, and still in use
	require.NoError(t, err)
	requireAttributes(t, s.span(t), map[string]any{"genotel.audio.duration": 36.5, "gen_ai.request.model": "whisper-1"})
}

func TestSubtitlesAreATranscript(t *testing.T) {
	const subtitles = "1\n00:00:00,000 --> 00:00:01,000\nHello.\n"
	s := newStand(t, answer(http.StatusOK, "text/plain; charset=utf-8", subtitles), onSpan)
	p := talk("x")
	p.ResponseFormat = "srt"
	var got []byte
	require.NoError(t, s.client.Post(t.Context(), "audio/transcriptions", p, &got))
	assert.Equal(t, subtitles, string(got))
	span := s.span(t)
	assert.Equal(t, []map[string]any{{"type": "text", "content": subtitles}}, partsOf(t, span, "gen_ai.output.messages"))
	assert.Nil(t, attr(span, "genotel.response.incomplete"))
}

func TestAStreamedTranscriptionEndsWithItsLastEvent(t *testing.T) {
	deltas := []string{`{"type":"transcript.text.delta","delta":"Hel"}`, `{"type":"transcript.text.delta","delta":"lo"}`}
	done := `{"type":"transcript.text.done","text":"Hello","usage":{"type":"tokens","input_tokens":3,"output_tokens":2,"total_tokens":5}}`
	for name, test := range map[string]struct {
		events           []string
		incomplete, used any
		reason           string
	}{
		"to its end": {append(deltas[:2:2], done), nil, int64(2), "stop"},
		"cut":        {deltas, true, nil, "error"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, answerStream(test.events...), onSpan)
			stream := s.client.Audio.Transcriptions.NewStreaming(t.Context(), talk("x"))
			text := ""
			for stream.Next() {
				text += stream.Current().Delta
			}
			require.NoError(t, stream.Err())
			require.NoError(t, stream.Close())
			assert.Equal(t, "Hello", text)
			span := s.span(t)
			requireAttributes(t, span, map[string]any{
				"gen_ai.request.stream": true, "genotel.response.incomplete": test.incomplete, "gen_ai.usage.output_tokens": test.used,
				"gen_ai.response.finish_reasons": []string{test.reason}, "genotel.stream.content_chunks": int64(2),
			})
			assert.Equal(t, []map[string]any{{"type": "text", "content": "Hello"}}, partsOf(t, span, "gen_ai.output.messages"))
		})
	}
}

func speak() openai.AudioSpeechNewParams {
	return openai.AudioSpeechNewParams{
		Input: "Hello.", Model: "gpt-4o-mini-tts", Instructions: openai.String("Whisper."), ResponseFormat: "wav",
		Voice: openai.AudioSpeechNewParamsVoiceUnion{OfString: openai.String("alloy")},
	}
}

func TestSpeechIsCountedWhileItIsRead(t *testing.T) {
	sound := strings.Repeat("\x00d:e\xff", 100<<10)
	for name, test := range map[string]struct {
		length, read int // all when zero
		incomplete   any
	}{
		"to its end":                {0, 0, nil},
		"of a known length, by it":  {len(sound), len(sound), nil},
		"closed early":              {len(sound), 1000, true},
		"closed early, length open": {0, len(sound) - 1, true},
		"unread":                    {0, -1, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "audio/wav")
				if test.length > 0 {
					w.Header().Set("Content-Length", strconv.Itoa(test.length))
				}
				_, _ = io.WriteString(w, sound)
			}), onSpan)
			res, err := s.client.Audio.Speech.New(t.Context(), speak())
			require.NoError(t, err)
			var got []byte
			if test.read > 0 {
				got, err = io.ReadAll(io.LimitReader(res.Body, int64(test.read)))
			} else if test.read == 0 {
				got, err = io.ReadAll(res.Body)
			}
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, sound[:len(got)], string(got))
			span := s.span(t)
			assert.Equal(t, codes.Unset, span.Status().Code)
			assert.Equal(t, "generate_content gpt-4o-mini-tts", span.Name())
			assert.Equal(t, "speech", attr(span, "gen_ai.output.type"))
			assert.Equal(t, test.incomplete, attr(span, "genotel.response.incomplete"))
			if len(got) > 0 {
				assert.Equal(t, int64(len(got)), attr(span, "genotel.audio.bytes"))
				assert.InDelta(t, len(got), partsOf(t, span, "gen_ai.output.messages")[0]["bytes"], 0)
			}
			assert.Equal(t, []map[string]any{{"type": "text", "content": "Hello."}}, partsOf(t, span, "gen_ai.input.messages"))
			assert.Contains(t, attr(span, "gen_ai.system_instructions"), "Whisper.")
		})
	}
}

func TestSpeechInEventsHasUsage(t *testing.T) {
	sound := base64.StdEncoding.EncodeToString([]byte("RIFF sound"))
	s := newStand(t, answerStream(`{"type":"speech.audio.delta","audio":"`+sound+`"}`, `{"type":"speech.audio.delta","audio":"`+sound+`"}`,
		`{"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}`))
	p := speak()
	p.StreamFormat = "sse"
	res, err := s.client.Audio.Speech.New(t.Context(), p)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	requireAttributes(t, s.span(t), map[string]any{
		"gen_ai.usage.input_tokens": int64(14), "gen_ai.usage.output_tokens": int64(101), "genotel.audio.bytes": int64(20),
		"genotel.stream.content_chunks": int64(2), "genotel.response.incomplete": nil, "gen_ai.response.finish_reasons": []string{"stop"},
	})
}

func TestSpeechThatIsNotStreamedThoughAskedForIsSound(t *testing.T) {
	s := newStand(t, answer(http.StatusOK, "audio/mpeg", "data: sound\n\n"))
	p := speak()
	p.StreamFormat = "sse"
	res, err := s.client.Audio.Speech.New(t.Context(), p)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	requireAttributes(t, s.span(t), map[string]any{"genotel.audio.bytes": int64(13), "error.type": nil, "genotel.stream.chunks": nil})
}

func TestSpeechIsNotHeld(t *testing.T) {
	l := load{
		path: "audio/speech", request: []byte(`{"input":"Hello.","model":"tts-1","voice":"alloy"}`),
		answer: inMemory{contentType: "audio/mpeg"},
	}
	for range 1000 {
		l.answer.parts = append(l.answer.parts, strings.Repeat("sound", 2000))
	}
	assert.Less(t, allocatedBy(t, l, 3, onSpan), int64(64<<10))
}

const verdict = `{"id":"modr-1","model":"omni-moderation-2024","results":[` +
	`{"flagged":false,"categories":{"violence":false}},{"flagged":true,"categories":{"violence":true,"hate":false,"self-harm/intent":true}}]}`

func TestAModerationTellsWhatWasFlagged(t *testing.T) {
	s := newStand(t, answerJSON(verdict))
	got, err := s.client.Moderations.New(t.Context(), openai.ModerationNewParams{
		Model: "omni-moderation-latest", Input: openai.ModerationNewParamsInputUnion{OfStringArray: []string{"MARKER", "b"}},
	})
	require.NoError(t, err)
	assert.True(t, got.Results[1].Flagged)
	span := s.span(t)
	assert.Equal(t, "moderation omni-moderation-latest", span.Name())
	requireAttributes(t, span, map[string]any{
		"gen_ai.operation.name":            "moderation",
		"gen_ai.response.id":               "modr-1",
		"gen_ai.response.model":            "omni-moderation-2024",
		"gen_ai.response.finish_reasons":   nil,
		"genotel.moderation.flagged":       true,
		"genotel.moderation.categories":    []string{"violence", "self-harm/intent"},
		"langsmith.span.kind":              "llm",
		"langsmith.metadata.ls_model_type": nil,
		"genotel.response.incomplete":      nil,
	})
	assert.NotContains(t, all(s.spans.Ended()), "MARKER")
}

func TestAModerationThatFlagsNothingSaysSo(t *testing.T) {
	s := newStand(t, answerJSON(`{"id":"modr-1","model":"m","results":[{"flagged":false,"categories":{"violence":false}}]}`))
	_, err := s.client.Moderations.New(t.Context(), openai.ModerationNewParams{Input: openai.ModerationNewParamsInputUnion{OfString: openai.String("b")}})
	require.NoError(t, err)
	requireAttributes(t, s.span(t), map[string]any{"genotel.moderation.flagged": false, "genotel.moderation.categories": nil})
}
