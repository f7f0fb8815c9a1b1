package openai

import (
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// reasonCompaction is the finish reason of a compaction, in the conventions' word;
// the protocol has none.
const reasonCompaction = "compaction"

// Compaction decodes one call that compacts a conversation. Its output is not an
// answer but the conversation that takes the place of the one sent: messages of
// users among it are kept as they are, beside what the model made of the rest.
type Compaction struct{ Responses }

var _ wire.Exchange = (*Compaction)(nil)

// NewCompaction returns a decoder that fills call.
func NewCompaction(call *record.Call) *Compaction {
	return &Compaction{Responses{call: call, answer: responsesAnswer{item: readWindowItem}}}
}

// Finish implements [wire.Exchange].
func (c *Compaction) Finish() (complete bool) {
	complete = c.Responses.Finish()
	if !complete || c.call.Error != nil || len(c.call.Response.Choices) == 0 {
		return complete
	}
	c.call.Response.Compacted = true
	c.call.Response.Choices[0].FinishReason = reasonCompaction
	return true
}

// readWindowItem decodes an item of a compacted conversation.
func readWindowItem(raw []byte, b *budget) []record.Part {
	it := identifyItem(raw, newBudget())
	if it.kind == "message" && it.role != "assistant" {
		return []record.Part{record.Generic{Type: it.kind, JSON: it.whole(b)}}
	}
	return readOutputItem(raw, b)
}
