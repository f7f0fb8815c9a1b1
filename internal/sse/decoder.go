package sse

// DefaultMaxEvent is the default of [Decoder.MaxEvent]. An event of a text stream has a few hundred bytes. The large ones
// are the last of a response, which repeats the whole answer, and images in base64, of which a PNG of 4 megapixels has
// some MiB: 8 MiB holds these, and is what a hostile server can make the observer keep of one stream, about twice over.
const DefaultMaxEvent = 8 << 20

// keepBuffer is up to which size a buffer is kept for the next event. A larger one is given back, rather than occupy the
// memory of one huge event until the stream ends.
const keepBuffer = 64 << 10

// Decoder decodes one event stream. The zero value is ready. It is not safe for concurrent use, and its methods must not
// be called from the event function.
type Decoder struct {
	// MaxEvent is how many bytes the name and the data of an event may have together; 0 stands for DefaultMaxEvent. A
	// larger event is dropped and counted, and decoding goes on with the next one. MaxEvent must not be changed within a
	// stream.
	MaxEvent int

	// The line in progress: what came of it in earlier writes.
	line     []byte
	skipping bool // too long to be of use: what still comes of it is passed over
	started  bool // it is not the first line
	afterCR  bool // the last byte was a CR, which ended a line; an LF that follows it belongs to it

	// The event in progress: what its lines so far said.
	name    []byte
	data    []byte // lies in what is being written, in line, or in buf
	buf     []byte
	inBuf   bool // data lies in buf
	hasData bool // an event without a data line is not delivered
	tooBig  bool // its further lines are passed over

	oversized int
}

// Write takes the next bytes of the stream and calls event for each event that they complete. The name is empty if the
// event has none. Both slices are valid only during the call and must not be changed. Nothing of p is retained.
func (d *Decoder) Write(p []byte, event func(name, data []byte)) {
	if len(p) == 0 {
		return
	}

	if d.afterCR && p[0] == '\n' {
		p = p[1:]
	}

	lines := newLines(p)
	for line, ok := lines.next(); ok; line, ok = lines.next() {
		d.endLine(line, event)
	}

	d.afterCR = lines.afterCR
	d.keepData() // before the line that it may lie in is overwritten
	d.keepLine(lines.rest())
}

// Flush tells that the stream has ended, and delivers what the end left incomplete: many servers omit the blank line
// after the last event, without which the standard has the event discarded, and a connection can break within a line. A
// half line is delivered as it is: that its data are cut is for their decoder to notice. The Decoder is then ready for
// another stream.
func (d *Decoder) Flush(event func(name, data []byte)) {
	if len(d.line) > 0 {
		d.endLine(nil, event)
	}
	d.dispatch(event)

	*d = Decoder{MaxEvent: d.MaxEvent, oversized: d.oversized, line: d.line, name: d.name, buf: d.buf}
}

// Oversized returns how many events were dropped because they were larger than MaxEvent.
func (d *Decoder) Oversized() int {
	return d.oversized
}

func (d *Decoder) maxEvent() int {
	if d.MaxEvent > 0 {
		return d.MaxEvent
	}

	return DefaultMaxEvent
}
