package langsmith

// Options choose between the public converter and the hosted one.
type Options struct {
	Hosted bool // also read what only the hosted converter reads (rule 18)
}

// Result is what LangSmith stores of the requests, in their order.
type Result struct {
	Runs     []Run       `json:"runs"`
	Rejected []Rejection `json:"rejected,omitzero"`
	Warnings []string    `json:"warnings,omitzero"` // legal, but surely not meant (rule 19)
}

// Run is one run of LangSmith. The maps hold what encoding/json makes of JSON, except that integers of attributes stay
// int64. Inputs and Outputs are nil when they were not set, which is not the same as an empty object.
type Run struct {
	ID                 string         `json:"id"`
	TraceID            string         `json:"trace_id"`
	ParentRunID        string         `json:"parent_run_id,omitzero"`
	DottedOrder        string         `json:"dotted_order,omitzero"`
	Name               string         `json:"name"`
	RunType            string         `json:"run_type"`
	SessionName        string         `json:"session_name,omitzero"`
	SessionID          string         `json:"session_id,omitzero"`
	ReferenceExampleID string         `json:"reference_example_id,omitzero"`
	StartTime          string         `json:"start_time"`
	FirstTokenTime     string         `json:"first_token_time,omitzero"`
	EndTime            string         `json:"end_time"`
	Status             string         `json:"status"`
	Error              string         `json:"error,omitzero"`
	Inputs             map[string]any `json:"inputs,omitzero"`
	Outputs            map[string]any `json:"outputs,omitzero"`
	Extra              map[string]any `json:"extra"`
	Tags               []string       `json:"tags,omitzero"`
	Attachments        []Attachment   `json:"attachments,omitzero"`
}

// Attachment is one element of langsmith.attachments. Content is base64.
type Attachment struct {
	Name     string `json:"name"`
	MIMEType string `json:"mime_type"`
	Content  string `json:"content"`
}

// Rejection is a span that LangSmith does not store.
type Rejection struct {
	Name   string `json:"name"`
	SpanID string `json:"span_id"` // hex
	Reason string `json:"reason"`
}
