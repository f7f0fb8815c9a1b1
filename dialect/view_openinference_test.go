package dialect_test

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/internal/golden"
	"github.com/genotel/genotel/otelgenai/record"
)

func phoenixSees(c *record.Call, content dialect.Content) []attribute.KeyValue {
	bare := stub(c)
	bare.Attributes = dialect.AppendGenAI(dialect.AppendGenAIStart(nil, c), c) // without content, as by default
	return dialect.OpenInferenceView(content)(bare.Snapshot(), c).Attributes()
}

// illustrated is a chat about a picture, with instructions, tools and two answers.
func illustrated() *record.Call {
	c := chat()
	c.Request.Messages[0].Parts = []record.Part{
		record.Text{Content: "How many are left?"},
		record.Image{Media: record.Media{URI: "https://h/shelf.png"}, Detail: "low"},
		record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 8, SHA256: "ab"}}},
	}
	c.Response.Choices[0].Message.Parts = append(
		[]record.Part{record.Reasoning{Content: "40 and 2."}}, c.Response.Choices[0].Message.Parts...)
	return c
}

func TestPhoenixGetsTheConversationAsItKnowsIt(t *testing.T) {
	golden.JSON(t, asMap(t, phoenixSees(illustrated(), all)), "testdata/openinference.golden.json")
}

var (
	ofMessage  = regexp.MustCompile(`^(\d+)\.message\.(role|name|content|tool_call_id|(?:contents|tool_calls)\.(\d+)\.(.+))$`)
	ofContent  = regexp.MustCompile(`^message_content\.(type|text|image\.image\.url|audio\.audio\.(?:url|mime_type|transcript))$`)
	ofToolCall = regexp.MustCompile(`^tool_call\.(id|function\.name|function\.arguments)$`)
)

// readBack makes messages of a flat list, by the specification of OpenInference alone: it
// takes no member that is not there, and no list with a hole.
func readBack(t *testing.T, attributes []attribute.KeyValue, list string) []record.Message {
	t.Helper()
	messages := map[int]map[string]string{}
	items := map[int]map[string]map[int]map[string]string{}
	for _, kv := range attributes {
		rest, ok := strings.CutPrefix(string(kv.Key), list+".")
		if !ok {
			continue
		}
		match := ofMessage.FindStringSubmatch(rest)
		require.NotNil(t, match, "%s is no member of a message", kv.Key)
		i, err := strconv.Atoi(match[1])
		require.NoError(t, err)
		if messages[i] == nil {
			messages[i], items[i] = map[string]string{}, map[string]map[int]map[string]string{}
		}
		if match[3] == "" {
			messages[i][match[2]] = kv.Value.AsString()
			continue
		}
		kind, _, _ := strings.Cut(match[2], ".")
		member := map[string]*regexp.Regexp{"contents": ofContent, "tool_calls": ofToolCall}[kind].FindStringSubmatch(match[4])
		require.NotNil(t, member, "%s is no member of %s", kv.Key, kind)
		j, err := strconv.Atoi(match[3])
		require.NoError(t, err)
		if items[i][kind] == nil {
			items[i][kind] = map[int]map[string]string{}
		}
		if items[i][kind][j] == nil {
			items[i][kind][j] = map[string]string{}
		}
		items[i][kind][j][member[1]] = kv.Value.AsString()
	}
	read := make([]record.Message, len(messages))
	for i := range read {
		require.Contains(t, messages, i, "the list has a hole")
		read[i] = messageOf(t, messages[i], items[i]["contents"], items[i]["tool_calls"])
	}
	return read
}

func messageOf(t *testing.T, members map[string]string, contents, calls map[int]map[string]string) record.Message {
	t.Helper()
	m := record.Message{Role: members["role"], Name: members["name"]}
	text, written := members["content"]
	switch {
	case m.Role == "tool":
		return record.Message{Role: "tool", Parts: []record.Part{
			record.ToolResult{ID: members["tool_call_id"], Name: members["name"], Content: text},
		}}
	case written:
		require.Empty(t, contents, "a message has content or contents")
		m.Parts = append(m.Parts, record.Text{Content: text})
	}
	for i := range len(contents) {
		require.Contains(t, contents, i, "the contents have a hole")
		switch c := contents[i]; c["type"] {
		case "text":
			m.Parts = append(m.Parts, record.Text{Content: c["text"]})
		case "reasoning":
			m.Parts = append(m.Parts, record.Reasoning{Content: c["text"]})
		case "image":
			m.Parts = append(m.Parts, record.Image{Media: record.Media{URI: c["image.image.url"]}})
		case "audio":
			m.Parts = append(m.Parts, record.Audio{Transcript: c["audio.audio.transcript"], Media: record.Media{
				URI: c["audio.audio.url"], MIMEType: c["audio.audio.mime_type"],
			}})
		default:
			require.Fail(t, "not a type of OpenInference", c["type"])
		}
	}
	for i := range len(calls) {
		require.Contains(t, calls, i, "the tool calls have a hole")
		m.Parts = append(m.Parts, record.ToolCall{
			ID: calls[i]["id"], Type: "function", Name: calls[i]["function.name"], Arguments: calls[i]["function.arguments"],
		})
	}
	return m
}

