package otelopenai_test

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// corpus is where recorded traffic of model providers lies. It is not part of
// the repository.
const corpus = "../../../shared/corpus"

// exchange is one recorded HTTP exchange.
type exchange struct {
	ID              string            `json:"id"`
	Provider        string            `json:"provider"`
	API             string            `json:"api"`
	Kind            string            `json:"kind"`
	Host            string            `json:"host"`
	Method          string            `json:"method"`
	Path            string            `json:"path"`
	RequestBody     string            `json:"request_body"`
	Status          int               `json:"status"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    string            `json:"response_body"`
}

// recordings reads the exchanges of the corpus with one endpoint, and counts them
// in another way.
func recordings(t *testing.T, api string) (exchanges []exchange, count int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpus, "*.jsonl.gz"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the corpus of recorded traffic is not here: " + corpus)
	}
	isAPI := regexp.MustCompile(`"api": ?"` + regexp.QuoteMeta(api) + `"`)
	for _, name := range files {
		for _, line := range lines(t, name) {
			if isAPI.Match(line) && !bytes.Contains(line, []byte(`"websocket-session"`)) {
				count++
			}
			var e exchange
			require.NoError(t, json.Unmarshal(line, &e), name)
			if e.API == api && e.Kind == "" {
				exchanges = append(exchanges, e)
			}
		}
	}
	return exchanges, count
}

func lines(t *testing.T, name string) (all [][]byte) {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	reader := bufio.NewReader(unzipped)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			all = append(all, line)
		}
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
	}
}

// recorded is a transport that answers as the provider did.
type recorded struct {
	exchange exchange
	// writes makes the body one that can write itself.
	writes bool
	// seen is the request body that arrived.
	seen []byte
}

func (r *recorded) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		r.seen, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	res := &http.Response{
		StatusCode: r.exchange.Status, Header: http.Header{}, Request: req, ContentLength: int64(len(r.exchange.ResponseBody)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if contentType := r.exchange.ResponseHeaders["content-type"]; contentType != "" {
		res.Header.Set("Content-Type", contentType)
	}
	body := strings.NewReader(r.exchange.ResponseBody)
	if r.writes {
		res.Body = io.NopCloser(body) // which keeps WriteTo
	} else {
		res.Body = io.NopCloser(struct{ io.Reader }{body})
	}
	return res, nil
}

// ways are the ways in which a caller may read a response body.
var ways = map[string]func(*http.Response) ([]byte, error){
	"at once":      func(res *http.Response) ([]byte, error) { return io.ReadAll(res.Body) },
	"byte by byte": func(res *http.Response) ([]byte, error) { return io.ReadAll(iotest.OneByteReader(res.Body)) },
	"in pieces": func(res *http.Response) ([]byte, error) {
		return io.ReadAll(pieces{res.Body, rand.New(rand.NewPCG(1, 2))})
	},
	"written": func(res *http.Response) ([]byte, error) {
		var b bytes.Buffer
		_, err := io.Copy(&b, res.Body)
		return b.Bytes(), err
	},
}

// everyWay names the ways; two of them with the race detector, which makes each slow
// and finds no more in many.
func everyWay() []string {
	if raceDetector {
		return []string{"in pieces", "by the client"}
	}
	return append(slices.Sorted(maps.Keys(ways)), "by the client")
}

// pieces reads as many bytes at a time as chance will have it.
type pieces struct {
	io.Reader
	random *rand.Rand
}

func (p pieces) Read(b []byte) (int, error) {
	const most = 300
	return p.Reader.Read(b[:min(len(b), 1+p.random.IntN(most))])
}

// replay sends the recorded request through openai-go and returns what both ends
// saw.
func replay(t *testing.T, e exchange, way string, traced ...option.RequestOption) (sent, received []byte) {
	t.Helper()
	server := &recorded{exchange: e, writes: way == "written"}
	client := openai.NewClient(append(traced,
		option.WithHTTPClient(&http.Client{Transport: server}),
		option.WithBaseURL("https://"+e.Host+"/"), option.WithAPIKey("sk-secret"), option.WithMaxRetries(0))...)
	body := option.WithRequestBody("application/json", []byte(e.RequestBody))
	if way == "in pieces" {
		body = option.WithRequestBody("application/json", struct{ io.Reader }{strings.NewReader(e.RequestBody)})
	}
	if e.Method == http.MethodGet && e.RequestBody == "" {
		body = option.WithHeader("X-Replay", "no body")
	}
	path := strings.TrimPrefix(e.Path, "/")

	if way == "by the client" {
		err := client.Execute(t.Context(), e.Method, path, nil, &received, body)
		requireStatus(t, e, err)
		return server.seen, received
	}
	var res *http.Response
	err := client.Execute(t.Context(), e.Method, path, nil, &res, body)
	requireStatus(t, e, err)
	defer res.Body.Close()
	received, err = ways[way](res)
	require.NoError(t, err)
	return server.seen, received
}

func requireStatus(t *testing.T, e exchange, err error) {
	t.Helper()
	if e.Status < http.StatusBadRequest {
		require.NoError(t, err)
		return
	}
	var apiError *openai.Error
	require.ErrorAs(t, err, &apiError)
	require.Equal(t, e.Status, apiError.StatusCode)
}

// tracedReplay does the same with tracing and returns the one span.
func tracedReplay(t *testing.T, e exchange, way string) (sent, received []byte, span sdktrace.ReadOnlySpan) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	sent, received = replay(t, e, way, otelopenai.WithTracing(
		otelgenai.WithTracerProvider(provider), otelgenai.WithContent(otelgenai.ContentOnSpan)))
	require.Len(t, spans.Started(), 1)
	require.Len(t, spans.Ended(), 1)
	return sent, received, spans.Ended()[0]
}

// The recorded protocol, as far as it is compared, for encoding/json.
type (
	wireUsage struct {
		Prompt     *int64 `json:"prompt_tokens"`
		Completion *int64 `json:"completion_tokens"`
		Total      int64  `json:"total_tokens"`
		Details    struct {
			Reasoning int64 `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	}
	wireMessage struct {
		Content json.RawMessage `json:"content"`
		Refusal string          `json:"refusal"`
	}
	wireChoice struct {
		Index        int         `json:"index"`
		FinishReason string      `json:"finish_reason"`
		Message      wireMessage `json:"message"`
		Delta        wireMessage `json:"delta"`
		Text         string      `json:"text"`
		Usage        *wireUsage  `json:"usage"`
	}
	wireDocument struct {
		ID      string          `json:"id"`
		Model   string          `json:"model"`
		Choices []wireChoice    `json:"choices"`
		Usage   *wireUsage      `json:"usage"`
		Error   json.RawMessage `json:"error"`
		Groq    struct {
			Usage *wireUsage `json:"usage"`
		} `json:"x_groq"`
	}
)

