package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// spoken decodes a call for speech of which the sound comes as the given type; length
// is what the response says, closed that the caller did not read to the end.
func spoken(request, contentType, sound string, length int, closed bool) (call *record.Call, complete bool) {
	call = new(record.Call)
	speech := openai.NewSpeech(call)
	speech.Request([]byte(request), true)
	speech.Type(contentType, int64(length))
	for _, piece := range []string{sound[:len(sound)/2], sound[len(sound)/2:]} {
		speech.Piece([]byte(piece))
	}
	if closed {
		speech.Cut()
	}
	speech.Response(nil)
	complete = speech.Finish()
	speech.Content(call)
	return call, complete
}

func TestSpeechIsCountedAndNotKept(t *testing.T) {
	const request = `{"input":"Hello.","instructions":"Whisper.","model":"gpt-4o-mini-tts","voice":"alloy","response_format":"mp3","speed":1.5}`
	call, complete := spoken(request, "audio/mpeg; x=y", "ID3...", -1, false)
	assert.True(t, complete)
	assert.Equal(t, record.Request{
		Model: "gpt-4o-mini-tts", OutputType: "speech", System: parts(record.Text{Content: "Whisper."}),
		Messages: []record.Message{said("user", "Hello.")},
		Options: []record.Option{
			{Name: "voice", Value: "alloy"}, {Name: "response_format", Value: "mp3"}, {Name: "speed", Value: "1.5"},
		},
	}, call.Request)
	assert.Equal(t, record.Response{AudioBytes: some(6), Choices: []record.Choice{{FinishReason: "stop", Message: record.Message{
		Role: "assistant", Parts: parts(record.Audio{Media: record.Media{MIMEType: "audio/mpeg", Blob: blob("ID3...")}}),
	}}}}, call.Response)
	call, _ = spoken(`{"voice":{"id":"voice_1"},"stream_format":"audio"}`, "application/octet-stream", "x", -1, false)
	assert.Equal(t, []record.Option{{Name: "voice", Value: "voice_1"}, {Name: "stream_format", Value: "audio"}}, call.Request.Options)
	assert.False(t, call.Request.Stream)
}

func TestSpeechIsCompleteWhenAllOfItWasRead(t *testing.T) {
	for name, test := range map[string]struct {
		sound    string
		length   int
		closed   bool
		complete bool
	}{
		"to its end":                      {"sound", 5, false, true},
		"of no known length":              {"sound", -1, false, true},
		"closed, but all of it was there": {"sound", 5, true, true},
		"closed in between":               {"soun", 5, true, false},
		"closed, and nobody knows":        {"sound", -1, true, false},
		"nothing":                         {"", 0, false, false},
	} {
		call, complete := spoken(`{}`, "audio/mpeg", test.sound, test.length, test.closed)
		assert.Equal(t, test.complete, complete, name)
		assert.EqualValues(t, len(test.sound), call.Response.AudioBytes.Or(0), name)
	}
}

func TestJSONInPlaceOfSpeechIsAnError(t *testing.T) {
	call, complete := spoken(`{}`, "application/json", `{"error":{"code":"quota","message":"No."}}`, -1, false)
	assert.False(t, complete)
	assert.Equal(t, "quota", call.Error.Type)
	call, complete = spoken(`{}`, "application/problem+json", `{"x":"`+strings.Repeat("y", 9<<10)+`"}`, -1, false)
	assert.False(t, complete)
	assert.Equal(t, wire.DecodeError, call.Error.Type)
}

func TestSpeechAsEvents(t *testing.T) {
	call := new(record.Call)
	speech := openai.NewSpeech(call)
	speech.Request([]byte(`{"stream_format":"sse","response_format":"wav"}`), true)
	assert.True(t, speech.Type("text/event-stream; charset=utf-8", -1))
	assert.Equal(t, wire.Generated, speech.Event([]byte(`{"type":"speech.audio.delta","audio":"`+base64Of("RI")+`"}`)))
	assert.Equal(t, wire.Generated, speech.Event([]byte(`{"type":"speech.audio.delta","audio":"`+base64Of("FFx")+`"}`)))
	assert.Zero(t, speech.Event([]byte(`{"type":"speech.audio.delta","audio":""}`)))
	assert.False(t, speech.Finish())
	done := `{"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}`
	assert.Equal(t, wire.Done, speech.Event([]byte(done)))
	assert.True(t, speech.Finish())
	speech.Content(call)
	assert.True(t, call.Request.Stream)
	assert.Equal(t, record.Stream{Chunks: 4, ContentChunks: 2}, call.Stream)
	assert.Equal(t, record.Usage{Input: some(14), Output: some(101), Total: some(115)}, call.Usage)
	assert.Equal(t, some(5), call.Response.AudioBytes)
	assert.Equal(t, parts(record.Audio{Media: record.Media{MIMEType: "audio/wav", Blob: blob("RIFFx")}}), call.Response.Choices[0].Message.Parts)
}

