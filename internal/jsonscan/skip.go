package jsonscan

// Skip consumes the next value, whatever it is. All of it is validated.
func (s *Scanner) Skip() {
	outer := s.depth
	i := s.begin(s.afterSpace(s.pos))

	for s.depth > outer { // an error ends the loop: it empties the scanner
		var ok bool
		if s.end == '}' {
			_, i, ok = s.member(i)
		} else {
			i, ok = s.child(i, ']')
		}

		if ok {
			i = s.begin(s.afterSpace(i))
		}
	}

	s.pos = i
}

// begin returns the offset behind the value at offset i, or, if it is a container, enters it and returns the offset of
// its inside.
func (s *Scanner) begin(i int) int {
	switch s.at(i) {
	case '"':
		_, next := s.literal(i)

		return next
	case '{':
		return s.open(i, '}')
	case '[':
		return s.open(i, ']')
	case 't':
		return s.word(i, "true")
	case 'f':
		return s.word(i, "false")
	case 'n':
		return s.word(i, "null")
	default:
		return s.number(i) // refuses what is no number
	}
}

// word returns the offset behind the word at offset i, one of true, false and null.
func (s *Scanner) word(i int, word string) int {
	if end := i + len(word); end <= len(s.data) && string(s.data[i:end]) == word {
		return end
	}

	return s.failIn(i, word)
}

// failIn refuses what stands at offset i, where it departs from the word that it should be.
func (s *Scanner) failIn(i int, word string) int {
	for n := 0; n < len(word) && s.at(i) == word[n]; n++ {
		i++
	}

	return s.fail(i)
}

// Raw consumes the next value and returns its bytes, validated and without the white space around them. They are a part
// of the data. After an error Raw returns nil.
func (s *Scanner) Raw() []byte {
	start := s.afterSpace(s.pos)
	s.Skip()

	if s.err != nil {
		return nil
	}

	return s.data[start:s.pos:s.pos]
}

// Bool consumes the next value and returns it if it is true or false.
func (s *Scanner) Bool() (v, ok bool) {
	c := s.peek()
	s.Skip()

	ok = s.err == nil && (c == 't' || c == 'f')

	return ok && c == 't', ok
}
