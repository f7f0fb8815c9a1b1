package openai_test

import (
	"encoding/base64"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// pictured decodes a call for images, content included, its response in pieces of
// the given size.
func pictured(request, response string, piece int) (call *record.Call, complete bool) {
	call = new(record.Call)
	images := openai.NewImages(call)
	images.Request([]byte(request), true)
	for response != "" {
		n := min(piece, len(response))
		images.Piece([]byte(response[:n]))
		response = response[n:]
	}
	images.Response(nil)
	complete = images.Finish()
	images.Content(call)
	return call, complete
}

func base64Of(data string) string { return base64.StdEncoding.EncodeToString([]byte(data)) }

// drawn is a choice with one image.
func drawn(index int, media record.Media, revised ...string) record.Choice {
	m := record.Message{Role: "assistant", Parts: []record.Part{record.Image{Media: media}}}
	for _, text := range revised {
		m.Parts = append(m.Parts, record.Text{Content: text})
	}
	return record.Choice{Index: index, FinishReason: "stop", Message: m}
}

func TestARequestForImages(t *testing.T) {
	call, _ := pictured(`{"prompt":"A cat.","model":"gpt-image-1","n":2,"size":"1024x1024","quality":"high","output_format":"webp",`+
		`"output_compression":80,"background":"transparent","user":"ann","stream":true,"partial_images":2,"style":null,"moderation":{}}`, `{}`, 1)
	assert.Equal(t, record.Request{
		Model: "gpt-image-1", Stream: true, ChoiceCount: some(2), OutputType: "image",
		Options: []record.Option{
			{Name: "size", Value: "1024x1024"},
			{Name: "quality", Value: "high"},
			{Name: "output_format", Value: "webp"},
			{Name: "output_compression", Value: "80"},
			{Name: "background", Value: "transparent"},
			{Name: "partial_images", Value: "2"},
		},
		Messages: []record.Message{said("user", "A cat.")},
	}, call.Request)
}

func TestImagesAreDescribedAndNotKept(t *testing.T) {
	one, two := strings.Repeat("\x00picture", 999), "\xff\xfe"
	response := `{"created":1,"background":"opaque","data":[{"b64_json":"` + base64Of(one) + `","revised_prompt":"A \"cat\"."},` +
		`{"b64_json":"` + strings.ReplaceAll(base64Of(two), "/", `\/`) + `"},{"url":"https://h/i.png","revised_prompt":"A dog."},{"x":1},null],` +
		`"output_format":"png","usage":{"input_tokens":50,"input_tokens_details":{"image_tokens":40,"text_tokens":10},` +
		`"output_tokens":4160,"output_tokens_details":{"image_tokens":4150,"text_tokens":10},"total_tokens":4210}}`
	for piece := 1; piece < len(response); piece += 1 + piece/3 {
		call, complete := pictured(`{}`, response, piece)
		require.True(t, complete)
		require.Nil(t, call.Error)
		require.Equal(t, []record.Choice{
			drawn(0, record.Media{MIMEType: "image/png", Blob: blob(one)}, `A "cat".`),
			drawn(1, record.Media{MIMEType: "image/png", Blob: blob(two)}),
			drawn(2, record.Media{URI: "https://h/i.png"}, "A dog."),
		}, call.Response.Choices)
		require.Equal(t, record.Usage{
			Input: some(50), Output: some(4160), Total: some(4210), ImageInput: some(40), TextInput: some(10),
			ImageOutput: some(4150), TextOutput: some(10),
		}, call.Usage)
	}
}

func TestBase64IsReadAsItIsWritten(t *testing.T) {
	for name, test := range map[string]struct {
		written string
		want    *record.Blob
	}{
		"padded":               {"QQ==", blob("A")},
		"unpadded":             {"QUI", blob("AB")},
		"lines":                {`QUJD\nRE\r\nVG`, blob("ABCDEF")},
		"escaped":              {`\u0051U\u004a\u0044`, blob("ABC")},
		"no base64":            {"not base64!", &record.Blob{Bytes: 11}},
		"padding in between":   {"QQ==QQ==", &record.Blob{Bytes: 8}},
		"one character behind": {"QUJDR", &record.Blob{Bytes: 5}},
		"nothing":              {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for piece := range 6 {
				call, complete := pictured(`{}`, `{"data":[{"b64_json":"`+test.written+`"}]}`, piece+1)
				require.True(t, complete)
				media := record.Media{Blob: test.want}
				require.Equal(t, []record.Choice{drawn(0, media)}, call.Response.Choices)
			}
			event := `{"type":"image_generation.completed","b64_json":"` + test.written + `"}`
			images := openai.NewImages(new(record.Call))
			images.Request([]byte(`{"stream":true}`), true)
			images.Event(images.Sift([]byte(event)))
			require.True(t, images.Finish())
			call := &record.Call{Response: record.Response{Choices: make([]record.Choice, 1)}}
			images.Content(call)
			require.Equal(t, test.want, call.Response.Choices[0].Message.Parts[0].(record.Image).Blob)
		})
	}
}

