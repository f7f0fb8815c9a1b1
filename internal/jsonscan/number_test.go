package jsonscan_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/jsonscan"
)

func TestAnIntegralNumberIsAnIntHoweverItIsWritten(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "7": 7, "-7": -7, "1000": 1000, "1e3": 1000, "1E+3": 1000, "10.0": 10, "10e-1": 1, "1.50e1": 15, "0.15e2": 15,
		"-2.5e1": -25, "0e99999999999999999999": 0, "0.000e-5": 0, "1200e-2": 12, "0.00012e5": 12, "100.00e-2": 1,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64, "9223372036854775807.0": math.MaxInt64,
		"922337203685477580.7e1": math.MaxInt64, "92233720368547758070e-1": math.MaxInt64, "-9.223372036854775808e18": math.MinInt64,
		"1" + strings.Repeat("0", 400) + "e-400":   1,
		"0." + strings.Repeat("0", 400) + "42e402": 42,
	} {
		s := jsonscan.NewString(text)
		got, ok := s.Int()
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
		assert.True(t, s.End(), text)
	}
}

func TestANumberThatIsNoInt64IsSkipped(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		"0.5", "1.5", "1e-1", "15e-1", "1.05e1", "9223372036854775808", "-9223372036854775809", "18446744073709551615",
		"18446744073709551616", "99999999999999999999", "1e19", "1e20", "1e99999999999999999999", "1e-99999999999999999999",
		"123456789012345678901234567890", "0.123456789012345678901234567890", `"1"`, "null", "true", "[1]",
	} {
		s := jsonscan.NewString(text)
		got, ok := s.Int()
		assert.False(t, ok, text)
		assert.Zero(t, got, text)
		assert.True(t, s.End(), text)
	}
}

func TestAFloatOutOfRangeIsSkipped(t *testing.T) {
	t.Parallel()

	for text, fits := range map[string]bool{"1e308": true, "-1e308": true, "1e309": false, "-1e999": false, "1e-999": true, "0.1": true} {
		s := jsonscan.NewString(text)
		_, ok := s.Float()
		assert.Equal(t, fits, ok, text)
		assert.True(t, s.End(), text)
	}
}
