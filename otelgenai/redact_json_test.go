package otelgenai_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/redact"
)

// redacted sends a text through a redactor, as the arguments of a tool.
func redacted(t *testing.T, redactor otelgenai.Redactor, text string) string {
	t.Helper()
	s, l := newStand(t, otelgenai.WithRedactor(redactor)), &listener{}
	s.provider.RegisterSpanProcessor(l)
	s.call(t, func(c *record.Call) { ask(c, record.ToolCall{Name: "f", Arguments: text}) })
	call := l.slips[0].Call()
	if len(call.Request.Messages) == 0 {
		return ""
	}
	return call.Request.Messages[0].Parts[0].(record.ToolCall).Arguments
}

func TestEscapesHideNoSecretInJSON(t *testing.T) {
	key := "sk-" + "proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"
	for text, want := range map[string]string{
		`{"text":"line\n` + key + `"}`:                       `{"text":"line\n[key]"}`,
		`{"text":"line\n4111 1111 1111 1111"}`:               `{"text":"line\n[card]"}`,
		`{"text":"line\nbob@example.com"}`:                   `{"text":"line\n[email]"}`,
		`["a\tDE89370400440532013000","x\n10.0.0.1"]`:        `["a\t[iban]","x\n[ip]"]`,
		`{"text":"bob\u0040example.com"}`:                    `{"text":"[email]"}`,
		`{"arguments":"{\"text\":\"a\\nbob@example.com\"}"}`: `{"arguments":"{\"text\":\"a\\n[email]\"}"}`,
		"not JSON: bob@example.com":                          "not JSON: [email]",
		`{"text":"bob@example.com`:                           `{"text":"[email]`,
		`"bob@example.com"`:                                  `"[email]"`,
	} {
		assert.Equal(t, want, redacted(t, redact.New(redact.All()...), text))
	}
}

func TestInJSONOnlyStringsAreGivenToTheRedactor(t *testing.T) {
	var seen []string
	got := redacted(t, func(text string) (string, error) {
		seen = append(seen, text)
		return strings.ReplaceAll(text, "b", `"B"`), nil
	}, ` { "b" : "a\/b\u00e9" , "n" :[1.50,true , null,"", "c\u002f" ],"o":{"b":{"x":"b"}} } `)
	assert.Equal(t, []string{"a/bé", "c/", "b"}, seen)
	assert.Equal(t, ` { "b" : "a/\"B\"é" , "n" :[1.50,true , null,"", "c\u002f" ],"o":{"b":{"x":"\"B\""}} } `, got)
}

func TestAFailureWithinJSONWithholdsAllContent(t *testing.T) {
	reported(t)
	assert.Empty(t, redacted(t, func(text string) (string, error) {
		if text == "bad" {
			return text, errors.New("cannot judge")
		}
		return text, nil
	}, `{"a":"bad","b":"good"}`))
}

func FuzzRedactJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":"b\n\u0040","c":[1,"\"x\\",{"":null}]}`, `{"a" : "[\"x\"]"}`, `["` + "\xff" + `"]`, `{"a":"a","a":"\ud800"}`, "[", "plain", "[[[[]]]]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var before, after any
		err := json.Unmarshal([]byte(text), &before)
		_, whole := before.(string)
		if text == "" || !whole && nested(before) || strings.Count(text, "[")+strings.Count(text, "{") > 500 {
			return // unclear: JSON within JSON, or deeper than is read
		}
		got := redacted(t, func(text string) (string, error) { return text + "+\n", nil }, text)
		if err != nil || !strings.ContainsAny(strings.TrimSpace(text)[:1], "{[") {
			require.Equal(t, text+"+\n", got)
			return
		}
		require.NoError(t, json.Unmarshal([]byte(got), &after))
		require.Equal(t, marked(before), after)
	})
}

// nested reports whether a string may be JSON itself.
func nested(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.HasPrefix(strings.TrimSpace(v), "[") || strings.HasPrefix(strings.TrimSpace(v), "{")
	case []any:
		return slices.ContainsFunc(v, nested)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), nested)
	default:
		return false
	}
}

// marked appends the mark to every string that has something in it.
func marked(value any) any {
	switch v := value.(type) {
	case string:
		if v != "" {
			return v + "+\n"
		}
	case []any:
		for i := range v {
			v[i] = marked(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = marked(v[name])
		}
	}
	return value
}