func TestTheSignatureOfAnAddressIsNotKept(t *testing.T) {
	for address, want := range map[string]string{
		"https://h/i.png?se=2026&sig=SECRET%3D":  "https://h/i.png",
		"https://h/i.png?X-Amz-Signature=SECRET": "https://h/i.png",
		"https://h/i.png?%zz":                    "https://h/i.png",
		"https://h/i.png?size=2":                 "https://h/i.png?size=2",
	} {
		call, _ := pictured(`{}`, `{"data":[{"url":`+quoted(address)+`}]}`, 7)
		assert.Equal(t, want, call.Response.Choices[0].Message.Parts[0].(record.Image).URI)
	}
}

func TestAnAnswerWithImagesThatIsCutKeepsTheWholeOnes(t *testing.T) {
	call, complete := pictured(`{}`, `{"usage":{"input_tokens":5},"data":[{"b64_json":"QUJD"},{"b64_json":"QUJ`, 9)
	assert.False(t, complete)
	assert.Equal(t, []record.Choice{drawn(0, record.Media{Blob: blob("ABC")})}, call.Response.Choices)
	assert.Equal(t, record.Usage{}, call.Usage)
	assert.Equal(t, wire.DecodeError, call.Error.Type)
}

func TestAnAnswerWithMoreThanIsKeptIsTruncated(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	call, complete := pictured(`{}`, `{"data":[{"url":"u"},{"url":"v","revised_prompt":"`+long+`"}],"usage":{"input_tokens":5}}`, 999)
	assert.Nil(t, call.Error)
	assert.True(t, complete)
	assert.True(t, call.Content.Truncated)
	assert.Equal(t, record.Usage{}, call.Usage, "it was not seen")
	assert.Less(t, size(call), 128<<10)
}

func TestAnErrorInsideAnAnswerForImages(t *testing.T) {
	call, complete := pictured(`{}`, `{"error":{"code":"moderation_blocked","message":"No."}}`, 5)
	assert.False(t, complete)
	assert.Equal(t, &record.Error{Type: "moderation_blocked", Code: "moderation_blocked", Message: "No."}, call.Error)
}

func TestImagesOfAStream(t *testing.T) {
	call := new(record.Call)
	images := openai.NewImages(call)
	images.Request([]byte(`{"stream":true,"n":2,"prompt":"A cat."}`), true)
	partial := `{"type":"image_generation.partial_image","b64_json":"QUJD","partial_image_index":0}`
	completed := func(data string) string {
		return `{"type":"image_generation.completed","b64_json":"` + base64Of(data) + `","output_format":"jpeg",` +
			`"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16}}`
	}
	assert.Equal(t, wire.Generated, images.Event(images.Sift([]byte(partial))))
	assert.Equal(t, wire.Generated, images.Event(images.Sift([]byte(completed("one")))), "another one is to come")
	assert.Equal(t, wire.Generated, images.Event(images.Sift([]byte(completed("two")))))
	assert.Zero(t, images.Event([]byte(`{"type":"image_generation.of_tomorrow"}`)))
	assert.Equal(t, wire.Done, images.Event([]byte(`[DONE]`)))
	assert.True(t, images.Finish())
	images.Content(call)
	assert.Equal(t, record.Stream{Chunks: 4, ContentChunks: 3}, call.Stream)
	assert.Equal(t, []record.Choice{
		drawn(0, record.Media{MIMEType: "image/jpeg", Blob: blob("one")}), drawn(1, record.Media{MIMEType: "image/jpeg", Blob: blob("two")}),
	}, call.Response.Choices)
	assert.Equal(t, record.Usage{Input: some(7), Output: some(9), Total: some(16)}, call.Usage)
}

func TestAStreamThatFailsTellsWhy(t *testing.T) {
	for name, event := range map[string]string{
		"an object":   `{"type":"error","error":{"type":"image_generation_error","code":"moderation_blocked","message":"No."}}`,
		"its members": `{"type":"error","code":"moderation_blocked","message":"No.","param":null}`,
	} {
		for kind, exchange := range map[string]func(*record.Call) wire.Exchange{
			"images":        func(c *record.Call) wire.Exchange { return openai.NewImages(c) },
			"speech":        func(c *record.Call) wire.Exchange { return openai.NewSpeech(c) },
			"transcription": func(c *record.Call) wire.Exchange { return openai.NewTranscription(c) },
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				call := new(record.Call)
				x := exchange(call)
				x.Request([]byte(`{"stream":true}`), true)
				x.Event([]byte(event))
				assert.False(t, x.Finish())
				require.NotNil(t, call.Error)
				assert.Equal(t, "moderation_blocked", call.Error.Type)
				assert.Equal(t, "No.", call.Error.Message)
			})
		}
	}
}

