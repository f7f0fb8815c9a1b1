package formscan

import "bytes"

// Bounds of what is held of a form, in bytes, and of its parts. A form with larger
// headers or more parts than that is read no further.
const (
	maxHeader = 8 << 10
	maxLine   = 4 << 10
	maxParts  = 1024
	// maxBoundary is far above the 70 that the standard allows.
	maxBoundary = 256
)

// state is what the next byte belongs to.
type state uint8

const (
	// preamble is what comes before the first delimiter.
	preamble state = iota
	// delimited is the rest of the line that began with a delimiter.
	delimited
	header
	body
	// complete is the time after the last delimiter, broken that after a defect.
	complete
	broken
)

// Scanner reads one form. It is not safe for concurrent use.
type Scanner struct {
	limit func(*Part) int
	visit func(*Part)

	// delimiter ends a part: a line end, two dashes and the boundary. A line with a
	// delimiter at the start of the form has no line end before it.
	delimiter []byte
	state     state
	parts     int
	// held is a line or a header as far as it was seen, line is where the last line
	// of the header begins.
	held []byte
	line int

	// The part that is being read, and room for its value.
	part Part
	room int
	// matched is how much of the delimiter the last bytes are. Of that, unreal bytes
	// are none of the part: the line end behind the header counts as one before the
	// delimiter. dash is set when a dash came behind the whole delimiter.
	matched, unreal int
	dash            bool
}

// New returns a scanner of the form with a boundary. limit says how many bytes of
// the value of a part are kept, none for a file; visit takes each part at its end.
// What they are given is theirs during the call only.
func New(boundary string, limit func(*Part) int, visit func(*Part)) *Scanner {
	s := &Scanner{limit: limit, visit: visit, delimiter: []byte("\r\n--" + boundary)}
	if boundary == "" || len(boundary) > maxBoundary {
		s.state = broken
	}
	return s
}

// lineEnd is the length of CR LF, which begins the delimiter.
const lineEnd = 2

// Write implements [io.Writer]. It reads the next bytes of the form, of which it
// keeps nothing, and never fails.
func (s *Scanner) Write(p []byte) (int, error) {
	size := len(p)
	for len(p) > 0 {
		var n int
		switch s.state {
		case preamble, delimited:
			n = s.readLine(p)
		case header:
			n = s.readHeader(p)
		case body:
			n = s.readBody(p)
		default:
			n = len(p)
		}
		p = p[n:]
	}
	return size, nil
}

// End tells that no more of the form comes. A part that has not ended is reported
// as one that is cut. It returns whether the form was whole.
func (s *Scanner) End() bool {
	switch s.state {
	case delimited:
		if isLast(s.held) {
			s.state = complete
		}
	case preamble:
		if rest, ok := bytes.CutPrefix(s.held, s.delimiter[lineEnd:]); ok && isLast(rest) {
			s.state = complete
		}
	case body:
		if s.dash {
			s.mismatch()
		}
		s.endPart(s.matched == len(s.delimiter)) // what may be its beginning is none of the part
	default:
	}
	if s.state != complete {
		s.state = broken
	}
	return s.state == complete
}

// readLine takes bytes of a line outside of parts, and returns how many.
func (s *Scanner) readLine(p []byte) int {
	end := bytes.IndexByte(p, '\n') + 1
	n := end
	if end == 0 {
		n = len(p)
	}
	kept := min(n, maxLine+1-len(s.held))
	s.held = append(s.held, p[:kept]...)
	if end == 0 {
		return n
	}
	rest, ok := s.held, s.state == delimited
	if !ok {
		rest, ok = bytes.CutPrefix(rest, s.delimiter[lineEnd:])
	}
	switch {
	case ok && len(s.held) <= maxLine && isNext(rest):
		s.begin()
	case ok && len(s.held) <= maxLine && isLast(rest):
		s.state = complete
	case s.state == delimited:
		s.state = broken
	}
	s.held = s.held[:0]
	return n
}