// heard decodes a transcription.
func heard(format, contentType, response string, closed bool) (call *record.Call, complete bool) {
	call = new(record.Call)
	x := openai.NewTranscription(call)
	x.Request([]byte(`{"model":"whisper-1","response_format":"`+format+`"}`), true)
	x.Type(contentType, -1)
	if closed {
		x.Cut()
	}
	x.Response([]byte(response))
	complete = x.Finish()
	x.Content(call)
	return call, complete
}

func TestATranscriptHasManyForms(t *testing.T) {
	const text, srt = "Hello, you.", "1\n00:00:00,000 --> 00:00:01,000\nHello, you.\n"
	for name, test := range map[string]struct {
		format, contentType, response, want string
		seconds                             record.Opt[float64]
		usage                               record.Usage
	}{
		"JSON": {
			"json", "application/json", `{"text":"Hello, you.","usage":{"type":"tokens","input_tokens":14,"input_token_details":` +
				`{"text_tokens":4,"audio_tokens":10},"output_tokens":5,"total_tokens":19}}`, text,
			record.Opt[float64]{},
			record.Usage{Input: some(14), Output: some(5), Total: some(19), TextInput: some(4), AudioInput: some(10)},
		},
		"verbose": {
			"verbose_json", "application/json", `{"task":"transcribe","language":"english","duration":1.25,"text":"Hello, you.",` +
				`"segments":[{"id":0,"text":"other"}],"usage":{"type":"duration","seconds":2}}`, text, record.Some(1.25), record.Usage{},
		},
		"Mistral": {
			"", "application/json", `{"model":"m","text":"Hello, you.","usage":{"prompt_audio_seconds":3,"prompt_tokens":4,"completion_tokens":5,"total_tokens":9}}`,
			text, record.Some(3.0),
			record.Usage{Input: some(4), Output: some(5), Total: some(9)},
		},
		"billed by time":    {"", "", `{"text":"Hello, you.","usage":{"type":"duration","seconds":2}}`, text, record.Some(2.0), record.Usage{}},
		"text":              {"text", "text/plain; charset=utf-8", text, text, record.Opt[float64]{}, record.Usage{}},
		"text like JSON":    {"text", "text/plain", `{"text":"x"}`, `{"text":"x"}`, record.Opt[float64]{}, record.Usage{}},
		"text that is JSON": {"text", "application/json", `{"text":"Hello, you."}`, text, record.Opt[float64]{}, record.Usage{}},
		"subtitles":         {"srt", "application/x-subrip", srt, srt, record.Opt[float64]{}, record.Usage{}},
		"unasked text":      {"", "text/vtt", "WEBVTT\n\n", "WEBVTT\n\n", record.Opt[float64]{}, record.Usage{}},
		"silence":           {"json", "application/json", `{"text":""}`, "", record.Opt[float64]{}, record.Usage{}},
		"no UTF-8":          {"text", "text/plain", "a\xffb", "a\uFFFDb", record.Opt[float64]{}, record.Usage{}},
	} {
		t.Run(name, func(t *testing.T) {
			call, complete := heard(test.format, test.contentType, test.response, false)
			assert.True(t, complete)
			require.Nil(t, call.Error)
			assert.Equal(t, test.usage, call.Usage)
			assert.Equal(t, test.seconds, call.Response.AudioSeconds)
			assert.Equal(t, []record.Choice{{FinishReason: "stop", Message: said("assistant", test.want)}}, call.Response.Choices)
		})
	}
}

