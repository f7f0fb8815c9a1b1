package openai_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// wholeStream decodes a stream, of which zero bytes divide the events, with and
// without content, and holds both against what is true of every stream. spare is what
// may be kept beside the events, bare what a record holds when nobody wants its
// content.
func wholeStream[E wire.Exchange](
	t *testing.T, decoder func(*record.Call) E, input []byte, spare int, bare func(*record.Call) record.Call,
) *record.Call {
	t.Helper()
	before := bytes.Clone(input)
	run := func(content bool) (call *record.Call, complete bool, progress []wire.Progress) {
		call = new(record.Call)
		exchange := decoder(call)
		exchange.Request([]byte(`{"stream":true}`), content)
		for data := range bytes.SplitSeq(input, []byte{0}) {
			data = bytes.Clone(data)
			progress = append(progress, exchange.Event(data))
			clear(data) // its buffer may be used again
			if progress[len(progress)-1].Has(wire.Done) {
				break
			}
		}
		complete = exchange.Finish()
		if content {
			require.LessOrEqual(t, exchange.Retained(), spare+3*len(input))
			exchange.Content(call)
		} else {
			require.Zero(t, exchange.Retained())
		}
		return call, complete, progress
	}
	call, complete, progress := run(true)
	sound(t, call, len(input))
	without, completeWithout, progressWithout := run(false)
	require.Equal(t, *without, bare(call), "without content all the rest is the same")
	require.Equal(t, completeWithout, complete)
	require.Equal(t, progressWithout, progress)
	require.Equal(t, before, input, "the events are never changed")
	return call
}
