package openai

import (
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/runes"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// The readers below consume one value each and leave their target alone when it
// is of another type.

// maxIdentity bounds what names or identifies something, in bytes: a model, an id, a
// role, a kind. What is longer is cut.
const maxIdentity = 512

func text(s *jsonscan.Scanner, into *string) {
	if v, ok := s.Text(); ok {
		*into = runes.Clip(v, maxIdentity)
	}
}

// payload reads a text of any length, of which no more than a description is kept.
func payload(s *jsonscan.Scanner) string {
	v, _ := s.Text()
	return v
}

// firstText keeps the first text that is not empty: streams repeat it.
func firstText(s *jsonscan.Scanner, into *string) {
	if *into != "" {
		s.Skip()
		return
	}
	text(s, into)
}

// maxReason bounds a finish reason, in bytes.
const maxReason = 256

// reason reads a finish reason; an empty one says nothing.
func reason(s *jsonscan.Scanner, into *string) {
	var v string
	text(s, &v)
	if v != "" {
		*into = runes.Clip(v, maxReason)
	}
}

func integer(s *jsonscan.Scanner, into *record.Opt[int64]) {
	if v, ok := s.Int(); ok {
		*into = record.Some(v)
	}
}

// count reads a number of tokens; a negative one is nonsense.
func count(s *jsonscan.Scanner, into *record.Opt[int64]) {
	if v, ok := s.Int(); ok && v >= 0 {
		*into = record.Some(v)
	}
}

func float(s *jsonscan.Scanner, into *record.Opt[float64]) {
	if v, ok := s.Float(); ok {
		*into = record.Some(v)
	}
}

// maxTexts bounds the texts of a list, such as the stop sequences.
const maxTexts = 32

// texts reads a string or a list of strings, each of which is cut like a name.
func texts(s *jsonscan.Scanner) []string {
	if s.Kind() == jsonscan.String {
		if v, ok := s.Text(); ok {
			return []string{runes.Clip(v, maxIdentity)}
		}
		return nil
	}
	var list []string
	for ok := s.Array(); ok && s.Element(); {
		if len(list) == maxTexts {
			s.Skip()
			continue
		}
		if v, ok := s.Text(); ok {
			list = append(list, runes.Clip(v, maxIdentity))
		}
	}
	return list
}

// members visits the members of an object. visit consumes the value and reports
// true, or leaves it and reports false.
func members(s *jsonscan.Scanner, visit func(key []byte) bool) {
	if !s.Object() {
		return
	}
	for {
		key, ok := s.Field()
		if !ok {
			return
		}
		if !visit(key) {
			s.Skip()
		}
	}
}

// readWhole visits the members of a whole response, as members does, and reports
// whether it was a sound object. One that is not is an error of the call.
func readWhole(body []byte, call *record.Call, visit func(s *jsonscan.Scanner, key []byte) bool) (sound bool) {
	s := jsonscan.New(body)
	isObject := s.Kind() == jsonscan.Object
	members(&s, func(key []byte) bool { return visit(&s, key) })
	sound = isObject && s.End()
	if !sound && call.Error == nil {
		call.Error = &record.Error{Type: wire.DecodeError}
	}
	return sound
}

// someText consumes a value and reports whether it is a text of more than nothing.
func someText(s *jsonscan.Scanner) bool {
	isText := s.Kind() == jsonscan.String
	return len(s.Raw()) > len(`""`) && isText
}

// validText is JSON as text: invalid UTF-8 may stand inside of its strings.
func validText(raw []byte) string { return strings.ToValidUTF8(string(raw), "\uFFFD") }
