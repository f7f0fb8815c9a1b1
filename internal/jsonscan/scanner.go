package jsonscan

import (
	"errors"
	"fmt"
	"unsafe"
)

// MaxDepth is how many objects and arrays may be open at once. Deeper input is refused with [ErrDepth]: the brackets
// that are open are remembered in a fixed array inside the Scanner, and the callers that walk a value recursively would
// otherwise let the input decide how much stack they take. Bodies of model APIs, JSON schemas of tools included, stay
// below 50; encoding/json stops at 10,000.
const MaxDepth = 512

// What [Scanner.Err] reports, to be told apart with [errors.Is].
var (
	ErrSyntax    = errors.New("malformed JSON")
	ErrTruncated = errors.New("truncated JSON")
	ErrDepth     = errors.New("JSON nested too deep")
)

// Kind is the kind of a JSON value.
type Kind uint8

// The kinds of JSON values. Invalid stands for the end of the input and for whatever cannot begin a value.
const (
	Invalid Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

// Scanner is a cursor over one JSON text. Its methods consume the text from front to back, one value at a time.
//
// The first error is sticky: from then on every method returns its zero value, and Field and Element report the end. An
// error also arises when a caller breaks the order of calls, for instance by asking for the next Field without having
// consumed the value of the last.
//
// A Scanner is a plain value. A copy is a bookmark: it goes on from where it was taken. It is not safe for concurrent
// use, and it never changes the data.
type Scanner struct {
	data  []byte // nil after an error, so that every method sees the end of the input
	pos   int
	err   error
	depth int  // how many containers are open
	end   byte // what closes the innermost of them: '}', ']', or 0 when none is open
	first bool // it was just opened: no comma before its next child

	objects [MaxDepth / 64]uint64 // bit d tells whether the container at depth d is an object, else it is an array
}

// New returns a Scanner over data. The data must not change while the Scanner, or a slice it handed out, is in use.
func New(data []byte) Scanner {
	return Scanner{data: data}
}

// NewString is [New] for a string, without a copy. The slices that Field and Raw return then alias the string and must
// not be written to.
func NewString(data string) Scanner {
	return New(unsafe.Slice(unsafe.StringData(data), len(data))) //nolint:gosec // G103: a Scanner only reads.
}

// Err returns the first error, which wraps [ErrSyntax], [ErrTruncated] or [ErrDepth] and tells the offset, never the
// content.
func (s *Scanner) Err() error {
	return s.err
}

// Kind returns the kind of the next value as its first byte tells it, and consumes nothing.
func (s *Scanner) Kind() Kind {
	switch c := s.peek(); c {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	default:
		return Invalid
	}
}

// End reports whether the text was consumed whole and without an error: every container closed, and nothing but white
// space left.
func (s *Scanner) End() bool {
	s.peek()

	return s.err == nil && s.depth == 0 && s.pos == len(s.data)
}

// Offset returns how many bytes were consumed; 0 after an error.
func (s *Scanner) Offset() int {
	return s.pos
}

// peek moves over white space and returns the byte that follows it, or 0 at the end of the input.
func (s *Scanner) peek() byte {
	s.pos = s.afterSpace(s.pos)

	return s.at(s.pos)
}

// afterSpace returns the offset of the first byte from offset i on that is not white space.
func (s *Scanner) afterSpace(i int) int {
	for i < len(s.data) && isSpace(s.data[i]) {
		i++
	}

	return i
}

// at returns the byte at offset i, or 0 behind the end of the input.
func (s *Scanner) at(i int) byte {
	if i < len(s.data) {
		return s.data[i]
	}

	return 0
}

func isSpace(c byte) bool {
	return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t')
}

// fail records a syntax error at offset i, or a truncation if the input ends there. Like failWith it returns 0.
func (s *Scanner) fail(i int) int {
	if i >= len(s.data) {
		return s.failWith(ErrTruncated, len(s.data))
	}

	return s.failWith(ErrSyntax, i)
}

// failWith records the first error and empties the input, which makes every later call find nothing and end. It returns
// 0, which stands for a failure wherever the offset behind something is returned.
func (s *Scanner) failWith(problem error, offset int) int {
	if s.err == nil {
		s.err = fmt.Errorf("jsonscan: %w at byte %d", problem, offset)
	}

	s.data, s.pos, s.depth, s.end, s.first = nil, 0, 0, 0, false

	return 0
}