// isNext reports whether the rest of a delimiter's line says that a part follows.
func isNext(rest []byte) bool { return string(bytes.TrimLeft(rest, " \t")) == "\r\n" }

// isLast reports whether it says that the form ends.
func isLast(rest []byte) bool {
	rest, ok := bytes.CutPrefix(rest, []byte("--"))
	rest = bytes.TrimLeft(rest, " \t")
	return ok && (len(rest) == 0 || string(rest) == "\r\n")
}

// begin begins a part.
func (s *Scanner) begin() {
	if s.parts == maxParts {
		s.state = broken
		return
	}
	s.parts++
	s.state, s.line = header, 0
}

// readHeader takes bytes of a part's header, and returns how many.
func (s *Scanner) readHeader(p []byte) int {
	n := bytes.IndexByte(p, '\n') + 1
	ended := n > 0
	if !ended {
		n = len(p)
	}
	if len(s.held)+n > maxHeader {
		s.state = broken
		return n
	}
	s.held = append(s.held, p[:n]...)
	if !ended {
		return n
	}
	line := s.held[s.line:]
	s.line = len(s.held)
	if string(line) != "\r\n" && string(line) != "\n" {
		return n
	}
	ok := s.part.describe(s.held)
	s.held = s.held[:0]
	if !ok {
		s.state = broken
		return n
	}
	s.state, s.room = body, 0
	s.matched, s.unreal, s.dash = lineEnd, lineEnd, false
	if !s.part.IsFile {
		s.room = s.limit(&s.part)
	}
	return n
}

// readBody takes bytes of a part, and returns how many. A delimiter contains only
// one CR, its first byte, so one that turns out to be none hides no other.
func (s *Scanner) readBody(p []byte) int {
	switch {
	case s.matched == 0:
		at := bytes.Index(p, s.delimiter)
		if at < 0 {
			s.matched = s.beginning(p)
			s.keep(p[:len(p)-s.matched])
			return len(p)
		}
		s.keep(p[:at])
		s.matched = len(s.delimiter)
		return at + s.matched
	case s.matched == len(s.delimiter):
		return s.readBehind(p[0])
	case p[0] == s.delimiter[s.matched]:
		s.matched++
		return 1
	default:
		s.mismatch()
		return 0
	}
}

// beginning is the length of the beginning of the delimiter that p ends with.
func (s *Scanner) beginning(p []byte) int {
	last := p[max(0, len(p)-len(s.delimiter)):]
	at := bytes.LastIndexByte(last, '\r')
	if at < 0 || !bytes.HasPrefix(s.delimiter, last[at:]) {
		return 0
	}
	return len(last) - at
}

// readBehind takes the byte behind a delimiter, which tells whether it is one, and
// returns whether it was consumed.
func (s *Scanner) readBehind(c byte) int {
	switch {
	case s.dash && c == '-':
		s.endPart(true)
		s.held = append(s.held, "-"...)
		return 0
	case !s.dash && c == '-':
		s.dash = true
		return 1
	case !s.dash && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
		s.endPart(true)
		return 0
	default:
		s.mismatch()
		return 0
	}
}

// mismatch takes what looked like a delimiter for a part of the value.
func (s *Scanner) mismatch() {
	s.keep(s.delimiter[s.unreal:s.matched])
	if s.dash {
		s.keep([]byte{'-'})
	}
	s.matched, s.unreal, s.dash = 0, 0, false
}

// keep takes bytes of the value of a part.
func (s *Scanner) keep(p []byte) {
	s.part.Size += int64(len(p))
	if kept := min(len(p), s.room-len(s.part.Value)); kept > 0 {
		s.part.Value = append(s.part.Value, p[:kept]...)
	}
}

func (s *Scanner) endPart(whole bool) {
	s.part.Whole = whole
	s.visit(&s.part)
	s.part = Part{Value: s.part.Value[:0]}
	s.state, s.held = delimited, s.held[:0]
}
