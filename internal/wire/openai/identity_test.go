package openai_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// exchanges make a decoder of each kind.
func exchanges() map[string]func(*record.Call) wire.Exchange {
	return map[string]func(*record.Call) wire.Exchange{
		"chat": chats, "responses": responses, "moderation": moderations, "images": drawings, "run": runs,
		"completion":    func(c *record.Call) wire.Exchange { return openai.NewCompletion(c) },
		"embeddings":    func(c *record.Call) wire.Exchange { return openai.NewEmbeddings(c) },
		"assistant":     func(c *record.Call) wire.Exchange { return openai.NewAssistant(c) },
		"search":        func(c *record.Call) wire.Exchange { return openai.NewSearch(c) },
		"decision":      func(c *record.Call) wire.Exchange { return openai.NewDecision(c) },
		"light":         func(c *record.Call) wire.Exchange { return openai.NewLight(c) },
		"speech":        func(c *record.Call) wire.Exchange { return openai.NewSpeech(c) },
		"transcription": func(c *record.Call) wire.Exchange { return openai.NewTranscription(c) },
	}
}

func TestWhatNamesSomethingIsBoundedWhetherOrNotContentIsWanted(t *testing.T) {
	const most = 16 << 10
	x := `"` + strings.Repeat("é", 1<<19) + `"`
	stops := `[` + strings.Repeat(`"`+strings.Repeat("s", 200)+`",`, 10_000) + `"s"]`
	request := `{"model":` + x + `,"name":` + x + `,"assistant_id":` + x + `,"reasoning_effort":` + x + `,"service_tier":` + x +
		`,"previous_response_id":` + x + `,"conversation":` + x + `,"prompt":{"id":` + x + `,"version":` + x + `},"voice":` + x +
		`,"reasoning":{"effort":` + x + `},"encoding_format":` + x + `,"stop":` + stops + `,"response_format":{"type":` + x + `}}`
	answer := `{"id":` + x + `,"model":` + x + `,"system_fingerprint":` + x + `,"service_tier":` + x + `,"assistant_id":` + x +
		`,"thread_id":` + x + `,"output_format":` + x + `,"status":"completed","choices":[{"finish_reason":` + x + `,"message":{}}]}`
	for name, exchange := range exchanges() {
		for _, wanted := range []bool{false, true} {
			call := new(record.Call)
			e := exchange(call)
			e.Request([]byte(request), wanted)
			e.Response([]byte(answer))
			e.Finish()
			assert.LessOrEqual(t, size(call), most, name)
			for _, text := range texts(call) {
				assert.True(t, utf8.ValidString(text), name)
			}
		}
	}
}

func TestTheModelOfARequestIsCutOnACharacter(t *testing.T) {
	long := strings.Repeat("é", 1000)
	want := strings.Repeat("é", 256)
	for _, body := range []string{
		`{"model":"a` + long + `"}`, `{"messages":[],"model":"a` + long + `"}`,
	} {
		assert.Equal(t, "a"+want[:len(want)-len("é")], openai.Model([]byte(body)))
	}
	assert.Equal(t, want, openai.Model([]byte(`{"model":"`+long+`"}`)))
}

func TestEndlessNamesOfItemsAreCutAndCounted(t *testing.T) {
	x := `"` + strings.Repeat("x", 2000) + `"`
	list := func(item string) string { return `[` + strings.Repeat(item+`,`, 9_000) + item + `]` }
	for name, request := range map[string]string{
		"roles":   `{"messages":` + list(`{"role":`+x+`}`) + `}`,
		"calls":   `{"messages":[{"tool_calls":` + list(`{"id":`+x+`,"type":`+x+`,"function":{"name":`+x+`}}`) + `}]}`,
		"results": `{"messages":` + list(`{"role":"tool","tool_call_id":`+x+`}`) + `}`,
		"tools":   `{"tools":` + list(`{"type":`+x+`,"function":{"name":`+x+`}}`) + `}`,
		"uploads": `{"messages":[{"content":` + list(`{"type":"file","file":{"file_id":`+x+`}}`) + `}]}`,
		"details": `{"messages":[{"content":` + list(`{"type":"image_url","image_url":{"detail":`+x+`}}`) + `}]}`,
		"sounds":  `{"messages":` + list(`{"audio":{"id":`+x+`}}`) + `}`,
		"kinds":   `{"messages":[{"content":` + list(`{"type":`+x+`}`) + `}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			call := new(record.Call)
			chat := openai.NewChat(call)
			chat.Request([]byte(request), true)
			retained := chat.Retained()
			chat.Content(call)
			assert.True(t, call.Content.Truncated)
			assert.LessOrEqual(t, size(call), 5<<20+9001*len("function"))
			assert.GreaterOrEqual(t, retained, 1<<20-512)
		})
	}
}

func TestToolsAndResultsOfUsualLengthKeepTheirNamesBehindALongText(t *testing.T) {
	call := ask(`{"messages":[{"role":"user","content":"` + strings.Repeat("x", 5<<20) + `"},{"role":"tool","tool_call_id":"call_1"}]}`)
	assert.Equal(t, "tool", call.Request.Messages[1].Role)
	assert.Equal(t, []record.Part{record.ToolResult{ID: "call_1"}}, call.Request.Messages[1].Parts)
}
