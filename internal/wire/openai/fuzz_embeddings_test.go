package openai_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// embeddingsOf reads the vectors of a response with encoding/json.
func (o *oracle) embeddingsOf(response object) (vectors []any) {
	if v := response["embedding"]; isVector(v) {
		vectors = append(vectors, v)
		o.unclear = o.unclear || elements(response["data"]) != nil
	}
	for _, entry := range elements(response["data"]) {
		if v := members(entry)["embedding"]; isVector(v) {
			vectors = append(vectors, v)
		}
	}
	return vectors
}

func isVector(v any) bool {
	_, isText := v.(string)
	_, isList := v.([]any)
	return isText || isList
}

// dimensions returns the length of a vector, -1 when it has none. As text it is base64 of numbers of four bytes each;
// nobody knows how long any other text is.
func (o *oracle) dimensions(vector any) int64 {
	if text, ok := vector.(string); ok {
		numbers, err := base64.StdEncoding.Strict().DecodeString(text)
		o.unclear = o.unclear || err != nil || len(numbers)%4 != 0
		if len(numbers) < 4 {
			return -1
		}
		return int64(len(numbers) / 4)
	}
	list := elements(vector)
	for _, v := range list {
		switch v.(type) {
		case string, []any, object:
			return -1
		}
	}
	if len(list) == 0 {
		return -1
	}
	return int64(len(list))
}

func FuzzEmbeddingsResponse(f *testing.F) {
	for _, seed := range []string{
		`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-3,3]},{"embedding":[1,2],"index":1}],"model":"m",` +
			`"usage":{"prompt_tokens":8,"total_tokens":8}}`,
		`{"data":[{"embedding":"AACAPwAAgD8="},{"embedding":"AACAPw=="}],"model":"m"}`, `{"data":[{"\u0065mbedding":"\u0041ACAPw=\u003d"}]}`,
		`{"data":[{"embedding":"00000=\u003d"}]}`, `{"data":[{"embedding":"not base64"}]}`,
		`{"embedding":[1,2],"x":{"embedding":[1],"data":[{"embedding":[2]}]}}`, ` { "data" : [ { "embedding" : [ 1 , 2 ] } , [{"embedding":[3]}] ] } `,
		`{"data":[{"embedding":[[1,2],["]"],{"a":"\"}"}]},{"embedding":[]},{"embedding":null},7]}`, `{"data":{"embedding":[1]},"model":["m"]}`,
		`{"error":{"message":"Down, \"or\" {not}.","code":502},"usage":{"prompt_tokens":1,"x":{"y":[1,{"z":"]"}]}},"model":"\ud83d\ude00"}`,
		`{"data":[{"embedding":[1,2`, `{}}`, `[]`, ``, `{"model":"` + "\xff" + `"}`,
	} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		before := bytes.Clone(body)
		run := func(piece int) (*record.Call, bool) {
			call := new(record.Call)
			embeddings := openai.NewEmbeddings(call)
			embeddings.Request([]byte(`{}`), true)
			for rest := body; len(rest) > 0; {
				n := min(piece, len(rest))
				passing := bytes.Clone(rest[:n])
				embeddings.Piece(passing)
				clear(passing) // it was the caller's
				rest = rest[n:]
			}
			embeddings.Response(nil)
			complete := embeddings.Finish()
			require.Zero(t, embeddings.Retained())
			return call, complete
		}
		call, complete := run(len(body) + 1)
		sound(t, call, len(body))
		for _, piece := range []int{1, 2, 1 + int(cut)} {
			again, completeAgain := run(piece)
			require.Equal(t, call, again, "in pieces of %d", piece)
			require.Equal(t, complete, completeAgain)
		}
		require.Equal(t, before, body, "the body is never changed")

		var o oracle
		r, ok := o.document(body).(object)
		if !ok || o.unclear || len(body) > 8<<10 {
			return
		}
		want := expectation{model: str(r["model"]), input: -1, output: -1, total: -1, reasoning: -1, failed: o.failed(r["error"])}
		if usage, ok := r["usage"].(object); ok {
			want.input, want.total = o.count(usage["prompt_tokens"]), o.count(usage["total_tokens"])
		}
		vectors := o.embeddingsOf(r)
		dimensions := int64(-1)
		if len(vectors) > 0 {
			dimensions = o.dimensions(vectors[0])
		}
		if o.unclear {
			return
		}
		require.Equal(t, want, expectation{
			model: call.Response.Model, input: call.Usage.Input.Or(-1), output: call.Usage.Output.Or(-1), total: call.Usage.Total.Or(-1),
			reasoning: -1, failed: call.Error != nil,
		})
		require.Equal(t, len(vectors) > 0, complete)
		require.EqualValues(t, len(vectors), call.Response.Vectors.Or(0))
		require.Equal(t, dimensions, call.Response.Dimensions.Or(-1))
	})
}

func FuzzEmbeddingsRequest(f *testing.F) {
	for _, seed := range []string{
		`{"input":["hello","hi"],"model":"m","dimensions":256,"encoding_format":"base64"}`, `{"input":"hello","encoding_format":null}`,
		`{"input":[[1,2],[3]],"model":"m"}`, `{"input":[1,2,3]}`, `{"input":[{"text":"a"},{"type":"text","text":"b"},7,[],["x"]]}`,
		`{"input":7,"output_dimension":-1}`, `{"input":["`, ``, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		call := new(record.Call)
		embeddings := openai.NewEmbeddings(call)
		embeddings.Request(given, true)
		require.LessOrEqual(t, embeddings.Retained(), len(body))
		clear(given) // its buffer may be used again
		embeddings.Content(call)
		sound(t, call, 2*len(body)+16)
		bare := new(record.Call)
		openai.NewEmbeddings(bare).Request(body, false)
		require.Equal(t, *bare, withoutContent(call), "without content all the rest is the same")

		var o oracle
		r, ok := o.document(body).(object)
		if !ok || o.unclear {
			return
		}
		require.Equal(t, str(r["model"]), call.Request.Model)
		o.inputs(t, r["input"], call.Request.Messages)
	})
}

// inputs holds messages against the prompt or the input of a request.
func (o *oracle) inputs(t *testing.T, sent any, got []record.Message) {
	t.Helper()
	list, isList := sent.([]any)
	switch {
	case sent == nil:
		require.Empty(t, got)
		return
	case !isList, isTokens(list):
		list = []any{sent}
	}
	require.Len(t, got, len(list))
	for i, v := range list {
		if text, ok := v.(string); ok {
			require.Equal(t, text, textOf(got[i]))
		}
		if tokens, ok := v.([]any); ok && isTokens(tokens) {
			want, err := json.Marshal(map[string]any{"type": "tokens", "count": len(tokens)})
			require.NoError(t, err)
			require.JSONEq(t, string(want), got[i].Parts[0].(record.Generic).JSON)
		}
	}
}

func isTokens(list []any) bool {
	for _, v := range list {
		if _, ok := v.(json.Number); !ok {
			return false
		}
	}
	return len(list) > 0
}
