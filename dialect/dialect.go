package dialect

import (
	"errors"
	"fmt"
	"strings"
)

// Dialect names an attribute vocabulary.
type Dialect string

// The vocabularies that instrumentations can put on a span.
const (
	// GenAI is OpenTelemetry's gen_ai.* vocabulary. It is always on.
	GenAI Dialect = "gen_ai"
	// LangSmith is the scalar langsmith.* set: run type, model metadata, usage.
	LangSmith Dialect = "langsmith"
	// LLM is the scalar llm.* set of Langtrace's documented contract.
	LLM Dialect = "llm"
	// OpenInference is the scalar set of OpenInference: span kind, model, usage.
	OpenInference Dialect = "openinference"
)

// Default returns the vocabularies used when none are chosen.
func Default() []Dialect { return []Dialect{GenAI, LangSmith, LLM} }

// Parse reads a comma-separated list such as "gen_ai,langsmith". Its error does
// not repeat the list.
func Parse(list string) ([]Dialect, error) {
	var chosen []Dialect
	for name := range strings.SplitSeq(list, ",") {
		switch d := Dialect(strings.ToLower(strings.TrimSpace(name))); d {
		case "":
		case GenAI, LangSmith, LLM, OpenInference:
			chosen = append(chosen, d)
		default:
			return nil, fmt.Errorf("unknown dialect; the known ones are %s, %s, %s and %s", GenAI, LangSmith, LLM, OpenInference)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("no dialect named")
	}
	return chosen, nil
}
