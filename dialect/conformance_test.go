package dialect_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai/record"
)

// The registry is the judge here; nothing of package semconv is asked.

type registry struct {
	Attributes []registered `json:"attributes"`
	External   []registered `json:"external_attributes"`
	Profiles   map[string]struct {
		Spans []spanType `json:"spans"`
	} `json:"profiles"`
}

type registered struct {
	Key  string   `json:"key"`
	Type string   `json:"type"`
	Enum []string `json:"enum"`
	In   []string `json:"in"`
}

type spanType struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Name struct {
		Template string `json:"template"`
		Fallback string `json:"fallback"`
	} `json:"name"`
	OperationNames []string          `json:"operation_names"`
	FixedValues    map[string]string `json:"fixed_values"`
	Attributes     []struct {
		Key              string `json:"key"`
		Level            string `json:"level"`
		Condition        string `json:"condition"`
		SamplingRelevant bool   `json:"sampling_relevant"`
	} `json:"attributes"`
}

func readRegistry(t *testing.T) registry {
	t.Helper()
	data, err := os.ReadFile("../semconv/registry.json")
	require.NoError(t, err)
	var r registry
	require.NoError(t, json.Unmarshal(data, &r))
	return r
}

// inference is the span of a chat with OpenAI.
func inference(t *testing.T) spanType {
	t.Helper()
	for _, span := range readRegistry(t).Profiles["latest"].Spans {
		if span.ID == "openai.gen_ai.client.inference" {
			return span
		}
	}
	require.Fail(t, "the registry lacks the span")
	return spanType{}
}

// keys returns what the registry has in the profile latest.
func (r registry) keys() map[string]registered {
	keys := map[string]registered{}
	for _, k := range r.External {
		keys[k.Key] = k
	}
	for _, k := range r.Attributes {
		if slices.Contains(k.In, "latest") {
			keys[k.Key] = k
		}
	}
	return keys
}

// unmet are the conditions of the span that no record can meet: a record knows
// none of these facts, or none with OpenAI's chat.
var unmet = []string{
	"gen_ai.conversation.id", "gen_ai.conversation.compacted", "gen_ai.request.previous_response.id",
	"gen_ai.prompt.name", "gen_ai.prompt.version",
	"gen_ai.usage.audio.cache_read.input_tokens", "gen_ai.usage.image.cache_read.input_tokens",
	"gen_ai.usage.text.cache_read.input_tokens",
}

func genAI(c *record.Call) []attribute.KeyValue {
	attributes := dialect.AppendGenAIStart(nil, c)
	if c.Error != nil {
		attributes = dialect.AppendError(attributes, c)
	}
	attributes = dialect.AppendGenAI(attributes, c)
	return dialect.AppendGenAIContent(attributes, c)
}

func TestACompleteChatHasEveryAttributeThatTheConventionsWant(t *testing.T) {
	got := genAI(chat())
	for _, want := range inference(t).Attributes {
		switch {
		case slices.Contains(unmet, want.Key):
			assert.Nil(t, value(t, got, want.Key), "%s is not unmet any more", want.Key)
		case want.Key == "error.type":
			assert.Nil(t, value(t, got, want.Key), "the call did not fail")
		case want.Key == "gen_ai.prompt.variable": // a template of keys, opt-in
		default:
			assert.NotNil(t, value(t, got, want.Key), "%s is %s", want.Key, want.Level)
		}
	}
}

func TestAPlainChatHasWhatIsWantedWithoutAnyCondition(t *testing.T) {
	c := chat()
	c.Request.Stream = false
	c.Request.ChoiceCount = record.Some(int64(1))
	c.Request.ServiceTier = "auto"
	c.Request.Seed, c.Request.TopK = record.Opt[int64]{}, record.Opt[int64]{}
	c.Request.OutputType, c.Request.ReasoningLevel = "", ""
	c.Response.ServiceTier = ""
	c.Usage = record.Usage{Input: record.Some(int64(1)), Output: record.Some(int64(1)), Reasoning: record.Some(int64(0))}
	got := genAI(c)
	for _, want := range inference(t).Attributes {
		switch {
		case want.Level == "opt_in":
		case want.Key == "server.port", want.Condition == "":
			assert.NotNil(t, value(t, got, want.Key), "%s is %s", want.Key, want.Level)
		default:
			assert.Nil(t, value(t, got, want.Key), "%s only if: %s", want.Key, want.Condition)
		}
	}
}

func TestAFailedChatHasWhatIdentifiesTheError(t *testing.T) {
	got := genAI(failedChat())
	assert.Equal(t, "rate_limit_exceeded", value(t, got, "error.type"))
	for _, want := range inference(t).Attributes {
		if want.Level == "required" {
			assert.NotNil(t, value(t, got, want.Key), want.Key)
		}
	}
	assert.Nil(t, value(t, got, "gen_ai.response.finish_reasons"), "nothing was generated")
}

