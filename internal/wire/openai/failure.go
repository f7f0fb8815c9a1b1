package openai

import (
	"strconv"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxIdentifier bounds an error code or type, in bytes.
const maxIdentifier = 64

// maxMessage bounds a provider's error text, in bytes: some echo the request.
const maxMessage = 4 << 10

// readFailure reads the body of an HTTP error response. Providers agree on an
// object under "error"; some put its members at the top, others send plain text.
func readFailure(status int, body []byte) *record.Error {
	e := &record.Error{Status: status}
	s := jsonscan.New(body)
	if s.Kind() == jsonscan.Array { // Gemini's compatible endpoint
		s.Array()
		s.Element()
	}
	inner := false
	members(&s, func(key []byte) bool {
		switch {
		case string(key) == "error" && s.Kind() == jsonscan.Object:
			*e = record.Error{Status: status}
			readErrorObject(&s, e)
			inner = true
		case inner:
			return false
		case string(key) == "error":
			e.Message = (&budget{left: maxMessage}).text(&s)
		default:
			return readErrorMember(&s, string(key), e)
		}
		return true
	})
	e.Type = errorType(e)
	return e
}

// readInlineError consumes the error member of a response that had status 200.
func readInlineError(s *jsonscan.Scanner, call *record.Call) {
	e := new(record.Error)
	switch s.Kind() {
	case jsonscan.Object:
		readErrorObject(s, e)
	case jsonscan.String:
		e.Message = (&budget{left: maxMessage}).text(s)
		if e.Message == "" {
			return
		}
	default:
		s.Skip()
		return
	}
	e.Type = errorType(e)
	if call.Error == nil {
		call.Error = e
	}
}

func readErrorObject(s *jsonscan.Scanner, e *record.Error) {
	members(s, func(key []byte) bool { return readErrorMember(s, string(key), e) })
}

func readErrorMember(s *jsonscan.Scanner, key string, e *record.Error) bool {
	switch key {
	case "message":
		e.Message = (&budget{left: maxMessage}).text(s)
	case "type":
		e.ProviderType = identifier(s)
	case "code":
		e.Code = identifier(s)
	default:
		return false
	}
	return true
}

// identifier consumes a text or a number that names a kind of error; anything
// that does not look like one is dropped, for it ends in low-cardinality fields.
func identifier(s *jsonscan.Scanner) string {
	if s.Kind() == jsonscan.Number {
		if n, ok := s.Int(); ok {
			return strconv.FormatInt(n, 10)
		}
		return ""
	}
	name, ok := s.Text()
	if !ok || !isIdentifier(name) {
		return ""
	}
	return name
}

func isIdentifier(name string) bool {
	if name == "" || len(name) > maxIdentifier {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

// errorType is the error.type: the provider's code, else its type, else the
// status.
func errorType(e *record.Error) string {
	switch {
	case e.Code != "":
		return e.Code
	case e.ProviderType != "":
		return e.ProviderType
	case e.Status != 0:
		return strconv.Itoa(e.Status)
	default:
		return "_OTHER"
	}
}