func TestTheEventsOfAStreamAreSiftedWhereverTheyAreCut(t *testing.T) {
	stream := ": a \"comment\r\nevent: image_generation.partial_image\r\ndata: {\"b64_json\":\"QUJD\",\"type\":\"a b\"}\r\n\r\n" +
		"data:{\"type\":\"x.completed\",\"b64_json\" : \"Q\\u0055JD\\n\", \"usage\":{}}\n\ndata: {\"b64_json\":\"QU\n\ndata: {\"b64_json\":null}\n\ndata: [DONE]"
	const want = ":a\"comment\r\nevent:image_generation.partial_image\r\ndata:{\"b64_json\":0,\"type\":\"a b\"}\r\n\r\n" +
		"data:{\"type\":\"x.completed\",\"b64_json\":1,\"usage\":{}}\n\ndata:{\"b64_json\":\n\ndata:{\"b64_json\":null}\n\ndata:[DONE]"
	for piece := 1; piece <= len(stream); piece++ {
		images := openai.NewImages(new(record.Call))
		images.Request([]byte(`{"stream":true}`), true)
		got := ""
		for rest := stream; rest != ""; {
			n := min(piece, len(rest))
			got += string(images.Sift([]byte(rest[:n])))
			rest = rest[n:]
		}
		require.Equal(t, want, got, piece)
	}
}

func TestTheCostOfAnImageDoesNotGrowWithTheSizeOfAPiece(t *testing.T) {
	const size = 4 << 20 // were it looked through at each escape, this would take minutes
	slashes := strings.Repeat(`\/`, size)
	call, complete := pictured(`{}`, `{"data":[{"b64_json":"`+slashes+`"}]}`, 1<<30)
	assert.True(t, complete)
	assert.Equal(t, blob(strings.Repeat("\xff", size/4*3)), call.Response.Choices[0].Message.Parts[0].(record.Image).Blob)

	images := openai.NewImages(new(record.Call))
	images.Request([]byte(`{"stream":true}`), true)
	for _, end := range []string{"\n", "\r"} {
		lines := []byte(strings.Repeat("x"+end, size))
		assert.Equal(t, string(lines), string(images.Sift(lines)))
	}
}

func BenchmarkImages(b *testing.B) {
	const piece = 32 << 10
	answer := []byte(`{"data":[{"b64_json":"` + base64Of(strings.Repeat("\x89PNG\r\n", 1<<20)) + `"}]}`)
	for name, content := range map[string]bool{"content": true, "no content": false} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(answer)))
			b.ReportAllocs()
			for b.Loop() {
				images := openai.NewImages(new(record.Call))
				images.Request([]byte(`{}`), content)
				for rest := answer; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
					images.Piece(rest[:min(piece, len(rest))])
				}
				images.Response(nil)
				if !images.Finish() {
					b.Fatal("incomplete")
				}
			}
		})
	}
}

func TestImagesThatNobodyWantsOrThatAreTooManyCostNoMemory(t *testing.T) {
	body := []byte(`{"data":[` + strings.Repeat(`{"b64_json":"aGk="},`, 100_000) + `{"b64_json":"aGk="}]}`)
	for _, wanted := range []bool{false, true} {
		call := new(record.Call)
		images := openai.NewImages(call)
		images.Request([]byte(`{}`), wanted)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		images.Piece(body)
		runtime.ReadMemStats(&after)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20))
		images.Response(nil)
		images.Finish()
		assert.NotEmpty(t, call.Response.Choices)
	}
}

func TestEachOfManyImagesHasADescriptionOfItsOwn(t *testing.T) {
	call, _ := pictured(`{}`, `{"data":[{"b64_json":"QUJD"},{"b64_json":"!"},{"b64_json":""},{"b64_json":"RA=="},{"b64_json":"QUJD"}]}`, 3)
	require.Len(t, call.Response.Choices, 5)
	for i, want := range []*record.Blob{blob("ABC"), {Bytes: 1}, nil, blob("D"), blob("ABC")} {
		assert.Equal(t, want, call.Response.Choices[i].Message.Parts[0].(record.Image).Blob, i)
	}
}
