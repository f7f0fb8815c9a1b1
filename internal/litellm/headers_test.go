package litellm

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/otelgenai/record"
)

// headers makes a header as a server sends it and net/http receives it.
func headers(lines ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(lines); i += 2 {
		h.Set(lines[i], lines[i+1])
	}
	return h
}

// said are the facts by name.
func said(g *record.Gateway) map[string]any {
	facts := map[string]any{}
	for _, fact := range g.Facts {
		facts[fact.Name] = fact.Value
	}
	return facts
}

func TestAnyHeaderOfTheProxyTellsIt(t *testing.T) {
	for _, name := range []string{
		"x-litellm-call-id", "x-litellm-version", "x-litellm-model-id", "x-litellm-response-cost", "x-litellm-of-tomorrow",
	} {
		assert.True(t, Recognizes(headers("content-type", "text/html", name, "x")), name)
	}
	assert.False(t, Recognizes(headers("content-type", "application/json", "x-request-id", "x", "llm_provider-x", "x", "x-litell", "x")))
	assert.False(t, Recognizes(nil))
}

func TestEveryHeaderHasItsAttributeAndType(t *testing.T) {
	g := Read(headers("X-Litellm-Tags", "team-a, nightly,,"), headers(
		"x-litellm-call-id", "c1",
		"x-litellm-model-id", "m1",
		"x-litellm-model-group", "gpt-4o",
		"x-litellm-model-api-base", "https://user:secret@api.openai.com/v1?key=secret",
		"x-litellm-model-region", "eu",
		"x-litellm-version", "1.98.0",
		"x-litellm-cache-key", "k1",
		"x-litellm-response-cost", "1.23e-05",
		"x-litellm-response-cost-original", "2",
		"x-litellm-response-cost-discount-amount", "0.5",
		"x-litellm-response-cost-margin-amount", "-0.25",
		"x-litellm-response-cost-margin-percent", "10",
		"x-litellm-response-cost-input", "0.1",
		"x-litellm-response-cost-output", "0.2",
		"x-litellm-response-cost-cache-read", "0.3",
		"x-litellm-response-cost-cache-creation", "0.4",
		"x-litellm-response-cost-reasoning", "0.6",
		"x-litellm-response-cost-tool-usage", "0.7",
		"x-litellm-response-duration-ms", "843.25",
		"x-litellm-overhead-duration-ms", "1.5",
		"x-litellm-callback-duration-ms", "2.5",
		"x-litellm-timing-pre-processing-ms", "3.5",
		"x-litellm-timing-llm-api-ms", "4.5",
		"x-litellm-timing-post-processing-ms", "5.5",
		"x-litellm-timing-message-copy-ms", "6.5",
		"x-litellm-attempted-retries", "1",
		"x-litellm-max-retries", "2",
		"x-litellm-attempted-fallbacks", "3",
		"x-litellm-max-fallbacks", "4",
		"x-litellm-timeout", "6000.0",
		"x-litellm-fastest_response_batch_completion", "True",
		"llm_provider-x-request-id", "req_1",
		"llm_provider-openai-processing-ms", "812",
		"x-litellm-key-spend", "12.5",
		"x-litellm-key-max-budget", "100",
		"x-litellm-key-tpm-limit", "5",
		"x-litellm-key-rpm-limit", "6",
		"x-ratelimit-remaining-tokens", "7",
	), false)
	assert.Equal(t, map[string]any{
		"litellm.call_id":                  "c1",
		"litellm.model_id":                 "m1",
		"litellm.model_group":              "gpt-4o",
		"litellm.api_base":                 "https://api.openai.com/v1",
		"litellm.region":                   "eu",
		"litellm.version":                  "1.98.0",
		"litellm.cache_key":                "k1",
		"litellm.cost.total":               1.23e-05,
		"litellm.cost.original":            2.0,
		"litellm.cost.discount_amount":     0.5,
		"litellm.cost.margin_amount":       -0.25,
		"litellm.cost.margin_percent":      10.0,
		"litellm.cost.input":               0.1,
		"litellm.cost.output":              0.2,
		"litellm.cost.cache_read":          0.3,
		"litellm.cost.cache_creation":      0.4,
		"litellm.cost.reasoning":           0.6,
		"litellm.cost.tool_usage":          0.7,
		"litellm.duration.response":        843.25,
		"litellm.duration.overhead":        1.5,
		"litellm.duration.callback":        2.5,
		"litellm.duration.pre_processing":  3.5,
		"litellm.duration.llm_api":         4.5,
		"litellm.duration.post_processing": 5.5,
		"litellm.duration.message_copy":    6.5,
		"litellm.retries.attempted":        int64(1),
		"litellm.retries.max":              int64(2),
		"litellm.fallbacks.attempted":      int64(3),
		"litellm.fallbacks.max":            int64(4),
		"litellm.timeout":                  6000.0,
		"litellm.fastest_response":         true,
		"litellm.provider.request_id":      "req_1",
		"litellm.provider.processing":      812.0,
		"litellm.request.tags":             []string{"team-a", "nightly"},
	}, said(g))
	assert.Equal(t, "litellm", g.Name)
	assert.Equal(t, "c1", g.CallID)
	assert.Equal(t, "openai", g.Provider)
	assert.Equal(t, record.Some(int64(3)), g.Fallbacks)
	assert.Equal(t, record.Some(1.23e-05), g.Cost)
}

