package jsonappend_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/genotel/genotel/internal/jsonappend"
)

// BenchmarkString writes 4 KB of text.
func BenchmarkString(b *testing.B) {
	for name, text := range map[string]string{
		"plain":   strings.Repeat("plain ASCII text ", 240),
		"lines":   strings.Repeat("The quick brown fox jumps over the lazy dog, and nobody minds it.\n", 60),
		"escapes": strings.Repeat(`"a": 1, `, 500),
		"unicode": strings.Repeat("日本語のテキスト ", 160),
	} {
		b.Run(name, func(b *testing.B) {
			buffer := make([]byte, 0, 8192)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				buffer = jsonappend.String(buffer[:0], text)
			}
		})
		b.Run(name+"/encoding-json", func(b *testing.B) {
			var buffer bytes.Buffer
			e := json.NewEncoder(&buffer)
			e.SetEscapeHTML(false)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				buffer.Reset()
				_ = e.Encode(text)
			}
		})
	}
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// BenchmarkMessages writes the 16 KB of 20 messages.
func BenchmarkMessages(b *testing.B) {
	messages := make([]message, 20)
	for i := range messages {
		messages[i] = message{"user", strings.Repeat("The quick brown fox jumps over the lazy dog, and \"nobody\" minds it.\n", 12)}
	}

	b.Run("writer", func(b *testing.B) {
		buffer := make([]byte, 0, 32<<10)
		b.ReportAllocs()
		for b.Loop() {
			var w jsonappend.Writer
			w.Reset(buffer[:0])
			w.Array()
			for i := range messages {
				w.Object()
				w.StringField("role", messages[i].Role)
				w.StringField("content", messages[i].Content)
				w.EndObject()
			}
			w.EndArray()
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(messages)
		}
	})
}

// BenchmarkRawOrString writes the arguments of a tool call.
func BenchmarkRawOrString(b *testing.B) {
	for name, arguments := range map[string]string{
		"compact":  `{"city":"Paris","country":"France","days":[1,2,3],"units":"metric","note":"a \"quoted\" note"}`,
		"indented": "{\n  \"city\": \"Paris\",\n  \"country\": \"France\",\n  \"days\": [1, 2, 3],\n  \"units\": \"metric\"\n}",
	} {
		b.Run(name, func(b *testing.B) {
			buffer := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				buffer = jsonappend.RawOrString(buffer[:0], arguments)
			}
		})
		b.Run(name+"/encoding-json", func(b *testing.B) {
			var buffer bytes.Buffer
			b.ReportAllocs()
			for b.Loop() {
				buffer.Reset()
				_ = json.Compact(&buffer, []byte(arguments))
			}
		})
	}
}
