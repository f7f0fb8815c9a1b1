package anyjson_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/anyjson"
)

type question struct {
	Text  string `json:"text"`
	Limit int    `json:"limit,omitempty"`
	notes string
}

type node struct {
	Next *node `json:"next,omitempty"`
}

type city string

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }

type panicking struct{}

func (*panicking) MarshalJSON() ([]byte, error) { panic("no") }

type panickingError struct{}

func (*panickingError) Error() string { panic("no") }

func TestAValueIsShownAsItsJSON(t *testing.T) {
	var nothing *question
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"text":               {"Paris & <b>", "Paris & <b>"},
		"text of a type":     {city("Paris"), "Paris"},
		"text in bytes":      {[]byte("Paris"), "Paris"},
		"JSON":               {json.RawMessage(`{"a":1}`), `{"a":1}`},
		"number":             {42, "42"},
		"truth":              {true, "true"},
		"struct":             {question{Text: "a & b", notes: "x"}, `{"text":"a & b"}`},
		"pointer":            {&question{Text: "why", Limit: 2}, `{"text":"why","limit":2}`},
		"map":                {map[string]int{"b": 2, "a": 1}, `{"a":1,"b":2}`},
		"list":               {[]string{"a", "b"}, `["a","b"]`},
		"error":              {errors.New("not found"), "not found"},
		"nil":                {nil, ""},
		"nil pointer":        {nothing, ""},
		"nil list":           {[]string(nil), ""},
		"nothing":            {struct{}{}, ""},
		"broken text":        {"a\xffb", "a\uFFFDb"},
		"broken text inside": {[]string{"a\xffb"}, `["a\ufffdb"]`},
	} {
		t.Run(name, func(t *testing.T) {
			text, cut := anyjson.Text(test.value, 1000)
			assert.Equal(t, test.want, text)
			assert.False(t, cut)
		})
	}
}

func TestWhatCannotBeWrittenIsNamedByItsType(t *testing.T) {
	cycle := &node{}
	cycle.Next = cycle
	list := &node{}
	for range 1_000_000 {
		list = &node{Next: list}
	}
	loop := map[string]any{}
	loop["self"] = loop
	for want, value := range map[string]any{
		"(chan int)":                     make(chan int),
		"(func())":                       func() {},
		"(float64)":                      math.NaN(),
		"(map[string]interface {})":      loop,
		"(*anyjson_test.node)":           cycle,
		"([]*anyjson_test.node)":         []*node{list},
		"(anyjson_test.failing)":         failing{},
		"(*anyjson_test.panicking)":      &panicking{},
		"(*anyjson_test.panickingError)": &panickingError{},
		"(3 bytes)":                      []byte{1, 0xff, 2},
		"([]string)":                     make([]string, 1_000_000),
		"([]float64)":                    make([]float64, 1_000_000),
	} {
		text, cut := anyjson.Text(value, 1000)
		assert.Equal(t, want, text)
		assert.True(t, cut, want)
	}
}

func TestALongValueIsCutBetweenCharacters(t *testing.T) {
	for _, value := range []any{
		strings.Repeat("ü", 5000),
		city(strings.Repeat("ü", 5000)),
		[]byte(strings.Repeat("ü", 5000)),
		json.RawMessage(`"` + strings.Repeat("ü", 5000) + `"`),
		errors.New(strings.Repeat("ü", 5000)),
		[]string{strings.Repeat("ü", 1000)},
	} {
		for limit := 100; limit < 104; limit++ {
			text, cut := anyjson.Text(value, limit)
			assert.True(t, cut)
			assert.LessOrEqual(t, len(text), limit, "%T", value)
			assert.True(t, utf8.ValidString(text), "%T", value)
		}
	}
	text, cut := anyjson.Text(strings.Repeat("a", 100), 100)
	assert.False(t, cut)
	assert.Len(t, text, 100)
	text, _ = anyjson.Text(strings.Repeat("a", 101), 100)
	assert.Equal(t, strings.Repeat("a", 97)+"…", text)
}
