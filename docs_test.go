package genotel_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// documents are the pages for users.
func documents(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	pages := map[string]string{}
	for _, name := range append(names, "README.md", "CHANGELOG.md") {
		page, err := os.ReadFile(name)
		require.NoError(t, err)
		pages[name] = string(page)
	}
	return pages
}

func TestCodeInTheDocumentsIsThatOfTheExamples(t *testing.T) {
	examples := examples(t)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```")
	for name, page := range documents(t) {
		for _, block := range blocks.FindAllStringSubmatch(page, -1) {
			code := unindented(block[1])
			if !strings.Contains(examples, code) { // without printing all examples
				t.Errorf("%s has code that no example has:\n%s", name, code)
			}
		}
	}
}

// examples are those of all packages, in whatever module they are.
func examples(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		if err != nil || !strings.HasPrefix(name, "example_") || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		all.WriteString(unindented(string(source)) + "\n")
		return err
	}))
	return all.String()
}

// unindented removes indentation and empty lines, which differ between a function
// and a page.
func unindented(code string) string {
	var lines []string
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestLinksAndTestsInTheDocumentsExist(t *testing.T) {
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range declared.FindAllSubmatch(source, -1) {
			tests[string(match[1])] = true
		}
		return err
	}))
	mentioned := regexp.MustCompile("`(Test\\w+)`")
	linked := regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)
	for name, page := range documents(t) {
		for _, match := range mentioned.FindAllStringSubmatch(page, -1) {
			assert.True(t, tests[match[1]], "%s mentions %s", name, match[1])
		}
		for _, match := range linked.FindAllStringSubmatch(page, -1) {
			target, anchor := match[1], match[2]
			if strings.HasPrefix(target, "https://") {
				continue
			}
			path := name
			if target != "" {
				path = filepath.Join(filepath.Dir(name), target)
			}
			_, err := os.Stat(path)
			require.NoError(t, err, name)
			if anchor != "" {
				page, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.Contains(t, anchors(string(page)), anchor, name)
			}
		}
	}
}

// anchors are those that the usual renderers give to headings.
func anchors(page string) (all []string) {
	dropped := regexp.MustCompile(`[^a-z0-9_ -]`)
	for line := range strings.Lines(page) {
		if heading := strings.TrimLeft(line, "#"); heading != line {
			heading = dropped.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			all = append(all, "#"+strings.ReplaceAll(heading, " ", "-"))
		}
	}
	return all
}

func TestEveryOptionIsDocumented(t *testing.T) {
	page := documents(t)["docs/configuration.md"]
	declared := regexp.MustCompile(`(?m)^func (With\w+)\(`)
	for _, file := range []string{"options.go", "otelgenai/options.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		found := declared.FindAllSubmatch(source, -1)
		require.NotEmpty(t, found)
		for _, match := range found {
			assert.Contains(t, page, "`"+string(match[1])+"(", file)
		}
	}
}

func TestEveryVariableIsDocumented(t *testing.T) {
	page := documents(t)["docs/configuration.md"]
	named := regexp.MustCompile(`"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"`)
	ended := regexp.MustCompile(`(langsmith|otlp)Variable\((.*?)\)`)
	prefixes := map[string]string{"langsmith": "LANGSMITH_", "otlp": "OTEL_EXPORTER_OTLP_"}
	found := map[string]bool{}
	for _, pattern := range []string{"*.go", "otelgenai/*.go", "console/*.go", "genotelconf/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range ended.FindAllSubmatch(source, -1) {
				if argument := string(match[2]); argument != "suffix string" { // that of the declaration
					suffix, err := strconv.Unquote(argument)
					require.NoError(t, err, "%s: the name is not to be seen in %s", file, match[0])
					found[prefixes[string(match[1])]+suffix] = true
				}
			}
			for _, match := range named.FindAllSubmatch(ended.ReplaceAll(source, nil), -1) {
				found[string(match[1])] = true
			}
		}
	}
	for _, name := range []string{
		"LANGSMITH_API_KEY", "LANGCHAIN_TRACING_V2", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_SDK_DISABLED", "GENOTEL_DIALECTS", "LC_ALL",
	} {
		require.Contains(t, found, name, "the search finds nothing any more")
	}
	tested := variablesOfTests(t)
	for name := range found {
		assert.True(t, regexp.MustCompile(`\b`+name+`\b`).MatchString(page), name)
	}
	for _, name := range regexp.MustCompile(`\b(?:GENOTEL|LANG[A-Z]+|LC|OTEL|TRACE)_[A-Z0-9_]*[A-Z0-9]\b`).FindAllString(page, -1) {
		assert.True(t, tested[name], "no test sets %s", name)
	}
}

