package openai_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire/openai"
)

func TestOnlyAPostToChatCompletionsIsAChat(t *testing.T) {
	for path, want := range map[string]bool{
		"/v1/chat/completions":                           true,
		"/chat/completions":                              true,
		"/openai/deployments/gpt-4o/chat/completions":    true,
		"/compatible-mode/v1/chat/completions":           true,
		"/groq/openai/v1/chat/completions":               true,
		"/v1/chat/completions/":                          false,
		"/v1/chat/completions/chatcmpl-1":                false,
		"/v1/chat/completions/chatcmpl-1/messages":       false,
		"/v1/completions":                                false,
		"/v1/responses":                                  false,
		"/v1/livechat/completions":                       false,
		"/v1/CHAT/completions":                           false,
		"chat/completions":                               false,
		"/v1/embeddings?next=/v1/chat/completions#/chat": false,
		"": false,
	} {
		assert.Equal(t, want, openai.IsChat("POST", path), path)
		for _, method := range []string{"GET", "DELETE", "PUT", "post", ""} {
			assert.False(t, openai.IsChat(method, path), "%s %s", method, path)
		}
	}
}

func TestEveryOtherPostToCompletionsIsACompletion(t *testing.T) {
	for path, want := range map[string]bool{
		"/v1/completions": true,
		"/completions":    true,
		"//openai/deployments/davinci/completions": true,
		"/v1/fim/completions":                      true,
		"/v1/prompts/pp-weather/completions":       true,
		"/v1/chat/completions":                     false,
		"/v1/completions/":                         false,
		"/v1/completions/cmpl-1":                   false,
		"/v1/mycompletions":                        false,
		"/courses/12/completions":                  false,
		"/openai/deployments/chat/completions":     false,
		"completions":                              false,
		"":                                         false,
	} {
		assert.Equal(t, want, openai.IsCompletion("POST", path), path)
		assert.False(t, openai.IsCompletion("GET", path), path)
	}
}

func TestOnlyAPostToEmbeddingsAsksForEmbeddings(t *testing.T) {
	for path, want := range map[string]bool{
		"/v1/embeddings":                         true,
		"/embeddings":                            true,
		"/openai/deployments/ada/embeddings":     true,
		"/api/embeddings":                        true,
		"/v1/embeddings/":                        false,
		"/v1/embeddings/x":                       false,
		"/v1/myembeddings":                       false,
		"/documents/7/embeddings":                false,
		"embeddings":                             false,
		"/v1/embeddings?next=/v1/embeddings#/em": false,
		"":                                       false,
	} {
		assert.Equal(t, want, openai.IsEmbeddings("POST", path), path)
		assert.False(t, openai.IsEmbeddings("GET", path), path)
	}
}

func TestOnlyAPostToResponsesCreatesAResponse(t *testing.T) {
	for path, want := range map[string]bool{
		"/v1/responses":                        true,
		"/responses":                           true,
		"/openai/v1/responses":                 true,
		"/openai/deployments/gpt-4o/responses": true,
		"/v1/responses/":                       false,
		"/v1/responses/resp_1":                 false,
		"/v1/responses/resp_1/cancel":          false,
		"/v1/responses/compact":                false,
		"/v1/responses/input_tokens":           false,
		"/v1/chat/completions":                 false,
		"/v1/myresponses":                      false,
		"/api/forms/77/responses":              false,
		"responses":                            false,
		"":                                     false,
	} {
		assert.Equal(t, want, openai.IsResponses("POST", path), path)
		for _, method := range []string{"GET", "DELETE", "PUT", "post", ""} {
			assert.False(t, openai.IsResponses(method, path), method+" "+path)
		}
	}
}

func TestOnlyPostsToTheirEndpointsAreCallsForImagesSoundAndModerations(t *testing.T) {
	for path, want := range map[string]struct{ images, speech, transcription, moderation bool }{
		"/v1/images/generations":                   {images: true},
		"/openai/deployments/d/images/edits":       {images: true},
		"/images/variations":                       {images: true},
		"/v1/images":                               {},
		"/v1/images/generations/":                  {},
		"/v1/images/generations/img-1":             {},
		"/v1/myimages/generations":                 {},
		"/v1/audio/speech":                         {speech: true},
		"/openai/deployments/tts/audio/speech":     {speech: true},
		"/v1/audio/voices":                         {},
		"/openai/v1/audio/transcriptions":          {transcription: true},
		"/v1/audio/translations":                   {transcription: true},
		"/v1/realtime/translations":                {},
		"/v1/realtime/transcription_sessions":      {},
		"/v1/moderations":                          {moderation: true},
		"/v1/chat/moderations":                     {moderation: true},
		"/v1/moderations/x":                        {},
		"/forum/moderations":                       {},
		"/v1/files?next=/v1/moderations#/images/x": {},
		"": {},
	} {
		assert.Equal(t, want.images, openai.IsImages("POST", path), path)
		assert.Equal(t, want.speech, openai.IsSpeech("POST", path), path)
		assert.Equal(t, want.transcription, openai.IsTranscription("POST", path), path)
		assert.Equal(t, want.moderation, openai.IsModeration("POST", path), path)
		for _, is := range []func(method, path string) bool{openai.IsImages, openai.IsSpeech, openai.IsTranscription, openai.IsModeration} {
			assert.False(t, is("GET", path), path)
		}
	}
}
