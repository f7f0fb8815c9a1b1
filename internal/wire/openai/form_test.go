package openai_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

const boundary = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"

// form writes a form of fields, given as name and value in turn. The name of a file
// stands behind that of its field: image/cat.png.
func form(t testing.TB, fields ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.SetBoundary(boundary))
	for i := 0; i < len(fields); i += 2 {
		name, file, isFile := strings.Cut(fields[i], "/")
		if !isFile {
			require.NoError(t, w.WriteField(name, fields[i+1]))
			continue
		}
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="` + name + `"; filename="` + file + `"`}, "Content-Type": {"image/png"},
		})
		require.NoError(t, err)
		_, err = io.WriteString(part, fields[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// filled decodes a form, content included.
func filled(exchange func(*record.Call) wire.Form, form []byte, piece int) *record.Call {
	call := new(record.Call)
	x := exchange(call)
	x.Form(boundary, true)
	for len(form) > 0 {
		n := min(piece, len(form))
		x.FormPiece(form[:n])
		form = form[n:]
	}
	x.FormEnd()
	x.Finish()
	x.Content(call)
	return call
}

func images(c *record.Call) wire.Form { return openai.NewImages(c) }

func transcription(c *record.Call) wire.Form { return openai.NewTranscription(c) }

func TestAFormWithImages(t *testing.T) {
	body := form(t, "image[]/a.png", strings.Repeat("\r\n--", 999), "image[]/b.png", "", "mask/m.png", "xyz", "other/o.png", "o",
		"prompt", "A cät, please.", "model", "gpt-image-1", "n", "3", "size", "1024x1024", "stream", "true", "user", "ann")
	for _, piece := range []int{1, 77, len(body)} {
		assert.Equal(t, record.Request{
			Model: "gpt-image-1", Stream: true, ChoiceCount: some(3), OutputType: "image",
			Options: []record.Option{{Name: "size", Value: "1024x1024"}},
			Messages: []record.Message{{Role: "user", Parts: parts(
				record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 4 * 999}}, Name: "a.png", Field: "image[]"},
				record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{}}, Name: "b.png", Field: "image[]"},
				record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 3}}, Name: "m.png", Field: "mask"},
				record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 1}}, Name: "o.png"},
				record.Text{Content: "A cät, please."},
			)}},
		}, filled(images, body, piece).Request)
	}
}

func TestAFormWithSound(t *testing.T) {
	body := form(t, "file/talk.mp3", "ID3", "model", "whisper-1", "language", "de", "prompt", "ZyntriQix", "response_format", "verbose_json",
		"temperature", "0.2", "timestamp_granularities[]", "word")
	assert.Equal(t, record.Request{
		Model: "whisper-1", OutputType: "text", Temperature: record.Some(0.2),
		Options: []record.Option{{Name: "language", Value: "de"}, {Name: "response_format", Value: "verbose_json"}},
		Messages: []record.Message{{Role: "user", Parts: parts(
			record.Audio{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 3}}, Name: "talk.mp3"},
			record.Text{Content: "ZyntriQix"},
		)}},
	}, filled(transcription, body, 10).Request)
}

func TestALongTextOfAFormIsCut(t *testing.T) {
	text := "x" + strings.Repeat("ä", 40<<10)
	call := filled(images, form(t, "prompt", text, "model", strings.Repeat("m", 257)), 1000)
	assert.True(t, call.Content.Truncated)
	assert.Empty(t, call.Request.Model, "half a name is another name")
	got := call.Request.Messages[0].Parts[0].(record.Text).Content
	kept, rest, found := strings.Cut(got, "…[")
	assert.True(t, found)
	assert.Equal(t, text[:len(kept)], kept)
	assert.InDelta(t, 64<<10, len(kept), 4)
	assert.Contains(t, rest, " bytes cut]")
}

func TestAFormThatIsCutIsAnIncompleteRequest(t *testing.T) {
	body := form(t, "model", "gpt-image-1", "image/a.png", "a payload", "n", "2")
	cut, _, _ := bytes.Cut(body, []byte("payload"))
	call := filled(images, cut, 33)
	assert.Equal(t, "gpt-image-1", call.Request.Model)
	assert.Equal(t, none, call.Request.ChoiceCount)
	assert.Equal(t, parts(record.Image{Media: record.Media{MIMEType: "image/png"}, Name: "a.png", Field: "image"}), call.Request.Messages[0].Parts)
	assert.Nil(t, call.Error)
}

func TestAFormIsNotKeptWhereNobodyWantsContent(t *testing.T) {
	call := new(record.Call)
	x := openai.NewImages(call)
	x.Form(boundary, false)
	x.FormPiece(form(t, "image/a.png", "MARKER", "prompt", "MARKER", "model", "m", "size", "1x1"))
	x.FormEnd()
	assert.Zero(t, x.Retained())
	x.Content(call)
	assert.Equal(t, record.Request{Model: "m", OutputType: "image", Options: []record.Option{{Name: "size", Value: "1x1"}}}, call.Request)
}

// counted counts what is read of it, and gives no more than its reader asks for.
type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

func TestTheModelIsFoundInAFormWithoutReadingTheFile(t *testing.T) {
	large := strings.Repeat("\r\n--"+boundary[:50]+"0123456789", 500<<10/64)
	behind, before := form(t, "file/a.mp3", large, "model", "whisper-1"), form(t, "model", "whisper-1", "file/a.mp3", large)
	small := form(t, "file/a.mp3", "x", "model", "whisper-1", "prompt", "p")

	assert.Equal(t, "whisper-1", openai.FormModel(boundary, bytes.NewReader(behind)), "in memory, from the end")
	assert.Equal(t, "whisper-1", openai.FormModel(boundary, bytes.NewReader(small)))
	for _, body := range [][]byte{before, small} {
		assert.Equal(t, "whisper-1", openai.FormModel(boundary, &counted{Reader: bytes.NewReader(body)}))
		assert.Equal(t, "whisper-1", openai.FormModel(boundary, iotest.OneByteReader(bytes.NewReader(body))))
	}

	r := &counted{Reader: bytes.NewReader(behind)}
	assert.Empty(t, openai.FormModel(boundary, r), "that would take a look at the whole file")
	assert.Less(t, r.n, 300<<10)

	assert.Empty(t, openai.FormModel(boundary, iotest.ErrReader(errors.New("gone"))))
	assert.Empty(t, openai.FormModel(boundary, bytes.NewReader(form(t, "file/a.mp3", "x"))))
	assert.Empty(t, openai.FormModel("another", bytes.NewReader(small)))
}

func BenchmarkFormModel(b *testing.B) {
	body := form(b, "file/a.mp3", strings.Repeat("0123456789abcde\r", 25<<20/16), "model", "whisper-1")
	b.ReportAllocs()
	for b.Loop() {
		if openai.FormModel(boundary, bytes.NewReader(body)) == "" {
			b.Fatal("no model")
		}
	}
}

// foreignEnds finds lines that end with LF alone, which the scanner does not take for
// the ends of lines of a form.
var foreignEnds = regexp.MustCompile(boundary + `(--)?[ \t]*\n`)

func FuzzMediaForm(f *testing.F) {
	f.Add(form(f, "image/a.png", "x\r\n--", "prompt", "A cat.", "model", "m", "n", "2"), uint8(3))
	f.Add(form(f, "file/a.mp3", "", "language", "\xff", "temperature", "-1", "instructions", "i", "stream", "true"), uint8(30))
	f.Add([]byte("--"+boundary+"\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, body []byte, piece uint8) {
		for _, exchange := range []func(*record.Call) wire.Form{images, transcription} {
			call := filled(exchange, body, len(body)+1)
			sound(t, call, len(body)+16)
			require.Equal(t, call, filled(exchange, body, 1+int(piece)))
		}
		openai.FormModel(boundary, bytes.NewReader(body))

		want, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(1 << 20)
		models := 0
		if err == nil {
			models = len(want.Value["model"])
		}
		if len(body) > 1<<10 || models != 1 || bytes.Contains(body, []byte("Encoding")) || foreignEnds.Match(body) || len(want.Value["model"][0]) > 256 ||
			len(want.File["model"]) > 0 {
			return
		}
		model := want.Value["model"][0]
		require.Equal(t, strings.ToValidUTF8(model, "\uFFFD"), filled(images, body, 5).Request.Model)
	})
}
