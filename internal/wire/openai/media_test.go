package openai_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/otelgenai/record"
)

func TestMediaAreDescribedAndNotKept(t *testing.T) {
	const bytes = "\x89PNG\r\n\x1a\n not really a picture \xff\x00"
	encoded := base64.StdEncoding.EncodeToString([]byte(bytes))
	image := func(m record.Media, detail string) record.Part { return record.Image{Media: m, Detail: detail} }
	for name, test := range map[string]struct {
		part string
		want record.Part
	}{
		"an image by URL": {
			`{"type":"image_url","image_url":{"url":"https://x.test/a.png?size=1","detail":"low"}}`,
			image(record.Media{URI: "https://x.test/a.png?size=1"}, "low"),
		},
		"an image by URL in the short form": { // Mistral
			`{"type":"image_url","image_url":"https://x.test/a.png"}`, image(record.Media{URI: "https://x.test/a.png"}, ""),
		},
		"an image in a data URL": {
			`{"image_url":{"url":"data:image/png;base64,` + encoded + `"},"type":"image_url"}`,
			image(record.Media{MIMEType: "image/png", Blob: blob(bytes)}, ""),
		},
		"a data URL with parameters": {
			`{"type":"image_url","image_url":{"url":"data:image/svg+xml;charset=utf-8;base64,` + encoded + `"}}`,
			image(record.Media{MIMEType: "image/svg+xml", Blob: blob(bytes)}, ""),
		},
		"a data URL without padding": {
			`{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.TrimRight(encoded, "=") + `"}}`,
			image(record.Media{MIMEType: "image/png", Blob: blob(bytes)}, ""),
		},
		"a data URL with escaped slashes and line breaks": {
			`{"type":"image_url","image_url":{"url":"data:image\/png;base64,` + encoded[:8] + `\r\n` + encoded[8:] + `"}}`,
			image(record.Media{MIMEType: "image/png", Blob: blob(bytes)}, ""),
		},
		"a data URL in capitals": {
			`{"type":"image_url","image_url":{"url":"DATA:image/png;BASE64,` + encoded + `"}}`,
			image(record.Media{MIMEType: "image/png", Blob: blob(bytes)}, ""),
		},
		"a data URL that is no base64": {
			`{"type":"image_url","image_url":{"url":"data:image/png;base64,***"}}`,
			image(record.Media{MIMEType: "image/png", Blob: blob("***")}, ""),
		},
		"a data URL in percent notation": {
			`{"type":"image_url","image_url":{"url":"data:image/svg+xml,%3Csvg%20a='1+1'/%3E"}}`,
			image(record.Media{MIMEType: "image/svg+xml", Blob: blob(`<svg a='1+1'/>`)}, ""),
		},
		"a data URL in broken percent notation": {
			`{"type":"image_url","image_url":{"url":"data:text/plain,100%"}}`,
			image(record.Media{MIMEType: "text/plain", Blob: blob(`100%`)}, ""),
		},
		"a data URL without a type": {`{"type":"image_url","image_url":{"url":"data:,a"}}`, image(record.Media{Blob: blob("a")}, "")},
		"no image":                  {`{"type":"image_url"}`, image(record.Media{}, "")},
		"an image of a wrong type":  {`{"type":"image_url","image_url":7}`, image(record.Media{}, "")},
		"a URL of a wrong type":     {`{"type":"image_url","image_url":{"url":null,"detail":1}}`, image(record.Media{}, "")},

		"audio": {
			`{"type":"input_audio","input_audio":{"data":"` + encoded + `","format":"wav"}}`,
			record.Audio{Media: record.Media{MIMEType: "audio/wav", Blob: blob(bytes)}},
		},
		"audio without a format": {
			`{"type":"input_audio","input_audio":{"data":"` + encoded + `"}}`,
			record.Audio{Media: record.Media{Blob: blob(bytes)}},
		},
		"no audio":              {`{"type":"input_audio","input_audio":{}}`, record.Audio{}},
		"audio of a wrong type": {`{"type":"input_audio","input_audio":[]}`, record.Audio{}},

		"a file by its id": {
			`{"type":"file","file":{"file_id":"file-1"}}`, record.File{Media: record.Media{FileID: "file-1"}},
		},
		"a file in a data URL": {
			`{"type":"file","file":{"file_data":"data:application/pdf;base64,` + encoded + `","filename":"a.pdf"}}`,
			record.File{Name: "a.pdf", Media: record.Media{MIMEType: "application/pdf", Blob: blob(bytes)}},
		},
		"a file in bare base64": {
			`{"type":"file","file":{"filename":"a.pdf","file_data":"` + encoded + `"}}`,
			record.File{Name: "a.pdf", Media: record.Media{Blob: blob(bytes)}},
		},
		"a document by URL": { // Mistral
			`{"type":"document_url","document_url":"https://x.test/a.pdf"}`, record.File{Media: record.Media{URI: "https://x.test/a.pdf"}},
		},
		"a document in a data URL": {
			`{"document_url":"data:application/pdf;base64,` + encoded + `","type":"document_url"}`,
			record.File{Media: record.Media{MIMEType: "application/pdf", Blob: blob(bytes)}},
		},
		"a video in a data URL": { // OpenRouter
			`{"type":"video_url","video_url":{"url":"data:video/mp4;base64,` + encoded + `"}}`,
			record.File{Media: record.Media{MIMEType: "video/mp4", Blob: blob(bytes)}},
		},
		"no file":              {`{"type":"file"}`, record.File{}},
		"an empty file":        {`{"type":"file","file":{"file_data":""}}`, record.File{}},
		"a file of wrong type": {`{"type":"file","file":"file-1"}`, record.File{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := message(t, `{"role":"user","content":[`+test.part+`]}`)
			assert.Equal(t, parts(test.want), got.Parts)
		})
	}
}

