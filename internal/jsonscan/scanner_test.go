package jsonscan_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/jsonscan"
)

func TestTheFieldsOfAnObjectAreReadInOrder(t *testing.T) {
	t.Parallel()

	s := jsonscan.New([]byte(` { "a" : 1 , "b\u0020c" : [ true , null , "x\ny" , -2.5 ] , "" : { } } `))
	require.Equal(t, jsonscan.Object, s.Kind())
	require.True(t, s.Object())

	key, ok := s.Field()
	require.True(t, ok)
	assert.Equal(t, "a", string(key))

	n, ok := s.Int()
	require.True(t, ok)
	assert.Equal(t, int64(1), n)

	key, ok = s.Field()
	require.True(t, ok)
	assert.Equal(t, "b c", string(key))
	require.True(t, s.Array())

	require.True(t, s.Element())
	v, ok := s.Bool()
	assert.True(t, v && ok)

	require.True(t, s.Element())
	assert.Equal(t, jsonscan.Null, s.Kind())
	s.Skip()

	require.True(t, s.Element())
	text, ok := s.Text()
	assert.True(t, ok)
	assert.Equal(t, "x\ny", text)

	require.True(t, s.Element())
	f, ok := s.Float()
	assert.True(t, ok)
	assert.InDelta(t, -2.5, f, 0)

	require.False(t, s.Element())
	assert.Equal(t, len(` { "a" : 1 , "b\u0020c" : [ true , null , "x\ny" , -2.5 ]`), s.Offset())
	assert.False(t, s.End(), "the object is still open")

	key, ok = s.Field()
	require.True(t, ok)
	assert.NotNil(t, key)
	assert.Empty(t, key)
	assert.Equal(t, "{ }", string(s.Raw()))

	_, ok = s.Field()
	require.False(t, ok)
	assert.True(t, s.End())
	assert.NoError(t, s.Err())
}

func TestTheKindIsToldWithoutConsuming(t *testing.T) {
	t.Parallel()

	kinds := map[string]jsonscan.Kind{
		`{}`: jsonscan.Object, `[]`: jsonscan.Array, `""`: jsonscan.String, `-1`: jsonscan.Number, `0`: jsonscan.Number,
		`9`: jsonscan.Number, `true`: jsonscan.Bool, `false`: jsonscan.Bool, `null`: jsonscan.Null,
		``: jsonscan.Invalid, `]`: jsonscan.Invalid, `+1`: jsonscan.Invalid, "\x00": jsonscan.Invalid,
	}
	for text, kind := range kinds {
		s := jsonscan.NewString(" " + text)
		assert.Equal(t, kind, s.Kind(), "%q", text)
		assert.Equal(t, kind, s.Kind(), "%q, asked again", text)
		s.Skip()
		assert.Equal(t, kind != jsonscan.Invalid, s.End(), "%q", text)
	}
}

func TestAValueOfAnotherKindIsSkippedWhole(t *testing.T) {
	t.Parallel()

	values := []string{`{"a":[1]}`, `[{"a":1}]`, `"t"`, `1.5`, `true`, `null`}
	reads := map[string]func(*jsonscan.Scanner) bool{
		"Object": func(s *jsonscan.Scanner) bool { return s.Kind() != jsonscan.Object && s.Object() },
		"Array":  func(s *jsonscan.Scanner) bool { return s.Kind() != jsonscan.Array && s.Array() },
		"Text":   func(s *jsonscan.Scanner) bool { _, ok := s.Text(); return ok },
		"Bytes":  func(s *jsonscan.Scanner) bool { _, ok := s.TextBytes(nil); return ok },
		"Int":    func(s *jsonscan.Scanner) bool { _, ok := s.Int(); return ok },
		"Float":  func(s *jsonscan.Scanner) bool { _, ok := s.Float(); return ok },
		"Bool":   func(s *jsonscan.Scanner) bool { _, ok := s.Bool(); return ok },
	}
	fits := map[string]string{"Text": `"t"`, "Bytes": `"t"`, "Float": `1.5`, "Bool": `true`}

	for name, read := range reads {
		for _, value := range values {
			s := jsonscan.NewString(`[` + value + `,"next"]`)
			require.True(t, s.Array() && s.Element())

			if kind := s.Kind(); name == "Object" && kind == jsonscan.Object || name == "Array" && kind == jsonscan.Array {
				continue // entered, not skipped
			}

			assert.Equal(t, fits[name] == value, read(&s), "%s of %s", name, value)
			require.True(t, s.Element(), "%s of %s", name, value)
			next, _ := s.Text()
			assert.Equal(t, "next", next, "%s of %s", name, value)
		}
	}
}

