package openai_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// ask decodes a request, content included.
func ask(body string) *record.Call {
	call := new(record.Call)
	chat := openai.NewChat(call)
	chat.Request([]byte(body), true)
	chat.Content(call)
	return call
}

// told decodes a whole response, content included.
func told(body string) (call *record.Call, complete bool) {
	call = new(record.Call)
	chat := openai.NewChat(call)
	chat.Request([]byte(`{}`), true)
	chat.Response([]byte(body))
	complete = chat.Finish()
	chat.Content(call)
	return call, complete
}

// streamed decodes the events of a stream up to its end, content included.
func streamed(events ...string) (call *record.Call, complete bool) {
	call = new(record.Call)
	chat := openai.NewChat(call)
	chat.Request([]byte(`{"stream":true}`), true)
	for _, data := range events {
		if chat.Event([]byte(data)).Has(wire.Done) {
			break
		}
	}
	complete = chat.Finish()
	chat.Content(call)
	return call, complete
}

// message decodes the only message of a request.
func message(t *testing.T, body string) record.Message {
	t.Helper()
	call := ask(`{"messages":[` + body + `]}`)
	require.Len(t, call.Request.Messages, 1)
	return call.Request.Messages[0]
}

// answer decodes the message of the only choice of a whole response.
func answer(t *testing.T, body string) record.Message {
	t.Helper()
	call, complete := told(`{"choices":[{"index":0,"message":` + body + `,"finish_reason":"stop"}]}`)
	require.True(t, complete)
	require.Len(t, call.Response.Choices, 1)
	return call.Response.Choices[0].Message
}

func parts(p ...record.Part) []record.Part { return append([]record.Part{}, p...) }

// quoted writes text as JSON.
func quoted(text string) string {
	literal, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(literal)
}

// blob describes bytes.
func blob(data string) *record.Blob {
	sum := sha256.Sum256([]byte(data))
	return &record.Blob{Bytes: len(data), SHA256: hex.EncodeToString(sum[:])}
}

// texts returns every text that a record holds.
func texts(call *record.Call) (all []string) {
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			all = append(all, v.String())
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for _, field := range v.Fields() {
				walk(field)
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		default:
		}
	}
	walk(reflect.ValueOf(call))
	return all
}

// size is the number of bytes of all texts of a record.
func size(call *record.Call) (bytes int) {
	for _, text := range texts(call) {
		bytes += len(text)
	}
	return bytes
}

func some(n int64) record.Opt[int64] { return record.Some(n) }

// encoded writes any value as JSON.
func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
