package openai

import (
	"strconv"
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxIdentifier bounds an error code or type, in bytes.
const maxIdentifier = 64

// maxMessage bounds a provider's error text, in bytes: some echo the request.
const maxMessage = 4 << 10

// readFailure reads the body of an HTTP error response. Providers agree on an
// object under "error"; some put its members at the top or into a list, others
// send plain text.
func readFailure(status int, body []byte) *record.Error {
	var f failure
	s := jsonscan.New(body)
	switch s.Kind() {
	case jsonscan.Array: // Gemini's compatible endpoint
		s.Array()
		s.Element()
	case jsonscan.String:
		f.takeText(&s)
	default:
	}
	inner := false
	members(&s, func(key []byte) bool {
		isError := string(key) == "error" || string(key) == "errors"
		switch {
		case isError && (s.Kind() == jsonscan.Object || s.Kind() == jsonscan.Array):
			inner = f.readNested(&s) || inner
		case inner:
			return false
		case string(key) == "error":
			f.takeText(&s)
		default:
			return f.readMember(&s, string(key))
		}
		return true
	})
	return f.error(status)
}

// readInlineError consumes the error member of a response that had status 200.
func readInlineError(s *jsonscan.Scanner, call *record.Call) {
	var f failure
	found := false
	if s.Kind() == jsonscan.String {
		f.takeText(s)
	} else {
		found = f.readNested(s)
	}
	if call.Error == nil && (found || f.message != "") {
		call.Error = f.error(0)
	}
}

// readTopError reads a response that had status 200 and is an error itself: vLLM
// and SGLang end their streams so.
func readTopError(data []byte, call *record.Call) {
	if call.Error == nil {
		call.Error = readFailure(0, data)
	}
}

// isErrorObject consumes the value of "object" and reports whether it says that
// the document is an error.
func isErrorObject(s *jsonscan.Scanner) bool { return string(s.Raw()) == `"error"` }

// failure is an error under way into the record.
type failure struct {
	code, kind, message string
	// inner and status are weaker names of the kind: Azure's and Google's.
	inner, status string
	// upstream is what the provider behind a router said.
	upstream string
}

// takeText consumes a text of bounded length, unless there is nothing in it.
func (f *failure) takeText(s *jsonscan.Scanner) {
	if text := (&budget{left: maxMessage}).text(s); text != "" {
		f.message = text
	}
}

// readNested consumes an object with the members of an error, or a list of them of
// which the first counts, and reports whether there was one. What was read before
// is forgotten.
func (f *failure) readNested(s *jsonscan.Scanner) (found bool) {
	if s.Kind() == jsonscan.Array {
		for ok := s.Array(); ok && s.Element(); {
			if found || s.Kind() != jsonscan.Object {
				s.Skip()
				continue
			}
			found = f.readNested(s)
		}
		return found
	}
	if s.Kind() != jsonscan.Object {
		s.Skip()
		return false
	}
	*f = failure{}
	f.readObject(s)
	return true
}

func (f *failure) readObject(s *jsonscan.Scanner) {
	members(s, func(key []byte) bool { return f.readMember(s, string(key)) })
}

func (f *failure) readMember(s *jsonscan.Scanner, key string) bool {
	switch key {
	case "message":
		f.readMessage(s)
	case "detail": // FastAPI: vLLM, Mistral
		if f.message != "" {
			return false
		}
		f.readMessage(s)
	case "type", "error_type": // the latter is Hugging Face's
		f.kind = identifier(s)
	case "code", "error_code": // the latter is Databricks'
		f.code = identifier(s)
	case "status":
		f.status = statusName(s)
	case "innererror":
		members(s, func(key []byte) bool {
			if string(key) != "code" {
				return false
			}
			f.inner = identifier(s)
			return true
		})
	case "metadata": // OpenRouter
		members(s, func(key []byte) bool {
			if string(key) != "raw" {
				return false
			}
			f.upstream = plainText(s, &budget{left: maxMessage})
			return true
		})
	default:
		return false
	}
	return true
}

// readMessage consumes a text, an object with the members of an error, or a list
// of what is wrong with the request.
func (f *failure) readMessage(s *jsonscan.Scanner) {
	switch s.Kind() {
	case jsonscan.Object:
		f.readObject(s)
	case jsonscan.Array:
		f.message = joinProblems(s)
	default:
		f.takeText(s)
	}
}

// joinProblems consumes FastAPI's list of problems. They quote the request in
// other members, of which nothing is taken.
func joinProblems(s *jsonscan.Scanner) string {
	b := &budget{left: maxMessage}
	var all []string
	for ok := s.Array(); ok && s.Element() && !b.cut; {
		if message := member(s, "msg", b); message != "" {
			all = append(all, message)
		}
	}
	return (&budget{left: maxMessage}).take(strings.Join(all, "; "))
}

// error is the error as it is recorded.
func (f *failure) error(status int) *record.Error {
	e := &record.Error{Status: status, Code: f.code, ProviderType: f.kind, Message: f.message}
	for _, weaker := range []string{f.status, f.inner} {
		if e.ProviderType == "" {
			e.ProviderType = weaker
		}
	}
	if upstream := f.upstream; upstream != "" {
		if e.Message != "" {
			upstream = e.Message + ": " + upstream
		}
		e.Message = (&budget{left: maxMessage}).take(upstream)
	}
	e.Type = errorType(e)
	return e
}

// identifier consumes a text or a number that names a kind of error; anything
// that does not look like one is dropped, for it ends in low-cardinality fields.
func identifier(s *jsonscan.Scanner) string {
	if s.Kind() == jsonscan.Number {
		if n, ok := s.Int(); ok && !namesOneRequest(strconv.FormatInt(n, 10)) {
			return strconv.FormatInt(n, 10)
		}
		return ""
	}
	name, ok := s.Text()
	if !ok || !isIdentifier(name) || namesOneRequest(name) || name == "None" { // LiteLLM writes Python's word for nothing
		return ""
	}
	return name
}

// Bounds of what may be a kind of error: the digits in a row, and how often a word
// goes over from letters to digits or back.
const (
	maxDigits  = 5
	maxChanges = 2
)

// namesOneRequest reports whether an identifier looks like that of a request, a point
// in time or a key, of which there are too many for a kind of error.
func namesOneRequest(name string) bool {
	if strings.HasPrefix(name, "sk-") || strings.HasPrefix(name, "req_") {
		return true
	}
	const sign, letter, digit = 0, 1, 2
	before, digits, changes := sign, 0, 0
	for _, c := range []byte(name) {
		now := letter
		switch {
		case '0' <= c && c <= '9':
			now = digit
			digits++
		case c == '_', c == '.', c == '-':
			now, changes = sign, 0
		}
		if now != digit {
			digits = 0
		}
		if now != sign && before != sign && now != before {
			changes++
		}
		if digits > maxDigits || changes > maxChanges {
			return true
		}
		before = now
	}
	return false
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

// statusName consumes Google's name of a status, such as INVALID_ARGUMENT. Others
// have words without a meaning there.
func statusName(s *jsonscan.Scanner) string {
	name, _ := s.Text()
	if !isIdentifier(name) || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return ""
	}
	return name
}

// errorType is the error.type: the provider's code, else its type, else the
// status. A code that only repeats the status says less than a type.
func errorType(e *record.Error) string {
	status := strconv.Itoa(e.Status)
	switch {
	case e.Code != "" && (e.ProviderType == "" || e.Code != status):
		return e.Code
	case e.ProviderType != "":
		return e.ProviderType
	case e.Status != 0:
		return status
	default:
		return "_OTHER"
	}
}
