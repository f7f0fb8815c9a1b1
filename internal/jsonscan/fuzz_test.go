package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/jsonscan"
)

// seeds are bodies as the wire has them, and the odd corners of the grammar.
var seeds = []string{
	`{"model":"gpt-4o","messages":[{"role":"user","content":"hi\n\"there\""}],"temperature":0.7,"stream":true,"n":null}`,
	`{"id":"c","choices":[{"delta":{"content":"é\ud83d\ude00"},"index":0}],"usage":{"total_tokens":1e3}}`,
	`[]`, `{}`, `[[],{},[{}]]`, `"\ud800"`, "\"\xff\"", "{\"\xff\":1,\"\\u00ff\":2}", `-0.0e-10`, `[1,]`, `{"a":1,}`, `tru`, `"\u12`, ` 1 `,
	"[1\x00]", `"0123456789\\\""`, "\"01234567\x1f\"", `92233720368547758070e-1`, `[[[[[[[[[[1]]]]]]]]]]`, `{"a":{"a":{"a":1}}}`,
}

func FuzzSkipAcceptsWhatEncodingJSONAccepts(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		s := jsonscan.New(data)
		raw := s.Raw()
		end := s.End()
		require.Equal(t, before, data, "the data is never changed")

		if depthOf(data) > jsonscan.MaxDepth {
			return
		}

		require.Equal(t, json.Valid(data), end, "%q: %v", data, s.Err())

		if end {
			require.Equal(t, string(bytes.Trim(data, " \t\r\n")), string(raw))
		}
	})
}

func FuzzStringsAndNumbersAgreeWithEncodingJSON(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if depthOf(data) > jsonscan.MaxDepth || !json.Valid(data) {
			return
		}

		text, isText := decode[string](data)
		float, isFloat := decode[float64](data)
		truth, isBool := decode[bool](data)
		integer, isInt := decodeInt(data)

		s := jsonscan.New(data)
		gotText, ok := s.Text()
		require.True(t, isText == ok && text == gotText && s.End(), "Text of %q is %q", data, gotText)

		s = jsonscan.New(data)
		gotBytes, ok := s.TextBytes(nil)
		require.True(t, isText == ok && text == string(gotBytes) && s.End(), "TextBytes of %q is %q", data, gotBytes)

		s = jsonscan.New(data)
		gotFloat, ok := s.Float()
		require.True(t, isFloat == ok && float == gotFloat && s.End(), "Float of %q is %v, %v", data, gotFloat, ok)

		s = jsonscan.New(data)
		gotInt, ok := s.Int()
		require.True(t, isInt == ok && integer == gotInt && s.End(), "Int of %q is %v, %v", data, gotInt, ok)

		s = jsonscan.New(data)
		gotBool, ok := s.Bool()
		require.True(t, isBool == ok && truth == gotBool && s.End(), "Bool of %q is %v, %v", data, gotBool, ok)
	})
}

func FuzzAWalkRebuildsWhatEncodingJSONDecodes(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if depthOf(data) > jsonscan.MaxDepth {
			return
		}

		s := jsonscan.New(data)
		got := rebuild(&s)

		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()

		var want any

		err := d.Decode(&want)
		require.Equal(t, json.Valid(data), s.End(), "%q: %v", data, s.Err())

		if s.End() {
			require.NoError(t, err, "%q", data)
			require.Equal(t, want, got, "%q", data)
		}
	})
}

// FuzzNoOrderOfCallsPanicsOrHangs makes calls as the fuzzer orders them, each a byte of calls.
func FuzzNoOrderOfCallsPanicsOrHangs(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed), []byte{1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 2})
	}

	f.Fuzz(func(t *testing.T, data, calls []byte) {
		s := jsonscan.New(data)
		for _, call := range calls {
			failed := s.Err()

			switch call % 12 {
			case 0:
				s.Field()
			case 1:
				s.Object()
			case 2:
				s.Skip()
			case 3:
				s.Array()
			case 4:
				s.Element()
			case 5:
				s.Text()
			case 6:
				s.TextBytes(nil)
			case 7:
				s.Int()
			case 8:
				s.Float()
			case 9:
				s.Bool()
			case 10:
				s.Raw()
			case 11:
				s.Kind()
			}

			if failed != nil {
				require.Equal(t, failed, s.Err())
			}
		}

		// However it stands, these loops end.
		for range 2 {
			for _, ok := s.Field(); ok; _, ok = s.Field() {
				continue
			}
			for s.Element() {
				continue
			}
		}
	})
}

func addSeeds(f *testing.F) {
	f.Helper()

	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
}

// rebuild decodes the next value as encoding/json does with UseNumber.
func rebuild(s *jsonscan.Scanner) any {
	switch s.Kind() {
	case jsonscan.Object:
		object := map[string]any{}
		s.Object()
		for key, ok := s.Field(); ok; key, ok = s.Field() {
			name := string(key)
			object[name] = rebuild(s)
		}

		return object
	case jsonscan.Array:
		array := []any{}
		s.Array()
		for s.Element() {
			array = append(array, rebuild(s))
		}

		return array
	case jsonscan.String:
		text, _ := s.Text()

		return text
	case jsonscan.Number:
		return json.Number(s.Raw())
	case jsonscan.Bool:
		v, _ := s.Bool()

		return v
	case jsonscan.Null, jsonscan.Invalid:
		s.Skip()
	}

	return nil
}

// depthOf returns no less than how deep data is nested.
func depthOf(data []byte) int {
	return bytes.Count(data, []byte("[")) + bytes.Count(data, []byte("{"))
}

// decode returns the value of data if encoding/json decodes it to a T.
func decode[T any](data []byte) (value T, ok bool) {
	var pointer *T // nil for null
	if json.Unmarshal(data, &pointer) != nil || pointer == nil {
		return value, false
	}

	return *pointer, true
}

// decodeInt returns the value of valid data if it is an integral number that fits.
func decodeInt(data []byte) (int64, bool) {
	text := strings.Trim(string(data), " \t\r\n")
	if text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return 0, false
	}

	if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(exponent) > 5 {
		s := jsonscan.NewString(text) // math/big would write such a number out; a table test has some

		return s.Int()
	}

	value, ok := new(big.Rat).SetString(text)
	if !ok || !value.IsInt() || !value.Num().IsInt64() {
		return 0, false
	}

	return value.Num().Int64(), true
}