// reading is what the independent reader finds in an exchange.
type reading struct {
	// legacy is set for completions, whose choices have text.
	legacy    bool
	id, model string
	reasons   []string
	texts     []string
	refusals  []string
	usage     *wireUsage
	failed    bool
}

// read reads a recorded response by what it looks like.
func read(t *testing.T, body string, legacy bool) reading {
	t.Helper()
	r := reading{legacy: legacy}
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		r.document(t, body)
		return r
	}
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:")
		if data = strings.TrimSpace(data); !ok || data == "" {
			continue
		}
		if data == "[DONE]" {
			break
		}
		r.document(t, data)
	}
	return r
}

func (r *reading) document(t *testing.T, data string) {
	t.Helper()
	var d wireDocument
	require.NoError(t, json.Unmarshal([]byte(data), &d), data)
	r.id, r.model = cmp.Or(r.id, d.ID), cmp.Or(r.model, d.Model)
	r.failed = r.failed || len(d.Error) > 0 && string(d.Error) != "null"
	for _, c := range d.Choices {
		for len(r.reasons) <= c.Index {
			r.reasons, r.texts, r.refusals = append(r.reasons, ""), append(r.texts, ""), append(r.refusals, "")
		}
		r.reasons[c.Index] = cmp.Or(c.FinishReason, r.reasons[c.Index])
		text := c.Delta.text(t) + c.Message.text(t)
		if r.legacy {
			text = cmp.Or(c.Text, text)
		}
		r.texts[c.Index] += text
		r.refusals[c.Index] += c.Delta.Refusal + c.Message.Refusal
		r.usage = cmp.Or(c.Usage, r.usage) // Moonshot
	}
	r.usage = cmp.Or(d.Usage, d.Groq.Usage, r.usage)
}

