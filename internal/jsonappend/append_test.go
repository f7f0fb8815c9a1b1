package jsonappend_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/jsonappend"
)

// encode is what encoding/json makes of v without escapes for HTML.
func encode(t testing.TB, v any) string {
	t.Helper()

	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(v))

	return strings.TrimSuffix(b.String(), "\n")
}

// repaired returns s with U+FFFD for each byte that is not UTF-8. The encoders of Go differ in whether they escape it.
func repaired(s string) string {
	return string([]rune(s))
}

func TestStringsAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	t.Parallel()

	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}

	for _, s := range []string{
		"", "a", `"quoted" \back\`, "line\r\n\ttab\b\f\x00\x1f\x7f", "<&>", "é日本語😀\ufffd\ufeff", "\xff", "a\xc3", "\xc3\n\xa9", "\xed\xa0\x80",
		"\xf0\x9f\x98", string(every), strings.Repeat("long enough for words\n", 100),
	} {
		assert.Equal(t, encode(t, repaired(s)), string(jsonappend.String(nil, s)), "%q", s)
	}

	assert.Equal(t, "\"\u2028\u2029\"", string(jsonappend.String(nil, "\u2028\u2029")), "these need no escape")
	assert.Equal(t, `before "after"`, string(jsonappend.String([]byte("before "), "after")))
}

func TestFloatsAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	t.Parallel()

	for _, f := range []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, 0.7, 1.5, 100, 1e6, 1e20, 1e21, -1e21, 1e-5, 1e-6, 9.99e-7, -1e-7, 1e-10, 1e-100, 1.5e300,
		math.MaxFloat64, math.SmallestNonzeroFloat64, math.Pi, 1 << 53, 123456789012345680000,
	} {
		assert.Equal(t, encode(t, f), string(jsonappend.Float(nil, f)))
	}

	for _, f := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		assert.Equal(t, "null", string(jsonappend.Float(nil, f)))
	}

	assert.Equal(t, "e-091e-7", string(jsonappend.Float([]byte("e-09"), 1e-7)), "what precedes stays as it is")
	assert.Equal(t, "e-01", string(jsonappend.Float([]byte("e-0"), 1)))
}

func TestOtherValuesAreWrittenPlainly(t *testing.T) {
	t.Parallel()

	assert.Equal(t, "-9223372036854775808", string(jsonappend.Int(nil, math.MinInt64)))
	assert.Equal(t, "true", string(jsonappend.Bool(nil, true)))
	assert.Equal(t, "false", string(jsonappend.Bool(nil, false)))
	assert.Equal(t, "null", string(jsonappend.Null(nil)))
	assert.Equal(t, `{"a": 1}`, string(jsonappend.Raw(nil, `{"a": 1}`)))
	assert.Equal(t, `[1]`, string(jsonappend.Raw(nil, []byte(`[1]`))))
	assert.Equal(t, "null", string(jsonappend.Raw(nil, "")), "nothing is no value")
}

func TestAnObjectOrArrayIsWrittenCompactAndAllElseAsAString(t *testing.T) {
	t.Parallel()

	for in, want := range map[string]string{
		`{}`: `{}`, ` [ ] `: `[]`, "{\n  \"a b\" : [ 1 , \"c \\\" d\" ] ,\t\"e\\\\\" : null\r\n}": `{"a b":[1,"c \" d"],"e\\":null}`,
		`{"a":{"b":[{}]}}`: `{"a":{"b":[{}]}}`,
		`{"n":1.0e+2}`:     `{"n":1.0e+2}`,
		"{\"\xff\": 1}":    "{\"\ufffd\":1}",
		"[\"a\xc3\", 1]":   "[\"a\ufffd\",1]",

		``: `""`, `1`: `"1"`, `true`: `"true"`, `null`: `"null"`, `"text"`: `"\"text\""`, `Paris`: `"Paris"`,
		`{"city":"Par`: `"{\"city\":\"Par"`, `{"a":1}{"b":2}`: `"{\"a\":1}{\"b\":2}"`, `[1,]`: `"[1,]"`, `{} x`: `"{} x"`, "{\xff}": "\"{\ufffd}\"",
	} {
		got := jsonappend.RawOrString(nil, in)
		assert.Equal(t, want, string(got), "%q", in)
		assert.True(t, json.Valid(got), "%q", in)
	}

	deep := strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000)
	assert.Equal(t, `"`+deep+`"`, string(jsonappend.RawOrString(nil, deep)), "nested too deep to be worth reading")
}

func FuzzStringsReadBackAsTheyWere(f *testing.F) {
	for _, seed := range []string{"", "a\"b\\c\n", "\xff\xfe", "é😀\u2028", strings.Repeat("x", 20) + "\x1f"} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, s string) {
		got := jsonappend.String([]byte("["), s)[1:]

		var back string
		require.NoError(t, json.Unmarshal(got, &back), "%q", got)
		require.Equal(t, repaired(s), back)

		if !strings.ContainsAny(s, "\u2028\u2029") {
			require.Equal(t, encode(t, repaired(s)), string(got))
		}
	})
}

func FuzzFloatsAreWrittenAsEncodingJSONWritesThem(f *testing.F) {
	for _, seed := range []float64{0, 1e-7, 1e21, -0.7, math.MaxFloat64} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, v float64) {
		got := string(jsonappend.Float(nil, v))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			require.Equal(t, "null", got)
		} else {
			require.Equal(t, encode(t, v), got)
		}
	})
}

func FuzzRawOrStringIsAlwaysOneValidValue(f *testing.F) {
	for _, seed := range []string{`{ "a" : [ 1 , "b \" c" ] }`, `{"a":`, "[\"\xff\", 2]", `"x"`, " [ ] ", "[1 ,\n2]x", `["\\" , "\u0020"]`} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, s string) {
		got := jsonappend.RawOrString(nil, s)
		require.True(t, json.Valid(got), "%q", got)

		if strings.Count(s, "{")+strings.Count(s, "[") > 500 {
			return
		}

		trimmed := strings.TrimLeft(s, " \t\r\n")
		if !json.Valid([]byte(s)) || trimmed[0] != '{' && trimmed[0] != '[' {
			require.Equal(t, string(jsonappend.String(nil, s)), string(got))

			return
		}

		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, []byte(s)))

		if utf8.ValidString(s) {
			require.Equal(t, compact.String(), string(got))
		}

		var wantValue, gotValue any
		if json.Unmarshal([]byte(s), &wantValue) == nil { // not so for numbers out of range
			require.NoError(t, json.Unmarshal(got, &gotValue))
			require.Equal(t, wantValue, gotValue)
		}
	})
}
