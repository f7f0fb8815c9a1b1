package redaction_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/redaction"
)

func TestEscapesHideNoSecretInAURL(t *testing.T) {
	known := strings.NewReplacer("bob@example.com", "[email]", "bob+x@example.com", "[email]", "eve@example.com", "[email]",
		"4111 1111 1111 1111", "[card]")
	for text, want := range map[string]string{
		"https://host/v1/chat":                           "https://host/v1/chat",
		"https://host/a%20b?c=d+e":                       "https://host/a%20b?c=d+e",
		"/users/7?to=bob@example.com":                    "/users/7?to=[email]",
		"/users/7?to=bob%40example.com":                  "/users/7?to=[email]",
		"/users/7?to=bob%40%65xample%2ecom&q=a%20b":      "/users/7?to=[email]&q=a b",
		"/users/7?to=bob+x@example.com&q=a%20b":          "/users/7?to=[email]&q=a%20b",
		"/pay?card=4111+1111+1111+1111":                  "/pay?card=[card]",
		"/pay?off=100%&to=bob%40example.com":             "/pay?off=100%&to=[email]",
		"/pay?off=100%2&to=bob%40example.com&at=%4":      "/pay?off=100%2&to=[email]&at=%4",
		"/pay?one=bob@example.com&two=eve%40example.com": "/pay?one=[email]&two=[email]",
		"": "",
	} {
		pass := redaction.NewPass(func(text string) (string, error) { return known.Replace(text), nil })
		assert.Equal(t, want, pass.URL(text), text)
		assert.NoError(t, pass.Err())
	}
}

func TestARedactorThatFailsAtTheDecodedURLFails(t *testing.T) {
	pass := redaction.NewPass(func(text string) (string, error) {
		if strings.Contains(text, "@") {
			return "", errors.New("cannot judge")
		}
		return text, nil
	})
	pass.URL("/users?to=bob%40example.com")
	assert.Error(t, pass.Err())
}

// FuzzURL compares with net/url what the redactor gets of a well-formed URL.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{"/a%20b+c?d=%C3%a9", "%", "%4", "%zz%41", "a%2", "+%2B", "\xff%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var given []string
		pass := redaction.NewPass(func(text string) (string, error) {
			given = append(given, text)
			return text, nil
		})
		assert.Equal(t, text, pass.URL(text), "nothing was found")
		want, err := url.QueryUnescape(text)
		if err != nil || strings.ContainsAny(text+want, "{[") {
			return
		}
		if want == text {
			assert.LessOrEqual(t, len(given), 1)
			return
		}
		assert.Equal(t, want, given[len(given)-1])
	})
}
