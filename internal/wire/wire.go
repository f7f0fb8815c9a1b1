// Package wire is what decoders of provider protocols have in common.
//
// A decoder sees the bytes of one logical call as they pass by and fills its
// record. It never changes them, never panics on what a provider or an attacker
// sends, and holds a bounded amount of content. It knows nothing of spans.
package wire

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// Exchange decodes one logical call into the record it was made for. The bytes
// it is given are valid during the call only, but for Response. Its methods are
// not safe for concurrent use.
type Exchange interface {
	// Request reads the request body. content says whether anybody will ask for
	// the messages.
	Request(body []byte, content bool)
	// Event reads the data of one event of a streamed response.
	Event(data []byte) Progress
	// Response reads a whole response body, which the exchange may keep.
	Response(body []byte)
	// Failure reads the body of an HTTP error response, which may be cut.
	Failure(status int, body []byte) *record.Error
	// Finish writes what was received, except content, into the record, and
	// reports whether the answer came to its end.
	Finish() (complete bool)
	// Retained is the number of bytes kept for Content.
	Retained() int
	// Content writes the messages into the record. It runs once, after Finish,
	// and not necessarily on the same goroutine.
	Content(*record.Call)
}

// Streamed is an Exchange that reads a whole response as it passes by, so that
// nobody has to hold it. After the last piece Response is called with nothing.
type Streamed interface {
	Exchange
	// Piece reads the next bytes of a whole response body.
	Piece(p []byte)
}

// Sifted is an Exchange whose events may be larger than anybody should hold.
type Sifted interface {
	Exchange
	// Sift returns the next bytes of a stream of events without what Event does not
	// need of them. They are valid until the next call.
	Sift(p []byte) []byte
}

// Form is an Exchange whose request may be a multipart form. Such a request is read
// as it passes by, and Request is then not called.
type Form interface {
	Exchange
	// Form begins a form; content is as for Request.
	Form(boundary string, content bool)
	// FormPiece reads the next bytes of the form.
	FormPiece(p []byte)
	// FormEnd is called when no more of the form comes, whether or not it is whole.
	FormEnd()
}

// Typed is an Exchange whose whole responses are not all JSON, so that only their
// content type tells what they are.
type Typed interface {
	Exchange
	// Type is told the content type of a successful response, as sent, and its
	// length, which is negative when it is not known. It reports whether the body is
	// a stream of events.
	Type(contentType string, length int64) (events bool)
	// Cut says that Response is about to be called with less than the whole body, as
	// far as one can tell: the caller closed it without having seen its end.
	Cut()
}

// Progress says what an event brought.
type Progress uint8

const (
	// Generated is set when the event carried generated output.
	Generated Progress = 1 << iota
	// Done is set when the event ends the stream.
	Done
)

// Has reports whether p includes what.
func (p Progress) Has(what Progress) bool { return p&what != 0 }

// The values of error.type for failures that are not a provider's own.
const (
	// DecodeError is a response that is not what the protocol says.
	DecodeError = "decode_error"
)

// Whole reports whether the data of an event of which the end did not come is all
// of it: one JSON value, or the word [DONE] with which many streams end.
func Whole(data []byte) bool {
	if string(data) == "[DONE]" {
		return true
	}
	s := jsonscan.New(data)
	s.Skip()
	return s.End()
}
