package otelopenai_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
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

var onSpan = otelgenai.WithContent(otelgenai.ContentOnSpan)

// imagesAnswer is an answer with pictures of some bytes each.
func imagesAnswer(bytesEach, count int) string {
	picture := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x89, 'P', 'N', 'G'}, bytesEach/4))
	one := `{"b64_json":"` + picture + `","revised_prompt":"A cat, revised."}`
	return `{"created":1,"background":"opaque","data":[` + strings.Repeat(one+",", count-1) + one + `],"output_format":"png",` +
		`"size":"1024x1024","usage":{"input_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40},` +
		`"output_tokens":4160,"total_tokens":4210}}`
}

// hashOf is the digest of a picture of [imagesAnswer].
func hashOf(size int) string {
	sum := sha256.Sum256(bytes.Repeat([]byte{0x89, 'P', 'N', 'G'}, size/4))
	return hex.EncodeToString(sum[:])
}

func draw() openai.ImageGenerateParams {
	return openai.ImageGenerateParams{
		Prompt: "A cat.", Model: "gpt-image-1", N: openai.Int(2), Size: "1024x1024", Quality: "high",
	}
}

// partsOf are the parts of the messages in an attribute.
func partsOf(t *testing.T, span sdktrace.ReadOnlySpan, key string) (all []map[string]any) {
	t.Helper()
	var messages []struct{ Parts []map[string]any }
	require.IsType(t, "", attr(span, key), key)
	require.NoError(t, json.Unmarshal([]byte(attr(span, key).(string)), &messages))
	for _, m := range messages {
		all = append(all, m.Parts...)
	}
	return all
}

func requireAttributes(t *testing.T, span sdktrace.ReadOnlySpan, want map[string]any) {
	t.Helper()
	for key, value := range want {
		assert.Equal(t, value, attr(span, key), key)
	}
}

func TestImagesAreOneSpanWithoutTheirBytes(t *testing.T) {
	s := newStand(t, answerJSON(imagesAnswer(1200, 2)), onSpan)
	got, err := s.client.Images.Generate(t.Context(), draw())
	require.NoError(t, err)
	require.Len(t, got.Data, 2)
	assert.Len(t, got.Data[0].B64JSON, 1600)

	span := s.span(t)
	assert.Equal(t, "generate_content gpt-image-1", span.Name())
	assert.Equal(t, trace.SpanKindClient, span.SpanKind())
	assert.Equal(t, codes.Unset, span.Status().Code)
	requireAttributes(t, span, map[string]any{
		"gen_ai.operation.name":           "generate_content",
		"gen_ai.output.type":              "image",
		"gen_ai.request.model":            "gpt-image-1",
		"gen_ai.request.choice.count":     int64(2),
		"gen_ai.response.finish_reasons":  []string{"stop", "stop"},
		"gen_ai.usage.input_tokens":       int64(50),
		"gen_ai.usage.output_tokens":      int64(4160),
		"gen_ai.usage.text.input_tokens":  int64(10),
		"gen_ai.usage.image.input_tokens": int64(40),
		"openai.api.type":                 nil,
		"genotel.response.incomplete":     nil,
		"langsmith.span.kind":             "llm",
		"llm.path":                        "/v1/images/generations",
	})
	assert.Equal(t, []map[string]any{{"type": "text", "content": "A cat."}}, partsOf(t, span, "gen_ai.input.messages"))
	picture := map[string]any{
		"type": "blob_ref", "modality": "image", "mime_type": "image/png", "bytes": float64(1200), "sha256": hashOf(1200),
	}
	revised := map[string]any{"type": "text", "content": "A cat, revised."}
	assert.Equal(t, []map[string]any{picture, revised, picture, revised}, partsOf(t, span, "gen_ai.output.messages"))
	assert.NotContains(t, all(s.spans.Ended()), "iVBORw")
	assert.NotContains(t, all(s.spans.Ended()), got.Data[0].B64JSON[:40])
}

func TestPromptsOfImagesAreNotOnTheSpanByDefault(t *testing.T) {
	s := newStand(t, answerJSON(imagesAnswer(12, 1)))
	_, err := s.client.Images.Generate(t.Context(), draw())
	require.NoError(t, err)
	assert.NotContains(t, all(s.spans.Ended()), "A cat")
}

