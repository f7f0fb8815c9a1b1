package sse

import "bytes"

// lines cuts bytes into lines, which end in LF, CR LF or CR.
type lines struct {
	bytes   []byte
	pos     int
	lf      int  // where the next LF is, len(bytes) without one; to be looked for if it is less than pos
	afterCR bool // the last byte is a CR and ended a line
}

func newLines(p []byte) lines {
	return lines{bytes: p, lf: -1}
}

// next returns the next whole line, without its end. It remembers where the next LF is, so that lines that end in CR do
// not make it search all of the bytes again and again.
func (l *lines) next() (line []byte, ok bool) {
	if l.pos == len(l.bytes) {
		return nil, false
	}

	if l.bytes[l.pos] == '\n' { // a blank line, as every second one is
		l.pos++

		return l.bytes[l.pos:l.pos], true
	}

	if l.lf < l.pos {
		l.lf = indexByte(l.bytes, l.pos, '\n')
	}

	end := l.lf
	if cr := bytes.IndexByte(l.bytes[l.pos:l.lf], '\r'); cr >= 0 {
		end = l.pos + cr
	}

	if end == len(l.bytes) {
		return nil, false
	}

	line = l.bytes[l.pos:end]
	l.pos = end + 1

	if l.bytes[end] == '\r' {
		if l.pos == len(l.bytes) {
			l.afterCR = true
		} else if l.bytes[l.pos] == '\n' {
			l.pos++
		}
	}

	return line, true
}

// rest returns what follows the last whole line.
func (l *lines) rest() []byte {
	return l.bytes[l.pos:]
}

// indexByte returns the index of the first c in p from index i on, or len(p).
func indexByte(p []byte, i int, c byte) int {
	if n := bytes.IndexByte(p[i:], c); n >= 0 {
		return i + n
	}

	return len(p)
}