func TestWhatIsNotSaidIsAbsent(t *testing.T) {
	for _, f := range fields {
		for _, nothing := range []string{"", " ", "None"} {
			g := Read(nil, headers(f.header, nothing), false)
			assert.Empty(t, g.Facts, "%s: %q", f.header, nothing)
		}
	}
	g := Read(nil, nil, false)
	assert.Equal(t, &record.Gateway{Name: "litellm"}, g)
}

func TestAMalformedValueIsIgnored(t *testing.T) {
	for name, values := range map[string][]string{
		"x-litellm-response-cost":                     {"free", "1,5", "NaN", "Inf", "-Infinity", "1e999", "0.1 USD"},
		"x-litellm-attempted-retries":                 {"one", "1.5", "-1", "99999999999999999999"},
		"x-litellm-fastest_response_batch_completion": {"yes", "2"},
		"x-litellm-model-api-base":                    {"://", "no host", "%zz"},
	} {
		for _, value := range values {
			g := Read(nil, headers(name, value), false)
			assert.Empty(t, g.Facts, "%s: %q", name, value)
			assert.False(t, g.Cost.IsSet())
		}
	}
}

func TestTheCostIsTheStatedTotalAndNeverZero(t *testing.T) {
	const total, original = "x-litellm-response-cost", "x-litellm-response-cost-original"
	for name, test := range map[string]struct {
		header http.Header
		want   record.Opt[float64]
	}{
		"the total":                       {headers(total, "0.5", original, "0.7"), record.Some(0.5)},
		"only the original":               {headers(original, "0.7"), record.Some(0.7)},
		"a total of zero":                 {headers(total, "0.0", original, "0.7"), record.Opt[float64]{}},
		"a model without a price":         {headers(total, "0.0", original, "0.0"), record.Opt[float64]{}},
		"none":                            {headers(total, "None"), record.Opt[float64]{}},
		"less than nothing":               {headers(total, "-1"), record.Opt[float64]{}},
		"none, but a component":           {headers("x-litellm-response-cost-input", "0.5"), record.Opt[float64]{}},
		"nothing that is said of a price": {headers("x-litellm-key-spend", "0.5"), record.Opt[float64]{}},
	} {
		assert.Equal(t, test.want, Read(nil, test.header, false).Cost, name)
	}
}

func TestAStreamsCostOfZeroIsNotRecorded(t *testing.T) {
	h := headers("x-litellm-response-cost", "0.0", "x-litellm-overhead-duration-ms", "0")
	assert.Equal(t, map[string]any{"litellm.duration.overhead": 0.0}, said(Read(nil, h, true)))
	assert.Equal(t, map[string]any{"litellm.duration.overhead": 0.0, "litellm.cost.total": 0.0}, said(Read(nil, h, false)))
}