func edit(image io.Reader) openai.ImageEditParams {
	return openai.ImageEditParams{
		Image:  openai.ImageEditParamsImageUnion{OfFileArray: []io.Reader{openai.File(image, "cat.png", "image/png")}},
		Prompt: "A hat.", Model: "gpt-image-1", Mask: openai.File(strings.NewReader("mask!"), "mask.png", "image/png"),
	}
}

// receive answers and keeps the form that was sent.
func receive(t *testing.T, then http.Handler) (http.Handler, *bytes.Buffer) {
	t.Helper()
	sent := new(bytes.Buffer)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(sent, r.Body)
		assert.NoError(t, err)
		then.ServeHTTP(w, r)
	}), sent
}

func TestAFormIsReadWithoutItsFiles(t *testing.T) {
	picture := strings.Repeat("PICTURE\r\n--", 100<<10)
	handler, sent := receive(t, answerJSON(imagesAnswer(12, 1)))
	s := newStand(t, handler, onSpan)
	_, err := s.client.Images.Edit(t.Context(), edit(strings.NewReader(picture)))
	require.NoError(t, err)
	assert.Contains(t, sent.String(), picture)

	span := s.span(t)
	assert.Equal(t, "generate_content gpt-image-1", span.Name())
	assert.Equal(t, []map[string]any{
		{
			"type": "blob_ref", "modality": "image", "mime_type": "image/png", "bytes": float64(len(picture)),
			"name": "cat.png", "field": "image[]",
		},
		{"type": "blob_ref", "modality": "image", "mime_type": "image/png", "bytes": float64(5), "name": "mask.png", "field": "mask"},
		{"type": "text", "content": "A hat."},
	}, partsOf(t, span, "gen_ai.input.messages"))
	assert.NotContains(t, all(s.spans.Ended()), "PICTURE")
}

// atStart keeps the attributes that a sampler sees.
type atStart struct {
	sdktrace.Sampler

	seen map[string]any
}

func (a *atStart) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	for _, kv := range p.Attributes {
		a.seen[string(kv.Key)] = kv.Value.AsInterface()
	}
	return a.Sampler.ShouldSample(p)
}

func TestTheModelOfAFormIsKnownToSamplers(t *testing.T) {
	for name, sampler := range map[string]sdktrace.Sampler{"sampled": sdktrace.AlwaysSample(), "not sampled": sdktrace.NeverSample()} {
		t.Run(name, func(t *testing.T) {
			spy := &atStart{Sampler: sampler, seen: map[string]any{}}
			handler, sent := receive(t, answerJSON(imagesAnswer(12, 1)))
			s := newStand(t, handler, otelgenai.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(spy))))
			_, err := s.client.Images.Edit(t.Context(), edit(strings.NewReader(strings.Repeat("x", 1<<20))))
			require.NoError(t, err)
			assert.Equal(t, "gpt-image-1", spy.seen["gen_ai.request.model"])
			assert.Greater(t, sent.Len(), 1<<20)
		})
	}
}

func TestAVariationIsTraced(t *testing.T) {
	s := newStand(t, answerJSON(`{"created":1,"data":[{"url":"https://h/i.png?sig=SECRET"}]}`), onSpan)
	p := openai.ImageNewVariationParams{Image: strings.NewReader("x"), Model: "dall-e-2"}
	_, err := s.client.Images.NewVariation(t.Context(), p) //nolint:staticcheck // deprecated, and still in use
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, "generate_content dall-e-2", span.Name())
	assert.Equal(t, []map[string]any{{"type": "uri", "modality": "image", "uri": "https://h/i.png"}}, partsOf(t, span, "gen_ai.output.messages"))
	assert.NotContains(t, all(s.spans.Ended()), "SECRET")
}

const (
	partialImage   = `{"type":"image_generation.partial_image","b64_json":"QUJD","partial_image_index":0,"created_at":1}`
	completedImage = `{"type":"image_generation.completed","b64_json":"QUJDRA==","output_format":"png","created_at":2,` +
		`"usage":{"input_tokens":5,"output_tokens":7,"total_tokens":12}}`
)

