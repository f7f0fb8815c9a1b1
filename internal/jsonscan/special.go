package jsonscan

import "math/bits"

// IndexSpecial returns the index of the first byte of text, from index i on, that cannot stand for itself inside a JSON
// string: a quote, a backslash or a control character below 0x20. Without one it returns len(text). It also tells
// whether the bytes up to there are all ASCII, and so need no check of their UTF-8.
//
// It looks at eight bytes at a time. That is 2.2 times as fast as a loop over single bytes on runs of 60 bytes and 2.6
// times on runs of 1000 (BenchmarkIndexSpecial), and most of the bytes of a model call lie in such runs.
func IndexSpecial[T []byte | string](text T, i int) (index int, ascii bool) {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)

	seen := uint64(0)

	for ; i+8 <= len(text); i += 8 {
		word := load64(text[i : i+8])

		// (x - n*ones) &^ x has the high bit of a byte set if the byte is below n, and perhaps wrongly that of a byte
		// above it, to which the subtraction borrowed. The lowest one found is right, and only that is used. Flipping
		// bit 1 exchanges '"' with a blank, and no other byte crosses the border between the two.
		quoteOrControl := word ^ 2*ones
		backslash := word ^ '\\'*ones
		found := (quoteOrControl-0x21*ones)&^quoteOrControl | (backslash-ones)&^backslash

		if found &= highs; found != 0 {
			before := bits.TrailingZeros64(found) &^ 7
			seen |= word & (1<<before - 1)

			return i + before/8, seen&highs == 0
		}
		seen |= word
	}

	for ; i < len(text); i++ {
		c := text[i]
		if c < ' ' || c == '"' || c == '\\' {
			break
		}
		seen |= uint64(c)
	}

	return i, seen&highs == 0
}

// load64 is binary.LittleEndian.Uint64 for strings as well; the compiler makes one load of it.
func load64[T []byte | string](b T) uint64 {
	_ = b[7]

	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
