package otelgenai

import (
	"reflect"
	"slices"
	"strings"

	"github.com/genotel/genotel/internal/anyjson"
	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/redaction"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxSide bounds what is kept of the input of a span, and of its output, in bytes.
const maxSide = 64 << 10

// payload is one side of the content of a span, as it was when it was set.
type payload struct {
	set       bool
	text      string // JSON, or plain text
	messages  []record.Message
	documents []record.Document
	cut       bool
	withheld  bool
}

// newPayload reads value, which may change afterwards.
func newPayload(value any, process func(any) any) payload {
	if process != nil && !guard.Do("processing a value", func() { value = process(value) }) {
		return payload{set: true, withheld: true}
	}
	p := payload{set: true}
	room := budget{left: maxSide}
	switch v := value.(type) {
	case []record.Message:
		copied := redaction.Clone(&record.Call{Request: record.Request{Messages: v}})
		p.messages = copied.Request.Messages
		room.messages(p.messages)
	case []record.Document:
		copied := redaction.Clone(&record.Call{Retrieval: record.Retrieval{Documents: v}})
		p.documents = copied.Retrieval.Documents
		room.documents(p.documents)
	default:
		p.text, p.cut = anyjson.Text(value, maxSide+1)
		p.text, p.cut = anyjson.Cut(p.text, p.cut, maxSide)
	}
	p.cut = p.cut || room.cut
	return p
}

func (p *payload) size() int {
	return len(p.text) + messagesSize(p.messages) + documentsSize(p.documents)
}

// conversation is the payload as messages of a role.
func (p *payload) conversation(role string) []record.Message {
	switch {
	case p.messages != nil:
		return p.messages
	case p.text != "":
		return []record.Message{{Role: role, Parts: []record.Part{record.Text{Content: p.text}}}}
	default:
		return nil
	}
}

// texts has one message for each text of a list, as embeddings have.
func (p *payload) texts() []record.Message {
	elements, ok := listOf(p.text)
	if !ok || p.messages != nil {
		return p.conversation("user")
	}
	var all []record.Message
	for _, element := range elements {
		all = append(all, record.Message{Role: "user", Parts: []record.Part{record.Text{Content: element}}})
	}
	return all
}

// found is the payload as documents, one for each element of a list.
func (p *payload) found() []record.Document {
	if p.documents != nil || p.text == "" {
		return p.documents
	}
	elements, ok := listOf(p.text)
	if !ok {
		elements = []string{p.text}
	}
	var all []record.Document
	for _, element := range elements {
		all = append(all, record.Document{Content: element})
	}
	return all
}

// value is the payload as one text.
func (p *payload) value() string {
	switch {
	case p.text != "":
		return p.text
	case p.documents != nil:
		text, _ := anyjson.Text(p.documents, maxSide)
		return text
	case p.messages != nil:
		text, _ := anyjson.Text(p.messages, maxSide)
		return text
	default:
		return ""
	}
}

// listOf returns the elements of a JSON array, texts decoded.
func listOf(text string) (elements []string, ok bool) {
	s := jsonscan.NewString(text)
	if s.Kind() != jsonscan.Array {
		return nil, false
	}
	for s.Array(); s.Element(); {
		if s.Kind() == jsonscan.String {
			element, _ := s.Text()
			elements = append(elements, element)
			continue
		}
		elements = append(elements, string(s.Raw()))
	}
	return elements, s.End()
}

// items joins the values of a sequence: texts to one text, others to a JSON array.
type items struct {
	values   []item
	size     int
	cut      bool
	withheld bool
}

type item struct {
	text   string
	isText bool
}

func (i *items) isFull() bool { return i.size >= maxSide }

func (i *items) add(p *payload, isText bool) {
	value := item{text: p.value(), isText: isText}
	i.values = append(i.values, value)
	i.size += len(value.text) + len(",")
	i.cut, i.withheld = i.cut || p.cut, i.withheld || p.withheld
}

func (i *items) payload() payload {
	if i.withheld {
		return payload{set: true, withheld: true}
	}
	p := payload{set: true}
	p.text, p.cut = anyjson.Cut(i.join(), i.cut, maxSide)
	return p
}

func (i *items) join() string {
	if !slices.ContainsFunc(i.values, func(v item) bool { return !v.isText }) {
		var all strings.Builder
		for _, value := range i.values {
			all.WriteString(value.text)
		}
		return all.String()
	}
	var w jsonappend.Writer
	w.Array()
	for _, value := range i.values {
		if !value.isText && isJSON(value.text) {
			w.Raw([]byte(value.text))
			continue
		}
		w.String(value.text)
	}
	w.EndArray()
	return string(w.Bytes())
}

func isJSON(text string) bool {
	s := jsonscan.NewString(text)
	s.Skip()
	return s.End()
}

// outputSize is the number of documents in a value that has them, and whether it has.
func outputSize(value any) (count int64, ok bool) {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		return int64(v.Len()), true
	default:
		return 0, false
	}
}
