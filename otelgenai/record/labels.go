package record

// Labels is what an application says of the work that it does, beside what each call says
// of itself. They are no content, and short.
type Labels struct {
	// Session is the id of the conversation, User that of who takes part in it.
	Session, User string
	// Project is where a backend is to file it.
	Project string
	// Tags have no commas and no blanks around them.
	Tags     []string
	Metadata []Label
}

// Label is one entry of metadata. Value is a string, a bool, an int64 or a float64.
type Label struct {
	Name  string
	Value any
}

// Run is what an application says of one span alone.
type Run struct {
	// Name is the name to show, Example the id of the example that it is held against.
	Name, Example string
}
