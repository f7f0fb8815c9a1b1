package genotel

import (
	"os"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai"
)

// dialectsVariable names the vocabularies on spans. The instrumentations say when it is
// wrong.
const dialectsVariable = "GENOTEL_DIALECTS"

// labeling puts on each span what its context says, in the vocabularies that spans have
// anyhow and in those of the destinations.
func (p *plan) labeling() *otelgenai.ContextProcessor {
	chosen, err := dialect.Parse(os.Getenv(dialectsVariable))
	if err != nil {
		chosen = dialect.Default()
	}
	for _, d := range p.destinations {
		switch d.form {
		case langsmithForm:
			chosen = append(chosen, dialect.LangSmith)
		case langtraceForm:
			chosen = append(chosen, dialect.LLM)
		case openInferenceForm:
			chosen = append(chosen, dialect.OpenInference)
		}
	}
	return otelgenai.NewContextProcessor(chosen...)
}
