package sse

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatIsKeptOfAStreamIsBounded(t *testing.T) {
	t.Parallel()

	const (
		maxEvent = 256 << 10
		written  = 8 << 20
	)

	block := bytes.Repeat([]byte("x"), 32<<10)
	lines := bytes.Repeat([]byte("data: xxxxxxxxxxxxxxxxxxxxxxxxx\n"), 1<<10)

	for name, writes := range map[string]struct{ first, repeated []byte }{
		"a data line without end":    {[]byte("data: "), block},
		"a name without end":         {[]byte("event: "), block},
		"a comment without end":      {[]byte(": "), block},
		"an event without end":       {nil, lines},
		"comments without end":       {nil, bytes.Repeat([]byte(": ping\n"), 4<<10)},
		"data and a line beside it":  {append(bytes.Clone(block), '\n'), append(bytes.Clone(lines), block...)},
		"events of half that size":   {nil, append(bytes.Repeat(lines, 4), '\n')},
		"one write larger than that": {[]byte("da"), append([]byte("ta: "), bytes.Repeat(block, 16)...)},
	} {
		d := Decoder{MaxEvent: maxEvent}
		d.Write(writes.first, func(_, _ []byte) {})

		for sum := 0; sum < written; sum += len(writes.repeated) {
			d.Write(writes.repeated, func(_, _ []byte) {})

			// The line and the data may have MaxEvent each, and append grows a slice by a quarter more than needed.
			if kept := cap(d.line) + cap(d.name) + cap(d.buf); kept > 3*maxEvent {
				t.Fatalf("%s: %d bytes are kept", name, kept)
			}
		}

		d.Write([]byte("\n\n"), func(_, _ []byte) {})
		assert.LessOrEqual(t, cap(d.line)+cap(d.name)+cap(d.buf), 3*keepBuffer, "%s: nothing large is kept between events", name)
	}
}

func TestALargeEventInOneWriteIsNotCopied(t *testing.T) {
	t.Parallel()

	stream := append(append([]byte("data: "), bytes.Repeat([]byte("x"), 1<<20)...), "\n\n"...)

	var d Decoder
	d.Write(stream, func(_, data []byte) {
		assert.Same(t, &stream[len("data: ")], &data[0])
	})
	assert.Zero(t, cap(d.line)+cap(d.buf))
}

func TestDecodingAllocatesNothingOnceItRuns(t *testing.T) {
	whole := []byte("event: message\ndata: {\"delta\":\"token\"}\n\n")
	several := []byte("data: a\ndata: b\r\ndata: c\n\n")
	events := 0
	count := func(_, _ []byte) { events++ }

	var d Decoder

	for name, write := range map[string]func(){
		"an event in one write":  func() { d.Write(whole, count) },
		"an event in two writes": func() { d.Write(whole[:25], count); d.Write(whole[25:], count) },
		"several data lines":     func() { d.Write(several, count) },
	} {
		events = 0
		assert.Zero(t, testing.AllocsPerRun(100, write), name)
		assert.Equal(t, 101, events, name) // AllocsPerRun warms up once
	}
}
