package jsonappend

// Writer appends JSON to a buffer and puts the commas where they belong. The zero value is ready.
//
// It does not check the order of the calls: what is opened must be closed, and within an object every value needs its
// Key. It is not safe for concurrent use.
type Writer struct {
	buf   []byte
	comma bool // a value precedes in the same container
}

// Reset makes the Writer append to buf, whose content stays as it is, and forget what it wrote before.
func (w *Writer) Reset(buf []byte) {
	w.buf, w.comma = buf, false
}

// Bytes returns the buffer with what was written. It is valid until the next call.
func (w *Writer) Bytes() []byte {
	return w.buf
}

// Object begins an object.
func (w *Writer) Object() {
	w.open('{')
}

// EndObject ends an object.
func (w *Writer) EndObject() {
	w.end('}')
}

// Array begins an array.
func (w *Writer) Array() {
	w.open('[')
}

// EndArray ends an array.
func (w *Writer) EndArray() {
	w.end(']')
}

// Key writes the name of a member; its value must follow.
func (w *Writer) Key(name string) {
	w.buf = append(String(w.next(), name), ':')
	w.comma = false
}

// String writes a string, as the function [String] does.
func (w *Writer) String(s string) {
	w.buf = String(w.next(), s)
}

// Int writes a number.
func (w *Writer) Int(n int64) {
	w.buf = Int(w.next(), n)
}

// Float writes a number, as the function [Float] does.
func (w *Writer) Float(f float64) {
	w.buf = Float(w.next(), f)
}

// Bool writes true or false.
func (w *Writer) Bool(v bool) {
	w.buf = Bool(w.next(), v)
}

// Null writes null.
func (w *Writer) Null() {
	w.buf = Null(w.next())
}

// Raw writes a value that is JSON already, as the function [Raw] does.
func (w *Writer) Raw(raw []byte) {
	w.buf = Raw(w.next(), raw)
}

// RawString is Raw for a string.
func (w *Writer) RawString(raw string) {
	w.buf = Raw(w.next(), raw)
}

// RawOrString writes s as an object or array if it is one, else as a string, as the function [RawOrString] does.
func (w *Writer) RawOrString(s string) {
	w.buf = RawOrString(w.next(), s)
}

// StringField writes a member whose value is a string.
func (w *Writer) StringField(name, value string) {
	w.Key(name)
	w.String(value)
}

// IntField writes a member whose value is a number.
func (w *Writer) IntField(name string, value int64) {
	w.Key(name)
	w.Int(value)
}

// next returns the buffer, ready for the next value.
func (w *Writer) next() []byte {
	if w.comma {
		return append(w.buf, ',')
	}

	w.comma = true

	return w.buf
}

func (w *Writer) open(bracket byte) {
	w.buf = append(w.next(), bracket)
	w.comma = false
}

func (w *Writer) end(bracket byte) {
	w.buf = append(w.buf, bracket)
	w.comma = true
}
