package sse_test

import (
	"strings"
	"testing"

	"github.com/genotel/genotel/internal/sse"
)

const chunk = `data: {"id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012","object":"chat.completion.chunk","created":1761234567,` +
	`"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_1a2b3c4d5e","choices":[{"index":0,` +
	`"delta":{"content":" token"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"kX7dQ2"}` + "\n\n"

// BenchmarkWrite decodes one event of 330 bytes per operation.
func BenchmarkWrite(b *testing.B) {
	named := "event: response.output_text.delta\n" + chunk

	for name, writes := range map[string][]string{
		"whole":            {chunk},
		"named":            {named},
		"crlf":             {strings.ReplaceAll(named, "\n", "\r\n")},
		"split":            {chunk[:100], chunk[100:]},
		"blank line apart": {chunk[:len(chunk)-1], chunk[len(chunk)-1:]},
	} {
		b.Run(name, func(b *testing.B) {
			var (
				d      sse.Decoder
				events int
				pieces [][]byte
				size   int
			)
			for _, write := range writes {
				pieces = append(pieces, []byte(write))
				size += len(write)
			}
			count := func(_, _ []byte) { events++ }

			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, piece := range pieces {
					d.Write(piece, count)
				}
			}
			if events == 0 {
				b.Fatal("nothing was decoded")
			}
		})
	}
}

// BenchmarkLines decodes a stream of 64 KB whose lines have one byte, with each of the line ends: its cost per byte must
// not grow with the size of a write.
func BenchmarkLines(b *testing.B) {
	for name, end := range map[string]string{"LF": "\n", "CR": "\r", "CRLF": "\r\n"} {
		b.Run(name, func(b *testing.B) {
			stream := []byte(strings.Repeat(":"+end, 64<<10/(1+len(end))))
			b.SetBytes(int64(len(stream)))
			for b.Loop() {
				var d sse.Decoder
				d.Write(stream, func(_, _ []byte) {})
			}
		})
	}
}
