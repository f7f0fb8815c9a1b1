package sse_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/sse"
)

type event struct{ Name, Data string }

// collect returns an event function that copies the events to where it says.
func collect(to *[]event) func(name, data []byte) {
	return func(name, data []byte) {
		*to = append(*to, event{string(name), string(data)})
	}
}

// decode feeds the writes and flushes.
func decode(d *sse.Decoder, writes ...string) []event {
	var events []event
	for _, write := range writes {
		p := []byte(write)
		d.Write(p, collect(&events))

		for i := range p {
			p[i] = '#' // whatever was retained of p would now be seen
		}
	}
	d.Flush(collect(&events))

	return events
}

func TestEventsAreDecodedAsTheStandardSays(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		stream string
		want   []event
	}{
		"one event":                        {"data: a\n\n", []event{{"", "a"}}},
		"a name":                           {"event: add\ndata: 73857293\n\n", []event{{"add", "73857293"}}},
		"the name after the data":          {"data: a\nevent: n\n\n", []event{{"n", "a"}}},
		"the last name counts":             {"event: m\nevent: n\ndata: a\n\n", []event{{"n", "a"}}},
		"a name is for one event":          {"event: n\ndata: a\n\ndata: b\n\n", []event{{"n", "a"}, {"", "b"}}},
		"data lines are joined":            {"data: YHOO\ndata: +2\ndata: 10\n\n", []event{{"", "YHOO\n+2\n10"}}},
		"one blank after the colon":        {"data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\n", []event{{"", "a"}, {"", "a"}, {"", " a"}, {"", "\ta"}}},
		"empty data are data":              {"data:\n\n: c\ndata: \n\n", []event{{"", ""}, {"", ""}}},
		"no colon, no value":               {"data\n\nevent: n\nevent\ndata: a\n\n", []event{{"", ""}, {"", "a"}}},
		"two empty lines of data":          {"data\n: c\ndata\n\n", []event{{"", "\n"}}},
		"comments":                         {": hi\n\n:\ndata: a\n: in between\n\n", []event{{"", "a"}}},
		"other fields":                     {"id: 1\nretry: 10\nfoo: bar\nbaz\ndata: a\n\nid\n\n", []event{{"", "a"}}},
		"names are exact":                  {"Data: a\ndata : b\n data: c\ndataset: d\ndat\nevents: e\n\n", nil},
		"no data, no event":                {"event: n\n\n\n\nevent: m\n: c\n\ndata: a\n\n", []event{{"", "a"}}},
		"CR LF":                            {"event: n\r\ndata: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", []event{{"n", "a\nb"}, {"", "c"}}},
		"CR":                               {"event: n\rdata: a\rdata: b\r\rdata: c\r\r", []event{{"n", "a\nb"}, {"", "c"}}},
		"all line ends mixed":              {"data: a\rdata: b\ndata: c\r\n\rdata: d\n\r\n", []event{{"", "a\nb\nc"}, {"", "d"}}},
		"LF CR are two line ends":          {"data: a\n\rdata: b\n\n", []event{{"", "a"}, {"", "b"}}},
		"a byte order mark":                {"\ufeffdata: a\n\n", []event{{"", "a"}}},
		"only one byte order mark":         {"\ufeff\ufeffdata: a\n\n", nil},
		"a byte order mark is for lines 1": {"data: a\n\n\ufeffdata: b\n\n", []event{{"", "a"}}},
		"colons in the data":               {"data: {\"a\":1}\n\ndata::\n\n", []event{{"", `{"a":1}`}, {"", ":"}}},
		"any bytes":                        {"data: \x00\xff\u2028\n\n", []event{{"", "\x00\xff\u2028"}}},
		"no blank line at the end":         {"data: a\n\ndata: b\n", []event{{"", "a"}, {"", "b"}}},
		"no line end at the end":           {"data: a\n\nevent: n\ndata: b", []event{{"", "a"}, {"n", "b"}}},
		"half a line at the end":           {"data: a\n\ndat", []event{{"", "a"}}},
		"nothing":                          {"", nil},
		"only a byte order mark":           {"\ufeff", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			assert.Equal(t, c.want, decode(new(sse.Decoder), c.stream), "in one write")
			assert.Equal(t, c.want, decode(new(sse.Decoder), strings.Split(c.stream, "")...), "rune by rune")

			for i := range len(c.stream) {
				require.Equal(t, c.want, decode(new(sse.Decoder), c.stream[:i], "", c.stream[i:]), "cut at %d", i)
			}
		})
	}
}

