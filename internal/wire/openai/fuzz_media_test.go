package openai_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// blobOf describes what stands in base64, nil for nothing.
func (o *oracle) blobOf(encoded string) *record.Blob {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || bytes.ContainsAny([]byte(encoded), "\r\n") { // padding may be missing, and is not always checked
		o.unclear = true
	}
	if len(data) == 0 {
		return nil
	}
	return blob(string(data))
}

// picturesOf reads the images of a response.
func (o *oracle) picturesOf(response object) (pictures []*record.Blob) {
	for _, v := range elements(response["data"]) {
		entry := members(v)
		encoded, isText := entry["b64_json"].(string)
		if _, linked := entry["url"]; linked || entry["b64_json"] != nil && !isText {
			o.unclear = true
		}
		if isText {
			pictures = append(pictures, o.blobOf(encoded))
		}
	}
	return pictures
}

func FuzzImagesResponse(f *testing.F) {
	for _, seed := range []string{
		`{"created":1,"data":[{"b64_json":"QUJD","revised_prompt":"A \"cat\"."},{"b64_json":"QQ=="}],"usage":{"input_tokens":5,"output_tokens":6,"total_tokens":11}}`,
		`{"data":[{"b64_json":"QQ\/\u002b"}],"x":{"b64_json":"QUJD"},"model":"m"}`, `{"data":[{"b64\u005fjson":"QUJD"}],"b64_json":["QUJD"]}`,
		` { "data" : [ { "b64_json" : "QUJD" } , { "url" : "https://h/?sig=x" } ] } `, `{"data":[{"b64_json":""}],"output_format":"png"}`,
		`{"error":{"message":"b64_json: \"","code":502}}`, `{"data":[{"b64_json":"QUJ`, `{}}`, `[]`, ``, `{"b64_json":5,"data":[{"b64_json":0}]}`,
		`{"data":[{"b64_json":"AAAA"},[{"b64_json":"AAAA"}]],"x":"` + "\xff" + `"}`,
	} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		call, complete := pictured(`{}`, string(body), len(body)+1)
		sound(t, call, len(body)+64)
		for _, piece := range []int{1, 2, 1 + int(cut)} {
			again, completeAgain := pictured(`{}`, string(body), piece)
			require.Equal(t, call, again, "in pieces of %d", piece)
			require.Equal(t, complete, completeAgain)
		}
		event := openai.NewImages(new(record.Call))
		event.Request([]byte(`{}`), true)
		sifted := event.Sift(body)
		require.LessOrEqual(t, len(sifted), 2*len(body))
		event.Event(sifted)

		var o oracle
		r, ok := o.document(body).(object)
		if !ok || o.unclear || len(body) > 8<<10 {
			return
		}
		pictures := o.picturesOf(r)
		usage := members(r["usage"])
		input, output, total := o.count(usage["input_tokens"]), o.count(usage["output_tokens"]), o.count(usage["total_tokens"])
		if o.unclear {
			return
		}
		require.Equal(t, o.failed(r["error"]), call.Error != nil)
		require.Equal(t, str(r["model"]), call.Response.Model)
		require.Equal(t, []int64{input, output, total}, []int64{call.Usage.Input.Or(-1), call.Usage.Output.Or(-1), call.Usage.Total.Or(-1)})
		require.Len(t, call.Response.Choices, len(pictures))
		require.Equal(t, len(pictures) > 0, complete)
		for i, picture := range pictures {
			require.Equal(t, picture, call.Response.Choices[i].Message.Parts[0].(record.Image).Blob)
		}
	})
}

func FuzzTranscriptionResponse(f *testing.F) {
	for _, seed := range []string{
		`{"text":"Hello.","duration":1.5,"usage":{"type":"tokens","input_tokens":5,"input_token_details":{"audio_tokens":4},"output_tokens":6}}`,
		`{"text":7}`, `{"usage":{"type":"duration","seconds":-3},"text":""}`, `WEBVTT`, `{"text":"a`, `{"error":{"code":"x"}}`, "", "\xff",
		`{"type":"transcript.text.delta","delta":"a"}`, `{"type":"transcript.text.done","text":"a"}`, `{"type":"speech.audio.delta","audio":"AAAA"}`,
		`{"type":"speech.audio.done","usage":null}`, `{"type":"error","error":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, form := range []string{"json", "text"} {
			call, complete := heard(form, "", string(body), false)
			sound(t, call, len(body)+64)
			require.Equal(t, complete, len(call.Response.Choices) > 0 && call.Response.Choices[0].FinishReason == "stop")
		}
		for _, exchange := range []wire.Exchange{openai.NewSpeech(new(record.Call)), openai.NewTranscription(new(record.Call))} {
			exchange.Request(body, true)
			exchange.Event(body)
			exchange.Finish()
			exchange.Content(new(record.Call))
		}

		var o oracle
		r, ok := o.document(body).(object)
		if !ok || o.unclear {
			return
		}
		call, complete := heard("json", "", string(body), false)
		text, isText := r["text"].(string)
		require.Equal(t, isText, complete)
		require.Equal(t, o.failed(r["error"]), call.Error != nil)
		if isText {
			require.Equal(t, []record.Part{record.Text{Content: text}}, call.Response.Choices[0].Message.Parts)
		}
	})
}

func FuzzModeration(f *testing.F) {
	for _, seed := range []string{
		`{"id":"modr-1","model":"m","results":[{"flagged":true,"categories":{"hate":true,"self-harm/intent":false}}]}`,
		`{"results":[{"flagged":1,"categories":{"a b":true,"":true,"x":null}},7,null]}`, `{"results":[{"flagged":true`, `{"results":{}}`, `[]`, ``,
		`{"input":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		call, complete := moderated(string(body), string(body), true)
		sound(t, call, len(body)+64)

		var o oracle
		r, ok := o.document(body).(object)
		if !ok || o.unclear {
			return
		}
		var flagged []bool
		for _, v := range elements(r["results"]) {
			verdict, isObject := v.(object)
			said, isBool := verdict["flagged"].(bool)
			if isObject && !isBool {
				return // told by its categories
			}
			if isObject {
				flagged = append(flagged, said)
			}
		}
		require.Equal(t, len(flagged) > 0, complete)
		require.Len(t, call.Response.Moderations, len(flagged))
		for i := range flagged {
			require.Equal(t, flagged[i], call.Response.Moderations[i].Flagged)
		}
	})
}
