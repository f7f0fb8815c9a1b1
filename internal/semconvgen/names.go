package main

import (
	"fmt"
	"go/token"
	"strings"
	"unicode"
)

// initialisms are the words whose Go form is not just a capital letter in front.
var initialisms = map[string]string{
	"ai":      "AI",
	"api":     "API",
	"aws":     "AWS",
	"gcp":     "GCP",
	"ibm":     "IBM",
	"id":      "ID",
	"json":    "JSON",
	"jsonrpc": "JSONRPC",
	"mcp":     "MCP",
	"openai":  "OpenAI",
	"quic":    "QUIC",
	"rpc":     "RPC",
	"tcp":     "TCP",
	"udp":     "UDP",
	"uri":     "URI",
}

// goName turns a key or an enum value into the exported Go form that
// OpenTelemetry uses: gen_ai.request.top_p is GenAIRequestTopP.
func goName(s string) (string, error) {
	var name strings.Builder
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("._/", r) }) {
		name.WriteString(goWord(word))
	}
	if !token.IsIdentifier(name.String()) {
		return "", fmt.Errorf("%q has no Go name", s)
	}
	return name.String(), nil
}

func goWord(word string) string {
	if word == strings.ToUpper(word) { // OTHER, as in _OTHER
		word = strings.ToLower(word)
	}
	if initialism, ok := initialisms[word]; ok {
		return initialism
	}
	runes := []rune(word)
	runes[0] = unicode.ToUpper(runes[0])
	return string(runes)
}
