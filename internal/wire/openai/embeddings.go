package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Embeddings decodes one call of the embeddings endpoint. It never holds the
// vectors.
type Embeddings struct {
	call    *record.Call
	inputs  inputs
	vectors vectors
	sound   bool
}

var _ wire.Streamed = (*Embeddings)(nil)

// NewEmbeddings returns a decoder that fills call.
func NewEmbeddings(call *record.Call) *Embeddings { return &Embeddings{call: call} }

// Request implements [wire.Exchange].
func (e *Embeddings) Request(body []byte, content bool) {
	var input []byte
	req := &e.call.Request
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "input":
			input = s.Raw()
		case "model":
			text(&s, &req.Model)
		case "dimensions", "output_dimension": // the latter is Mistral's
			count(&s, &req.Dimensions)
		case "encoding_format":
			req.EncodingFormats = texts(&s)
		default:
			return false
		}
		return true
	})
	if content {
		e.inputs.keep(input)
	}
}

// Event implements [wire.Exchange]. The endpoint has no streams.
func (e *Embeddings) Event([]byte) wire.Progress { return 0 }

// Piece implements [wire.Streamed].
func (e *Embeddings) Piece(p []byte) { e.vectors.write(p) }

// Response implements [wire.Exchange].
func (e *Embeddings) Response(body []byte) {
	e.Piece(body)
	e.sound = e.readEnvelope() && e.vectors.sound()
	if !e.sound && e.call.Error == nil {
		e.call.Error = &record.Error{Type: wire.DecodeError}
	}
	if n := e.vectors.dimensions; n > 0 {
		e.call.Response.Dimensions = record.Some(n)
	}
	if n := e.vectors.count; n > 0 {
		e.call.Response.Vectors = record.Some(n)
	}
}

// readEnvelope reads what was kept and reports whether it was sound.
func (e *Embeddings) readEnvelope() bool {
	v := &e.vectors
	if len(v.envelope) == 0 {
		return true
	}
	if v.closed && !v.over {
		v.keep('}')
	}
	s := jsonscan.New(v.envelope)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "error":
			readInlineError(&s, e.call)
		case "usage":
			readUsage(&s, &e.call.Usage)
		default:
			firstText(&s, &e.call.Response.Model)
		}
		return true
	})
	if v.over || !v.closed {
		e.call.Usage = record.Usage{} // a number that was cut is another number
	}
	e.call.Usage.Output = record.Opt[int64]{} // nothing is generated, though some say zero
	return s.End() || v.over
}

// Failure implements [wire.Exchange].
func (e *Embeddings) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (e *Embeddings) Finish() bool { return e.sound && e.vectors.count > 0 }

// Retained implements [wire.Exchange].
func (e *Embeddings) Retained() int { return e.inputs.retained() }

// Content implements [wire.Exchange].
func (e *Embeddings) Content(call *record.Call) { e.inputs.content(call) }