// variablesOfTests are the environment variables that some test sets: by name in a call of
// Setenv, or as a key of a table.
func variablesOfTests(t *testing.T) map[string]bool {
	t.Helper()
	set := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		files, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil {
			return err
		}
		names := map[string]string{} // values of the package's identifiers, by name
		var tests []*ast.File
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
					for i, value := range spec.Values {
						names[spec.Names[i].Name] = textOf(value, names)
					}
				}
				return true
			})
			if strings.HasSuffix(file, "_test.go") {
				tests = append(tests, parsed)
			}
		}
		for _, parsed := range tests {
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.KeyValueExpr:
					set[textOf(n.Key, names)] = true
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Setenv" && len(n.Args) == 2 {
						set[textOf(n.Args[0], names)] = true
					}
				}
				return true
			})
		}
		return nil
	}))
	return set
}

// textOf is the string that an expression of literals and known identifiers stands for, ""
// for others.
func textOf(expr ast.Expr, names map[string]string) string {
	switch e := expr.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.Ident:
		return names[e.Name]
	case *ast.BinaryExpr:
		return textOf(e.X, names) + textOf(e.Y, names)
	default:
		return ""
	}
}

func TestEveryAttributeOfASpanIsDocumented(t *testing.T) {
	restore := onLoopback()
	defer restore()
	page := documents(t)["docs/attributes.md"]
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	client := openai.NewClient(option.WithMaxRetries(0), otelopenai.WithTracing(
		otelgenai.WithTracerProvider(provider), otelgenai.WithContent(otelgenai.ContentOnSpan)))
	p := params()
	p.Temperature, p.TopP, p.Seed, p.N = openai.Float(0.1), openai.Float(1), openai.Int(7), openai.Int(2)
	p.MaxCompletionTokens, p.FrequencyPenalty, p.PresencePenalty = openai.Int(9), openai.Float(1), openai.Float(1)
	p.Stop.OfString = openai.String("END")
	p.ReasoningEffort, p.ServiceTier = "low", "flex"
	p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{Name: "f"})}
	_, err := client.Chat.Completions.New(t.Context(), p)
	require.NoError(t, err)
	stream := client.Chat.Completions.NewStreaming(t.Context(), p)
	require.True(t, stream.Next())
	require.NoError(t, stream.Close())
	_, err = client.Chat.Completions.New(t.Context(), p, option.WithBaseURL("http://127.0.0.1:1/v1"), option.WithMaxRetries(1))
	require.Error(t, err)
	_, err = client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "m", Dimensions: openai.Int(256), EncodingFormat: "float",
		Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("Hi.")},
	})
	require.NoError(t, err)
	var response *http.Response
	err = client.Post(t.Context(), "responses", json.RawMessage(`{"model":"m","input":"Hi.","instructions":"Be brief.",
		"previous_response_id":"r","conversation":"c","prompt":{"id":"p","version":"1","variables":{"<name>":"x"}},
		"max_output_tokens":5,"reasoning":{"effort":"low"},"text":{"format":{"type":"json_object"}}}`), &response)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())

	require.Len(t, spans.GetSpans(), 7)
	for _, span := range spans.GetSpans() {
		for _, kv := range span.Attributes {
			assert.Contains(t, page, "`"+string(kv.Key)+"`")
		}
		for _, event := range span.Events {
			for _, kv := range event.Attributes {
				assert.Contains(t, page, "`"+string(kv.Key)+"`")
			}
		}
	}
}

func TestEveryAttributeOfAProxyIsDocumented(t *testing.T) {
	page := documents(t)["docs/attributes.md"]
	source, err := os.ReadFile("semconv/litellm/keys.go")
	require.NoError(t, err)
	keys := regexp.MustCompile(`attribute\.Key\("([^"]+)"\)`).FindAllSubmatch(source, -1)
	require.NotEmpty(t, keys)
	for _, key := range keys {
		assert.Contains(t, page, "`"+string(key[1])+"`")
	}
}
