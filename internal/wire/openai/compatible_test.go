package openai_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

func dollars(price float64) record.Opt[float64] { return record.Some(price) }

func TestTheUsageOfCompatibleProviders(t *testing.T) {
	for name, test := range map[string]struct {
		usage string
		want  record.Usage
	}{
		"Mistral's cache": {
			`{"prompt_tokens":9,"num_cached_tokens":4,"prompt_token_details":null}`, record.Usage{Input: some(9), CacheRead: some(4)},
		},
		"Mistral's details": {
			`{"prompt_tokens":9,"prompt_token_details":{"cached_tokens":4}}`, record.Usage{Input: some(9), CacheRead: some(4)},
		},
		"LiteLLM's cache": {
			`{"prompt_tokens":9,"cache_read_input_tokens":4,"cache_creation_input_tokens":3}`,
			record.Usage{Input: some(9), CacheRead: some(4), CacheWrite: some(3)},
		},
		"LiteLLM's details": {
			`{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":4,"cache_creation_tokens":3},"cache_creation_input_tokens":1}`,
			record.Usage{Input: some(9), CacheRead: some(4), CacheWrite: some(3)},
		},
		"DashScope's details": {
			`{"prompt_tokens":9,"prompt_tokens_details":{"cache_creation_input_tokens":3,"cache_type":"ephemeral"}}`,
			record.Usage{Input: some(9), CacheWrite: some(3)},
		},
		"a null detail leaves the other be": {
			`{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":null},"cached_tokens":4}`, record.Usage{Input: some(9), CacheRead: some(4)},
		},
		"an input without what was cached": {
			`{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"prompt_tokens_details":{"cached_tokens":9}}`,
			record.Usage{Input: some(12), Output: some(1), Total: some(4), CacheRead: some(9)},
		},
		"xAI's reasoning and an input without what was cached": {
			`{"prompt_tokens":3,"completion_tokens":1,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":9},` +
				`"completion_tokens_details":{"reasoning_tokens":10}}`,
			record.Usage{Input: some(12), Output: some(11), Total: some(14), CacheRead: some(9), Reasoning: some(10)},
		},
		"more reasoning than output": {
			`{"prompt_tokens":43,"completion_tokens":10,"total_tokens":53,"completion_tokens_details":{"reasoning_tokens":11}}`,
			record.Usage{Input: some(43), Output: some(10), Total: some(53), Reasoning: some(10)},
		},
		"reasoning alone": {
			`{"completion_tokens_details":{"reasoning_tokens":11}}`, record.Usage{Reasoning: some(11)},
		},
		"Perplexity's research": {
			`{"prompt_tokens":33,"completion_tokens":70,"total_tokens":103,"citation_tokens":190,"num_search_queries":18,"reasoning_tokens":739,` +
				`"cost":{"input_tokens_cost":0.01,"output_tokens_cost":0.02,"request_cost":0.005,"total_cost":0.035}}`,
			record.Usage{Input: some(33), Output: some(809), Total: some(103), Reasoning: some(739), Cost: dollars(0.035)},
		},
		"reasoning beside the counts that includes it": {
			`{"prompt_tokens":33,"completion_tokens":70,"total_tokens":103,"reasoning_tokens":60}`,
			record.Usage{Input: some(33), Output: some(70), Total: some(103), Reasoning: some(60)},
		},
		"reasoning beside the counts that is in the total": {
			`{"prompt_tokens":10,"completion_tokens":50,"total_tokens":67,"reasoning_tokens":7}`,
			record.Usage{Input: some(10), Output: some(57), Total: some(67), Reasoning: some(7)},
		},
		"reasoning beside the counts, more than the total has room for": {
			`{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"reasoning_tokens":7}`,
			record.Usage{Input: some(10), Output: some(5), Total: some(15), Reasoning: some(5)},
		},
		"a cache that only the total includes": {
			`{"prompt_tokens":100,"completion_tokens":5,"total_tokens":185,"cache_read_input_tokens":60,"cache_creation_input_tokens":20}`,
			record.Usage{Input: some(180), Output: some(5), Total: some(185), CacheRead: some(60), CacheWrite: some(20)},
		},
		"what was read from a cache that only the total includes": {
			`{"prompt_tokens":100,"completion_tokens":5,"total_tokens":165,"cache_read_input_tokens":60,"cache_creation_input_tokens":20}`,
			record.Usage{Input: some(160), Output: some(5), Total: some(165), CacheRead: some(60), CacheWrite: some(20)},
		},
		"a cache that the input includes": {
			`{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"cache_read_input_tokens":60,"cache_creation_input_tokens":20}`,
			record.Usage{Input: some(100), Output: some(5), Total: some(105), CacheRead: some(60), CacheWrite: some(20)},
		},
		"OpenRouter's cost": {
			`{"prompt_tokens":1,"cost":0.0003253,"is_byok":false,"cost_details":{"upstream_inference_cost":9}}`,
			record.Usage{Input: some(1), Cost: dollars(0.0003253)},
		},
		"OpenRouter's cost of a key of one's own": {
			`{"prompt_tokens":1,"cost":0.25,"is_byok":true,"cost_details":{"upstream_inference_cost":0.5,"upstream_inference_prompt_cost":0.1}}`,
			record.Usage{Input: some(1), Cost: dollars(0.75)},
		},
		"no upstream's cost": {
			`{"cost_details":{"upstream_inference_cost":null},"is_byok":true,"cost":0}`, record.Usage{Cost: dollars(0)},
		},
		"xAI's cost":          {`{"prompt_tokens":12,"cost_in_usd_ticks":37756000}`, record.Usage{Input: some(12), Cost: dollars(0.0037756)}},
		"a cost that is none": {`{"prompt_tokens":1,"cost":-1}`, record.Usage{Input: some(1)}},
		"a cost of words":     {`{"prompt_tokens":1,"cost":"free","cost_in_usd_ticks":1.5}`, record.Usage{Input: some(1)}},
		"an endless cost":     {`{"prompt_tokens":1,"cost":1e999}`, record.Usage{Input: some(1)}},
		"an object of no cost": {
			`{"prompt_tokens":1,"cost":{"total":1},"is_byok":7,"cost_details":[]}`, record.Usage{Input: some(1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for place, body := range map[string]string{
				"":           `{"usage":` + test.usage + `}`,
				"of Groq":    `{"x_groq":{"id":"req_1","usage":` + test.usage + `}}`,
				"a choice's": `{"choices":[{"index":0,"usage":` + test.usage + `}]}`,
			} {
				call, _ := told(body)
				assert.Equal(t, test.want, call.Usage, place)
				call, _ = streamed(body)
				assert.Equal(t, test.want, call.Usage, place+" in a stream")
			}
			call := new(record.Call)
			embeddings := openai.NewEmbeddings(call)
			embeddings.Response([]byte(`{"usage":` + test.usage + `,"data":[]}`))
			test.want.Output = record.Opt[int64]{}
			assert.Equal(t, test.want, call.Usage, "of embeddings")
		})
	}
}

func TestTheUsageOfCompatibleResponses(t *testing.T) {
	for usage, want := range map[string]record.Usage{
		`{"input_tokens":5,"output_tokens":6,"total_tokens":11,"cost":0.5,"is_byok":false}`: {
			Input: some(5), Output: some(6), Total: some(11), Cost: dollars(0.5),
		},
		`{"input_tokens":5,"output_tokens":6,"cost":{"currency":"USD","total_cost":0.25}}`: {Input: some(5), Output: some(6), Cost: dollars(0.25)},
		`{"input_tokens":5,"output_tokens":6,"cost_in_usd_ticks":10000000000}`:             {Input: some(5), Output: some(6), Cost: dollars(1)},
	} {
		call := new(record.Call)
		responses := openai.NewResponses(call)
		responses.Response([]byte(`{"status":"completed","output":[],"usage":` + usage + `}`))
		assert.Equal(t, want, call.Usage, usage)
	}
}

func TestACostOutlivesACountWithoutOne(t *testing.T) {
	call, _ := streamed(`{"usage":{"prompt_tokens":1,"cost":0.5}}`, `{"usage":{"prompt_tokens":2}}`, `{"usage":{}}`, `{"usage":null}`)
	assert.Equal(t, record.Usage{Input: some(2), Cost: dollars(0.5)}, call.Usage)
}

func TestGeminisThoughtsArePartOfTheOutput(t *testing.T) {
	for _, test := range []struct {
		provider, usage string
		want            record.Usage
	}{
		{
			"gcp.gemini", `{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}`,
			record.Usage{Input: some(35), Output: some(74), Total: some(109)},
		},
		{
			"gcp.vertex_ai", `{"prompt_tokens":35,"total_tokens":109}`, record.Usage{Input: some(35), Output: some(74), Total: some(109)},
		},
		{
			"gcp.vertex_ai", `{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109,"completion_tokens_details":{"reasoning_tokens":62}}`,
			record.Usage{Input: some(35), Output: some(74), Total: some(109), Reasoning: some(62)},
		},
		{
			"gcp.gemini", `{"prompt_tokens":35,"completion_tokens":12,"total_tokens":47}`,
			record.Usage{Input: some(35), Output: some(12), Total: some(47)},
		},
		{"gcp.gemini", `{"completion_tokens":12,"total_tokens":47}`, record.Usage{Output: some(12), Total: some(47)}},
		{
			"openai", `{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}`,
			record.Usage{Input: some(35), Output: some(12), Total: some(109)},
		},
	} {
		call := &record.Call{Provider: test.provider}
		chat := openai.NewChat(call)
		chat.Response([]byte(`{"usage":` + test.usage + `}`))
		chat.Finish()
		assert.Equal(t, test.want, call.Usage, test.usage)
	}
}

func TestReasoningIsTakenOnceFromWhereverItIs(t *testing.T) {
	for _, member := range []string{
		`"reasoning_content":"2+2"`, `"reasoning":"2+2"`, `"thinking":"2+2"`, `"reasoning_details":[{"type":"reasoning.text","text":"2+2"}]`,
		`"content":[{"type":"thinking","thinking":"2+2"},{"type":"text","text":"4"}]`,
		`"content":[{"type":"thinking","thinking":[{"type":"text","text":"2+2"}]},{"type":"text","text":"4"}]`,
		`"reasoning_content":"2+2","reasoning":"2+2"`, `"reasoning":"2+2","reasoning_details":[{"text":"2+2"}]`,
		`"thinking":"2+2","reasoning_content":"2+2","thinking_blocks":[{"type":"thinking","thinking":"2+2"}]`,
		`"reasoning_content":null,"reasoning":"2+2"`, `"reasoning_content":"","thinking":"2+2"`,
		`"reasoning_content":"2+2","content":[{"type":"thinking","thinking":"2+2"},{"type":"text","text":"4"}]`,
		`"content":[{"type":"thinking","thinking":"2+2"},{"type":"text","text":"4"}],"reasoning_content":"2+2"`,
	} {
		if !strings.Contains(member, `"content"`) {
			member += `,"content":"4"`
		}
		want := parts(record.Reasoning{Content: "2+2"}, record.Text{Content: "4"})
		assert.Equal(t, want, answer(t, `{`+member+`}`).Parts, member)
		call, _ := streamed(`{"choices":[{"index":0,"delta":{` + member + `}}]}`)
		assert.Equal(t, want, call.Response.Choices[0].Message.Parts, member)
	}
}

func TestSourcesAreAPartOfTheAnswer(t *testing.T) {
	for name, test := range map[string]struct{ whole, first, last, kind, want string }{
		"Perplexity's citations": {
			`{"citations":["https://a","https://b"],"choices":[{"index":0,"message":{"content":"Hi."}},{"index":1,"message":{"content":"Ho."}}]}`,
			`{"citations":["https://a"],"choices":[{"index":0,"delta":{"content":"Hi."}},{"index":1,"delta":{"content":"Ho."}}]}`,
			`{"citations":["https://a","https://b"],"choices":[]}`,
			"citations", `{"type":"citations","citations":["https://a","https://b"]}`,
		},
		"Perplexity's results": {
			`{"choices":[{"index":0,"message":{"content":"Hi."}}],"search_results":[{"title":"A","url":"https://a","date":null}],"citations":[]}`,
			`{"choices":[{"index":0,"delta":{"content":"Hi."}}],"search_results":[{"title":"A","url":"https://a","date":null}],"citations":null}`,
			`{"choices":[],"search_results":[]}`,
			"search_results", `{"type":"search_results","search_results":[{"title":"A","url":"https://a","date":null}]}`,
		},
		"annotations": {
			`{"choices":[{"index":0,"message":{"content":"Hi.","annotations":[{"type":"url_citation","url_citation":{"url":"https://a"}},{"x":1}]}}]}`,
			`{"choices":[{"index":0,"delta":{"content":"Hi.","annotations":[{"type":"url_citation","url_citation":{"url":"https://a"}}]}}]}`,
			`{"choices":[{"index":0,"delta":{"annotations":[{"x":1}]}}]}`,
			"annotations", `{"type":"annotations","annotations":[{"type":"url_citation","url_citation":{"url":"https://a"}},{"x":1}]}`,
		},
		"a filter that did something": {
			`{"choices":[{"index":0,"message":{"content":"Hi."},"content_filter_results":{"hate":{"filtered":true,"severity":"high"}}}]}`,
			`{"choices":[{"index":0,"delta":{"content":"Hi."},"content_filter_results":{"hate":{"filtered":true,"severity":"high"}}}]}`,
			`{"choices":[{"index":0,"delta":{},"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}`,
			"content_filter_results", `{"type":"content_filter_results","content_filter_results":{"hate":{"filtered":true,"severity":"high"}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := parts(record.Text{Content: "Hi."}, record.Generic{Type: test.kind, JSON: test.want, Beside: true})
			call, _ := told(test.whole)
			assert.Equal(t, want, call.Response.Choices[0].Message.Parts)
			call, _ = streamed(test.first, test.last)
			assert.Equal(t, want, call.Response.Choices[0].Message.Parts)
			assert.Zero(t, call.Content)
		})
	}
}

func TestSourcesOfAResponseAreOnePart(t *testing.T) {
	const item = `{"type":"message","role":"assistant","content":[` +
		`{"type":"output_text","text":"Hi.","annotations":[{"type":"url_citation","url":"https://a"},{"x":1}]},` +
		`{"type":"output_text","text":"Ho.","annotations":[]},{"type":"refusal","refusal":"No."}]}`
	const other = `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"He.","annotations":[{"y":2}]}]}`
	want := record.Generic{
		Type: "annotations", JSON: `{"type":"annotations","annotations":[{"type":"url_citation","url":"https://a"},{"x":1},{"y":2}]}`, Beside: true,
	}
	done := func(index, item string) string {
		return `{"type":"response.output_item.done","output_index":` + index + `,"item":` + item + `}`
	}
	for name, events := range map[string][]string{
		"to its end": {`{"type":"response.completed","response":{"status":"completed","output":[` + item + `,` + other + `]}}`},
		"cut":        {done("0", item), done("1", other)},
	} {
		call := new(record.Call)
		responses := openai.NewResponses(call)
		responses.Request([]byte(`{"stream":true}`), true)
		for _, data := range events {
			responses.Event([]byte(data))
		}
		responses.Finish()
		responses.Content(call)
		require.Len(t, call.Response.Choices, 1, name)
		got := call.Response.Choices[0].Message.Parts
		assert.Equal(t, want, got[len(got)-1], name)
		assert.Len(t, got, 5, name)
	}
	call := new(record.Call)
	responses := openai.NewResponses(call)
	responses.Request([]byte(`{}`), true)
	responses.Response([]byte(`{"status":"completed","output":[` + item + `,7,` + other + `,{"content":"x"},{"content":[7,{"annotations":{}}]}]}`))
	responses.Finish()
	responses.Content(call)
	assert.Contains(t, call.Response.Choices[0].Message.Parts, record.Part(want))
}

func TestNoSourcesAreNoPart(t *testing.T) {
	for _, beside := range []string{`null`, `[]`, `[ ]`, `{}`, `""`, `7`, `"x"`} {
		call, _ := told(`{"citations":` + beside + `,"search_results":` + beside + `,"choices":[{"index":0,"content_filter_results":` + beside +
			`,"message":{"content":"Hi.","annotations":` + beside + `}}]}`)
		assert.Equal(t, parts(record.Text{Content: "Hi."}), call.Response.Choices[0].Message.Parts, beside)
		call, _ = streamed(`{"citations":` + beside + `,"search_results":` + beside + `,"choices":[{"index":0,"content_filter_results":` + beside +
			`,"delta":{"content":"Hi.","annotations":` + beside + `}}]}`)
		assert.Equal(t, parts(record.Text{Content: "Hi."}), call.Response.Choices[0].Message.Parts, beside)
	}
	call, _ := told(`{"citations":["a"]}`)
	assert.Empty(t, call.Response.Choices)
	call, _ = told(`{"choices":[{"index":0,"content_filter_results":{"a":{"filtered":false},"b":true,"c":{"detected":true}},"message":{"content":"x"}}]}`)
	assert.Len(t, call.Response.Choices[0].Message.Parts, 1)
}

func TestSourcesOfAStreamAreBounded(t *testing.T) {
	const tooMany = 5 << 20
	huge := `["` + strings.Repeat("x", tooMany) + `"]`
	call, _ := streamed(`{"citations":["kept"],"choices":[{"index":0,"delta":{"content":"Hi.","annotations":`+huge+`}}]}`,
		`{"search_results":`+huge+`,"choices":[{"index":0,"delta":{"annotations":[{"y":1}]}}]}`)
	assert.Equal(t, parts(
		record.Text{Content: "Hi."},
		record.Generic{Type: "annotations", JSON: `{"type":"annotations","annotations":[{"y":1}]}`, Beside: true},
		record.Generic{Type: "citations", JSON: `{"type":"citations","citations":["kept"]}`, Beside: true},
	), call.Response.Choices[0].Message.Parts)
	assert.True(t, call.Content.Truncated)

	chat := openai.NewChat(new(record.Call))
	chat.Request([]byte(`{}`), true)
	for range 1000 {
		chat.Event([]byte(`{"citations":["https://example.com/a"],"search_results":[{"url":"https://example.com/a"}]}`))
	}
	assert.Less(t, chat.Retained(), 100)
}

func TestAnAnswerTellsWhoMadeIt(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"Ollama":                 {`{"model":"m","system_fingerprint":"fp_ollama"}`, "ollama"},
		"LM Studio":              {`{"model":"gemma-2","system_fingerprint":"gemma-2"}`, "lm_studio"},
		"llama.cpp":              {`{"model":"m","system_fingerprint":"b1-2","timings":{"prompt_n":1,"predicted_n":2}}`, "llama_cpp"},
		"vLLM":                   {`{"choices":[{"index":0,"finish_reason":"stop","stop_reason":null}]}`, "vllm"},
		"vLLM, by its transfer":  {`{"choices":[],"kv_transfer_params":null}`, "vllm"},
		"vLLM, by its logprobs":  {`{"choices":[],"prompt_logprobs":null}`, "vllm"},
		"SGLang":                 {`{"choices":[{"index":0,"matched_stop":1}]}`, "sglang"},
		"SGLang, by its weights": {`{"metadata":{"weight_version":"default"}}`, "sglang"},
		"Groq":                   {`{"x_groq":{"id":"req_1"}}`, "groq"},
		"OpenRouter":             {`{"choices":[{"index":0,"native_finish_reason":"stop"}]}`, "openrouter"},
		"Azure":                  {`{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}`, "azure.ai.openai"},
		"Azure, by its filters":  {`{"choices":[{"index":0,"content_filter_results":{}}]}`, "azure.ai.openai"},
		"the first of two": {
			`{"choices":[{"index":0,"native_finish_reason":"stop","stop_reason":null}]}`, "openrouter",
		},

		"OpenAI":                 {`{"id":"c","model":"m","system_fingerprint":"fp_1","choices":[{"index":0}],"metadata":{}}`, "openai"},
		"somebody":               {`{"timings":{"total":1},"metadata":7,"system_fingerprint":"","model":""}`, "openai"},
		"somebody with a number": {`{"timings":7,"metadata":"weight_version"}`, "openai"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, assumed := range []bool{true, false} {
				for _, stream := range []bool{true, false} {
					call := &record.Call{Provider: "openai", ProviderAssumed: assumed}
					chat := openai.NewChat(call)
					if stream {
						chat.Event([]byte(`{"choices":[{"index":0,"delta":{"content":"Hi."}}]}`))
						chat.Event([]byte(test.body))
					} else {
						chat.Response([]byte(test.body))
					}
					assert.Equal(t, "openai", call.Provider, "until the end")
					chat.Finish()
					want := test.want
					if !assumed {
						want = "openai"
					}
					assert.Equal(t, want, call.Provider)
					assert.Equal(t, assumed && want == "openai", call.ProviderAssumed)
				}
			}
		})
	}
}

func TestAChunkOfACompatibleProviderCostsNoAllocation(t *testing.T) {
	for name, chunk := range map[string]string{
		"Azure": `{"choices":[{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}},` +
			`"delta":{"content":"x"},"finish_reason":null,"index":0,"logprobs":null}],"id":"c","model":"m","object":"chat.completion.chunk","usage":null}`,
		"Perplexity": `{"id":"c","model":"sonar","usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,"cost":{"total_cost":0.1}},` +
			`"citations":["https://a","https://b"],"search_results":[{"url":"https://a"}],"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"x"}}]}`,
		"vLLM": `{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"reasoning":"x","thinking":"x"},"stop_reason":null}],` +
			`"usage":{"prompt_tokens":1,"total_tokens":2}}`,
		"llama.cpp": `{"choices":[{"index":0,"delta":{"content":"x"}}],"id":"c","model":"m","timings":{"prompt_n":1,"predicted_n":2},"metadata":{"a":1}}`,
	} {
		t.Run(name, func(t *testing.T) {
			call := new(record.Call)
			chat := openai.NewChat(call)
			chat.Request([]byte(`{"stream":true}`), true)
			data := []byte(chunk)
			for range 3000 { // grows what is kept
				chat.Event(data)
			}
			assert.Less(t, testing.AllocsPerRun(200, func() { chat.Event(data) }), 0.5)
			bare := openai.NewChat(new(record.Call))
			bare.Request([]byte(`{"stream":true}`), false)
			assert.Zero(t, testing.AllocsPerRun(200, func() { bare.Event(data) }))
		})
	}
}

