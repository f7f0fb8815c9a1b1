package semconv_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/genotel/genotel/semconv"
)

// constant is one exported constant as written in the source.
type constant struct {
	name  string
	value string // the string literal
	key   bool   // it is an attribute.Key
	doc   string
	group string // the comment of its block
}

// parseConstants returns the exported constants of the files that match pattern,
// tests left out.
func parseConstants(t *testing.T, pattern string) []constant {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	var constants []constant
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if block, ok := decl.(*ast.GenDecl); ok && block.Tok == token.CONST {
				constants = append(constants, constantsOf(t, block)...)
			}
		}
	}
	require.NotEmpty(t, constants, pattern)
	return constants
}

func constantsOf(t *testing.T, block *ast.GenDecl) []constant {
	t.Helper()
	var constants []constant
	for _, spec := range block.Specs {
		spec := spec.(*ast.ValueSpec)
		require.Len(t, spec.Names, 1)
		require.Len(t, spec.Values, 1)
		c := constant{name: spec.Names[0].Name, doc: spec.Doc.Text(), group: block.Doc.Text()}
		if !block.Lparen.IsValid() {
			c.doc = c.group
		}
		value := spec.Values[0]
		if call, ok := value.(*ast.CallExpr); ok {
			c.key, value = true, call.Args[0]
		}
		literal, ok := value.(*ast.BasicLit)
		require.True(t, ok, c.name)
		text, err := strconv.Unquote(literal.Value)
		require.NoError(t, err)
		c.value = text
		if ast.IsExported(c.name) {
			constants = append(constants, c)
		}
	}
	return constants
}

// packages are the directories of all packages of keys.
var packages = []string{".", "langsmith", "langtrace", "openinference"}

func TestEveryKeyHasACommentOfItsOwn(t *testing.T) {
	for _, pkg := range packages {
		for _, c := range parseConstants(t, filepath.Join(pkg, "*.go")) {
			if c.key || strings.HasSuffix(c.name, "Prefix") {
				assert.True(t, strings.HasPrefix(c.doc, c.name+" "), "%s: %s has no comment that starts with its name", pkg, c.name)
				continue
			}
			assert.NotEmpty(t, c.doc+c.group, "%s: neither %s nor its block has a comment", pkg, c.name)
		}
	}
}

func TestKeysAndTheirPrefixesAreNamedSo(t *testing.T) {
	for _, pkg := range packages {
		for _, c := range parseConstants(t, filepath.Join(pkg, "*.go")) {
			named := strings.HasSuffix(c.name, "Key") && !strings.HasPrefix(c.name, "Header")
			assert.Equal(t, c.key, named, "%s: %s", pkg, c.name)
			if strings.HasSuffix(c.name, "Prefix") {
				assert.True(t, strings.HasSuffix(c.value, "."), "%s: %s", pkg, c.name)
			}
		}
	}
}

// A key has one home: the registry's keys are here, and a vendor package defines
// what is not.
func TestNoPackageDefinesAKeyTwiceOrOneThatSemconvHas(t *testing.T) {
	ours := map[string]string{}
	for _, pkg := range packages {
		seen := map[string]string{}
		for _, c := range parseConstants(t, filepath.Join(pkg, "*.go")) {
			if !c.key {
				continue
			}
			assert.Empty(t, seen[c.value], "%s: %s is also defined as %s", pkg, c.name, seen[c.value])
			assert.Empty(t, ours[c.value], "%s: %s is also semconv.%s", pkg, c.name, ours[c.value])
			seen[c.value] = c.name
		}
		if pkg == "." {
			ours = seen
		}
	}
}

func TestOwnKeysStayInTheirNamespace(t *testing.T) {
	for _, c := range parseConstants(t, "own.go") {
		if c.key {
			assert.True(t, strings.HasPrefix(c.value, "genotel."), c.name)
		}
	}
	for _, c := range parseConstants(t, "keys.go") {
		assert.False(t, strings.HasPrefix(c.value, "genotel."), c.name)
	}
}

func TestCoreKeysAreThoseOfOpenTelemetry(t *testing.T) {
	for ours, theirs := range map[attribute.Key]attribute.Key{
		semconv.HTTPRequestMethodKey:      otelsemconv.HTTPRequestMethodKey,
		semconv.HTTPResponseStatusCodeKey: otelsemconv.HTTPResponseStatusCodeKey,
		semconv.HTTPRequestResendCountKey: otelsemconv.HTTPRequestResendCountKey,
		semconv.URLFullKey:                otelsemconv.URLFullKey,
		semconv.URLPathKey:                otelsemconv.URLPathKey,
		semconv.SessionIDKey:              otelsemconv.SessionIDKey,
		semconv.ServerAddressKey:          otelsemconv.ServerAddressKey,
		semconv.ServerPortKey:             otelsemconv.ServerPortKey,
		semconv.ErrorTypeKey:              otelsemconv.ErrorTypeKey,
		semconv.ExceptionTypeKey:          otelsemconv.ExceptionTypeKey,
		semconv.ExceptionMessageKey:       otelsemconv.ExceptionMessageKey,
		semconv.ExceptionStacktraceKey:    otelsemconv.ExceptionStacktraceKey,
		semconv.NetworkTransportKey:       otelsemconv.NetworkTransportKey,
		semconv.JSONRPCRequestIDKey:       otelsemconv.JSONRPCRequestIDKey,
		semconv.RPCResponseStatusCodeKey:  otelsemconv.RPCResponseStatusCodeKey,
		semconv.ProcessExitCodeKey:        otelsemconv.ProcessExitCodeKey,
		semconv.AWSBedrockGuardrailIDKey:  otelsemconv.AWSBedrockGuardrailIDKey,
	} {
		assert.Equal(t, theirs, ours)
	}
	assert.Equal(t, otelsemconv.ErrorTypeOther.Value.AsString(), semconv.ErrorTypeOther)
}

func Example() {
	fmt.Println(semconv.GenAIOperationNameKey.String(semconv.GenAIOperationNameChat).Key)
	fmt.Println(attribute.Key(semconv.GenAIPromptVariablePrefix + "city"))
	// Output:
	// gen_ai.operation.name
	// gen_ai.prompt.variable.city
}
