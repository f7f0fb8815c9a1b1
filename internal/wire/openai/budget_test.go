package openai_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// room is what one side of a call may hold, in bytes.
const room = 4 << 20

// after decodes a user's text, as a JSON string, after one that leaves the given
// number of bytes.
func after(left int, literal string) (text string, truncated bool) {
	first := strings.Repeat("x", room-left)
	call := ask(`{"messages":[{"role":"system","content":"` + first + `"},{"role":"user","content":` + literal + `}]}`)
	if call.Request.Messages[0].Parts[0] != (record.Text{Content: first}) {
		panic("the first text fits")
	}
	for _, part := range call.Request.Messages[1].Parts {
		text += part.(record.Text).Content
	}
	return text, call.Content.Truncated
}

func TestTextIsCutBetweenCharactersAndEscapes(t *testing.T) {
	for name, test := range map[string]struct {
		left    int
		literal string
		want    string
		cut     bool
	}{
		"what fits is whole":                         {5, `"Hello"`, "Hello", false},
		"one byte too many":                          {4, `"Hello"`, "Hell…[1 bytes cut]", true},
		"nothing is left":                            {0, `"Hello"`, "…[5 bytes cut]", true},
		"nothing is left, and nothing is needed":     {0, `""`, "", false},
		"before a character of two bytes":            {2, `"aéb"`, "a…[3 bytes cut]", true},
		"behind a character of two bytes":            {3, `"aéb"`, "aé…[1 bytes cut]", true},
		"before a character of four bytes":           {4, `"a😀"`, "a…[4 bytes cut]", true},
		"before a short escape":                      {2, `"a\nb"`, "a…[3 bytes cut]", true},
		"behind a short escape":                      {3, `"a\nb"`, "a\n…[1 bytes cut]", true},
		"before a backslash":                         {2, `"a\\b"`, "a…[3 bytes cut]", true},
		"behind a backslash":                         {3, `"a\\n"`, `a\…[1 bytes cut]`, true},
		"before an escaped quote":                    {2, `"a\"b"`, "a…[3 bytes cut]", true},
		"before a long escape":                       {6, `"a\u00e9b"`, "a…[7 bytes cut]", true},
		"behind a long escape":                       {7, `"a\u00e9b"`, "aé…[1 bytes cut]", true},
		"before a pair of surrogates":                {12, `"a\ud83d\ude00b"`, "a…[13 bytes cut]", true},
		"between the two of a pair":                  {7, `"a\ud83d\ude00b"`, "a…[13 bytes cut]", true},
		"behind a pair of surrogates":                {13, `"a\uD83D\uDE00b"`, "a😀…[1 bytes cut]", true},
		"behind a lone surrogate":                    {7, `"a\ud83dbc"`, "a\uFFFD…[2 bytes cut]", true},
		"behind a lone surrogate before an escape":   {7, `"a\ud83d\n"`, "a\uFFFD…[2 bytes cut]", true},
		"behind a lone surrogate before another":     {7, `"a\ud83d\ud83d"`, "a\uFFFD…[6 bytes cut]", true},
		"invalid UTF-8 that grows when it is mended": {5, "\"\xff\xff\xff\"", "\uFFFD…[6 bytes cut]", true},
		"invalid UTF-8 that is cut":                  {2, "\"a\xff\xff\xff\"", "a…[2 bytes cut]", true},
	} {
		t.Run(name, func(t *testing.T) {
			text, truncated := after(test.left, test.literal)
			assert.Equal(t, test.want, text)
			assert.Equal(t, test.cut, truncated)
		})
	}
}

func TestEveryKindOfContentSpendsTheBudget(t *testing.T) {
	x := strings.Repeat("x", room)
	const cut = "…[3 bytes cut]"
	for name, test := range map[string]struct {
		message string
		want    []record.Part
	}{
		"a text":                {`"content":"abc"`, parts(record.Text{Content: cut})},
		"a text part":           {`"content":[{"type":"text","text":"abc"}]`, parts(record.Text{Content: cut})},
		"a refusal":             {`"refusal":"abc"`, parts(record.Refusal{Content: cut})},
		"reasoning":             {`"reasoning_content":"abc"`, parts(record.Reasoning{Content: cut})},
		"reasoning details":     {`"reasoning_details":[{"text":"abc"}]`, parts(record.Reasoning{Content: cut})},
		"a thinking part":       {`"content":[{"type":"thinking","thinking":[{"text":"abc"}]}]`, parts(record.Reasoning{Content: cut})},
		"a URL":                 {`"content":[{"type":"image_url","image_url":"abc"}]`, parts(record.Image{Media: record.Media{URI: cut}})},
		"a file name":           {`"content":[{"type":"file","file":{"filename":"abc"}}]`, parts(record.File{Name: cut})},
		"a transcript":          {`"audio":{"transcript":"abc"}`, parts(record.Audio{Transcript: cut})},
		"arguments":             {`"tool_calls":[{"function":{"arguments":"abc"}}]`, parts(record.ToolCall{Type: "function", Arguments: cut})},
		"arguments as JSON":     {`"tool_calls":[{"function":{"arguments":{"a":1}}}]`, parts(record.ToolCall{Type: "function", Arguments: "…[7 bytes cut]"})},
		"an unknown part":       {`"content":[123]`, parts(record.Generic{JSON: cut})},
		"a result":              {`"role":"tool","content":"abc"`, parts(record.ToolResult{Content: cut})},
		"an unknown part in it": {`"role":"tool","content":[123]`, parts(record.ToolResult{Content: cut})},
	} {
		t.Run(name, func(t *testing.T) {
			call := ask(`{"messages":[{"content":"` + x + `"},{` + test.message + `}],"tools":[{"function":{"parameters":{"a":1}}}]}`)
			assert.True(t, call.Content.Truncated)
			assert.Equal(t, test.want, call.Request.Messages[1].Parts)
			assert.Equal(t, "…[7 bytes cut]", call.Request.Tools[0].Parameters)
			if strings.Contains(test.message, `"tool"`) {
				return
			}
			call, _ = told(`{"choices":[{"message":{"content":"` + x + `"}},{"message":{` + test.message + `}}]}`)
			assert.True(t, call.Content.Truncated)
			assert.Equal(t, test.want, call.Response.Choices[1].Message.Parts)
		})
	}
}

