package otelopenai_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/golden"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// covered is an endpoint with a request that says something of all that it can, and
// its answers.
type covered struct {
	endpoint string // method and path
	request  string // JSON, or name=value lines of a form
	answer   string
	// contentType is that of the answer, JSON when empty.
	contentType string
	// events is the streamed answer, where there is one. It is asked for by stream in
	// the request, or by the query stream=true.
	events []string
}

// coverage holds the endpoints in the order of the page.
var coverage = []covered{
	{
		endpoint: "POST /chat/completions",
		request:  `{"model":"m","messages":[{"role":"user","content":"Q"}],"temperature":0.5,"tools":[{"type":"function","function":{"name":"f"}}]}`,
		answer: `{"id":"1","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"A","tool_calls":[` +
			`{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],` +
			`"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":1},` +
			`"completion_tokens_details":{"reasoning_tokens":1}}}`,
		events: []string{
			`{"id":"1","model":"m-1","choices":[{"index":0,"delta":{"content":"A"},"finish_reason":"stop"}]}`,
			`{"id":"1","model":"m-1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}`, `[DONE]`,
		},
	},
	{
		endpoint: "POST /responses",
		request:  `{"model":"m","input":"Q","instructions":"I","temperature":0.5,"tools":[{"type":"function","name":"f"}]}`,
		answer:   coveredResponse,
		events:   []string{`{"type":"response.completed","response":` + coveredResponse + `}`},
	},
	{
		endpoint: "GET /responses/resp_1", answer: coveredResponse,
		events: []string{`{"type":"response.completed","response":` + coveredResponse + `}`},
	},
	{endpoint: "POST /responses/resp_1/cancel", answer: strings.Replace(coveredResponse, "completed", "cancelled", 1)}, //nolint:misspell // as the protocol spells it
	{
		endpoint: "POST /responses/compact", request: `{"model":"m","input":"Q"}`,
		answer: `{"id":"resp_2","object":"response.compaction","output":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Q"}]},` +
			`{"type":"compaction","encrypted_content":"x"}],"usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}`,
	},
	{endpoint: "POST /responses/input_tokens", request: `{"model":"m","input":"Q"}`, answer: `{"object":"response.input_tokens","input_tokens":9}`},
	{
		endpoint: "POST /completions", request: `{"model":"m","prompt":"Q","max_tokens":5}`,
		answer: `{"id":"1","model":"m-1","choices":[{"index":0,"text":"A","finish_reason":"stop"}],` +
			`"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}`,
		events: []string{
			`{"id":"1","model":"m-1","choices":[{"index":0,"text":"A","finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3}}`, `[DONE]`,
		},
	},
	{
		endpoint: "POST /embeddings", request: `{"model":"m","input":["Q"],"dimensions":2}`,
		answer: `{"object":"list","model":"m-1","data":[{"index":0,"embedding":[0.5,0.25]}],"usage":{"prompt_tokens":9,"total_tokens":9}}`,
	},
	{
		endpoint: "POST /images/generations", request: `{"model":"m","prompt":"Q","n":1}`,
		answer: `{"created":1,"data":[{"b64_json":"AAAA","revised_prompt":"R"}],"usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12,` +
			`"input_tokens_details":{"text_tokens":9,"image_tokens":0},"output_tokens_details":{"image_tokens":3,"text_tokens":0}}}`,
		events: []string{
			`{"type":"image_generation.partial_image","b64_json":"AAAA","partial_image_index":0}`,
			`{"type":"image_generation.completed","b64_json":"AAAA","usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}`,
		},
	},
	{
		endpoint: "POST /images/edits", request: "image=@picture.png\nmodel=m\nprompt=Q",
		answer: `{"created":1,"data":[{"b64_json":"AAAA"}],"usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}`,
		events: []string{`{"type":"image_edit.completed","b64_json":"AAAA","usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}`},
	},
	{endpoint: "POST /images/variations", request: "image=@picture.png\nmodel=m", answer: `{"created":1,"data":[{"url":"https://example.com/x.png"}]}`},
	{
		endpoint: "POST /audio/transcriptions", request: "file=@sound.mp3\nmodel=m\nprompt=Q",
		answer: `{"text":"A","usage":{"type":"tokens","input_tokens":9,"output_tokens":3,"total_tokens":12,"input_token_details":{"audio_tokens":8,"text_tokens":1}}}`,
		events: []string{
			`{"type":"transcript.text.delta","delta":"A"}`,
			`{"type":"transcript.text.done","text":"A","usage":{"type":"tokens","input_tokens":9,"output_tokens":3,"total_tokens":12}}`,
		},
	},
	{endpoint: "POST /audio/translations", request: "file=@sound.mp3\nmodel=m", answer: `{"text":"A"}`},
	{
		endpoint: "POST /audio/speech", request: `{"model":"m","input":"Q","voice":"alloy","instructions":"I"}`,
		answer: "sound", contentType: "audio/mpeg",
		events: []string{`{"type":"speech.audio.delta","audio":"AAAA"}`, `{"type":"speech.audio.done","usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}`},
	},
	{
		endpoint: "POST /moderations", request: `{"model":"m","input":"Q"}`,
		answer: `{"id":"modr-1","model":"m-1","results":[{"flagged":true,"categories":{"violence":true},"category_scores":{"violence":0.9}}]}`,
	},
	{
		endpoint: "POST /decisions", request: `{"model":"m","input":"Q","questions":[{"type":"predicate","name":"n","question":"Is it?"}]}`,
		answer: `{"id":"1","model":"m-1","answers":[{"name":"n","type":"predicate","probability":0.9}],"usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}`,
	},
	{
		endpoint: "POST /assistants", request: `{"model":"m","name":"N","instructions":"I","tools":[{"type":"function","function":{"name":"f"}}]}`,
		answer: `{"id":"asst_1","object":"assistant","model":"m","name":"N","instructions":"I"}`,
	},
	{
		endpoint: "POST /threads/runs", request: `{"assistant_id":"asst_1","model":"m","thread":{"messages":[{"role":"user","content":"Q"}]}}`,
		answer: coveredRun, events: coveredRunEvents,
	},
	{
		endpoint: "POST /threads/thread_1/runs", request: `{"assistant_id":"asst_1","model":"m","additional_messages":[{"role":"user","content":"Q"}]}`,
		answer: coveredRun, events: coveredRunEvents,
	},
	{
		endpoint: "POST /threads/thread_1/runs/run_1/submit_tool_outputs", request: `{"tool_outputs":[{"tool_call_id":"c","output":"O"}]}`,
		answer: coveredRun, events: coveredRunEvents,
	},
	{
		endpoint: "POST /vector_stores/vs_1/search", request: `{"query":"Q","max_num_results":2}`,
		answer: `{"object":"vector_store.search_results.page","data":[{"file_id":"file-1","filename":"a.txt","score":0.9,"attributes":{},` +
			`"content":[{"type":"text","text":"A"}]}]}`,
	},
	{endpoint: "POST /batches", request: `{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h"}`, answer: `{"id":"batch_1"}`},
}

