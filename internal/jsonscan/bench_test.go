package jsonscan_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/jsonscan"
)

const chunk = `{"id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012","object":"chat.completion.chunk","created":1761234567,` +
	`"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_1a2b3c4d5e","choices":[{"index":0,` +
	`"delta":{"content":" token"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"kX7dQ2"}`

// chatBody is a chat request with so many messages of about 800 bytes: prose, with an escape in every line.
func chatBody(messages int) []byte {
	line := `The quick brown fox jumps over the lazy dog, and \"nobody\" minds it at all.\n`
	message := fmt.Sprintf(`{"role":"user","content":"%s"}`, strings.Repeat(line, 10))

	return []byte(`{"model":"gpt-4o","stream":false,"messages":[` +
		strings.TrimSuffix(strings.Repeat(message+",", messages), ",") + `],"temperature":0.7}`)
}

func embeddingsBody(vectors int) []byte {
	var b strings.Builder
	b.WriteString(`{"object":"list","data":[`)
	for v := range vectors {
		if v > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"object":"embedding","embedding":[-0.012345678`)
		for i := range 1535 {
			fmt.Fprintf(&b, ",%.9f", float64(i*7919%20011-10000)/123456)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`],"usage":{"total_tokens":5}}`)

	return []byte(b.String())
}

func BenchmarkSkip(b *testing.B) {
	for name, data := range bodies() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				s := jsonscan.New(data)
				s.Skip()
				if !s.End() {
					b.Fatal(s.Err())
				}
			}
		})
		b.Run(name+"/encoding-json-valid", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if !json.Valid(data) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

func bodies() map[string][]byte {
	return map[string][]byte{
		"chunk": []byte(chunk), "chat-16KB": chatBody(20), "chat-100KB": chatBody(120), "embeddings": embeddingsBody(100),
	}
}

// BenchmarkReadChunk reads what a decoder of chat completions wants of a chunk.
func BenchmarkReadChunk(b *testing.B) {
	data := []byte(chunk)
	buffer := make([]byte, 0, 64)

	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s := jsonscan.New(data)
		buffer = readChunk(&s, buffer[:0])
	}
}

func readChunk(s *jsonscan.Scanner, content []byte) []byte {
	if !s.Object() {
		return content
	}
	for key, ok := s.Field(); ok; key, ok = s.Field() {
		switch string(key) {
		case "created":
			s.Int()
		case "choices":
			for s.Array(); s.Element(); {
				content = readChoice(s, content)
			}
		default:
			s.Skip()
		}
	}

	return content
}

func readChoice(s *jsonscan.Scanner, content []byte) []byte {
	if !s.Object() {
		return content
	}
	for key, ok := s.Field(); ok; key, ok = s.Field() {
		if string(key) != "delta" {
			s.Skip()

			continue
		}
		if !s.Object() {
			continue
		}
		for key, ok := s.Field(); ok; key, ok = s.Field() {
			if string(key) == "content" {
				content, _ = s.TextBytes(content)
			} else {
				s.Skip()
			}
		}
	}

	return content
}

func BenchmarkText(b *testing.B) {
	for name, text := range map[string]string{
		"plain":   strings.Repeat("plain ASCII text ", 240),
		"lines":   strings.Repeat(`The quick brown fox jumps over the lazy dog, and nobody minds it.\n`, 60),
		"escapes": strings.Repeat(`\"a\": 1, `, 400),
		"unicode": strings.Repeat("日本語のテキスト ", 160),
	} {
		data := []byte(`"` + text + `"`)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				s := jsonscan.New(data)
				s.Text()
			}
		})
		b.Run(name+"/encoding-json", func(b *testing.B) {
			var v string
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				_ = json.Unmarshal(data, &v)
			}
		})
	}
}

// BenchmarkIndexSpecial compares IndexSpecial with the loop over single bytes it replaces.
func BenchmarkIndexSpecial(b *testing.B) {
	for _, size := range []int{4, 12, 60, 1000} {
		text := []byte(strings.Repeat("a", size) + `"` + strings.Repeat("b", 16))
		b.Run(fmt.Sprintf("words/%d", size), func(b *testing.B) {
			for b.Loop() {
				if i, _ := jsonscan.IndexSpecial(text, 0); i != size {
					b.Fatal("wrong")
				}
			}
		})
		b.Run(fmt.Sprintf("bytes/%d", size), func(b *testing.B) {
			for b.Loop() {
				if indexSpecialBytewise(text) != size {
					b.Fatal("wrong")
				}
			}
		})
	}
}

func indexSpecialBytewise(text []byte) int {
	for i, c := range text {
		if c < ' ' || c == '"' || c == '\\' {
			return i
		}
	}

	return len(text)
}

func TestReadingAllocatesNothing(t *testing.T) {
	data := []byte(`{"model":"gpt-4o","n":[1,1e3,-2.5,0.123456789],"escaped":"a\nb\u00e9","raw":{"a":[true,null]},"é":"` +
		strings.Repeat("x", 1000) + `"}`)
	buffer := make([]byte, 0, 2048)

	for name, read := range map[string]func(s *jsonscan.Scanner){
		"Skip":      func(s *jsonscan.Scanner) { s.Skip() },
		"Raw":       func(s *jsonscan.Scanner) { s.Raw() },
		"TextBytes": func(s *jsonscan.Scanner) { buffer, _ = s.TextBytes(buffer[:0]) },
		"Int":       func(s *jsonscan.Scanner) { s.Int() },
		"Float":     func(s *jsonscan.Scanner) { s.Float() },
		"Elements": func(s *jsonscan.Scanner) {
			if s.Array() {
				for s.Element() {
					s.Int()
				}
			}
		},
	} {
		s := new(jsonscan.Scanner) // read lets it escape

		assert.Zero(t, testing.AllocsPerRun(100, func() {
			*s = jsonscan.New(data)
			if s.Object() {
				for _, ok := s.Field(); ok; _, ok = s.Field() {
					read(s)
				}
			}
			if !s.End() {
				panic(s.Err())
			}
		}), name)
	}
}
