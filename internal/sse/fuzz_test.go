package sse_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/sse"
)

func FuzzAnySplitGivesTheEventsOfAPlainReading(f *testing.F) {
	for _, stream := range []string{
		"data: {\"a\":1}\n\ndata: [DONE]\n\n", "event: n\r\ndata: a\r\ndata: b\r\n\r\n", "\ufeffdata: a\r\rdata:b\n\n: c\nid: 1\n\ndata",
		"data: 0123456789\n\ndata: a\nevent: nnnnnnnnnnnnnnnn\n\ndata: a\n\n", ": 0123456789012345678901234567890\ndata: a\r\n\r", "\ufeff", "\r\n\n\r",
	} {
		f.Add([]byte(stream), []byte{1, 2, 3}, uint8(0))
		f.Add([]byte(stream), []byte{1}, uint8(5))
		f.Add([]byte(stream), []byte{7, 0, 30}, uint8(12))
	}

	// The stream is cut into pieces of the given sizes, which repeat.
	f.Fuzz(func(t *testing.T, stream, sizes []byte, maxEvent uint8) {
		want, wantOversized := reference(string(stream), int(maxEvent))

		whole := sse.Decoder{MaxEvent: int(maxEvent)}
		require.Equal(t, want, decode(&whole, string(stream)), "%q", stream)
		require.Equal(t, wantOversized, whole.Oversized(), "%q", stream)

		if bytes.Count(sizes, []byte{0}) == len(sizes) {
			return
		}

		var writes []string
		for rest, i := string(stream), 0; rest != ""; i++ {
			size := min(len(rest), int(sizes[i%len(sizes)]))
			writes = append(writes, rest[:size])
			rest = rest[size:]
		}

		split := sse.Decoder{MaxEvent: int(maxEvent)}
		require.Equal(t, want, decode(&split, writes...), "%q", writes)
		require.Equal(t, wantOversized, split.Oversized(), "%q", writes)
	})
}

func FuzzTheBytesWrittenAreNeverChanged(f *testing.F) {
	f.Add([]byte("data: a\ndata: b\r\n\nevent: n\ndata"), 5)
	f.Fuzz(func(t *testing.T, stream []byte, at int) {
		if at < 0 || at > len(stream) {
			return
		}

		before := bytes.Clone(stream)

		var d sse.Decoder
		d.Write(stream[:at], func(_, _ []byte) {})
		d.Write(stream[at:], func(_, _ []byte) {})
		d.Flush(func(_, _ []byte) {})
		require.Equal(t, before, stream)
	})
}

// reference is the standard written down as plainly as possible, with the bound, and with the end as Flush has it.
func reference(stream string, maxEvent int) (events []event, oversized int) {
	if maxEvent == 0 {
		maxEvent = sse.DefaultMaxEvent
	}

	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(stream, "\r\n", "\n")
	stream = strings.ReplaceAll(stream, "\r", "\n")

	var (
		name   string
		data   []string
		tooBig bool
	)

	for _, line := range append(strings.Split(stream, "\n"), "") {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")

		switch {
		case line == "":
			if len(data) > 0 && !tooBig {
				events = append(events, event{name, strings.Join(data, "\n")})
			}
			name, data, tooBig = "", nil, false
		case tooBig:
		case field == "data":
			data = append(data, value)
		case field == "event":
			name = value
		}

		if !tooBig && len(name)+len(strings.Join(data, "\n")) > maxEvent {
			tooBig = true
			oversized++
		}
	}

	return events, oversized
}
