package golden

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// updateEnv is the environment variable that turns comparing into writing.
const updateEnv = "GENOTEL_UPDATE_GOLDEN"

// Equal fails the test, which goes on, unless got is what the file at path holds, byte for byte. The path is relative
// to the folder of the package under test. With GENOTEL_UPDATE_GOLDEN=1 the file is written instead.
func Equal(t testing.TB, got []byte, path string) {
	t.Helper()

	path = filepath.FromSlash(path)

	want, err := os.ReadFile(path)
	missing := errors.Is(err, fs.ErrNotExist)

	switch {
	case err != nil && !missing:
		t.Errorf("golden: reading the golden file: %v", err)
	case !missing && bytes.Equal(want, got):
	case updating(t):
		if err := write(path, got); err != nil {
			t.Errorf("golden: writing the golden file: %v", err)
		}
	case missing:
		t.Errorf("golden: %s does not exist yet; to write it, run this test with %s=1", path, updateEnv)
	default:
		t.Errorf("golden: the result differs from %s (- the file, + the result); if the change is meant, "+
			"run this test with %s=1\n%s", path, updateEnv, diff(string(want), string(got)))
	}
}

// JSON is [Equal] on the indented JSON form of v, with the keys of every object sorted, so that neither the order of
// fields nor the white space of an encoder shows. Numbers keep the digits they were written with. JSON text goes in
// as a [json.RawMessage].
func JSON(t testing.TB, v any, path string) {
	t.Helper()

	got, err := canonicalJSON(v)
	if err != nil {
		t.Errorf("golden: encoding the result for %s: %v", path, err)

		return
	}

	Equal(t, got, path)
}

// canonicalJSON goes through a tree because encoding/json sorts the keys of maps and not the fields of structs.
func canonicalJSON(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}

	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()

	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}

	var out bytes.Buffer

	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // "<think>" reads better than "\u003cthink\u003e"
	encoder.SetIndent("", "  ")

	if err := encoder.Encode(tree); err != nil {
		return nil, err
	}

	return out.Bytes(), nil
}

func updating(t testing.TB) bool {
	t.Helper()

	value := os.Getenv(updateEnv)
	if value == "" {
		return false
	}

	update, err := strconv.ParseBool(value)
	if err != nil {
		t.Errorf("golden: %s=%q is neither 1 nor 0", updateEnv, value)
	}

	return update
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}

	return os.WriteFile(path, content, 0o600)
}