func TestTheProviderIsKnownByItsHeaders(t *testing.T) {
	for header, provider := range map[string]string{
		"llm_provider-openai-processing-ms":               "openai",
		"llm_provider-apim-request-id":                    "azure",
		"llm_provider-anthropic-ratelimit-requests-limit": "anthropic",
		"llm_provider-x-amzn-requestid":                   "bedrock",
		"llm_provider-x-groq-region":                      "groq",
		"llm_provider-x-request-id":                       "",
		"openai-processing-ms":                            "",
	} {
		assert.Equal(t, provider, Read(nil, headers(header, "1"), false).Provider, header)
	}
	both := headers("llm_provider-openai-processing-ms", "1", "llm_provider-apim-request-id", "1")
	assert.Equal(t, "azure", Read(nil, both, false).Provider, "Azure serves OpenAI's models")
}

func TestTextsOfOthersAreBounded(t *testing.T) {
	long := strings.Repeat("ä", 5000)
	g := Read(headers("x-litellm-tags", strings.Repeat("t,", 1000)+long), headers("x-litellm-model-id", long), false)
	for _, fact := range g.Facts {
		switch v := fact.Value.(type) {
		case string:
			assert.Equal(t, strings.Repeat("ä", 128), v)
		case []string:
			assert.Len(t, v, 64)
		}
	}
	assert.Len(t, g.Facts, 2)
	g = Read(nil, headers("x-litellm-model-id", "M\xfcnchen"), false)
	assert.Equal(t, "M\uFFFDnchen", g.Facts[0].Value)
}

func TestHeadersAreSpelledAsNetHTTPDoes(t *testing.T) {
	names := []string{requestTags}
	for _, f := range fields {
		names = append(names, f.header)
	}
	for _, f := range families {
		names = append(names, f.header)
	}
	for _, name := range names {
		assert.Equal(t, textproto.CanonicalMIMEHeaderKey(name), name)
	}
}

// ordinary is a response of OpenAI itself.
func ordinary() http.Header {
	h := headers("content-type", "application/json", "x-request-id", "r", "openai-version", "2020-10-01")
	for i := range 25 {
		h.Set("X-Other-"+strconv.Itoa(i), "v")
	}
	return h
}

func TestLookingForAProxyThatIsNotThereAllocatesNothing(t *testing.T) {
	h := ordinary()
	assert.Zero(t, testing.AllocsPerRun(100, func() { Recognizes(h) }))
}

func BenchmarkRecognizes(b *testing.B) {
	for name, h := range map[string]http.Header{"no proxy": ordinary(), "proxy": headers("x-litellm-call-id", "1")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Recognizes(h)
			}
		})
	}
}

// FuzzRead holds the values that are kept against what encoding/json, an
// independent reader of numbers, makes of them.
func FuzzRead(f *testing.F) {
	for _, value := range []string{"", "None", "0.1", "1e999", "-0", "True", "https://h/p?q#f", "a,b", "\xff", "0x1p-2", "1_0"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, field := range fields {
			g := Read(http.Header{requestTags: {value}}, http.Header{field.header: {value}}, false)
			for _, fact := range g.Facts {
				checkFact(t, value, fact)
			}
			if cost, ok := g.Cost.Get(); ok && !(cost > 0) {
				t.Errorf("cost %v of %q", cost, value)
			}
		}
	})
}

func checkFact(t *testing.T, value string, fact record.Fact) {
	t.Helper()
	switch v := fact.Value.(type) {
	case string:
		if v == "" || v == "None" || len(v) > 3*maxText || !utf8.ValidString(v) {
			t.Errorf("%s of %q is %q", fact.Name, value, v)
		}
	case []string:
		if len(v) == 0 || len(v) > maxTags || !utf8.ValidString(fmt.Sprint(v)) {
			t.Errorf("%s of %q is %q", fact.Name, value, v)
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("%s of %q is %v", fact.Name, value, v)
		}
		var want float64
		if json.Unmarshal([]byte(strings.TrimSpace(value)), &want) == nil && want != v {
			t.Errorf("%s of %q is %v, not %v", fact.Name, value, v, want)
		}
	case int64:
		if v < 0 {
			t.Errorf("%s of %q is %v", fact.Name, value, v)
		}
	}
}