const coveredResponse = `{"id":"resp_1","object":"response","model":"m-1","status":"completed","output":[{"type":"message","role":"assistant",` +
	`"content":[{"type":"output_text","text":"A","annotations":[]}]}],"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},` +
	`"output_tokens":3,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":12}}`

const coveredRun = `{"id":"run_1","object":"thread.run","thread_id":"thread_1","assistant_id":"asst_1","model":"m","status":"completed",` +
	`"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}`

var coveredRunEvents = []string{
	`{"id":"msg_1","object":"thread.message.delta","delta":{"content":[{"index":0,"type":"text","text":{"value":"A"}}]}}`, coveredRun, `[DONE]`,
}

// names of the events of runs, which are told apart by them.
var coveredNames = map[string]string{"thread.message.delta": "thread.message.delta", "thread.run": "thread.run.completed"}

// streamed is the same request with a stream for an answer.
func (c covered) streamed() covered {
	switch {
	case strings.HasPrefix(c.request, "{"):
		c.request = `{"stream":true,` + c.request[1:]
		if strings.HasSuffix(c.endpoint, "/speech") {
			c.request = `{"stream_format":"sse",` + c.request[len(`{"stream":true,`):]
		}
	case c.request == "":
		c.endpoint += "?stream=true"
	default:
		c.request += "\nstream=true"
	}
	var body strings.Builder
	for _, data := range c.events {
		for kind, name := range coveredNames {
			if strings.Contains(data, `"object":"`+kind+`"`) {
				body.WriteString("event: " + name + "\n")
			}
		}
		body.WriteString("data: " + data + "\n\n")
	}
	c.answer, c.contentType = body.String(), "text/event-stream"
	return c
}

