package otelgenai

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheEnvironmentWinsOverWhatASpanSaysOfContent(t *testing.T) {
	around := newConfig(nil)
	assert.Equal(t, ContentOnSpan, around.with([]Option{WithContent(ContentOnSpan)}).content)
	t.Setenv(captureVariable, "NO_CONTENT")
	around = newConfig(nil)
	assert.Equal(t, NoContent, around.with([]Option{WithContent(ContentOnSpan)}).content)
}

func TestASpanKeepsTheSettingsThatItDoesNotChange(t *testing.T) {
	around := newConfig([]Option{
		WithRedactor(func(string) (string, error) { return "", nil }), WithDialects("openinference"), WithProvider("openai"),
	})
	below := around.with([]Option{WithContent(ContentOnSpan)})
	assert.NotNil(t, below.redactor)
	assert.True(t, below.openInference)
	assert.False(t, below.langsmith)
	assert.Empty(t, below.genAIName, "a provider is that of one call")
}
