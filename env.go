package genotel

import (
	"os"
	"strings"
)

// variable returns the first variable that is set to more than blanks, and its
// name.
func variable(names ...string) (value, name string) {
	for _, name := range names {
		if value := strings.TrimSpace(os.Getenv(name)); value != "" {
			return value, name
		}
	}
	return "", names[0]
}

// langsmithVariable looks a LangSmith variable up under both its prefixes.
func langsmithVariable(suffix string) (value, name string) {
	return variable("LANGSMITH_"+suffix, "LANGCHAIN_"+suffix)
}

// truish is the rule of LangSmith's SDK for its switches.
func truish(value string) bool { return value == "1" || strings.EqualFold(value, "true") }

// disabled is OpenTelemetry's own switch.
func disabled() bool {
	value, _ := variable("OTEL_SDK_DISABLED")
	return strings.EqualFold(value, "true")
}