// body is the request body and its type.
func (c covered) body(t *testing.T) (body []byte, contentType string) {
	t.Helper()
	if c.request == "" || c.request[0] == '{' {
		return []byte(c.request), "application/json"
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for line := range strings.SplitSeq(c.request, "\n") {
		name, value, _ := strings.Cut(line, "=")
		if file, ok := strings.CutPrefix(value, "@"); ok {
			part, err := w.CreateFormFile(name, file)
			require.NoError(t, err)
			_, err = part.Write([]byte("bytes"))
			require.NoError(t, err)
			continue
		}
		require.NoError(t, w.WriteField(name, value))
	}
	require.NoError(t, w.Close())
	return form.Bytes(), w.FormDataContentType()
}

// calls makes the same request through each client and returns the records of both.
func (c covered) calls(t *testing.T) (records []*record.Call) {
	t.Helper()
	server := httptest.NewServer(answer(http.StatusOK, c.contentType, c.answer))
	defer server.Close()
	method, path, _ := strings.Cut(c.endpoint, " ")
	var got []*record.Call
	processor, err := export.New([]export.Destination{{
		Name: "records", URL: server.URL, WantsRecord: true,
		View: func(_ sdktrace.ReadOnlySpan, call *record.Call) sdktrace.ReadOnlySpan {
			got = append(got, call)
			return nil
		},
	}})
	require.NoError(t, err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor))
	traced := otelgenai.WithTracerProvider(provider)
	body, contentType := c.body(t)

	client := openai.NewClient(otelopenai.WithTracing(traced), option.WithBaseURL(server.URL+"/v1/"), option.WithAPIKey("k"),
		option.WithHTTPClient(server.Client()))
	var res *http.Response
	opts := []option.RequestOption{option.WithRequestBody(contentType, body)}
	if len(body) == 0 {
		opts = nil
	}
	require.NoError(t, client.Execute(t.Context(), method, strings.TrimPrefix(path, "/"), nil, &res, opts...))
	consume(t, res)

	plain := &http.Client{Transport: otelgenaihttp.NewTransport(server.Client().Transport, traced)}
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/v1"+path, bytes.NewReader(body))
	require.NoError(t, err)
	if len(body) > 0 {
		req.Header.Set("Content-Type", contentType)
	}
	res, err = plain.Do(req) //nolint:bodyclose // consume closes it
	require.NoError(t, err)
	consume(t, res)
	require.NoError(t, provider.ForceFlush(t.Context()))
	require.NoError(t, provider.Shutdown(t.Context()))
	return got
}

func consume(t *testing.T, res *http.Response) {
	t.Helper()
	_, err := io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
}

func TestThePageOfCoverageSaysWhatIsRecorded(t *testing.T) {
	var page strings.Builder
	page.WriteString(coverageHead)
	var shown []string
	for _, c := range coverage {
		plain := recordOf(t, c)
		stream := "–"
		if c.events != nil {
			streamed := recordOf(t, c.streamed())
			require.NotZero(t, streamed.Stream.Chunks, c.endpoint)
			require.Equal(t, record.Completed, streamed.Outcome, c.endpoint)
			require.Equal(t, plain.Operation, streamed.Operation)
			stream = "yes"
		}
		shown = append(shown, placeholders.Replace(c.endpoint))
		fmt.Fprintf(&page, "| `%s` | `%s` | %s | %s | %s | %s | %s |\n", placeholders.Replace(c.endpoint), plain.Operation,
			asked(plain), answered(plain), tokens(plain), finished(plain), stream)
	}
	assert.ElementsMatch(t, tracedEndpoints(t), shown, "what is traced is on the page")
	golden.Equal(t, []byte(page.String()), "../../docs/coverage.md")
}

// recordOf returns what both clients recorded, which must be the same.
func recordOf(t *testing.T, c covered) *record.Call {
	t.Helper()
	got := c.calls(t)
	require.Len(t, got, 2, c.endpoint)
	require.NotNil(t, got[0], c.endpoint)
	require.Nil(t, got[0].Error, c.endpoint)
	for _, call := range got { // what differs from call to call
		call.Timing, call.Server = record.Timing{}, record.Server{}
	}
	assert.Equal(t, got[0], got[1], c.endpoint)
	return got[0]
}