func TestFinishReasonsAreAnOpenSet(t *testing.T) {
	for _, reason := range []string{"eos", "model_length", "error", "content_filter", "tool_calls", "tomorrow"} {
		call, complete := told(`{"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"` + reason + `"}]}`)
		require.True(t, complete)
		assert.Equal(t, reason, call.Response.Choices[0].FinishReason)
		call, complete = streamed(`{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"` + reason + `"}]}`)
		require.True(t, complete)
		assert.Equal(t, reason, call.Response.Choices[0].FinishReason)
	}
}

func TestAGatewayThatWasRecognizedSaysItselfWhoAnswered(t *testing.T) {
	call := &record.Call{Provider: "openai", ProviderAssumed: true, Gateway: &record.Gateway{Name: "litellm"}}
	chat := openai.NewChat(call)
	chat.Response([]byte(`{"model":"m","system_fingerprint":"fp_ollama"}`))
	chat.Finish()
	assert.Equal(t, "openai", call.Provider)
}

func TestEndlessCountsDoNotRunOver(t *testing.T) {
	const most = math.MaxInt64
	for usage, want := range map[string]record.Usage{
		`{"prompt_tokens":9223372036854775806,"prompt_tokens_details":{"cached_tokens":9223372036854775807}}`: {
			Input: some(most), CacheRead: some(most),
		},
		`{"prompt_tokens":5,"completion_tokens":9223372036854775806,"num_search_queries":1,"reasoning_tokens":9223372036854775807}`: {
			Input: some(5), Output: some(most), Reasoning: some(most),
		},
		`{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807,"total_tokens":7,` +
			`"completion_tokens_details":{"reasoning_tokens":9}}`: {
			Input: some(most), Output: some(most), Total: some(7), Reasoning: some(9),
		},
		`{"prompt_tokens":1,"cost":1.7e308,"is_byok":true,"cost_details":{"upstream_inference_cost":1.7e308}}`: {
			Input: some(1), Cost: dollars(math.MaxFloat64),
		},
	} {
		call, _ := told(`{"usage":` + usage + `}`)
		assert.Equal(t, want, call.Usage, usage)
	}
}

func TestTheReasoningOfResponsesIsPartOfTheirOutput(t *testing.T) {
	for usage, want := range map[string]record.Usage{
		`{"input_tokens":10,"output_tokens":50,"total_tokens":67,"output_tokens_details":{"reasoning_tokens":7}}`: {
			Input: some(10), Output: some(57), Total: some(67), Reasoning: some(7),
		},
		`{"input_tokens":10,"output_tokens":50,"total_tokens":60,"output_tokens_details":{"reasoning_tokens":7}}`: {
			Input: some(10), Output: some(50), Total: some(60), Reasoning: some(7),
		},
		`{"input_tokens":10,"output_tokens":5,"total_tokens":15,"output_tokens_details":{"reasoning_tokens":7}}`: {
			Input: some(10), Output: some(5), Total: some(15), Reasoning: some(5),
		},
	} {
		call, _ := exchanged(openai.NewResponses, `{}`, `{"id":"r","status":"completed","output":[],"usage":`+usage+`}`)
		assert.Equal(t, want, call.Usage, usage)
	}
}
