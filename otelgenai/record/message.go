package record

// Message is one turn of a conversation.
type Message struct {
	// Role is as sent: system, developer, user, assistant, tool or any other.
	Role string
	// Name is the participant's name, or empty.
	Name  string
	Parts []Part
}

// Part is a piece of a message: [Text], [Reasoning], [Refusal], [ToolCall],
// [ToolResult], [ServerToolCall], [ServerToolResult], [Image], [Audio], [File] or [Generic].
type Part interface{ part() }

// Text is plain text.
type Text struct{ Content string }

// Reasoning is the model's thinking or a summary of it.
type Reasoning struct{ Content string }

// Refusal is the text with which the model declined.
type Refusal struct{ Content string }

// ToolCall is a call that the model asks the client to make.
type ToolCall struct {
	ID   string
	Name string
	// Type is the provider's kind of tool, for instance "function" or "custom".
	Type string
	// Arguments is as generated: usually JSON, but a model may write anything.
	Arguments string
}

// ToolResult is what a tool returned to the model.
type ToolResult struct {
	// ID is that of the tool call.
	ID string
	// Name is the tool's name, where the provider repeats it.
	Name string
	// Content is as sent: plain text, or JSON.
	Content string
}

// ServerToolCall is a call of a tool that the provider itself ran.
type ServerToolCall struct {
	ID   string
	Name string
	// Type is the provider's kind of call, for instance "web_search_call".
	Type string
	// Content says what was asked of the tool, as a JSON object; it may be text when
	// it is not complete.
	Content string
}

// ServerToolResult is what a tool returned that the provider itself ran.
type ServerToolResult struct {
	// ID, Name and Type are those of the call.
	ID   string
	Name string
	Type string
	// Content is what came back, as a JSON object; it may be text when it is not
	// complete.
	Content string
}

// Image is a picture.
type Image struct {
	Media
	// Detail is the resolution asked for, as sent.
	Detail string
	// Name is the name of a file that was uploaded with the request, Field the form's
	// field for it, for instance "mask".
	Name  string
	Field string
}

// Audio is sound.
type Audio struct {
	Media
	// Transcript is the text of the sound, where the provider gives it.
	Transcript string
	// Name is the name of a file that was uploaded with the request.
	Name string
}

// File is a document.
type File struct {
	Media
	Name string
}

// Generic is a part of a kind not listed here, kept as it was sent.
type Generic struct {
	Type string
	// JSON is the whole part.
	JSON string
	// Beside is set for what the provider sends beside the content: sources, or the
	// verdicts of a filter. JSON then is an object of the type and the members that
	// the provider's message has.
	Beside bool
}

func (Text) part()             {}
func (Reasoning) part()        {}
func (Refusal) part()          {}
func (ToolCall) part()         {}
func (ToolResult) part()       {}
func (ServerToolCall) part()   {}
func (ServerToolResult) part() {}
func (Image) part()            {}
func (Audio) part()            {}
func (File) part()             {}
func (Generic) part()          {}

// Media says where the bytes of an image, a sound or a file are. Exactly one of
// URI, FileID and Blob is set; none when the provider left them out.
type Media struct {
	MIMEType string
	URI      string
	// FileID names an upload at the provider.
	FileID string
	// Blob describes bytes that were sent inline.
	Blob *Blob
}

// Blob describes inline bytes. The bytes themselves are not kept.
type Blob struct {
	Bytes int
	// SHA256 is the digest in lower-case hex; empty for files that are uploaded beside
	// the request, which are not read.
	SHA256 string
}
