package openaicall

import (
	"net/http"

	"github.com/genotel/genotel/internal/litellm"
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// gateway recognizes a LiteLLM proxy, by the option or by its response.
func gateway(in *otelgenai.Instrumentor) func(call *record.Call, request, response http.Header) *record.Gateway {
	mode := in.LiteLLM()
	return func(call *record.Call, request, response http.Header) *record.Gateway {
		if mode == otelgenai.LiteLLMUnknown && !litellm.Recognizes(response) {
			return nil
		}
		g := litellm.Read(request, response, call.Request.Stream)
		g.Traces = mode == otelgenai.LiteLLMNested
		if g.Provider == "" {
			g.Provider = in.Provider()
		}
		return g
	}
}