func TestWhatPhoenixGetsReadsBackAsTheMessagesThatWereSent(t *testing.T) {
	c := chat()
	c.Request.System = []record.Part{record.Text{Content: "Be brief."}, record.Text{Content: "Be kind."}}
	c.Request.Messages = []record.Message{
		{Role: "user", Name: "ann", Parts: []record.Part{
			record.Text{Content: "Which of the two?"},
			record.Image{Media: record.Media{URI: "https://h/a.png"}},
			record.Audio{Media: record.Media{URI: "https://h/a.mp3", MIMEType: "audio/mpeg"}, Transcript: "this one"},
		}},
		{Role: "assistant", Parts: []record.Part{
			record.Reasoning{Content: "Look it up."},
			record.ToolCall{ID: "1", Type: "function", Name: "look", Arguments: `{"up":true}`},
			record.ToolCall{ID: "2", Type: "function", Name: "look", Arguments: ``},
		}},
		{Role: "tool", Parts: []record.Part{record.ToolResult{ID: "1", Name: "look", Content: "up"}}},
		{Role: "tool", Parts: []record.Part{record.ToolResult{ID: "2"}}},
		{Role: "user", Parts: []record.Part{record.Text{}}},
		{Role: "user", Parts: []record.Part{record.Text{}, record.Text{}}},
	}
	c.Response.Choices = append(c.Response.Choices, record.Choice{Index: 2, Message: record.Message{
		Role: "assistant", Parts: []record.Part{
			record.Text{Content: "The first."}, record.ToolCall{ID: "3", Type: "function", Name: "stop", Arguments: "{}"},
		},
	}})
	got := phoenixSees(c, all)
	want := append([]record.Message{{Role: "system", Parts: c.Request.System}}, c.Request.Messages...)
	assert.Equal(t, want, readBack(t, got, "llm.input_messages"))
	var answered []record.Message
	for _, choice := range c.Response.Choices {
		answered = append(answered, choice.Message)
	}
	assert.Equal(t, answered, readBack(t, got, "llm.output_messages"))
}

func TestPhoenixGetsWhatItHasNoPartForInWords(t *testing.T) {
	text := func(words string) []record.Message {
		return []record.Message{{Role: "assistant", Parts: []record.Part{record.Text{Content: words}}}}
	}
	for name, test := range map[string]struct {
		part record.Part
		want []record.Message
	}{
		"a refusal":    {record.Refusal{Content: "no"}, text("no")},
		"bytes":        {record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 8, SHA256: "ab"}}}, text("[image, image/png, 8 bytes, sha256:ab]")},
		"a mask":       {record.Image{Media: record.Media{Blob: &record.Blob{Bytes: 8}}, Name: "m.png", Field: "mask"}, text("[mask, 8 bytes] m.png")},
		"an upload":    {record.Image{Media: record.Media{FileID: "f1"}}, text("[image, f1]")},
		"a data URI":   {record.Image{Media: record.Media{URI: "DATA:image/png;base64,iVBORw0KGgo="}}, text("[image]")},
		"sound":        {record.Audio{Media: record.Media{Blob: &record.Blob{Bytes: 3}}, Transcript: "hi"}, text("[audio, 3 bytes] hi")},
		"sound inline": {record.Audio{Media: record.Media{URI: "data:audio/wav;base64,AAAA", MIMEType: "audio/wav"}}, text("[audio, audio/wav]")},
		"a file":       {record.File{Media: record.Media{URI: "https://h/a.pdf"}, Name: "a.pdf"}, text("[file, https://h/a.pdf] a.pdf")},
		"a search":     {record.ServerToolCall{Type: "web_search_call", Content: `{"query":"x"}`}, text(`[web_search_call] {"query":"x"}`)},
		"its result":   {record.ServerToolResult{Type: "web_search_call", Content: `{}`}, text("[web_search_call result]")},
		"of tomorrow":  {record.Generic{Type: "x", JSON: `{"type":"x"}`}, text(`{"type":"x"}`)},
		"sources":      {record.Generic{Type: "annotations", JSON: `{"annotations":[]}`, Beside: true}, []record.Message{{Role: "assistant"}}},
		"a custom tool": {record.ToolCall{ID: "c", Name: "run", Type: "custom", Arguments: "1"}, []record.Message{{Role: "assistant", Parts: []record.Part{
			record.ToolCall{ID: "c", Name: "run", Type: "function", Arguments: "1"},
		}}}},
	} {
		c := chat()
		c.Response.Choices = []record.Choice{{Message: record.Message{Role: "assistant", Parts: []record.Part{test.part}}}}
		got := phoenixSees(c, all)
		assert.Equal(t, test.want, readBack(t, got, "llm.output_messages"), name)
		for _, kv := range got {
			assert.NotContains(t, kv.Value.String(), "base64", kv.Key)
		}
	}
}