func TestAnEventIsDeliveredAsSoonAsItsLastByteHasCome(t *testing.T) {
	t.Parallel()

	for _, end := range []string{"\n", "\r", "\r\n"} {
		var (
			d      sse.Decoder
			events []event
		)

		d.Write([]byte("data: a"+end), collect(&events))
		require.Empty(t, events)
		d.Write([]byte(end[:1]), collect(&events))
		require.Equal(t, []event{{"", "a"}}, events, "%q", end)
		d.Write([]byte(end[1:]+"data: b"+end+end), collect(&events))
		require.Equal(t, []event{{"", "a"}, {"", "b"}}, events, "%q", end)
		d.Flush(collect(&events))
		require.Len(t, events, 2)
	}
}

func TestADecoderIsReadyForAnotherStreamAfterFlush(t *testing.T) {
	t.Parallel()

	d := sse.Decoder{MaxEvent: 4}
	assert.Equal(t, []event{{"", "1234"}}, decode(&d, "data: 12345\n\ndata: 1234\r\n\r"))
	assert.Equal(t, []event{{"", "a"}}, decode(&d, "\ufeffdata: a\n\ndata: 12345"), "its line ends and its first line are its own")
	assert.Equal(t, []event{{"", "b"}}, decode(&d, "\n\ndata: b\n\n"))
	assert.Equal(t, 2, d.Oversized(), "what was dropped stays counted")
}

func TestAnEventOverTheBoundIsDroppedAndCountedAndTheNextOneComes(t *testing.T) {
	t.Parallel()

	fits, over := strings.Repeat("x", 100), strings.Repeat("x", 101)
	for name, stream := range map[string]string{
		"one line":          "data: " + over + "\n",
		"one line, no gap":  "data:" + over + "\n",
		"two lines":         "data: " + fits[:50] + "\ndata: " + fits[:50] + "\n",
		"the name counts":   "event: n\ndata: " + fits + "\n",
		"in the other line": "data: " + fits + "\nevent: n\n",
		"the name alone":    "event: " + over + "\ndata: a\n",
		"lines that follow": "data: " + over + "\ndata: a\nevent: n\ndata: " + over + "\n",
		"far over":          "data: " + strings.Repeat(over, 100) + "\n",
		"byte order mark":   "\ufeffdata: " + over + "\n",
	} {
		stream += "\ndata: " + fits + "\n\n"

		for _, size := range []int{len(stream), 1, 7, 64, 105} {
			d := sse.Decoder{MaxEvent: 100}
			assert.Equal(t, []event{{"", fits}}, decode(&d, pieces(stream, size)...), "%s by %d", name, size)
			assert.Equal(t, 1, d.Oversized(), "%s by %d", name, size)
		}
	}
}

func TestALongLineOfNoInterestIsNoReasonToDropAnEvent(t *testing.T) {
	t.Parallel()

	long := strings.Repeat("x", 1000)
	stream := ": " + long + "\ndata: a\nid: " + long + "\n" + long + "\ndatax: " + long + "\n: " + long + "\r\n\n"

	for _, size := range []int{len(stream), 1, 7, 64, 105} {
		d := sse.Decoder{MaxEvent: 100}
		assert.Equal(t, []event{{"", "a"}}, decode(&d, pieces(stream, size)...), "by %d", size)
		assert.Zero(t, d.Oversized())
	}
}

// pieces cuts text into pieces of a size.
func pieces(text string, size int) []string {
	var cut []string
	for len(text) > size {
		cut = append(cut, text[:size])
		text = text[size:]
	}

	return append(cut, text)
}