func TestWhatIsNotJSONIsRefused(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		``, ` `, `{`, `[`, `"`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `[1`, `[1,`, `"a`, `"\`, `"\u`, `"\u12`, `"\u123`, `t`, `tru`,
		`-`, `1.`, `1e`, `1e+`, `-.5`,
		`{"a":1,}`, `{,}`, `{"a" 1}`, `{"a":1 "b":2}`, `{1:2}`, `{a:1}`, `{"a":}`, `{"a"::1}`, `[1,]`, `[,]`, `[,1]`, `[1,,2]`, `[1 2]`,
		`[1}`, `{"a":1]`, `]`, `}`, `,`, `:`, `[1]]`, `1 2`, `{}{}`, `01`, `-01`, `+1`, `.5`, `1.e1`, `0x1`, `1_0`, `NaN`, `Infinity`,
		`truefalse`, `True`, `nul1`, `nulll`, `'a'`, `"\x41"`, `"\'"`, `"\u00g0"`, `"\U0041"`, "\"a\nb\"", "\"\x00\"", "\"\x1f\"", "\x00",
		"\ufeff{}", `// c`, "1\x00", "[1]\x00", "\v1", "\u00a01",
	} {
		require.False(t, json.Valid([]byte(text)), "%q", text)

		s := jsonscan.NewString(text)
		s.Skip()
		assert.False(t, s.End(), "%q", text)
	}
}

func TestTheErrorTellsWhatIsWrongAndWhereAndNeverTheContent(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]struct {
		problem error
		offset  int
	}{
		`{"secret":truth}`:        {jsonscan.ErrSyntax, 13},
		`{"secret":"trut`:         {jsonscan.ErrTruncated, 15},
		`["secret",`:              {jsonscan.ErrTruncated, 10},
		"[\"secret\tsauce\"]":     {jsonscan.ErrSyntax, 8},
		`["\u00`:                  {jsonscan.ErrTruncated, 6},
		`["\u00secret"]`:          {jsonscan.ErrSyntax, 6},
		`["secret"}`:              {jsonscan.ErrSyntax, 9},
		strings.Repeat("[", 1000): {jsonscan.ErrDepth, jsonscan.MaxDepth},
	} {
		s := jsonscan.NewString(text)
		s.Skip()
		require.ErrorIs(t, s.Err(), want.problem, "%q", text)
		assert.True(t, strings.HasSuffix(s.Err().Error(), "at byte "+strconv.Itoa(want.offset)), "%q: %v", text, s.Err())
		assert.NotContains(t, s.Err().Error(), "secret")
	}
}

func TestAfterAnErrorEveryMethodReturnsItsZeroValue(t *testing.T) {
	t.Parallel()

	s := jsonscan.NewString(`{"a":[1,2,tru],"b":2}`)
	require.True(t, s.Object())
	_, _ = s.Field()
	s.Skip()
	first := s.Err()
	require.ErrorIs(t, first, jsonscan.ErrSyntax)

	for range 3 {
		assert.Equal(t, jsonscan.Invalid, s.Kind())
		assert.False(t, s.Object() || s.Array() || s.Element() || s.End())
		assert.Nil(t, s.Raw())
		s.Skip()

		key, ok := s.Field()
		assert.True(t, key == nil && !ok)
		text, ok := s.Text()
		assert.True(t, text == "" && !ok)
		buf, ok := s.TextBytes([]byte("kept"))
		assert.True(t, string(buf) == "kept" && !ok)
		n, ok := s.Int()
		assert.True(t, n == 0 && !ok)
		f, ok := s.Float()
		assert.True(t, f == 0 && !ok)
		v, ok := s.Bool()
		assert.False(t, v || ok)
		assert.Equal(t, first, s.Err(), "the first error stays")
	}
}

