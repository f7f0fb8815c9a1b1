package semconv_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/semconv"
)

// These tests read the registry and the generated files again, by means of their
// own, so that a fault of the generator cannot hide itself.

type registryFacts struct {
	Attributes []registryKey `json:"attributes"`
	External   []registryKey `json:"external_attributes"`
	Profiles   map[string]struct {
		SchemaURL string `json:"schema_url"`
	} `json:"profiles"`
}

type registryKey struct {
	Key        string          `json:"key"`
	Template   bool            `json:"template"`
	Enum       []string        `json:"enum"`
	In         []string        `json:"in"`
	Deprecated json.RawMessage `json:"deprecated"`
}

func readRegistry(t *testing.T) registryFacts {
	t.Helper()
	data, err := os.ReadFile("registry.json")
	require.NoError(t, err)
	var facts registryFacts
	require.NoError(t, json.Unmarshal(data, &facts))
	require.NotEmpty(t, facts.Attributes)
	require.NotEmpty(t, facts.External)
	return facts
}

// expectedKeys are the keys that package semconv has to define from the registry.
func expectedKeys(t *testing.T) []registryKey {
	t.Helper()
	legacy := []string{"gen_ai.token.type", "gen_ai.usage.cache_creation.input_tokens"}
	facts := readRegistry(t)
	keys := slices.Clone(facts.External)
	for _, k := range facts.Attributes {
		if slices.Contains(k.In, "latest") || k.Deprecated == nil || slices.Contains(legacy, k.Key) {
			keys = append(keys, k)
		}
	}
	return keys
}

func TestEveryKeyOfTheRegistryIsDefinedOnce(t *testing.T) {
	defined := map[string]int{}
	for _, c := range parseConstants(t, "keys.go") {
		defined[c.value]++
	}
	expected := expectedKeys(t)
	for _, k := range expected {
		key := k.Key
		if k.Template {
			key += "."
		}
		assert.Equal(t, 1, defined[key], key)
	}
	assert.Len(t, defined, len(expected), "keys.go has keys that the registry does not ask for")
}

func TestEveryEnumValueIsDefinedOnce(t *testing.T) {
	nameOf := map[string]string{}
	for _, c := range parseConstants(t, "keys.go") {
		nameOf[c.value] = strings.TrimSuffix(c.name, "Key")
	}
	values := parseConstants(t, "values.go")
	expected := 0
	for _, k := range expectedKeys(t) {
		for _, value := range k.Enum {
			expected++
			name := nameOf[k.Key]
			var found []string
			for _, c := range values {
				ofKey := strings.HasPrefix(c.name, name) && strings.HasPrefix(c.group, "Values of ["+name+"Key]")
				if ofKey && c.value == value {
					found = append(found, c.name)
				}
			}
			assert.Len(t, found, 1, "%s=%s", k.Key, value)
		}
	}
	assert.Len(t, values, expected, "values.go has values that the registry does not list")
}

func TestSchemaURLsAreThoseOfTheProfiles(t *testing.T) {
	facts := readRegistry(t)
	assert.Equal(t, facts.Profiles["latest"].SchemaURL, semconv.SchemaURL)
	assert.Equal(t, facts.Profiles["v1.41"].SchemaURL, semconv.SchemaURLV141)
	assert.NotEmpty(t, semconv.SchemaURL)
}

func TestPackageCommentNamesThePinnedCommit(t *testing.T) {
	data, err := os.ReadFile("registry.json")
	require.NoError(t, err)
	var facts struct {
		Profiles map[string]struct {
			Source struct{ Ref string }
		}
	}
	require.NoError(t, json.Unmarshal(data, &facts))
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for name, profile := range facts.Profiles {
		commit, _, _ := strings.Cut(profile.Source.Ref, " ")
		assert.Contains(t, string(doc), commit, "profile %s", name)
	}
}

func TestRegistryIsACopyOfTheSharedOne(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("..", "..", "shared", "semconv", "registry.json"))
	if os.IsNotExist(err) {
		t.Skip("the shared registry is not beside this checkout")
	}
	require.NoError(t, err)
	got, err := os.ReadFile("registry.json")
	require.NoError(t, err)
	if !bytes.Equal(got, want) {
		t.Error("semconv/registry.json differs from the shared registry: copy it and run go generate ./semconv")
	}
}