func TestWhatIsNoTranscriptIsAnError(t *testing.T) {
	for _, response := range []string{"<html>", `{"text":"Hello`, ""} {
		call, complete := heard("json", "text/html", response, false)
		assert.False(t, complete)
		require.NotNil(t, call.Error, response)
		assert.Equal(t, wire.DecodeError, call.Error.Type)
	}
	call, complete := heard("json", "application/json", `{"error":{"message":"No.","code":"quota"}}`, false)
	assert.False(t, complete)
	assert.Equal(t, "quota", call.Error.Type)
	call, complete = heard("json", "application/json", `{"something":"else"}`, false)
	assert.False(t, complete)
	assert.Nil(t, call.Error)
}

func TestATextThatIsClosedEarlyIsNoWholeTranscript(t *testing.T) {
	call, complete := heard("text", "text/plain", "Hello", true)
	assert.False(t, complete)
	assert.Equal(t, []record.Choice{{Message: said("assistant", "Hello")}}, call.Response.Choices)
	_, complete = heard("json", "application/json", `{"text":"Hello"}`, true)
	assert.True(t, complete, "JSON tells its end itself")
}

func TestATranscriptAsEvents(t *testing.T) {
	begin := func() (*record.Call, *openai.Transcription) {
		call := new(record.Call)
		x := openai.NewTranscription(call)
		x.Request([]byte(`{"stream":true}`), true)
		assert.True(t, x.Type("text/event-stream", -1))
		for _, delta := range []string{"Hel", "", "lo"} {
			x.Event([]byte(`{"type":"transcript.text.delta","delta":"` + delta + `","logprobs":[{"token":"x"}]}`))
		}
		return call, x
	}
	call, x := begin()
	assert.Equal(t, wire.Generated, x.Event([]byte(`{"type":"transcript.text.segment","text":"Hello","speaker":"A"}`)))
	done := `{"type":"transcript.text.done","text":"Hello.","usage":{"type":"tokens","input_tokens":3,"output_tokens":2,"total_tokens":5}}`
	assert.Equal(t, wire.Done, x.Event([]byte(done)))
	assert.True(t, x.Finish())
	x.Content(call)
	assert.Equal(t, record.Stream{Chunks: 5, ContentChunks: 3}, call.Stream)
	assert.Equal(t, record.Usage{Input: some(3), Output: some(2), Total: some(5)}, call.Usage)
	assert.Equal(t, []record.Choice{{FinishReason: "stop", Message: said("assistant", "Hello.")}}, call.Response.Choices)

	call, x = begin()
	assert.False(t, x.Finish(), "it was cut")
	assert.Equal(t, len("Hello"), x.Retained())
	x.Content(call)
	assert.Equal(t, []record.Choice{{Message: said("assistant", "Hello")}}, call.Response.Choices)
}

func TestATranscriptIsNotKeptWhereNobodyWantsContent(t *testing.T) {
	call := new(record.Call)
	x := openai.NewTranscription(call)
	x.Request([]byte(`{"model":"m","prompt":"MARKER"}`), false)
	x.Response([]byte(`{"text":"MARKER","duration":2}`))
	assert.True(t, x.Finish())
	assert.Zero(t, x.Retained())
	assert.NotContains(t, texts(call), "MARKER")
	assert.Equal(t, record.Some(2.0), call.Response.AudioSeconds)
}

func TestSoundInJSONIsNoError(t *testing.T) {
	for _, answer := range []string{
		`{"audio":"aGk=","format":"mp3"}`, `{"audio":"` + strings.Repeat("aGk=", 8<<10) + `","format":"mp3"}`,
	} {
		call, complete := spoken(`{}`, "application/json", answer, -1, false)
		assert.Nil(t, call.Error)
		assert.True(t, complete)
		assert.Equal(t, []record.Choice{{FinishReason: "stop"}}, call.Response.Choices)
	}
	for _, answer := range []string{`{"audio":"aGk=`, `[]`, `"quota"`, ``, `{"audio":"aGk="}}`} {
		call, complete := spoken(`{}`, "application/json", answer, -1, false)
		assert.Equal(t, &record.Error{Type: wire.DecodeError}, call.Error, answer)
		assert.False(t, complete, answer)
	}
	call, complete := spoken(`{}`, "application/json", `{"audio":"aGk="}`, -1, true)
	assert.Nil(t, call.Error)
	assert.False(t, complete, "it was cut")
}
