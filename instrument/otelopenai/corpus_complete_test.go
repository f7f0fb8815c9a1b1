package otelopenai_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// replayedAPIs are the APIs of the corpus that a test of this package replays.
var replayedAPIs = []string{
	"openai.assistants", "openai.audio", "openai.chat", "openai.completions", "openai.embeddings", "openai.files", "openai.images",
	"openai.moderations", "openai.responses",
}

func TestNoRecordedExchangeInTheFormOfOpenAIIsLeftOut(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus, "*.jsonl.gz"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the corpus of recorded traffic is not here: " + corpus)
	}
	api := regexp.MustCompile(`"api": ?"(openai\.[a-z_.]+)"`)
	found := map[string]int{}
	for _, name := range files {
		for _, line := range lines(t, name) {
			if match := api.FindSubmatch(line); match != nil {
				found[string(match[1])]++
			}
		}
	}
	t.Log("exchanges by API: ", found)
	assert.Equal(t, replayedAPIs, slices.Sorted(maps.Keys(found)))
}

func TestRecordedFilesAreLeftAloneAndNotTraced(t *testing.T) {
	exchanges, count := recordings(t, "openai.files")
	for _, e := range exchanges {
		t.Run(e.ID, func(t *testing.T) { requireUntraced(t, e) })
	}
	t.Logf("files: %d exchanges", len(exchanges))
	assert.Len(t, exchanges, count)
	assert.NotZero(t, count)
}