func TestNestingIsCapped(t *testing.T) {
	t.Parallel()

	nested := func(open, closing string, depth int) string {
		return strings.Repeat(open, depth) + "1" + strings.Repeat(closing, depth)
	}

	for _, brackets := range [][2]string{{"[", "]"}, {`{"a":`, "}"}, {`[{"a":`, "}]"}} {
		per := strings.Count(brackets[1], "}") + strings.Count(brackets[1], "]")

		s := jsonscan.NewString(nested(brackets[0], brackets[1], jsonscan.MaxDepth/per))
		s.Skip()
		assert.True(t, s.End(), "as deep as allowed, %q", brackets[0])

		for _, depth := range []int{jsonscan.MaxDepth/per + 1, 1_000_000} {
			s = jsonscan.NewString(nested(brackets[0], brackets[1], depth))
			s.Skip()
			assert.ErrorIs(t, s.Err(), jsonscan.ErrDepth, "%d times %q", depth, brackets[0])
		}
	}

	s := jsonscan.NewString(strings.Repeat("[", 1_000_000))
	for s.Array() && s.Element() {
		continue
	}
	assert.ErrorIs(t, s.Err(), jsonscan.ErrDepth, "entered one by one")
}

func TestACopyIsABookmark(t *testing.T) {
	t.Parallel()

	s := jsonscan.NewString(`{"data":{"x":[1,2]},"type":"t"}`)
	require.True(t, s.Object())
	_, _ = s.Field()

	ahead := s
	ahead.Skip()
	_, ok := ahead.Field()
	require.True(t, ok)
	kind, _ := ahead.Text()
	assert.Equal(t, "t", kind)

	assert.JSONEq(t, `{"x":[1,2]}`, string(s.Raw()))
}

func TestWhatIsHandedOutCannotBeAppendedIntoTheData(t *testing.T) {
	t.Parallel()

	data := []byte(`{"key":[1,2],"b":1}`)
	s := jsonscan.New(data)
	s.Object()
	key, _ := s.Field()
	_ = append(key, "overwritten"...)
	_ = append(s.Raw(), "overwritten"...)
	assert.Equal(t, `{"key":[1,2],"b":1}`, string(data))
}

func TestCallsInAWrongOrderAreRefused(t *testing.T) {
	t.Parallel()

	for name, misuse := range map[string]func(*jsonscan.Scanner){
		"Field outside of an object":   func(s *jsonscan.Scanner) { s.Field() },
		"Element outside of an array":  func(s *jsonscan.Scanner) { s.Element() },
		"Element in an object":         func(s *jsonscan.Scanner) { s.Object(); s.Element() },
		"Field without the last value": func(s *jsonscan.Scanner) { s.Object(); s.Field(); s.Field() },
		"two values for one member":    func(s *jsonscan.Scanner) { s.Object(); s.Field(); s.Skip(); s.Skip() },
		"a value in place of a member": func(s *jsonscan.Scanner) { s.Object(); s.Skip(); s.Field() },
	} {
		s := jsonscan.NewString(`{"a":1,"b":[2]}`)
		misuse(&s)
		assert.Error(t, s.Err(), name)
	}
}

func TestPathologicalInputTakesLinearTime(t *testing.T) {
	t.Parallel()

	const n = 1 << 20
	for name, unit := range map[string]string{
		"escapes": `\n`, "backslashes": `\\`, "surrogates": `\ud800`, "pairs": `\ud83d\ude00`, "bad UTF-8": "\xff", "good UTF-8": "é",
	} {
		text := `"` + strings.Repeat(unit, n/len(unit)) + `"`
		s := jsonscan.NewString(text) // quadratic work would take minutes here
		decoded, ok := s.Text()
		assert.True(t, ok, name)
		assert.NotEmpty(t, decoded, name)
	}

	digits := jsonscan.NewString("1" + strings.Repeat("0", n) + "." + strings.Repeat("0", n) + "e-" + strconv.Itoa(n))
	one, ok := digits.Int()
	assert.True(t, ok)
	assert.Equal(t, int64(1), one)
}