func TestEveryAttributeIsRegisteredWithItsType(t *testing.T) {
	types := map[string]attribute.Type{
		"string": attribute.STRING, "int": attribute.INT64, "double": attribute.FLOAT64,
		"boolean": attribute.BOOL, "string[]": attribute.STRINGSLICE,
		"any": attribute.STRING, // JSON text
	}
	keys := readRegistry(t).keys()
	wanted := map[string]bool{}
	for _, a := range inference(t).Attributes {
		wanted[a.Key] = true
	}
	for _, c := range []*record.Call{chat(), failedChat()} {
		for _, kv := range genAI(c) {
			key := string(kv.Key)
			if strings.HasPrefix(key, "genotel.") || key == "http.response.status_code" {
				continue // ours, and the HTTP conventions'
			}
			known, ok := keys[key]
			require.True(t, ok, "%s is not registered", key)
			assert.True(t, wanted[key], "%s does not belong on this span", key)
			assert.Equal(t, types[known.Type], kv.Value.Type(), key)
			if len(known.Enum) > 0 && kv.Value.Type() == attribute.STRING && key != "error.type" {
				assert.Contains(t, known.Enum, kv.Value.AsString(), key)
			}
		}
	}
}

func TestWhatSamplersMayAskForIsThereAtTheStart(t *testing.T) {
	c := chat()
	start := dialect.AppendGenAIStart(nil, c)
	for _, want := range inference(t).Attributes {
		if want.SamplingRelevant {
			assert.NotNil(t, value(t, start, want.Key), want.Key)
		}
	}
	for _, kv := range dialect.AppendGenAI(nil, c) {
		assert.Nil(t, value(t, start, string(kv.Key)), "%s is written twice", kv.Key)
	}
}

func TestTheSpanIsNamedByTheTemplate(t *testing.T) {
	named := inference(t).Name
	c := chat()
	want := strings.NewReplacer("{gen_ai.operation.name}", "chat", "{gen_ai.request.model}", "gpt-4o-mini")
	assert.Equal(t, want.Replace(named.Template), dialect.SpanName(c))
	c.Request.Model = ""
	assert.Equal(t, want.Replace(named.Fallback), dialect.SpanName(c))
}

func TestTheValuesAreThoseOfTheRecord(t *testing.T) {
	got := genAI(chat())
	for key, want := range map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
		"gen_ai.request.model": "gpt-4o-mini", "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
		"gen_ai.response.id": "chatcmpl-1", "server.address": "api.openai.com", "server.port": int64(443),
		"gen_ai.request.temperature": 0.25, "gen_ai.request.top_p": 0.5, "gen_ai.request.top_k": int64(40),
		"gen_ai.request.max_tokens": int64(150), "gen_ai.request.seed": int64(7),
		"gen_ai.request.frequency_penalty": 0.125, "gen_ai.request.presence_penalty": -0.5,
		"gen_ai.request.choice.count": int64(2), "gen_ai.request.stop_sequences": []string{"END", "STOP"},
		"gen_ai.request.reasoning.level": "low", "gen_ai.output.type": "json", "gen_ai.request.stream": true,
		"gen_ai.response.finish_reasons":      []string{"stop", "tool_calls"},
		"gen_ai.response.time_to_first_chunk": 0.5,
		"openai.api.type":                     "chat_completions",
		"openai.request.service_tier":         "default", "openai.response.service_tier": "scale",
		"openai.response.system_fingerprint": "fp_1",
		"gen_ai.usage.input_tokens":          int64(100), "gen_ai.usage.output_tokens": int64(20),
		"gen_ai.usage.cache_read.input_tokens": int64(31), "gen_ai.usage.cache_write.input_tokens": int64(32),
		"gen_ai.usage.reasoning.output_tokens": int64(33),
		"gen_ai.usage.text.input_tokens":       int64(34), "gen_ai.usage.audio.input_tokens": int64(35),
		"gen_ai.usage.image.input_tokens": int64(36), "gen_ai.usage.text.output_tokens": int64(37),
		"gen_ai.usage.audio.output_tokens": int64(38), "gen_ai.usage.image.output_tokens": int64(39),
	} {
		assert.Equal(t, want, value(t, got, key), key)
	}
}

func TestAMissingFinishReasonKeepsItsPlace(t *testing.T) {
	c := chat()
	c.Response.Choices = []record.Choice{{Index: 0, FinishReason: "length"}, {Index: 1}, {Index: 2, FinishReason: "stop"}}
	got := dialect.AppendGenAI(nil, c)
	assert.Equal(t, []string{"length", "error", "stop"}, value(t, got, "gen_ai.response.finish_reasons"))
}

func TestOpenAIKeysAccompanyOpenAIFlavoursOnly(t *testing.T) {
	for provider, want := range map[string]bool{
		"openai": true, "azure.ai.openai": true, "deepseek": false, "azure.ai.inference": false, "": false,
	} {
		c := chat()
		c.Provider = provider
		for _, key := range []string{
			"openai.api.type", "openai.request.service_tier", "openai.response.service_tier",
			"openai.response.system_fingerprint",
		} {
			assert.Equal(t, want, value(t, genAI(c), key) != nil, "%s with %q", key, provider)
		}
	}
}

func TestTheFirstChunkIsTimedInStreamsOnly(t *testing.T) {
	c := chat()
	c.Request.Stream = false
	assert.Nil(t, value(t, genAI(c), "gen_ai.response.time_to_first_chunk"))
	c = chat()
	c.Timing = record.Timing{Start: began}
	assert.Nil(t, value(t, genAI(c), "gen_ai.response.time_to_first_chunk"), "nothing came")
}
