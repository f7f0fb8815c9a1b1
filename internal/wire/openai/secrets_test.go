package openai_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// contentOf renders the content of a request and an answer of either endpoint.
func contentOf(exchange func(*record.Call) wire.Exchange, request, response string) string {
	call := new(record.Call)
	e := exchange(call)
	e.Request([]byte(request), true)
	e.Response([]byte(response))
	e.Finish()
	e.Content(call)
	return fmt.Sprintf("%+v %+v", call.Request, call.Response)
}

func chats(call *record.Call) wire.Exchange       { return openai.NewChat(call) }
func responses(call *record.Call) wire.Exchange   { return openai.NewResponses(call) }
func moderations(call *record.Call) wire.Exchange { return openai.NewModeration(call) }
func runs(call *record.Call) wire.Exchange        { return openai.NewRun(call) }
func drawings(call *record.Call) wire.Exchange    { return openai.NewImages(call) }

func TestSecretsAndBytesOfUnknownPartsAreNotKept(t *testing.T) {
	long := strings.Repeat("U0VDUkVU", 100)
	for name, request := range map[string]string{
		"authorization":     `{"input":[{"role":"user","content":[{"type":"x","authorization":"SECRET","headers":{"k":"SECRET"}}]}]}`,
		"domain secrets":    `{"input":[{"type":"additional_tools","tools":[{"container":{"network_policy":{"domain_secrets":["SECRET"]}}}]}]}`,
		"encrypted content": `{"input":[{"role":"user","content":[{"type":"x","encrypted_content":"SECRET"}]}]}`,
		"sound":             `{"input":[{"role":"user","content":[{"type":"output_audio","data":"` + long + `"}]}]}`,
		"a file":            `{"input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_file","file_data":"U0VDUkVU"}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			got := contentOf(responses, request, `{"status":"completed","output":[]}`)
			assert.NotContains(t, got, "SECRET")
			assert.NotContains(t, got, "U0VDUkVU")
		})
	}
	got := contentOf(chats, `{"messages":[{"role":"user","content":[{"type":"x","headers":{"k":"SECRET"},"y":1}]}]}`, `{}`)
	assert.NotContains(t, got, "SECRET")
	assert.Contains(t, got, `{"type":"x","y":1}`)
}

func TestTextThatBeginsLikeADataURLIsKept(t *testing.T) {
	for _, text := range []string{"data: 1\nrest of the log", "data: GDPR, article 5", "data:,"} {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		got := contentOf(responses, `{}`, `{"status":"completed","output":[{"type":"web_search_call","id":"w",`+
			`"action":{"type":"search","query":`+string(quoted)+`}}]}`)
		assert.Contains(t, got, string(quoted))
	}
}

func TestAMediaTypeIsOneOrNothing(t *testing.T) {
	for url, want := range map[string]string{
		"data:SECRET": "", "data:SECRET,x": "", "data:image/png;base64,AAAA": "image/png", "data:a b/c;base64,AAAA": "",
	} {
		call := new(record.Call)
		chat := openai.NewChat(call)
		chat.Request([]byte(`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":"`+url+`"}]}]}`), true)
		chat.Content(call)
		image, ok := call.Request.Messages[0].Parts[0].(record.Image)
		require.True(t, ok)
		assert.Equal(t, want, image.MIMEType, url)
		assert.Empty(t, image.URI, url)
	}
}

// afterEvents reads events of the responses endpoint and returns the call.
func afterEvents(events ...string) (call *record.Call, retained int) {
	call = new(record.Call)
	r := openai.NewResponses(call)
	r.Request([]byte(`{"stream":true}`), true)
	for _, event := range events {
		r.Event([]byte(event))
	}
	r.Finish()
	retained = r.Retained()
	r.Content(call)
	return call, retained
}

func TestAnUnknownDeltaMakesNoToolCall(t *testing.T) {
	call, _ := afterEvents(
		`{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","role":"assistant"}}`,
		`{"type":"response.output_text.delta","output_index":0,"delta":"Hi."}`,
		`{"type":"response.output_audio.delta","output_index":0,"delta":"U0VDUkVU"}`)
	require.Len(t, call.Response.Choices, 1)
	assert.Equal(t, []record.Part{record.Text{Content: "Hi."}}, call.Response.Choices[0].Message.Parts)
	assert.Equal(t, 2, call.Stream.ContentChunks)
}

func TestAnErrorThatIsMereTextFailsAStream(t *testing.T) {
	call, _ := afterEvents(`{"type":"response.created","response":{"id":"r","status":"in_progress"}}`, `{"error":"overloaded"}`)
	require.NotNil(t, call.Error)
	assert.Equal(t, "overloaded", call.Error.Message)
}

func TestEndlessIdentifiersOfStreamedItemsAreCut(t *testing.T) {
	var events []string
	for i := range 20 {
		events = append(events, fmt.Sprintf(`{"type":"response.output_item.done","output_index":%d,"item":`+
			`{"type":"function_call","call_id":"%s","name":"f","arguments":"{}"}}`, i, strings.Repeat("x", 2<<20)))
	}
	call, _ := afterEvents(events...)
	held := 0
	for _, part := range call.Response.Choices[0].Message.Parts {
		held += len(part.(record.ToolCall).ID)
	}
	assert.Less(t, held, 20*1024)
}
