package openai

import (
	"net/url"
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// Search decodes one search in a vector store.
type Search struct {
	call    *record.Call
	content bool

	queries   later[[]string]
	documents later[[]record.Document]
	sound     bool
}

var _ wire.Exchange = (*Search)(nil)

// NewSearch returns a decoder that fills call.
func NewSearch(call *record.Call) *Search {
	return &Search{
		call:      call,
		queries:   later[[]string]{read: readQueries},
		documents: later[[]record.Document]{read: readDocuments},
	}
}

// DescribeSearch writes the vector store that a URL names into the record.
func DescribeSearch(call *record.Call, u *url.URL, _ []byte) {
	rest, _ := cutLast(strings.TrimSuffix(u.Path, "/"))
	_, id := cutLast(rest)
	call.Retrieval.DataSource = pathID(id)
}

// Request implements [wire.Exchange].
func (r *Search) Request(body []byte, content bool) {
	r.content = content
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "max_num_results":
			count(&s, &r.call.Retrieval.TopK)
		case "query":
			raw := s.Raw()
			if content {
				r.queries.keep(raw)
			}
		default:
			return false
		}
		return true
	})
}

// readQueries reads a text or a list of them.
func readQueries(raw []byte, b *budget) (queries []string) {
	s := jsonscan.New(raw)
	if s.Kind() == jsonscan.String {
		return []string{b.text(&s)}
	}
	b.elements(&s, func() {
		if query := b.text(&s); query != "" {
			queries = append(queries, query)
		}
	})
	return queries
}

// Event implements [wire.Exchange]. The endpoint has no streams.
func (r *Search) Event([]byte) wire.Progress { return 0 }

// Response implements [wire.Exchange].
func (r *Search) Response(body []byte) {
	r.sound = readWhole(body, r.call, func(s *jsonscan.Scanner, key []byte) bool {
		switch string(key) {
		case "data":
			r.readData(s)
		case "error":
			readInlineError(s, r.call)
		default:
			return false
		}
		return true
	})
}

// readData consumes what was found.
func (r *Search) readData(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		s.Skip()
		return
	}
	raw := s.Raw()
	list := jsonscan.New(raw)
	found := int64(0)
	for ok := list.Array(); ok && list.Element(); found++ {
		list.Skip()
	}
	r.call.Retrieval.Found = record.Some(found)
	if r.content {
		r.documents.keep(raw)
	}
}

func readDocuments(raw []byte, b *budget) (documents []record.Document) {
	s := jsonscan.New(raw)
	b.elements(&s, func() { documents = append(documents, readFound(&s, b)) })
	return documents
}

// readFound consumes one piece of a file that was found.
func readFound(s *jsonscan.Scanner, b *budget) (d record.Document) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "file_id":
			b.name(s, &d.ID)
		case "filename":
			d.Name = b.text(s)
		case "score":
			float(s, &d.Score)
		case "attributes":
			if s.Kind() != jsonscan.Object {
				return false
			}
			d.Metadata = plainJSON(s, b)
		case "content":
			d.Content = joinTexts(readContent(s, b))
		default:
			return false
		}
		return true
	})
	return d
}

// Failure implements [wire.Exchange].
func (r *Search) Failure(status int, body []byte) *record.Error { return readFailure(status, body) }

// Finish implements [wire.Exchange].
func (r *Search) Finish() (complete bool) { return r.sound && r.call.Retrieval.Found.IsSet() }

// Retained implements [wire.Exchange].
func (r *Search) Retained() int { return r.queries.retained() + r.documents.retained() }

// Content implements [wire.Exchange].
func (r *Search) Content(call *record.Call) {
	var cutQueries, cutDocuments bool
	call.Retrieval.Queries, cutQueries = r.queries.get()
	call.Retrieval.Documents, cutDocuments = r.documents.get()
	call.Content.Truncated = call.Content.Truncated || cutQueries || cutDocuments
}