func TestAStreamOfImagesEndsWithItsLastImage(t *testing.T) {
	for name, test := range map[string]struct {
		events     []string
		read       int // all of them when negative
		incomplete any
		reasons    any
	}{
		"to its end":           {[]string{partialImage, completedImage, completedImage}, -1, nil, []string{"stop", "stop"}},
		"cut":                  {[]string{partialImage, completedImage}, -1, true, []string{"stop"}},
		"closed early":         {[]string{partialImage, completedImage, completedImage}, 1, true, nil},
		"closed behind it all": {[]string{completedImage, completedImage}, 2, nil, []string{"stop", "stop"}},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				for i, event := range test.events {
					if i == test.read {
						<-release
					}
					_, _ = io.WriteString(w, "event: x\ndata: "+event+"\n\n")
					w.(http.Flusher).Flush()
				}
				if test.read == len(test.events) {
					<-release
				}
			}))
			stream := s.client.Images.GenerateStreaming(t.Context(), draw())
			for n := 0; n != test.read && stream.Next(); n++ {
				assert.NotEmpty(t, stream.Current().B64JSON)
			}
			require.NoError(t, stream.Close())
			close(release)
			span := s.span(t)
			assert.Equal(t, codes.Unset, span.Status().Code)
			assert.Equal(t, true, attr(span, "gen_ai.request.stream"))
			assert.Equal(t, test.incomplete, attr(span, "genotel.response.incomplete"))
			assert.Equal(t, test.reasons, attr(span, "gen_ai.response.finish_reasons"))
			assert.NotNil(t, attr(span, "genotel.stream.time_to_first_content"))
		})
	}
}

func TestAnErrorInAStreamOfImagesIsAFailedSpan(t *testing.T) {
	s := newStand(t, answerStream(partialImage, `{"type":"error","error":{"type":"image_generation_user_error","code":"moderation_blocked","message":"No."}}`))
	stream := s.client.Images.EditStreaming(t.Context(), edit(strings.NewReader("x")))
	for stream.Next() {
		assert.NotEmpty(t, stream.Current().Type)
	}
	require.Error(t, stream.Err())
	require.NoError(t, stream.Close())
	span := s.span(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "moderation_blocked", attr(span, "error.type"))
	assert.Equal(t, "generate_content gpt-image-1", span.Name())
}

func TestAFormIsSentAgainAndTracedOnce(t *testing.T) {
	handler, sent := receive(t, inTurn(
		answer(http.StatusTooManyRequests, "application/json", `{"error":{"code":"rate_limit_exceeded"}}`), answerJSON(imagesAnswer(12, 1))))
	s := newStand(t, handler, onSpan)
	_, err := s.client.Images.Edit(t.Context(), edit(strings.NewReader("PICTURE")), option.WithHeader("Retry-After-Ms", "1"))
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(sent.String(), "PICTURE"))
	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, int64(1), attr(span, "http.request.resend_count"))
	assert.Len(t, partsOf(t, span, "gen_ai.input.messages"), 3)
	assert.Len(t, s.attempts(), 2)
}

func TestRefusedImagesAreAFailedSpan(t *testing.T) {
	s := newStand(t, answer(http.StatusBadRequest, "application/json", `{"error":{"code":"moderation_blocked","message":"No.","type":"image_generation_user_error"}}`))
	_, err := s.client.Images.Edit(t.Context(), edit(strings.NewReader("x")))
	require.Error(t, err)
	span := s.span(t)
	assert.Equal(t, "moderation_blocked", attr(span, "error.type"))
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "generate_content gpt-image-1", span.Name())
}

func TestCanceledImagesAreIncomplete(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newStand(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}))
	_, err := s.client.Images.Edit(ctx, edit(strings.NewReader("x")))
	require.ErrorIs(t, err, context.Canceled)
	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
}

// allocatedBy is what a call costs in bytes, beside what it costs untraced.
func allocatedBy(t *testing.T, l load, rounds int, opts ...otelgenai.Option) int64 {
	t.Helper()
	measure := func(opts ...option.RequestOption) int64 {
		call := l.client(opts...)
		require.NoError(t, call(t.Context()))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			require.NoError(t, call(t.Context()))
		}
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc-before.TotalAlloc) / int64(rounds)
	}
	return measure(traced(sdktrace.AlwaysSample(), opts...)) - measure()
}

func TestALargeAnswerWithImagesIsNotHeld(t *testing.T) {
	const size, most, piece = 30 << 20, 64 << 10, 32 << 10
	l := load{
		path: "images/generations", request: []byte(`{"prompt":"A cat.","model":"gpt-image-1"}`),
		answer: inMemory{contentType: "application/json"},
	}
	for answer := imagesAnswer(size/4*3, 1); answer != ""; {
		n := min(piece, len(answer))
		l.answer.parts = append(l.answer.parts, answer[:n])
		answer = answer[n:]
	}
	for name, opts := range map[string][]otelgenai.Option{"without content": nil, "with content": {onSpan}} {
		allocated := allocatedBy(t, l, 3, opts...)
		t.Logf("%s: %d bytes", name, allocated)
		assert.Less(t, allocated, int64(most), name)
	}
}