const coverageHead = `# Coverage

What is recorded of each endpoint of OpenAI's API, and of whoever speaks its protocol. This page is written by a test
(` + "`TestThePageOfCoverageSaysWhatIsRecorded`" + `) from the records of real calls: each through openai-go with
` + "`otelopenai.WithTracing`" + ` and through a plain HTTP client with ` + "`otelgenaihttp.NewTransport`" + `, which must record the same.
Every other endpoint passes through untraced. What else is on a span: [attributes.md](attributes.md). Other clients and their
versions: [clients.md](clients.md).

Question and answer are content: who may see them is a matter of [policy](configuration.md#content-to-destinations).

| Endpoint | Operation | Question | Answer | Tokens | Finish reason | Streamed |
|---|---|---|---|---|---|---|
`

var placeholders = strings.NewReplacer("resp_1", "{response_id}", "thread_1", "{thread_id}", "run_1", "{run_id}", "vs_1", "{vector_store_id}")

// tracedEndpoints are those of the list of all endpoints that are traced.
func tracedEndpoints(t *testing.T) (traced []string) {
	t.Helper()
	list, err := os.ReadFile("../../internal/openaicall/testdata/endpoints.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(list)) {
		if fields := strings.Fields(line); fields[2] != "-" {
			traced = append(traced, fields[0]+" "+fields[1])
		}
	}
	return traced
}

// list joins what is there, or says that nothing is.
func list(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	slices.Sort(parts)
	if parts = slices.Compact(parts); len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, ", ")
}

func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

func asked(c *record.Call) string {
	r := &c.Request
	var kinds []string
	for _, message := range r.Messages {
		kinds = append(kinds, partKinds(message.Parts)...)
	}
	return list(append(kinds,
		when(r.Model != "", "model"), when(len(r.System) > 0, "instructions"), when(len(r.Tools) > 0, "tools"),
		when(r.Temperature.IsSet() || r.MaxTokens.IsSet() || r.Dimensions.IsSet() || len(r.Options) > 0, "parameters"),
		when(len(c.Retrieval.Queries) > 0, "query"), when(c.Agent.Name != "", "name"))...)
}

func answered(c *record.Call) string {
	r := &c.Response
	var kinds []string
	for _, choice := range r.Choices {
		kinds = append(kinds, partKinds(choice.Message.Parts)...)
	}
	return list(append(kinds,
		when(r.ID != "", "id"), when(r.Model != "", "model"), when(r.Status != "", "status"),
		when(r.Vectors.IsSet(), "number and length of vectors"), when(len(r.Moderations) > 0, "verdicts"),
		when(r.AudioBytes.IsSet(), "bytes"), when(len(c.Retrieval.Documents) > 0, "documents"), when(c.Agent.ID != "", "id of the agent"))...)
}

func partKinds(parts []record.Part) (kinds []string) {
	for _, part := range parts {
		switch part.(type) {
		case record.Text:
			kinds = append(kinds, "text")
		case record.ToolCall:
			kinds = append(kinds, "tool calls")
		case record.ToolResult:
			kinds = append(kinds, "tool results")
		case record.Image:
			kinds = append(kinds, "description of the image")
		case record.Audio:
			kinds = append(kinds, "description of the sound")
		case record.Generic:
			kinds = append(kinds, "other parts")
		default:
			kinds = append(kinds, fmt.Sprintf("%T", part))
		}
	}
	return kinds
}

func tokens(c *record.Call) string {
	u := &c.Usage
	if c.UsageCounted {
		return "counted at its creation"
	}
	return list(when(u.Input.IsSet(), "input"), when(u.Output.IsSet(), "output"), when(u.CacheRead.IsSet(), "cached"),
		when(u.Reasoning.IsSet(), "reasoning"), when(u.TextInput.IsSet() || u.AudioInput.IsSet() || u.ImageInput.IsSet() || u.ImageOutput.IsSet(), "by modality"))
}

func finished(c *record.Call) string {
	for _, choice := range c.Response.Choices {
		if choice.FinishReason != "" {
			return "yes"
		}
	}
	return "–"
}
