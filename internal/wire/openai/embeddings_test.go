package openai_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// embedded decodes a call of the embeddings endpoint, content included, its
// response in pieces of the given size.
func embedded(request, response string, piece int) (call *record.Call, complete bool) {
	call = new(record.Call)
	embeddings := openai.NewEmbeddings(call)
	embeddings.Request([]byte(request), true)
	for response != "" {
		n := min(piece, len(response))
		embeddings.Piece([]byte(response[:n]))
		response = response[n:]
	}
	embeddings.Response(nil)
	complete = embeddings.Finish()
	embeddings.Content(call)
	return call, complete
}

var none record.Opt[int64]

func TestARequestForEmbeddings(t *testing.T) {
	call, _ := embedded(`{"input":["hello","hi"],"model":"text-embedding-3-small","dimensions":256,"encoding_format":"float","user":"u"}`, `{}`, 1)
	assert.Equal(t, record.Request{
		Model: "text-embedding-3-small", Dimensions: some(256), EncodingFormats: []string{"float"},
		Messages: []record.Message{said("user", "hello"), said("user", "hi")},
	}, call.Request)
	call, _ = embedded(`{"input":[[1,2],[3]],"model":"m","encoding_format":null}`, `{}`, 1)
	assert.Equal(t, record.Request{Model: "m", Messages: []record.Message{tokens("2"), tokens("1")}}, call.Request)
}

func TestEmbeddingsAreCountedAndNotKept(t *testing.T) {
	usage := record.Usage{Input: some(8), Total: some(8)}
	base := base64.StdEncoding.EncodeToString(make([]byte, 4*5))
	escaped := strings.ReplaceAll(base, "A", `\u0041`)
	for name, test := range map[string]struct {
		data             string
		dimensions, many record.Opt[int64]
	}{
		"numbers":              {`[{"object":"embedding","index":0,"embedding":[0.1,-2e-3,3]},{"embedding":[1,2,3],"index":1}]`, some(3), some(2)},
		"space":                {"[ {\n \"embedding\" : [ 1 ,\n 2 ] ,\"index\":0} ]", some(2), some(1)},
		"base64":               {`[{"embedding":"` + base + `"},{"embedding":"` + base + `"}]`, some(5), some(2)},
		"escaped base64":       {`[{"embedding":"` + escaped + `"}]`, some(5), some(1)},
		"an escaped name":      {`[{"\u0065mbedding":[1,2]}]`, some(2), some(1)},
		"the first one counts": {`[{"embedding":[1]},{"embedding":[1,2,3]}]`, some(1), some(2)},
		"empty":                {`[{"embedding":[ ]}]`, none, some(1)},
		"lists of lists":       {`[{"embedding":[[1,2],[3,4]]},{"embedding":[1]}]`, none, some(2)},
		"no vector":            {`[{"embedding":null,"index":0}]`, none, none},
		"none":                 {`[]`, none, none},
		"somewhere else":       {`[{"x":{"embedding":[1]},"y":[{"embedding":[1]}]},[{"embedding":[1]}]]`, none, none},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"object":"list","data":` + test.data + `,"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}`
			for piece := 1; piece <= len(body); piece++ {
				call, complete := embedded(`{}`, body, piece)
				assert.Nil(t, call.Error)
				assert.Equal(t, test.many.IsSet(), complete)
				assert.Equal(t, record.Response{Model: "text-embedding-3-small", Dimensions: test.dimensions, Vectors: test.many}, call.Response)
				assert.Equal(t, usage, call.Usage)
			}
		})
	}
}

func TestTheOrderOfTheMembersOfAnAnswerDoesNotMatter(t *testing.T) {
	call, complete := embedded(`{}`, `{"id":"x","usage":{"prompt_tokens":4,"completion_tokens":0,"total_tokens":4,"data":[{"embedding":[1]}]},
		"meta":{"model":"no","data":[{"embedding":[1]}]},"model":"m","data":[{"embedding":[1,2]}]}`, 7)
	assert.True(t, complete)
	assert.Equal(t, record.Response{Model: "m", Dimensions: some(2), Vectors: some(1)}, call.Response)
	assert.Equal(t, record.Usage{Input: some(4), Total: some(4)}, call.Usage, "nothing is generated")
}

func TestTheNativeAnswerOfOllamaIsOneVector(t *testing.T) {
	call, complete := embedded(`{}`, `{"embedding":[-0.5,1,2,3]}`, 3)
	assert.True(t, complete)
	assert.Equal(t, record.Response{Dimensions: some(4), Vectors: some(1)}, call.Response)
}

func TestACutAnswerWithEmbeddingsIsADecodeError(t *testing.T) {
	const whole = `{"model":"m","data":[{"embedding":[1,2]}],"usage":{"prompt_tokens":8}}`
	for end := range len(whole) {
		call, complete := embedded(`{}`, whole[:end], 5)
		assert.Equal(t, &record.Error{Type: "decode_error"}, call.Error, whole[:end])
		assert.False(t, complete)
		if strings.Contains(whole[:end], "]") {
			assert.Equal(t, record.Response{Model: "m", Dimensions: some(2), Vectors: some(1)}, call.Response)
		}
	}
	for _, body := range []string{"", "null", "[]", `"x"`, whole + "x", whole + whole, "}", "<html>", `{"model":tru}`} {
		call, complete := embedded(`{}`, body, 5)
		assert.Equal(t, &record.Error{Type: "decode_error"}, call.Error, body)
		assert.False(t, complete)
	}
}

func TestAnErrorInsideAnAnswerWithoutEmbeddings(t *testing.T) {
	call, complete := embedded(`{}`, `{"error":{"message":"Down.","code":"down"},"data":[]}`, 4)
	assert.Equal(t, &record.Error{Type: "down", Code: "down", Message: "Down."}, call.Error)
	assert.False(t, complete)
}

func TestAnAnswerWithMoreThanItsVectorsIsStillSound(t *testing.T) {
	call, complete := embedded(`{}`, `{"model":"m","x":"`+strings.Repeat("x", 1<<20)+`","data":[{"embedding":[1]}],
		"usage":{"prompt_tokens":8,"x":"`+strings.Repeat("x", 1<<20)+`"}}`, 1000)
	assert.True(t, complete)
	assert.Nil(t, call.Error)
	assert.Equal(t, "m", call.Response.Model)
}

func TestOnlyInputsOfEmbeddingsAreRetained(t *testing.T) {
	embeddings := openai.NewEmbeddings(new(record.Call))
	embeddings.Request([]byte(`{"input":"hello"}`), true)
	embeddings.Piece([]byte(`{"data":[{"embedding":[` + strings.Repeat("0.25,", 1<<20) + `1]}]}`))
	assert.Equal(t, len(`"hello"`), embeddings.Retained())
	embeddings = openai.NewEmbeddings(new(record.Call))
	embeddings.Request([]byte(`{"input":"hello"}`), false)
	assert.Zero(t, embeddings.Retained())
}