func TestALargeUploadIsNotCopied(t *testing.T) {
	const most = 256 << 10
	picture := strings.Repeat("PICTURE\r\n-", 25<<20/10)
	answer := inMemory{contentType: "application/json", parts: []string{`{"created":1,"data":[{"url":"u"}]}`}}
	allocated := func(opts ...option.RequestOption) int64 {
		client := openai.NewClient(append(opts, option.WithBaseURL("http://provider/v1/"), option.WithAPIKey("k"),
			option.WithHTTPClient(&http.Client{Transport: &answer}))...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := client.Images.Edit(t.Context(), edit(strings.NewReader(picture)))
		require.NoError(t, err)
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc - before.TotalAlloc)
	}
	allocated(traced(sdktrace.AlwaysSample(), onSpan)) // the pools are filled
	without := allocated()
	for name, sampler := range map[string]sdktrace.Sampler{"sampled": sdktrace.AlwaysSample(), "not sampled": sdktrace.NeverSample()} {
		with := allocated(traced(sampler, onSpan))
		t.Logf("%s: %d bytes, %d untraced", name, with, without)
		assert.Less(t, with, without+most, name)
	}
}

func TestALargeImageOfAStreamIsNotHeld(t *testing.T) {
	const size, most, piece = 30 << 20, 64 << 10, 32 << 10
	picture := base64.StdEncoding.EncodeToString(make([]byte, size/4*3))
	l := load{
		path: "images/generations", request: []byte(`{"prompt":"A cat.","model":"gpt-image-1","stream":true}`),
		answer: inMemory{contentType: "text/event-stream"},
	}
	for stream := "event: x\ndata: " + strings.Replace(completedImage, "QUJDRA==", picture, 1) + "\n\n"; stream != ""; {
		n := min(piece, len(stream))
		l.answer.parts = append(l.answer.parts, stream[:n])
		stream = stream[n:]
	}
	for name, opts := range map[string][]otelgenai.Option{"without content": nil, "with content": {onSpan}} {
		allocated := allocatedBy(t, l, 3, opts...)
		t.Logf("%s: %d bytes", name, allocated)
		assert.Less(t, allocated, int64(most), name)
	}
	s := newStand(t, answerStream(strings.Replace(completedImage, "QUJDRA==", picture, 1)), onSpan)
	stream := s.client.Images.GenerateStreaming(t.Context(), openai.ImageGenerateParams{Prompt: "A cat.", Model: "gpt-image-1"})
	require.True(t, stream.Next())
	assert.Len(t, stream.Current().B64JSON, len(picture))
	assert.False(t, stream.Next())
	span := s.span(t)
	assert.Nil(t, attr(span, "genotel.response.incomplete"))
	assert.Equal(t, int64(7), attr(span, "gen_ai.usage.output_tokens"))
	assert.InDelta(t, size/4*3, partsOf(t, span, "gen_ai.output.messages")[0]["bytes"], 0)
}

func TestTheCallerGetsTheImagesByteForByte(t *testing.T) {
	body := imagesAnswer(3<<20, 2)
	s := newStand(t, answerJSON(body))
	var got []byte
	require.NoError(t, s.client.Post(t.Context(), "images/generations", draw(), &got))
	assert.Equal(t, sha256.Sum256([]byte(body)), sha256.Sum256(got))
	assert.Equal(t, []string{"stop", "stop"}, attr(s.span(t), "gen_ai.response.finish_reasons"))
}

func TestGatewaysAndDeploymentsAreTracedToo(t *testing.T) {
	for _, path := range []string{
		"/openai/deployments/dall-e-3/images/generations", "/openai/deployments/gi/images/edits", "/gateway/openai/v1/images/variations",
		"/openai/deployments/w/audio/transcriptions", "/v1/audio/translations", "/x/audio/speech", "/v1/moderations",
	} {
		s := newStand(t, answerJSON(`{}`))
		var got []byte
		require.NoError(t, s.client.Post(t.Context(), path[1:], map[string]any{"model": "m"}, &got,
			option.WithBaseURL(s.server.URL)), path)
		assert.Equal(t, "m", attr(s.span(t), "gen_ai.request.model"), path)
	}
}
