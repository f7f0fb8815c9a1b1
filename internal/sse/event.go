package sse

import "bytes"

// byteOrderMark may precede the first line.
const byteOrderMark = "\ufeff"

// longestPrefix is the longest that can precede the value of a field in its line. Of a line that is too long, so much is
// looked at to tell which field it is.
const longestPrefix = len(byteOrderMark) + len("event: ")

// endLine takes the last part of a line, which is all of it unless the line began in an earlier write.
func (d *Decoder) endLine(part []byte, event func(name, data []byte)) {
	line := part
	if len(d.line) > 0 {
		d.keepLine(part)
		line = d.line
		d.line = d.line[:0]
	}

	skip := d.skipping
	d.skipping = false

	if !skip {
		d.takeLine(d.trimMark(line), event)
	}
	d.started = true
}

// keepLine keeps a part of a line whose end has not come, and gives the line up when it has become too long.
func (d *Decoder) keepLine(part []byte) {
	if d.skipping || len(part) == 0 {
		return
	}

	if len(d.line)+len(part)-longestPrefix <= d.maxEvent() {
		d.line = append(d.line, part...)

		return
	}

	d.line = append(d.line, part[:min(len(part), longestPrefix)]...)
	if field, _ := cutField(d.trimMark(d.line)); field != otherField && !d.tooBig {
		d.drop() // its value alone is larger than an event may be
	}

	d.line = d.line[:0]
	d.skipping = true
}

// trimMark returns the line without the byte order mark, if it is the first.
func (d *Decoder) trimMark(line []byte) []byte {
	if d.started {
		return line
	}

	return bytes.TrimPrefix(line, []byte(byteOrderMark))
}

// takeLine takes a whole line.
func (d *Decoder) takeLine(line []byte, event func(name, data []byte)) {
	if len(line) == 0 {
		d.dispatch(event)

		return
	}

	if d.tooBig {
		return
	}

	switch field, value := cutField(line); field {
	case dataField:
		d.addData(value)
	case eventField:
		d.setName(value)
	case otherField:
	}
}

// addData takes the value of a data line. The first is only referred to, more are put together in a buffer.
func (d *Decoder) addData(value []byte) {
	if !d.hasData {
		if len(d.name)+len(value) > d.maxEvent() {
			d.drop()

			return
		}
		d.data, d.hasData = value, true

		return
	}

	if len(d.name)+len(d.data)+len("\n")+len(value) > d.maxEvent() {
		d.drop()

		return
	}

	d.keepData()
	d.buf = append(append(d.buf, '\n'), value...)
	d.data = d.buf
}

// setName takes the value of an event line.
func (d *Decoder) setName(value []byte) {
	if len(value)+len(d.data) > d.maxEvent() {
		d.drop()

		return
	}

	d.name = append(d.name[:0], value...)
}

// keepData makes the data lie in buf.
func (d *Decoder) keepData() {
	if d.hasData && !d.inBuf {
		d.buf = append(d.buf[:0], d.data...)
		d.data, d.inBuf = d.buf, true
	}
}

// drop gives up the event in progress because of its size.
func (d *Decoder) drop() {
	d.clear()
	d.tooBig = true
	d.oversized++
}

// dispatch ends the event in progress and delivers it.
func (d *Decoder) dispatch(event func(name, data []byte)) {
	name, data, deliver := d.name, d.data, d.hasData
	d.clear()
	d.tooBig = false

	if deliver {
		event(name, data)
	}
}

// clear forgets the event in progress. Its bytes stay where they are until more is written.
func (d *Decoder) clear() {
	d.name = reuse(d.name)
	d.buf = reuse(d.buf)
	d.data, d.hasData, d.inBuf = nil, false, false

	if len(d.line) == 0 {
		d.line = reuse(d.line)
	}
}

// reuse returns the buffer, emptied, for the next event, or nil if it has become too large to be kept.
func reuse(buf []byte) []byte {
	if cap(buf) > keepBuffer {
		return nil
	}

	return buf[:0]
}
