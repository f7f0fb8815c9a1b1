package record

// Retrieval is a search in a collection of documents.
type Retrieval struct {
	// DataSource is the id of what was searched.
	DataSource string
	// TopK is how many documents the search was to return at the most.
	TopK Opt[int64]
	// Found is the number of documents that came.
	Found Opt[int64]

	// Queries are the texts that were searched for, Documents what was found, best
	// first. They are content: present only when somebody may see it.
	Queries   []string
	Documents []Document
}

// Document is a piece of text that a search found.
type Document struct {
	// ID and Name are those of the file that the text comes from.
	ID   string
	Name string
	// Score is how well the document fits, in the provider's measure.
	Score Opt[float64]
	// Content is the text.
	Content string
	// Metadata is a JSON object, or empty.
	Metadata string
}