func TestToolResultsInAUsersTurnAreMessagesOfTheirOwnForPhoenix(t *testing.T) {
	c := chat()
	c.Request.System = nil
	c.Request.Messages = []record.Message{
		{},
		{Role: "user", Parts: []record.Part{
			record.ToolResult{ID: "1", Content: "42"}, record.ToolResult{ID: "2", Content: "43"}, record.Text{Content: "And?"},
		}},
	}
	assert.Equal(t, []record.Message{
		{Role: "tool", Parts: []record.Part{record.ToolResult{ID: "1", Content: "42"}}},
		{Role: "tool", Parts: []record.Part{record.ToolResult{ID: "2", Content: "43"}}},
		{Role: "user", Parts: []record.Part{record.Text{Content: "And?"}}},
	}, readBack(t, phoenixSees(c, all), "llm.input_messages"))
}

// completed is a text completion of two prompts, one of them token ids.
func completed() *record.Call {
	c := chat()
	c.Operation = "text_completion"
	c.Request.System, c.Request.Tools = nil, nil
	c.Request.Messages = []record.Message{
		{Role: "user", Parts: []record.Part{record.Generic{Type: "tokens", JSON: `{"type":"tokens","count":3}`}}},
		{Role: "user", Parts: []record.Part{record.Text{Content: "def f"}}},
	}
	c.Response.Choices = c.Response.Choices[:1]
	return c
}

