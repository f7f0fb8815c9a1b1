package genotel

import (
	"errors"
	"fmt"
	"os"
	"slices"
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

// checkHiding refuses values that a user may have meant to hide content, and that would
// not: everything but those of the backends' own SDKs.
func checkHiding() error {
	inputs, inputsName := langsmithVariable("HIDE_INPUTS")
	outputs, outputsName := langsmithVariable("HIDE_OUTPUTS")
	metadata, metadataName := langsmithVariable("HIDE_METADATA")
	traced, tracedName := variable("TRACE_PROMPT_COMPLETION_DATA")
	return errors.Join(
		checkSwitch(inputs, inputsName, "true", "false", "1", "0"),
		checkSwitch(outputs, outputsName, "true", "false", "1", "0"),
		checkSwitch(metadata, metadataName, "true", "false", "1", "0"),
		checkSwitch(traced, tracedName, "true", "false"))
}

func checkSwitch(value, name string, known ...string) error {
	if value == "" || slices.Contains(known, strings.ToLower(value)) {
		return nil
	}
	return fmt.Errorf("%s: unknown value; known are %s", name, strings.Join(known, ", "))
}