func TestRequestAndResponseHaveABudgetEach(t *testing.T) {
	x := strings.Repeat("x", room)
	call := new(record.Call)
	chat := openai.NewChat(call)
	chat.Request([]byte(`{"messages":[{"content":"`+x+`"}]}`), true)
	chat.Response([]byte(`{"choices":[{"message":{"content":"` + x + `"}}]}`))
	chat.Finish()
	chat.Content(call)
	assert.False(t, call.Content.Truncated)
	assert.Equal(t, parts(record.Text{Content: x}), call.Request.Messages[0].Parts)
	assert.Equal(t, parts(record.Text{Content: x}), call.Response.Choices[0].Message.Parts)
}

func TestInvalidUTF8NeverOverdrawsTheBudget(t *testing.T) {
	junk := strings.Repeat("\xff", room-1) // three times as long when it is mended
	call := ask(`{"messages":[{"content":"` + junk + `"},{"content":[{"type":"x"},{"type":"image_url","image_url":"abc"}],"name":"abc"}],
		"tools":[{"function":{"parameters":{}}}]}`)
	assert.True(t, call.Content.Truncated)
	assert.LessOrEqual(t, size(call), room+1000)
	for _, text := range texts(call) {
		assert.True(t, utf8.ValidString(text))
	}
}

func TestALargeRequestIsDecodedAtOnceAndKeepsOnlyTheRecord(t *testing.T) {
	image := "data:image/png;base64," + strings.Repeat("AAAA", 1<<20)
	body := `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},` +
		`{"type":"image_url","image_url":{"url":"` + image + `"}}]}],"tools":[{"type":"function","function":{"name":"f"}}]}`
	call := new(record.Call)
	chat := openai.NewChat(call)
	chat.Request([]byte(body), true)
	assert.Less(t, chat.Retained(), 100)
	assert.Empty(t, call.Request.Messages, "content comes when it is asked for")
	chat.Content(call)
	assert.Equal(t, []record.Message{{Role: "user", Parts: parts(
		record.Text{Content: "What is this?"},
		record.Image{Media: record.Media{MIMEType: "image/png", Blob: blob(strings.Repeat("\x00", 3<<20))}},
	)}}, call.Request.Messages)
	assert.Equal(t, []record.Tool{{Type: "function", Name: "f"}}, call.Request.Tools)

	chat = openai.NewChat(new(record.Call))
	chat.Request([]byte(body), false)
	assert.Zero(t, chat.Retained())
}

func TestWhatALargeRequestRetainsIsItsBudgetAtTheMost(t *testing.T) {
	call := new(record.Call)
	chat := openai.NewChat(call)
	chat.Request([]byte(`{"messages":[{"content":"`+strings.Repeat("x", 3*room)+`"}]}`), true)
	assert.Equal(t, room, chat.Retained())
	chat.Content(call)
	assert.True(t, call.Content.Truncated)
	assert.Equal(t, parts(record.Text{
		Content: strings.Repeat("x", room) + fmt.Sprintf("…[%d bytes cut]", 2*room),
	}), call.Request.Messages[0].Parts)
}

func TestTheNumberOfItemsIsBounded(t *testing.T) {
	const many, most = 200_000, 1 << 16
	list := func(item string) string { return `[` + strings.Repeat(item+`,`, many) + item + `]` }
	t.Run("messages", func(t *testing.T) {
		call := ask(`{"messages":` + list(`{}`) + `}`)
		assert.Len(t, call.Request.Messages, most)
		assert.True(t, call.Content.Truncated)
	})
	t.Run("tools", func(t *testing.T) {
		call := ask(`{"tools":` + list(`{}`) + `,"functions":` + list(`{}`) + `}`)
		assert.Len(t, call.Request.Tools, most)
		assert.True(t, call.Content.Truncated)
	})
	t.Run("parts", func(t *testing.T) {
		call, _ := told(`{"choices":[{"message":{"content":` + list(`7`) + `,"tool_calls":` + list(`{}`) + `}}]}`)
		require.Len(t, call.Response.Choices, 1)
		assert.Len(t, call.Response.Choices[0].Message.Parts, most)
		assert.True(t, call.Content.Truncated)
	})
}
