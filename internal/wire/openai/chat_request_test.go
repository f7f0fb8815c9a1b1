package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestRequestParameters(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want record.Request
	}{
		"nothing sent is nothing recorded": {`{}`, record.Request{}},
		"the model":                        {`{"model":"gpt-4o"}`, record.Request{Model: "gpt-4o"}},
		"a stream":                         {`{"stream":true}`, record.Request{Stream: true}},
		"no stream":                        {`{"stream":false}`, record.Request{}},
		"a temperature":                    {`{"temperature":0.7}`, record.Request{Temperature: record.Some(0.7)}},
		"a temperature of zero":            {`{"temperature":0}`, record.Request{Temperature: record.Some(0.0)}},
		"top_p":                            {`{"top_p":0.9}`, record.Request{TopP: record.Some(0.9)}},
		"top_k":                            {`{"top_k":40}`, record.Request{TopK: record.Some[int64](40)}},
		"a frequency penalty":              {`{"frequency_penalty":-2}`, record.Request{FrequencyPenalty: record.Some(-2.0)}},
		"a presence penalty of zero":       {`{"presence_penalty":0}`, record.Request{PresencePenalty: record.Some(0.0)}},
		"a seed of zero":                   {`{"seed":0}`, record.Request{Seed: record.Some[int64](0)}},
		"the largest seed":                 {`{"seed":9223372036854775807}`, record.Request{Seed: record.Some[int64](9223372036854775807)}},
		"the number of choices":            {`{"n":3}`, record.Request{ChoiceCount: record.Some[int64](3)}},
		"the effort":                       {`{"reasoning_effort":"high"}`, record.Request{ReasoningLevel: "high"}},
		"an effort of tomorrow":            {`{"reasoning_effort":"extreme"}`, record.Request{ReasoningLevel: "extreme"}},
		"the tier":                         {`{"service_tier":"flex"}`, record.Request{ServiceTier: "flex"}},

		"an integer written as a float":    {`{"max_tokens":1e3}`, record.Request{MaxTokens: record.Some[int64](1000)}},
		"an integer with a zero fraction":  {`{"n":2.0}`, record.Request{ChoiceCount: record.Some[int64](2)}},
		"a float is not an integer":        {`{"max_tokens":1.5,"n":0.5,"seed":1e400}`, record.Request{}},
		"max_tokens":                       {`{"max_tokens":10}`, record.Request{MaxTokens: record.Some[int64](10)}},
		"max_tokens of zero":               {`{"max_tokens":0}`, record.Request{MaxTokens: record.Some[int64](0)}},
		"max_completion_tokens":            {`{"max_completion_tokens":20}`, record.Request{MaxTokens: record.Some[int64](20)}},
		"max_completion_tokens wins":       {`{"max_completion_tokens":20,"max_tokens":10}`, record.Request{MaxTokens: record.Some[int64](20)}},
		"max_completion_tokens wins last":  {`{"max_tokens":10,"max_completion_tokens":20}`, record.Request{MaxTokens: record.Some[int64](20)}},
		"a null limit leaves the other":    {`{"max_tokens":10,"max_completion_tokens":null}`, record.Request{MaxTokens: record.Some[int64](10)}},
		"a null limit leaves the other be": {`{"max_completion_tokens":20,"max_tokens":null}`, record.Request{MaxTokens: record.Some[int64](20)}},

		"one stop sequence":                 {`{"stop":"END"}`, record.Request{StopSequences: []string{"END"}}},
		"several stop sequences":            {`{"stop":["a","b\n"]}`, record.Request{StopSequences: []string{"a", "b\n"}}},
		"stop sequences of the wrong type":  {`{"stop":["a",1,null,{"x":[]},"b"]}`, record.Request{StopSequences: []string{"a", "b"}}},
		"no stop sequences":                 {`{"stop":[]}`, record.Request{}},
		"null instead of stop sequences":    {`{"stop":null}`, record.Request{}},
		"an object instead of them":         {`{"stop":{"a":"b"}}`, record.Request{}},
		"a stop sequence that is cut short": {`{"stop":"EN`, record.Request{}},

		"text asked for":                    {`{"response_format":{"type":"text"}}`, record.Request{OutputType: "text"}},
		"JSON asked for":                    {`{"response_format":{"type":"json_object"}}`, record.Request{OutputType: "json"}},
		"a schema asked for":                {`{"response_format":{"json_schema":{"type":"x"},"type":"json_schema"}}`, record.Request{OutputType: "json"}},
		"a format of tomorrow":              {`{"response_format":{"type":"grammar"}}`, record.Request{}},
		"a format of the wrong type":        {`{"response_format":"json_object"}`, record.Request{}},
		"a format without a type":           {`{"response_format":{"type":null}}`, record.Request{}},
		"speech asked for":                  {`{"modalities":["text","audio"]}`, record.Request{OutputType: "speech"}},
		"only text asked for":               {`{"modalities":["text"]}`, record.Request{}},
		"speech wins over the format":       {`{"modalities":["audio"],"response_format":{"type":"text"}}`, record.Request{OutputType: "speech"}},
		"speech wins over the format after": {`{"response_format":{"type":"text"},"modalities":["audio"]}`, record.Request{OutputType: "speech"}},

		"wrong types are as absent": {
			`{"model":7,"stream":"yes","temperature":"hot","top_p":[],"top_k":{},"max_tokens":"10","max_completion_tokens":true,
			  "frequency_penalty":null,"presence_penalty":"0","seed":"x","n":"3","reasoning_effort":1,"service_tier":false,
			  "response_format":[],"modalities":7,"messages":"x","tools":{},"functions":null}`,
			record.Request{},
		},
		"unknown members are ignored": {
			`{"metadata":{"model":"no"},"model":"yes","x":[{"model":"no"}]}`, record.Request{Model: "yes"},
		},
		"names are exact": {`{"Model":"no","MODEL":"no","TEMPERATURE":1}`, record.Request{}},
		"names may be escaped": {
			`{"\u006dodel":"gpt-4o"}`, record.Request{Model: "gpt-4o"},
		},
		"what comes before a defect is kept": {
			`{"model":"gpt-4o","temperature":0.5,"seed":7,"n":3,,"top_p":1}`,
			record.Request{
				Model: "gpt-4o", Temperature: record.Some(0.5), Seed: record.Some[int64](7), ChoiceCount: record.Some[int64](3),
			},
		},
		"invalid UTF-8 is repaired":    {"{\"model\":\"gpt-\xff\"}", record.Request{Model: "gpt-\uFFFD"}},
		"a lone surrogate is repaired": {`{"model":"\ud83d!"}`, record.Request{Model: "\uFFFD!"}},
		"a list":                       {`[{"model":"no"}]`, record.Request{}},
		"no JSON":                      {`model=gpt-4o`, record.Request{}},
		"nothing at all":               {``, record.Request{}},
		"nesting without end":          {strings.Repeat(`{"model":`, 100_000), record.Request{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, ask(test.body).Request)
		})
	}
}