func TestTheAudioOfAnAnswer(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte("sound"))
	for name, test := range map[string]struct {
		body string
		want []record.Part
	}{
		"has data and a transcript": {
			`{"role":"assistant","content":null,"audio":{"id":"audio_1","expires_at":1,"data":"` + encoded + `","transcript":"Hi."}}`,
			parts(record.Audio{Media: record.Media{Blob: blob("sound")}, Transcript: "Hi."}),
		},
		"may come before the content": {
			`{"audio":{"id":"audio_1","data":"` + encoded + `","transcript":"Hi."},"content":null,"role":"assistant"}`,
			parts(record.Audio{Media: record.Media{Blob: blob("sound")}, Transcript: "Hi."}),
		},
		"follows the text": {
			`{"audio":{"transcript":"Hi."},"content":"Hi.","role":"assistant"}`,
			parts(record.Text{Content: "Hi."}, record.Audio{Transcript: "Hi."}),
		},
		"may be empty, which is none": { // Snowflake
			`{"audio":{"data":"","expires_at":0,"id":"","transcript":""},"content":"4","role":"assistant"}`,
			parts(record.Text{Content: "4"}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, answer(t, test.body).Parts)
		})
	}
	t.Run("is only referred to in the next request", func(t *testing.T) {
		got := message(t, `{"role":"assistant","audio":{"id":"audio_1"}}`)
		assert.Equal(t, parts(record.Audio{Media: record.Media{FileID: "audio_1"}}), got.Parts)
	})
}

func TestMediaDoNotSpendTheBudgetOfTexts(t *testing.T) {
	const megabytes = 5 << 20
	data := strings.Repeat("\x00\x01\x02", megabytes/3)
	encoded := base64.StdEncoding.EncodeToString([]byte(data))
	call := ask(`{"messages":[{"role":"user","content":[
		{"type":"file","file":{"file_data":"` + encoded + `"}},
		{"type":"file","file":{"file_data":"data:application/pdf;base64,` + encoded + `"}},
		{"type":"image_url","image_url":{"url":"data:image/png;base64,` + encoded + `"}},
		{"type":"input_audio","input_audio":{"data":"` + encoded + `","format":"wav"}},
		{"type":"text","text":"What is this?"}]}]}`)
	assert.False(t, call.Content.Truncated)
	assert.Equal(t, parts(
		record.File{Media: record.Media{Blob: blob(data)}},
		record.File{Media: record.Media{MIMEType: "application/pdf", Blob: blob(data)}},
		record.Image{Media: record.Media{MIMEType: "image/png", Blob: blob(data)}},
		record.Audio{Media: record.Media{MIMEType: "audio/wav", Blob: blob(data)}},
		record.Text{Content: "What is this?"},
	), call.Request.Messages[0].Parts)
}
