package jsonscan

import (
	"bytes"
	"math"
	"strconv"
)

// Int consumes the next value and returns it if it is a number without a fraction that fits an int64. How it is written
// does not matter: 1000, 1e3 and 1000.0 are the same.
func (s *Scanner) Int() (int64, bool) {
	n, ok := s.numeral()
	if !ok {
		return 0, false
	}

	negative := n[0] == '-'
	if negative {
		n = n[1:]
	}

	magnitude, ok := integer(n)

	switch {
	case !ok:
		return 0, false
	case negative && magnitude <= 1<<63:
		return -int64(magnitude), true //nolint:gosec // G115: -(1<<63) wraps to itself, as wanted.
	case !negative && magnitude <= math.MaxInt64:
		return int64(magnitude), true
	default:
		return 0, false
	}
}

// Float consumes the next value and returns it if it is a number within the range of a float64.
func (s *Scanner) Float() (float64, bool) {
	n, ok := s.numeral()
	if !ok {
		return 0, false
	}

	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil { // out of range: its syntax is known to be right
		return 0, false
	}

	return f, true
}

// numeral consumes the next value and returns its bytes if it is a number.
func (s *Scanner) numeral() ([]byte, bool) {
	if s.Kind() != Number {
		s.Skip()

		return nil, false
	}

	start := s.pos

	s.pos = s.number(start)
	if s.pos == 0 {
		return nil, false
	}

	return s.data[start:s.pos], true
}

// number returns the offset behind the number at offset i.
func (s *Scanner) number(i int) int {
	if s.at(i) == '-' {
		i++
	}

	if s.at(i) == '0' {
		i++ // no digit may follow
	} else if i = s.digits(i); i == 0 {
		return 0
	}

	if s.at(i) == '.' {
		if i = s.digits(i + 1); i == 0 {
			return 0
		}
	}

	if c := s.at(i); c == 'e' || c == 'E' {
		i++
		if c := s.at(i); c == '+' || c == '-' {
			i++
		}

		return s.digits(i)
	}

	return i
}

// digits returns the offset behind the digits at offset i, of which there must be one.
func (s *Scanner) digits(i int) int {
	if !isDigit(s.at(i)) {
		return s.fail(i)
	}

	for i < len(s.data) && isDigit(s.data[i]) {
		i++
	}

	return i
}

func isDigit(c byte) bool {
	return c-'0' < 10
}

// integer returns the value of a valid JSON number without its sign, if it is integral and fits.
func integer(n []byte) (value uint64, ok bool) {
	const safeDigits = 19 // so few cannot overflow

	if len(n) > safeDigits {
		return decimal(n)
	}

	for _, c := range n {
		if !isDigit(c) {
			return decimal(n)
		}
		value = value*10 + uint64(c-'0')
	}

	return value, true
}

// decimal is integer for all the ways to write a number. It reads the number as value * 10^scale, where value ends in a
// digit other than 0: the number is integral when scale is not negative.
func decimal(n []byte) (value uint64, ok bool) {
	mantissa, exponent := n, int64(0)
	if i := bytes.IndexAny(n, "eE"); i >= 0 {
		mantissa, exponent = n[:i], parseExponent(n[i+1:])
	}

	zeros := int64(0) // seen since the last other digit
	fraction := false

	for _, c := range mantissa {
		switch {
		case c == '.':
			fraction = true

			continue
		case c == '0':
			zeros++
		default:
			if value, ok = shift(value, zeros+1); !ok || value > math.MaxUint64-uint64(c-'0') {
				return 0, false // if not an overflow by itself, then a fraction
			}
			value += uint64(c - '0')
			zeros = 0
		}

		if fraction {
			exponent--
		}
	}

	scale := exponent + zeros
	if value != 0 && scale < 0 {
		return 0, false
	}

	return shift(value, scale)
}

// shift returns value * 10^n, if that does not overflow.
func shift(value uint64, n int64) (uint64, bool) {
	for ; n > 0 && value != 0; n-- {
		if value > math.MaxUint64/10 {
			return 0, false
		}
		value *= 10
	}

	return value, true
}

// parseExponent returns the value of a valid exponent, or of a smaller one that makes no difference.
func parseExponent(e []byte) int64 {
	const enough = 1 << 40 // no input has so many digits as to make up for it

	value := int64(0)
	for _, c := range e {
		if isDigit(c) {
			value = min(value*10+int64(c-'0'), enough)
		}
	}

	if e[0] == '-' {
		return -value
	}

	return value
}