func TestPhoenixGetsOfEachOperationTheContentThatItShows(t *testing.T) {
	stored := chat()
	stored.Request.System, stored.Request.Tools, stored.Request.Messages = nil, nil, nil
	stored.Request.PromptName, stored.Request.PromptVersion = "p", "3"
	stored.Request.PromptVariables = []record.Variable{{Name: "city", Value: "Oslo"}}
	stored.Response.Choices = nil
	hi := stored.Request
	hi.PromptVersion, hi.PromptVariables = "", nil
	hi.Messages = []record.Message{{Role: "user", Parts: []record.Part{record.Text{Content: "Hi."}}}}
	simple := chat()
	simple.Request = hi
	simple.Response.Choices = []record.Choice{{Message: record.Message{Role: "assistant", Parts: []record.Part{record.Text{Content: `{"a":1}`}}}}}
	for name, test := range map[string]struct {
		call *record.Call
		want map[string]any // beside messages, which are read back elsewhere
	}{
		"chat": {chat(), map[string]any{
			"input.value": `{"messages":[{"role":"system","content":"You count brackets."},` +
				`{"role":"user","name":"ann","content":"How many are left?"},` +
				`{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]},` +
				`{"role":"tool","tool_call_id":"call_1","content":"{\"on_hand\":42}"}]}`,
			"input.mime_type": "application/json",
			"output.value": `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"42 are left."}},` +
				`{"index":1,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[` +
				`{"id":"call_2","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-18\"}"}}]}}]}`,
			"output.mime_type": "application/json",
			"llm.tools.0.tool.json_schema": `{"type":"function","function":{"name":"stock_level","description":"Counts the shelf.",` +
				`"parameters":{"type":"object","properties":{"sku":{"type":"string"}}}}}`,
		}},
		"a question and an answer": {simple, map[string]any{
			"input.value": "Hi.", "input.mime_type": "text/plain", "output.value": `{"a":1}`, "output.mime_type": "application/json",
		}},
		"a stored prompt": {stored, map[string]any{
			"llm.prompt_template.version": "3", "llm.prompt_template.variables": `{"city":"Oslo"}`,
		}},
		"a text completion": {completed(), map[string]any{
			"input.value":     `{"messages":[{"role":"user","content":[{"type":"tokens","count":3}]},{"role":"user","content":"def f"}]}`,
			"input.mime_type": "application/json", "output.value": "42 are left.", "output.mime_type": "text/plain",
			"llm.prompts.1.prompt.text": "def f", "llm.choices.0.completion.text": "42 are left.",
		}},
		"embeddings": {embeddings(), map[string]any{
			"input.value":     `{"messages":[{"role":"user","content":"How many are left?"},{"role":"user","content":[{"type":"tokens","count":3}]}]}`,
			"input.mime_type": "application/json", "embedding.embeddings.0.embedding.text": "How many are left?",
		}},
		"a moderation": {verdicts(), map[string]any{
			"input.value":     `{"messages":[{"role":"user","content":"How many are left?"},{"role":"user","content":[{"type":"tokens","count":3}]}]}`,
			"input.mime_type": "application/json", "output.mime_type": "application/json",
			"output.value": `{"results":[{"flagged":false},{"flagged":true,"categories":{"hate":true}},"[redacted"]}`,
		}},
		"a search": {searched(), map[string]any{
			"input.value": "valves\npumps", "input.mime_type": "text/plain",
			"retrieval.documents.0.document.id": "file-1", "retrieval.documents.0.document.content": "Close it.",
			"retrieval.documents.0.document.score":    0.75,
			"retrieval.documents.0.document.metadata": `{"filename":"a.pdf","attributes":{"year":2024}}`,
			"retrieval.documents.1.document.id":       "file-2", "retrieval.documents.2.document.id": "file-3",
			"retrieval.documents.2.document.content": "Open it.", "retrieval.documents.2.document.metadata": `{"attributes":"cut"}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			facts := asMap(t, dialect.AppendOpenInference(nil, test.call))
			got := map[string]any{}
			for key, v := range asMap(t, phoenixSees(test.call, all)) {
				if facts[key] == nil && !regexp.MustCompile(`^(gen_ai|openai|server)\.|^llm\.(input|output)_messages\.`).MatchString(key) {
					got[key] = v
				}
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestPhoenixGetsNoOutputOfACallThatFailed(t *testing.T) {
	for key := range asMap(t, phoenixSees(failedChat(), all)) {
		assert.NotRegexp(t, `^(output\.|llm\.output)`, key)
	}
}

func TestPhoenixGetsAToolRunAsTheSpanTellsIt(t *testing.T) {
	span := tracetest.SpanStub{Name: "execute_tool stock_level", Attributes: []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "execute_tool"), attribute.String("gen_ai.tool.name", "stock_level"),
		attribute.String("gen_ai.tool.call.id", "call_1"), attribute.String("gen_ai.tool.description", "Counts."),
		attribute.String("gen_ai.tool.call.arguments", `{"sku":"A-17"}`), attribute.String("gen_ai.tool.call.result", "42"),
	}}
	call := &record.Call{Operation: "execute_tool"}
	for content, want := range map[dialect.Content]map[string]any{
		all: {
			"input.value": `{"sku":"A-17"}`, "input.mime_type": "application/json", "output.value": "42", "output.mime_type": "text/plain",
			"tool.description": "Counts.",
		},
		input:   {"input.value": `{"sku":"A-17"}`, "input.mime_type": "application/json", "tool.description": "Counts."},
		output:  {"output.value": "42", "output.mime_type": "text/plain"},
		nothing: {},
	} {
		want["openinference.span.kind"], want["tool.name"], want["tool.id"] = "TOOL", "stock_level", "call_1"
		got := asMap(t, dialect.OpenInferenceView(content)(span.Snapshot(), call).Attributes())
		for key := range got {
			if strings.HasPrefix(key, "gen_ai.") {
				delete(got, key)
			}
		}
		assert.Equal(t, want, got, "%+v", content)
	}
}

func TestPhoenixGetsNothingOfAHiddenSide(t *testing.T) {
	sides := map[string]*regexp.Regexp{
		"input":  regexp.MustCompile(`^(llm\.(input_messages|tools|prompts|prompt_template\.variables)|input|embedding\.embeddings|gen_ai\.input|gen_ai\.tool\.def|gen_ai\.system_i)\b`),
		"output": regexp.MustCompile(`^(llm\.(output_messages|choices)|output|retrieval\.documents|gen_ai\.output\.messages)\b`),
	}
	for _, build := range []func() *record.Call{chat, illustrated, completed, embeddings, verdicts, searched, ran, pictures} {
		for side, content := range contents {
			c := build()
			shown := map[string]bool{}
			got := dialect.OpenInferenceView(content)(stub(c).Snapshot(), c).Attributes()
			for _, kv := range got {
				for name, keys := range sides {
					shown[name] = shown[name] || keys.MatchString(string(kv.Key))
				}
			}
			assert.Equal(t, content.Input, shown["input"], "%s/%s", c.Operation, side)
			answered := c.Operation != "embeddings" // of vectors nothing is ever kept
			assert.Equal(t, content.Output && answered, shown["output"], "%s/%s", c.Operation, side)
			everything, err := json.Marshal(asMap(t, got))
			require.NoError(t, err)
			for _, marker := range []string{"How many", "brackets", "Counts the shelf", "on_hand", "def f", "valves", "A hat."} {
				if !content.Input {
					assert.NotContains(t, string(everything), marker, "%s/%s", c.Operation, side)
				}
			}
			for _, marker := range []string{"42 are left", "A-18", "40 and 2", "Close it", "A red hat", `\"hate\":true`} {
				if !content.Output {
					assert.NotContains(t, string(everything), marker, "%s/%s", c.Operation, side)
				}
			}
		}
	}
}

