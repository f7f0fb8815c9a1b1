package dialect

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/openinference"
)

// appendRetrieval appends what was searched for and what was found. The
// conventions have one text for all queries.
func appendRetrieval(dst []attribute.KeyValue, r *record.Retrieval) []attribute.KeyValue {
	dst = appendText(dst, semconv.GenAIRetrievalQueryTextKey, queryText(r))
	if len(r.Documents) == 0 {
		return dst
	}
	var w jsonappend.Writer
	w.Array()
	for i := range r.Documents {
		d := &r.Documents[i]
		w.Object()
		writeOptional(&w, "id", d.ID)
		writeFloat(&w, "score", d.Score)
		writeOptional(&w, "name", d.Name)
		writeOptional(&w, "content", d.Content)
		if d.Metadata != "" {
			w.Key("metadata")
			w.RawOrString(d.Metadata)
		}
		w.EndObject()
	}
	w.EndArray()
	return append(dst, semconv.GenAIRetrievalDocumentsKey.String(string(w.Bytes())))
}

func queryText(r *record.Retrieval) string { return strings.Join(r.Queries, "\n") }

// shown adds the attributes that may be seen.
func (r *rewritten) shown(attributes []attribute.KeyValue, content Content) {
	for _, kv := range attributes {
		if content.allows(kv.Key) {
			r.attributes = append(r.attributes, kv)
		}
	}
}

// retriever writes a search as LangSmith wants it: the query, and documents of
// which each has content and metadata, for LangSmith stops at the first without.
func (r *rewritten) retriever(c *record.Call, content Content) {
	found := &c.Retrieval
	if query := queryText(found); query != "" && content.Input {
		r.attributes = append(r.attributes, openinference.InputValueKey.String(query))
	} else {
		r.attributes = append(r.attributes, langsmith.GenAIPromptKey.String("{}"))
	}
	if len(found.Documents) == 0 || !content.Output {
		r.attributes = append(r.attributes, langsmith.GenAICompletionKey.String("{}"))
		return
	}
	for i := range found.Documents {
		d := &found.Documents[i]
		prefix := openinference.RetrievalDocumentsKey + attribute.Key("."+strconv.Itoa(i)+".document.")
		text := d.Content
		if text == "" {
			text = " "
		}
		r.attributes = append(r.attributes,
			(prefix + "content").String(text), (prefix + "metadata").String(documentMetadata(d)))
	}
}

func documentMetadata(d *record.Document) string {
	var w jsonappend.Writer
	w.Object()
	writeOptional(&w, "file_id", d.ID)
	writeOptional(&w, "filename", d.Name)
	writeFloat(&w, "score", d.Score)
	if d.Metadata != "" {
		w.Key("attributes")
		w.RawOrString(d.Metadata)
	}
	w.EndObject()
	return string(w.Bytes())
}