func TestARequestIsReadWithoutItsContentWhenNobodyWantsIt(t *testing.T) {
	call := new(record.Call)
	chat := openai.NewChat(call)
	chat.Request([]byte(`{"messages":[{"role":"user","content":"Hi."}],"tools":[{"type":"function"}],"model":"m"}`), false)
	assert.Zero(t, chat.Retained())
	chat.Content(call)
	assert.Equal(t, record.Request{Model: "m"}, call.Request)
}

func TestTheContentOfARequestIsCopied(t *testing.T) {
	body := []byte(`{"messages":[{"role":"user","content":"Hi."}],"model":"m"}`)
	call := new(record.Call)
	chat := openai.NewChat(call)
	chat.Request(body, true)
	assert.Equal(t, len(`[{"role":"user","content":"Hi."}]`), chat.Retained())
	clear(body) // the buffer is used again
	chat.Content(call)
	assert.Equal(t, "m", call.Request.Model)
	assert.Equal(t, []record.Message{{Role: "user", Parts: parts(record.Text{Content: "Hi."})}}, call.Request.Messages)
}

func TestTheModelIsFoundWhereverItIs(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"first":                     {`{"model":"gpt-4o","messages":[]}`, "gpt-4o"},
		"last":                      {`{"messages":[{"model":"no"}],"tools":{"model":"no"},"model":"gpt-4o"}`, "gpt-4o"},
		"before a defect":           {`{"model":"gpt-4o",oops`, "gpt-4o"},
		"behind a defect":           {`{oops,"model":"gpt-4o"}`, "gpt-4o"},
		"far from the end":          {`{"messages":[],"model":"gpt-4o","tools":"` + strings.Repeat("x", 20<<10) + `"}`, "gpt-4o"},
		"before a nested one":       {`{"messages":[],"model":"gpt-4o","metadata":{"a":"b","model":"no"}}`, "gpt-4o"},
		"before one that is text":   {`{"messages":[],"model":"gpt-4o","stop":"a,\"model\":\"no\"}"}`, "gpt-4o"},
		"before a schema's":         {`{"messages":[],"model":"gpt-4o","x":[{"a":1,"model":{"type":"string"}}]}`, "gpt-4o"},
		"twice":                     {`{"messages":[],"model":"a","x":1,"model":"b"}`, "b"},
		"inside of another value":   {`{"x":{"model":"no"}}`, ""},
		"escaped":                   {`{"mode\u006c":"gpt\u002d4o"}`, "gpt-4o"},
		"of the wrong type":         {`{"model":{"name":"no"}}`, ""},
		"null":                      {`{"model":null}`, ""},
		"in another case":           {`{"Model":"no"}`, ""},
		"in a list":                 {`[{"model":"no"}]`, ""},
		"not there":                 {`{"messages":[]}`, ""},
		"in no JSON":                {`model=gpt-4o`, ""},
		"in nothing":                {``, ""},
		"in white space":            {" \n{ \"model\" : \"gpt-4o\" } ", "gpt-4o"},
		"cut":                       {`{"model":"gpt-`, ""},
		"with an invalid character": {"{\"model\":\"\xff\"}", "\uFFFD"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, openai.Model([]byte(test.body)))
		})
	}
}

func BenchmarkModelBehindLongMessages(b *testing.B) {
	messages := strings.Repeat(`{"role":"user","content":"Tell me more about the history of the city."},`, 2800)
	body := []byte(`{"messages":[` + messages + `{"role":"user","content":"x"}],"model":"gpt-4o-mini","temperature":0.7,"stream":true}`)
	far := []byte(`{"messages":[` + messages + `{}], "model":"gpt-4o-mini"}`)
	b.Run("near the end", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			openai.Model(body)
		}
	})
	b.Run("read from the start", func(b *testing.B) {
		b.SetBytes(int64(len(far)))
		for b.Loop() {
			openai.Model(far)
		}
	})
}
