package sse

// field is one of the fields of an event.
type field uint8

const (
	otherField field = iota // a comment, id, retry, or one that nobody knows
	dataField
	eventField
)

// cutField returns the field of a line that is not blank, and its value if it matters.
func cutField(line []byte) (f field, value []byte) {
	if value, ok := cutName(line, "data"); ok {
		return dataField, value
	}

	if value, ok := cutName(line, "event"); ok {
		return eventField, value
	}

	return otherField, nil
}

// cutName returns the value of a line whose field has the given name. It follows a colon and perhaps one blank; a line
// without a colon is a field with an empty value.
func cutName(line []byte, name string) (value []byte, ok bool) {
	if len(line) < len(name) || string(line[:len(name)]) != name {
		return nil, false
	}

	rest := line[len(name):]

	switch {
	case len(rest) == 0:
		return rest, true
	case rest[0] != ':':
		return nil, false
	case len(rest) > 1 && rest[1] == ' ':
		return rest[2:], true
	default:
		return rest[1:], true
	}
}