// text is the text of a message, which Mistral sends in parts.
func (m wireMessage) text(t *testing.T) (text string) {
	t.Helper()
	if len(m.Content) == 0 {
		return ""
	}
	if m.Content[0] != '[' {
		require.NoError(t, json.Unmarshal(m.Content, &text))
		return text
	}
	var parts []struct{ Type, Text string }
	require.NoError(t, json.Unmarshal(m.Content, &parts))
	for _, part := range parts {
		if part.Type == "text" {
			text += part.Text
		}
	}
	return text
}

// operations are the names of what the endpoints of the corpus do.
var operations = map[string]string{
	"openai.chat": "chat", "openai.completions": "text_completion", "openai.embeddings": "embeddings",
}

// requireSpan holds the span of an exchange against what was recorded.
func requireSpan(t *testing.T, e exchange, span sdktrace.ReadOnlySpan) {
	t.Helper()
	var sent struct {
		Model    string
		Stream   bool
		Messages []json.RawMessage
		Prompt   json.RawMessage
	}
	if e.RequestBody != "" {
		require.NoError(t, json.Unmarshal([]byte(e.RequestBody), &sent))
	}
	want := read(t, e.ResponseBody, e.API == "openai.completions")
	attributes := map[string]any{
		"gen_ai.operation.name": operations[e.API],
		"gen_ai.provider.name":  providerOf(e),
	}
	set := func(key string, value any) {
		switch value {
		case "", false:
		default:
			attributes[key] = value
		}
	}
	set("gen_ai.request.model", sent.Model)
	set("gen_ai.request.stream", sent.Stream)
	set("gen_ai.response.id", want.id)
	set("gen_ai.response.model", want.model)
	if want.usage != nil && want.usage.Completion == nil { // an empty completion
		set("gen_ai.usage.input_tokens", *want.usage.Prompt)
	} else if want.usage != nil {
		input, output := *want.usage.Prompt, *want.usage.Completion
		if e.Provider == "x_ai" || e.Provider == "openai_compatible" { // both are xAI, which counts reasoning apart
			output += want.usage.Details.Reasoning
		}
		if e.Provider == "gcp.gemini" { // thoughts are in the total alone
			output = want.usage.Total - input
		}
		set("gen_ai.usage.input_tokens", input)
		set("gen_ai.usage.output_tokens", output)
	}
	for _, key := range []string{
		"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.request.stream", "gen_ai.response.id",
		"gen_ai.response.model", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
	} {
		require.Equal(t, attributes[key], attr(span, key), key)
	}

	failed := e.Status >= http.StatusBadRequest || want.failed || e.ResponseBody == ""
	require.Equal(t, failed, span.Status().Code == codes.Error, span.Status())
	require.Equal(t, failed, attr(span, "error.type") != nil)
	require.Equal(t, failed, attr(span, "genotel.response.incomplete") == true)
	require.Nil(t, attr(span, "genotel.content.truncated"))
	require.Nil(t, attr(span, "genotel.content.withheld"))
	if e.ResponseBody == "" { // two recordings lost the body: JSON was promised and nothing came
		require.Equal(t, "decode_error", attr(span, "error.type"))
	}

	if len(sent.Prompt) > 0 {
		requirePrompts(t, sent.Prompt, messages(t, span, "gen_ai.input.messages"))
	}
	if len(sent.Messages) > 0 {
		require.Len(t, messages(t, span, "gen_ai.input.messages"), len(sent.Messages))
		require.NotContains(t, attr(span, "gen_ai.input.messages"), ";base64,", "bytes are described")
	}
	if len(want.reasons) == 0 {
		require.Nil(t, attr(span, "gen_ai.response.finish_reasons"))
		require.Nil(t, attr(span, "gen_ai.output.messages"))
		return
	}
	answers := messages(t, span, "gen_ai.output.messages")
	require.Len(t, answers, len(want.reasons))
	for i := range want.reasons {
		require.Equal(t, want.texts[i]+want.refusals[i], answers[i].text())
		want.reasons[i] = cmp.Or(want.reasons[i], "error") // the list is positional
	}
	require.Equal(t, want.reasons, attr(span, "gen_ai.response.finish_reasons"))
}

