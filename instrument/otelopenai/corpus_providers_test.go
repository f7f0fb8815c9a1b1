package otelopenai_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// renamed are the providers of the corpus that it names otherwise than genotel.
var renamed = map[string]string{
	"alibaba_dashscope": "alibaba", "together_ai": "together", "snowflake.cortex": "snowflake", "aws.bedrock.mantle": "aws.bedrock",
	// What the host does not tell.
	"litellm_proxy": "openai", "openai_compatible": "openai", "openai_compatible.local": "openai",
}

// providerOf is the provider that the span of an exchange is to have.
func providerOf(e exchange) string {
	switch {
	case e.Provider == "vllm" && e.API == "openai.embeddings":
		return "openai" // nothing in the answer tells
	case e.Provider == "pydantic_gateway" && strings.Contains(e.Path, "/groq/"):
		return "groq" // by the answer
	case e.Provider == "pydantic_gateway":
		return "openai"
	}
	if name, ok := renamed[e.Provider]; ok {
		return name
	}
	return e.Provider
}

// The differences of providers, as far as they are compared, for encoding/json.
type (
	compatibleUsage struct {
		Details struct {
			Cached int64 `json:"cached_tokens"`
			Write  int64 `json:"cache_write_tokens"`
		} `json:"prompt_tokens_details"`
		Output struct {
			Reasoning int64 `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
		Completion int64    `json:"completion_tokens"`
		TopCached  int64    `json:"cached_tokens"`
		NumCached  int64    `json:"num_cached_tokens"`
		Hit        int64    `json:"prompt_cache_hit_tokens"`
		Cost       *float64 `json:"cost"`
		OwnKey     bool     `json:"is_byok"`
		CostParts  struct {
			Upstream *float64 `json:"upstream_inference_cost"`
		} `json:"cost_details"`
		Ticks *int64 `json:"cost_in_usd_ticks"`
	}
	compatibleMessage struct {
		Reasoning   string            `json:"reasoning"`
		Content     string            `json:"reasoning_content"`
		Details     []compatibleText  `json:"reasoning_details"`
		Parts       json.RawMessage   `json:"content"`
		Annotations []json.RawMessage `json:"annotations"`
	}
	compatibleText     struct{ Text, Summary string }
	compatibleDocument struct {
		Usage     *compatibleUsage `json:"usage"`
		Citations []string         `json:"citations"`
		Groq      struct {
			Usage *compatibleUsage `json:"usage"`
		} `json:"x_groq"`
		Choices []struct {
			Usage   *compatibleUsage  `json:"usage"`
			Message compatibleMessage `json:"message"`
			Delta   compatibleMessage `json:"delta"`
		} `json:"choices"`
	}
)

// compatible is what an independent reader finds in an exchange beside the text.
type compatible struct {
	usage       *compatibleUsage
	reasoning   string
	citations   int
	annotations int
}

func readCompatible(t *testing.T, e exchange) (r compatible) {
	t.Helper()
	for _, data := range documentsOf(e.ResponseBody) {
		var d compatibleDocument
		require.NoError(t, json.Unmarshal([]byte(data), &d), data)
		usages := []*compatibleUsage{d.Groq.Usage, d.Usage}
		for i, c := range d.Choices {
			usages = append(usages, c.Usage)
			if i > 0 {
				continue
			}
			r.reasoning += c.Message.reasoning(t) + c.Delta.reasoning(t)
			r.annotations += len(c.Message.Annotations) + len(c.Delta.Annotations)
		}
		for _, u := range usages {
			if u != nil {
				r.usage = u
			}
		}
		r.citations = max(r.citations, len(d.Citations))
	}
	return r
}

// documentsOf are the JSON documents of a response, whole or streamed.
func documentsOf(body string) (all []string) {
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		return []string{body}
	}
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:")
		if data = strings.TrimSpace(data); ok && data != "" && data != "[DONE]" {
			all = append(all, data)
		}
	}
	return all
}

// reasoning is the first that a message has.
func (m compatibleMessage) reasoning(t *testing.T) (text string) {
	t.Helper()
	switch {
	case m.Content != "":
		return m.Content
	case m.Reasoning != "":
		return m.Reasoning
	}
	for _, detail := range m.Details {
		text += detail.Text + detail.Summary
	}
	if text != "" || len(m.Parts) == 0 || m.Parts[0] != '[' {
		return text
	}
	var parts []struct {
		Type     string
		Thinking []compatibleText
	}
	require.NoError(t, json.Unmarshal(m.Parts, &parts))
	for _, part := range parts {
		for _, thought := range part.Thinking {
			text += thought.Text
		}
	}
	return text
}

// cached is what was read from a cache: the first place that says so.
func (u *compatibleUsage) cached() int64 {
	for _, n := range []int64{u.Details.Cached, u.Hit, u.TopCached, u.NumCached} {
		if n > 0 {
			return n
		}
	}
	return 0
}

// price is in dollars, nil when the provider stated none.
func (u *compatibleUsage) price() *float64 {
	switch {
	case u.Ticks != nil:
		price := float64(*u.Ticks) / 10_000_000_000
		return &price
	case u.Cost != nil && u.OwnKey:
		price := *u.Cost + *u.CostParts.Upstream
		return &price
	}
	return u.Cost
}

// requireCompatible holds a span against what the reader found, and counts what it
// saw.
func requireCompatible(t *testing.T, e exchange, span sdktrace.ReadOnlySpan, seen map[string]int) {
	t.Helper()
	require.Equal(t, providerOf(e), attr(span, "gen_ai.provider.name"))
	isOpenAI := slices.Contains([]string{"openai", "azure.ai.openai"}, providerOf(e))
	require.Equal(t, isOpenAI && e.API == "openai.chat", attr(span, "openai.api.type") != nil)
	if e.ResponseBody == "" || e.Status >= http.StatusBadRequest {
		seen["failed"]++
		return
	}
	want := readCompatible(t, e)
	if u := want.usage; u != nil {
		seen["usage"]++
		requireCount(t, span, "gen_ai.usage.cache_read.input_tokens", u.cached(), seen, "cache read")
		requireCount(t, span, "gen_ai.usage.cache_write.input_tokens", u.Details.Write, seen, "cache write")
		reasoned := u.Output.Reasoning
		if e.Provider == "openrouter" { // one upstream counts more of it than output
			reasoned = min(reasoned, u.Completion)
		}
		requireCount(t, span, "gen_ai.usage.reasoning.output_tokens", reasoned, seen, "reasoning tokens")
		if price := u.price(); price != nil {
			require.InDelta(t, *price, attr(span, "genotel.usage.cost"), 1e-15)
			require.Contains(t, attr(span, "langsmith.usage_metadata"), `"total_cost":`)
			seen["cost"]++
		} else {
			require.Nil(t, attr(span, "genotel.usage.cost"))
		}
	}
	if attr(span, "gen_ai.output.messages") == nil {
		return
	}
	first := messages(t, span, "gen_ai.output.messages")[0]
	kinds, reasoning := map[string]int{}, ""
	for _, part := range first.Parts {
		kinds[part.Type]++
		if part.Type == "reasoning" {
			reasoning += part.Content.(string)
		}
	}
	require.Equal(t, want.reasoning, reasoning)
	require.Equal(t, want.citations > 0, kinds["citations"] == 1)
	require.Equal(t, want.annotations > 0, kinds["annotations"] == 1)
	for what, there := range map[string]bool{
		"reasoning": want.reasoning != "", "citations": want.citations > 0, "annotations": want.annotations > 0,
	} {
		if there {
			seen[what]++
		}
	}
}

// requireCount holds a count against an attribute, which is not there when it is
// zero.
func requireCount(t *testing.T, span sdktrace.ReadOnlySpan, key string, want int64, seen map[string]int, what string) {
	t.Helper()
	if want == 0 {
		require.Nil(t, attr(span, key), key)
		return
	}
	require.Equal(t, want, attr(span, key), key)
	seen[what]++
}

func TestWhatProvidersDoDifferentlyIsRead(t *testing.T) {
	seen := map[string]map[string]int{}
	total := 0
	for _, api := range []string{"openai.chat", "openai.completions"} {
		exchanges, count := recordings(t, api)
		total += count
		for _, e := range exchanges {
			if seen[e.Provider] == nil {
				seen[e.Provider] = map[string]int{}
			}
			seen[e.Provider]["exchanges"]++
			t.Run(e.ID, func(t *testing.T) {
				_, _, span := tracedReplay(t, e, "at once")
				requireCompatible(t, e, span, seen[e.Provider])
			})
		}
	}
	var table strings.Builder
	sum, all := 0, map[string]int{}
	for _, provider := range slices.Sorted(maps.Keys(seen)) {
		fmt.Fprintf(&table, "\n%-24s", provider)
		for _, what := range slices.Sorted(maps.Keys(seen[provider])) {
			fmt.Fprintf(&table, " %s %d;", what, seen[provider][what])
			all[what] += seen[provider][what]
		}
		sum += seen[provider]["exchanges"]
	}
	t.Logf("what was seen:%s\n%v", table.String(), all)
	assert.Equal(t, total, sum, "exchanges in the corpus")
	for _, what := range []string{"usage", "cache read", "reasoning tokens", "cost", "reasoning", "citations", "annotations", "failed"} {
		assert.NotZero(t, all[what], what)
	}
}
