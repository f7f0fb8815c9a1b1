package otelopenai_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/otelgenai"
)

// embeddingsAnswer is an answer with vectors, as numbers or as base64.
func embeddingsAnswer(vectors, dimensions int, encoded bool) string {
	var b strings.Builder
	b.WriteString(`{"object":"list","data":[`)
	for i := range vectors {
		numbers := make([]string, dimensions)
		var raw []byte
		for j := range numbers {
			number := float32(math.Sin(float64(i*dimensions + j)))
			numbers[j] = fmt.Sprintf("%.17f", number)
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(number))
		}
		vector := "[" + strings.Join(numbers, ",") + "]"
		if encoded {
			vector = `"` + base64.StdEncoding.EncodeToString(raw) + `"`
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"object":"embedding","index":%d,"embedding":%s}`, i, vector)
	}
	b.WriteString(`],"model":"text-embedding-3-small-1","usage":{"prompt_tokens":11,"total_tokens":11}}`)
	return b.String()
}

func toEmbed(format openai.EmbeddingNewParamsEncodingFormat, texts ...string) openai.EmbeddingNewParams {
	return openai.EmbeddingNewParams{
		Model: "text-embedding-3-small", EncodingFormat: format,
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
	}
}

func TestEmbeddingsAreOneSpanWithoutInputAndVectors(t *testing.T) {
	body := embeddingsAnswer(2, 5, false)
	s := newStand(t, answerJSON(body), otelgenai.WithContent(otelgenai.ContentOnSpan))
	got, err := s.client.Embeddings.New(t.Context(), toEmbed("float", "MARKER", "hi"))
	require.NoError(t, err)
	require.Len(t, got.Data, 2)
	assert.Len(t, got.Data[0].Embedding, 5)

	span := s.span(t)
	assert.Equal(t, "embeddings text-embedding-3-small", span.Name())
	assert.Equal(t, trace.SpanKindClient, span.SpanKind())
	assert.Equal(t, codes.Unset, span.Status().Code)
	for key, want := range map[string]any{
		"gen_ai.operation.name":             "embeddings",
		"gen_ai.request.model":              "text-embedding-3-small",
		"gen_ai.request.encoding_formats":   []string{"float"},
		"gen_ai.response.model":             "text-embedding-3-small-1",
		"gen_ai.embeddings.dimension.count": int64(5),
		"gen_ai.usage.input_tokens":         int64(11),
		"gen_ai.usage.output_tokens":        nil,
		"gen_ai.input.messages":             nil,
		"gen_ai.output.messages":            nil,
		"openai.api.type":                   nil,
		"genotel.response.incomplete":       nil,
		"langsmith.span.kind":               "embedding",
		"langsmith.metadata.ls_model_type":  nil,
		"llm.path":                          "/v1/embeddings",
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	everything := all(s.spans.Ended())
	assert.NotContains(t, everything, "MARKER")
	assert.NotContains(t, everything, fmt.Sprintf("%.17f", float32(math.Sin(1))))
}

func TestEmbeddingsInBase64HaveTheSameLength(t *testing.T) {
	body := embeddingsAnswer(3, 1536, true)
	s := newStand(t, answerJSON(body))
	var raw []byte
	require.NoError(t, s.client.Post(t.Context(), "embeddings", toEmbed("base64", "a", "b", "c"), &raw))
	assert.Equal(t, body, string(raw))
	span := s.span(t)
	assert.Equal(t, int64(1536), attr(span, "gen_ai.embeddings.dimension.count"))
	assert.Equal(t, []string{"base64"}, attr(span, "gen_ai.request.encoding_formats"))
	assert.Equal(t, int64(11), attr(span, "gen_ai.usage.input_tokens"))
}

func TestEmbeddingsThatAreClosedBeforeTheirEndAreIncomplete(t *testing.T) {
	body := embeddingsAnswer(2, 3, false)
	for name, test := range map[string]struct {
		read       int
		incomplete any
		dimensions any
	}{
		"unread":                  {0, true, nil},
		"inside the first vector": {strings.Index(body, "[0.") + 3, true, nil},
		"inside the second":       {strings.LastIndex(body, "["), true, int64(3)},
		"with its last byte":      {len(body), nil, int64(3)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, answerJSON(body))
			var res *http.Response
			require.NoError(t, s.client.Post(t.Context(), "embeddings", toEmbed("", "a"), &res))
			_, err := io.ReadFull(res.Body, make([]byte, test.read))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			span := s.span(t)
			assert.Equal(t, codes.Unset, span.Status().Code)
			assert.Equal(t, test.incomplete, attr(span, "genotel.response.incomplete"))
			assert.Equal(t, test.dimensions, attr(span, "gen_ai.embeddings.dimension.count"))
		})
	}
}

func TestRefusedEmbeddingsAreAFailedSpan(t *testing.T) {
	s := newStand(t, answer(http.StatusNotFound, "application/json", `{"error":{"code":"model_not_found","message":"No.","type":"x"}}`))
	_, err := s.client.Embeddings.New(t.Context(), toEmbed("", "a"), option.WithMaxRetries(0))
	require.Error(t, err)
	span := s.span(t)
	assert.Equal(t, "model_not_found", attr(span, "error.type"))
	assert.Equal(t, codes.Error, span.Status().Code)
}

// embeddingsLoad is a request for 100 vectors of 1536 numbers, answered with
// three megabytes, 32 KB at a time.
func embeddingsLoad() load {
	const piece = 32 << 10
	answer := embeddingsAnswer(100, 1536, false)
	l := load{
		path:    "embeddings",
		request: []byte(`{"input":["` + strings.Repeat(`hello","`, 99) + `hello"],"model":"text-embedding-3-small"}`),
		answer:  inMemory{contentType: "application/json"},
	}
	for answer != "" {
		n := min(piece, len(answer))
		l.answer.parts = append(l.answer.parts, answer[:n])
		answer = answer[n:]
	}
	return l
}

func TestALargeAnswerWithEmbeddingsIsNotHeld(t *testing.T) {
	const most, rounds = 64 << 10, 20
	l := embeddingsLoad()
	allocated := func(opts ...option.RequestOption) uint64 {
		call := l.client(opts...)
		require.NoError(t, call(t.Context()))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			require.NoError(t, call(t.Context()))
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / rounds
	}
	without, with := allocated(), allocated(traced(sdktrace.AlwaysSample()))
	t.Logf("bytes allocated for a call: %d, traced %d", without, with)
	assert.Less(t, with, without+most)
}

func BenchmarkEmbeddings(b *testing.B) {
	l := embeddingsLoad()
	size := 0
	for _, part := range l.answer.parts {
		size += len(part)
	}
	for name, opts := range map[string][]option.RequestOption{
		"no tracing": nil, "sampled": {traced(sdktrace.AlwaysSample())},
	} {
		b.Run(name, func(b *testing.B) {
			call := l.client(opts...)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := call(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestTheCallerGetsTheVectorsByteForByte(t *testing.T) {
	body := embeddingsAnswer(20, 256, false)
	s := newStand(t, answerJSON(body))
	var res *http.Response
	require.NoError(t, s.client.Post(t.Context(), "embeddings", toEmbed("", "a"), &res))
	defer res.Body.Close()
	var got bytes.Buffer
	_, err := io.Copy(&got, res.Body)
	require.NoError(t, err)
	assert.Equal(t, body, got.String())
	assert.Equal(t, int64(256), attr(s.span(t), "gen_ai.embeddings.dimension.count"))
}