func TestPhoenixKeepsTheConventionsAndLosesWhatIsForOthers(t *testing.T) {
	c := chat()
	span := stub(c).Snapshot()
	got := dialect.OpenInferenceView(all)(span, c).Attributes()
	for _, kv := range span.Attributes() {
		switch key := string(kv.Key); {
		case strings.HasPrefix(key, "gen_ai."), strings.HasPrefix(key, "openai."), strings.HasPrefix(key, "genotel."), strings.HasPrefix(key, "server."):
			assert.Equal(t, kv.Value.AsInterface(), value(t, got, key), key)
		case strings.HasPrefix(key, "langsmith."), regexp.MustCompile(`^llm\.(vendor|path|request|usage)\b`).MatchString(key):
			assert.Nil(t, value(t, got, key), key)
		}
	}
}

func TestTheSessionIsTheApplicationsOrElseTheConversationOfTheProvider(t *testing.T) {
	c := chat()
	assert.Nil(t, value(t, phoenixSees(c, all), "session.id"))
	c.Request.ConversationID = "conv_1"
	assert.Equal(t, "conv_1", value(t, phoenixSees(c, nothing), "session.id"))
	s := stub(c)
	s.Attributes = append(s.Attributes, attribute.String("session.id", "s1"), attribute.String("user.id", "u1"))
	got := dialect.OpenInferenceView(all)(s.Snapshot(), c).Attributes()
	assert.Equal(t, "s1", value(t, got, "session.id"))
	assert.Equal(t, "u1", value(t, got, "user.id"))
}

func TestWhatTheApplicationWroteForPhoenixIsNotThereTwice(t *testing.T) {
	s := stub(chat())
	s.Attributes = append(s.Attributes, attribute.String("input.value", "theirs"), attribute.String("tag.tags", "mine"))
	got := dialect.OpenInferenceView(all)(s.Snapshot(), chat()).Attributes()
	assert.Contains(t, text(t, got, "input.value"), "brackets")
	assert.Equal(t, "mine", value(t, got, "tag.tags"))
	assert.Nil(t, value(t, dialect.OpenInferenceView(nothing)(s.Snapshot(), chat()).Attributes(), "input.value"))
}

func TestTheScalarFormForPhoenixLeavesContentWhereItIs(t *testing.T) {
	view := dialect.OpenInferenceScalarView()
	for _, build := range []func() *record.Call{chat, failedChat, embeddings, searched} {
		c, s := build(), stub(build())
		span := s.Snapshot()
		seen := view(span, c)
		got := asMap(t, seen.Attributes())
		for key, want := range asMap(t, dialect.AppendOpenInference(nil, c)) {
			assert.Equal(t, want, got[key], key)
		}
		for key := range got {
			assert.NotRegexp(t, `^(input|output|retrieval|llm\.(input|output)_messages|llm\.tools|embedding\.embeddings)\b`, key)
		}
		for _, kv := range dialect.AppendGenAIContent(nil, c) {
			assert.Equal(t, kv.Value.AsInterface(), got[string(kv.Key)], kv.Key)
		}
		assert.Equal(t, span.Events(), seen.Events())
		assert.Equal(t, build(), c, "the record")
		assert.Equal(t, tracetest.SpanStubFromReadOnlySpan(stub(build()).Snapshot()), tracetest.SpanStubFromReadOnlySpan(span), "the span")
	}
	theirs := foreign().Snapshot()
	assert.Equal(t, theirs, view(theirs, nil))
}
