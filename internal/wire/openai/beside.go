package openai

import (
	"bytes"
	"slices"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// sources are what Perplexity's answers say of where they come from, as JSON. They
// stand beside the choices.
type sources struct{ citations, results []byte }

func (src *sources) any() bool { return len(src.citations) > 0 || len(src.results) > 0 }

// addTo adds the sources to the first choice.
func (src *sources) addTo(choices []record.Choice, b *budget) {
	if len(choices) == 0 {
		return
	}
	m := &choices[0].Message
	m.Parts = appendBeside(m.Parts, "citations", src.citations, b)
	m.Parts = appendBeside(m.Parts, "search_results", src.results, b)
}

// appendBeside adds a part for a member of a message beside its content, if there
// is anything in it.
func appendBeside(parts []record.Part, name string, raw []byte, b *budget) []record.Part {
	if !hasAny(raw) {
		return parts
	}
	s := jsonscan.New(raw)
	var w jsonappend.Writer
	w.Object()
	w.StringField("type", name)
	w.Key(name)
	plain(&s, &w)
	w.EndObject()
	return append(parts, record.Generic{Type: name, JSON: b.take(validText(w.Bytes())), Beside: true})
}

// appendBesideList adds a part for a list of which there are the elements, separated
// by commas.
func appendBesideList(parts []record.Part, name string, elements []byte, b *budget) []record.Part {
	if len(elements) == 0 {
		return parts
	}
	return appendBeside(parts, name, slices.Concat([]byte("["), elements, []byte("]")), b)
}

// appendAnnotations adds the annotations of an item of a response to a list of
// elements.
func appendAnnotations(list, raw []byte) []byte {
	s := jsonscan.New(raw)
	members(&s, func(key []byte) bool {
		if string(key) != "content" {
			return false
		}
		for ok := s.Array(); ok && s.Element(); {
			list = appendAnnotationsOfPart(&s, list)
		}
		return true
	})
	return list
}

// appendAnnotationsOfPart consumes a part of the content of an item.
func appendAnnotationsOfPart(s *jsonscan.Scanner, list []byte) []byte {
	members(s, func(key []byte) bool {
		if string(key) != "annotations" {
			return false
		}
		for ok := s.Array(); ok && s.Element(); {
			list = appendElement(list, s.Raw())
		}
		return true
	})
	return list
}

// appendElement adds an element to a list of them, unless it is cut.
func appendElement(list, raw []byte) []byte {
	if raw == nil {
		return list
	}
	if len(list) > 0 {
		list = append(list, ',')
	}
	return append(list, raw...)
}

// hasAny reports whether JSON is a list or an object with anything in it.
func hasAny(raw []byte) bool {
	s := jsonscan.New(raw)
	switch s.Kind() {
	case jsonscan.Array:
		return s.Array() && s.Element()
	case jsonscan.Object:
		s.Object()
		_, ok := s.Field()
		return ok
	default:
		return false
	}
}

// hasFiltered reports whether one of Azure's filters did more than look.
func hasFiltered(raw []byte) (found bool) {
	if !bytes.Contains(raw, []byte("true")) {
		return false
	}
	s := jsonscan.New(raw)
	members(&s, func([]byte) bool {
		if s.Kind() != jsonscan.Object {
			return false
		}
		members(&s, func(key []byte) bool {
			if string(key) != "filtered" {
				return false
			}
			filtered, _ := s.Bool()
			found = found || filtered
			return true
		})
		return true
	})
	return found
}