// spanMessage is a message in the form of the conventions.
type spanMessage struct {
	Parts []struct {
		Type    string
		Content any
	}
}

func (m spanMessage) text() (text string) {
	for _, part := range m.Parts {
		if part.Type == "text" {
			text += part.Content.(string)
		}
	}
	return text
}

func messages(t *testing.T, span sdktrace.ReadOnlySpan, key string) (all []spanMessage) {
	t.Helper()
	require.IsType(t, "", attr(span, key), key)
	require.NoError(t, json.Unmarshal([]byte(attr(span, key).(string)), &all))
	return all
}

// timeless are the attributes that do not depend on when something happened.
func timeless(span sdktrace.ReadOnlySpan) map[string]any {
	attributes := map[string]any{"name": span.Name()}
	for _, kv := range span.Attributes() {
		attributes[string(kv.Key)] = kv.Value.AsInterface()
	}
	delete(attributes, "gen_ai.response.time_to_first_chunk")
	delete(attributes, "genotel.stream.time_to_first_content")
	return attributes
}

func TestRecordedExchangesAreLeftAloneAndUnderstood(t *testing.T) {
	replayAll(t, "openai.chat", requireSpan)
}

// replayAll replays the exchanges of one endpoint in every way and holds each span
// against what was recorded.
func replayAll(t *testing.T, api string, requireSpan func(*testing.T, exchange, sdktrace.ReadOnlySpan)) {
	t.Helper()
	exchanges, count := recordings(t, api)
	replayed := map[string]int{}
	allWays := everyWay()
	for _, e := range exchanges {
		t.Run(e.ID, func(t *testing.T) {
			var first sdktrace.ReadOnlySpan
			for _, way := range allWays {
				sent, received := replay(t, e, way)
				require.Equal(t, e.RequestBody, string(sent), "the replay itself")
				sentTraced, receivedTraced, span := tracedReplay(t, e, way)
				require.Equal(t, string(sent), string(sentTraced), way)
				require.Equal(t, string(received), string(receivedTraced), way)
				if way != "by the client" || e.Status < http.StatusBadRequest {
					require.Equal(t, e.ResponseBody, string(receivedTraced), way)
				}
				requireSpan(t, e, span)
				if first == nil {
					first = span
				}
				require.Equal(t, timeless(first), timeless(span), "%s and %s", allWays[0], way)
			}
			replayed[e.Provider]++
		})
	}

	var table strings.Builder
	sum := 0
	for _, provider := range slices.Sorted(maps.Keys(replayed)) {
		fmt.Fprintf(&table, "\n%5d  %s", replayed[provider], provider)
		sum += replayed[provider]
	}
	t.Logf("exchanges replayed, each in %d ways:%s\n%5d  in all", len(allWays), table.String(), sum)
	assert.Equal(t, count, sum, "exchanges in the corpus")
	assert.NotZero(t, sum)
}
